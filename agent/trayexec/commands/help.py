"""The help: of all verbs, and of one, cut from the same text; which version this is."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from trayexec import __version__
from trayexec.commands.options import HELP as ASKED
from trayexec.commands.options import LITERAL, RUN, Option, Verb
from trayexec.commands.reading import Options
from trayexec.light import paths, stderr
from trayexec.light.context import language
from trayexec.light.errors import Text, TrayexecError
from trayexec.light.translate import is_japanese, speaker

HELP = """\
usage: trayexec [--region R] [--need 2h] [--wait S | --no-wait] PROFILE -- CMD…
       trayexec [--source P] ROLE_ARN|ACCOUNT:ROLE -- CMD…
       trayexec [OPTION…] PROFILE|GLOB|@GROUP… -- CMD…
       trayexec --live [PROFILE] -- CMD…
       trayexec --server PROFILE -- CMD…
       trayexec VERB …

One MFA code in the morning, every AWS account all day, and no key on disk.

run a command with a profile's credentials:
  PROFILE -- CMD…      a `--` on the line means run. The command takes this process's place: its terminal, its
                       signals and its exit status are its own
  -- CMD…              the same for the profile that AWS_PROFILE names; where it names none you choose from a list, on
                       a terminal: Tab marks several. Likewise with --live, shell, env and console
  ROLE_ARN -- CMD…     the same as a role without a profile of its own: arn:aws:iam::222222222222:role/X, or
                       222222222222:X. Session name, region and the way to AWS are those of its source
  --source P           the profile or identity to assume it from; where there is one identity, that
  --read-only          let the role do no more than AWS's ReadOnlyAccess allows
  --policy ARN|FILE    let it do no more than this policy allows: one in a file (JSON), or stored ones by ARN; with
                       several, what one of them allows
  --long 8h            a session of the role for so long, up to 12 hours if the role allows it: costs a code of its own
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
                       code from standard input; --wait and --no-wait as for a run. For a session or a profile of
                       IAM Identity Center: sign in; --no-browser shows address and code and opens no page
  lock [IDENTITY]      forget session and role credentials now
  status               identities and the time they have left
  list                 profiles, accounts, roles, state, problems
  env PROFILE          print credentials for another tool: --format sh (for eval), fish, pwsh, dotenv, json or ini;
                       --region, --source, --read-only, --policy, --long, --need, --wait and --no-wait as for
                       a run
  console PROFILE      open the AWS console in the browser, signed in as the profile's role (an identity: as a federated
                       user, without MFA): --service s3 opens it there, --region in that region, --destination at a
                       path (/s3/buckets/logs) or an address of the console; --print prints the address, --copy puts it
                       into the clipboard; --duration 45m makes sure that the session lasts so long (an hour at most)
  log                  who asked for which profile, when, from which program, and what was answered; -n N shows the
                       last N only, --follow goes on with what comes
  keys add PROFILE     store long-term keys in the keychain of this desktop; --env takes them from
                       AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, --yes replaces others without a question;
                       --memory lets the agent hold them until it ends, where there is no keychain
  keys import [PROFILE…]
                       store the keys that your AWS files hold, aws-mfa's too, and take them out of the files if you
                       agree: the changes are shown, the old text is kept. --dry-run only shows, --yes does not ask;
                       --long-term-suffix SUFFIX is the one that you gave aws-mfa; --aws-vault takes those that
                       aws-vault keeps in the same keychain
  keys list            the identities of your AWS config, whether and whose keys are stored for them, and what
                       else is stored
  keys rotate [IDENTITY]
                       make a new access key with AWS, store it in place of the old one, and delete that. Interrupted
                       anywhere, the next one goes on from there; --dry-run only says what it would do, --yes does not
                       ask
  keys remove PROFILE  take the keys out of the keychain
  credential-process PROFILE
                       AWS's credential_process document, for ~/.aws/config; --wait S (50 seconds) and --no-wait as
                       for a run
  hook bash|zsh|fish   shell code: AWS_PROFILE=account-a works in the shell you have, and completion
  hook direnv          shell code for ~/.config/direnv/direnvrc: `use trayexec account-a` in an .envrc
  doctor               what in this machine or shell stands in the way
  setup                a guided first run: the AWS config, keys, the MFA device, a first session, your shell, start at
                       login. Each change is shown first; run it at any time, what is done is passed over; --dry-run
                       only says; --from FILE first takes over the accounts, roles, groups and colours that a team
                       shares
  why PROFILE          how a profile resolves, step by step with file and line, and how it stands
  config show          our settings as they are in force, written as in config.toml
  config path          where that file is
  config check         whether it is right
  config edit          change it in your editor; it counts once it is right
  autostart enable     start the agent, and so its icon, whenever you log in: the files are shown as they are written
  autostart disable    take them away again
  autostart status     whether it starts at login, and what is in its way
  agent                run the agent in the foreground; --headless: without an icon
  agent start | stop   start or stop it in the background. The first command that needs it starts it, too
  version · help       say which version this is · print this

`status`, `list`, `log`, `keys list`, `keys import`, `keys rotate`, `config show`, `autostart status`, `doctor` and
`why` take --json.

exit status: the command's own; 127 not found and 126 not executable, before any prompt; 125 trayexec could not;
2 usage. Of several profiles: 0 all succeeded, 123 some command failed, 125 some profile got no credentials.

environment: TRAYEXEC_SOCKET names the private socket, TRAYEXEC_NO_AUTOSTART=1 keeps commands from starting an
agent. AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and AWS_ENDPOINT_URL are honoured, also per project.

settings: config.toml in ~/.config/trayexec; see trayexec(1).
"""


def nothing(options: Options, environ: Mapping[str, str]) -> int:
    """No verb at all: what the two options ask for, else the help, as an error."""
    if options.wants_version:
        return version(options, environ)
    if options.wants_help:
        return usage(options, environ)
    sys.stderr.write(_help(environ))
    if _is_nothing_usable(environ):
        stderr.say(speaker(environ)(Text("no profile can be used yet: `trayexec setup` leads you through it")))
    return 2


def usage(_options: Options, environ: Mapping[str, str]) -> int:
    """`help`."""
    sys.stdout.write(_help(environ))
    return 0


def of_verb(options: Options, environ: Mapping[str, str]) -> int:
    """`VERB --help`."""
    sys.stdout.write(told(options.path, _help(environ)))
    return 0


def version(_options: Options, _environ: Mapping[str, str]) -> int:
    """`version`."""
    sys.stdout.write(f"trayexec {__version__}\n")
    return 0


def told(path: Sequence[Verb], whole: str) -> str:
    """How a verb is written, what the whole help, in either language, says of it and its options, and examples."""
    verb, words = path[-1], [one.name for one in path]
    first, second = [line.partition("trayexec")[0] for line in whole.splitlines()[:2]]
    lines = [*usages(words, verb)]
    text = "".join(f"{first if line is lines[0] else second}{line}\n" for line in lines)
    heads = [words, *([name] for option in _as_for_a_run(verb) for name in option.names)]
    entries = [entry for head in heads for entry in _entries(whole, head)]
    if entries:
        text += "\n" + "".join(entries)
    examples = [one for each in (verb, *verb.verbs) for one in each.examples]
    if examples:
        text += "\n" + "".join(f"  $ trayexec {one}\n" for one in examples)
    return text


def usages(words: Sequence[str], verb: Verb) -> Iterator[str]:
    """How a verb is written; with verbs of its own below it, how each of these is."""
    for one in verb.verbs:
        yield from usages([*words, one.name], one)
    if not verb.verbs:
        yield " ".join(("trayexec", *words, *_word(verb), *_options(verb.options)))


def _word(verb: Verb) -> Iterator[str]:
    if verb.word is not None:
        yield verb.word.metavar if verb.word.absent == "missing" else f"[{verb.word.metavar}]"


def _options(options: Sequence[Option]) -> Iterator[str]:
    """Each as it is written; those that set one field are alternatives."""
    fields: dict[str, list[str]] = {}
    for option in options:
        if option is not ASKED and not option.hidden:
            value = option.metavar or "|".join(option.choices)
            name = next((one for one in option.names if one.startswith("--")), option.names[0])
            fields.setdefault(option.field, []).append(f"{name} {value}".rstrip())
    for written in fields.values():
        yield f"[{' | '.join(written)}]"


def _as_for_a_run(verb: Verb) -> tuple[Option, ...]:
    """The options of which the help has entries: those that a run has as well, and what names a profile."""
    named = verb.word is not None and verb.word.field == "profile"
    return (*(option for option in verb.options if option in RUN.options), *((LITERAL,) if named else ()))


def _entries(whole: str, head: Sequence[str]) -> Iterator[str]:
    """The entries that begin with these words, each with the lines below that go on with it."""
    lines = whole.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if not line.startswith("  ") or line.startswith("   "):
            continue
        heads = [one.split()[: len(head)] for one in line[2:].partition("  ")[0].replace("|", " ").split(" · ")]
        if list(head) in heads:
            end = number + 1
            while lines[end].startswith("   "):
                end += 1
            yield "".join(lines[number:end])


def _is_nothing_usable(environ: Mapping[str, str]) -> bool:
    """Whether no profile can be used, or no keys are stored that those which can be would need."""
    from trayexec.adapters import stored_keys  # noqa: PLC0415 — only for who types no verb
    from trayexec.adapters.aws_files import files_of_this_user  # noqa: PLC0415 — likewise

    try:
        found = files_of_this_user(environ).load()
    except TrayexecError:
        return False  # somebody has written something
    stored = stored_keys.read(paths.stored_path(environ))
    elsewhere = found.providers or os.path.lexists(paths.settings_path(environ))  # where keys may come from, too
    return (not found.providers and not found.identities) or not (stored or elsewhere)


def _help(environ: Mapping[str, str]) -> str:
    """The help in the person's language."""
    if not is_japanese(language(environ)):
        return HELP
    from trayexec.japanese import HELP as JAPANESE  # noqa: PLC0415 — only for who reads it

    return JAPANESE
