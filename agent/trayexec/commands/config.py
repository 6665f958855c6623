"""`config`: our own settings: where they are, what is in force, whether the file is right, and to change it safely."""

import os
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from trayexec.adapters import settings_file
from trayexec.adapters.atomic_replace import Version, bytes_of, replace
from trayexec.commands import as_json
from trayexec.commands.reading import Options
from trayexec.commands.yes_or_no import YES, agreed
from trayexec.core import settings
from trayexec.core.shell_words import word
from trayexec.light import exits, paths, private_files, stderr
from trayexec.light.errors import Text, TrayexecError, shown, trouble
from trayexec.light.translate import speaker

EDITORS = ("sensible-editor", "editor", "nano", "vi")  # where neither $VISUAL nor $EDITOR names one


def path(_options: Options, environ: Mapping[str, str]) -> int:
    """`config path`: where the file is, or would be."""
    sys.stdout.write(f"{paths.settings_path(environ)}\n")
    return exits.OK


def show(options: Options, environ: Mapping[str, str]) -> int:
    """`config show`: what is in force, written as the file is. Raises TrayexecError for a file that is not right."""
    in_force = settings.document(settings_file.load(paths.settings_path(environ)))
    if options.json:
        as_json.show(in_force)
    else:
        sys.stdout.write(settings.written(in_force))
    return exits.OK


def check(_options: Options, environ: Mapping[str, str]) -> int:
    """`config check`: nothing is wrong with the file; else that is raised, with its line."""
    file = paths.settings_path(environ)
    settings_file.load(file)
    if os.path.lexists(file):
        said = Text("{file} is right", file=file)
    else:
        said = Text("there is no {file}: what usually holds is in force", file=file)
    stderr.say(speaker(environ)(said))
    return exits.OK


def edit(_options: Options, environ: Mapping[str, str]) -> int:
    """`config edit`: change a copy in an editor, and put it in place once it is right.

    Raises TrayexecError when there is no editor or terminal, when the editor fails, and when nobody corrects what is
    wrong: then the copy is named, and the file is as it was.
    """
    speak = speaker(environ)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise TrayexecError(
            trouble(
                "no_terminal",
                "There is no terminal to edit the settings on.",
                "Change {file} by another program, then run `trayexec config check`.",
                file=paths.settings_path(environ),
            )
        )
    file = Path(os.path.realpath(paths.settings_path(environ)))
    before = _before(file)
    text = before if before is not None else settings.example().encode()
    copy = file.with_name(f"config-{os.urandom(4).hex()}.toml")  # what is kept of an edit is for the person to find
    private_files.put(str(copy), text)
    while True:
        _run_editor(copy, environ)
        data = copy.read_bytes()
        if data == text:
            copy.unlink()
            stderr.say(speak(Text("nothing is changed")))
            return exits.OK
        try:
            settings_file.load(str(copy), called=str(file))
            break
        except TrayexecError as error:
            stderr.complain(error)
            if not agreed(speak(Text("Edit it again? [Y/n] ")), yes=YES | {""}):
                raise _kept(file, copy) from None
    mode = stat.S_IMODE(file.stat().st_mode) if before is not None else private_files.PRIVATE
    if replace(file, Version(data, mode), before) != before:
        raise TrayexecError(
            trouble(
                "settings",
                "Somebody else has changed {file} meanwhile.",
                "Yours is in {copy}. Compare the two: `diff {words}`",
                file=str(file),
                copy=str(copy),
                words=f"{word(str(file))} {word(str(copy))}",
            )
        )
    copy.unlink()
    stderr.say(speak(Text("{file} is changed; an agent that runs takes it within seconds", file=str(file))))
    return exits.OK


def _before(file: Path) -> bytes | None:
    """What the file says, None where there is none; its folder is there then. Raises TrayexecError (`file`)."""
    try:
        found = bytes_of(file)
        private_files.own_folder(str(file.parent))
    except OSError as error:
        raise TrayexecError(
            trouble(
                "file",
                "The file {file} cannot be read: {reason}.",
                "Check who owns it and its permissions: `ls -l {path}`",
                file=shown(str(file)),
                path=word(str(file)),
                reason=error.strerror or type(error).__name__,
            )
        ) from None
    return found


def _run_editor(copy: Path, environ: Mapping[str, str]) -> None:
    """Raises TrayexecError (`editor`) when there is none, or when it fails; then nothing has changed."""
    editor = _editor(environ)
    try:
        status = subprocess.run([*editor, str(copy)], check=False).returncode
    except OSError as error:
        status = error.errno or exits.FAILED
    if status:
        copy.unlink(missing_ok=True)
        raise TrayexecError(
            trouble(
                "editor",
                "The editor {editor} ended with status {status}: nothing is changed.",
                "$VISUAL or $EDITOR names another one.",
                editor=editor[0],
                status=status,
            )
        )


def _editor(environ: Mapping[str, str]) -> list[str]:
    """The words of the editor's command, as sensible-editor(1) chooses it. Raises TrayexecError (`editor`)."""
    for named in (environ.get("VISUAL"), environ.get("EDITOR"), *map(shutil.which, EDITORS)):
        try:
            words = shlex.split(named or "")
        except ValueError:
            continue
        if words:
            return words
    raise TrayexecError(trouble("editor", "There is no editor.", "$VISUAL or $EDITOR names one."))


def _kept(file: Path, copy: Path) -> TrayexecError:
    return TrayexecError(
        trouble(
            "settings",
            "{file} is as it was: what you wrote is not right.",
            "It is kept in {copy}. This removes it: `rm {word}`",
            file=str(file),
            copy=str(copy),
            word=word(str(copy)),
        )
    )
