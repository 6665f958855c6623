"""`keys rotate`: a new access key in place of the one that is stored, which AWS then deletes.

Interrupted anywhere, a working key is in the keychain, and the next `keys rotate` goes on from there.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from trayexec.adapters.aws_files import files_of_this_user
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.harden import seal
from trayexec.adapters.iam import Account, BotoIam, Signer
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.rotation_notes import RotationNotes
from trayexec.adapters.sts import BotoSts
from trayexec.commands import as_json, keychain_entry, own_settings, times
from trayexec.commands.keys import plain_copies
from trayexec.commands.keys_rotate import problems
from trayexec.commands.keys_rotate.rotation import KeyOwner, Rotation, RotationPorts
from trayexec.commands.reading import Options
from trayexec.commands.yes_or_no import agreed
from trayexec.core.broker.status import find, one_identity
from trayexec.core.config import ownership
from trayexec.core.config.partitions import partition_of
from trayexec.core.config.profiles import Catalogue, Profile, Provider
from trayexec.core.config.sections import shown
from trayexec.core.config.sources import Source
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.rotation import Seen, replaced
from trayexec.core.stamps import utc
from trayexec.light import agent_client, context, exits, paths, protocol, stderr
from trayexec.light.errors import Text, TrayexecError, Trouble
from trayexec.light.translate import speaker
from trayexec.live import overlay_origin

NEED = 300  # seconds that the session must have left: AWS takes its time to hear of a new key


def rotate(options: Options, environ: Mapping[str, str]) -> int:
    """Replace the keys of an identity. Raises TrayexecError, with all that works still in the keychain."""
    seal()
    speak = speaker(environ)
    outside = overlay_origin.outside(environ)
    catalogue = files_of_this_user(outside).load()
    _check_source(catalogue, options.identity)
    name = _name(catalogue, options.identity)
    program = own_settings.keys_program(environ, name)
    if program is not None:
        raise TrayexecError(problems.printed(name, program))
    keychain, sts = SystemKeychain(environ), BotoSts(SystemClock())
    notes = RotationNotes(paths.rotations_path(environ))
    with notes.alone():
        keys = keychain.read(name)
        endpoint = next(one.endpoint for one in catalogue.identities if one.keys == name)
        keys = keys if keys.arn else replace(keys, arn=sts.check(endpoint, keys, name))
        if keys.arn.endswith(":root"):
            raise TrayexecError(problems.of_root(name))
        signer, profile = _signer(catalogue, keys, name, options, environ)
        owner = Account(keys.arn, name, partition_of(endpoint.region).first)
        iam = BotoIam(owner, signer, profile=profile, environ=outside)
        rotation = Rotation(
            KeyOwner(name, keys.arn, endpoint),
            RotationPorts(keychain, iam, sts, notes),
            lambda text: stderr.say(speak(text)),
        )
        try:
            seen = rotation.look()
            old = replaced(seen)
            rotation.check(seen)
            for line in _plan(name, keys, seen, environ):
                stderr.say(speak(line))
            if not options.dry_run:
                _agree(name, options, environ)
                seen = rotation.go_on(seen)
        finally:
            iam.close()
            sts.close()
    keychain_entry.remember(environ, name, keys.arn)
    if options.json:
        as_json.show(_document(name, keys.arn, old, None if options.dry_run else seen.stored))
    if not options.dry_run:
        new = keychain_entry.end(seen.stored)
        stderr.say(
            speak(
                Text(
                    "{name} has a new key, {new}; the old one, {old}, is deleted. The session that is open goes on, "
                    "and the next code is sent with the new key",
                    name=shown(name),
                    new=new,
                    old=keychain_entry.end(old),
                )
            )
        )
    return exits.OK


def _check_source(catalogue: Catalogue, wanted: str | None) -> None:
    """Raises TrayexecError for a profile whose keys, if it has any, are where only its own program finds them.

    Where none is named and there is no identity, the first such profile is meant.
    """
    profiles = catalogue.profiles.values()
    meant = [one for one in profiles if one.name == wanted or (wanted is None and not catalogue.identities)]
    for one in meant:
        target = one.target if isinstance(one, Profile) else None
        if isinstance(target, Provider) and target.kind is Source.PROCESS:
            raise TrayexecError(problems.of_program(target.name))


def _name(catalogue: Catalogue, wanted: str | None) -> str:
    """What the keychain calls the keys of the identity that is meant. Raises TrayexecError."""
    keys = {one.keys for one in find(catalogue, wanted).values()}  # one key may have several devices
    return keys.pop() if len(keys) == 1 else one_identity(catalogue, wanted, "keys rotate").keys


def _signer(
    catalogue: Catalogue, keys: LongTermKeys, name: str, options: Options, environ: Mapping[str, str]
) -> tuple[Signer, str]:
    """Who calls IAM, with the settings of which profile: the session, or the keys where no profile is the identity."""
    profile = keychain_entry.own_profile(catalogue, name)
    if profile is None:
        return Signer(keys.access_key_id, keys.secret_access_key), name
    request = protocol.credentials(
        context.surroundings(environ), profile, wait=options.wait, need=NEED, program="trayexec keys rotate"
    )
    served = protocol.read_credentials(agent_client.obtain(request, environ))
    return Signer(served["AccessKeyId"], Secret(served["SecretAccessKey"]), Secret(served["SessionToken"])), profile


def _plan(name: str, keys: LongTermKeys, seen: Seen, environ: Mapping[str, str]) -> Sequence[Text]:
    """What will be done, for a person to agree to."""
    old = replaced(seen)
    listed = seen.listed.get(old)
    values: dict[str, str | Text] = {
        "name": shown(name),
        "key": keychain_entry.end(old),
        "owner": keychain_entry.owner(keys),
        "time": times.clock(utc(int(listed.created))) if listed is not None else "?",
    }
    if seen.begun is not None:
        said = [
            Text("{name}: a rotation of the key {key} of {owner} was interrupted, and goes on from there", **values)
        ]
    else:
        said = [Text("{name}: the key {key} of {owner}, made {time}, is replaced by a new one, and deleted", **values)]
    said += [
        Text(
            "the same key is in plain text under [{section}] of {file}: what reads it there stops working",
            section=shown(copy.section),
            file=copy.file,
        )
        for copy in plain_copies(replace(keys, access_key_id=old), environ)
    ]
    return [*said, Text("what else has the old key, here or on another machine, stops working")]


def _agree(name: str, options: Options, environ: Mapping[str, str]) -> None:
    """Ask the person. Raises TrayexecError when nobody agrees."""
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise TrayexecError(problems.no_answer(name))
    if not agreed(speaker(environ)(Text("Rotate it? [y/N] "))):
        raise TrayexecError(Trouble("rotate_unagreed", Text("Nothing was changed."), Text("")))


def _document(name: str, arn: str, old: str, new: str | None) -> Mapping[str, object]:
    return {
        "identity": name,
        "account": ownership.account_in(arn) or None,
        "arn": arn,
        "former": keychain_entry.end(old),
        "key": keychain_entry.end(new or old),
        "rotated": new is not None,
    }
