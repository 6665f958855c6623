"""The names in the user's own files, for who presses Tab where no agent runs: read, and judged only where that counts.

To judge profiles takes three times as long as all the rest of a Tab, so those that cannot be used are among them; a
command with one says why.
"""

from collections.abc import Mapping
from functools import cached_property

from trayexec.adapters import plain_file
from trayexec.adapters.aws_parser import parse, profiles_of
from trayexec.core.config.sections import Section
from trayexec.light import context, paths
from trayexec.light.errors import TrayexecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trayexec.core.config.profiles import Catalogue

LONGEST = 10_000_000  # bytes
ARN_PARTS = 6
Described = tuple[tuple[str, str], ...]


class NamesInFiles:
    """What `completion.Names` has, each read when it is asked for. What cannot be read has no names."""

    unusable: Described = ()

    def __init__(self, environ: Mapping[str, str]) -> None:
        """By the files that this environment names; nothing is read yet."""
        self._environ = environ

    @cached_property
    def profiles(self) -> Described:
        """Every profile of both files, with the account it leads to as far as its own section says."""
        return tuple((name, _account(section)) for name, section in self._sections.items())

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Those that profiles have."""
        found = (section.get("region") for section in self._sections.values())
        return tuple(dict.fromkeys(one for one in found if isinstance(one, str) and one))

    @property
    def identities(self) -> Described:
        """Who enters a code, by what all profiles lead to."""
        return () if self._catalogue is None else tuple((one.name, "") for one in self._catalogue.identities)

    @property
    def sign_ins(self) -> Described:
        """Where one signs in."""
        every = () if self._catalogue is None else self._catalogue.sign_ins
        return tuple((one.name, "IAM Identity Center") for one in every)

    @property
    def groups(self) -> Described:
        """Those of config.toml."""
        return groups(self._environ)

    @cached_property
    def _sections(self) -> Mapping[str, Section]:
        usual = f"{paths.home(self._environ)}/.aws"
        try:
            named = {"config": f"{usual}/config", "shared": f"{usual}/credentials", **context.files(self._environ)}
            config, shared = (self._parsed(named[one]) for one in ("config", "shared"))
        except TrayexecError:
            return {}
        own = profiles_of(config)
        return {**own, **{name: {**own.get(name, {}), **section} for name, section in shared.items()}}

    @staticmethod
    def _parsed(path: str) -> dict[str, dict[str, str | dict[str, str]]]:
        found = plain_file.read(path, limit=LONGEST)
        return {} if found is None else parse(found.text, file=path)

    @cached_property
    def _catalogue(self) -> "Catalogue | None":
        from trayexec.adapters.aws_files import files_of_this_user  # noqa: PLC0415 — it takes long: only for identities

        try:
            return files_of_this_user(self._environ).load()
        except TrayexecError:
            return None


def groups(environ: Mapping[str, str]) -> Described:
    """The groups of config.toml with their members, however the rest of it is."""
    try:
        found = plain_file.read(paths.settings_path(environ), limit=LONGEST)
    except TrayexecError:
        return ()
    if found is None:
        return ()
    import tomllib  # noqa: PLC0415 — most have no such file

    try:
        said = tomllib.loads(found.text).get("groups")
    except tomllib.TOMLDecodeError:
        return ()
    every = said.items() if isinstance(said, dict) else ()
    return tuple((f"@{name}", " ".join(map(str, members))) for name, members in every if isinstance(members, list))


def _account(section: Section) -> str:
    own = section.get("sso_account_id")
    if isinstance(own, str):
        return own
    parts = str(section.get("role_arn") or section.get("mfa_serial") or "").split(":")
    return parts[4] if len(parts) >= ARN_PARTS and parts[4].isdigit() else ""
