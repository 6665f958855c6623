"""One keychain call in a process of its own: a request as JSON on stdin, JSON lines on stdout.

Of keyring's back ends only those on the list are used, by exact class: its own choice may be a plain file, nothing at
all, or whatever an environment variable or `keyringrc.cfg` names (that is `keyring.get_keyring`, never called here).
Where none of them works, ours for KWallet is.
A line `waiting` or `creating` comes before a call that a person may have to answer.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from trayexec.adapters.bus.address import session_bus
from trayexec.adapters.harden import seal

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from trayexec.adapters.keychain.kwallet import KWallet

    Ring = KeyringBackend | KWallet

SERVICE = "trayexec"
SLACK = 4.0  # seconds beyond the request's; the parent's limit is shorter, so only an orphan lives that long
SERVICE_PATH = "/org/freedesktop/secrets"  # Secret Service API 0.2
DEFAULT = f"{SERVICE_PATH}/aliases/default"  # likewise, the default collection
KWALLET = "trayexec.adapters.keychain.kwallet"
KWALLETS = {"org.kde.kwalletd5", "org.kde.kwalletd6"}
PATIENCE = 3.0  # seconds that the session bus has to answer
NO_PROMPT = "/"  # likewise: nobody has to be asked

ALLOWED = {
    "linux": (("keyring.backends.SecretService", "Keyring"),),
    "darwin": (("keyring.backends.macOS", "Keyring"),),
    "win32": (("keyring.backends.Windows", "WinVaultKeyring"),),
}


class _StoppedError(Exception):
    """Why there is no value: the message is the state to answer."""


def backend() -> "Ring":
    """The first allowed back end that works here. Raises _StoppedError when there is none."""
    found = of_keyring() or of_kwallet()
    if found is None:
        raise _StoppedError(why_none())
    return found


def of_keyring() -> "KeyringBackend | None":
    """The first on the list that works."""
    for module, name in ALLOWED.get(sys.platform, ()):
        with contextlib.suppress(Exception):  # a back end that cannot be used says so with whatever it likes
            found = getattr(importlib.import_module(module), name)
            if found.priority > 0:
                made: KeyringBackend = found()
                if sys.platform == "win32":
                    # Else the item roams to other machines of the domain (CRED_PERSIST_ENTERPRISE).
                    vars(made)["persist"] = "local machine"
                return made
    return None


def of_kwallet() -> "Ring | None":
    """KWallet. One that had to be started may be the Secret Service from then on, which keeps what it has apart."""
    if sys.platform != "linux":
        return None
    from trayexec.adapters.keychain import kwallet  # noqa: PLC0415 — jeepney is a dependency on Linux only

    with contextlib.suppress(Exception):  # as above
        wallet = kwallet.find()
        return wallet and (of_keyring() or wallet)
    return None


def why_none() -> str:
    """The state of a session without a back end: what the session bus has instead of a Secret Service."""
    from jeepney import new_method_call  # noqa: PLC0415 — only when something is wrong
    from jeepney.bus_messages import message_bus  # noqa: PLC0415 — likewise
    from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415 — likewise

    try:
        with open_dbus_connection() as connection:
            calls = [new_method_call(message_bus, name) for name in ("ListNames", "ListActivatableNames")]
            found = [connection.send_and_get_reply(call, timeout=PATIENCE).body[0] for call in calls]
    except TimeoutError:
        return "hung"
    except Exception:  # noqa: BLE001 — whatever else is wrong with it: it is not there
        return "unavailable"
    return "kwallet" if KWALLETS.intersection({*found[0], *found[1]}) else "unavailable"


def provider() -> str:
    """The program that is the Secret Service here, by the name of its process; nothing where that cannot be told."""
    from jeepney.bus_messages import message_bus  # noqa: PLC0415 — only when something is wrong
    from jeepney.io.blocking import open_dbus_connection  # noqa: PLC0415 — likewise

    with contextlib.suppress(Exception), open_dbus_connection() as connection:
        call = message_bus.GetConnectionUnixProcessID("org.freedesktop.secrets")
        (pid,) = connection.send_and_get_reply(call, timeout=PATIENCE).body
        return Path(f"/proc/{int(pid)}/comm").read_text().strip()
    return ""


def open_up(op: str, ring: "Ring", seconds: float, *, path: str = DEFAULT) -> None:
    """On a Secret Service, find out without a prompt whether a collection, the default one, is there and open.

    Where it is locked, or a first one is needed to store something, the desktop may ask a person, and gets `seconds`.
    A prompt nobody answered stays on the screen: `Prompt.Dismiss` makes gnome-keyring 42 abort (an assertion in
    gkd-secret-unlock.c), which would cost the person every open keyring. Whoever answers it later still unlocks.
    Raises _StoppedError when there is nothing to read from, or nobody answered in time.
    """
    if type(ring).__module__ == KWALLET:
        if not cast("KWallet", ring).opened(seconds, lambda: say("waiting")):
            raise _StoppedError("locked")
        return
    if type(ring).__module__ != "keyring.backends.SecretService":
        return
    import secretstorage  # noqa: PLC0415 — only where the back end has just brought it
    from secretstorage.util import SERVICE_IFACE, DBusAddressWrapper  # noqa: PLC0415 — likewise

    with contextlib.closing(secretstorage.dbus_init()) as connection:
        service = DBusAddressWrapper(SERVICE_PATH, SERVICE_IFACE, connection)
        try:
            if not secretstorage.Collection(connection, path).is_locked():
                return
            if op == "peek":
                raise _StoppedError("locked")
            state = "waiting"
            say(state)
            _, prompt = service.call("Unlock", "ao", [path])
        except secretstorage.exceptions.ItemNotFoundException as error:
            if path == DEFAULT and provider() == "keepassxc":  # it would offer a new database
                raise _StoppedError("keepassxc") from error
            if op != "store":
                raise _StoppedError("missing") from error
            state = "creating"
            say(state)
            label = {"org.freedesktop.Secret.Collection.Label": ("s", "Default")}
            _, prompt = service.call("CreateCollection", "a{sv}s", label, "default")
        if prompt != NO_PROMPT and not answered(connection, prompt, seconds):
            raise _StoppedError(state)


def answered(connection: Any, prompt: str, seconds: float) -> bool:
    """Have the desktop ask a person; whether they agreed in time (Secret Service API 0.2, Prompts)."""
    from jeepney import MatchRule, MessageType  # noqa: PLC0415 — SecretStorage has brought it
    from secretstorage.util import PROMPT_IFACE, DBusAddressWrapper  # noqa: PLC0415 — likewise

    window = DBusAddressWrapper(prompt, PROMPT_IFACE, connection)
    done = MatchRule(path=prompt, interface=PROMPT_IFACE, member="Completed", type=MessageType.signal)
    with connection.filter(done) as signals:
        window.call("Prompt", "s", "")
        try:
            dismissed, _ = connection.recv_until_filtered(signals, timeout=seconds).body
        except TimeoutError:
            return False
    return not dismissed


def call(request: dict[str, Any]) -> str:
    """Do it. Raises _StoppedError, or whatever the back end raises."""
    from keyring import errors  # noqa: PLC0415 — after `seal`, and in the child only

    op, name, value = request["op"], request["name"], request["value"]
    ring = backend()
    if op == "names":
        return names(ring)
    try:
        if op == "has":
            return "yes" if has(ring, f"{SERVICE_PATH}/collection/{name}") else ""
        if op == "all":
            return everything(ring, f"{SERVICE_PATH}/collection/{name}", request["seconds"])
        if op == "peek" and type(ring).__module__ == KWALLET:
            raise _StoppedError("missing" if cast("KWallet", ring).lacks(SERVICE, name) else "unasked")
        open_up(op, ring, request["seconds"])
        if op == "store":
            ring.set_password(SERVICE, name, value)
            if ring.get_password(SERVICE, name) != value:
                raise _StoppedError("mismatch")
            return ""
        found = ring.get_password(SERVICE, name)
        if found is None:
            raise _StoppedError("missing")
        if op == "remove":
            ring.delete_password(SERVICE, name)
            return ""
    except (errors.KeyringLocked, errors.InitError) as error:
        raise _StoppedError("locked") from error
    return found


def names(ring: "Ring") -> str:
    """A JSON list of the user names under our service; nothing where the back end cannot tell. Never a prompt.

    While the collection is locked it is not asked: gnome-keyring has only digests of the attributes then.
    """
    if type(ring).__module__ != "keyring.backends.SecretService":
        return ""
    import secretstorage  # noqa: PLC0415 — only where the back end has just brought it

    with contextlib.closing(secretstorage.dbus_init()) as connection:
        try:
            collection = secretstorage.Collection(connection, DEFAULT)
            if collection.is_locked():
                return ""
            items = collection.search_items({"service": SERVICE})
            return json.dumps(sorted({one.get_attributes()["username"] for one in items}))
        except (secretstorage.exceptions.ItemNotFoundException, KeyError):
            return "[]"


def has(ring: "Ring", path: str) -> bool:
    """Whether another program's collection is there. Never a prompt."""
    if type(ring).__module__ != "keyring.backends.SecretService":
        return False
    import secretstorage  # noqa: PLC0415 — only where the back end has just brought it

    with contextlib.closing(secretstorage.dbus_init()) as connection:
        try:
            secretstorage.Collection(connection, path).is_locked()
        except secretstorage.exceptions.ItemNotFoundException:
            return False
    return True


def everything(ring: "Ring", path: str, seconds: float) -> str:
    """A JSON object of all items of another program's collection, by label. Raises _StoppedError without one."""
    if type(ring).__module__ != "keyring.backends.SecretService":
        raise _StoppedError("missing")
    open_up("read", ring, seconds, path=path)
    import secretstorage  # noqa: PLC0415 — the back end has just brought it

    with contextlib.closing(secretstorage.dbus_init()) as connection:
        items = secretstorage.Collection(connection, path).get_all_items()
        return json.dumps({one.get_label(): one.get_secret().decode("utf-8", "replace") for one in items})


def say(state: str, **more: str) -> None:
    """Answer a line."""
    sys.stdout.write(json.dumps({"state": state, **more}) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the request, do it, answer."""
    seal()
    request = json.load(sys.stdin)
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + SLACK)
    if address := session_bus(os.environ):
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = address  # SecretStorage knows no other place
    try:
        say("ok", value=call(request))
    except _StoppedError as stopped:
        say(str(stopped))
    except Exception as error:  # noqa: BLE001 — a back end may raise anything; the parent words it
        say("failed", detail=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
