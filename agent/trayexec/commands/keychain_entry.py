"""A pair of keys under a name in the keychain: what stands there, whose it is, and who has to hear of a change."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from trayexec.adapters import stored_keys
from trayexec.adapters.sts import BotoSts
from trayexec.commands import own_settings
from trayexec.commands.agent_request import ask
from trayexec.core.config import ownership
from trayexec.core.config.profiles import Catalogue, Identity, Profile, StsEndpoint
from trayexec.core.credentials import LongTermKeys
from trayexec.core.ports import Keychain
from trayexec.light import context, paths, protocol, stderr
from trayexec.light.errors import Text, TrayexecError, shown
from trayexec.light.translate import speaker

LAST = 4  # characters of an access key id that are shown


def end(access_key_id: str) -> str:
    """The end of an access key id, enough to tell keys apart."""
    return "…" + access_key_id[-LAST:]


def former(keychain: Keychain, name: str) -> LongTermKeys | None:
    """What is stored under this name; None for nothing that can be read. Raises TrayexecError as the keychain does."""
    try:
        return keychain.read(name)
    except TrayexecError as error:
        if error.trouble.code not in {"keys_missing", "keys_damaged"}:
            raise
    return None


def whose(name: str, keys: LongTermKeys, sts: BotoSts, endpoint: StsEndpoint) -> LongTermKeys:
    """The keys, with whose they are as far as that can be found out."""
    if not keys.arn:
        with suppress(TrayexecError):
            return replace(keys, arn=sts.check(endpoint, keys, name))
    return keys


def owner(keys: LongTermKeys) -> Text:
    """Whose they are, in words."""
    if not keys.arn:
        return Text("an account that is not known")
    return Text("{who} in {account}", who=keys.arn.rpartition(":")[2], account=ownership.account_in(keys.arn))


def own_profile(catalogue: Catalogue, name: str) -> str | None:
    """A profile that is the identity with these keys itself, so that its session is to be had; None for none."""
    own = [
        one.name
        for one in catalogue.profiles.values()
        if isinstance(one, Profile) and isinstance(one.target, Identity) and one.target.keys == name
    ]
    return name if name in own else next(iter(own), None)


def remember(environ: Mapping[str, str], name: str, arn: str) -> None:
    """Keep beside the keychain that there are keys, and whose; a full disk must stop nobody."""
    path = paths.stored_path(environ)
    with suppress(OSError):
        if stored_keys.read(path).get(name) != arn:
            stored_keys.note(path, name, arn)


def say_if_printed(name: str, environ: Mapping[str, str]) -> None:
    """Say that these keys are not used, where a command is to print others."""
    with suppress(TrayexecError):  # what is wrong with the settings is another matter
        program = own_settings.keys_program(environ, name)
        if program is not None:
            said = Text(
                "they are not used: the keys of {name} are printed by the command {program}, as config.toml says",
                program=shown(program),
                name=shown(name),
            )
            stderr.say(speaker(environ)(said))


def forget(name: str, environ: Mapping[str, str]) -> None:
    """Let the agent forget the session of these keys: one made with other keys must not live on under their name.

    Raises TrayexecError when an agent is there and does not do it.
    """
    try:
        ask(protocol.lock(context.surroundings(environ), keys=name), environ)
    except TrayexecError as error:
        if error.trouble.code != "unknown_identity":
            raise
