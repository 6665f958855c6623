"""`confirm` in config.toml, from a command to the log: a person at a terminal allows it or not, in every mode."""

import json
from pathlib import Path

import pytest

from support.rig import COMMAND, Rig

ASKED = r"Allow [^\n]* to use account-a\?[^\n]*\r\n"
CHOICE = r"s left\): "


def guard(rig: Rig, confirm: str) -> Rig:
    """A rig whose account-a is guarded like this, its session open. It has no display."""
    rig.settings(f'[profile.account-a]\nconfirm = "{confirm}"\ncolour = "red"\n')
    return rig.unlock()


def answers(rig: Rig) -> list[str]:
    """What the log says that people have answered."""
    return [str(one["answer"]) for one in rig.ledger if one["op"] == "confirm"]


def script(rig: Rig, name: str, text: str) -> str:
    """A program of the person's own."""
    file = rig.desk.home(f"home/{name}")
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_a_person_allows_a_use_and_the_log_keeps_it(rig: Rig) -> None:
    """The question names the program and the profile; Return alone is no answer."""
    guard(rig, "always")
    terminal = rig.terminal("account-a", "--", "echo", "it", "ran")
    assert "Allow echo" in terminal.wait_for(ASKED)
    assert "t:" not in terminal.wait_for(CHOICE)
    terminal.type("\n")
    terminal.wait_for(CHOICE)
    terminal.type("o\n")
    status, screen = terminal.ended()
    assert (status, "it ran" in screen) == (0, True)
    assert answers(rig) == ["once"]


def test_a_no_ends_the_command(rig: Rig) -> None:
    """With 125, before it runs; and stands for a moment."""
    guard(rig, "10m")
    terminal = rig.terminal("account-a", "--", "echo", "it", "ran")
    terminal.wait_for(CHOICE)
    terminal.type("n\n")
    status, screen = terminal.ended()
    assert (status, "it ran" in screen) == (125, False)
    assert "was denied" in screen
    assert answers(rig) == ["deny"]


def test_an_answer_for_a_time_covers_the_next_command_in_that_terminal(rig: Rig) -> None:
    """And no command in another one; a lock ends it."""
    guard(rig, "10m")
    ours = " ".join(f"'{word}'" for word in COMMAND)
    line = f"{ours} account-a -- echo one ran; {ours} account-a -- echo two ran; read again; {ours} lock; echo locked"
    terminal = rig.terminal_for(["sh", "-c", f"{line}; read again; {ours} account-a -- echo three ran"])
    assert "t: for 10 min" in terminal.wait_for(CHOICE)
    terminal.type("t\n")
    terminal.wait_for("two ran")

    other = rig.terminal("account-a", "--", "echo", "other", "ran")
    other.wait_for(CHOICE)
    other.type("\x03")
    other.ended()

    terminal.type("\n")
    terminal.wait_for("locked")
    rig.unlock()
    terminal.type("\n")
    terminal.wait_for(CHOICE)
    terminal.type("n\n")
    assert "three ran" not in terminal.ended()[1]
    assert answers(rig) == ["for 10m", "deny"]


def test_what_runs_under_live_may_fetch_again(rig: Rig) -> None:
    """One answer for the command and all that it starts, also where every use is asked for."""
    guard(rig, "always")
    ours = " ".join(f"'{word}'" for word in COMMAND)
    fetch = f"{ours} credential-process account-a >/dev/null && echo fetched"
    terminal = rig.terminal("--live", "account-a", "--", "sh", "-c", f"{fetch}; {fetch}")
    terminal.wait_for(CHOICE)
    terminal.type("o\n")
    status, screen = terminal.ended()
    assert (status, screen.count("fetched")) == (0, 2)
    assert answers(rig) == ["once"]


def test_what_runs_under_server_may_fetch_again(rig: Rig) -> None:
    """The lease is what was allowed."""
    guard(rig, "always")
    fetch = (
        "import json,os,urllib.request as u; "
        "r=u.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],"
        "headers={'Authorization':os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN']}); "
        "print('fetched', len(json.load(u.urlopen(r))['AccessKeyId']))"
    )
    terminal = rig.terminal("--server", "account-a", "--", "python3", "-c", f"{fetch}\n{fetch}")
    terminal.wait_for(CHOICE)
    terminal.type("o\n")
    status, screen = terminal.ended()
    assert (status, screen.count("fetched 20")) == (0, 2), screen
    assert answers(rig) == ["once"]


def test_an_sdk_waits_for_the_answer(rig: Rig) -> None:
    """`credential-process` asks on the terminal of the program that runs it."""
    guard(rig, "always")
    ours = " ".join(f"'{word}'" for word in COMMAND)
    into = rig.desk.home("home/document")
    terminal = rig.terminal_for(["sh", "-c", f"{ours} credential-process account-a > {into}"])
    terminal.wait_for(CHOICE)
    terminal.type("o\n")
    assert terminal.ended()[0] == 0
    assert json.loads(Path(into).read_text())["Version"] == 1


@pytest.mark.parametrize("confirm", ["always", "30m", "session"])
@pytest.mark.parametrize("words", [(), ("--live",), ("--server",)], ids=["env", "live", "server"])
def test_where_nobody_can_be_asked_it_is_a_no(rig: Rig, confirm: str, words: tuple[str, ...]) -> None:
    """Neither a dialog nor a terminal: nothing is handed out, and the error says what to do."""
    done = guard(rig, confirm).run(*words, "account-a", "--", "true")
    assert done.status == 125
    assert "there is no place to ask" in done.err
    assert "in config.toml" in done.err


def test_nobody_is_asked_with_no_wait(rig: Rig) -> None:
    """As for a code."""
    done = guard(rig, "session").run("account-a", "--no-wait", "--", "true")
    assert done.status == 125
    assert "Nobody has allowed" in done.err


def test_a_fan_out_asks_for_the_guarded_ones(rig: Rig) -> None:
    """The others do not wait for the answer."""
    guard(rig, "always")
    terminal = rig.terminal("account-a", "account-b", "--", "echo", "it", "ran")
    terminal.wait_for(CHOICE)
    terminal.type("o\n")
    status, screen = terminal.ended()
    assert (status, screen.count("it ran")) == (0, 2)


def test_a_coding_agent_is_named(rig: Rig) -> None:
    """By what it leaves in the environment of its commands: a person has typed nothing."""
    guard(rig, "always")
    terminal = rig.terminal("account-a", "--", "true", env={"CLAUDECODE": "1"})
    terminal.wait_for("It runs under Claude Code, which acts by itself")
    terminal.wait_for(CHOICE)
    terminal.type("n\n")
    assert terminal.ended()[0] == 125
