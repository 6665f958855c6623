"""Runs the person's own command that prints an identity's access key: a secret manager's, or a script's."""

import asyncio
from collections.abc import Mapping, Sequence

from trayexec.adapters.child_processes import child
from trayexec.core import key_document
from trayexec.core.config.profiles import Identity
from trayexec.core.credentials import LongTermKeys
from trayexec.core.key_document import LONGEST, failed
from trayexec.core.ports import KeyCommands
from trayexec.light.errors import Text, TrayexecError


class ChildKeyCommands(KeyCommands):
    """Each run is a child process, without a shell. What it says on stderr may hold a secret, and is read by nobody."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Commands get of `environ` what an agent's children get."""
        self._environ = environ

    async def run(self, argv: Sequence[str], identity: Identity, seconds: float) -> LongTermKeys:
        """The keys that it prints. It finds the identity and its device in TRAYEXEC_IDENTITY and _MFA_SERIAL.

        Cancelling the task ends it. Raises TrayexecError (`keys_command`).
        """
        about = {"TRAYEXEC_IDENTITY": identity.name, "TRAYEXEC_MFA_SERIAL": identity.mfa_serial}
        about["TRAYEXEC_CHAIN"] = "*"  # credentials that wait for these keys must not be what it waits for
        name = identity.keys
        try:
            async with asyncio.timeout(seconds), child(argv, {**self._environ, **about}, most=LONGEST + 1) as process:
                process.told()
                ended = await process.end_unless_full()
        except TimeoutError:
            raise TrayexecError(
                failed(name, Text("it did not end within {seconds} s", seconds=round(seconds)))
            ) from None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise TrayexecError(failed(name, Text("it could not be started ({detail})", detail=why))) from None
        if ended is None:
            raise TrayexecError(failed(name, Text("it prints more than 64 KiB")))
        if ended.status:
            raise TrayexecError(failed(name, Text("it ended with status {detail}", detail=ended.status)))
        return key_document.read(ended.out, name)
