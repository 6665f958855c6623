"""What others wrote into an overlay, carried home to the user's own files. Blocking.

Additions and changes are carried, removals are only told. A file of the user's is written whole or not at all. What
cannot go home is put aside, but for access keys: those are refused.
"""

import errno
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from trayexec.adapters import plain_file
from trayexec.adapters.atomic_replace import SETTLED, Version, bytes_of, put, replace
from trayexec.adapters.aws_files import LONGEST_FILE
from trayexec.adapters.aws_parser import parse
from trayexec.core.config.inifile import Parsed, Value, changes, removals, written
from trayexec.light import private_files
from trayexec.light.errors import Text, TrayexecError
from trayexec.live.places import OverlayPlace
from trayexec.live.setting_names import without_secrets

_TRIES = 20
_REASON_KEYS = Text("What was written to the AWS credentials file under --live cannot be read as one.")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_UNDECODED = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class OverlayEdit:
    """What somebody began with, if that is known, and what they made of it."""

    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries edits home. What cannot go there is put aside in `folder`; `tell` is told what a person should know."""

    folder: Path
    tell: Callable[[Text], None]

    def keys(self, place: OverlayPlace, text: str) -> None:
        """Keys go home or are refused: a copy of them in our folder would be one that nobody knows of."""
        new = _new(place.empty, OverlayEdit("", text))
        if new == {}:
            return
        home = str(place.shared)
        try:
            refused = _REASON_KEYS if new is None else _sent_home(place.shared, new)
        except TrayexecError as error:
            refused = error.trouble.title
        if refused is not None:
            self.tell(
                Text(
                    "{why} The access keys that were written under --live are not kept anywhere: put them into "
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and run `trayexec keys add PROFILE --env`.",
                    why=refused,
                )
            )
            return
        self.tell(
            Text(
                "Access keys were written in plain text to {file}. Put them into AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, run `trayexec keys add PROFILE --env`, and remove them from the file.",
                file=home,
            )
        )

    def settings(self, place: OverlayPlace, edit: OverlayEdit) -> None:
        """The same for settings. Raises TrayexecError when the user's file is broken: then they wait where they are."""
        home = str(place.config)
        new = _new(place.overlay, edit)
        if new is None:
            refused: Text | None = Text("What was written to the AWS config under --live cannot be read as one.")
        else:
            refused = _sent_home(place.config, new, backup=place.config.with_name(f"{place.config.name}.trayexec~"))
        if refused is not None:
            self._put_aside(edit.after, refused)
            return
        gone = _gone(place.overlay, edit)
        if gone:
            self.tell(
                Text(
                    "What is removed under --live stays in {file}: {names}. Remove it there, if you mean it.",
                    file=home,
                    names=", ".join(gone),
                )
            )

    def _put_aside(self, text: str, why: Text) -> None:
        # Not deeper, and only digits: else the log takes some of it for a secret, and does not say where it is.
        aside = self.folder / f"config.{time.time_ns()}"
        put(aside, without_secrets(text))
        self.tell(
            Text("{why} What was to be there is kept in {file}.", why=why, file=str(aside)),
        )


def _new(there: Path, edit: OverlayEdit) -> Mapping[str, Mapping[str, Value]] | None:
    """What the edit added or changed; None when that cannot be told."""
    if edit.before is None or _UNDECODED.search(edit.after):
        return None
    try:
        return changes(parse(edit.before, file=str(there)), parse(edit.after, file=str(there)))
    except TrayexecError:
        return None


def _gone(there: Path, edit: OverlayEdit) -> tuple[str, ...]:
    """What the edit took away."""
    return removals(parse(edit.before or "", file=str(there)), parse(edit.after, file=str(there)))


def _with(own: str, new: Mapping[str, Mapping[str, Value]], *, file: str) -> str:
    """The text of a file of the user's with these settings. Raises TrayexecError if it was, or became, broken."""
    parse(own, file=file)
    for section, settings in new.items():
        own = written(own, section, settings)
    parse(own, file=file)
    return own


def _sent_home(home: Path, new: Mapping[str, Mapping[str, Value]], *, backup: Path | None = None) -> Text | None:
    """Write these settings into a file of the user's. Why not, if it cannot be written.

    Raises TrayexecError if it cannot be read.
    """
    try:
        if new:
            write_home(home, lambda own: _with(own, new, file=str(home)), backup=backup)
    except OSError as error:
        return Text("{file} cannot be written: {why}.", file=str(home), why=error.strerror or type(error).__name__)
    return None


def write_home(home: Path, change: Callable[[str], str], *, backup: Path | None = None, mask: int = 0o777) -> None:
    """Change a file of the user's, whole or not at all: through links, with its line ends and its mode within `mask`.

    The old content goes to `backup`, for the user alone. Somebody may save the file at the same moment: then that is
    what is changed. Raises OSError, and TrayexecError when the file cannot be read.
    """
    target = Path(os.path.realpath(home))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is no file")  # /dev/null is a way to say that there is no config
    target.parent.mkdir(mode=private_files.OWN_FOLDER, parents=True, exist_ok=True)
    if not target.exists():
        time.sleep(SETTLED)  # some editors remove a file and write it anew, over whatever is there by then
    old = bytes_of(target)
    for _ in range(_TRIES):
        mode = stat.S_IMODE(target.stat().st_mode) if old is not None else private_files.PRIVATE
        if not mode & stat.S_IWUSR:
            raise OSError(errno.EACCES, "it is read-only")  # a rename would not mind, but its owner would
        text = change(own_text(target))
        data = _as_ended(text, (old or b"").decode("utf-8", "replace")).encode()
        if backup is not None and old is not None:
            private_files.put(str(backup), old)
        late = replace(target, Version(data, mode & mask), old)
        if late == old:
            return
        if late is not None and bytes_of(target) == data:
            replace(target, Version(late, mode), data)  # theirs first, whole
        old = bytes_of(target)
    raise OSError(errno.EBUSY, "it changes all the time")


def sweep_beside(homes: Iterable[str]) -> None:
    """Take away what a write of these files left beside them that was killed: another name of one, keys and all."""
    for folder in {os.path.dirname(os.path.realpath(home)) for home in homes}:  # noqa: PTH120 — private_files has none
        private_files.sweep(folder)


def _as_ended(text: str, old: str) -> str:
    """`text` with the line ends of the old one: each line that is left keeps its own, new ones have Windows' if any."""
    usual = "\r\n" if "\r\n" in old else "\n"
    if old.count("\r") == (old.count("\n") if usual == "\r\n" else 0):
        return text.replace("\n", usual)
    lines = _LINE.findall(old)
    plain, new = [line.rstrip("\r\n") for line in lines], text.removesuffix("\n").split("\n")
    found: list[str] = []
    for kind, start, stop, first, last in SequenceMatcher(None, plain, new, autojunk=False).get_opcodes():
        found += lines[start:stop] if kind == "equal" else [f"{line}{usual}" for line in new[first:last]]
    return "".join(line if line.endswith(("\r", "\n")) else f"{line}{usual}" for line in found)


def parsed(path: Path) -> Parsed:
    """The sections of one of the user's files; none where there is no file. Raises TrayexecError."""
    return parse(own_text(path), file=str(path))


def own_text(path: Path) -> str:
    """The text of one of the user's files, nothing where there is none. Raises TrayexecError."""
    content = plain_file.read(str(path), limit=LONGEST_FILE)
    return content.text if content else ""
