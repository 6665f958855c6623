"""The user's AWS config and credentials files: found, read once they are whole, and kept until they change.

The values of static keys are dropped at once, that they are there is all that matters; only who asks for just these
(`keys_of`) gets them.
"""

import getpass
import math
import os
import platform
import re
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trayexec.adapters import plain_file, settings_file, stored_keys
from trayexec.adapters.aws_parser import Parsed, merge, merged, parse, profiles_of
from trayexec.adapters.plain_file import Stamp
from trayexec.core.config import session_names
from trayexec.core.config.inifile import meant_in_config, meant_in_credentials
from trayexec.core.config.profiles import Catalogue, MisreadSection, Provider
from trayexec.core.config.providers import GIVEN
from trayexec.core.config.resolve import resolve
from trayexec.core.config.sections import Section, Sections, shown
from trayexec.core.config.sources import TOKENS, KeyNames, Source, source
from trayexec.core.config.surroundings import USUAL, Surroundings
from trayexec.core.credentials import Secret
from trayexec.core.settings import Settings
from trayexec.light.errors import TrayexecError, trouble
from trayexec.light.paths import settings_path, stored_path
from trayexec.light.protocol import PROXY_VARIABLES
from trayexec.live.layout import apart

LONGEST_FILE = 10_000_000
MOST_PAIRS = 32
SETTLED, WRITING, PAUSE = 0.05, 0.5, 0.02  # seconds: a file that was written so recently may not be whole yet
MOST_VIEWS = 8  # of one pair, by callers whose variables lead to different endpoints

_VARIABLE = re.compile(r"\$(?:\{([^}]*)\}|(\w+))", re.ASCII)

# Of the two files, of what is remembered of stored keys, and of our own settings.
_Stamps = tuple[Stamp, Stamp, Stamp, Stamp]


@dataclass(slots=True)
class _Pair:
    """What is known of one pair of files as seen with some variables.

    The versions last seen, what came of them; and `heard`, the variables that decided, with what they said: others do
    not matter, so a caller in another region gets the same unless a profile has none. `printing` are the programs that
    were known then to print long-term keys.
    """

    stamps: _Stamps
    outcome: Catalogue | TrayexecError
    heard: dict[str, str | None]
    printing: AbstractSet[Provider]

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Whether a caller with this environment would have got the same."""
        return all(environment.get(name) == value for name, value in self.heard.items())


class _Listening(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.heard: dict[str, str | None] = {}

    def get(self, name: str, default: Any = None) -> Any:
        self.heard[name] = said = super().get(name)
        return default if said is None else said


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key that stands in the user's own files; with a token where it is a temporary one.

    `account` is the one that stands beside it, if the user has written that down.
    """

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None
    account: str | None = None


class AwsFiles:
    """The `Catalogues` port. Safe to call from several threads; of each pair one call reads at a time."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        session_name: str,
        stored: str = "",
        settings: str = "",
        known: Mapping[str, str] | None = None,
    ) -> None:
        """Look for the agent's own files where `environment` says; roles without a session name get `session_name`.

        The file `stored` says under which names the keychain has keys (`stored_keys`), the file `settings` (our
        config.toml) which are printed by a command, `known` who and where we are, for session names.
        """
        self._known = known or {}
        # Nobody's credentials but those that come with a request are meant by a `credential_source`.
        self._environment = {name: value for name, value in environment.items() if name not in GIVEN}
        self.stored = stored
        self.settings = settings
        self._own = Settings()
        self._session_name = session_name
        self._printing: AbstractSet[Provider] = frozenset()
        self._pairs: OrderedDict[tuple[str, str], list[_Pair]] = OrderedDict()
        self._lock = threading.Lock()
        self._reading: dict[tuple[str, str], threading.Lock] = {}

    def load(self, where: Surroundings = USUAL) -> Catalogue:
        """What the files of `where` say to a caller there (the usual ones where None); the same until one changes.

        A missing file is empty. What AWS's tools would refuse is refused, whatever the files said before; while
        somebody writes them, they are read again. Raises TrayexecError (`file`, `config_syntax`).
        """
        paths = self.paths(where.config, where.shared, where.home)
        environment = {**self._environment, **where.environment}
        if where.proxies is not None:
            environment = {name: value for name, value in environment.items() if name not in PROXY_VARIABLES}
            environment |= where.proxies
        with self._lock:
            seen = self._pairs.setdefault(paths, [])
            reading = self._reading.setdefault(paths, threading.Lock())
            self._pairs.move_to_end(paths)
            while len(self._pairs) > MOST_PAIRS:
                self._reading.pop(self._pairs.popitem(last=False)[0], None)
        with reading:
            known = next((one for one in seen if one.fits(environment)), None)
            if known is None or known.printing is not self._printing or known.stamps != self._stamps(paths):
                fresh = self._read(paths, seen[0].stamps if seen else None, environment)
                if not any(fresh.heard.get(name) for name in GIVEN):  # a caller's credentials are not kept here
                    seen[:] = [fresh, *(one for one in seen if one is not known)][:MOST_VIEWS]
                known = fresh
        if isinstance(known.outcome, Catalogue):
            return known.outcome
        raise TrayexecError(known.outcome.trouble)

    def learn(self, provider: Provider) -> None:
        """This program was seen to print long-term keys. An edited line is another one, of which nothing is known."""
        with self._lock:
            self._printing |= {provider}

    def unlearn(self, provider: Provider) -> None:
        """It was seen to print a session's."""
        with self._lock:
            self._printing -= {provider}

    def supposing(self, stored: Mapping[str, str]) -> Catalogue:
        """What our own files would lead to if just these keys were stored (names, and ARNs of whose they are).

        Raises TrayexecError (`file`, `config_syntax`).
        """
        paths = self.paths(None, None)
        parsed, _ = _settled(paths)
        return self._supposed(paths, parsed, stored)

    def rewritten(self, texts: tuple[str, str], stored: Mapping[str, str]) -> Catalogue:
        """What our own files would lead to if they said this, and just these keys were stored, as `supposing`.

        Raises TrayexecError (`file`, `config_syntax`).
        """
        paths = self.paths(None, None)
        parsed = parse(texts[0], file=paths[0]), parse(texts[1], file=paths[1])
        return self._supposed(paths, parsed, stored)

    def _supposed(self, paths: tuple[str, str], parsed: tuple[Parsed, Parsed], stored: Mapping[str, str]) -> Catalogue:
        sections = replace(merge(*parsed, self._environment), files=paths)
        return self._catalogue(self._with_keys(sections, stored), paths, parsed)

    def _with_keys(self, sections: Sections, stored: Mapping[str, str]) -> Sections:
        """With what is known of keys outside the AWS files: whose those are that a command prints is not."""
        with suppress(TrayexecError):  # as the agent does: what was right before goes on to hold
            self._own = settings_file.load(self.settings) if self.settings else Settings()
        rules = self._own.identities
        by_command = frozenset(name for name, rule in rules.items() if rule.keys is not None)
        return replace(
            sections,
            stored={**stored, **dict.fromkeys(by_command, "")},
            by_command=by_command,
            without_mfa=frozenset(name for name, rule in rules.items() if not rule.mfa),
            unasked=self._own.unasked(sections.profiles),
        )

    def _catalogue(
        self,
        sections: Sections,
        paths: tuple[str, str],
        parsed: tuple[Parsed, Parsed],
        printing: AbstractSet[Provider] = frozenset(),
    ) -> Catalogue:
        return replace(
            resolve(sections, session_name=self._session_name, known=self._known, printing=printing),
            files=paths,
            misread=_misread_sections(paths, parsed),
            apart=apart(sections.profiles),
        )

    def paths(self, config: str | None, shared: str | None, home: str | None = None) -> tuple[str, str]:
        """Where this pair of files is (the usual ones, in this home, where None). Raises TrayexecError (`file`)."""
        usual = "~" if home is None else home.rstrip("/")
        return (
            self._path(config, "AWS_CONFIG_FILE", f"{usual}/.aws/config"),
            self._path(shared, "AWS_SHARED_CREDENTIALS_FILE", f"{usual}/.aws/credentials"),
        )

    def keys_of(self, profile: str, config: str | None, shared: str | None) -> Keys | None:
        """The static keys that a profile means in this pair of files, None where it means none.

        All of them are of one file, as with botocore. Raises TrayexecError (`file`, `config_syntax`).
        """
        (own, shared_), _ = _settled(self.paths(config, shared))
        profiles, _, names = merged(own, shared_)
        found = source(profiles.get(profile, {}), names.get(profile, KeyNames()))
        if found is Source.CREDENTIALS_FILE:
            section: Section = shared_.get(profile, {})
        elif found is Source.CONFIG_FILE:
            section = profiles_of(own).get(profile, {})
        else:
            return None
        key, secret = (section.get(name) for name in ("aws_access_key_id", "aws_secret_access_key"))
        token = next((section[name] for name in TOKENS if name in section), None)
        account = section.get("aws_account_id")
        if not (isinstance(key, str) and key and isinstance(secret, str) and secret):
            return None
        return Keys(
            key,
            Secret(secret),
            Secret(token) if isinstance(token, str) and token else None,
            account if isinstance(account, str) and account else None,
        )

    def _path(self, named: str | None, variable: str, usual: str) -> str:
        path = expand(named or self._environment.get(variable) or usual, self._environment)
        if named and not Path(path).is_absolute():
            raise TrayexecError(
                trouble(
                    "file",
                    "The request names the file {file}, but not from which folder.",
                    "Set {variable} to an absolute path.",
                    file=shown(path),
                    variable=variable,
                )
            )
        return path

    def _stamps(self, paths: tuple[str, str]) -> _Stamps:
        config, shared, stored, settings = map(plain_file.stamp_of, (*paths, self.stored, self.settings))
        return config, shared, stored, settings

    def _read(self, paths: tuple[str, str], before: _Stamps | None, environment: Mapping[str, str]) -> _Pair:
        stamps, printing = self._stamps(paths), self._printing
        listening = _Listening(environment)
        try:
            both, versions = _settled(paths, before)
            sections = self._with_keys(replace(merge(*both, listening), files=paths), stored_keys.read(self.stored))
        except TrayexecError as error:
            return _Pair(stamps, error, {}, printing)
        found = self._catalogue(sections, paths, both, printing)
        return _Pair((*versions, *stamps[2:]), found, listening.heard, printing)


def files_of_this_user(environment: Mapping[str, str]) -> AwsFiles:
    """The AWS files that `environment` names; the session name of roles that have none says who runs this process."""
    user = _user()
    known = {"user": user, "host": platform.node() or "localhost"}
    return AwsFiles(
        environment,
        session_name=session_names.usual(user),
        stored=stored_path(environment),
        settings=settings_path(environment),
        known=known,
    )


def _user() -> str:
    """Who runs this process, by the system's user list: no variable decides what AWS is told."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd  # noqa: PLC0415 — Windows has none

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # nobody has told this system about the user
        return str(os.getuid())


def expand(path: str, environment: Mapping[str, str]) -> str:
    """`path` with `$VAR`, `${VAR}` and a leading `~` replaced as os.path does it, but from `environment`."""

    def value(match: re.Match[str]) -> str:
        return environment.get(match[1] or match[2] or "", match[0])

    path = _VARIABLE.sub(value, path)
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if home and (path == "~" or path.startswith(("~/", "~" + os.sep))):
        return home.rstrip("/" + os.sep) + path[1:]
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:  # nobody of that name: then there is no such file
        return path


def _settled(
    paths: tuple[str, str], before: _Stamps | None = None
) -> tuple[tuple[Parsed, Parsed], tuple[Stamp, Stamp]]:
    """What both files say, and the versions of them that say it, as soon as nobody writes them any more.

    Editors and `aws configure` empty a file, or take it away, before they write it anew; and half a file may be a whole
    one to a parser, with half a role in it. `before` are the versions last seen. Raises TrayexecError (`file`,
    `config_syntax`).
    """
    end = time.monotonic() + WRITING
    found: list[_Version | TrayexecError | None] = [None, None]
    while True:
        for at, path in enumerate(paths):
            known = found[at]
            if isinstance(known, _Version) and known.stamp == plain_file.stamp_of(path):
                continue
            try:
                found[at] = _version(path)
            except TrayexecError as error:
                found[at] = error
        left = max(_restless(paths[at], one, before[at] if before else None) for at, one in enumerate(found))
        left = min(left, end - time.monotonic())
        if left <= 0:
            break
        time.sleep(min(left, PAUSE))
    whole = [one for one in found if isinstance(one, _Version)]
    if len(whole) < len(found):
        raise next(one for one in found if isinstance(one, TrayexecError))
    return (whole[0].sections, whole[1].sections), (whole[0].stamp, whole[1].stamp)


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a file; `sections` are none where it is empty, or not there."""

    stamp: Stamp
    sections: Parsed


def _version(path: str) -> _Version:
    stamp = plain_file.stamp_of(path)
    read = plain_file.read(path, limit=LONGEST_FILE)
    # The stamp is that of what was read, so that a change since then is noticed next time.
    return _Version(read.stamp if read else stamp, parse(read.text if read else "", file=path))


def _restless(path: str, found: _Version | TrayexecError | None, before: Stamp | None) -> float:
    """For how many seconds more a version of a file may be one that is just being written."""
    if not isinstance(found, _Version):
        return WRITING - _age(path)
    if found.sections:
        return SETTLED - _age(path)
    if before is None:
        return WRITING - _age(path)
    if len(before) == 1 or before == found.stamp:
        return 0.0
    # Linux empties a file a moment before it dates it anew.
    return WRITING if plain_file.dated(found.stamp) == plain_file.dated(before) else WRITING - _age(path)


def _age(path: str) -> float:
    """Seconds since the file was written; where there is none, since something was written or taken away beside it."""
    for place in (path, str(Path(path).parent)):
        try:
            seen = os.stat(place)  # noqa: PTH116 — it may be no path at all
        except (OSError, ValueError):
            continue
        age = time.time() - seen.st_mtime
        return age if age >= 0 else math.inf  # a date in the future says nothing
    return math.inf


def _misread_sections(paths: tuple[str, str], parsed: tuple[Parsed, Parsed]) -> tuple[MisreadSection, ...]:
    """The sections that were meant as profiles, and are none to anybody."""
    config = (MisreadSection(paths[0], one, name) for one in parsed[0] if (name := meant_in_config(one)) is not None)
    shared = (
        MisreadSection(paths[1], one, name, bare=True)
        for one in parsed[1]
        if (name := meant_in_credentials(one)) is not None
    )
    return (*config, *shared)
