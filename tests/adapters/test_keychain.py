"""The contract of the `Keychain` port, on the fake, on gnome-keyring and on what KWallet does by its own interface."""

import subprocess
from collections.abc import Iterator

import pytest

from support.desktop import private_desktop
from support.kwallet import kwallet
from support.memory_keychain import MemoryKeychain
from trayexec.adapters.keychain import SystemKeychain
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.ports import Keychain
from trayexec.light.errors import TrayexecError

# Short names, long ones, signs that mean something to D-Bus, SQL, shells and paths, and every alphabet.
NAMES = ["default", "a b/c\\d:e%f'g\"h", "日本語 🔑 ñ", "-", "x" * 300, "{name}", "line\nbreak"]


@pytest.fixture(scope="module")
def _environ() -> Iterator[dict[str, str]]:
    with private_desktop() as desk:
        yield desk.start_keyring().env


@pytest.fixture(scope="module")
def _with_kwallet() -> Iterator[dict[str, str]]:
    with private_desktop() as desk, kwallet(desk.start_bus().env["DBUS_SESSION_BUS_ADDRESS"]):
        yield desk.env


@pytest.fixture(params=["memory", "gnome-keyring", "kwallet"])
def keychain(request: pytest.FixtureRequest) -> Keychain:
    """A keychain; only the real one keeps what earlier tests stored, so each test uses names of its own."""
    if request.param == "memory":
        return MemoryKeychain()
    return SystemKeychain(request.getfixturevalue("_environ" if request.param == "gnome-keyring" else "_with_kwallet"))


def keys(number: int) -> LongTermKeys:
    """A made-up pair with everything base64 can hold."""
    return LongTermKeys(f"AKIAEXAMPLE{number:05}", Secret(f"ab/cd+ef=={number:030}"))


def code(failed: pytest.ExceptionInfo[TrayexecError]) -> str:
    """The stable word of what went wrong."""
    return failed.value.trouble.code


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_comes_back(keychain: Keychain, name: str) -> None:
    """Any name keeps its own pair; storing again replaces it; removing removes it."""
    keychain.store(name, keys(1))
    keychain.store(name + " two", keys(2))
    keychain.store(name, keys(3))

    found = keychain.read(name)
    assert found.access_key_id == "AKIAEXAMPLE00003"
    assert found.secret_access_key.reveal() == keys(3).secret_access_key.reveal()

    keychain.remove(name)
    with pytest.raises(TrayexecError) as failed:
        keychain.read(name)
    assert code(failed) == "keys_missing"
    assert keychain.read(name + " two").access_key_id == "AKIAEXAMPLE00002"


@pytest.mark.parametrize("call", ["read", "remove"])
def test_missing_keys_name_the_fix(keychain: Keychain, call: str) -> None:
    """What is not there is said with the command that puts it there."""
    with pytest.raises(TrayexecError) as failed:
        getattr(keychain, call)("nobody")

    assert code(failed) == "keys_missing"
    assert "nobody" in str(failed.value.trouble.title)
    assert "trayexec keys add nobody" in str(failed.value.trouble.hint)


def test_who_leaves_as_the_child_ends_has_just_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C reaches us and not the child, which may be gone by the time that we would end it."""

    def interrupted(process: "subprocess.Popen[bytes]", _request: bytes, timeout: float) -> None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        SystemKeychain({}).read("default")
