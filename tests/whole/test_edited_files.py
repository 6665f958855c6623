"""The AWS files are edited, or broken, while there is an agent: nobody is served from what they said before."""

import json
from collections.abc import Iterator

import pytest

from support.desktop import eventually
from support.rig import Done, Rig
from support.served import served

A, B = "222222222222", "333333333333"


@pytest.fixture
def edited(open_rig: Rig) -> Iterator[Rig]:
    """The open rig, its config as it was again afterwards."""
    yield open_rig
    open_rig.config(open_rig.sim.world.config_text(open_rig.sim.url))
    assert open_rig.run("account-a", "--", "true").status == 0


def account(rig: Rig, key: str) -> str:
    """Whose key this is."""
    return rig.sim.world.keys[key].holder.account


def swapped(rig: Rig) -> str:
    """A config in which account-a is the role of account-b."""
    return rig.sim.world.config_text(rig.sim.url).replace(f"iam::{A}:role", f"iam::{B}:role")


def broken(rig: Rig) -> str:
    """The config after a slip."""
    return rig.sim.world.config_text(rig.sim.url) + "[profile account-b]\n"


REFUSED = {
    "run": ("account-a", "--", "echo", "ran"),
    "fan-out": ("account-*", "--", "echo", "ran"),
    "live": ("--live", "account-a", "--", "echo", "ran"),
    "live without profile": ("--live", "--", "echo", "ran"),
    "server": ("--server", "account-a", "--", "echo", "ran"),
    "credential-process": ("credential-process", "account-a"),
    "env": ("env", "account-a"),
    "list": ("list",),
    "list --json": ("list", "--json"),
    "why": ("why", "account-a"),
    "hook": ("hook", "bash"),
    "auth": ("auth", "--code-stdin"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_broken_config_is_refused_by_everything(edited: Rig, kind: str) -> None:
    """With its line, and nothing on stdout, though the agent has credentials that would do."""
    assert edited.run("account-a", "--", "true").status == 0
    file = edited.config(broken(edited))
    done = edited.run(*REFUSED[kind], stdin="123456\n")
    assert (done.status, done.out) == (125, "")
    assert f"of {file} starts the section [profile account-b] a second time" in done.err


def test_what_is_open_is_seen_and_locked_all_the_same(rig: Rig) -> None:
    """`status` shows the session and what is wrong with the file; `doctor` says it; `lock` needs no file."""
    rig.unlock()
    file = rig.config(broken(rig))
    done = rig.run("status")
    assert done.status == 125
    assert "default" in done.out
    assert str(file) in done.err
    done = rig.run("status", "--json")
    assert (done.status, done.json["problem"]["code"]) == (125, "config_syntax")
    assert [one["phase"] for one in done.json["identities"]] == ["open"]
    done = rig.run("doctor")
    assert (done.status, str(file) in done.out) == (1, True)
    assert rig.run("lock", "default").status == 0
    assert [one["phase"] for one in rig.run("status", "--json").json["identities"]] == ["locked"]


def waited(rig: Rig, text: str) -> Done:
    """`credential-process account-a`, which waits for the code while the config becomes `text`."""
    rig.start_agent()
    process = rig.start("credential-process", "account-a")
    eventually("the question", lambda: rig.phase() == "prompting")
    identities = rig.status()["identities"]
    rig.config(text)
    assert len(identities) == 1
    original = rig.write("original", rig.sim.world.config_text(rig.sim.url))
    code = rig.fresh_code()
    done = rig.run("auth", "--code-stdin", stdin=f"{code}\n", env={"AWS_CONFIG_FILE": str(original)})
    assert done.status == 0, done.err
    out, err = process.communicate(timeout=60)
    return Done(process.returncode, out, err, 0.0)


def test_a_role_that_is_edited_while_somebody_waits_is_the_new_one(rig: Rig) -> None:
    """The request was for a profile, and the profile is another role now."""
    done = waited(rig, swapped(rig))
    assert done.status == 0, done.err
    assert account(rig, json.loads(done.out)["AccessKeyId"]) == B


def test_a_file_that_breaks_while_somebody_waits_is_refused(rig: Rig) -> None:
    """Nobody knows what the profile is now."""
    done = waited(rig, broken(rig))
    assert (done.status, done.out) == (125, "")
    assert "a second time" in done.err


def test_a_lease_is_one_of_a_name(edited: Rig) -> None:
    """Under `--server` each fetch is of the profile as it is then: another role, a broken file, and as before."""
    with served(edited, "account-a") as one:
        assert account(edited, one.fetch().json["AccessKeyId"]) == A
        edited.config(swapped(edited))
        assert account(edited, one.fetch().json["AccessKeyId"]) == B
        edited.config(broken(edited))
        reply = one.fetch()
        assert (reply.status, reply.json["code"]) == (403, "config_syntax")
        assert "a second time" in reply.json["message"]
        edited.config(edited.sim.world.config_text(edited.sim.url))
        assert account(edited, one.fetch().json["AccessKeyId"]) == A
