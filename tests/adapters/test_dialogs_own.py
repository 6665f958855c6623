"""What counts of what is typed into our own dialog, whether it is dark, and where its toolkits are found."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.adapters.dialogs.own import code_field, shade, tool
from trayexec.adapters.dialogs.own.code_field import GRACE, Choosing, CodeField, Key, Typed


class Clock:
    """A clock that a test sets, in seconds."""

    def __init__(self) -> None:
        """Begin anywhere."""
        self.at = 100.0

    def __call__(self) -> float:
        """What time it is."""
        return self.at


def focused(clock: Clock, *, wait: float = 0) -> CodeField:
    """A field whose window has had the keyboard for long enough."""
    field = CodeField(90, wait, clock)
    field.focus(has=True)
    clock.at += GRACE
    return field


def test_nothing_counts_before_the_window_has_the_keyboard_for_a_moment() -> None:
    """Not a digit, and neither Return nor Escape; from then on everything."""
    clock = Clock()
    field = CodeField(90, 0, clock)
    assert (field.is_early, field.change("1"), field.digits) == (True, Typed.EARLY, "")

    field.focus(has=True)
    clock.at += GRACE - 0.01
    assert (field.is_early, field.change("1"), field.digits) == (True, Typed.EARLY, "")

    clock.at += 0.02
    assert (field.is_early, field.change("1"), field.digits) == (False, Typed.KEPT, "1")


def test_the_keyboard_that_comes_back_counts_anew() -> None:
    """What is typed into another window meanwhile may still be under way. What stood there stays."""
    clock = Clock()
    field = focused(clock)
    field.change("12")
    field.focus(has=False)
    field.focus(has=True)
    assert (field.change("123"), field.digits) == (Typed.EARLY, "12")

    clock.at += GRACE
    assert (field.change("123"), field.digits) == (Typed.KEPT, "123")


def test_the_keyboard_that_is_told_twice_does_not_begin_anew() -> None:
    """Toolkits tell it again when the focus goes from one part of the window to another."""
    clock = Clock()
    field = focused(clock)
    field.focus(has=True)
    assert not field.is_early


def test_of_another_device_any_code_will_do() -> None:
    """Nothing of the first one's code stays, nor its countdown; both are there again when it is chosen back."""
    field = focused(Clock(), wait=12)
    field.change("123456")
    field.choose(is_other=True)
    assert (field.digits, field.hurry("{seconds}", "held {seconds}", "counted")) == ("", "")
    field.change("654321")
    ready = [field.is_ready]
    field.choose(is_other=False)
    field.change("123456")
    assert [*ready, field.is_ready] == [True, False]
    assert field.hurry("{seconds}", "held {seconds}", "counted").startswith("held ")


@given(st.text(max_size=20))
def test_only_digits_are_kept_and_never_more_than_six(text: str) -> None:
    """Whatever is typed or pasted."""
    field = focused(Clock())
    typed = field.change(text)
    assert set(field.digits) <= set("0123456789")
    assert len(field.digits) <= code_field.DIGITS
    assert (typed is Typed.TOO_MANY) <= (field.digits == "")
    assert field.is_ready == (len(field.digits) == code_field.DIGITS)


@pytest.mark.parametrize("written", ["123456", " 123 456\n", "123-456", "１２３ ４５６"])  # noqa: RUF001
def test_a_code_may_be_written_in_any_way(written: str) -> None:
    """Blanks, dashes and full-width digits."""
    field = focused(Clock())
    assert field.change(written) is Typed.KEPT
    assert (field.digits, field.is_ready) == ("123456", True)


def test_a_whole_code_waits_for_the_next_one() -> None:
    """The code that was refused is shown until then."""
    clock = Clock()
    field = focused(clock, wait=10)
    field.change("123456")
    assert (field.is_whole, field.is_ready, field.until_fresh) == (True, False, round(10 - GRACE))

    clock.at += 10
    assert (field.is_ready, field.until_fresh) == (True, 0)


def test_what_is_said_of_the_next_code_follows_the_clock_and_the_field() -> None:
    """When it appears; once there are six digits, that they wait; and then that it is there."""
    clock = Clock()
    field = focused(clock, wait=10)
    clock.at += 1
    said = ("new in {seconds} s", "sent in {seconds} s", "there")
    left = field.until_fresh
    assert field.hurry(*said) == f"new in {left} s"
    field.change("123456")
    assert field.hurry(*said) == f"sent in {left} s"
    clock.at += 10
    assert field.hurry(*said) == "there"


def test_the_time_to_answer_ends() -> None:
    """Whatever has been typed."""
    clock = Clock()
    field = focused(clock)
    assert not field.is_over
    clock.at += 90
    assert field.is_over


# Dark or light


def write(home: Path, name: str, text: str) -> dict[str, str]:
    """A home with this setting, and no program of the desktop."""
    file = home / ".config" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return {"HOME": str(home), "PATH": str(home)}


KDE = "[Colors:View]\nBackgroundNormal=255,255,255\n[Colors:Window]\nBackgroundNormal={}\n"


@pytest.mark.parametrize(
    ("name", "text", "desktop", "dark"),
    [
        ("gtk-3.0/settings.ini", "[Settings]\ngtk-application-prefer-dark-theme=1\n", "XFCE", True),
        ("gtk-3.0/settings.ini", "[Settings]\ngtk-theme-name = Adwaita-dark\n", "XFCE", True),
        ("gtk-3.0/settings.ini", "[Settings]\ngtk-theme-name=Adwaita\n", "XFCE", False),
        ("kdeglobals", KDE.format("35,38,41"), "KDE", True),
        ("kdeglobals", KDE.format("239,240,241"), "KDE", False),
        ("kdeglobals", KDE.format("dark"), "KDE", False),
        ("other", "", "", False),
    ],
)
def test_it_is_as_dark_as_the_desktop(tmp_path: Path, name: str, text: str, desktop: str, dark: bool) -> None:  # noqa: FBT001 — a table
    """By what each desktop writes down."""
    environ = write(tmp_path, name, text)
    assert shade.is_dark({**environ, "XDG_CURRENT_DESKTOP": desktop}) is dark


@pytest.mark.parametrize(("said", "dark"), [("'prefer-dark'", True), ("'default'", False), ("'Yaru-dark'", True)])
def test_gnome_is_asked(tmp_path: Path, said: str, dark: bool) -> None:  # noqa: FBT001 — a table
    """Its own tool answers in quotes."""
    tool_of_gnome = tmp_path / "gsettings"
    tool_of_gnome.write_text(f'#!/bin/sh\necho "{said}"\n')
    tool_of_gnome.chmod(0o755)
    assert shade.is_dark({"HOME": str(tmp_path), "PATH": str(tmp_path)}) is dark


def test_a_desktop_that_does_not_answer_is_light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the dialog is not late for it."""
    monkeypatch.setattr(shade, "PATIENCE", 0.2)
    slow = tmp_path / "gsettings"
    slow.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    slow.chmod(0o755)
    assert not shade.is_dark({"HOME": str(tmp_path), "PATH": str(tmp_path)})


# Where GTK is found


@pytest.mark.parametrize(
    ("version", "wanted"), [("python3.11", (3, 11)), ("python3.9", (3, 9)), ("pypy3", None), ("python3", None)]
)
def test_a_pythons_version_is_read_from_its_name(tmp_path: Path, version: str, wanted: tuple[int, int] | None) -> None:
    """The link of the distribution leads to it."""
    (tmp_path / version).touch()
    link = tmp_path / "python"
    link.symlink_to(version)
    assert tool._version(link) == wanted


@pytest.mark.parametrize("display", ["DISPLAY", "WAYLAND_DISPLAY", "NONE"])
def test_gtk_is_found_with_a_display(display: str) -> None:
    """X or Wayland. Both toolkits are among the packages of the tests."""
    names = [one.name for find in (tool.find_gtk3, tool.find_gtk4) for one in find({display: ":1"})]
    assert names == ([] if display == "NONE" else ["gtk3", "gtk4"])


@pytest.mark.parametrize("missing", ["_PACKAGES", "_TYPELIBS"])
def test_gtk_is_not_found_without_its_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str) -> None:
    """Neither without gi, nor without the description of GTK for it."""
    monkeypatch.setattr(tool, missing, (str(tmp_path).lstrip("/"),))
    assert tool.find_gtk3({"DISPLAY": ":1"}) == tool.find_gtk4({"DISPLAY": ":1"}) == []


@pytest.mark.parametrize("name", ["gtk_child.py", "code_field.py", "shade.py", "../../harden.py"])
def test_what_the_distributions_python_runs_is_in_its_syntax(name: str) -> None:
    """It may be older than ours: nothing of these files needs a newer one than `OLDEST`."""
    ast.parse((tool._CHILD.parent / name).read_text(), feature_version=tool.OLDEST)


# Buttons


def chosen(clock: Clock) -> Choosing:
    """A window with buttons that has had the keyboard for long enough."""
    choosing = Choosing(90, clock)
    choosing.focus(has=True)
    clock.at += GRACE
    return choosing


def test_what_was_typed_for_another_window_presses_nothing() -> None:
    """However fast or slow: a line with Return, a word that Tab completes, a line that goes on with a blank."""
    for line in ("git push\n", "cd fo\t\n", "\t\n", "\t ls\n", "x y z\n"):
        for pause in (0.01, 0.2, GRACE - 0.01):
            clock = Clock()
            choosing = Choosing(90, clock)
            choosing.focus(has=True)
            for letter in line:
                clock.at += pause
                key = {"\n": Key.RETURN, "\t": Key.GOES, " ": Key.PRESSES}.get(letter, Key.OTHER)
                assert not (choosing.key(key) and key in {Key.PRESSES, Key.RETURN}), (line, pause)


def test_return_presses_no_button() -> None:
    """Not even one that was gone to."""
    clock = Clock()
    choosing = chosen(clock)
    assert choosing.key(Key.GOES)
    clock.at += 10
    assert not choosing.key(Key.RETURN)


def test_the_space_bar_presses_a_button_that_was_gone_to() -> None:
    """A moment after that, and not where the focus was in the beginning."""
    clock = Clock()
    choosing = chosen(clock)
    assert not choosing.key(Key.PRESSES)
    assert choosing.key(Key.GOES)
    clock.at += GRACE - 0.01
    assert not choosing.key(Key.PRESSES)
    clock.at += 0.02
    assert choosing.key(Key.PRESSES)


def test_a_click_counts_once_the_window_has_been_there_for_a_moment() -> None:
    """The pointer may have been pressing something else."""
    clock = Clock()
    choosing = Choosing(90, clock)
    assert not choosing.is_there
    clock.at += GRACE
    assert choosing.is_there
