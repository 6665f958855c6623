"""`doctor` on whole machines on which something is wrong: it finds it, names the fix, and exits 1 if it is used."""

import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from awssim import Fault, Kind, Sim
from support.desktop import private_desktop
from support.rig import Done, Keyring, Rig, rig_on, world_with

LOCK = "import secretstorage as s; s.get_default_collection(s.dbus_init()).lock()"


@pytest.fixture
def own(open_rig: Rig) -> Iterator[Rig]:
    """The open rig, its AWS files as they were again afterwards."""
    config = open_rig.desk.home("home/.aws/config")
    before = config.read_text()
    yield open_rig
    open_rig.config(before)
    config.with_name("credentials").unlink(missing_ok=True)
    open_rig.sim.script.clear()


def found(done: Done, code: str) -> dict[str, Any]:
    """The one finding with this code."""
    (one,) = [one for one in done.json if one["code"] == code]
    return dict(one)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_good_machine_is_told_what_was_asked(own: Rig) -> None:
    """Whose keys they are, at which host, and that the clock is right; AWS was asked once, and no code was spent."""
    before = len([one for one in own.sim.calls if one.action == "GetCallerIdentity"])

    done = own.run("doctor", "--json")

    assert done.status == 0, done.out
    assert "arn:aws:iam::111111111111:user/alice" in found(done, "sts")["text"]
    assert own.sim.url.removeprefix("http://") in found(done, "sts")["text"]
    assert found(done, "clock")["grade"] == "ok"
    assert len([one for one in own.sim.calls if one.action == "GetCallerIdentity"]) == before + 1


@pytest.mark.parametrize(
    ("off", "words"), [(600, "10 minutes slow"), (-300, "5 minutes fast"), (4000, "67 minutes slow")]
)
def test_a_clock_that_is_off_is_found(keyring: Keyring, off: int, words: str) -> None:
    """Whether AWS still takes what is signed by it or not."""
    with private_desktop() as desk, Sim(world_with(keyring.key), clock=lambda: time.time() + off) as sim:
        desk.env["DBUS_SESSION_BUS_ADDRESS"] = keyring.desk.env["DBUS_SESSION_BUS_ADDRESS"]
        with rig_on(desk, sim) as rig:
            done = rig.run("doctor", "--json")

    assert done.status == 1
    assert words in found(done, "clock_skew")["text"]


def test_an_sts_that_cannot_be_reached_is_found(own: Rig) -> None:
    """With its host and the proxy on the way, whose password is not shown."""
    port = closed_port()
    config = own.desk.home("home/.aws/config")
    config.write_text(config.read_text().replace(own.sim.url, f"http://127.0.0.1:{port}"))
    done = own.run("doctor", "--json")
    assert done.status == 1
    assert f"127.0.0.1:{port}" in found(done, "sts_unreachable")["text"]

    config.write_text(config.read_text().replace(f"http://127.0.0.1:{port}", "http://sts.invalid"))
    done = own.run("doctor", "--json", env={"HTTP_PROXY": f"http://me:s3cret@127.0.0.1:{port}"})
    assert done.status == 1
    assert f"127.0.0.1:{port}" in found(done, "sts_proxy")["text"]
    assert "sts.invalid" in found(done, "sts_proxy")["text"]
    assert "s3cret" not in done.out


def test_an_sts_that_is_silent_is_not_waited_for(own: Rig) -> None:
    """It says what it waits for after a second, and goes on after a few."""
    own.sim.script.add(Fault(Kind.DELAY, action="GetCallerIdentity", seconds=20))
    begun = time.monotonic()

    done = own.run("doctor", "--json")

    assert done.status == 1
    assert time.monotonic() - begun < 20
    assert "asking AWS STS" in done.err
    assert any(one["code"] in {"sts_lost", "sts_silent"} and one["grade"] == "problem" for one in done.json)


def test_keys_of_another_account_are_found(own: Rig) -> None:
    """Both accounts are named."""
    config = own.desk.home("home/.aws/config")
    config.write_text(config.read_text().replace("::111111111111:mfa", "::999999999999:mfa"))

    done = own.run("doctor", "--json")

    assert done.status == 1
    assert "111111111111" in found(done, "keys_account")["text"]
    assert "999999999999" in found(done, "keys_account")["text"]


@pytest.mark.parametrize("config", ["", "[default]\nrole_arn = x\n", None])
def test_a_machine_without_a_served_profile_is_not_well(own: Rig, config: str | None) -> None:
    """Empty, broken or no file: nothing works."""
    path = own.desk.home("home/.aws/config")
    path.write_text(config or "")
    if config is None:
        path.unlink()

    done = own.run("doctor", "--json", env={"TRAYEXEC_NO_AUTOSTART": "1"})

    assert done.status == 1
    assert found(done, "no_profiles")["grade"] == "problem"


def test_a_copy_in_plain_text_is_found(own: Rig) -> None:
    """It works, so it is no problem; another key than the stored one is."""
    key = own.sim.world.user_key()
    plain = f"[default]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    own.write("home/.aws/credentials", plain)
    done = own.run("doctor", "--json")
    assert done.status == 0, done.out
    assert "credentials" in found(done, "keys_plain")["text"]
    assert key.secret not in done.out

    own.write("home/.aws/credentials", plain.replace(key.id, "AKIAIOSFODNN7EXAMPLE"))
    done = own.run("doctor", "--json")
    assert done.status == 1
    assert "MPLE" in found(done, "keys_plain_other")["text"]


def test_a_profile_variable_that_names_nothing_is_found(own: Rig) -> None:
    """With what is near, and its account."""
    done = own.run("doctor", "--json", env={"AWS_PROFILE": "acount-a"})
    assert done.status == 1
    assert "account-a (222222222222)" in found(done, "profile_variable")["hint"]


def test_a_state_folder_that_is_none_is_found(bare: Rig) -> None:
    """Something else stands where the folder has to be."""
    bare.write("home/.local/state/trayexec", "a file")
    done = bare.run("doctor", "--json")
    assert done.status == 1
    assert found(done, "state_folder")["grade"] == "problem"


def test_a_state_folder_that_takes_no_file_is_found(own: Rig) -> None:
    """Where files can be neither made nor written, root or not; and a probe leaves nothing behind."""
    done = own.run("doctor", "--json", env={"XDG_STATE_HOME": "/proc/self"})
    assert done.status == 1
    assert "/proc/self/trayexec" in found(done, "state_folder")["text"]
    folder = own.desk.home("home/.local/state/trayexec")
    before = sorted(folder.rglob("*"))
    assert own.run("doctor").status == 0
    assert sorted(folder.rglob("*")) == before


def test_nobody_to_ask_is_found_while_locked(rig: Rig) -> None:
    """No display and no terminal: nobody can enter a code, and once the session is open that is a note."""
    rig.start_agent()
    done = rig.run("doctor", "--json")
    assert done.status == 1
    assert found(done, "prompt_nowhere")["grade"] == "problem"
    rig.unlock()
    done = rig.run("doctor", "--json")
    assert done.status == 0, done.out
    assert found(done, "prompt_nowhere")["grade"] == "note"


def test_doctor_has_a_terminal_to_ask_on(rig: Rig) -> None:
    """The same machine, from a terminal: the code can be asked for there."""
    rig.start_agent()
    terminal = rig.terminal("doctor")
    status, screen = terminal.ended()
    assert status == 0, screen
    assert "the code is asked for on the terminal" in screen


def test_a_second_agent_is_found(own: Rig) -> None:
    """Where an older one would listen; with the command that stops it."""
    other = own.desk.home("home/.local/state/trayexec/agent.sock")
    own.foreground_agent(env={"TRAYEXEC_SOCKET": str(other)})

    done = own.run("doctor", "--json")

    assert done.status == 1
    assert str(other) in found(done, "agent_second")["text"]
    hint = found(done, "agent_second")["hint"]
    assert f"TRAYEXEC_SOCKET={other} trayexec agent stop" in hint
    assert own.run("agent", "stop", env={"TRAYEXEC_SOCKET": str(other)}).status == 0
    assert own.run("doctor").status == 0


def test_a_locked_keyring_is_left_alone() -> None:
    """Nobody is asked for its password; that AWS was not asked is said."""
    with private_desktop() as desk, rig_on(desk) as rig:
        rig.store_keys()
        desk.run([sys.executable, "-c", LOCK])

        done = rig.run("doctor", "--json")

        assert found(done, "keychain_locked")["grade"] == "note"
        assert found(done, "sts_not_asked")["grade"] == "note"
        assert rig.sim.calls[-1].action == "GetCallerIdentity"
        assert done.seconds < 15
