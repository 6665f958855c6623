"""The verbs, their options and their help: what `trayexec help` prints is written here and nowhere else."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from trayexec import __version__
from trayexec.commands.usage_errors import explain, unknown_verb, unknown_words
from trayexec.light import context, durations, misuse
from trayexec.light.errors import TrayexecError, trouble
from trayexec.light.translate import is_japanese, language

RUN = """\
usage: trayexec [--region R] [--need 2h] [--wait S | --no-wait] PROFILE -- CMD…
       trayexec [OPTION…] PROFILE|GLOB|@GROUP… -- CMD…
       trayexec --live [PROFILE] -- CMD…
       trayexec --server PROFILE -- CMD…
       trayexec VERB …

One MFA code in the morning, every AWS account all day, and no key on disk.

run a command with a profile's credentials:
  PROFILE -- CMD…      a `--` on the line means run. The command takes this process's place: its terminal, its
                       signals and its exit status are its own
  -- CMD…              the same for the profile that AWS_PROFILE names
  --region R           the region for the command, whatever the profile says
  --need 2h            renew first unless so much time is left (90s, 15m, 1h30m)
  --wait S             how long to wait for a person who enters the code (120 seconds); --no-wait does not wait
  --profile NAME       for a profile whose name looks like something else: -x, @home, star*; for verbs, too
  --live [PROFILE]     credentials that renew by themselves while CMD runs; inside, AWS_PROFILE names any profile.
                       `aws configure` and the like change your own ~/.aws/config
  --server PROFILE     the same over HTTP, for what wants a container's credentials: an address on 127.0.0.1 and a token
                       of its own, for as long as CMD runs. trayexec stays as its parent

run it once for each of several profiles, side by side:
  P1 'prod-*' @group -- CMD…
                       names, globs, and groups from [groups] in config.toml; each profile once. Credentials for all
                       come first. CMD gets TRAYEXEC_PROFILE and TRAYEXEC_ACCOUNT, an empty standard input and no
                       terminal
  --except GLOB        leave these out: a name, a glob or a @group; may be repeated
  --jobs N             how many run at a time (8)
  --output prefix      `[account-a] line`, as it comes; a line beyond 1 MiB goes on behind `[account-a]+`
  --output grouped     each profile's output whole, when it ends
  --output json        one object a profile: profile, account, status, seconds, stdout, stderr, replaced, error
  --output dir=PATH    PATH/account-a.out and PATH/account-a.err
  --dry-run            only say who would run
  --keep-going         run the others where a profile gets no credentials; else nothing runs then
  --fail-fast          at the first failure end the others, and begin no more
  --retry-failed       those that did not succeed in the last run
  --yes                more than 10 profiles on a terminal: do not ask

verbs:
  shell [PROFILE]      your shell under --live. TRAYEXEC_PROFILE is there for its prompt
  auth [IDENTITY]      open the session: asks for the MFA code. --force renews an open one; --code-stdin reads the
                       code from standard input; --wait and --no-wait as for a run
  lock [IDENTITY]      forget session and role credentials now
  status               identities and the time they have left
  list                 profiles, accounts, roles, state, problems
  env PROFILE          print credentials for another tool: --format sh (for eval), fish, pwsh, dotenv, json or ini;
                       --region, --need, --wait and --no-wait as for a run
  console PROFILE      open the AWS console in the browser, signed in as the profile's role: --service s3 opens it
                       there, --region in that region, --print prints the address; --duration 45m makes sure that the
                       session lasts so long (an hour at most)
  log                  who asked for which profile, when, from which program, and what was answered; -n N shows the
                       last N only, --follow goes on with what comes
  keys add PROFILE     store long-term keys in the keychain of this desktop; --env takes them from
                       AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, --yes replaces others without a question
  keys list            the identities of your AWS config, whether and whose keys are stored for them, and what
                       else is stored
  keys remove PROFILE  take the keys out of the keychain
  credential-process PROFILE
                       AWS's credential_process document, for ~/.aws/config; --wait S (50 seconds) and --no-wait as
                       for a run
  hook bash|zsh|fish   shell code: AWS_PROFILE=account-a works in the shell you have, and completion
  hook direnv          shell code for ~/.config/direnv/direnvrc: `use trayexec account-a` in an .envrc
  doctor               what in this machine or shell stands in the way
  why PROFILE          how a profile resolves, step by step
  agent                run the agent in the foreground; --headless: without an icon
  agent start | stop   start or stop it in the background. The first command that needs it starts it, too
  version · help       say which version this is · print this

`status`, `list`, `log`, `keys list`, `doctor` and `why` take --json.

exit status: the command's own; 127 not found and 126 not executable, before any prompt; 125 trayexec could not;
2 usage. Of several profiles: 0 all succeeded, 123 some command failed, 125 some profile got no credentials.

environment: TRAYEXEC_SOCKET names the private socket, TRAYEXEC_NO_AUTOSTART=1 keeps commands from starting an
agent. AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and AWS_ENDPOINT_URL are honoured, also per project.

settings: config.toml in ~/.config/trayexec; see trayexec(1).
"""


BY_THEMSELVES = ("credential-process", "hook")  # verbs that are read without this parser


class SayingParser(argparse.ArgumentParser):
    """Argparse, speaking as the rest of us does."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the words, instead of ending the process."""
        raise TrayexecError(explain(message))

    def format_help(self) -> str:
        """The one help there is."""
        return RUN


def parser() -> argparse.ArgumentParser:
    """The parser of all verbs; each names, as `act`, the room and the function that does it."""
    top = SayingParser(prog="trayexec", add_help=False)
    top.add_argument("-h", "--help", action="store_true", dest="wants_help")
    top.add_argument("--version", action="store_true", dest="wants_version")
    top.set_defaults(act="parse.nothing")
    verbs = top.add_subparsers(parser_class=SayingParser, metavar="VERB")

    auth = verbs.add_parser("auth")
    auth.add_argument("identity", nargs="?")
    auth.add_argument("--code-stdin", action="store_true")
    auth.add_argument("--force", action="store_true")
    _waits(auth)
    auth.set_defaults(act="unlock.auth")

    lock = verbs.add_parser("lock")
    lock.add_argument("identity", nargs="?")
    lock.set_defaults(act="unlock.lock")

    for name, act in (("status", "show.status"), ("list", "show.profiles")):
        verb = verbs.add_parser(name)
        verb.add_argument("--json", action="store_true")
        verb.set_defaults(act=act)

    _telling(verbs)
    shell = verbs.add_parser("shell")
    shell.add_argument("profile", nargs="?")
    _as_a_run(shell)
    shell.add_argument("--need", type=need)
    shell.set_defaults(act="live.shell")

    doctor = verbs.add_parser("doctor")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(act="doctor.doctor")
    why = verbs.add_parser("why")
    _of_a_profile(why)
    why.add_argument("--json", action="store_true")
    why.set_defaults(act="why.why")

    kept = verbs.add_parser("keys").add_subparsers(parser_class=SayingParser, metavar="add|list|remove", required=True)
    add = kept.add_parser("add")
    _of_a_profile(add)
    add.add_argument("--env", action="store_true")
    add.add_argument("--yes", "--force", action="store_true")
    add.set_defaults(act="keys.add")
    stored = kept.add_parser("list")
    stored.add_argument("--json", action="store_true")
    stored.set_defaults(act="keys.listed")
    remove = kept.add_parser("remove")
    _of_a_profile(remove)
    remove.set_defaults(act="keys.remove")

    ours = verbs.add_parser("agent")
    ours.add_argument("what", nargs="?", choices=("start", "stop"))
    for flag, text in (("--headless", None), ("--isolated", argparse.SUPPRESS)):
        ours.add_argument(flag, action="store_true", help=text)
    ours.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    ours.set_defaults(act="agent.agent")

    verbs.add_parser("version").set_defaults(act="parse.version")
    verbs.add_parser("help").set_defaults(act="parse.usage")
    return top


def read(words: Sequence[str], environ: Mapping[str, str]) -> argparse.Namespace:
    """What a verb is asked to do. Raises TrayexecError (`usage`) for what it cannot read."""
    top = parser()
    slip = unknown_verb(words, verbs(), environ)
    if slip is not None:
        raise TrayexecError(slip)
    names, rest = literal(words)
    options, unknown = top.parse_known_args(rest)
    if unknown:
        raise TrayexecError(unknown_words(unknown, options_of(top, rest)))
    name = next((name for name in ("profile", "identity") if hasattr(options, name)), None)
    if names and (name is None or len(names) > 1 or getattr(options, name) is not None):
        raise TrayexecError(unknown_words(["--profile", names[-1]], ()))
    if names and name is not None:
        setattr(options, name, names[0])
    if getattr(options, "takes_callers", False) and options.profile is None:
        options.profile = context.chosen(environ)
        if options.profile is None:
            raise misuse.nobody(verb=rest[0])
    if getattr(options, "needs_profile", False) and options.profile is None:
        raise TrayexecError(explain("the following arguments are required: profile"))
    return options


def verbs() -> tuple[str, ...]:
    """Every verb there is."""
    return (*_choices(parser()), *BY_THEMSELVES)


def options_of(top: argparse.ArgumentParser, words: Sequence[str]) -> tuple[str, ...]:
    """The options of the verb that these words name."""
    at = top
    for word in words:
        at = _choices(at).get(word, at)
    return tuple(
        option
        for action in at._actions  # noqa: SLF001 — argparse tells it in no other way
        if action.help is not argparse.SUPPRESS
        for option in action.option_strings
    )


def _choices(at: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The verbs below this one."""
    for action in at._actions:  # noqa: SLF001 — likewise
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 — likewise
            return dict(action.choices)
    return {}


def literal(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names given with `--profile`, and all other words. Argparse would take `-x` for an option, `--` for none."""
    names: list[str] = []
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        option, equals, value = word.partition("=")
        if option != "--profile":
            rest.append(word)
        elif equals or left:
            names.append(value if equals else left.pop(0))
        else:
            raise TrayexecError(explain("argument --profile: expected one argument"))
    return names, rest


def _of_a_profile(verb: argparse.ArgumentParser) -> None:
    """A verb for one profile; its name may stand alone or after `--profile`."""
    verb.add_argument("profile", nargs="?")
    verb.set_defaults(needs_profile=True)


def _telling(verbs: "argparse._SubParsersAction[SayingParser]") -> None:
    """The verbs that hand out, or tell what was handed out."""
    printed = verbs.add_parser("env")
    _of_a_profile(printed)
    printed.add_argument("--format", choices=("sh", "fish", "pwsh", "dotenv", "json", "ini"), default="sh")
    _as_a_run(printed)
    printed.add_argument("--need", type=need)
    printed.set_defaults(act="env.env", takes_callers=True)

    site = verbs.add_parser("console")
    _of_a_profile(site)
    site.add_argument("--service")
    site.add_argument("--print", action="store_true")
    site.add_argument("--duration", type=console_life)
    _as_a_run(site)
    site.set_defaults(act="console.console", takes_callers=True)

    asked = verbs.add_parser("log")
    asked.add_argument("-f", "--follow", action="store_true")
    asked.add_argument("--json", action="store_true")
    asked.add_argument("-n", type=_count)
    asked.set_defaults(act="log.log")


def _as_a_run(verb: argparse.ArgumentParser) -> None:
    """The options that a run has as well."""
    verb.add_argument("--region")
    _waits(verb)


def _waits(verb: argparse.ArgumentParser) -> None:
    """How long to wait for a person; where the one can be said, the other can."""
    verb.add_argument("--wait", type=seconds, default=120)
    verb.add_argument("--no-wait", dest="wait", action="store_const", const=0)


def _help(environ: Mapping[str, str]) -> str:
    """The help in the person's language."""
    if not is_japanese(language(environ)):
        return RUN
    from trayexec.japanese import HELP  # noqa: PLC0415 — only for who reads it

    return HELP


def nothing(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """No verb at all: what the two options ask for, else the help, as an error."""
    if options.wants_version:
        return version(options, environ)
    if options.wants_help:
        return usage(options, environ)
    sys.stderr.write(_help(environ))
    return 2


def usage(_options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """`help`."""
    sys.stdout.write(_help(environ))
    return 0


def version(_options: argparse.Namespace, _environ: Mapping[str, str]) -> int:
    """`version`."""
    sys.stdout.write(f"trayexec {__version__}\n")
    return 0


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise TrayexecError(
            trouble("usage", "{value} is not a number of lines.", "`trayexec help` shows every option.", value=text)
        )
    return int(text)


def seconds(text: str) -> int:
    """Seconds from a duration of a wait, as argparse wants it."""
    return _up_to(text, durations.LONGEST_WAIT)


def need(text: str) -> int:
    """Seconds of life that credentials are to have, as argparse wants it."""
    return _up_to(text, durations.LONGEST_NEED)


def console_life(text: str) -> int:
    """Seconds that a console's session is to last: AWS ends those of a role assumed with a session after an hour."""
    return _up_to(text, 3600)


def _up_to(text: str, most: int) -> int:
    try:
        return durations.parse_up_to(text, most)
    except ValueError as error:
        raise TrayexecError(
            trouble("usage", "{why}.", "`trayexec help` shows every option.", why=error.args[0])
        ) from None
