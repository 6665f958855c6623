"""Asks a command of the user's choice that prints the code: a password manager's, or `ykman oath accounts code`."""

import asyncio
import shlex
from collections.abc import Mapping

from trayexec.adapters.child_processes import run
from trayexec.adapters.dialogs.sheet import DialogText, Tool
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Entered, NoDialog, TimedOut
from trayexec.light.errors import trouble


def tool(line: str) -> Tool:
    """The tool behind a command line."""
    return Tool("command", line, ask)


async def ask(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    """Run the command, without a shell. It finds the identity and its device in TRAYEXEC_IDENTITY and _MFA_SERIAL.

    A machine would print the same code again at once, so what has to be waited for is waited for here.
    """
    about = {"TRAYEXEC_IDENTITY": sheet.identity, "TRAYEXEC_MFA_SERIAL": sheet.serial}
    about["TRAYEXEC_CHAIN"] = "*"  # credentials that wait for this code must not be what it waits for
    try:
        argv = shlex.split(program)
        async with asyncio.timeout(sheet.seconds):
            await asyncio.sleep(sheet.wait)
            ended = await run(argv, {**environ, **about}, seconds=sheet.seconds)
    except TimeoutError:
        return TimedOut()
    except (OSError, ValueError, IndexError) as error:
        return _failed(program, str(error))
    if ended.status:
        return _failed(program, f"exit status {ended.status}")  # what it says on stderr may hold a secret
    return Entered(Secret(ended.out.decode(errors="replace").strip()))


def _failed(program: str, why: str) -> NoDialog:
    return NoDialog(
        trouble(
            "prompt_command_failed",
            "The command that should print the MFA code failed: {why}",
            "Try it in a terminal: {program}",
            why=why[:200],
            program=program,
        )
    )
