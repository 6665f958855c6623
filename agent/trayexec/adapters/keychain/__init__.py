"""The OS keychain, service `trayexec`: one item per identity, its value a small JSON document.

Every call runs in a child process (`child.py`) that is killed after a time-out: a locked Secret Service blocks for
ever, and keyring, SecretStorage and cryptography would cost this process more memory than everything else it does.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from platform import release
from typing import Any

from trayexec.core import aws_vault
from trayexec.core.config.ownership import account_in
from trayexec.core.config.sections import shown
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.ports import Keychain
from trayexec.core.rotation import is_beside
from trayexec.core.shell_words import argument
from trayexec.core.toml_lines import written_key
from trayexec.light import agent_environment, own_command
from trayexec.light.errors import TrayexecError, Trouble, trouble

CHILD = "trayexec.adapters.keychain.child"
SECONDS = 20.0  # a person may have to unlock the keyring first
LOOK = 0.3  # seconds between looks whether a person is being asked
ASKING = {"waiting", "creating"}  # what a child says before a person has to answer the keyring
MARGIN = 2.0  # seconds for the child to start, and to say that nobody answered
ID, SECRET, ACCOUNT, ARN = "access_key_id", "secret_access_key", "account", "arn"

# What could steer keyring: KEYRING_PROPERTY_*, PYTHON_KEYRING_BACKEND, KEYCHAIN_PATH.
_STEERING = ("KEYRING_", "PYTHON", "KEYCHAIN_")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a child answered: `state` is `ok`, or why not."""

    state: str
    value: str = ""
    detail: str = ""


class SystemKeychain(Keychain):
    """The keychain of this desktop. Blocking: call it in a worker.

    `seconds` is how long a person may take to unlock a keyring; each call ends within that and `MARGIN`.
    """

    def __init__(self, environ: Mapping[str, str], *, seconds: float = SECONDS) -> None:
        self._environ = environ
        self._seconds = seconds

    def read(self, name: str, asks: Callable[[float], None] | None = None) -> LongTermKeys:
        """The keys stored under `name`; `asks` is told when the keyring asks for its own password first.

        Raises TrayexecError: keys_missing, keys_damaged, keychain_locked, keychain_unavailable.
        """
        return _parse(name, self._call("read", name, asks=asks).value)

    def peek(self, name: str) -> LongTermKeys:
        """As `read`, but nobody is asked for anything: a locked keyring stays locked, and is told at once.

        So is a KWallet, which may ask also while it is open (`keychain_unasked`).
        """
        return _parse(name, self._call("peek", name).value)

    def store(self, name: str, keys: LongTermKeys) -> None:
        """Store and read back. Raises TrayexecError: keychain_locked, keychain_unavailable."""
        item = {ID: keys.access_key_id, SECRET: keys.secret_access_key.reveal()}
        whose = {ACCOUNT: account_in(keys.arn), ARN: keys.arn} if keys.arn else {}
        self._call("store", name, json.dumps({**item, **whose}))

    def remove(self, name: str) -> None:
        """Remove. Raises TrayexecError: keys_missing when there was nothing, or as `read`."""
        self._call("remove", name)

    def names(self) -> frozenset[str] | None:
        """Under which names there are keys, without asking anybody; None where this kind of keychain does not tell.

        Keys on their way to being an identity's are left out. Raises TrayexecError: keychain_unavailable.
        """
        said = self._call("names", "").value
        return frozenset(one for one in json.loads(said) if not is_beside(one)) if said else None

    def has_aws_vault(self) -> bool:
        """Whether aws-vault keeps anything here; nobody is asked. Raises TrayexecError: keychain_unavailable."""
        return bool(self._call("has", aws_vault.COLLECTION).value)

    def of_aws_vault(self) -> Mapping[str, LongTermKeys]:
        """The long-term keys that aws-vault keeps in this keychain, by its names for them; nobody knows yet whose.

        Raises TrayexecError: `keys_missing` where it keeps none here, or as `read`.
        """
        return aws_vault.keys_in(json.loads(self._call("all", aws_vault.COLLECTION).value))

    def _call(self, op: str, name: str, value: str = "", *, asks: Callable[[float], None] | None = None) -> _Said:
        request = {"op": op, "name": name, "value": value, "seconds": self._seconds}
        said = self._ask(json.dumps(request).encode(), asks)
        if said.state != "ok":
            raise TrayexecError(_explain(said, name, round(self._seconds), desktop=_is_desktop(self._environ)))
        return said

    def _ask(self, request: bytes, asks: Callable[[float], None] | None) -> _Said:
        environ = {name: value for name, value in self._environ.items() if not name.startswith(_STEERING)}
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(
                own_command.python(CHILD),
                env=agent_environment.of(environ),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                start_new_session=True,
            )
        except OSError as error:
            return _Said("unstarted", detail=str(error))
        with process:
            try:
                out, err = self._hear(process, request, asks)
            except subprocess.TimeoutExpired:
                _kill(process)
                out, _ = process.communicate()
                return _last(out) or _Said("silent")
            except BaseException:
                _kill(process)
                raise
        lines = err.decode(errors="replace").strip().splitlines()
        return _last(out) or _Said("unstarted", detail=lines[-1] if lines else f"exit status {process.returncode}")

    def _hear(
        self, process: subprocess.Popen[bytes], request: bytes, asks: Callable[[float], None] | None
    ) -> tuple[bytes, bytes]:
        """All that the child says, and meanwhile that a person is asked. Raises TimeoutExpired."""
        end = time.monotonic() + self._seconds + MARGIN
        given: bytes | None = request
        while True:
            left = end - time.monotonic()
            try:
                return process.communicate(given, timeout=min(LOOK, left) if asks is not None else left)
            except subprocess.TimeoutExpired as error:
                if left <= LOOK:
                    raise
                given = None  # it has that already; what it said is kept for the next look
                said = _last(error.output or b"")
                if asks is not None and said is not None and said.state in ASKING:
                    asks(self._seconds)
                    asks = None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it may end by itself meanwhile
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _last(out: bytes) -> _Said | None:
    """The last line that the child finished: it says `waiting` before anything that a person may have to answer."""
    lines = out.split(b"\n")[:-1]
    if not lines:
        return None
    said = json.loads(lines[-1])
    return _Said(said["state"], said.get("value", ""), said.get("detail", ""))


def _parse(name: str, value: str) -> LongTermKeys:
    try:
        item: Any = json.loads(value)
        key_id, secret, arn = item[ID], item[SECRET], item.get(ARN, "")  # older items have no ARN
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        key_id = secret = arn = None
    if not (isinstance(key_id, str) and isinstance(secret, str) and key_id and secret):
        raise TrayexecError(
            trouble(
                "keys_damaged",
                "The keychain item of {name} is not one that trayexec wrote.",
                "Store the keys again: `trayexec keys add {word}`",
                name=name,
                word=argument(name),
            )
        )
    return LongTermKeys(key_id, Secret(secret), arn if isinstance(arn, str) else "")


def unavailable(environ: Mapping[str, str]) -> Trouble:
    """There is no keychain in this session, and what to do about it."""
    return _explain(_Said("unavailable"), "", round(SECONDS), desktop=_is_desktop(environ))


def _is_desktop(environ: Mapping[str, str]) -> bool:
    """Whether a keyring is what a person would install here: there is a display, and not that of WSL."""
    return any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")) and "microsoft" not in release().lower()


def _explain(  # noqa: C901, PLR0911, PLR0912 — a table, each line literal
    said: _Said, name: str, seconds: int, *, desktop: bool = True
) -> Trouble:
    match said.state:
        case "missing":
            return trouble(
                "keys_missing",
                "No keys are stored for {name}.",
                "Store them: `trayexec keys add {word}`",
                name=name,
                word=argument(name),
            )
        case "locked" | "waiting":
            return trouble(
                "keychain_locked",
                "Your keyring is locked.",
                "Unlock it when your desktop asks, or in its password manager, then try again.",
            )
        case "unasked":
            return trouble(
                "keychain_unasked",
                "KWallet was not opened: it may ask you first whether trayexec may.",
                "Nothing to do: it is opened when the keys are needed.",
            )
        case "silent":
            return trouble(
                "keychain_locked",
                "The keychain did not answer within {seconds} s.",
                "Unlock your keyring, then try again.",
                seconds=seconds,
            )
        case "creating":
            return trouble(
                "keychain_unavailable",
                "This desktop has no default keyring yet.",
                "Create one when your desktop asks, or in its password manager (seahorse), then try again.",
            )
        case "kwallet":
            return trouble(
                "keychain_unavailable",
                "KWallet is here, but switched off or out of order.",
                "In System Settings, under KDE Wallet, switch on the KDE wallet subsystem, and log in again. Or "
                "install gnome-keyring.",
            )
        case "keepassxc":
            return trouble(
                "keychain_unavailable",
                "KeePassXC is the keychain here, and shares no group with other programs.",
                "Open your database in KeePassXC. Under Database, Database Settings, Secret Service Integration choose "
                "a group to expose; then try again.",
            )
        case "unavailable" if not desktop:
            return trouble(
                "keychain_unavailable",
                "No keychain service is running in this session.",
                "Let the agent hold the keys until it ends: `trayexec keys add {word} --memory`. Or let a command "
                "print them: keys under [identity.{table}] in config.toml.",
                table=shown(written_key(name or "default")),
                word=argument(name or "default"),
            )
        case "unavailable":
            return trouble(
                "keychain_unavailable",
                "No keychain service is running in this session.",
                "Install gnome-keyring or KWallet, and log in again.",
            )
        case "hung":
            return trouble(
                "keychain_unavailable",
                "The session bus does not answer, and so nobody can ask the keychain.",
                "Try again in a moment. If it stays so, log out and in again.",
            )
        case "mismatch":
            return trouble(
                "keychain_unavailable",
                "The keychain did not keep the keys of {name}.",
                "See what is wrong with it: `trayexec doctor`",
                name=name,
            )
        case "unstarted":
            return trouble(
                "keychain_unavailable",
                "The part of trayexec that reads the keychain did not start: {detail}",
                "If trayexec was updated while the agent ran: `trayexec agent restart`. Else install it again.",
                detail=shown(said.detail),
            )
        case _:
            return trouble(
                "keychain_unavailable",
                "The keychain failed: {detail}",
                "See what is wrong with it: `trayexec doctor`",
                detail=said.detail[:200] or said.state,
            )
