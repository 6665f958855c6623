"""`keys import`: access keys from the AWS files into the keychain, and, if the person agrees, out of those files.

In this order: read, asked of AWS whose they are, stored and read back, and only then taken out of the files. So nothing
is lost wherever it is interrupted, and the next `keys import` goes on from there.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from functools import partial
from itertools import chain, count
from pathlib import Path

from trayexec.adapters import redact, stored_keys
from trayexec.adapters.aws_files import AwsFiles, files_of_this_user
from trayexec.adapters.aws_parser import parse
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.harden import seal
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.sts import BotoSts
from trayexec.commands import as_json, keychain_entry, table
from trayexec.commands.reading import Options
from trayexec.core import key_shape
from trayexec.core.config import importing, ownership
from trayexec.core.config.endpoints import foreign
from trayexec.core.config.identities import LONG_TERM
from trayexec.core.config.importing import AwsFilePair, FileEdit, Holders, PlainKeys, ShortTerm
from trayexec.core.config.inifile import profile_of
from trayexec.core.config.profiles import Catalogue, Profile, Role, StsEndpoint, Unserved
from trayexec.core.config.sections import header, shown
from trayexec.core.credentials import LongTermKeys
from trayexec.core.shell_words import argument, word
from trayexec.core.stamps import utc
from trayexec.light import exits, paths, private_files, stderr
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble, visible
from trayexec.light.translate import speaker
from trayexec.live.carry_home import own_text, write_home

_KEY_ID = re.compile(r"(?i)(aws_access_key_id\s*[=:]\s*)(.*)")
# Of other tools too: the lines around a key are shown with it.
_SECRET = re.compile(r"(?i)([^=:]*(?:secret|token|passw|passphrase|credential|private|api_?key)[^=:]*[=:]\s*)(?=\S).*")
_LIKE_AN_ID = re.compile(r"A[A-Z0-9]{19}")


@dataclass(frozen=True, slots=True)
class _Row:
    """A pair of keys in a file, and what became of it."""

    keys: PlainKeys
    arn: str = ""
    stored: bool = False
    problem: Trouble | None = None


@dataclass(frozen=True, slots=True)
class _Files:
    """The two files as they were read."""

    source: AwsFiles
    paths: tuple[str, str]
    texts: tuple[str, str]
    pair: AwsFilePair
    stored: Mapping[str, str]
    now: float
    found: Sequence[PlainKeys]
    holders: Holders

    @classmethod
    def read(cls, environ: Mapping[str, str], options: Options) -> "_Files":
        """Read those of this caller. Raises TrayexecError (`file`, `config_syntax`)."""
        source = files_of_this_user(environ)
        where = source.paths(None, None)
        texts = own_text(Path(where[0])), own_text(Path(where[1]))
        shared = parse(texts[1], file=where[1])
        if os.path.realpath(where[0]) == os.path.realpath(where[1]):  # then [profile x] is x, and nothing else
            shared = {section: said for section, said in shared.items() if profile_of(section) in {None, section}}
        pair = AwsFilePair(parse(texts[0], file=where[0]), shared)
        stored = stored_keys.read(paths.stored_path(environ))
        own = [f"-{suffix.lstrip('-')}" for suffix in options.long_term_suffix]
        found = importing.long_term(pair, suffixes=(*own, *LONG_TERM))
        known = frozenset(one.name for one in found)
        alone = frozenset(name for name in stored if name not in known and name in (options.profiles or stored))
        return cls(source, where, texts, pair, stored, time.time(), found, Holders(alone, known))

    def edits(self, taken: Sequence[PlainKeys]) -> tuple[FileEdit, FileEdit]:
        """What changes in them."""
        return importing.edits(self.pair, taken, now=self.now, holders=self.holders)

    def catalogue(self, taken: Sequence[_Row]) -> Catalogue:
        """What they will lead to once these keys are stored, and their lines gone. Raises TrayexecError."""
        stored = {**self.stored, **{one.keys.name: one.arn for one in taken}}
        edits = self.edits([one.keys for one in taken])
        return self.source.rewritten((edits[0].applied(self.texts[0]), edits[1].applied(self.texts[1])), stored)

    def fault(self, taken: Sequence[_Row], one: _Row) -> Trouble | None:
        """Why this one cannot go the same way: its profile would not be served, or another would lead elsewhere."""
        return (
            self._of_layout(one.keys)
            or self._of_text(taken, one)
            or self._of_profiles(taken, one)
            or self._of_device(taken, one)
        )

    def _of_layout(self, one: PlainKeys) -> Trouble | None:
        """What aws-mfa, or a program beside these keys, does with their profile."""
        if not importing.in_force(self.pair, one):
            return _not_in_force(one)
        live = importing.in_use_as_role(self.pair, one, now=self.now)
        if live is not None:
            return _in_use(one, live)
        role = importing.on_sessions(self.pair, one, holders=self.holders)
        return None if role is None else _on_sessions(one, *role)

    def _of_text(self, taken: Sequence[_Row], one: _Row) -> Trouble | None:
        """Whether more than these keys would change in a file."""
        after = []
        for path, text, edit in zip(self.paths, self.texts, self.edits(_pairs(taken, one)), strict=True):
            changed = parse(edit.applied(text), file=path)
            if changed != edit.expected(parse(text, file=path)):
                return _not_separable(one.keys)
            after.append(changed)
        if importing.left_with_others(AwsFilePair(after[0], after[1]), one.keys.name):
            return _leads_elsewhere(one.keys.name)
        return None

    def _of_profiles(self, taken: Sequence[_Row], one: _Row) -> Trouble | None:
        """What would become of its profile, and of all others."""
        after = self.catalogue([*taken, one])
        found = after.profiles.get(one.keys.name)
        if isinstance(found, Unserved):
            return found.problem
        if found is None or found.identity.keys != one.keys.name:
            return _leads_elsewhere(one.keys.name)
        meant = {profile_of(section) for section in self.edits(_pairs(taken, one))[0].add}
        for name, before in self.source.rewritten(self.texts, self.stored).profiles.items():
            now = after.profiles.get(name)
            if isinstance(before, Profile) and not (isinstance(now, Profile) and _same(before, now, name in meant)):
                return _leads_elsewhere(name)
            if isinstance(before, Unserved) and self._works_elsewhere(before, one.keys):
                return _leads_elsewhere(name)
        return None

    def _works_elsewhere(self, profile: Unserved, one: PlainKeys) -> bool:
        """Whether other tools assume a role with these keys that we do not serve."""
        if profile.problem.code != "profile_unsupported" or one.aside or profile.name == one.name:
            return False
        return importing.assumed_with(self.pair, profile.name) == one.name

    def _of_device(self, taken: Sequence[_Row], one: _Row) -> Trouble | None:
        """Whether the only device for these keys is [default]'s, and that nobody's or another user's."""
        profile = self.catalogue([*taken, one]).profiles[one.keys.name]
        known = {**self.stored, **{each.keys.name: each.arn for each in taken}}.get("default", "")
        if not (isinstance(profile, Profile) and profile.identity.inherited):
            return None
        host = importing.services_of_others(self.pair, one.keys.name)
        if host is not None:
            return _of_no_aws(one.keys, host)
        return _device_of_another(one, known) if one.arn and known and one.arn != known else None


def take_over(options: Options, environ: Mapping[str, str]) -> int:
    """Find the keys, store them, and offer to take them out of the files."""
    seal()
    speak = speaker(environ)
    files = _Files.read(environ, options)
    rows = _looked_at(files, _chosen(files, options))
    if not options.dry_run:
        _sweep(files.paths)
        rows = _stored(files, rows, environ)
    taken = [one.keys for one in rows if one.problem is None]
    changed = _change(files, taken, options, environ)
    if options.json:
        as_json.show({"keys": [_document(files, one) for one in rows], "files": changed})
    elif rows:
        heads = (Text("PROFILE"), Text("ACCESS KEY"), Text("WHOSE"), Text("FROM"), Text("RESULT"))
        table.show([speak(head) for head in heads], [tuple(map(speak, _cells(files, one))) for one in rows])
    else:
        stderr.say(
            speak(Text("no access key stands in {config} or {shared}", config=files.paths[0], shared=files.paths[1]))
        )
    return exits.OK if not rows or taken else exits.FAILED


def _chosen(files: _Files, options: Options) -> list[PlainKeys]:
    """The keys in the files, or those of the profiles that are named. Raises TrayexecError (`no_key`)."""
    # Whose [default] is decides whose the device is that others inherit.
    found = sorted(files.found, key=lambda one: one.name != "default")
    if not options.profiles:
        return found
    for name in options.profiles:
        if not any(name in (one.name, one.section) for one in found):
            raise TrayexecError(
                trouble(
                    "no_key",
                    "Your AWS files hold no long-term access key of {profile}.",
                    "`trayexec keys import --dry-run` shows which they hold.",
                    profile=shown(name),
                )
            )
    return [one for one in found if {one.name, one.section} & {*options.profiles}]


def _looked_at(files: _Files, found: Sequence[PlainKeys]) -> list[_Row]:
    """What can be told without asking anybody: which of them can go into the keychain."""
    several = importing.of_one_name(found)
    rows: list[_Row] = []
    for one in found:
        row = _Row(one)
        problem = key_shape.wrong_id(one.access_key_id) or key_shape.wrong_secret(one.secret.reveal())
        if problem is None and one.name in several:
            problem = _several(one.name, several[one.name])
        if problem is None:
            problem = files.fault([each for each in rows if each.problem is None], row)
        rows.append(replace(row, problem=problem))
    return rows


def _stored(files: _Files, rows: Sequence[_Row], environ: Mapping[str, str]) -> list[_Row]:
    """The rows, once each pair that can be is in the keychain. Raises TrayexecError where there is no keychain."""
    speak = speaker(environ)
    keychain, sts = SystemKeychain(environ), BotoSts(SystemClock())
    done: list[_Row] = []
    for row in rows:
        before = [one for one in done if one.problem is None]
        if row.problem is None:  # one that AWS refused may have been to bring the device
            row = replace(row, problem=files.fault(before, row))  # noqa: PLW2901
        if row.problem is None:
            profile = files.catalogue([*before, row]).profiles[row.keys.name]
            assert isinstance(profile, Profile)  # noqa: S101 — or it had a problem
            endpoint = profile.identity.endpoint
            stderr.say(speak(_asking(endpoint, row.keys.section)))
            try:
                row = replace(row, arn=sts.check(endpoint, _pair(row), row.keys.name))  # noqa: PLW2901
                row = replace(row, problem=files.fault(before, row))  # noqa: PLW2901
            except TrayexecError as error:
                row = replace(row, problem=error.trouble)  # noqa: PLW2901
        done.append(_kept(row, keychain, environ) if row.problem is None else row)
    return done


def _kept(row: _Row, keychain: SystemKeychain, environ: Mapping[str, str]) -> _Row:
    """The row, with its keys in the keychain, unless others are there. Raises TrayexecError as the keychain does."""
    name, keys = row.keys.name, _pair(row)
    old = keychain_entry.former(keychain, name)
    if old is not None and old.access_key_id != keys.access_key_id:
        return replace(row, problem=_others_there(name, old))
    if old is None or old.arn != keys.arn or old.secret_access_key.reveal() != keys.secret_access_key.reveal():
        keychain.store(name, keys)
        keychain_entry.forget(name, environ)
    keychain_entry.remember(environ, name, keys.arn)
    return replace(row, stored=True)


def _change(
    files: _Files, taken: Sequence[PlainKeys], options: Options, environ: Mapping[str, str]
) -> list[Mapping[str, object]]:
    """Show what would change in the files, and change it if the person agrees; what was done, for scripts.

    Raises TrayexecError when a file cannot be written.
    """
    speak = speaker(environ)
    edits = [
        (Path(path), text, edit)
        for path, text, edit in zip(files.paths, files.texts, files.edits(taken), strict=True)
        if edit.applied(text) != text
    ]
    _say_what_stays(files, taken, speak)
    for path, text, edit in edits:
        for line in unified_diff(
            text.splitlines(), edit.applied(text).splitlines(), str(path), str(path), lineterm="", n=1
        ):
            sys.stderr.write(f"{visible(_masked(line))}\n")
    if options.dry_run or not edits or not (options.yes or _agreed(speak, [str(path) for path, _, _ in edits])):
        return [{"file": str(path), "changed": False, "backup": None} for path, _, _ in edits]
    done: list[Mapping[str, object]] = []
    for path, _, edit in edits:
        backup = _free(Path(os.path.realpath(path)))
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
        done.append({"file": str(path), "changed": True, "backup": str(backup)})
        stderr.say(
            speak(
                Text(
                    "{file} is changed. What it said before, keys and all, is in {backup}: when everything works, "
                    "`rm {word}`",
                    file=str(path),
                    backup=str(backup),
                    word=word(str(backup)),
                )
            )
        )
    time.sleep(private_files.SETTLED)
    _sweep(files.paths)
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


def _edited(edit: FileEdit, file: str, text: str) -> str:
    """What a file is to say, whatever it says by now. Raises TrayexecError if that is broken."""
    parse(text, file=file)
    return edit.applied(text)


def _say_what_stays(files: _Files, taken: Sequence[PlainKeys], speak: Callable[[Text], str]) -> None:
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
                "[{section}] has temporary credentials until {time}: they stay, and other tools go on using them. Run "
                "this again then",
                section=shown(one.section),
                time=table.clock(utc(int(one.ends))),
            )
        stderr.say(speak(said))


def _agreed(speak: Callable[[Text], str], names: Sequence[str]) -> bool:
    """Whether a person says yes to it; a script has to say --yes."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        stderr.say(speak(Text("your AWS files are as they were; with --yes they change as shown")))
        return False
    sys.stderr.write(speak(Text("Change {files} so? The old text is kept beside it. [y/N] ", files=", ".join(names))))
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() in {"y", "yes"}:
        return True
    stderr.say(speak(Text("your AWS files are as they were")))
    return False


def _free(path: Path) -> Path:
    """A name beside the file that nothing has yet."""
    names = (path.with_name(f"{path.name}.before-import{number}~") for number in chain([""], count(2)))
    return next(name for name in names if not os.path.lexists(name))


def _sweep(files: Sequence[str]) -> None:
    """Take away what an import left beside these files that was killed: another name of one, keys and all."""
    for folder in {os.path.dirname(os.path.realpath(path)) for path in files}:  # noqa: PTH120 — private_files has none
        private_files.sweep(folder)


def _masked(line: str) -> str:
    """A line of a file as a person may see it: of keys just the end of the id, of anything secret nothing."""
    line = _KEY_ID.sub(lambda found: f"{found[1]}{_end(found[2].strip())}", line)
    return redact.redacted(_SECRET.sub(r"\1…", line))


def _end(key_id: str) -> str:
    """The end of an access key id; nothing of what may be something else, as a secret in the wrong place."""
    return f"…{key_id[-keychain_entry.LAST :]}" if _LIKE_AN_ID.fullmatch(key_id) else "…"


def _pairs(taken: Sequence[_Row], one: _Row) -> list[PlainKeys]:
    return [each.keys for each in (*taken, one)]


def _pair(row: _Row) -> LongTermKeys:
    return LongTermKeys(row.keys.access_key_id, row.keys.secret, row.arn)


def _same(before: Profile, now: Profile, may_be_a_role: bool) -> bool:  # noqa: FBT001 — two values of one kind
    """Whether a profile leads to the same keys and, unless it is made one, to the same role."""
    return before.identity.keys == now.identity.keys and (may_be_a_role or _roles(before) == _roles(now))


def _roles(profile: Profile) -> tuple[str, ...]:
    found, at = [], profile.target
    while isinstance(at, Role):
        found.append(at.arn)
        at = at.source
    return tuple(found)


def _leads_elsewhere(name: str) -> Trouble:
    return trouble(
        "import_changes",
        "Without this key in the file, {profile} would lead elsewhere.",
        "It stays as it is. `trayexec why {word}` shows the way.",
        profile=shown(name),
        word=argument(name),
    )


def _not_in_force(one: PlainKeys) -> Trouble:
    return trouble(
        "import_changes",
        "{profile} gets its credentials from elsewhere, not by the keys in [{section}].",
        "They stay as they are. If they are not needed, take them out of the file.",
        profile=shown(one.name),
        section=shown(one.section),
    )


def _not_separable(one: PlainKeys) -> Trouble:
    return trouble(
        "import_changes",
        "The keys in [{section}] cannot be taken out of the file without changing more.",
        "They stay as they are. Write each of their settings on a line by itself, in [{section}], with no space in "
        "front.",
        section=shown(one.section),
    )


def _in_use(one: PlainKeys, live: ShortTerm) -> Trouble:
    if live.ends is None:
        return trouble(
            "import_live",
            "[{section}] has temporary credentials of a role, which other tools may be using.",
            "Take them out of the file, and run `trayexec keys import` again.",
            section=shown(live.section),
        )
    return trouble(
        "import_live",
        "[{section}] has temporary credentials of a role until {time}, which other tools may be using.",
        "Run `trayexec keys import {word}` again then.",
        section=shown(live.section),
        time=table.clock(utc(int(live.ends))),
        word=argument(one.name),
    )


def _on_sessions(one: PlainKeys, role: str, source: str) -> Trouble:
    return trouble(
        "import_changes",
        "Profile {profile} has source_profile = {source}, where aws-mfa keeps the sessions of {keys}.",
        "Write source_profile = {keys} under {section}, and run `trayexec keys import {word}` again.",
        profile=shown(role),
        source=shown(source),
        keys=shown(one.name),
        section=header(role),
        word=argument(one.name),
    )


def _of_no_aws(one: PlainKeys, host: str) -> Trouble:
    return trouble(
        "keys_elsewhere",
        "The keys of {profile} are for {host}, which is not AWS's.",
        "They stay as they are, and AWS is not asked. If they are AWS's too, write mfa_serial under {section}.",
        profile=shown(one.name),
        host=host,
        section=header(one.name),
    )


def _asking(endpoint: StsEndpoint, section: str) -> Text:
    host = foreign(endpoint.url)
    if host is None:
        return Text("asking AWS whose the keys in [{section}] are…", section=shown(section))
    return Text(
        "asking {host}, which is not AWS, whose the keys in [{section}] are…", host=host, section=shown(section)
    )


def _device_of_another(row: _Row, other: str) -> Trouble:
    return trouble(
        "keys_user",
        "The keys of {profile} are of {who}, but the only mfa_serial for them is that of [default], whose keys are of "
        "{other}.",
        "They stay as they are. If that user has a device, write its mfa_serial under {section}.",
        profile=shown(row.keys.name),
        who=row.arn.rpartition(":")[2],
        other=other.rpartition(":")[2],
        section=header(row.keys.name),
    )


def _several(name: str, found: Sequence[PlainKeys]) -> Trouble:
    return trouble(
        "import_several",
        "There are different keys for {profile}: in {sections}.",
        "Take out the ones that are not used any more, and run `trayexec keys import` again.",
        profile=shown(name),
        sections=", ".join(f"[{shown(one.section)}]" for one in found),
    )


def _others_there(name: str, old: LongTermKeys) -> Trouble:
    return trouble(
        "keys_there",
        "The keychain has other keys for {profile}: {end} of {owner}.",
        "If these are the right ones, first `trayexec keys remove {word}`.",
        profile=shown(name),
        end=keychain_entry.end(old),
        owner=keychain_entry.owner(old),
        word=argument(name),
    )


def _place(files: _Files, one: PlainKeys) -> str:
    return files.paths[one.in_shared]


def _cells(files: _Files, row: _Row) -> tuple[Text, ...]:
    if row.problem is not None:
        said = Text("{title} {hint}", title=row.problem.title, hint=row.problem.hint)
    else:
        said = Text("stored") if row.stored else Text("can be stored")
    whose = keychain_entry.owner(_pair(row)) if row.arn else Text("{value}", value="")
    return (
        Text("{value}", value=shown(row.keys.name)),
        Text("{value}", value=_end(row.keys.access_key_id)),
        whose,
        Text("{value}", value=f"[{shown(row.keys.section)}] {Path(_place(files, row.keys)).name}"),
        said,
    )


def _document(files: _Files, row: _Row) -> Mapping[str, object]:
    problem = row.problem
    return {
        "profile": row.keys.name,
        "section": row.keys.section,
        "file": _place(files, row.keys),
        "key": _end(row.keys.access_key_id),
        "account": ownership.account_in(row.arn) or None,
        "arn": row.arn or None,
        "stored": row.stored,
        "problem": None
        if problem is None
        else {"code": problem.code, "title": str(problem.title), "hint": str(problem.hint)},
    }
