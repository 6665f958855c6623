"""`keys import --aws-vault`: the keys that aws-vault keeps in this keychain, checked with AWS and stored as ours.

What aws-vault has stays as it is: it goes on working, and it is its own to remove.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trayexec.adapters.aws_files import files_of_this_user
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.harden import seal
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.sts import BotoSts
from trayexec.commands import as_json, file_diff, keychain_entry, keys, table
from trayexec.commands.keys_import import problems
from trayexec.commands.reading import Options
from trayexec.core.config import ownership
from trayexec.core.credentials import LongTermKeys
from trayexec.light import exits, stderr
from trayexec.light.errors import Text, TrayexecError, Trouble, shown, trouble
from trayexec.light.translate import speaker


@dataclass(frozen=True, slots=True)
class _Row:
    """A pair of keys of aws-vault's, and what became of it."""

    name: str
    keys: LongTermKeys
    stored: bool = False
    problem: Trouble | None = None


def take_over(options: Options, environ: Mapping[str, str]) -> int:
    """Store what aws-vault has. Raises TrayexecError where it has nothing here, or there is no keychain."""
    seal()
    speak = speaker(environ)
    keychain = SystemKeychain(environ)
    rows = [_Row(name, pair) for name, pair in _chosen(_kept_by_aws_vault(keychain), options).items()]
    if not options.dry_run:
        rows = [_stored(row, keychain, environ) for row in rows]
    if options.json:
        as_json.show({"keys": [_document(row) for row in rows]})
    else:
        heads = (Text("PROFILE"), Text("ACCESS KEY"), Text("WHOSE"), Text("RESULT"))
        table.show([speak(head) for head in heads], [tuple(map(speak, _cells(row))) for row in rows])
    if any(row.stored for row in rows):
        stderr.say(speak(Text("aws-vault still has them, too: its own verb remove takes them out, one by one")))
    return exits.OK if all(row.problem is None for row in rows) else exits.FAILED


def _kept_by_aws_vault(keychain: SystemKeychain) -> Mapping[str, LongTermKeys]:
    nothing = trouble(
        "no_key",
        "aws-vault keeps no access key in this keychain.",
        "It may use another back end (AWS_VAULT_BACKEND): the manual says how to take them from there.",
    )
    try:
        found = keychain.of_aws_vault()
    except TrayexecError as error:
        if error.trouble.code != "keys_missing":
            raise
        raise TrayexecError(nothing) from None
    if not found:
        raise TrayexecError(nothing)
    return found


def _chosen(found: Mapping[str, LongTermKeys], options: Options) -> Mapping[str, LongTermKeys]:
    """All of them, or those that are named. Raises TrayexecError (`no_key`)."""
    for name in options.profiles or ():
        if name not in found:
            raise TrayexecError(
                trouble(
                    "no_key",
                    "aws-vault keeps no access key of {profile} in this keychain.",
                    "It has those of: {names}",
                    profile=shown(name),
                    names=", ".join(map(shown, found)),
                )
            )
    return {name: pair for name, pair in found.items() if name in (options.profiles or found)}


def _stored(row: _Row, keychain: SystemKeychain, environ: Mapping[str, str]) -> _Row:
    """The row, once its keys are stored, or what stands in the way. Raises TrayexecError as the keychain does."""
    source = files_of_this_user(environ)
    catalogue = source.supposing({row.name: ""})
    old = keychain_entry.former(keychain, row.name)
    try:
        keys.may_have_keys(source, catalogue, row.name)
        if old is not None and old.access_key_id != row.keys.access_key_id:
            return replace(row, problem=problems.others_there(row.name, old))
        stderr.say(speaker(environ)(Text("asking AWS whose the keys of {name} are…", name=shown(row.name))))
        endpoint = keys.endpoint_of(catalogue, row.name, environ)
        pair = replace(row.keys, arn=BotoSts(SystemClock()).check(endpoint, row.keys, row.name))
        keys.same_account(catalogue, row.name, pair)
    except TrayexecError as error:
        return replace(row, problem=error.trouble)
    if old is None or old.arn != pair.arn or old.secret_access_key.reveal() != pair.secret_access_key.reveal():
        keychain.store(row.name, pair)
        keychain_entry.forget(row.name, environ)
    keychain_entry.remember(environ, row.name, pair.arn)
    return replace(row, keys=pair, stored=True)


def _cells(row: _Row) -> tuple[Text, ...]:
    if row.problem is not None:
        said = row.problem.in_one_line
    else:
        said = Text("stored") if row.stored else Text("can be stored")
    return (
        Text("{value}", value=shown(row.name)),
        Text("{value}", value=file_diff.end_of(row.keys.access_key_id)),
        keychain_entry.owner(row.keys) if row.keys.arn else Text("{value}", value=""),
        said,
    )


def _document(row: _Row) -> Mapping[str, object]:
    problem = row.problem
    return {
        "profile": row.name,
        "key": file_diff.end_of(row.keys.access_key_id),
        "account": ownership.account_in(row.keys.arn) or None,
        "arn": row.keys.arn or None,
        "stored": row.stored,
        "problem": None
        if problem is None
        else {"code": problem.code, "title": str(problem.title), "hint": str(problem.hint)},
    }
