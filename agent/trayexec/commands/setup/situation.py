"""What there is at the moment: the AWS files, what they lead to, and which keys and devices that lacks."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from trayexec.adapters.aws_files import AwsFiles, files_of_this_user
from trayexec.adapters.aws_parser import parse
from trayexec.adapters.keychain import SystemKeychain
from trayexec.commands import keys, own_settings
from trayexec.core import key_shape
from trayexec.core.config import importing
from trayexec.core.config.identities import LONG_TERM
from trayexec.core.config.importing import AwsFilePair, PlainKeys
from trayexec.core.config.profiles import Catalogue, Profile, Unserved
from trayexec.core.config.sources import is_role
from trayexec.core.credentials import LongTermKeys
from trayexec.light.errors import TrayexecError, Trouble, shown, trouble
from trayexec.live.carry_home import own_text


@dataclass(frozen=True, slots=True)
class Situation:
    """The caller's files as they are now. Steps look anew: each changes what the next one sees."""

    environ: Mapping[str, str]
    source: AwsFiles
    paths: tuple[str, str]
    pair: AwsFilePair
    catalogue: Catalogue
    given: MutableMapping[str, LongTermKeys]  # the keys that were entered in this conversation, for its other steps

    @classmethod
    def now(cls, environ: Mapping[str, str], given: MutableMapping[str, LongTermKeys]) -> "Situation":
        """Read the files. Raises TrayexecError (`file`, `config_syntax`)."""
        source = files_of_this_user(environ)
        paths = source.paths(None, None)
        config, shared = (parse(own_text(Path(path)), file=path) for path in paths)
        return cls(environ, source, paths, AwsFilePair(config, shared), source.load(), given)

    @property
    def served(self) -> tuple[Profile, ...]:
        """The profiles that can be used, roles first: they are what people come for."""
        found = [one for one in self.catalogue.profiles.values() if isinstance(one, Profile)]
        return tuple(sorted(found, key=lambda one: one.role_arn is None))

    @property
    def without_section(self) -> tuple[str, ...]:
        """The profiles that roles are assumed with, and that stand nowhere; [default] needs no section."""
        found = (said.get("source_profile") for _, _, _, said in self.pair.profiles() if is_role(said))
        names = dict.fromkeys(name for name in found if isinstance(name, str) and name != "default")
        return tuple(name for name in names if name not in self.catalogue.profiles)

    @property
    def without_device(self) -> tuple[str, ...]:
        """The profiles with long-term keys, or meant to have them, for which no MFA device is written anywhere.

        What aws-mfa has written beside a key counts: it comes along when that is imported. Keys that cannot be those
        of an IAM user, as LocalStack's, have none.
        """
        lacking = [one.name for one in self.catalogue.profiles.values() if isinstance(one, Unserved) and _lacks(one)]
        found = dict.fromkeys(importing.assumed_with(self.pair, name) for name in lacking)
        by_aws_mfa = {name for name, one in self.in_files.items() if one.device}
        others = {name for name, one in self.in_files.items() if key_shape.wrong_id(one.access_key_id) is not None}
        without = found.keys() - by_aws_mfa - others
        return tuple(name for name in found if name in without and not self._says(name, "mfa_serial"))

    @property
    def identities(self) -> tuple[str, ...]:
        """Under which names keys are needed, as far as the files tell."""
        return tuple(dict.fromkeys((*(one.keys for one in self.catalogue.identities), *self.without_device)))

    @property
    def in_files(self) -> Mapping[str, PlainKeys]:
        """The long-term keys in plain text, by the profile that they are of."""
        return {one.name: one for one in importing.long_term(self.pair, suffixes=LONG_TERM)}

    @property
    def without_keys(self) -> tuple[str, ...]:
        """The identities whose keys are nowhere: the keychain, the files, the agent's memory; and that nothing prints.

        Where there is no keychain, none are in it. Raises TrayexecError.
        """
        elsewhere = self.in_files.keys() | self.given.keys() | self.held
        wanted = tuple(name for name in self.identities if name not in elsewhere and not self.printed(name))
        keychain = SystemKeychain(self.environ)
        try:
            stored = keychain.names() if wanted else None
        except TrayexecError as error:
            if error.trouble.code == "keychain_unavailable":
                return wanted
            raise
        if stored is None:  # this kind does not tell them all
            return tuple(name for name in wanted if _missing(keychain, name))
        return tuple(name for name in wanted if name not in stored)

    @property
    def held(self) -> frozenset[str]:
        """Under which names the agent holds keys in memory."""
        return keys.names_held(self.environ)

    def no_keychain(self, name: str) -> Trouble | None:
        """Why there is no keychain to store these keys in; None where there is one."""
        try:
            SystemKeychain(self.environ).peek(name)
        except TrayexecError as error:
            if error.trouble.code == "keychain_unavailable":
                return error.trouble
        return None

    @property
    def has_aws_vault(self) -> bool:
        """Whether aws-vault keeps keys in the same keychain."""
        try:
            return SystemKeychain(self.environ).has_aws_vault()
        except TrayexecError:
            return False

    def printed(self, name: str) -> bool:
        """Whether a program prints these keys (`keys` of config.toml). Raises TrayexecError."""
        return own_settings.keys_program(self.environ, name) is not None

    def keys_of(self, name: str) -> LongTermKeys | None:
        """The keys of this name, in the keychain or in the files; None for none. Raises TrayexecError."""
        if name in self.given:
            return self.given[name]
        try:
            return SystemKeychain(self.environ).read(name)
        except TrayexecError as error:
            plain = self.in_files.get(name)
            if plain is not None:
                return LongTermKeys(plain.access_key_id, plain.secret)
            if error.trouble.code == "keys_missing":
                return None
            if name in self.held:
                raise TrayexecError(
                    trouble(
                        "keys_held",
                        "The agent holds the keys of {name} in memory, and shows them to nobody.",
                        "Write the ARN of their device into the AWS config, as mfa_serial of that profile.",
                        name=shown(name),
                    )
                ) from None
            raise

    def _says(self, profile: str, key: str) -> bool:
        return key in self.pair.said(profile) or key in self.pair.shared.get(profile, {})


def _lacks(profile: Unserved) -> bool:
    return profile.problem.code == "profile_mfa"


def _missing(keychain: SystemKeychain, name: str) -> bool:
    """Whether there are certainly no keys. Raises TrayexecError where there is no keychain to look into."""
    try:
        keychain.peek(name)
    except TrayexecError as error:
        if error.trouble.code in {"keys_missing", "keys_damaged"}:
            return True
        if error.trouble.code not in {"keychain_locked", "keychain_unasked"}:
            raise
    return False
