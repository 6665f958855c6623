"""What the checks of `doctor` look at: values only, gathered beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trayexec.adapters.autostart import StartAtLogin
from trayexec.adapters.desktop_parts import DesktopParts
from trayexec.adapters.sts import KeyCheck, Route
from trayexec.core.config.profiles import StsEndpoint
from trayexec.core.credentials import LongTermKeys
from trayexec.core.settings import Settings
from trayexec.light.errors import Text, Trouble
from trayexec.live.without_agent import FilesHere


@dataclass(frozen=True, slots=True)
class Agent:
    """What the agent says of itself, and the names of the identities that are open.

    `settings` is the config.toml that it reads, where it says so; `display` whether it can show a dialog; `held` are
    the names of keys that it holds in memory.
    """

    version: str
    pid: int
    tray: str
    prompt: str
    settings: str = ""
    display: bool = True
    open: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """Another agent of this user that listens: where, and its process id if it says so."""

    socket: str
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """The place that doctor was called from: which ways there are to ask a person for the code."""

    display: bool
    terminal: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to STS: with whose keys, where, and what came of it; None when no answer came in time."""

    keys: str
    endpoint: StsEndpoint
    way: Route | None
    answer: KeyCheck | Trouble | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was looked at, once. `agent` is None when none runs, a Trouble when it cannot be asked.

    `keys` has what the keychain says for each name that a served profile leads to, `programs` where the program is for
    those whose keys a command prints (None where it is not found), `unfit` why a folder of ours cannot be written,
    `loose` the AWS files that others may read, `doubted` those that others could have written, and why; `has_crt`
    whether botocore finds the package that `aws login` needs; `autostart` what starts the agent at login; `parts`
    what this desktop has of what we use.
    """

    version: str
    environ: Mapping[str, str]
    socket: str
    agent: Agent | Trouble | None
    others: tuple[Other, ...]
    here: Here
    settings_path: str
    settings: Settings | Trouble
    state_folder: str
    unfit: str | None
    read: FilesHere | Trouble
    absent: tuple[str, ...] = ()
    keys: Mapping[str, LongTermKeys | Trouble] = field(default_factory=dict)
    programs: Mapping[str, str | None] = field(default_factory=dict)
    asked: tuple[Asked, ...] = ()
    loose: tuple[str, ...] = ()
    doubted: Mapping[str, Text] = field(default_factory=dict)
    has_crt: bool = True
    autostart: StartAtLogin | Trouble | None = None
    parts: DesktopParts = field(default_factory=DesktopParts)
