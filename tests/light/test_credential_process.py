"""`credential-process`: the exact document, and what SDKs need of the way it is started, waits and fails."""

import json
import os
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.desktop import eventually
from support.rig import COMMAND, Rig
from trayexec.core.stamps import earlier
from trayexec.light.credential_process import usable_until
from trayexec.light.protocol import read_credentials

STAMP = "%Y-%m-%dT%H:%M:%SZ"


def test_the_document_is_exactly_awss(open_rig: Rig) -> None:
    """Version, three keys, the account and an expiration a minute before the real one, in one JSON object."""
    done = open_rig.run("credential-process", "account-a")
    assert (done.status, done.err) == (0, "")
    assert set(done.json) == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"}
    assert (done.json["Version"], done.json["AccountId"]) == (1, "222222222222")
    key = open_rig.sim.world.keys[done.json["AccessKeyId"]]
    assert (key.secret, key.token) == (done.json["SecretAccessKey"], done.json["SessionToken"])
    assert key.expires is not None
    said = datetime.strptime(done.json["Expiration"], STAMP).replace(tzinfo=UTC)
    assert key.expires - 62 <= said.timestamp() <= key.expires - 60


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-03-01T00:00:30Z",
        "2024-03-01T00:00:59Z",
        "2027-01-01T00:00:00Z",
        "2026-11-22T15:07:08Z",
        "2100-03-01T00:00:00Z",
    ],
)
def test_a_minute_earlier_is_a_minute_earlier(stamp: str) -> None:
    """Over the ends of minutes, days, months, leap years and years."""
    assert earlier(stamp, 60) == (datetime.strptime(stamp, STAMP) - timedelta(minutes=1)).strftime(STAMP)  # noqa: DTZ007


def test_every_second_of_a_while_is_as_the_calendar_has_it() -> None:
    """The arithmetic agrees with datetime on days far apart."""
    day = datetime(1999, 12, 31, 23, 59, 30, tzinfo=UTC)
    for _ in range(4000):
        day += timedelta(days=13, seconds=37)
        assert earlier(day.strftime(STAMP), 60) == (day - timedelta(seconds=60)).strftime(STAMP)


def test_an_agent_of_an_older_version_leaves_the_margin_to_us() -> None:
    """It says only when the credentials end."""
    served = {"AccessKeyId": "id", "SecretAccessKey": "secret", "SessionToken": "token"}
    answer = read_credentials({**served, "Expiration": "2026-03-01T00:00:30Z"})
    assert usable_until(answer) == "2026-02-28T23:59:30Z"


def test_it_needs_no_environment_and_no_terminal(open_rig: Rig) -> None:
    """With nothing but HOME and where the agent is, any working folder and no PATH, it answers."""
    bare = {"HOME": open_rig.env["HOME"], "XDG_RUNTIME_DIR": open_rig.env["XDG_RUNTIME_DIR"]}
    done = subprocess.run(
        [*COMMAND, "credential-process", "account-a"],
        env=bare,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Version"] == 1


@pytest.mark.parametrize(
    ("words", "status"), [([], 2), (["a", "b"], 2), (["--nonsense", "a"], 2), (["a", "--wait", "x"], 2)]
)
def test_wrong_words_are_usage(open_rig: Rig, words: list[str], status: int) -> None:
    """What cannot be read is exit status 2, with the usage, and nothing on stdout."""
    done = open_rig.run("credential-process", *words)
    assert (done.status, done.out) == (status, "")
    assert "sage" in done.err or "--wait" in done.err


def test_a_failure_is_short_and_says_the_fix(open_rig: Rig) -> None:
    """An unknown profile: exit status 125, at most two lines on stderr, nothing on stdout."""
    done = open_rig.run("credential-process", "account-z")
    assert (done.status, done.out) == (125, "")
    assert len(done.err.splitlines()) <= 2
    assert "account-z" in done.err
    assert "trayexec list" in done.err


def test_a_locked_session_does_not_wait_when_told_so(rig: Rig) -> None:
    """`--wait 0` on a locked session fails with what to do; the agent was started by the request."""
    done = rig.run("credential-process", "account-a", "--wait", "0")
    assert (done.status, done.out) == (125, "")
    assert "trayexec auth" in done.err
    assert rig.agent_pid


def test_callers_share_one_prompt_and_fail_as_soon_as_it_is_decided(rig: Rig) -> None:
    """Ten wait for one code; the code comes, and all ten have credentials. A person is asked once."""
    rig.answer_by_itself()
    waiting = [rig.start("credential-process", profile) for profile in ("account-a", "account-b") * 5]
    documents = []
    for process in waiting:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        documents.append(json.loads(out))
    assert rig.tries == 1
    assert len({one["AccessKeyId"] for one in documents}) == 2


def test_lock_ends_the_waiting_at_once(rig: Rig) -> None:
    """When it is decided that no credentials come, whoever waits is told, and ends."""
    rig.start_agent()
    waiting = rig.start("credential-process", "account-a")
    eventually("the prompt", lambda: rig.phase() == "prompting")
    rig.run("lock")
    _, err = waiting.communicate(timeout=20)
    assert waiting.returncode == 125
    assert len(err.splitlines()) <= 2


def test_what_provides_credentials_may_not_ask_for_them(open_rig: Rig) -> None:
    """TRAYEXEC_CHAIN names the profiles that are being made: one of them is refused, others are not."""
    chain: dict[str, str | None] = {"TRAYEXEC_CHAIN": "other\naccount-a"}
    assert open_rig.run("credential-process", "account-b", env=chain).status == 0
    done = open_rig.run("credential-process", "account-a", env=chain)
    assert done.status == 125
    assert "account-a" in done.err
    assert open_rig.run("credential-process", "account-b", env={"TRAYEXEC_CHAIN": "*"}).status == 125


def test_a_profile_served_by_ourselves_is_refused(open_rig: Rig) -> None:
    """A profile whose source's credential_process is trayexec's would go round in circles: it is an error instead."""
    text = open_rig.sim.world.config_text(open_rig.sim.url)
    line = shlex.join([*COMMAND, "credential-process", "loop"])
    file = open_rig.write("circle", f"{text}\n[profile loop]\ncredential_process = {line}\n")
    done = open_rig.run("credential-process", "loop", env={"AWS_CONFIG_FILE": str(file)})
    assert done.status == 125
    assert "asks trayexec itself" in done.err


def test_a_command_that_prints_the_code_may_not_wait_for_it(rig: Rig) -> None:
    """A prompt command that uses a served profile is refused at once, instead of waiting for itself."""
    said = rig.desk.home("said")
    line = f"{shlex.join([*COMMAND, 'credential-process', 'account-b'])} 2>{said}; exit 1"
    rig.settings(f"[prompt]\nmethod = {json.dumps(['sh', '-c', line])}\n")
    waiting = rig.start("credential-process", "account-a", "--wait", "9")
    eventually("the refusal", lambda: said.exists() and "the very command" in said.read_text())
    assert waiting.poll() is None


NAMES = [
    "a b",
    "-x",
    "日本",
    "a'b",
    "__proto__",
    "x]y",
    "a #b",
    "a ;b",
    'q"q',
    "$HOME",
    "`id`",
    "a\\b",
    "x=y",
    "--",
    "a|b",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_gets_through_a_shell_and_through_shlex(open_rig: Rig, name: str) -> None:
    """The line of the overlay is read alike by botocore's shlex and by `sh -c`, whatever the profile is called."""
    world = open_rig.sim.world
    (arn, *_) = world.roles
    config = (
        f"[default]\nmfa_serial = {world.device().serial}\nendpoint_url = {open_rig.sim.url}\nregion = eu-west-1\n"
        f"[profile {shlex.quote(name)}]\nrole_arn = {arn}\nsource_profile = default\n"
        f"endpoint_url = {open_rig.sim.url}\n"
    )
    files = {"AWS_CONFIG_FILE": str(open_rig.write("names", config))}
    done = open_rig.run(
        "--live", "--", sys.executable, "-c", "import os; print(os.environ['AWS_CONFIG_FILE'])", env=files
    )
    assert done.status == 0, done.err
    overlay = Path(done.out.strip())
    line = next(
        line.partition(" = ")[2]
        for line in overlay.read_text().splitlines()
        if line.startswith("credential_process") and "default" not in line
    )
    env = open_rig.environment({"AWS_CONFIG_FILE": str(overlay), "PATH": os.defpath})
    for argv in (shlex.split(line), ["sh", "-c", line]):
        done2 = subprocess.run(argv, env=env, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        assert done2.returncode == 0, done2.stderr
        assert json.loads(done2.stdout)["Version"] == 1
