"""Reads the AWS files, and finds out which keys can leave them without changing what any profile means."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trayexec.adapters import stored_keys
from trayexec.adapters.aws_files import AwsFiles, files_of_this_user
from trayexec.adapters.aws_parser import parse
from trayexec.commands.keys_import import problems
from trayexec.commands.reading import Options
from trayexec.core.config import importing
from trayexec.core.config.identities import LONG_TERM
from trayexec.core.config.importing import AwsFilePair, FileEdit, Holders, PlainKeys
from trayexec.core.config.inifile import profile_of
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, Role, Unserved
from trayexec.core.credentials import LongTermKeys
from trayexec.light import paths
from trayexec.light.errors import Trouble
from trayexec.live.carry_home import own_text


@dataclass(frozen=True, slots=True)
class KeysToImport:
    """A pair of keys in a file, and what became of it."""

    keys: PlainKeys
    arn: str = ""
    stored: bool = False
    problem: Trouble | None = None

    @property
    def pair(self) -> LongTermKeys:
        """As it goes into the keychain."""
        return LongTermKeys(self.keys.access_key_id, self.keys.secret, self.arn)


@dataclass(frozen=True, slots=True)
class AwsTexts:
    """The two files as they were read."""

    source: AwsFiles
    paths: tuple[str, str]
    texts: tuple[str, str]
    pair: AwsFilePair
    stored: Mapping[str, str]
    now: float
    found: Sequence[PlainKeys]
    holders: Holders
    before: Catalogue  # what they lead to as they are

    @classmethod
    def read(cls, environ: Mapping[str, str], options: Options) -> "AwsTexts":
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
        before = source.rewritten(texts, stored)
        return cls(source, where, texts, pair, stored, time.time(), found, Holders(alone, known), before)

    def edits(self, taken: Sequence[PlainKeys]) -> tuple[FileEdit, FileEdit]:
        """What changes in them."""
        return importing.edits(self.pair, taken, now=self.now, holders=self.holders)

    def catalogue(self, taken: Sequence[KeysToImport]) -> Catalogue:
        """What they will lead to once these keys are stored, and their lines gone. Raises TrayexecError."""
        stored = {**self.stored, **{one.keys.name: one.arn for one in taken}}
        edits = self.edits([one.keys for one in taken])
        return self.source.rewritten((edits[0].applied(self.texts[0]), edits[1].applied(self.texts[1])), stored)

    def fault(self, taken: Sequence[KeysToImport], one: KeysToImport) -> Trouble | None:
        """Why this one cannot go the same way: its profile would not be served, or another would lead elsewhere."""
        first = self._of_layout(one.keys) or self._of_text(taken, one)
        if first is not None:
            return first
        after = self.catalogue([*taken, one])
        return self._of_profiles(after, taken, one) or self._of_device(after, taken, one)

    def _of_layout(self, one: PlainKeys) -> Trouble | None:
        """What aws-mfa, or a program beside these keys, does with their profile."""
        if not importing.in_force(self.pair, one):
            return problems.not_in_force(one)
        live = importing.in_use_as_role(self.pair, one, now=self.now)
        if live is not None:
            return problems.in_use(one, live)
        role = importing.on_sessions(self.pair, one, holders=self.holders)
        return None if role is None else problems.on_sessions(one, *role)

    def _of_text(self, taken: Sequence[KeysToImport], one: KeysToImport) -> Trouble | None:
        """Whether more than these keys would change in a file."""
        after = []
        for path, text, edit in zip(self.paths, self.texts, self.edits(_pairs(taken, one)), strict=True):
            changed = parse(edit.applied(text), file=path)
            if changed != edit.expected(parse(text, file=path)):
                return problems.not_separable(one.keys)
            after.append(changed)
        if importing.left_with_others(AwsFilePair(after[0], after[1]), one.keys.name):
            return problems.leads_elsewhere(one.keys.name)
        return None

    def _of_profiles(self, after: Catalogue, taken: Sequence[KeysToImport], one: KeysToImport) -> Trouble | None:
        """What would become of its profile, and of all others."""
        found = after.profiles.get(one.keys.name)
        if isinstance(found, Unserved):
            return found.problem
        if found is None or found.identity is None or found.identity.keys != one.keys.name:
            return problems.leads_elsewhere(one.keys.name)
        meant = {profile_of(section) for section in self.edits(_pairs(taken, one))[0].add}
        for name, before in self.before.profiles.items():
            now = after.profiles.get(name)
            if isinstance(before, Profile) and not (isinstance(now, Profile) and _same(before, now, name in meant)):
                return problems.leads_elsewhere(name)
            if isinstance(before, Unserved) and self._works_elsewhere(before, one.keys):
                return problems.leads_elsewhere(name)
        return None

    def _works_elsewhere(self, profile: Unserved, one: PlainKeys) -> bool:
        """Whether other tools assume a role with these keys that we do not serve."""
        if profile.problem.code != "profile_unsupported" or one.aside or profile.name == one.name:
            return False
        return importing.assumed_with(self.pair, profile.name) == one.name

    def _of_device(self, after: Catalogue, taken: Sequence[KeysToImport], one: KeysToImport) -> Trouble | None:
        """Whether the only device for these keys is [default]'s, and that nobody's or another user's."""
        profile = after.profiles[one.keys.name]
        known = {**self.stored, **{each.keys.name: each.arn for each in taken}}.get("default", "")
        if not (isinstance(profile, Profile) and profile.identity is not None and profile.identity.inherited):
            return None
        host = importing.services_of_others(self.pair, one.keys.name)
        if host is not None:
            return problems.of_no_aws(one.keys, host)
        return problems.device_of_another(one.keys, one.arn, known) if one.arn and known and one.arn != known else None


def _pairs(taken: Sequence[KeysToImport], one: KeysToImport) -> list[PlainKeys]:
    return [each.keys for each in (*taken, one)]


def _same(before: Profile, now: Profile, may_be_a_role: bool) -> bool:  # noqa: FBT001 — two values of one kind
    """Whether a profile leads to the same keys and, unless it is made one, to the same role."""
    return _end(before) == _end(now) and (may_be_a_role or _roles(before) == _roles(now))


def _end(profile: Profile) -> str | Provider:
    """The keys at the end of its way, or what stands there in place of keys."""
    return profile.root.keys if isinstance(profile.root, Identity) else profile.root


def _roles(profile: Profile) -> tuple[str, ...]:
    found, at = [], profile.target
    while isinstance(at, Role):
        found.append(at.arn)
        at = at.source
    return tuple(found)
