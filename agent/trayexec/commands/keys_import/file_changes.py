"""Shows what changes in the AWS files, keys masked, and changes it if the person agrees."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trayexec.adapters.aws_parser import parse
from trayexec.commands import file_diff, times
from trayexec.commands.keys_import.plan import AwsTexts
from trayexec.commands.reading import Options
from trayexec.commands.yes_or_no import agreed
from trayexec.core.config import importing
from trayexec.core.config.importing import FileEdit, PlainKeys
from trayexec.core.config.sections import shown
from trayexec.core.shell_words import argument, word
from trayexec.core.stamps import utc
from trayexec.light import private_files, signs, stderr
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.light.translate import speaker
from trayexec.live.carry_home import sweep_beside, write_home


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that has something to change, and where its old text is; None where it was left as it is."""

    file: str
    backup: str | None


def change(
    files: AwsTexts, taken: Sequence[PlainKeys], options: Options, environ: Mapping[str, str]
) -> list[FileChange]:
    """Show what would change in the files, and change it if the person agrees. Returns what was done.

    Raises TrayexecError when a file cannot be written.
    """
    speak = speaker(environ)
    edits = [
        (Path(path), text, edit)
        for path, text, edit in zip(files.paths, files.texts, files.edits(taken), strict=True)
        if edit.applied(text) != text
    ]
    _say_what_stays(files, taken, speak)
    _say_what_goes(files, taken, speak)
    for path, text, edit in edits:
        for line in file_diff.lines(text, edit.applied(text), str(path)):
            sys.stderr.write(signs.plain(f"{line}\n", environ))
    if options.dry_run or not edits or not (options.yes or _agreed(speak, [str(path) for path, _, _ in edits])):
        return [FileChange(str(path), None) for path, _, _ in edits]
    done: list[FileChange] = []
    for path, _, edit in edits:
        backup = file_diff.free(Path(os.path.realpath(path)), "import")
        try:
            write_home(path, partial(_edited, edit, str(path)), backup=backup, mask=private_files.PRIVATE)
        except OSError as error:
            raise TrayexecError(
                trouble(
                    "file",
                    "{file} cannot be written: {why}.",
                    "The keys are in the keychain, and still in that file. Make it writable, and run `trayexec keys "
                    "import` again.",
                    file=str(path),
                    why=error.strerror or type(error).__name__,
                )
            ) from None
        done.append(FileChange(str(path), str(backup)))
        stderr.say(speak(_said_before(path, backup, edit)))
    time.sleep(private_files.SETTLED)
    sweep_beside(files.paths)
    for name in [one.name for one in taken][:1]:
        stderr.say(
            speak(
                Text(
                    "what used these keys without trayexec has none now: run it as `trayexec {name} -- CMD…`, in "
                    "`trayexec shell`, or with the hook",
                    name=argument(name),
                )
            )
        )
    return done


def _said_before(path: Path, backup: Path, edit: FileEdit) -> Text:
    """Where the old text of a file is, and that it has keys in it if it has."""
    if not edit.remove:
        return Text("{file} is changed. What it said before is in {backup}", file=str(path), backup=str(backup))
    return Text(
        "{file} is changed. What it said before, keys and all, is in {backup}: when everything works, `rm {word}`",
        file=str(path),
        backup=str(backup),
        word=word(str(backup)),
    )


def _edited(edit: FileEdit, file: str, text: str) -> str:
    """What a file is to say, whatever it says by now. Raises TrayexecError if that is broken."""
    parse(text, file=file)
    return edit.applied(text)


def _say_what_stays(files: AwsTexts, taken: Sequence[PlainKeys], speak: Callable[[Text], str]) -> None:
    """Temporary credentials that other tools may be using."""
    for one in importing.staying(files.pair, taken, now=files.now, holders=files.holders):
        if one.ends is None:
            said = Text(
                "[{section}] has temporary credentials that do not say when they end: they stay, and other tools go on "
                "using them",
                section=shown(one.section),
            )
        else:
            said = Text(
                "[{section}] has temporary credentials until {time}: they stay, and other tools go on using them; "
                "trayexec opens a session of its own. Run this again then",
                section=shown(one.section),
                time=times.clock(utc(int(one.ends))),
            )
        stderr.say(speak(said))


def _say_what_goes(files: AwsTexts, taken: Sequence[PlainKeys], speak: Callable[[Text], str]) -> None:
    """Temporary credentials that have ended, and that tools would take in place of what works."""
    for one in importing.going(files.pair, taken, now=files.now, holders=files.holders):
        said = Text(
            "[{section}] has temporary credentials that ended at {time}: they go, for they would stand in the way",
            section=shown(one.section),
            time=times.clock(utc(int(one.ends or 0))),
        )
        stderr.say(speak(said))


def _agreed(speak: Callable[[Text], str], names: Sequence[str]) -> bool:
    """Whether a person says yes to it; a script has to say --yes."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        stderr.say(speak(Text("your AWS files are as they were; with --yes they change as shown")))
        return False
    if agreed(speak(Text("Change {files} so? The old text is kept beside it. [y/N] ", files=", ".join(names)))):
        return True
    stderr.say(speak(Text("your AWS files are as they were")))
    return False
