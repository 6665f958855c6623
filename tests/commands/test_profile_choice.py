"""No profile is named, and there is a terminal: the person chooses from a list, which leaves the terminal as it was."""

import os
import re
import signal
from pathlib import Path

import pytest

from support.desktop import eventually
from support.rig import COMMAND, Rig
from support.screens import Seen
from trayexec.commands.profile_choice import in_order

TERM = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
WHO = ("--", "printenv", "TRAYEXEC_PROFILE")
KEYS = "Enter chooses, Tab marks, Esc leaves"
DOWN = "\x1b[B"
# Runs what follows as a child, as a script does, and says how it ended.
IN_A_SCRIPT = ("sh", "-c", 'cd "$HOME"; "$@"; echo "status $?"; read hold', "sh", *COMMAND)


@pytest.fixture(scope="module")
def listed(open_rig: Rig) -> Rig:
    """A rig with many profiles, some of which are coloured, and one of which cannot be served."""
    world = open_rig.sim.world
    arn, where = world.profiles["account-a"], f"endpoint_url = {open_rig.sim.url}\n"
    many = "".join(
        f"\n[profile role-{number:02}]\nrole_arn = {arn}\nsource_profile = default\n{where}" for number in range(12)
    )
    broken = "\n[profile broken]\nrole_arn = arn:aws:iam::222222222222:role/X\nsource_profile = gone\n"
    open_rig.config(world.config_text(open_rig.sim.url) + broken + many)
    open_rig.settings('[profile."role-*"]\ncolour = "red"\n')
    open_rig.env.update(TERM)
    open_rig.env["AWS_ENDPOINT_URL_SIGNIN"] = open_rig.sim.url
    eventually("the profiles to be known", lambda: len(open_rig.status()["profiles"]) == 16)
    return open_rig


def choosing(rig: Rig, *words: str, columns: int = 100, rows: int = 24) -> Seen:
    """`trayexec WORDS…` on a terminal that shows the list."""
    seen = Seen(rig.terminal(*words), columns, rows)
    seen.wait_for("Profile for")
    return seen


def ended(seen: Seen) -> tuple[int, str]:
    """The exit status, and what is left on the screen."""
    status, _ = seen.terminal.ended()
    return status, "\n".join(seen.lines)


def test_a_few_letters_and_return_run_the_command(listed: Rig) -> None:
    """The command becomes the process, on this terminal, with the chosen profile; the list is wiped off."""
    seen = choosing(listed, *WHO)
    shown = seen.wait_for("Profile for printenv TRAYEXEC_PROFILE", "16/16", KEYS)
    assert re.search(r"account-b +333333333333 +Deploy +11 h 5\d min left", shown)
    seen.terminal.type("cc-b")
    assert "account-a" not in seen.wait_for("1/16")
    seen.terminal.type("\r")
    assert ended(seen) == (0, "trayexec: chosen: account-b\naccount-b")


def test_a_command_keeps_its_own_exit_status_and_streams(listed: Rig) -> None:
    """The list is drawn on the terminal itself: standard input and output are the command's, whatever they are."""
    line = 'cd "$HOME"; echo given | "$@" > out; echo "status $?"'
    seen = Seen(listed.terminal_for(["sh", "-c", line, "sh", *COMMAND, "--", "sh", "-c", "cat; exit 7"]))
    seen.wait_for("Profile for sh -c")
    seen.terminal.type("account-a\r")
    seen.wait_for("status 7")
    assert listed.desk.home("home/out").read_text() == "given\n"


def test_who_was_used_last_comes_first(listed: Rig) -> None:
    """Whatever its place in the file."""
    for name in ("role-03", "account-b"):
        assert listed.run(name, "--", "true").status == 0
    seen = choosing(listed, *WHO)
    names = [re.match(r"\W*(\S+)", line) for line in seen.wait_for(KEYS).splitlines()[2:]]
    assert [found[1] for found in names if found][:2] == ["account-b", "role-03"]
    seen.terminal.type("\x1b")
    assert ended(seen)[0] == 130


def test_the_order_is_that_of_use_then_of_the_file() -> None:
    """Who was never used keeps the order of the file."""
    found = [{"name": name} for name in "abcd"]
    assert [one["name"] for one in in_order(found, {"c": 1, "b": 2, "gone": 3})] == ["b", "c", "a", "d"]  # type: ignore[arg-type]


def test_several_that_are_marked_are_a_fan_out(listed: Rig) -> None:
    """Tab marks and goes on; the command runs once for each."""
    seen = choosing(listed, *WHO)
    seen.terminal.type("account\t\t")
    seen.wait_for("✓2")
    seen.terminal.type("\r")
    status, screen = ended(seen)
    assert status == 0
    assert "[account-a] account-a" in screen
    assert "[account-b] account-b" in screen


def test_many_are_asked_about_as_if_they_had_been_typed(listed: Rig) -> None:
    """More than ten: the question of a fan-out, and nothing runs before a yes."""
    seen = choosing(listed, *WHO, columns=140)
    seen.terminal.type("role-" + "\t" * 11)
    seen.wait_for("✓11")
    seen.terminal.type("\r")
    seen.wait_for("for these 11 profiles", "[y/N]")
    seen.terminal.type("n\n")
    status, screen = ended(seen)
    assert status == 125
    assert "Nothing has run." in screen


def test_for_one_nothing_can_be_marked(listed: Rig) -> None:
    """`--server`, `env`, `console` and `shell` are for one profile."""
    seen = choosing(listed, "--server", *WHO)
    seen.wait_for("Enter chooses, Esc leaves")
    seen.terminal.type("account\t\t\r")
    assert ended(seen)[0] == 0


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (("env",), "export AWS_ACCESS_KEY_ID="),
        (("console", "--print"), "Action=login"),
        (("--region", "eu-west-3", "--", "printenv", "AWS_REGION"), "eu-west-3"),
        (("--output=json", "--", "true"), '"status": 0'),
    ],
)
def test_each_kind_of_call_asks(listed: Rig, words: tuple[str, ...], out: str) -> None:
    """And keeps its standard output for what it is for."""
    file = listed.desk.home("home/out")
    seen = Seen(listed.terminal_for(["sh", "-c", 'cd "$HOME"; "$@" > out; echo "status $?"', "sh", *COMMAND, *words]))
    seen.wait_for("Profile for")
    seen.terminal.type("account-a\r")
    seen.wait_for("status 0")
    assert out in file.read_text()
    assert "\x1b" not in file.read_text()


@pytest.mark.parametrize(("keys", "chosen"), [("\r", "no"), ("account-b\r", "account-b")])
@pytest.mark.parametrize("what", ["shell", "--live"])
def test_a_shell_may_do_without(listed: Rig, what: str, keys: str, chosen: str) -> None:
    """The first row is none, as without a terminal: one is chosen inside. So it is for a command under --live."""
    shell = listed.write("shell", '#!/bin/sh\necho "in ${TRAYEXEC_PROFILE:-no} profile"\n')
    shell.chmod(0o700)
    words = ("--live", "--", str(shell)) if what == "--live" else ("shell",)
    seen = Seen(listed.terminal(*words, env={"SHELL": str(shell)}))
    seen.wait_for(
        "Profile for trayexec shell" if what == "shell" else f"Profile for {shell}",
        "▌   no profile: AWS_PROFILE=NAME chooses one inside",
    )
    seen.terminal.type(keys)
    status, screen = ended(seen)
    assert status == 0
    assert f"in {chosen} profile" in screen


@pytest.mark.parametrize("keys", ["\x1b", "\x03", "\x04", "acc\x03"], ids=["Esc", "Ctrl-C", "Ctrl-D", "typed"])
def test_who_leaves_runs_nothing(listed: Rig, keys: str) -> None:
    """130, no word, and the terminal is as it was."""
    terminal = listed.terminal_for([*IN_A_SCRIPT, *WHO])
    before = terminal.modes
    seen = Seen(terminal)
    seen.wait_for("Profile for")
    assert terminal.modes != before
    terminal.type(keys)
    assert seen.wait_for("status") == "status 130"
    assert (terminal.modes, seen.hides_cursor) == (before, False)


def test_one_with_a_problem_says_it_and_is_not_chosen(listed: Rig) -> None:
    """Return and Tab do nothing on it."""
    seen = choosing(listed, *WHO)
    seen.terminal.type("broken")
    seen.wait_for("1/16", "problem: Profile broken has source_profile = gone")
    seen.terminal.type("\t\r\r")
    seen.terminal.type("\x15account-a")
    seen.wait_for("> account-a", "1/16")
    seen.terminal.type("\r")
    assert ended(seen) == (0, "trayexec: chosen: account-a\naccount-a")


def test_the_window_may_change_its_size(listed: Rig) -> None:
    """What is drawn follows."""
    seen = choosing(listed, *WHO, columns=100)
    seen.wait_for(KEYS, "333333333333")
    seen.resize(24, 8)
    seen.wait_without("333333333333  D")
    seen.terminal.type("account-a\r")
    assert ended(seen)[0] == 0


@pytest.mark.parametrize(
    ("words", "env"),
    [(("--no-wait", *WHO), {}), (WHO, {"TERM": "dumb"}), (WHO, {"TERM": None}), (("env", "--wait", "0"), {})],
    ids=["--no-wait", "dumb", "no TERM", "env"],
)
def test_where_nobody_can_be_asked_it_is_an_error(
    listed: Rig, words: tuple[str, ...], env: dict[str, str | None]
) -> None:
    """Nobody is waited for, or the terminal cannot draw: exit status 2, and what to type."""
    status, screen = listed.terminal(*words, env=env).ended()
    assert status == 2
    assert "No profile is named" in screen


def test_in_the_background_nobody_is_asked(listed: Rig) -> None:
    """To draw from there would tear up what is in front."""
    line = 'set -m; "$@" < /dev/null & wait $!; echo "status $?"'
    seen = Seen(listed.terminal_for(["bash", "-c", line, "sh", *COMMAND, *WHO]))
    assert "No profile is named" in seen.wait_for("status 2")


def test_it_speaks_japanese(listed: Rig) -> None:
    """As everything else."""
    seen = Seen(listed.terminal(*WHO, env={"LANG": "ja_JP.UTF-8"}))
    seen.wait_for("printenv TRAYEXEC_PROFILE のプロファイル")
    seen.terminal.type("\x1b")
    assert ended(seen)[0] == 130


# Killed


def below(pid: int) -> list[int]:
    """The children of a process."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_killed_it_leaves_the_terminal_as_it_was(listed: Rig, number: signal.Signals) -> None:
    """Even by SIGKILL: its other process sees to it, and ends."""
    terminal = listed.terminal_for([*IN_A_SCRIPT, *WHO])
    before = terminal.modes
    seen = Seen(terminal)
    seen.wait_for(KEYS)
    (asking,) = below(terminal.process.pid)
    (drawing,) = below(asking)
    os.kill(asking, number)
    eventually("the list to be gone", lambda: not any(Path(f"/proc/{one}").exists() for one in (asking, drawing)))
    if number != signal.SIGKILL:  # after that nobody can wait for the list to be wiped off before the shell goes on
        assert seen.wait_for("status").endswith(f"status {130 if number == signal.SIGINT else 128 + number}")
    assert (terminal.modes, seen.hides_cursor) == (before, False)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_draws_it_may_be_killed(listed: Rig, number: signal.Signals) -> None:
    """The terminal is put back, and nothing runs."""
    terminal = listed.terminal_for([*IN_A_SCRIPT, *WHO])
    before = terminal.modes
    seen = Seen(terminal)
    seen.wait_for(KEYS)
    ((drawing,),) = (below(asking) for asking in below(terminal.process.pid))
    os.kill(drawing, number)
    shown = seen.wait_for("status")
    assert "could not be shown: signal 9" in shown if number == signal.SIGKILL else "status 130" in shown
    assert (terminal.modes, seen.hides_cursor) == (before, False)


def test_a_closed_window_ends_both(listed: Rig) -> None:
    """Its terminal is gone."""
    terminal = listed.terminal(*WHO)
    Seen(terminal).wait_for(KEYS)
    (drawing,) = below(terminal.process.pid)
    terminal.hang_up()
    eventually("the list to be gone", lambda: not Path(f"/proc/{drawing}").exists())
    terminal.process.wait(20)
