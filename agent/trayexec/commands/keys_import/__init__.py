"""`keys import`: access keys from the AWS files into the keychain, and, if the person agrees, out of those files.

In this order: read, asked of AWS whose they are, stored and read back, and only then taken out of the files. So nothing
is lost wherever it is interrupted, and the next `keys import` goes on from there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from trayexec.adapters.clock import SystemClock
from trayexec.adapters.harden import seal
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.sts import BotoSts
from trayexec.commands import as_json, file_diff, keychain_entry, table
from trayexec.commands.keys_import import file_changes, from_aws_vault, problems
from trayexec.commands.keys_import.file_changes import FileChange
from trayexec.commands.keys_import.plan import AwsTexts, KeysToImport
from trayexec.commands.reading import Options
from trayexec.core import key_shape
from trayexec.core.config import importing, ownership
from trayexec.core.config.endpoints import foreign
from trayexec.core.config.importing import PlainKeys
from trayexec.core.config.profiles import Profile, StsEndpoint
from trayexec.core.config.sections import shown
from trayexec.core.stamps import utc
from trayexec.light import exits, stderr
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.light.translate import speaker
from trayexec.live.carry_home import sweep_beside


def take_over(options: Options, environ: Mapping[str, str]) -> int:
    """Find the keys, store them, and offer to take them out of the files; with --aws-vault those that it keeps.

    Returns the exit status.
    """
    if options.aws_vault:
        return from_aws_vault.take_over(options, environ)
    return imported(options, environ)[0]


def imported(options: Options, environ: Mapping[str, str]) -> tuple[int, Sequence[FileChange]]:
    """As `take_over`, of the keys in the AWS files; returns what became of the files, too."""
    seal()
    speak = speaker(environ)
    files = AwsTexts.read(environ, options)
    rows = _looked_at(files, _chosen(files, options))
    if not options.dry_run:
        sweep_beside(files.paths)
        rows = _stored(files, rows, environ)
    taken = [one.keys for one in rows if one.problem is None]
    changed = file_changes.change(files, taken, options, environ)
    if options.json:
        shown_files = [{"file": one.file, "changed": one.backup is not None, "backup": one.backup} for one in changed]
        sessions = [*_sessions(files, taken)]
        as_json.show({"keys": [_document(files, one) for one in rows], "files": shown_files, "sessions": sessions})
    elif rows:
        heads = (Text("PROFILE"), Text("ACCESS KEY"), Text("WHOSE"), Text("FROM"), Text("RESULT"))
        table.show([speak(head) for head in heads], [tuple(map(speak, _cells(files, one))) for one in rows])
    else:
        stderr.say(
            speak(Text("no access key stands in {config} or {shared}", config=files.paths[0], shared=files.paths[1]))
        )
    return exits.OK if not rows or taken else exits.FAILED, changed


def importable(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The profiles whose keys could be taken out of the AWS files, as far as can be told without asking anybody."""
    options = Options(profiles=[], long_term_suffix=[], aws_vault=False)
    files = AwsTexts.read(environ, options)
    return tuple(one.keys.name for one in _looked_at(files, _chosen(files, options)) if one.problem is None)


def _chosen(files: AwsTexts, options: Options) -> list[PlainKeys]:
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


def _looked_at(files: AwsTexts, found: Sequence[PlainKeys]) -> list[KeysToImport]:
    """What can be told without asking anybody: which of them can go into the keychain."""
    several = importing.of_one_name(found)
    rows: list[KeysToImport] = []
    for one in found:
        row = KeysToImport(one)
        problem = key_shape.wrong_id(one.access_key_id) or key_shape.wrong_secret(one.secret.reveal())
        if problem is None and one.name in several:
            problem = problems.several(one.name, several[one.name])
        if problem is None:
            problem = files.fault([each for each in rows if each.problem is None], row)
        rows.append(replace(row, problem=problem))
    return rows


def _stored(files: AwsTexts, rows: Sequence[KeysToImport], environ: Mapping[str, str]) -> list[KeysToImport]:
    """The rows, once each pair that can be is in the keychain. Raises TrayexecError where there is no keychain."""
    speak = speaker(environ)
    keychain, sts = SystemKeychain(environ), BotoSts(SystemClock())
    done: list[KeysToImport] = []
    for row in rows:
        before = [one for one in done if one.problem is None]
        if row.problem is None:  # one that AWS refused may have been to bring the device
            row = replace(row, problem=files.fault(before, row))  # noqa: PLW2901
        if row.problem is None:
            profile = files.catalogue([*before, row]).profiles[row.keys.name]
            assert isinstance(profile, Profile) and profile.identity is not None  # noqa: S101, PT018 — or it had a problem
            endpoint = profile.identity.endpoint
            stderr.say(speak(_asking(endpoint, row.keys.section)))
            try:
                row = replace(row, arn=sts.check(endpoint, row.pair, row.keys.name))  # noqa: PLW2901
                row = replace(row, problem=files.fault(before, row))  # noqa: PLW2901
            except TrayexecError as error:
                row = replace(row, problem=error.trouble)  # noqa: PLW2901
        done.append(_kept(row, keychain, environ) if row.problem is None else row)
    return done


def _kept(row: KeysToImport, keychain: SystemKeychain, environ: Mapping[str, str]) -> KeysToImport:
    """The row, with its keys in the keychain, unless others are there. Raises TrayexecError as the keychain does."""
    name, keys = row.keys.name, row.pair
    old = keychain_entry.former(keychain, name)
    if old is not None and old.access_key_id != keys.access_key_id:
        return replace(row, problem=problems.others_there(name, old))
    if old is None or old.arn != keys.arn or old.secret_access_key.reveal() != keys.secret_access_key.reveal():
        keychain.store(name, keys)
        keychain_entry.forget(name, environ)
    keychain_entry.remember(environ, name, keys.arn)
    keychain_entry.say_if_printed(name, environ)
    return replace(row, stored=True)


def _sessions(files: AwsTexts, taken: Sequence[PlainKeys]) -> Iterator[Mapping[str, object]]:
    """The temporary credentials of these keys, and whether they go with them."""
    for one in importing.of_keys(files.pair, taken, files.holders):
        yield {
            "section": one.section,
            "file": files.paths[one.in_shared],
            "ends_at": utc(int(one.ends)) if one.ends is not None else None,
            "stays": one.ends is None or one.ends > files.now,
        }


def _asking(endpoint: StsEndpoint, section: str) -> Text:
    host = foreign(endpoint.url)
    if host is None:
        return Text("asking AWS whose the keys in [{section}] are…", section=shown(section))
    return Text(
        "asking {host}, which is not AWS, whose the keys in [{section}] are…", host=host, section=shown(section)
    )


def _place(files: AwsTexts, one: PlainKeys) -> str:
    return files.paths[one.in_shared]


def _cells(files: AwsTexts, row: KeysToImport) -> tuple[Text, ...]:
    if row.problem is not None:
        said = row.problem.in_one_line
    else:
        said = Text("stored") if row.stored else Text("can be stored")
    whose = keychain_entry.owner(row.pair) if row.arn else Text("{value}", value="")
    return (
        Text("{value}", value=shown(row.keys.name)),
        Text("{value}", value=file_diff.end_of(row.keys.access_key_id)),
        whose,
        Text("{value}", value=f"[{shown(row.keys.section)}] {Path(_place(files, row.keys)).name}"),
        said,
    )


def _document(files: AwsTexts, row: KeysToImport) -> Mapping[str, object]:
    problem = row.problem
    return {
        "profile": row.keys.name,
        "section": row.keys.section,
        "file": _place(files, row.keys),
        "key": file_diff.end_of(row.keys.access_key_id),
        "account": ownership.account_in(row.arn) or None,
        "arn": row.arn or None,
        "stored": row.stored,
        "problem": None
        if problem is None
        else {"code": problem.code, "title": str(problem.title), "hint": str(problem.hint)},
    }
