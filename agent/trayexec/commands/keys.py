"""`keys`: long-term keys into the keychain, out of it, and which are there. They never pass through the agent."""

import getpass
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from trayexec.adapters import plain_file, stored_keys
from trayexec.adapters.aws_files import LONGEST_FILE, AwsFiles, files_of_this_user
from trayexec.adapters.aws_parser import parse
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.harden import seal
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.sts import BotoSts
from trayexec.commands import as_json, key_ages, keychain_entry, own_settings, table, times
from trayexec.commands.agent_request import ask
from trayexec.commands.key_ages import KeyAge
from trayexec.commands.reading import Options
from trayexec.commands.yes_or_no import agreed
from trayexec.core import key_shape, messages
from trayexec.core.config import importing, ownership
from trayexec.core.config.importing import AwsFilePair
from trayexec.core.config.profiles import Catalogue, Profile, Provider, Role, StsEndpoint, Unserved
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.plain_copies import Copy, copies, removal
from trayexec.core.rotation import beside
from trayexec.core.shell_words import argument
from trayexec.core.stamps import utc
from trayexec.core.suggest import told
from trayexec.light import agent_client, context, exits, paths, protocol, stderr
from trayexec.light.errors import Text, TrayexecError, Trouble, lines, shown, trouble
from trayexec.light.translate import speaker
from trayexec.live.carry_home import own_text

DAY = 86400


def add(options: Options, environ: Mapping[str, str]) -> int:
    """Store a pair of keys, and say what is left to do."""
    keys = stored(options, environ)
    _say_what_remains(options.profile, keys, environ)
    if options.env:
        stderr.say(
            speaker(environ)(
                Text("`unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY`: nothing needs them in your shell any more")
            )
        )
    return exits.OK


def stored(options: Options, environ: Mapping[str, str], *, margin: str = "") -> LongTermKeys:
    """Ask for a pair of keys, see whose it is and whether it may stand under this name, and store it.

    With a `margin`, what is said and asked stands behind it, as part of a longer conversation.
    Raises TrayexecError for what AWS, the keychain or the AWS files do not take.
    """
    seal()
    speak = speaker(environ)
    name = options.profile
    # As if keys were there already, but nobody knew whose: what was known of former ones must not stand in the way.
    source = files_of_this_user(environ)
    catalogue = source.supposing({name: ""})
    may_have_keys(source, catalogue, name)
    keys = _from_environment(environ) if options.env else _from_person(name, environ, margin)
    _say(speak(Text("asking AWS whose keys these are…")), margin)
    endpoint = endpoint_of(catalogue, name, environ)
    sts = BotoSts(SystemClock())
    keys = replace(keys, arn=sts.check(endpoint, keys, name))
    same_account(catalogue, name, keys)
    if options.memory:
        pair = keys.access_key_id, keys.secret_access_key.reveal()
        agent_client.obtain(protocol.hold_keys(context.surroundings(environ), name, *pair, arn=keys.arn), environ)
        _say(speak(_held(name, keys)), margin)
    else:
        keychain = SystemKeychain(environ)
        old = keychain_entry.former(keychain, name)
        if old is not None and old.access_key_id != keys.access_key_id and not options.yes:
            _agree_to_replace(_Change(name, keychain_entry.whose(name, old, sts, endpoint), keys), environ)
        keychain.store(name, keys)
        keychain_entry.remember(environ, name, keys.arn)
        keychain_entry.forget(name, environ)
        _say(speak(Text("the keys of {arn} are in the keychain as {name}", arn=keys.arn, name=shown(name))), margin)
    keychain_entry.say_if_printed(name, environ)
    return keys


def _say(sentence: str, margin: str) -> None:
    if margin:
        sys.stderr.write(stderr.readable(f"{margin}{lines(sentence)}\n", sys.stderr.fileno(), os.environ))
    else:
        stderr.say(sentence)


def _held(name: str, keys: LongTermKeys) -> Text:
    return Text(
        "the agent holds the keys of {arn} as {name} until it ends: they are stored nowhere, and a lock leaves them",
        arn=keys.arn,
        name=shown(name),
    )


def listed(options: Options, environ: Mapping[str, str]) -> int:
    """Every identity that the AWS config leads to, and every name under which the keychain has keys."""
    speak = speaker(environ)
    catalogue = _catalogue(environ)
    used = dict.fromkeys(one.keys for one in catalogue.identities)
    keychain = SystemKeychain(environ)
    path = paths.stored_path(environ)
    before, stored = stored_keys.read(path), None
    with suppress(TrayexecError):  # where it cannot be asked at all, the names that are needed will say so
        stored = keychain.names()
    names = (*used, *sorted({*before, *(stored or ())} - used.keys()))
    held = names_held(environ)
    rows = [
        _Row.of_agent(name, catalogue, environ) if name in held else _Row.of(keychain, name, catalogue, environ)
        for name in names
    ]
    with suppress(OSError):
        stored_keys.settle(path, frozenset(one.name for one in rows if one.there), before=before)
        for one in rows:
            if one.keys is not None and one.keys.arn:
                keychain_entry.remember(environ, one.name, one.keys.arn)
    ages = key_ages.of({one.name: one.keys for one in rows if one.keys is not None}, catalogue, environ)
    rows = [replace(one, age=ages.get(one.name)) for one in rows if one.there or one.used]
    if options.json:
        as_json.show([one.document() for one in rows])
    elif rows:
        heads = (
            *(Text("IDENTITY"), Text("ACCESS KEY"), Text("ACCOUNT"), Text("WHOSE")),
            *(Text("AGE"), Text("LAST USED"), Text("REMARK")),
        )
        table.show([speak(head) for head in heads], [tuple(speak(cell) for cell in one.cells()) for one in rows])
    else:
        stderr.say(speak(_none(catalogue)))
    return exits.OK


def names_held(environ: Mapping[str, str]) -> frozenset[str]:
    """Under which names the agent holds keys that are stored nowhere."""
    with suppress(TrayexecError):
        answer = ask(protocol.status(context.surroundings(environ)), environ)
        if answer is not None:
            found = protocol.read_status(answer)["identities"]
            return frozenset(str(one.get("keys")) for one in found if one.get("keys_from") == "memory")
    return frozenset()


def _none(catalogue: Catalogue) -> Text:
    if any(isinstance(one, Unserved) for one in catalogue.profiles.values()):
        return Text("no profile of the AWS config leads to an identity with an MFA device: `trayexec list` says why")
    return Text(
        "no profile of the AWS config leads to an identity with an MFA device: `trayexec setup` leads you to one"
    )


def remove(options: Options, environ: Mapping[str, str]) -> int:
    """Take a pair out of the keychain, and let the agent forget what it made of it."""
    keychain, held = SystemKeychain(environ), _dropped(options.profile, environ)
    try:
        keychain.remove(options.profile)
    except TrayexecError:  # there may be no keychain at all
        if not held:
            raise
        said = Text("the agent no longer holds the keys of {name}", name=shown(options.profile))
        stderr.say(speaker(environ)(said))
        return exits.OK
    with suppress(TrayexecError):
        keychain.remove(beside(options.profile))  # that a rotation has made which was interrupted
    with suppress(OSError):
        stored_keys.forget(paths.stored_path(environ), options.profile)
    keychain_entry.forget(options.profile, environ)
    stderr.say(speaker(environ)(Text("the keys of {name} are no longer in the keychain", name=shown(options.profile))))
    return exits.OK


def _dropped(name: str, environ: Mapping[str, str]) -> bool:
    """Whether the agent held keys of this name in memory, which it has forgotten now."""
    with suppress(TrayexecError):  # it cannot hold any, where it does not know of that
        answer = ask(protocol.drop_keys(context.surroundings(environ), name), environ)
        return answer is not None and answer.get("held") is True
    return False


@dataclass(frozen=True, slots=True)
class _Row:
    """A name under which there are keys, or should be: `used` if a served profile needs them.

    `usual` says that the usual files were read: a project's own files say nothing of what others need. `program` prints
    the keys in place of the keychain, if one does; `held` are those that the agent holds, and nobody else.
    """

    name: str
    used: bool
    known: bool
    there: bool
    keys: LongTermKeys | None
    usual: bool
    program: str | None = None
    held: bool = False
    age: KeyAge | None = None

    @classmethod
    def of_agent(cls, name: str, catalogue: Catalogue, environ: Mapping[str, str]) -> "_Row":
        """A name whose keys the agent holds in memory."""
        usual, known = not context.files(environ), name in catalogue.profiles
        return cls(name, used=True, known=known, there=False, keys=None, usual=usual, held=True)

    @classmethod
    def of(cls, keychain: SystemKeychain, name: str, catalogue: Catalogue, environ: Mapping[str, str]) -> "_Row":
        """What the keychain has under this name. Raises TrayexecError when it cannot be asked."""
        used = any(one.keys == name for one in catalogue.identities)
        known = name in catalogue.profiles
        usual, program = not context.files(environ), own_settings.keys_program(environ, name)
        try:
            return cls(name, used, known, True, keychain.read(name), usual, program)  # noqa: FBT003 — the fields are named above
        except TrayexecError as error:
            if error.trouble.code not in {"keys_missing", "keys_damaged"} and program is None:
                raise
            return cls(name, used, known, error.trouble.code == "keys_damaged", None, usual, program)

    def document(self) -> Mapping[str, object]:
        """For scripts; an access key's id is shown in part."""
        use = self.age.used if self.age is not None else None
        arn = self.keys.arn if self.keys is not None else ""
        return {
            "name": self.name,
            "stored": self.keys is not None,
            "from": "command" if self.program is not None else "memory" if self.held else "keychain",
            "key": keychain_entry.end(self.keys.access_key_id) if self.keys is not None else None,
            "account": ownership.account_in(arn) or None,
            "arn": arn or None,
            "used": self.used,
            "created_at": utc(int(self.age.made)) if self.age is not None else None,
            "last_used_at": utc(int(use.at)) if use is not None else None,
            "last_used_service": use.service if use is not None else None,
        }

    def cells(self) -> tuple[Text, ...]:
        """For people."""
        arn = self.keys.arn if self.keys is not None else ""
        end = keychain_entry.end(self.keys.access_key_id) if self.keys is not None else ""
        return (
            Text("{value}", value=shown(self.name)),
            Text("{value}", value=end),
            Text("{value}", value=ownership.account_in(arn)),
            Text("{value}", value=shown(arn.rpartition(":")[2]) if arn else ""),
            *self._ages(),
            self._remark(),
        )

    def _ages(self) -> tuple[Text, Text]:
        nothing = Text("{value}", value="")
        if self.age is None:
            return nothing, nothing
        days = Text("{days} d", days=max(0, int(time.time() - self.age.made) // DAY))
        use = self.age.used
        if use is None:
            return days, nothing
        return days, Text("{time} ({service})", time=times.clock(utc(int(use.at))), service=shown(use.service))

    def _printed(self, program: str) -> Text:
        """Where the keys are from in place of the keychain."""
        if not self.there:
            return Text("printed by the command {program}, as config.toml says", program=program)
        return Text(
            "not used: the command {program} in config.toml prints others. `trayexec keys remove {name}` takes these "
            "out",
            program=program,
            name=argument(self.name),
        )

    def _remark(self) -> Text:  # noqa: PLR0911 — a table, each line literal
        name = argument(self.name)
        if self.held:
            return Text("in the agent's memory alone, until it ends")
        if self.program is not None:
            return self._printed(shown(self.program))
        if self.there and self.keys is None:
            return Text("not one that trayexec wrote: run `trayexec keys add {name}`", name=name)
        if self.keys is None:
            return Text("not stored: run `trayexec keys add {name}`", name=name)
        if not self.known and not self.usual:
            return Text("not used by these AWS files")
        if not self.known:
            return Text("no profile of this name any more: `trayexec keys remove {name}` takes them out", name=name)
        if not self.used:
            return Text("not used: `trayexec why {name}` says what stands in the way", name=name)
        return Text("{value}", value="")


@dataclass(frozen=True, slots=True)
class _Change:
    """Keys that would take the place of others."""

    name: str
    old: LongTermKeys
    new: LongTermKeys


def _catalogue(environ: Mapping[str, str]) -> Catalogue:
    return files_of_this_user(environ).load()


def _assumed_with(source: AwsFiles, catalogue: Catalogue, name: str) -> str:
    """The profile whose keys its role is assumed with, also while something else is missing; itself without one."""
    profile = catalogue.profiles.get(name)
    if isinstance(profile, Profile) and isinstance(profile.target, Role):
        return profile.identity.keys if profile.identity is not None else profile.target.root.name
    if not isinstance(profile, Unserved) or not profile.role_arn:
        return name
    config, shared = (parse(own_text(Path(path)), file=path) for path in source.paths(None, None))
    return importing.assumed_with(AwsFilePair(config, shared), name)


def may_have_keys(source: AwsFiles, catalogue: Catalogue, name: str) -> None:
    """Keys are stored under the name of a profile that has not its role from those of another. Raises TrayexecError."""
    keys = _assumed_with(source, catalogue, name)
    if name not in catalogue.profiles and name != "default":  # [default] may be a name in the keychain only
        raise TrayexecError(_unknown(catalogue, name))
    if keys != name:
        raise TrayexecError(
            trouble(
                "not_an_identity",
                "{profile} is a role and has no keys of its own.",
                "It is assumed with those of {keys}: run `trayexec keys add {word}`.",
                profile=shown(name),
                keys=shown(keys),
                word=argument(keys),
            )
        )


def _unknown(catalogue: Catalogue, name: str) -> Trouble:
    said = messages.unknown_profile(name, catalogue)
    accounts = {one.keys: one.account or None for one in catalogue.identities}
    if not accounts:
        return said
    hint = Text("{hint} Profiles with keys of their own: {names}.", hint=said.hint, names=told(accounts, accounts))
    return Trouble(said.code, said.title, hint)


def same_account(catalogue: Catalogue, name: str, keys: LongTermKeys) -> None:
    """Refuse keys of another account than that of the device which is written for them. Raises TrayexecError."""
    account = ownership.account_in(keys.arn)
    for identity in catalogue.identities:
        # A serial that is only inherited is not for these keys: then they are stored, and what is missing is said.
        if identity.keys == name and not identity.inherited:
            foreign = ownership.fault(identity, account)
            if foreign is not None:
                raise TrayexecError(foreign)


def _agree_to_replace(change: _Change, environ: Mapping[str, str]) -> None:
    """Ask the person. Raises TrayexecError when nobody agrees."""
    speak = speaker(environ)
    what = Text(
        "{name} has keys already: {old} of {owner}. They would be replaced by {new} of {other}.",
        name=shown(change.name),
        old=change.old.access_key_id,
        owner=keychain_entry.owner(change.old),
        new=change.new.access_key_id,
        other=keychain_entry.owner(change.new),
    )
    if sys.stdin.isatty():
        if agreed(speak(Text("{what} Replace them? [y/N] ", what=what))):
            return
        hint = Text("Nothing was changed.")
    else:
        hint = Text("Nothing was changed. If you mean it, add --yes.")
    raise TrayexecError(Trouble("keys_there", what, hint))


def _say_what_remains(name: str, keys: LongTermKeys, environ: Mapping[str, str]) -> None:
    """What keeps the profile from working, and which copies in plain text are left."""
    speak = speaker(environ)
    found = _catalogue(environ).profiles.get(name)
    if isinstance(found, Unserved):
        stderr.say(f"{speak(found.problem.title)} {speak(found.problem.hint)}")
    for copy in plain_copies(keys, environ):
        stderr.say(
            speak(
                Text(
                    "the same key is still in plain text under [{section}] of {file}. This removes it: `{command}`",
                    section=shown(copy.section),
                    file=copy.file,
                    command=removal(copy, platform=sys.platform),
                )
            )
        )


def plain_copies(keys: LongTermKeys, environ: Mapping[str, str]) -> Iterator[Copy]:
    """Where the same key stands in the AWS files."""
    for path in files_of_this_user(environ).paths(None, None):
        with suppress(TrayexecError):
            content = plain_file.read(path, limit=LONGEST_FILE)
            if content is not None:
                # `sed -i` puts a file in place of a link: the file itself is named.
                yield from copies(
                    content.text.removeprefix(plain_file.BYTE_ORDER_MARK),
                    keys.access_key_id,
                    file=os.path.realpath(path),
                )


def endpoint_of(catalogue: Catalogue, name: str, environ: Mapping[str, str]) -> StsEndpoint:
    """Where STS is reached with these keys."""
    for identity in catalogue.identities:
        if identity.keys == name:
            return identity.endpoint
    found = catalogue.profiles.get(name)  # which may lack the device alone
    if isinstance(found, Unserved) and found.endpoint is not None:
        return found.endpoint
    if isinstance(found, Profile) and isinstance(found.root, Provider):  # which keys are to take the place of
        return found.root.endpoint
    region = (
        (found.region if found else None)
        or environ.get("AWS_REGION")
        or environ.get("AWS_DEFAULT_REGION")
        or "us-east-1"
    )
    return StsEndpoint(region, environ.get("AWS_ENDPOINT_URL_STS") or environ.get("AWS_ENDPOINT_URL"))


def _from_environment(environ: Mapping[str, str]) -> LongTermKeys:
    if environ.get("AWS_SESSION_TOKEN"):
        raise TrayexecError(
            trouble(
                "not_long_term",
                "AWS_SESSION_TOKEN is set: these are no long-term keys.",
                "Unset it if it is left over, and name an IAM user's own access key.",
            )
        )
    key_id, secret = environ.get("AWS_ACCESS_KEY_ID", ""), environ.get("AWS_SECRET_ACCESS_KEY", "")
    return LongTermKeys(_checked_id(key_id), _checked_secret(secret))


def _from_person(name: str, environ: Mapping[str, str], margin: str) -> LongTermKeys:
    if not sys.stdin.isatty():
        raise TrayexecError(
            trouble(
                "no_terminal",
                "There is no terminal to ask for the keys on.",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then run `trayexec keys add {word} --env`.",
                word=argument(name),
            )
        )
    speak = speaker(environ)
    sys.stderr.write(f"{margin}{speak(Text('Access key id: '))}")
    sys.stderr.flush()
    typed = sys.stdin.readline()
    if not typed:  # Ctrl-D
        raise KeyboardInterrupt
    key_id = _checked_id(typed)
    try:
        secret = getpass.getpass(f"{margin}{speak(Text('Secret access key (not shown): '))}", sys.stderr)
    except EOFError:  # likewise
        raise KeyboardInterrupt from None
    return LongTermKeys(key_id, _checked_secret(secret))


def _checked_id(typed: str) -> str:
    key_id = typed.strip()
    wrong = key_shape.wrong_id(key_id)
    if wrong is not None:
        raise TrayexecError(wrong)
    return key_id


def _checked_secret(typed: str) -> Secret:
    secret = typed.strip()
    wrong = key_shape.wrong_secret(secret)
    if wrong is not None:
        raise TrayexecError(wrong)
    return Secret(secret)
