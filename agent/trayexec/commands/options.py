"""The table of verbs and options: what may stand on a command line. Data alone; `reading.py` reads words by it.

`light/run.py`, `light/credential_process.py` and `live/hook.py` are too quick for a table: a test says that they agree.
Its classes are written out: every verb loads them, and `dataclasses` and `enum` cost more than all that most verbs do.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    # What stands behind an option. `wait`: seconds for a person; `need`: of life that credentials are to have;
    # `console`: that a console's session is to last, `long`: that a role is; `lines`: how many.
    Value = Literal["text", "number", "lines", "wait", "need", "console", "long"]
    # What holds where a verb's word is not on the line: nothing, AWS_PROFILE (else an error), or an error.
    Absent = Literal["nothing", "callers", "missing"]


class Option:
    """An option: each way to write it, and the field that it sets."""

    __slots__ = (
        *("names", "field", "value", "metavar", "choices", "unsaid", "sets"),
        *("repeats", "hidden", "excludes", "of_many"),
    )

    def __init__(  # noqa: PLR0913 — a row of the table
        self,
        names: tuple[str, ...],
        field: str,
        value: "Value | None" = None,
        metavar: str = "",
        *,
        choices: tuple[str, ...] = (),
        unsaid: object = None,
        sets: object = True,
        repeats: bool = False,
        hidden: bool = False,
        excludes: tuple[str, ...] = (),
        of_many: bool = False,
    ) -> None:
        """Without a `value` it sets `sets`, and `unsaid` holds where it is not on the line.

        `repeats`: each one adds to a list; `hidden`: for our own processes, not for people; `excludes`: options that do
        not go with it; `of_many`: only for a run over several profiles.
        """
        self.names = names
        self.field = field
        self.value = value
        self.metavar = metavar
        self.choices = choices
        self.unsaid = unsaid
        self.sets = sets
        self.repeats = repeats
        self.hidden = hidden
        self.excludes = excludes
        self.of_many = of_many


class Word:
    """The word behind a verb."""

    __slots__ = ("absent", "choices", "field", "metavar", "repeats")

    def __init__(
        self,
        field: str,
        metavar: str,
        *,
        choices: tuple[str, ...] = (),
        absent: "Absent" = "nothing",
        repeats: bool = False,
    ) -> None:
        """`repeats`: each one adds to a list."""
        self.field = field
        self.metavar = metavar
        self.choices = choices
        self.absent = absent
        self.repeats = repeats


class Verb:
    """A verb: the word and the options behind it, or the verbs; `act` is the module and the function that does it."""

    __slots__ = ("act", "examples", "name", "options", "verbs", "word")

    def __init__(  # noqa: PLR0913 — a row of the table
        self,
        name: str,
        act: str = "",
        word: Word | None = None,
        options: tuple[Option, ...] = (),
        *,
        verbs: "tuple[Verb, ...]" = (),
        examples: tuple[str, ...] = (),
    ) -> None:
        """Without `act` it is read without this table, or is nothing without one of its verbs.

        `examples` are what follows `trayexec `.
        """
        self.name = name
        self.act = act
        self.word = word
        self.options = options
        self.verbs = verbs
        self.examples = examples


def _flag(name: str, field: str = "", *, of_many: bool = False, hidden: bool = False) -> Option:
    return Option((name,), field or name.lstrip("-").replace("-", "_"), unsaid=False, of_many=of_many, hidden=hidden)


HELP = Option(("-h", "--help"), "wants_help", unsaid=False)
JSON = _flag("--json")
REGION = Option(("--region",), "region", "text", "R")
SOURCE = Option(("--source",), "source", "text", "P")  # of a role that is named by its ARN
POLICIES = (  # what narrows a role
    Option(("--policy",), "policies", "text", "ARN|FILE", repeats=True),
    Option(("--read-only",), "policies", sets="--read-only", repeats=True),
)
LONG = Option(("--long",), "long", "long", "8h")  # of a role that a code of its own opens
NEED = Option(("--need",), "need", "need", "2h")


def _waits(seconds: int) -> tuple[Option, Option]:
    """How long to wait for a person, where nothing is said so many seconds."""
    return (
        Option(("--wait",), "wait", "wait", "S", unsaid=seconds),
        Option(("--no-wait",), "wait", sets=0, unsaid=seconds),
    )


WAIT, NO_WAIT = _waits(120)
LITERAL = Option(("--profile",), "profile", "text", "NAME")  # wherever a profile can be named; read before all others

PROFILE = Word("profile", "PROFILE", absent="missing")
CALLERS_PROFILE = Word("profile", "PROFILE", absent="callers")
SOME_PROFILE = Word("profile", "PROFILE")
IDENTITY = Word("identity", "IDENTITY")

RUN = Verb(
    "",
    word=Word("profiles", "PROFILE", repeats=True),
    options=(
        *(REGION, SOURCE, *POLICIES, LONG, NEED, WAIT, NO_WAIT),
        Option(("--live",), "live", unsaid=False, excludes=("--server",)),
        Option(("--server",), "server", unsaid=False, excludes=("--live",)),
        Option(("--except",), "leave_out", "text", "GLOB", repeats=True, of_many=True),
        Option(("--jobs",), "jobs", "number", "N", of_many=True),
        Option(("--output",), "output", "text", "prefix|grouped|json|dir=PATH", unsaid="prefix", of_many=True),
        *(_flag("--dry-run", of_many=True), _flag("--fail-fast", of_many=True), _flag("--keep-going", of_many=True)),
        *(_flag("--retry-failed", of_many=True), _flag("--yes", of_many=True)),
    ),
    examples=(
        "account-a -- aws s3 ls",
        "--live account-a -- terraform apply",
        "'account-*' --output dir=logs -- aws sts get-caller-identity",
    ),
)

AUTH = Verb(
    "auth",
    "unlock.auth",
    IDENTITY,
    (HELP, _flag("--code-stdin"), _flag("--force"), _flag("--no-browser"), WAIT, NO_WAIT),
    examples=("auth", "auth --force --wait 5m"),
)
LOCK = Verb("lock", "unlock.lock", IDENTITY, (HELP,), examples=("lock", "lock default"))
STATUS = Verb(
    "status",
    "show.status",
    options=(
        HELP,
        Option(("--json",), "json", unsaid=False, excludes=("--format",)),
        Option(("--format",), "format", "text", "TEXT", excludes=("--json",)),
    ),
    examples=("status", "status --json", "status --format '{identity} {left}'"),
)
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
            "text",
            choices=("sh", "fish", "pwsh", "dotenv", "json", "ini"),
            unsaid="sh",
        ),
        *(REGION, SOURCE, *POLICIES, LONG, WAIT, NO_WAIT, NEED),
    ),
    examples=("env account-a", "env account-a --format dotenv --need 30m", "env account-a --read-only"),
)
CONSOLE = Verb(
    "console",
    "console.console",
    CALLERS_PROFILE,
    (
        HELP,
        Option(("--service",), "service", "text", "S", excludes=("--destination",)),
        Option(("--destination",), "destination", "text", "PATH|URL", excludes=("--service",)),
        Option(("--print",), "print", unsaid=False, excludes=("--copy",)),
        Option(("--copy",), "copy", unsaid=False, excludes=("--print",)),
        Option(("--duration",), "duration", "console", "45m"),
        *(REGION, SOURCE, *POLICIES, WAIT, NO_WAIT),
    ),
    examples=(
        "console account-a",
        "console account-a --service s3 --region eu-west-1",
        "console account-a --destination /s3/buckets --copy",
    ),
)
LOG = Verb(
    "log",
    "log.log",
    options=(
        *(HELP, Option(("-f", "--follow"), "follow", unsaid=False), JSON),
        Option(("-n",), "n", "lines", "N"),
    ),
    examples=("log -n 20", "log --follow"),
)
SHELL = Verb(
    "shell",
    "live.shell",
    SOME_PROFILE,
    (HELP, REGION, SOURCE, WAIT, NO_WAIT, NEED),
    examples=("shell", "shell account-a", "shell account-a --need 30m"),
)
DOCTOR = Verb("doctor", "doctor.doctor", options=(HELP, JSON), examples=("doctor", "doctor --json"))
WHY = Verb("why", "why.why", PROFILE, (HELP, SOURCE, JSON), examples=("why account-a", "why account-a --json"))
KEYS = Verb(
    "keys",
    options=(HELP,),
    verbs=(
        Verb(
            "add",
            "keys.add",
            PROFILE,
            (HELP, _flag("--env"), _flag("--memory"), Option(("--yes", "--force"), "yes", unsaid=False)),
            examples=("keys add default", "keys add default --env", "keys add default --memory"),
        ),
        Verb(
            "import",
            "keys_import.take_over",
            Word("profiles", "PROFILE", repeats=True),
            (
                *(HELP, _flag("--dry-run"), _flag("--yes"), JSON),
                Option(("--long-term-suffix",), "long_term_suffix", "text", "SUFFIX", repeats=True),
                _flag("--aws-vault"),
            ),
            examples=("keys import --dry-run", "keys import default", "keys import --aws-vault"),
        ),
        Verb("list", "keys.listed", options=(HELP, JSON), examples=("keys list", "keys list --json")),
        Verb(
            "rotate",
            "keys_rotate.rotate",
            IDENTITY,
            (HELP, _flag("--dry-run"), _flag("--yes"), JSON, WAIT, NO_WAIT),
            examples=("keys rotate", "keys rotate default --dry-run"),
        ),
        Verb("remove", "keys.remove", PROFILE, (HELP,), examples=("keys remove default", "keys remove --profile -x")),
    ),
)
CONFIG = Verb(
    "config",
    options=(HELP,),
    verbs=(
        Verb("path", "config.path", options=(HELP,), examples=("config path", "config show")),
        Verb("show", "config.show", options=(HELP, JSON), examples=("config show", "config show --json")),
        Verb("edit", "config.edit", options=(HELP,), examples=("config edit", "config check")),
        Verb("check", "config.check", options=(HELP,), examples=("config check", "config edit")),
    ),
)
SETUP = Verb(
    "setup",
    "setup.setup",
    options=(HELP, _flag("--dry-run"), Option(("--from",), "shared", "text", "FILE")),
    examples=("setup", "setup --dry-run", "setup --from team.toml"),
)
AUTOSTART = Verb(
    "autostart",
    options=(HELP,),
    verbs=(
        Verb("enable", "autostart.enable", options=(HELP,), examples=("autostart enable", "autostart status")),
        Verb("disable", "autostart.disable", options=(HELP,), examples=("autostart disable", "autostart status")),
        Verb(
            "status",
            "autostart.status",
            options=(HELP, JSON),
            examples=("autostart status", "autostart status --json"),
        ),
    ),
)
COMPLETION = Verb(
    "completion",
    "completion.completion",
    Word("shell", "bash|zsh|fish", choices=("bash", "zsh", "fish")),
    (HELP, Option(("--line",), "line", "text", "WORDS", hidden=True)),
    examples=("completion bash", "completion zsh", "completion fish"),
)
AGENT = Verb(
    "agent",
    "agent.agent",
    Word("what", "start|stop|restart", choices=("start", "stop", "restart")),
    (
        *(HELP, _flag("--headless"), _flag("--isolated", hidden=True)),
        Option(("--ready-fd",), "ready_fd", "number", "FD", hidden=True),
        Option(("--inherit",), "inherit", "text", "FDS", hidden=True),
    ),
    examples=("agent start", "agent stop", "agent restart", "agent --headless"),
)

# Read without this table, for programs and shells wait for them; here for the help.
CREDENTIAL_PROCESS = Verb(
    "credential-process",
    word=PROFILE,
    options=(
        HELP,
        *_waits(50),  # the Go SDK gives up after 60
        *(_flag("--from-files", hidden=True), _flag("--or-from-files", hidden=True)),
    ),
    examples=("credential-process account-a", "credential-process account-a --wait 20"),
)
HOOK = Verb(
    "hook",
    word=Word("shell", "bash|zsh|fish|direnv", choices=("bash", "zsh", "fish", "direnv"), absent="missing"),
    options=(HELP,),
    examples=("hook bash", "hook fish", "hook direnv"),
)
BY_THEMSELVES = (CREDENTIAL_PROCESS, HOOK)

TOP = Verb(
    "",
    "help.nothing",
    options=(HELP, Option(("--version",), "wants_version", unsaid=False)),
    verbs=(
        *(AUTH, LOCK, STATUS, LIST, ENV, CONSOLE, LOG, SHELL, DOCTOR, WHY, SETUP, KEYS, CONFIG, AUTOSTART, AGENT),
        COMPLETION,
        Verb("version", "help.version", options=(HELP,), examples=("version", "status --json")),
        Verb(
            "help",
            "help.usage",
            Word("topics", "VERB|run|all", repeats=True),
            (HELP,),
            examples=("help", "help keys add", "help run", "help all"),
        ),
    ),
)
