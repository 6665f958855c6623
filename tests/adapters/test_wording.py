"""The border to the desktop: whatever names hold, dialogs, menus, tooltips and notifications say what was meant."""

import asyncio
import html
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from unicodedata import east_asian_width
from urllib.parse import unquote

import pytest

from adapters.test_dialogs import PINENTRY, calls, stand_in
from trayexec.adapters.dialogs.choose import FINDERS, Dialogs
from trayexec.adapters.dialogs.sheet import SERIAL, write
from trayexec.adapters.notifications.chain import Notices, Shown, TranslatedNotice
from trayexec.adapters.tray.presenter import Presenter
from trayexec.adapters.wording import BRIEF, COLUMNS, ROOMY, brief, fitting
from trayexec.core.broker import notifications
from trayexec.core.broker.endings import Ending, How
from trayexec.core.broker.events import CallingProgram, Process
from trayexec.core.broker.expiry_watch import Run, Watch
from trayexec.core.broker.first_uses import FirstUse
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Identity, SignIn, StsEndpoint
from trayexec.core.ports import Notice, Question
from trayexec.core.view import IconState, Item, Submenu, View
from trayexec.light.errors import Text, trouble, visible
from trayexec.light.translate import speaker_of

# What toolkits, protocols and eyes stumble over.
EVIL = "a_b&c<b>d</b>&lt;%s%0A\\n'\"\x1b[31m\x1b]0;t\x07\x9b2J\u202e\u2066\u200b\u200d\u034f\u3164\ud800\n\r\t{seconds}"
HEAP = "Z" + 40 * "\u0335\u0336\u20dd"
LONG = "n" * 300
PUSH = "aws" + 400 * " \u3000" + ", for profile dev"
NAMES = (EVIL, HEAP, LONG, PUSH, "本番" * 150, "%" * 300, "\U0001f600" * 300)
HARMFUL = frozenset(one for one in EVIL if visible(one) != one)
DEVICE = "arn:aws:iam::111122223333:mfa/" + "s_" * 113
LANGUAGES = ("C.UTF-8", "ja_JP.UTF-8")


def harmless(said: str) -> bool:
    """Whether every line is what `visible` leaves, and no mark covers another word."""
    return all(visible(line) == line for line in said.split("\n"))


def question(name: str) -> Question:
    """Somebody's name wherever one can stand; the longest serial that AWS has."""
    assert len(DEVICE) == SERIAL
    why = Text("{name}: {why}", name=name, why=Text("no {name}", name=name))
    return Question(name, DEVICE, name, name, why, wait=9, seconds=20, endpoint=name, number=1, of=2)


def by_zenity(folder: Path, name: str, locale: str) -> str:
    """The label of --entry, with C escapes and mnemonics undone."""
    told = next(word for word in asked_by("zenity", folder, name, locale) if word.startswith("--text="))
    letters = iter(told.removeprefix("--text=").replace("__", "_"))
    return "".join({"n": "\n", "\\": "\\"}[next(letters)] if one == "\\" else one for one in letters)


def by_kdialog(folder: Path, name: str, locale: str) -> str:
    """Rich text: our own tags taken out, the rest as Qt reads it."""
    argv = asked_by("kdialog", folder, name, locale)
    told = argv[argv.index("--inputbox") + 1]
    for tag in ("<qt>", "</qt>", "<b>", "</b>", '<p style="color:#b3261e">', "<p>"):
        told = told.replace(tag, "")
    told = told.replace("<br>", "\n").replace("</p>", "\n")
    assert "<" not in told
    return html.unescape(told).replace("&&", "&")


def by_osascript(folder: Path, name: str, locale: str) -> str:
    """An argument of the script."""
    return asked_by("osascript", folder, name, locale)[3]


def asked_by(tool: str, folder: Path, name: str, locale: str) -> list[str]:
    """The argv that the tool was started with."""
    stand_in(folder, tool, out="123456\n")
    environ = {"PATH": str(folder), "DISPLAY": ":1"}
    asyncio.run(Dialogs(tool, environ, speaker_of(locale)).ask(question(name)))
    return calls(folder)[-1][0]


def by_pinentry(folder: Path, name: str, locale: str) -> str:
    """The description and the error, of lines no longer than the protocol's."""
    log = folder / "told"
    log.unlink(missing_ok=True)
    path = folder / "pinentry-qt"
    path.write_text(PINENTRY.format(python=sys.executable, log=str(log), flavour="qt", answers=["D 123456", "OK"]))
    path.chmod(0o755)
    environ = {"PATH": str(folder), "DISPLAY": ":1"}
    asyncio.run(Dialogs("pinentry-qt", environ, speaker_of(locale)).ask(question(name)))
    lines = log.read_bytes().splitlines()
    assert max(map(len, lines)) <= 1000
    texts = [line.decode().partition(" ")[2] for line in lines if line.startswith((b"SETDESC", b"SETERROR"))]
    return "\n".join(unquote(text) for text in texts)


def by_ours(folder: Path, name: str, locale: str) -> str:  # noqa: ARG001 — one shape for all
    """Plain labels, which the toolkits fold by what they measure."""
    sheet = write(question(name), speaker_of(locale))
    given = json.loads(json.dumps(asdict(sheet)))
    names = ("heading", "elsewhere", "reason", "counting", "held")
    assert len(given["heading"]) <= BRIEF + 60
    return "\n".join([*(given[name] for name in names), *given["about"]])


SHOWN: dict[str, Callable[[Path, str, str], str]] = {
    "zenity": by_zenity,
    "kdialog": by_kdialog,
    "osascript": by_osascript,
    "pinentry": by_pinentry,
    "gtk3": by_ours,
    "gtk4": by_ours,
    "tk": by_ours,
}


def test_every_dialog_is_tried() -> None:
    """A new tool has to be read here as its toolkit reads it; the one of Windows shows nothing yet."""
    assert SHOWN.keys() == FINDERS.keys() - {"windows"}


@pytest.mark.parametrize("tool", SHOWN)
@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_dialog_says_what_was_meant(tmp_path: Path, tool: str, locale: str) -> None:
    """Nothing is markup, nothing leaves its line, the device is whole, and all of it fits on a screen."""
    speak = speaker_of(locale)
    for name in NAMES:
        said = SHOWN[tool](tmp_path, name, locale)
        assert harmless(said), ascii(said)
        assert DEVICE in said.replace("\n", "")
        assert len(said) < 2000
        if SHOWN[tool] is not by_ours:
            assert max(sum(1 + (east_asian_width(one) in "WF") for one in line) for line in said.split("\n")) <= COLUMNS
        if name in {EVIL, PUSH}:
            flat = said.replace("\n", "").replace(" ", "")
            sentence = speak(Text("For profile {profile}", profile=brief(name, BRIEF)))
            assert sentence.replace(" ", "") in flat


def test_a_name_keeps_both_ends_and_its_place() -> None:
    """Blanks are one blank, the middle goes, and a command that a person is to type stays whole."""
    assert brief(PUSH, BRIEF) == "aws , for profile dev"
    assert brief(f"prod-{LONG}-eu", BRIEF).startswith("prod-n")
    assert brief(f"prod-{LONG}-eu", BRIEF).endswith("n-eu")
    assert len(brief(LONG, BRIEF)) == BRIEF
    assert brief("", BRIEF) == '""'
    text = fitting(Text("{name}: run `trayexec auth {word}`", name=LONG, word=LONG), BRIEF)
    assert len(str(text)) == len(LONG) + BRIEF + len(": run `trayexec auth `")


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_icon_says_what_was_meant(locale: str) -> None:
    """Its tooltip and each line of its menu."""
    for name in NAMES:
        icon = SimpleNamespace(icon=None, title="", menu=())
        text = Text("{identity}: locked", identity=name)
        view = View(IconState.LOCKED, 0.0, text, (Item(text), Submenu(text, (Item(text, "auth:x"),))), "", text)
        Presenter(icon, picture=lambda *_: None, speak=speaker_of(locale), click=lambda _: None).present(view)
        _, first, second = icon.menu.items
        for said in (icon.title.removeprefix("trayexec\n"), first.text, second.text, second.submenu.items[0].text):
            assert harmless(said)
            assert "\n" not in said
            assert len(said) <= BRIEF + 20


def every_notice(name: str) -> dict[str, Notice]:
    """One of each kind, by the function that words it."""
    identity = Identity(name, DEVICE, None, name, StsEndpoint(region="us-east-1"))
    why = trouble("x", "{name} failed.", "{name}: try again.", name=name)
    now = Instant(0.0, 0.0)
    run = Run(Process(1, 1), name, name, Expiry(now.after(60), 60), now, identity=identity)
    use = FirstUse(CallingProgram(), name, name, name, name, "111122223333", now)
    text = Text("{name}: locked", name=name)
    sign_in = SignIn(name, "https://x.awsapps.com/start", "us-east-1", (), name, ("c", "s"))
    return {
        "endings": notifications.endings(
            (Ending(identity, How.ENDS, run.ends, is_last=True),),
            Watch((run, replace(run, process=Process(2, 2), renews=True))),
            now,
        ),
        "expiring": notifications.expiring(identity, "14:19", is_last=False, why=Text("{name}.", name=name)),
        "expired": notifications.expired(identity, "14:19", Text("{name}.", name=name)),
        "revoked": notifications.revoked(identity),
        "first_uses": notifications.first_uses((use, replace(use, profile="x")), 1),
        "outlived": notifications.outlived((run, replace(run, program="x")), now),
        "sign_in_ends": notifications.sign_in_ends(sign_in, "14:19", is_last=False),
        "sign_in_over": notifications.sign_in_over(sign_in),
        "idle_locked": notifications.idle_locked(1800),
        "standing": notifications.standing(View(IconState.LOCKED, 0.0, text, (), "auth:x", text)),
        "unlock_failed": notifications.unlock_failed(why),
        "no_dialog": notifications.no_dialog(identity),
    }


def test_every_notification_is_tried() -> None:
    """A new one has to be in the list."""
    found = {name for name, one in vars(notifications).items() if inspect.isfunction(one) and name[0] != "_"}
    words = {name for name in found if inspect.signature(getattr(notifications, name)).return_annotation is Notice}
    assert every_notice("x").keys() == words


class Kept:
    """A way that keeps what it is to show."""

    def __init__(self) -> None:
        self.notes: list[TranslatedNotice] = []

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Nothing is pressed."""

    async def show(self, note: TranslatedNotice) -> Shown:
        """Keep it."""
        self.notes.append(note)
        return Shown.SHOWN

    async def withdraw(self, key: str) -> None:
        """Nothing is taken away."""

    async def stop(self) -> None:
        """Nothing to let go of."""


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_notification_says_what_was_meant(locale: str) -> None:
    """Title, body and buttons; what a server makes of markup is tried in tests/desktop."""
    for name in NAMES:
        way = Kept()
        shown = Notices([way], speaker_of(locale))
        for notice in every_notice(name).values():
            asyncio.run(shown.show(notice))
        for note in way.notes:
            for said in (note.title, note.body, *(label for _, label in note.actions)):
                assert harmless(said), ascii(said)
                assert "\n" not in said
            assert len(note.title) <= ROOMY + 60
