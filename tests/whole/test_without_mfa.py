"""Identities whose keys need no code, as config.toml says: opened for whoever asks, and nobody is asked."""

import pytest

from awssim.world import Trust
from support.rig import Rig

UNASKED = "[identity.default]\nmfa = false\n"


@pytest.fixture
def rig(rig: Rig) -> Rig:
    """A rig in which the keys of `default` need no code; account-c trusts its user without MFA."""
    trust = Trust(("arn:aws:iam::111111111111:root",))
    rig.sim.world.add_role("444444444444", "Open", trust, profile="account-c")
    rig.settings(UNASKED)
    config(rig)
    return rig


def config(rig: Rig, more: str = "") -> None:
    """Write the config without a device, and more."""
    lines = rig.sim.world.config_text(rig.sim.url).splitlines(keepends=True)
    rig.config("".join(one for one in lines if not one.startswith("mfa_serial")) + more)


def sections(rig: Rig) -> str:
    """A section that is account-a's role, with the device in it."""
    role = f"role_arn = {rig.sim.world.profiles['account-a']}\nsource_profile = default\n"
    return f"[profile strict]\n{role}mfa_serial = {rig.sim.world.device().serial}\nendpoint_url = {rig.sim.url}\n"


def actions(rig: Rig) -> list[str]:
    """What AWS was asked, in order."""
    return [call.action for call in rig.sim.calls]


def test_a_role_opens_without_a_code(rig: Rig) -> None:
    """Also with `--no-wait`, without a terminal and a dialog; one session serves all, and AWS is told of no device."""
    before = len(rig.sim.calls)
    done = rig.run("--no-wait", "account-c", "--", "printenv", "AWS_ACCOUNT_ID")
    assert (done.status, done.out) == (0, "444444444444\n"), done.err
    assert rig.run("account-c", "--", "true").status == 0
    assert rig.run("default", "--", "true").status == 0
    assert actions(rig)[before:] == ["GetSessionToken", "AssumeRole"]
    opened = next(call for call in rig.sim.calls[before:] if call.action == "GetSessionToken")
    assert "SerialNumber" not in opened.asked
    assert not opened.code
    assert rig.tries == 0


def test_a_role_that_demands_mfa_is_told_what_to_write(rig: Rig) -> None:
    """AWS says no; with the device in the role's own section a code is asked, as AWS's tools ask it."""
    done = rig.run("account-a", "--", "true")
    assert done.status == 125
    assert "asked for without an MFA code" in done.err
    assert "mfa_serial" in done.err
    config(rig, sections(rig))
    strict = rig.terminal("strict", "--", "true")
    strict.wait_for(r"MFA code of identity default[^\n]*: ")
    code = rig.fresh_code()
    rig._given.add(code)
    strict.type(f"{code}\n")
    assert strict.ended()[0] == 0
    assert rig.run("--no-wait", "account-c", "--", "true").status == 0
    assert {one["name"]: one["mfa_serial"] is None for one in rig.status()["identities"]} == {
        "default": False,
        "default (no MFA)": True,
    }


def test_a_device_that_only_default_has_is_not_used(rig: Rig) -> None:
    """As with AWS's tools, to which an mfa_serial outside a role's section says nothing."""
    rig.config(rig.sim.world.config_text(rig.sim.url))
    assert rig.run("--no-wait", "account-c", "--", "true").status == 0


def test_a_role_may_be_marked_alone(rig: Rig) -> None:
    """Its identity has a device, and opens with a code for the others; both sessions are there at once."""
    rig.config(rig.sim.world.config_text(rig.sim.url))
    rig.settings('[profile."account-c"]\nmfa = false\n')
    assert rig.run("--no-wait", "account-c", "--", "true").status == 0
    assert rig.run("--no-wait", "account-a", "--", "true").status == 125
    assert rig.auth(None, "default").status == 0
    assert rig.run("--no-wait", "account-a", "--", "true").status == 0
    assert {one["name"]: one["phase"] for one in rig.status()["identities"]} == {
        "default": "open",
        "default (no MFA)": "open",
    }
    assert "config.toml:2)" in rig.run("why", "account-c").out
    rig.settings("[profile.strict]\nmfa = false\n")
    config(rig, sections(rig))
    refused = rig.run("strict", "--", "true")
    assert refused.status == 125
    assert "has an mfa_serial, and config.toml says mfa = false" in refused.err


def test_how_it_stands_is_said_everywhere(rig: Rig) -> None:
    """`status`, `list` and `why` say that nobody is asked; a code that is handed in is refused, with the reason."""
    rig.start_agent()
    assert "ready: no code is asked for" in rig.run("status").out
    assert rig.status()["identities"][0]["mfa_serial"] is None
    why = rig.run("why", "account-c").out
    assert "opened without a code (" in why
    assert "config.toml:2)" in why
    refused = rig.auth("123456")
    assert refused.status == 125
    assert "needs no code" in refused.err
    assert rig.run("auth").status == 0
    assert rig.phase() == "open"
    assert rig.run("lock").status == 0
    assert rig.phase() == "locked"


def test_keys_that_aws_does_not_take_are_told_to_all(rig: Rig) -> None:
    """And a loop does not ask AWS again and again."""
    rig.sim.world.revoke(rig.sim.world.user_key().id)
    before = len(rig.sim.calls)
    for _ in range(3):
        done = rig.run("account-c", "--", "true")
        assert done.status == 125
        assert "keys" in done.err
    assert len(rig.sim.calls) - before < 3


def test_without_the_mark_it_is_named(rig: Rig) -> None:
    """What is missing, and both ways to say it."""
    rig.settings("")
    done = rig.run("account-c", "--", "true")
    assert done.status == 125
    assert "mfa_serial = " in done.err
    assert "mfa = false under [identity.default]" in done.err


def test_no_code_and_no_stored_keys(bare: Rig) -> None:
    """Keys by a command and no MFA: a machine without a desktop, a keychain and a person runs its jobs."""
    trust = Trust(("arn:aws:iam::111111111111:root",))
    bare.sim.world.add_role("444444444444", "Open", trust, profile="account-c")
    key = bare.sim.world.user_key()
    printed = bare.write("printed", f"AWS_ACCESS_KEY_ID={key.id}\nAWS_SECRET_ACCESS_KEY={key.secret}\n")
    config(bare)
    bare.settings(f'{UNASKED}keys = ["cat", "{printed}"]\n')
    assert bare.run("account-c", "--", "true").status == 0
    assert actions(bare) == ["GetCallerIdentity", "GetSessionToken", "AssumeRole"]
