"""A command line that names no profile: the caller's own choice, in every kind of run, and never [default] instead."""

import pytest

from support.rig import Rig

WHO = ("printenv", "TRAYEXEC_PROFILE")
CALLS = {
    "plain": ("--", *WHO),
    "with options": ("--region", "eu-west-1", "--", *WHO),
    "live": ("--live", "--", *WHO),
    "server": ("--server", "--", *WHO),
    "fan-out": ("--output=grouped", "--", *WHO),
    "shell": ("shell",),
    "env": ("env",),
    "console": ("console", "--print"),
}
NOBODY = ("plain", "with options", "server", "fan-out", "env", "console")


def call(rig: Rig, name: str, **env: str) -> tuple[int, str, str]:
    """The call, in a shell of this environment."""
    shell = rig.write("shell", f"#!/bin/sh\n{' '.join(WHO)}\n")
    shell.chmod(0o700)
    done = rig.run(*CALLS[name], env={"SHELL": str(shell), "AWS_ENDPOINT_URL_SIGNIN": rig.sim.url, **env})
    return done.status, done.out, done.err


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
@pytest.mark.parametrize("name", [name for name in CALLS if name != "console"])
def test_it_is_the_callers_profile(open_rig: Rig, name: str, variable: str) -> None:
    """AWS_PROFILE is meant, else AWS_DEFAULT_PROFILE."""
    status, out, err = call(open_rig, name, **{variable: "account-b"})
    assert status == 0, err
    assert "account-b" in out
    assert "default" not in out


@pytest.mark.parametrize("name", CALLS)
def test_two_that_differ_are_refused(open_rig: Rig, name: str) -> None:
    """The CLI and the SDKs differ in which they read first: both are named, and nothing runs."""
    status, out, err = call(open_rig, name, AWS_PROFILE="account-a", AWS_DEFAULT_PROFILE="account-b")
    assert (status, out) == (2, "")
    assert "AWS_PROFILE is account-a and AWS_DEFAULT_PROFILE is account-b" in err


@pytest.mark.parametrize("name", CALLS)
def test_an_unknown_one_is_an_error(open_rig: Rig, name: str) -> None:
    """It is never [default] in its place."""
    status, out, err = call(open_rig, name, AWS_PROFILE="acount-a")
    assert (status, out) == (125, "")
    assert "There is no profile acount-a" in err


@pytest.mark.parametrize("name", CALLS)
def test_without_one_it_is_said_what_to_type(open_rig: Rig, name: str) -> None:
    """Exit status 2; only `--live` and `shell` need none."""
    status, out, err = call(open_rig, name, AWS_PROFILE="")
    if name in NOBODY:
        assert (status, out) == (2, "")
        assert (f"`trayexec {name} PROFILE`" if name in {"env", "console"} else "trayexec PROFILE -- CMD") in err
    else:
        assert (status, out) == (1, ""), err  # printenv finds none
