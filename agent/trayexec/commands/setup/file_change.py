"""Changes a file of the user's in `setup`: the difference first, then the question, then the whole file or nothing."""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from trayexec.adapters.aws_parser import parse
from trayexec.commands import file_diff
from trayexec.commands.setup.interview import Interview
from trayexec.core.config.inifile import Parsed, written
from trayexec.core.shell_words import word
from trayexec.light import private_files
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.live.carry_home import own_text, sweep_beside, write_home


def change(path: str, edit: Callable[[str], str], interview: Interview) -> None:
    """Show what changes in the file, and change it if the person agrees; how to undo it is said.

    Raises SkippedError for a no, TrayexecError (`file`) when it cannot be read or written.
    """
    before = own_text(Path(path))
    interview.lines(file_diff.lines(before, edit(before), path))
    is_new = not os.path.lexists(path)
    interview.agree(Text("Write it?") if is_new else Text("Change it so? The old text is kept beside it."))
    backup = None if is_new else file_diff.free(Path(os.path.realpath(path)), "setup")
    try:
        write_home(Path(path), edit, backup=backup)
    except OSError as error:
        raise TrayexecError(
            trouble(
                "file",
                "{file} cannot be written: {why}.",
                "Make it writable, and run `trayexec setup` again.",
                file=path,
                why=error.strerror or type(error).__name__,
            )
        ) from None
    time.sleep(private_files.SETTLED)  # what was left of one that was killed is nobody's by then
    sweep_beside((path,))
    interview.good(Text("{file} is written", file=path))
    if backup is None:
        interview.undo(Text("To undo it: `rm {path}`", path=word(path)))
    else:
        interview.undo(Text("To undo it: `cp {backup} {path}`", backup=word(str(backup)), path=word(path)))


def settings(path: str, new: Parsed, interview: Interview) -> None:
    """Write these settings into one of the AWS files, as `change` does."""
    change(path, partial(_with, new, path), interview)


def _with(new: Parsed, file: str, text: str) -> str:
    """A text of that file with these settings. Raises TrayexecError if AWS's tools refuse it, before or after."""
    parsed(text, file)
    for section, said in new.items():
        text = written(text, section, said)
    parsed(text, file)
    return text


def parsed(text: str, file: str) -> Parsed:
    """The sections of a text. Raises TrayexecError (`config_syntax`) if AWS's tools refuse it."""
    return parse(text, file=file)
