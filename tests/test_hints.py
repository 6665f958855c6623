"""What a hint or a message tells a person to type works: as it is written, with any name, in the state that said it.

Every template of the source is collected. Each command in one has to stand in backquotes, be quoted at the place that
says it, and be read by our own parsers; and each that names somebody is run in a state that says it.
"""

import ast
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from hints.said import every as sentences
from hints.test_follow import STATES as TYPED
from support.rig import Rig
from test_japanese import CARRIERS, SOURCE, templates
from trayexec.adapters.aws_files import AwsFiles
from trayexec.adapters.dialogs.choose import Dialogs, _on_a_terminal
from trayexec.adapters.keychain import _explain, _parse, _Said
from trayexec.adapters.sts_errors import Purpose, Request, _denied, _invalid, _signature
from trayexec.commands import run_options, unknown_verb
from trayexec.commands.parse import read, verbs
from trayexec.core import messages
from trayexec.core.broker import notifications
from trayexec.core.broker.events import Process
from trayexec.core.broker.expiry_watch import Run
from trayexec.core.broker.status import one_identity
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.inifile import profile_of
from trayexec.core.config.profiles import Catalogue, Identity, StsEndpoint
from trayexec.core.config.sections import header
from trayexec.core.config.surroundings import Surroundings
from trayexec.light import run
from trayexec.light.errors import Text, TrayexecError, Trouble

COMMAND = re.compile(r"`([^`]*)`")
# Functions whose answer a shell reads as it was meant; each is tested with every kind of name.
QUOTING = {"argument", "profile", "word", "join", "_as_a_run", "_some_identity", "removal"}
ALONE = {"verb"}  # placeholders of our own words
# Words for people to replace, and what stands in their place when it is tried.
METAVARS = {"PROFILE": "account-a", "IDENTITY": "default", "CMD…": "true", "…": "true", "SHELL": "bash"}
OURS = re.compile(r"\btrayexec (?:--?[a-z]|PROFILE\b|(?:%s)\b)")


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """Every template, and a place that says it."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for template, place in templates(ast.parse(path.read_text("utf-8")), path.relative_to(SOURCE).as_posix()):
            found.setdefault(template, place)
    return found


def commands(text: str) -> list[str]:
    """The commands of ours that stand in it."""
    return [one for one in COMMAND.findall(text) if re.search(r"(?:^|\(|[A-Z_]+=\S+ )trayexec\b", one)]


# Every template


def test_a_command_stands_in_backquotes(said: Mapping[str, str]) -> None:
    """So a person sees where it begins and ends, and these tests find it. A usage line is one command as a whole."""
    pattern = re.compile(OURS.pattern % "|".join(map(re.escape, verbs())))
    bare = {
        template: place
        for template, place in said.items()
        if pattern.search(COMMAND.sub("", template)) and not template.startswith(("Usage:", "usage:"))
    }
    assert set(bare) <= PROSE, bare


# Sentences in which one of our verbs is a plain word.
PROSE = {
    "A trayexec agent is already running (pid {pid}).",
    "No trayexec agent listens at {path}.",
}


def test_no_file_is_named_that_may_not_be_the_one(said: Mapping[str, str]) -> None:
    """AWS_CONFIG_FILE may name another: where the file is known it is a value, and else it is `your AWS config`."""
    assert not [place for template, place in said.items() if "~/.aws" in template]


def test_every_name_in_a_command_is_quoted() -> None:
    """At the place that says it: a name may hold blanks, quotes, a dash in front."""
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
            known = {
                target.id: node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for call in [node for node in ast.walk(function) if isinstance(node, ast.Call)]:
                wrong += [f"{path.name}:{call.lineno} {{{one}}}" for one in _unquoted(call, known)]
    assert not wrong


def _unquoted(call: ast.Call, known: Mapping[str, ast.expr]) -> Iterator[str]:
    """The placeholders in the commands of what is said here whose values are not quoted."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in CARRIERS:
        return
    said = [call.args[index] for index in CARRIERS[name] if index < len(call.args)]
    texts = [node.value for one in said for node in ast.walk(one) if isinstance(node, ast.Constant)]
    used = {
        hole
        for text in texts
        if isinstance(text, str)
        for command in commands(text) + [one for one in COMMAND.findall(text) if one == "{command}"]
        for hole in re.findall(r"\{(\w+)\}", command)
    }
    for keyword in call.keywords:
        if keyword.arg in used - ALONE:
            value = known.get(keyword.value.id, keyword.value) if isinstance(keyword.value, ast.Name) else keyword.value
            function = value.func if isinstance(value, ast.Call) else None
            if getattr(function, "id", getattr(function, "attr", "")) not in QUOTING:
                yield str(keyword.arg)


@pytest.mark.parametrize("name", ["prod", "a b'c", "-x", "@home", "star*"])
def test_every_command_can_be_read(said: Mapping[str, str], name: str) -> None:
    """With any name in it: the verb is there, its options too, and nothing is left over."""
    for template, place in said.items():
        for command in commands(template):
            if "{options}" in command:
                continue  # a line that was typed, tried below
            quoted = f"--profile {shlex.quote(name)}" if name[0] in "-@" or "*" in name else shlex.quote(name)
            filled = quoted.join(re.split(r"\{\w+\}", command.replace("{verb}", "lock")))
            _readable(filled, place)


def _readable(command: str, place: str) -> None:
    """Raises what our own parsers raise."""
    words = _words(command)
    if words[:1] == ["credential-process"] or words[:1] == ["hook"]:
        return
    if "--" in words:
        before = words[: words.index("--")]
        if run._request(before, {}) is None:
            run_options.read(before)
        return
    try:
        read(words, {"HOME": "/nonexistent"})
    except TrayexecError as error:
        pytest.fail(f"{place}: `{command}`: {error}")


def _words(command: str) -> list[str]:
    """The words after `trayexec`, with something in place of what a person replaces."""
    inner = command.partition("trayexec")[2].rstrip(')"')
    return [METAVARS.get(one, one) for one in shlex.split(inner)]


# In the state that says it


@dataclass(frozen=True, slots=True)
class World:
    """What is there: an identity with two devices under a name that a shell would take apart, and roles over it."""

    rig: Rig
    catalogue: Catalogue

    @property
    def identity(self) -> Identity:
        """`my base (old-phone)`."""
        return next(one for one in self.catalogue.identities if "old-phone" in one.name)

    def request(self, purpose: Purpose) -> Request:
        """A request to AWS for that identity."""
        return Request(purpose, StsEndpoint("eu-west-1"), "x", identity=self.identity.name, keys=self.identity.keys)

    def slip(self, *words: str) -> Trouble:
        """What is said of a line without `--`."""
        found = unknown_verb.explained(words, verbs(), self.rig.env)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def world(open_rig: Rig) -> World:
    """The open rig under such a config."""
    base = open_rig.sim.world.config_text(open_rig.sim.url)
    alice = open_rig.sim.world.device().serial
    open_rig.config(
        f'{base}\n[profile "my base"]\nmfa_serial = {alice}\n'
        f"[profile old]\nsource_profile = my base\nrole_arn = arn:aws:iam::222222222222:role/Deploy\n"
        f"mfa_serial = {alice.rpartition('/')[0]}/old-phone\nendpoint_url = {open_rig.sim.url}\n"
        f'[profile "it\'s b"]\nsource_profile = default\nrole_arn = arn:aws:iam::222222222222:role/Deploy\n'
        f"endpoint_url = {open_rig.sim.url}\n"
        "[profile broken]\nrole_arn = nonsense\nsource_profile = default\n"
        "[profile 'by sso']\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = x\n"
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://x\n"
    )
    path = open_rig.desk.home("home/.aws/config")
    catalogue = AwsFiles({}, session_name="me").load(Surroundings(str(path), str(path.with_name("credentials"))))
    return World(open_rig, catalogue)


def refused(call: Callable[[], object]) -> Trouble:
    """What it raises."""
    with pytest.raises(TrayexecError) as error:
        call()
    return error.value.trouble


MOMENT = Instant(1.0, 1.0)
RUN = Run(Process(1, 1), "aws", "it's b", Expiry(MOMENT, 1), MOMENT)
STATES: Mapping[str, Callable[[World], Trouble | Text]] = {
    "locked": lambda world: messages.locked(world.identity),
    "not enough": lambda world: messages.not_enough(world.identity),
    "locked meanwhile": lambda world: messages.locked_meanwhile(world.identity),
    "cancelled": lambda world: messages.cancelled(world.identity, 5),
    "paused": lambda world: messages.paused(world.identity, 5),
    "nobody": lambda world: messages.nobody(world.identity),
    "unknown profile": lambda world: messages.unknown_profile("accnt", world.catalogue),
    "unknown profile, nothing near": lambda world: messages.unknown_profile("zzz", world.catalogue),
    "no name": lambda world: messages.unknown_profile("", world.catalogue),
    "unknown identity": lambda world: messages.unknown_identity("defualt", world.catalogue),
    "several identities": lambda world: refused(lambda: one_identity(world.catalogue, "my base", "auth")),
    "several to lock": lambda world: refused(lambda: one_identity(world.catalogue, "my base", "lock")),
    "no served profile": lambda world: messages.no_identity(Catalogue({"broken": world.catalogue.profiles["broken"]})),
    "no profile": lambda _: messages.no_identity(Catalogue({})),
    "no dialog, by the settings": lambda world: Dialogs("terminal", {})._nothing(world.identity.name),
    "no display": lambda world: Dialogs("auto", {})._nothing(world.identity.name),
    "no dialog program": lambda world: Dialogs("auto", {"DISPLAY": ":1"})._nothing(world.identity.name),
    "no such dialog": lambda world: Dialogs("zenity", {"DISPLAY": ":1"})._nothing(world.identity.name),
    "a dialog that fails": lambda world: _on_a_terminal(Trouble("x", Text("x"), Text("")), world.identity.name),
    "keys aside": lambda world: messages.keys_aside(replace(world.identity, aside="my base-longterm")),
    "no keys": lambda world: _explain(_Said("missing"), world.identity.keys, 5),
    "damaged keys": lambda world: refused(lambda: _parse(world.identity.keys, "{}")),
    "no keychain": lambda world: _explain(_Said("mismatch"), world.identity.keys, 5),
    "an expired session": lambda world: _invalid("ExpiredToken", world.request(Purpose.ROLE)).trouble,
    "a revoked session": lambda world: _invalid("InvalidClientTokenId", world.request(Purpose.ROLE)).trouble,
    "an unknown key": lambda world: _invalid("InvalidClientTokenId", world.request(Purpose.SESSION)).trouble,
    "a wrong secret": lambda world: (
        _signature("SignatureDoesNotMatch", "", None, world.request(Purpose.SESSION), 0).trouble
    ),
    "a denied role": lambda world: _denied("", world.request(Purpose.ROLE)).trouble,
    "no dialog for a click": lambda world: notifications.no_dialog(world.identity).body,
    "a run that outlives": lambda _: notifications.outlived((RUN,), Instant(0, 0)).body,
    "a profile alone": lambda world: world.slip("it's b", "sh", "-c", "exit 0"),
    "an option alone": lambda world: world.slip("--region", "eu-west-1", "zzz"),
    "a near verb": lambda world: world.slip("lits"),
    "a near profile": lambda world: world.slip("acount"),
}
BAD = (
    *("There is no profile", "There is no identity", "There is no verb", "There is no group", "several identities"),
    *("Unknown option", "Unknown word", "Too much on this line", "This is missing", "Traceback", "went wrong inside"),
)


@pytest.mark.parametrize("state", STATES)
def test_what_is_said_can_be_done(world: World, state: str) -> None:
    """Each command of the message is run as it stands: it is understood, and finds whom it names."""
    what = STATES[state](world)
    text = f"{what.title} {what.hint}" if isinstance(what, Trouble) else str(what)
    found = commands(text)
    assert found or "section" in text or "[" in text, text
    for command in found:
        _follow(world.rig, _words(command))


def _follow(rig: Rig, words: list[str]) -> None:
    if words[0] == "auth" and "--wait" not in words:
        words = [*words, "--wait", "0"]
    if words == ["setup"]:  # it wants a terminal
        words = [*words, "--dry-run"]
    done = rig.run(*words, env={"TRAYEXEC_NO_AUTOSTART": "1"})
    assert done.status != 2, (words, done.err)
    assert not [one for one in BAD if one in done.err], (words, done.err)


def test_every_command_without_a_name_is_run(world: World, said: Mapping[str, str]) -> None:
    """Those that end or begin something for good are only read."""
    for command in {one for template in said for one in commands(template) if "{" not in one}:
        words = _words(command)
        if words and words[0] not in {"agent", "shell", "lock", "hook", "console"} and "--" not in words:
            _follow(world.rig, [*words, "default"] if words[0] == "auth" else words)


def test_every_sentence_with_a_command_has_a_state_in_which_it_is_tried(world: World) -> None:
    """Whoever writes a new one adds the state that says it, here or in `tests/hints`: its place is told."""
    tried = {template for make in STATES.values() for template in _templates(make(world))}
    tried |= {template for state in TYPED for template in (*state.says, *state.leads)}
    every = sentences()
    assert not {place: one for one, place in every.items() if one not in tried | UNTRIED}
    assert not UNTRIED - every.keys(), "nobody says these any more"


def _templates(what: Trouble | Text | object) -> Iterable[str]:
    if isinstance(what, Trouble):
        yield from _templates(what.title)
        yield from _templates(what.hint)
    elif isinstance(what, Text):
        yield what.template
        for value in what.values.values():
            yield from _templates(value)


# What is not typed in the state that says it; it is only read, above. These ask a running systemd for the time of this
# machine, or set it: there is none where the tests run, and no test may set the clock.
UNTRIED = {
    "Check this machine's clock (`timedatectl`), then try again.",
    "Set it: `sudo timedatectl set-ntp true` (or the system's date and time settings), then try again.",
    "Check this machine's clock first (`timedatectl`); then whether something inspects TLS on this network.",
}


def test_a_proposed_section_is_one() -> None:
    """The header that a hint proposes is read as the profile it is for, by the rule that botocore has for it."""
    for name in ("default", "prod", "a b", "it's b", 'say "hi"', "back\\slash", "日本 語"):
        assert profile_of(header(name)[1:-1]) == name
