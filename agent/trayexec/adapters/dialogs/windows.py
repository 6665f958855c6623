"""Where the Windows credential dialog (CredUI) will live. Not written yet: Tk asks there, or the terminal."""

from collections.abc import Mapping

from trayexec.adapters.dialogs.sheet import DialogText, Tool
from trayexec.core.ports import Answer, NoDialog
from trayexec.light.errors import trouble


def find(environ: Mapping[str, str]) -> list[Tool]:  # noqa: ARG001 — the shape of every tool's file
    """The tool that says what is missing."""
    return [Tool("windows", "windows", ask)]


async def ask(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:  # noqa: ARG001 — likewise
    """Say that it is not there yet."""
    return NoDialog(
        trouble(
            "no_dialog",
            "The Windows credential dialog is not built yet.",
            "",
        )
    )
