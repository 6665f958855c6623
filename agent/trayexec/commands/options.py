"""The table of verbs and options: what may stand on a command line. Data alone; `reading.py` reads words by it.

`light/run.py`, `light/credential_process.py` and `live/hook.py` are too quick for a table: a test says that they agree.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto


class Value(Enum):
    """What stands behind an option."""

    TEXT = auto()
    NUMBER = auto()
    LINES = auto()
    WAIT = auto()  # seconds for a person
    NEED = auto()  # seconds of life that credentials are to have
    CONSOLE = auto()  # seconds that a console's session is to last


class Absent(Enum):
    """What holds where a verb's word is not on the line."""

    NOTHING = auto()
    CALLERS = auto()  # AWS_PROFILE, else an error
    MISSING = auto()  # an error


@dataclass(frozen=True, slots=True)
class Option:
    """An option: each way to write it, and the field that it sets."""

    names: tuple[str, ...]
    field: str
    value: Value | None = None  # None: it has none, and sets `sets`
    metavar: str = ""
    choices: tuple[str, ...] = ()
    unsaid: object = None  # where it is not on the line
    sets: object = True
    repeats: bool = False  # each one adds to a list
    hidden: bool = False  # for our own processes, not for people
    excludes: tuple[str, ...] = ()  # options that do not go with it
    of_many: bool = False  # only for a run over several profiles


@dataclass(frozen=True, slots=True)
class Word:
    """The word behind a verb."""

    field: str
    metavar: str
    choices: tuple[str, ...] = ()
    absent: Absent = Absent.NOTHING
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: the word and the options behind it, or the verbs; `act` is the module and the function that does it."""

    name: str
    act: str = ""  # none: it is read without this table, or is nothing without one of its verbs
    word: Word | None = None
    options: tuple[Option, ...] = ()
    verbs: tuple["Verb", ...] = ()
    examples: tuple[str, ...] = ()  # what follows `trayexec `


def _flag(name: str, field: str = "", *, of_many: bool = False, hidden: bool = False) -> Option:
    return Option((name,), field or name.lstrip("-").replace("-", "_"), unsaid=False, of_many=of_many, hidden=hidden)


HELP = Option(("-h", "--help"), "wants_help", unsaid=False)
JSON = _flag("--json")
REGION = Option(("--region",), "region", Value.TEXT, "R")
NEED = Option(("--need",), "need", Value.NEED, "2h")
WAIT = Option(("--wait",), "wait", Value.WAIT, "S", unsaid=120)
NO_WAIT = Option(("--no-wait",), "wait", sets=0, unsaid=120)
LITERAL = Option(
    ("--profile",), "profile", Value.TEXT, "NAME"
)  # wherever a profile can be named; read before all others

PROFILE = Word("profile", "PROFILE", absent=Absent.MISSING)
CALLERS_PROFILE = Word("profile", "PROFILE", absent=Absent.CALLERS)
SOME_PROFILE = Word("profile", "PROFILE")
IDENTITY = Word("identity", "IDENTITY")

RUN = Verb(
    "",
    word=Word("profiles", "PROFILE", repeats=True),
    options=(
        *(REGION, NEED, WAIT, NO_WAIT),
        Option(("--live",), "live", unsaid=False, excludes=("--server",)),
        Option(("--server",), "server", unsaid=False, excludes=("--live",)),
        Option(("--except",), "leave_out", Value.TEXT, "GLOB", repeats=True, of_many=True),
        Option(("--jobs",), "jobs", Value.NUMBER, "N", of_many=True),
        Option(("--output",), "output", Value.TEXT, "prefix", unsaid="prefix", of_many=True),
        *(_flag("--dry-run", of_many=True), _flag("--fail-fast", of_many=True), _flag("--keep-going", of_many=True)),
        *(_flag("--retry-failed", of_many=True), _flag("--yes", of_many=True)),
    ),
)

AUTH = Verb(
    "auth",
    "unlock.auth",
    IDENTITY,
    (HELP, _flag("--code-stdin"), _flag("--force"), WAIT, NO_WAIT),
    examples=("auth", "auth --force --wait 5m"),
)
LOCK = Verb("lock", "unlock.lock", IDENTITY, (HELP,), examples=("lock",))
STATUS = Verb("status", "show.status", options=(HELP, JSON), examples=("status", "status --json"))
LIST = Verb("list", "show.profiles", options=(HELP, JSON), examples=("list", "list --json"))
ENV = Verb(
    "env",
    "env.env",
    CALLERS_PROFILE,
    (
        HELP,
        Option(
            ("--format",),
            "format",
            Value.TEXT,
            choices=("sh", "fish", "pwsh", "dotenv", "json", "ini"),
            unsaid="sh",
        ),
        *(REGION, WAIT, NO_WAIT, NEED),
    ),
    examples=("env account-a", "env account-a --format dotenv --need 30m"),
)
CONSOLE = Verb(
    "console",
    "console.console",
    CALLERS_PROFILE,
    (
        HELP,
        Option(("--service",), "service", Value.TEXT, "S"),
        _flag("--print"),
        Option(("--duration",), "duration", Value.CONSOLE, "45m"),
        *(REGION, WAIT, NO_WAIT),
    ),
    examples=("console account-a", "console account-a --service s3 --region eu-west-1 --print"),
)
LOG = Verb(
    "log",
    "log.log",
    options=(
        *(HELP, Option(("-f", "--follow"), "follow", unsaid=False), JSON),
        Option(("-n",), "n", Value.LINES, "N"),
    ),
    examples=("log -n 20", "log --follow"),
)
SHELL = Verb(
    "shell",
    "live.shell",
    SOME_PROFILE,
    (HELP, REGION, WAIT, NO_WAIT, NEED),
    examples=("shell", "shell account-a"),
)
DOCTOR = Verb("doctor", "doctor.doctor", options=(HELP, JSON), examples=("doctor",))
WHY = Verb("why", "why.why", PROFILE, (HELP, JSON), examples=("why account-a",))
KEYS = Verb(
    "keys",
    options=(HELP,),
    verbs=(
        Verb(
            "add",
            "keys.add",
            PROFILE,
            (HELP, _flag("--env"), Option(("--yes", "--force"), "yes", unsaid=False)),
            examples=("keys add default", "keys add default --env"),
        ),
        Verb("list", "keys.listed", options=(HELP, JSON), examples=("keys list",)),
        Verb("remove", "keys.remove", PROFILE, (HELP,), examples=("keys remove default",)),
    ),
)
AGENT = Verb(
    "agent",
    "agent.agent",
    Word("what", "start|stop", ("start", "stop")),
    (
        *(HELP, _flag("--headless"), _flag("--isolated", hidden=True)),
        Option(("--ready-fd",), "ready_fd", Value.NUMBER, "FD", hidden=True),
    ),
    examples=("agent --headless", "agent stop"),
)

# Read without this table, for programs and shells wait for them; here for the help.
CREDENTIAL_PROCESS = Verb(
    "credential-process",
    word=PROFILE,
    options=(
        HELP,
        *(replace(WAIT, unsaid=50), replace(NO_WAIT, unsaid=50)),  # the Go SDK gives up after 60
        *(_flag("--from-files", hidden=True), _flag("--or-from-files", hidden=True)),
    ),
    examples=("credential-process account-a --wait 50",),
)
HOOK = Verb(
    "hook",
    word=Word("shell", "bash|zsh|fish|direnv", ("bash", "zsh", "fish", "direnv"), Absent.MISSING),
    options=(HELP,),
    examples=("hook bash",),
)
BY_THEMSELVES = (CREDENTIAL_PROCESS, HOOK)

TOP = Verb(
    "",
    "help.nothing",
    options=(HELP, Option(("--version",), "wants_version", unsaid=False)),
    verbs=(
        *(AUTH, LOCK, STATUS, LIST, ENV, CONSOLE, LOG, SHELL, DOCTOR, WHY, KEYS, AGENT),
        Verb("version", "help.version", options=(HELP,)),
        Verb("help", "help.usage", options=(HELP,)),
    ),
)
