"""The keychain on real, missing, locked and hostile keyrings."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import desktop
from support.desktop import Desktop, eventually
from support.kwallet import kwallet
from support.processes import alive, ended
from trayexec.adapters.keychain import CHILD, SystemKeychain
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.light.errors import TrayexecError, Trouble
from trayexec.light.own_command import python

KEYS = LongTermKeys("AKIAEXAMPLE", Secret("made-up-secret"))
SECRETS = "org.freedesktop.secrets"
PROMPTER = "org.gnome.keyring.SystemPrompter"


def failure(keychain: SystemKeychain, call: str = "read") -> Trouble:
    """What a call fails with."""
    with pytest.raises(TrayexecError) as failed:
        keychain.store("work", KEYS) if call == "store" else getattr(keychain, call)("work")
    return failed.value.trouble


def lock(desk: Desktop) -> None:
    """Start gnome-keyring with its collection there, but locked."""
    desk.start_keyring()
    SystemKeychain(desk.env).store("work", KEYS)
    desk._running.pop("keyring").end()
    desk.wait_no_name(SECRETS)
    desk._start("keyring", ["gnome-keyring-daemon", "--components=secrets", "--foreground"])
    desk.wait_name(SECRETS)


def let_the_bus_start(desk: Desktop, service: str) -> None:
    """Allow the private bus to start one of the machine's services."""
    own = desk.folder / "services" / f"{service}.service"
    own.write_text(Path(f"/usr/share/dbus-1/services/{service}.service").read_text())
    desk.call(desktop.BUS.bus_name, desktop.BUS.object_path, desktop.BUS.interface, "ReloadConfig")
    environment = ({name: desk.env[name] for name in ("DISPLAY", "HOME", "XDG_RUNTIME_DIR")},)
    bus = desktop.BUS
    desk.call(bus.bus_name, bus.object_path, bus.interface, "UpdateActivationEnvironment", "a{ss}", environment)


def test_without_a_service_it_says_what_to_install(desk: Desktop) -> None:
    """No bus, then a bus with no Secret Service: the same clear words for every call."""
    screen = {"DISPLAY": ":0"}  # none is used
    found = [failure(SystemKeychain({**desk.env, **screen}))]
    desk.start_bus()
    found += [failure(SystemKeychain({**desk.env, **screen}), call) for call in ("read", "store", "remove")]

    assert {trouble.code for trouble in found} == {"keychain_unavailable"}
    assert all("Install gnome-keyring" in str(trouble.hint) for trouble in found)


def test_a_kwallet_that_is_of_no_use_is_named(desk: Desktop) -> None:
    """Switched off, or to be started and not starting."""
    desk.start_bus()
    with kwallet(desk.env["DBUS_SESSION_BUS_ADDRESS"]) as wallet:
        wallet.enabled = False
        said = failure(SystemKeychain(desk.env))
    assert (said.code, "KWallet is here" in str(said.title)) == ("keychain_unavailable", True)
    installed = desk.folder / "services" / "org.kde.kwalletd5.service"
    installed.write_text("[D-BUS Service]\nName=org.kde.kwalletd5\nExec=/bin/false\n")
    desk.call(desktop.BUS.bus_name, desktop.BUS.object_path, desktop.BUS.interface, "ReloadConfig")
    assert "System Settings" in str(failure(SystemKeychain(desk.env)).hint)


@pytest.mark.parametrize("service", ["org.kde.kwalletd5", "org.kde.kwalletd6"])
def test_a_locked_kwallet_asks_by_itself(desk: Desktop, service: str) -> None:
    """Whoever reads is told that a person is asked; what they say counts, and so does their silence."""
    desk.start_bus()
    asked: list[float] = []
    with kwallet(desk.env["DBUS_SESSION_BUS_ADDRESS"], service) as wallet:
        SystemKeychain(desk.env).store("work", KEYS)
        wallet.is_open, wallet.allows = False, None
        assert failure(SystemKeychain(desk.env, seconds=3.0), "read").code == "keychain_locked"
        with pytest.raises(TrayexecError) as failed:
            SystemKeychain(desk.env, seconds=3.0).read("work", asked.append)
        assert (failed.value.trouble.code, asked) == ("keychain_locked", [3.0])
        wallet.allows = False
        assert failure(SystemKeychain(desk.env), "read").code == "keychain_locked"
        wallet.allows = True
        assert SystemKeychain(desk.env).read("work").access_key_id == KEYS.access_key_id
        assert wallet.apps == {"trayexec"}


def test_a_kwallet_is_not_opened_to_have_a_look(desk: Desktop) -> None:
    """It would ask a person whether this program may, though it is open; what it cannot tell is said as not known."""
    desk.start_bus()
    with kwallet(desk.env["DBUS_SESSION_BUS_ADDRESS"]) as wallet:
        assert failure(SystemKeychain(desk.env), "peek").code == "keys_missing"
        wallet.kept["trayexec", "work"] = "{}"
        assert failure(SystemKeychain(desk.env), "peek").code == "keychain_unasked"
        assert SystemKeychain(desk.env).names() is None
        assert not SystemKeychain(desk.env).has_aws_vault()
        assert wallet.apps == set()


def test_a_kwallet_that_becomes_the_secret_service_is_used_as_such(desk: Desktop) -> None:
    """kwalletd6 is not there before somebody calls it: what is kept must not depend on who does."""
    desk.start_bus()
    with kwallet(desk.env["DBUS_SESSION_BUS_ADDRESS"]) as wallet:
        wallet.speaks = True
        assert failure(SystemKeychain(desk.env), "store").code == "keychain_unavailable"
        assert (wallet.kept, wallet.apps) == ({}, set())


# A Secret Service without a single collection, as KeePassXC is one before a group is exposed.
EMPTY = """
import sys
sys.path[:0] = sys.argv[2:]
from desktop.test_screenlock import Service
service = Service(sys.argv[1], "org.freedesktop.secrets")
print("there", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("name", ["keepassxc", "another"])
def test_a_keepassxc_that_shares_nothing_is_named(desk: Desktop, tmp_path: Path, name: str) -> None:
    """And what to choose there; nobody is offered a new database for it."""
    desk.start_bus()
    program = tmp_path / name
    program.symlink_to(sys.executable)
    argv = [str(program), "-c", EMPTY, desk.env["DBUS_SESSION_BUS_ADDRESS"], *filter(None, sys.path)]
    pipe = subprocess.PIPE
    with ended(subprocess.Popen(argv, env=desk.env, stdin=pipe, stdout=pipe, text=True)) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "there\n"
        found = [failure(SystemKeychain(desk.env), call) for call in ("read", "remove")]
        service.terminate()
    codes = {one.code for one in found}
    assert codes == ({"keychain_unavailable"} if name == "keepassxc" else {"keys_missing"})
    assert all(("KeePassXC" in str(one.title)) is (name == "keepassxc") for one in found)


def test_where_there_is_no_desktop_it_says_what_works(desk: Desktop) -> None:
    """Nobody is told to install a keyring on a server."""
    server = {name: value for name, value in desk.env.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    hint = str(failure(SystemKeychain(server)).hint)
    assert "`trayexec keys add work --memory`" in hint
    assert "[identity.work]" in hint


def test_a_locked_keyring_is_called_locked(desk: Desktop) -> None:
    """With nobody to show a prompt the desktop refuses at once, and the trouble says what to do."""
    lock(desk)
    keychain = SystemKeychain(desk.env)

    found = [failure(keychain, call) for call in ("read", "store", "remove")]

    assert {trouble.code for trouble in found} == {"keychain_locked"}
    assert all("Unlock it" in str(trouble.hint) for trouble in found)


def test_the_desktops_prompt_unlocks_it(desk: Desktop) -> None:
    """The read shows the desktop's own prompt once; with the password typed the keys come back."""
    desk.start_display()
    lock(desk)
    let_the_bus_start(desk, PROMPTER)
    code = (
        "import os; from trayexec.adapters.keychain import SystemKeychain;"
        "print(SystemKeychain(dict(os.environ)).read('work').access_key_id)"
    )
    reader = desk.spawn([sys.executable, "-c", code])
    desk.wait_window("[Uu]nlock")
    desk.type("open sesame")
    desk.key("Return")

    assert reader.wait(desktop.PATIENCE) == 0, desk.said(reader)
    assert "AKIAEXAMPLE" in desk.said(reader)


def test_an_unanswered_prompt_costs_only_its_time(desk: Desktop) -> None:
    """Nobody answers: the calls end in time and say locked. One prompt stays, and whoever answers it later unlocks."""
    desk.start_display()
    lock(desk)
    let_the_bus_start(desk, PROMPTER)
    keychain = SystemKeychain(desk.env, seconds=2)

    found = [failure(keychain), failure(keychain)]

    assert [trouble.code for trouble in found] == 2 * ["keychain_locked"]
    assert _children(desk) == []
    assert len(desk.windows("[Uu]nlock")) == 1
    desk.wait_window("[Uu]nlock")
    desk.type("open sesame")
    desk.key("Return")
    desk.wait_no_window("[Uu]nlock")
    assert SystemKeychain(desk.env).read("work").access_key_id == "AKIAEXAMPLE"


def _children(desk: Desktop) -> list[int]:
    """Our keychain processes that still live on this desktop."""
    live = [pid for pid in desktop._marked(str(desk.folder)) if alive(pid)]
    return [pid for pid in live if CHILD.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_service_that_never_answers_is_given_up(desk: Desktop) -> None:
    """A stopped keyring daemon blocks every call on it: the child is killed in time."""
    desk.start_keyring()
    daemon = desk._running["keyring"].process
    daemon.send_signal(19)  # SIGSTOP
    started = time.monotonic()

    trouble = failure(SystemKeychain(desk.env, seconds=1))
    daemon.send_signal(18)  # SIGCONT

    assert time.monotonic() - started < desktop.PATIENCE
    assert trouble.code == "keychain_locked", str(trouble.title)
    assert "within 1 s" in str(trouble.title)
    assert _children(desk) == []


def test_a_bus_that_never_answers_is_said(desk: Desktop) -> None:
    """It is not the keychain that is missing, and nothing has to be installed."""
    desk.start_keyring()
    bus = desk._running["bus"].process
    bus.send_signal(19)  # SIGSTOP
    try:
        trouble = failure(SystemKeychain(desk.env))
    finally:
        bus.send_signal(18)  # SIGCONT
    assert trouble.code == "keychain_unavailable"
    assert "The session bus does not answer" in str(trouble.title)


def test_an_orphaned_child_ends_by_itself(desk: Desktop) -> None:
    """When the agent was killed with -9 while a call hung, the child does not stay for ever."""
    desk.start_keyring()
    daemon = desk._running["keyring"].process
    daemon.send_signal(19)
    request = {"op": "read", "name": "work", "value": "", "seconds": -3.5}  # with the child's slack: half a second
    child = desk.spawn(["sh", "-c", f"echo '{json.dumps(request)}' | {shlex.join(python(CHILD))}"])

    child.wait(desktop.PATIENCE)
    daemon.send_signal(18)

    eventually("the child to end", lambda: _children(desk) == [])


def test_without_a_default_collection_nothing_is_stored(desk: Desktop) -> None:
    """A fresh keyring daemon has no collection yet: reading finds nothing, and shows no prompt to create one."""
    desk.start_bus()
    desk._start("keyring", ["gnome-keyring-daemon", "--components=secrets", "--foreground"])
    desk.wait_name(SECRETS)

    assert failure(SystemKeychain(desk.env)).code == "keys_missing"
    trouble = failure(SystemKeychain(desk.env), "store")
    assert trouble.code in {"keychain_unavailable", "keychain_locked"}  # there is nobody to ask for a new password


@pytest.mark.parametrize("value", ["plain password", '{"access_key_id": "A"}', '["A", "B"]', '{"access_key_id": 1}'])
def test_a_strange_item_is_not_used(desk: Desktop, value: str) -> None:
    """An item of our name that we did not write: said so, with the fix, and its value is not shown."""
    desk.start_keyring()
    attributes = ["service", "trayexec", "username", "work", "application", "Python keyring library"]
    desk.run(["secret-tool", "store", "--label=strange", *attributes], stdin=value)

    trouble = failure(SystemKeychain(desk.env))

    assert trouble.code == "keys_damaged"
    assert "trayexec keys add work" in str(trouble.hint)
    assert value not in f"{trouble.title} {trouble.hint}"


def test_the_item_is_ours_and_complete(desk: Desktop) -> None:
    """One item, found by service and user name, whose value is exactly the two keys as JSON."""
    desk.start_keyring()
    SystemKeychain(desk.env).store("work", KEYS)

    value = desk.run(["secret-tool", "lookup", "service", "trayexec", "username", "work"])

    assert json.loads(value) == {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "made-up-secret"}


def test_keyrings_own_settings_do_not_bend_it(desk: Desktop) -> None:
    """Neither PYTHON_KEYRING_BACKEND, nor keyringrc.cfg, nor a module on PYTHONPATH or in the folder decides."""
    desk.start_keyring()
    traps = desk.home("home/traps")
    (traps / "keyring").mkdir(parents=True)
    (traps / "keyring" / "__init__.py").write_text("raise SystemExit('bent by PYTHONPATH')")
    settings = "[backend]\ndefault-keyring=keyring.backends.null.Keyring\nkeyring-path=" + str(traps)
    for folder in (desk.home("home/.config/python_keyring"), desk.home("home/.local/share/python_keyring")):
        folder.mkdir(parents=True)
        (folder / "keyringrc.cfg").write_text(settings)
    hostile = desk.env | {
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "KEYRING_PROPERTY_PREFERRED_COLLECTION": "/nowhere",
        "KEYRING_PROPERTY_SCHEME": "KeePassXC",
        "PYTHONPATH": str(traps),
    }

    SystemKeychain(hostile).store("work", KEYS)

    assert SystemKeychain(desk.env).read("work").access_key_id == "AKIAEXAMPLE"
    assert SystemKeychain(hostile).read("work").access_key_id == "AKIAEXAMPLE"


def test_other_back_ends_are_refused() -> None:
    """With nothing on the list usable there is no back end at all: not null, not fail, not a file, not a chain."""
    code = (
        "from trayexec.adapters.keychain import child\n"
        "import keyring.backends.null, keyring.backends.fail, keyring.backends.chainer\n"
        "try: print('found', child.backend())\n"
        "except child._StoppedError as stopped: print(stopped)"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}

    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)

    assert done.stdout == "unavailable\n"


def test_the_agent_never_holds_keyring(desk: Desktop) -> None:
    """Reading keys leaves no keyring, SecretStorage or cryptography in the memory of the process that asked."""
    desk.start_keyring()
    code = (
        "import os, sys; from trayexec.adapters.keychain import SystemKeychain as K;"
        "from trayexec.core.credentials import LongTermKeys, Secret\n"
        "k = K(dict(os.environ)); k.store('work', LongTermKeys('A', Secret('B'))); k.read('work')\n"
        "print(sorted({'keyring', 'secretstorage', 'cryptography', 'jeepney'} & set(sys.modules)))"
    )

    assert desk.run([sys.executable, "-c", code]) == "[]\n"


def test_no_secret_is_in_argv_or_environment(desk: Desktop) -> None:
    """While a call hangs, the child's argv and environment hold neither the keys nor AWS variables of a shell."""
    desk.start_keyring()
    daemon = desk._running["keyring"].process
    daemon.send_signal(19)
    code = (
        "import os; from trayexec.adapters.keychain import SystemKeychain as K;"
        "from trayexec.core.credentials import LongTermKeys, Secret\n"
        "K(dict(os.environ), seconds=10).store('work', LongTermKeys('A', Secret('sec' + 'ret-one')))"
    )
    desk.spawn([sys.executable, "-c", code], env={"AWS_SECRET_ACCESS_KEY": "secret-two", "AWS_PROFILE": "p"})
    (child,) = eventually("the child", lambda: _children(desk))

    seen = Path(f"/proc/{child}/cmdline").read_bytes() + Path(f"/proc/{child}/environ").read_bytes()
    daemon.send_signal(18)

    assert b"secret-one" not in seen
    assert b"secret-two" not in seen
