"""Many profiles: who runs, with what, and how it is told. The session is open unless a test says otherwise."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from awssim.faults import Kind
from support.desktop import eventually
from support.rig import COMMAND, Rig, end_process


def table(err: str) -> dict[str, list[str]]:
    """The rows of the table at the end of stderr, by profile."""
    lines = err.splitlines()
    start = max(number for number, line in enumerate(lines) if line.startswith("PROFILE"))
    assert lines[start].split() == ["PROFILE", "ACCOUNT", "STATUS", "SECONDS"]
    rows = (line.split() for line in lines[start + 1 :] if not line.startswith("trayexec: "))
    return {cells[0]: cells[1:] for cells in rows}


def marked(rig: Rig) -> set[str]:
    """Which profiles' commands have left their mark with MARK."""
    folder = rig.desk.home("marks")
    found = {path.name for path in folder.iterdir()} if folder.exists() else set()
    for name in found:
        (folder / name).unlink()
    return found


def mark(rig: Rig, then: str = "") -> list[str]:
    """A command that leaves a mark."""
    folder = rig.desk.home("marks")
    folder.mkdir(exist_ok=True)
    return ["sh", "-c", f': > "{folder}/$TRAYEXEC_PROFILE"; {then}']


def test_each_command_is_its_profiles(fan: Rig) -> None:
    """Credentials, account and profile of its own; nothing of the caller's."""
    foreign = {"AWS_PROFILE": "foreign", "AWS_SESSION_TOKEN": "foreign", "TRAYEXEC_ACCOUNT": "999999999999"}
    shown = '[ "$AWS_PROFILE$0" = sh ] && echo $TRAYEXEC_PROFILE $TRAYEXEC_ACCOUNT $AWS_ACCESS_KEY_ID $AWS_REGION'
    done = fan.run("account-a", "role-00[01]", "--region", "us-east-2", "--", "sh", "-c", shown, "sh", env=foreign)
    assert done.status == 0, done.err
    lines = sorted(done.out.splitlines())
    assert len(lines) == 3
    for line, (name, account) in zip(
        lines,
        [("account-a", "222222222222"), ("role-000", "400000000000"), ("role-001", "400000000001")],
        strict=True,
    ):
        mark, profile, number, key, region = line.split()
        assert (mark, profile, number, region) == (f"[{name}]", name, account, "us-east-2")
        assert fan.sim.world.keys[key].holder.account == account
    assert {name: cells[:2] for name, cells in table(done.err).items()} == {
        "account-a": ["222222222222", "0"],
        "role-000": ["400000000000", "0"],
        "role-001": ["400000000001", "0"],
    }


def test_an_identity_without_a_role_has_its_own_account(fan: Rig) -> None:
    """`default` is the session itself; no account of an outer run is left in the environment."""
    done = fan.run("default", "account-a", "--", "sh", "-c", "echo $TRAYEXEC_ACCOUNT")
    assert sorted(done.out.splitlines()) == ["[account-a] 222222222222", "[default] 111111111111"]


def test_stdin_is_empty_and_there_is_no_terminal(fan: Rig) -> None:
    """Who reads gets nothing, instead of everybody a part or standing still."""
    done = fan.run("account-*", "--", "sh", "-c", "cat; (: < /dev/tty) 2> /dev/null || echo none", stdin="for nobody")
    assert sorted(done.out.splitlines()) == ["[account-a] none", "[account-b] none"]


def test_the_exit_status_says_that_some_failed(fan: Rig) -> None:
    """123, and the table says which and how; a signal is 128 + n."""
    script = "case $TRAYEXEC_PROFILE in *a) exit 3;; *b) kill -9 $$;; esac"
    done = fan.run("account-*", "role-000", "--", "sh", "-c", script)
    assert done.status == 123
    rows = table(done.err)
    assert rows["account-a"][1] == "3"
    assert rows["account-b"][1:3] == ["137", "(SIGKILL)"]
    assert rows["role-000"][1] == "0"


def test_the_failures_stand_last_with_the_command_that_runs_them_again(fan: Rig) -> None:
    """As it is typed: the run's options are in it, and it does what it says. On a terminal the rows have signs."""
    script = '[ "$TRAYEXEC_PROFILE" != account-a ]'
    words = ("account-*", "role-000", "--region", "us-east-2", "--jobs=2", "--read-only", "--", "sh", "-c", script)
    done = fan.run(*words)
    assert [*table(done.err)] == ["account-b", "role-000", "account-a"]
    *_, said = done.err.splitlines()
    line = said.partition("`")[2].removesuffix("`")
    assert said.startswith("trayexec: 1 of 3 failed.")
    assert line.startswith("trayexec --region us-east-2 --read-only --jobs 2 --retry-failed -- sh -c ")
    again = fan.run(*shlex.split(line)[1:])
    assert (again.status, [*table(again.err)]) == (123, ["account-a"])

    for locale, good, bad in (("C.UTF-8", "\x1b[32m✓\x1b[0m", "\x1b[31m✗\x1b[0m"), ("C", "+", "!")):
        _, screen = fan.terminal(*words, env={"TERM": "xterm", "LC_ALL": locale}).ended()
        assert re.search(rf"role-000 +\d+  {re.escape(good)} 0 ", screen), screen
        assert re.search(rf"account-a +\d+  {re.escape(bad)} 1 ", screen), screen
    for env in ({"NO_COLOR": "1"}, {"CLICOLOR": "0"}, {"TERM": "dumb"}):
        _, screen = fan.terminal(*words, env={"TERM": "xterm", "LC_ALL": "C.UTF-8", **env}).ended()
        assert not re.search(r"\x1b\[\d*m", screen)


def test_it_is_said_where_the_output_went(fan: Rig) -> None:
    """And that all went well."""
    done = fan.run("account-*", "--output", "dir=here", "--", "true")
    assert done.err.splitlines()[-2:] == ["trayexec: all 2 succeeded", "trayexec: their output is in here"]


def test_a_single_profile_may_be_fanned_out_too(fan: Rig) -> None:
    """A glob that matches one, or an option that only fan-out has."""
    assert fan.run("*-a", "--", "echo", "x").out == "[account-a] x\n"
    assert fan.run("--jobs", "1", "account-a", "--", "echo", "x").out == "[account-a] x\n"


def test_options_may_stand_anywhere_before_the_dashes(fan: Rig) -> None:
    """Between the profiles as well."""
    done = fan.run("account-a", "--jobs", "1", "account-b", "--", "echo", "--jobs")
    assert done.out == "[account-a] --jobs\n[account-b] --jobs\n"


def test_jobs_is_how_many_run_at_a_time(fan: Rig) -> None:
    """With one, none ever meets another, and the order is the file's."""
    script = "mkdir busy || echo met; echo $TRAYEXEC_PROFILE; sleep 0.05; rmdir busy"
    done = fan.run("role-00*", "--jobs", "1", "--", "sh", "-c", script)
    assert done.out.splitlines() == [f"[role-{n:03}] role-{n:03}" for n in range(10)]


@pytest.mark.parametrize(("output", "most"), [("prefix", 36), ("prefix", 17), ("json", 36), ("dir=few", 36)])
def test_few_descriptors_only_make_it_slower(fan: Rig, output: str, most: int) -> None:
    """Where the machine has no room for all, those that do not fit wait until others have ended."""
    words = [
        *COMMAND,
        "role-*",
        "account-*",
        "--yes",
        "--jobs",
        "12",
        "--output",
        output,
        "--",
        "sh",
        "-c",
        "sleep 0.2; echo ran",
    ]
    done = subprocess.run(
        ["bash", "-c", f'ulimit -n {most}; "$@"', "sh", *words],
        env=fan.environment(),
        cwd=fan.desk.home("home"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = "".join(path.read_text() for path in fan.desk.home("home/few").glob("*.out"))
    assert (files if output == "dir=few" else done.stdout).count("ran") == 14


def test_groups_come_from_the_settings(fan: Rig) -> None:
    """`@group`, and `--except @group`."""
    fan.settings('[groups]\nfew = ["role-00[0-3]"]\nmost = ["@few", "account-a"]\n')
    done = fan.run("@most", "--except", "@few", "--jobs", "2", "--", "echo", "x")
    assert done.out == "[account-a] x\n"
    assert "@few" in fan.run("@fwe", "--", "true").err


@pytest.mark.parametrize(
    "words",
    [
        ["account-a", "acount-b"],
        ["nothing-*"],
        ["@nothing"],
        ["account-*", "--except", "acount-b"],
        ["account-*", "--except", "*"],
    ],
)
def test_what_is_not_there_runs_nothing(fan: Rig, words: list[str]) -> None:
    """125 and a sentence, before anything."""
    done = fan.run(*words, "--", *mark(fan))
    assert (done.status, done.out) == (125, "")
    assert done.err.startswith("trayexec: ")
    assert marked(fan) == set()


@pytest.mark.parametrize(
    "words",
    [
        ["account-*", "--jobs", "0"],
        ["account-*", "--jobs", "many"],
        ["account-*", "--output", "nonsense"],
        ["account-*", "--output", "dir="],
        ["account-*", "--except"],
        ["account-*", "--nonsense"],
        ["--yes"],
        ["--live", "account-a", "--dry-run"],
        ["--server", "account-a", "--except", "account-a"],
    ],
)
def test_wrong_usage_is_two(fan: Rig, words: list[str]) -> None:
    """What cannot be meant."""
    done = fan.run(*words, "--", *mark(fan))
    assert (done.status, marked(fan)) == (2, set())
    assert "Traceback" not in done.err


@pytest.mark.parametrize("name", ["a b", "-x", "日本", "a'b", "../x", "star*", "@home"])
def test_any_name_can_be_one_of_many(fan: Rig, name: str) -> None:
    """By its name, or where that looks like something else by --profile; its files are inside the folder."""
    text = fan.sim.world.config_text(fan.sim.url).replace("[profile account-a]", f'[profile "{name}"]')
    env: dict[str, str | None] = {"AWS_CONFIG_FILE": str(fan.write("names", text))}
    words = ["--profile", name] if name[0] in "-@" or name[-1] == "*" else [name]
    done = fan.run(*words, "account-b", "--", "sh", "-c", 'printf %s "$TRAYEXEC_PROFILE"', env=env)
    assert sorted(done.out.splitlines()) == sorted([f"[{name}] {name}", "[account-b] account-b"]), done.err
    folder = fan.desk.home("outputs") / name.encode().hex()
    done = fan.run(*words, "--output", f"dir={folder}", "--", "echo", name, env=env)
    assert done.status == 0, done.err
    (out,) = folder.glob("*.out")
    assert out.read_text() == f"{name}\n"


def test_a_broken_profile_is_left_out_of_a_glob_and_refused_by_name(fan: Rig) -> None:
    """With the reason, either way."""
    text = fan.sim.world.config_text(fan.sim.url) + "\n[profile account-c]\nrole_arn = arn:aws:iam::1:role/x\n"
    env: dict[str, str | None] = {"AWS_CONFIG_FILE": str(fan.write("broken", text))}
    done = fan.run("account-*", "--", *mark(fan), env=env)
    assert done.status == 0
    assert "left out: account-c: " in done.err
    assert marked(fan) == {"account-a", "account-b"}
    done = fan.run("account-*", "account-c", "--", *mark(fan), env=env)
    assert done.status == 125
    assert marked(fan) == set()


def test_a_command_that_is_not_there_is_found_out_first(fan: Rig) -> None:
    """127 and 126, as for one profile."""
    assert fan.run("account-*", "--", "no-such-command").status == 127
    assert fan.run("account-*", "--", "/").status == 126


def test_a_script_without_interpreter_runs_and_one_with_a_wrong_one_fails(fan: Rig) -> None:
    """As for one profile; what cannot be started is its profile's failure."""
    script = fan.write("bare-script", "echo $1\n")
    script.chmod(0o755)
    assert fan.run("*-a", "--", str(script), "x").out == "[account-a] x\n"
    script = fan.write("bad-script", f"#!{fan.desk.home('missing')}\n")
    script.chmod(0o755)
    done = fan.run("account-*", "--", str(script))
    assert done.status == 123
    assert {cells[1] for cells in table(done.err).values()} == {"127"}, done.err


# Credentials first


def test_one_who_is_denied_is_known_before_anything_runs(own: Rig) -> None:
    """125, the name and the reason, and no command has run; with --keep-going the others do, and it is 125 still."""
    own.unlock()
    del own.sim.world.roles["arn:aws:iam::400000000003:role/Deploy"]
    done = own.run("*", "--", *mark(own))
    assert (done.status, done.out) == (125, "")
    assert "role-003: " in done.err
    assert "nothing has run" in done.err
    assert marked(own) == set()
    done = own.run("*", "--keep-going", "--", *mark(own))
    assert done.status == 125
    assert len(marked(own)) == 14
    assert table(done.err)["role-003"][1:] == ["no", "credentials"]


def test_all_wait_for_one_code(own: Rig) -> None:
    """A locked identity and a dozen profiles: one question, one session, one AssumeRole each."""
    own.answer_by_itself()
    done = own.run("role-*", "--", *mark(own))
    assert done.status == 0, done.err
    assert len(marked(own)) == 12
    assert (own.tries, own.sim.count("GetSessionToken"), own.sim.count("AssumeRole")) == (1, 1, 12)
    assert done.err.count("Waiting for the MFA code") <= 1


def test_the_code_is_asked_once_on_the_terminal(own: Rig) -> None:
    """Without a display; a wrong one is asked again, and then all go on."""
    terminal = own.terminal("role-00*", "--", "true")
    terminal.wait_for("MFA code of identity default")
    terminal.type(f"{own.sim.wrong_code()}\n")
    terminal.wait_for("MFA code of identity default")
    terminal.type(f"{own.sim.unused_code()}\n")
    status, screen = terminal.ended()
    assert status == 0
    assert screen.count("MFA code") <= 1  # what the agent says of the wrong one may come after the question
    assert own.sim.count("AssumeRole") == 10


def test_without_anybody_to_ask_nothing_runs(own: Rig) -> None:
    """`--no-wait` on a locked identity: the reason is said once for all."""
    done = own.run("role-00*", "--no-wait", "--", *mark(own))
    assert done.status == 125
    assert marked(own) == set()
    assert done.err.count("locked") <= 2


@pytest.mark.parametrize("how", ["kill", "lock"])
def test_an_agent_that_ends_or_locks_meanwhile_is_said(own: Rig, how: str) -> None:
    """Nothing runs; with --keep-going those that have credentials already do, and the rest say why."""
    own.unlock()
    assert own.run("role-000", "--", "true").status == 0
    own.sim.fault(Kind.DELAY, "AssumeRole", count=20, seconds=2)
    process = own.start("role-00[0-3]", "--keep-going", "--no-wait", "--", *mark(own))
    eventually("AssumeRole to be under way", lambda: own.sim.most_at_once >= 3)
    if how == "kill":
        os.kill(own.agent_pid, signal.SIGKILL)
    else:
        own.run("lock")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 125
    assert "role-001, role-002, role-003: " in err
    assert marked(own) == {"role-000"}


def test_credentials_are_fresh_when_a_late_command_starts(own: Rig) -> None:
    """With under 20 minutes left they are asked for again; without an agent what is still good is used."""
    own.sim.live(role=700)
    own.unlock()
    done = own.run("account-*", "--jobs", "1", "--", *mark(own))
    assert done.status == 0, done.err
    assert marked(own) == {"account-a", "account-b"}
    assert [one["profile"] for one in own.ledger].count("account-b") == 2
    kill = mark(own, 'kill -9 "$AGENT" 2> /dev/null; sleep 0.2')
    env: dict[str, str | None] = {"AGENT": str(own.agent_pid), "TRAYEXEC_NO_AUTOSTART": "1"}
    done = own.run("account-*", "--jobs", "1", "--", *kill, env=env)
    assert done.status == 0, done.err
    assert marked(own) == {"account-a", "account-b"}


def test_credentials_that_are_over_when_a_late_command_starts_are_not_used(own: Rig) -> None:
    """It is that profile's trouble, said with the reason: 125."""
    own.sim.live(role=63)
    own.unlock()
    pid = own.agent_pid
    script = mark(own, f"kill -9 {pid} 2> /dev/null; sleep 4")
    done = own.run("account-*", "--jobs", "1", "--", *script, env={"TRAYEXEC_NO_AUTOSTART": "1"})
    end_process(pid)
    assert done.status == 125
    assert marked(own) == {"account-a"}
    assert "account-b: No trayexec agent" in done.err


def test_a_command_that_outlives_its_credentials_is_named(own: Rig) -> None:
    """Once, with the way out, ten minutes before; what ends sooner is not."""
    own.sim.live(role=400)
    own.unlock()
    done = own.run("account-*", "--", "sh", "-c", "[ $TRAYEXEC_PROFILE = account-b ] || sleep 7")
    assert done.status == 0
    assert done.err.count("AWS credentials end in ") == 1
    assert "trayexec: account-a: AWS credentials end in 7 min" in done.err
    assert "--live account-a" in done.err
    assert own.run("account-*", "--", "sleep", "1").err.count("AWS credentials") == 0


# What is not run


def test_fail_fast_ends_the_others(fan: Rig) -> None:
    """The first failure ends those that run, and no other begins."""
    script = "[ $TRAYEXEC_PROFILE = account-b ] && exit 7; sleep 60"
    done = fan.run("account-*", "role-*", "--yes", "--jobs", "2", "--fail-fast", "--", "sh", "-c", script)
    assert done.status == 123
    assert done.seconds < 30
    rows = table(done.err)
    assert rows["account-b"][1] == "7"
    assert rows["account-a"][1:3] == ["143", "(SIGTERM)"]
    assert rows["role-000"][1:] == ["not", "run"]


def test_a_dry_run_only_says_who(own: Rig) -> None:
    """Names, accounts and the command on stdout; no code is asked, no credentials are."""
    done = own.run("account-*", "--dry-run", "--", *mark(own))
    assert done.status == 0
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["account-a", "222222222222"], ["account-b", "333333333333"]]
    done = own.run("account-*", "--dry-run", "--output", "json", "--", "echo", "a b")
    assert [json.loads(line)["command"] for line in done.out.splitlines()] == [["echo", "a b"]] * 2
    assert (own.sim.calls, marked(own)) == ((), set())


def test_the_failures_of_the_last_run_can_be_tried_again(fan: Rig) -> None:
    """All that did not succeed, and nobody else, until all have."""
    script = mark(fan, '[ "$TRAYEXEC_PROFILE" != "$BAD" ]')
    done = fan.run("account-*", "role-000", "--", *script, env={"BAD": "account-b"})
    assert done.status == 123
    assert marked(fan) == {"account-a", "account-b", "role-000"}
    remembered = json.loads(fan.desk.home("home/.local/state/trayexec/last-fanout.json").read_text())
    assert remembered["failed"] == ["account-b"]
    assert fan.run("--retry-failed", "role-000", "--", *script).status == 125
    assert fan.run("--retry-failed", "account-*", "--", *script, env={"BAD": "account-b"}).status == 123
    assert marked(fan) == {"account-b"}
    done = fan.run("--retry-failed", "--", *script, env={"AWS_CONFIG_FILE": str(fan.write("other", ""))})
    assert (done.status, marked(fan)) == (125, set())
    assert fan.run("--retry-failed", "--", *script, env={"BAD": ""}).status == 0
    assert marked(fan) == {"account-b"}
    done = fan.run("--retry-failed", "--", *script)
    assert (done.status, marked(fan)) == (0, set())


def test_what_failed_and_is_no_more_is_left_out_of_the_next_try(own: Rig) -> None:
    """It is said; the others run. With nobody else left, that is an error."""
    own.unlock()
    assert own.run("account-*", "role-000", "--", "sh", "-c", "[ $TRAYEXEC_PROFILE = account-a ]").status == 123
    config = own.desk.home("home/.aws/config").read_text()
    own.config(config.replace("profile role-000", "profile renamed"))
    for words in ([], ["*-[ab]"]):
        done = own.run("--retry-failed", *words, "--", "sh", "-c", "echo here; exit 1")
        assert (done.status, done.out) == (123, "[account-b] here\n"), done.err
        assert ("role-000: it is no longer" in done.err) == (not words)
    own.config(config.replace("profile account-b", "profile renamed"))
    done = own.run("--retry-failed", "--", "echo", "here")
    assert (done.status, done.out) == (125, "")
    assert "account-b" in done.err


def test_without_a_last_run_there_is_nothing_to_try_again(own: Rig) -> None:
    """A sentence, also where something else was left."""
    assert "no last run" in own.run("--retry-failed", "--", "true").err
    for rubbish in ("", "[]", "{", '{"version": 1, "selection": [], "failed": [1], "files": {}}'):
        own.write("home/.local/state/trayexec/last-fanout.json", rubbish)
        done = own.run("--retry-failed", "--", "true")
        assert done.status == 125
        assert "Traceback" not in done.err


def test_many_are_asked_about_once_on_a_terminal(fan: Rig) -> None:
    """More than ten: no is no, yes is yes; --yes, or no terminal, and there is no question."""
    terminal = fan.terminal("role-*", "--", *mark(fan))
    asked = terminal.wait_for(r"12 profiles.*\[y/N\]")
    for number in range(12):
        assert f"role-{number:03}  4{number:011}" in asked
    terminal.type("\n")
    assert terminal.ended()[0] == 125
    assert marked(fan) == set()
    terminal = fan.terminal("role-*", "--", *mark(fan))
    terminal.wait_for(r"\[y/N\]")
    terminal.type("y\n")
    assert terminal.ended()[0] == 0
    assert len(marked(fan)) == 12
    assert "[y/N]" not in fan.terminal("role-*", "--yes", "--", "true").ended()[1]
    assert fan.run("role-*", "--", "true").status == 0


def test_nothing_of_ours_holds_a_secret(fan: Rig) -> None:
    """Neither what is remembered nor what is said."""
    done = fan.run("account-*", "--", "true")
    remembered = fan.desk.home("home/.local/state/trayexec/last-fanout.json")
    assert remembered.stat().st_mode & 0o777 == 0o600
    for secret in fan.sim.issued_secrets():
        assert secret not in done.err + remembered.read_text()
    assert not list(Path(remembered.parent).glob("last-fanout.json.*"))


LOOKING = """
import ctypes, os, sys, threading, time
from trayexec.cli import main

def look():
    while not os.path.exists("runs"):
        time.sleep(0.02)
    with open("seen.new", "w") as file:
        file.write(str(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)))  # PR_GET_DUMPABLE
    os.rename("seen.new", "seen")

threading.Thread(target=look, daemon=True).start()
sys.argv = ["trayexec", "account-*", "--", "sh", "-c", "touch runs; until [ -e seen ]; do sleep 0.1; done"]
main()
"""


def test_who_holds_credentials_of_many_is_not_readable(fan: Rig) -> None:
    """While commands run, no program of the same user can read the parent's memory, and it leaves no core dump."""
    done = subprocess.run(
        [sys.executable, "-c", LOOKING],
        env=fan.env,
        cwd=fan.desk.home("home"),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert fan.desk.home("home/seen").read_text() == "0"
