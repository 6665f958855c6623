"""The SDKs of Go, Java and Rust: real programs, in all three ways, that prove to a strict STS which account they are.

Go always runs. Java and Rust run where this machine has their tools; the head of the test report says which do not.
"""

import subprocess
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from support.desktop import eventually
from support.rig import Rig
from support.sdks import BUILD, GET, used, who

# The first test of each builds its program, or waits for another process that does.
pytestmark = [pytest.mark.timeout(GET + BUILD + 120), pytest.mark.parametrize("sdk", used())]

ACCOUNTS = {"account-a": "222222222222", "account-b": "333333333333", "default": "111111111111"}
# Names as the AWS CLI has them, and how they stand in the user's file.
ODD = {
    "a b": "'a b'",
    "日本": "日本",
    "a'b": '"a\'b"',
    "-x": "-x",
    "a$(b)&*c": "a$(b)&*c",
    "..%/+@:": "..%/+@:",
    "a #b": "'a #b'",
    "a;b": "'a;b'",
}
# Java and Rust know only names of ASCII letters, digits and _.-%/+@: whoever wrote the file; Go takes no quotes off.
READABLE = {
    "go": ("a b", "日本", "a'b", "-x", "a$(b)&*c", "..%/+@:"),
    "java": ("-x", "..%/+@:"),
    "rust": ("-x", "..%/+@:"),
}
# What must not win: keys and a role in the environment, as an outer command may have left them.
STRANGE = {
    "AWS_ACCESS_KEY_ID": "AKIAOUTER",
    "AWS_SECRET_ACCESS_KEY": "outer",
    "AWS_SESSION_TOKEN": "outer",
    "AWS_ROLE_ARN": "arn:aws:iam::333333333333:role/Deploy",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/etc/hostname",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/other",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/etc/hostname",
}


class Said(NamedTuple):
    """What the program said about one of its profiles."""

    profile: str
    account: str
    region: str
    key: str


class Running:
    """The program, running: its clients are opened once, and asked as often as a test likes."""

    def __init__(self, process: subprocess.Popen[str], profiles: tuple[str, ...]) -> None:
        """Take over a process that was started with these profiles."""
        self._process = process
        self._profiles = profiles

    def ask(self) -> list[Said]:
        """Let all clients ask STS who they are."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        lines = [self._process.stdout.readline().rstrip("\n").split("\t") for _ in self._profiles]
        assert [line[0] for line in lines] == list(self._profiles), self.end()
        assert {len(line) for line in lines} == {4}, lines
        return [Said(*line) for line in lines]

    def end(self) -> str:
        """Let it end by itself, and return what it said on stderr."""
        out, err = self._process.communicate(timeout=60)
        assert (self._process.returncode, out) == (0, ""), err
        return err


def start(rig: Rig, words: list[str], sdk: str, *profiles: str, env: Mapping[str, str] | None = None) -> Running:
    """`trayexec WORDS… -- PROGRAM PROFILES…`."""
    return Running(rig.start(*words, "--", *who(sdk), *profiles, env=env), profiles)


@pytest.fixture
def own(open_rig: Rig) -> Iterator[Rig]:
    """The open rig, its config file as it was again afterwards."""
    config = open_rig.desk.home("home/.aws/config")
    before = config.read_text()
    yield open_rig
    config.write_text(before)
    open_rig.desk.home("home/.aws/credentials").unlink(missing_ok=True)


def test_live_opens_several_profiles_at_once(open_rig: Rig, sdk: str) -> None:
    """AWS_PROFILE and others by name in one process, each with its own account and region."""
    config = open_rig.desk.home("home/.aws/config")
    before = config.read_text()
    config.write_text(before.replace("region = eu-central-1", "region = eu-west-3", 1))  # that of [default]
    running = start(open_rig, ["--live", "account-b"], sdk, "", *ACCOUNTS, env=STRANGE)
    said = running.ask()
    assert [one.account for one in said] == [ACCOUNTS["account-b"], *ACCOUNTS.values()]
    assert [one.region for one in said] == ["eu-central-1"] * 3 + ["eu-west-3"]
    assert said[0].key == said[2].key
    assert running.end() == ""
    config.write_text(before)


def test_live_serves_odd_names(own: Rig, sdk: str) -> None:
    """The odd names that an SDK can read at all are their profiles, and those others harm none."""
    config = own.desk.home("home/.aws/config")
    text = config.read_text()
    account_b = text[text.index("[profile account-b]") :]
    # Java and Rust give the whole file up for a comment sign in a section, in the user's own file as in ours
    odd = [section for section in ODD.values() if sdk == "go" or not {"#", ";"} & {*section}]
    config.write_text(text + "".join(account_b.replace("account-b", section) for section in odd))
    running = start(own, ["--live", "account-a"], sdk, "", *READABLE[sdk])
    assert [one.account for one in running.ask()] == [
        ACCOUNTS["account-a"],
        *[ACCOUNTS["account-b"]] * len(READABLE[sdk]),
    ]
    running.end()


def test_live_renews_across_an_expiry_and_a_new_session(rig: Rig, sdk: str) -> None:
    """Credentials that end are renewed by the SDK itself, also when the session was closed and opened anew between."""
    rig.unlock()
    rig.sim.live(role=63)  # three seconds, for an SDK: a minute is kept back
    running = start(rig, ["--live"], sdk, "account-a", "account-b")
    first = running.ask()
    again = eventually("other keys", lambda: _others(running, first))
    assert rig.run("lock").status == 0
    assert rig.auth().status == 0
    last = eventually("keys of the new session", lambda: _others(running, again))
    for said in (first, again, last):
        assert [one.account for one in said] == [ACCOUNTS["account-a"], ACCOUNTS["account-b"]]
    running.end()


def _others(running: Running, before: list[Said]) -> list[Said] | None:
    now = running.ask()
    return now if all(new.key != old.key for new, old in zip(now, before, strict=True)) else None


def test_the_server_is_where_credentials_come_from(own: Rig, sdk: str) -> None:
    """The container endpoint, whatever else there is in files and variables; the region is the profile's."""
    own.write("home/.aws/credentials", "[default]\naws_access_key_id = AKIASHARED\naws_secret_access_key = shared\n")
    env = {**STRANGE, "AWS_PROFILE": "account-b", "AWS_ENDPOINT_URL_STS": own.sim.url}
    running = start(own, ["--server", "account-a"], sdk, "", env=env)
    (said,) = running.ask()
    assert (said.account, said.region) == (ACCOUNTS["account-a"], "eu-central-1")
    assert running.end() == ""


def test_the_server_renews_too(rig: Rig, sdk: str) -> None:
    """The SDK comes back to the endpoint by itself, and gets other keys."""
    rig.unlock()
    rig.sim.live(role=63)
    running = start(rig, ["--server", "account-a"], sdk, "", env={"AWS_ENDPOINT_URL_STS": rig.sim.url})
    first = running.ask()
    again = eventually("other keys", lambda: _others(running, first), seconds=90)
    assert {first[0].account, again[0].account} == {ACCOUNTS["account-a"]}
    running.end()


def test_a_plain_run_is_its_environment(own: Rig, sdk: str) -> None:
    """The keys that trayexec put into the environment are used, and none of what was there before."""
    own.write("home/.aws/credentials", "[default]\naws_access_key_id = AKIASHARED\naws_secret_access_key = shared\n")
    env = {**STRANGE, "AWS_PROFILE": "account-b", "AWS_ENDPOINT_URL_STS": own.sim.url}
    running = start(own, ["account-a"], sdk, "", env=env)
    (said,) = running.ask()
    assert (said.account, said.region) == (ACCOUNTS["account-a"], "eu-central-1")
    assert running.end() == ""


def test_a_refusal_is_told_in_our_words(rig: Rig, sdk: str) -> None:
    """When it is decided that there are no credentials, what trayexec said is in the SDK's error or on stderr.

    Not so with Java, which only says that the process failed.
    """
    rig.settings('[prompt]\nmethod = ["sleep", "60"]\n')
    process = rig.start("--live", "--", *who(sdk), "account-a")
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    eventually("the prompt", lambda: rig.agent_pid and rig.phase() == "prompting")
    rig.run("lock")
    out, err = process.communicate(timeout=60)
    assert "\terror: " in out
    assert sdk == "java" or "trayexec" in out + err
