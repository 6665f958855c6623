"""The run path: `trayexec PROFILE -- CMD…`. One question to the agent, then the command takes this process's place.

Every import here is paid for by every run, so there are almost none: tests/test_architecture.py holds the list, with
a reason for each. A verb, an error or a question to a person may import what it likes, when it happens.
"""

import errno
import io
import os
import sys

from trayexec import foreign
from trayexec.errors import Text, TrayexecError, lines, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

OK, USAGE, FAILED, NOT_EXECUTABLE, NOT_FOUND, INTERRUPTED = 0, 2, 125, 126, 127, 130

PLAIN = {"--region", "--need", "--wait", "--profile"}
SHELLS = {"sh", "bash", "zsh", "fish", "dash", "ksh"}
PATTERN = set("*?[")  # a word with one of these means every profile that matches
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


def main() -> "NoReturn":
    """`trayexec`: run, and end with its exit status."""
    sys.exit(_guarded(sys.argv[1:]))


def main_agent() -> "NoReturn":
    """`trayexec-agent`: the same as `trayexec agent`."""
    sys.exit(_guarded(["agent", *sys.argv[1:]]))


def _straighten() -> None:
    """Take from the path what PYTHONPATH put there: a project's `token.py` or `platform.py` is not the one we mean."""
    import site  # noqa: PLC0415 — loaded already, unless somebody wants none

    ours = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 — pathlib is slow to import
    kept = {ours, *site.getsitepackages()}
    bent = {os.path.abspath(one) for one in os.environ["PYTHONPATH"].split(os.pathsep)} - kept  # noqa: PTH100 — likewise
    sys.path[:] = [one for one in sys.path if one not in bent]


def _guarded(arguments: "Sequence[str]") -> int:
    _open_streams()
    if os.environ.get("PYTHONPATH") and not sys.flags.ignore_environment:
        _straighten()
    try:
        if sys.platform != "linux":
            from trayexec import platforms  # noqa: PLC0415 — it says what is not there yet

            platforms.check(arguments)
        if "--" in arguments:
            cut = arguments.index("--")
            status = _run(arguments[:cut], arguments[cut + 1 :], os.environ)
        else:
            status = _verb(arguments, os.environ)
        sys.stdout.flush()  # here, where it may fail: at the end of the interpreter it is too late to say so
    except TrayexecError as error:
        complain(error)
        return USAGE if error.trouble.code == "usage" else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("TRAYEXEC_DEBUG"):
            raise
        if isinstance(error, _LostError):
            return _lost(error)
        if isinstance(error, ModuleNotFoundError):
            complain(
                TrayexecError(
                    trouble(
                        "incomplete",
                        "A part that trayexec needs is missing: {name}",
                        "Install trayexec again, with what it depends on.",
                        name=error.name or "?",
                    )
                )
            )
            return FAILED
        complain(
            TrayexecError(
                trouble(
                    "internal",
                    "Something went wrong inside trayexec ({kind}).",
                    "Run it again with TRAYEXEC_DEBUG=1: that shows where.",
                    kind=type(error).__name__,
                )
            )
        )
        return FAILED
    return status


def _verb(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    if arguments[:1] == ["credential-process"]:
        from trayexec import process  # noqa: PLC0415 — SDKs wait for it: no parser, no room

        process.run(arguments[1:], environ)
    if arguments[:1] == ["hook"]:
        from trayexec import hook  # noqa: PLC0415 — every shell waits for it when it starts

        return hook.run(arguments[1:], environ)
    if arguments[:1] == ["--child"] and hasattr(sys, "frozen"):
        from trayexec import ourselves  # noqa: PLC0415 — only in a bundle, which has no other Python to start

        ourselves.be([*arguments[1:]])
        return OK
    from trayexec.commands import dispatch  # noqa: PLC0415 — a verb is not the run path

    return dispatch(arguments, environ)


class _LostError(OSError):
    """Our own output went nowhere: the reader has left, or the disk is full."""


class _Output(io.FileIO):
    """Standard output, whose failures are told from those of everything else."""

    def write(self, data: "Any", /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise _LostError(error.errno, error.strerror) from error


def _open_streams() -> None:
    """Where a stream is closed, speak into the void; the command finds it closed as it was."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 — for life; pathlib is slow
    if sys.stdout is None:
        descriptor, encoding = os.open(os.devnull, os.O_WRONLY), "utf-8"
    else:
        descriptor, encoding = sys.stdout.fileno(), sys.stdout.encoding
    # What a terminal's encoding lacks is escaped; a folder's name that is not UTF-8 comes out as it went in.
    errors = "surrogateescape" if encoding.lower() == "utf-8" else "backslashreplace"
    raw = _Output(descriptor, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=raw.isatty())


def _lost(error: _LostError) -> int:
    """Say that a disk is full; a reader that has left wants to hear nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the exit is quiet as well
    if error.errno != errno.EPIPE:
        _say(Text("Standard output cannot be written: {why}.", why=error.strerror or "?"))
    return FAILED


def complain(error: TrayexecError) -> None:
    """Say an error and its fix to the person: never a traceback."""
    from trayexec.words import speaker  # noqa: PLC0415 — see _say

    speak = speaker(os.environ)
    hint = speak(error.trouble.hint)
    say(f"{speak(error.trouble.title)}\n  {hint}" if hint else speak(error.trouble.title))


def say(sentence: str) -> None:
    """One line for the person, on stderr: stdout belongs to the command."""
    try:
        sys.stderr.write(f"trayexec: {lines(sentence)}\n")
        sys.stderr.flush()
    except OSError:
        pass  # a full disk or a closed pipe: who does not listen is not told, and the command runs all the same


def _say(text: Text) -> None:
    from trayexec.words import speaker  # noqa: PLC0415 — only when there is something to say

    say(speaker(os.environ)(text))


def _usage(sentence: str, /, **values: str | Text) -> TrayexecError:
    return TrayexecError(
        trouble("usage", sentence, "Usage: trayexec [--region R] [--need 2h] [--wait S] PROFILE -- CMD…", **values)
    )


def _run(words: "Sequence[str]", command: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    if not command:
        raise _usage("There is no command after `--`.")
    program = find(command[0], environ)
    if isinstance(program, int):
        return program
    plain = _request(words, environ)
    if plain is None:
        return _otherwise(words, command, environ)
    request, region = plain
    request["program"] = command[0].rpartition("/")[2]
    request["then"] = "runs"  # in this process: so the agent can tell when the command outlives what it got
    served = obtain(request, environ)
    if "Delivery" in served:  # as config.toml says for this profile
        return _otherwise([*words, f"--{served['Delivery']}"], command, environ)
    if "need" in request:
        from trayexec.commands import needs  # noqa: PLC0415 — only with the option

        needs.tell(request, served, environ)
    if request["program"] in SHELLS and len(command) == 1 and os.isatty(2):
        _say(
            Text(
                "in here the credentials of {profile} win over AWS_PROFILE; `trayexec shell` is the one to switch in",
                profile=str(request["profile"]),
            )
        )
    return become(program, command, environment(served, str(request["profile"]), region, environ))


def _otherwise(words: "Sequence[str]", command: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    from trayexec.commands import modes  # noqa: PLC0415 — several profiles, --live, --server: not the run path

    return modes.run(words, command, environ)


def _request(words: "Sequence[str]", environ: "Mapping[str, str]") -> "tuple[dict[str, Any], str | None] | None":
    """What to ask the agent for, and the region that was named; None unless it is one profile and plain options."""
    request: dict[str, Any] = {"op": "credentials", "wait": 120, **surroundings(environ)}
    region: str | None = None
    profiles: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            profiles.append(word)
        elif word == "--no-wait":
            request["wait"] = 0
        elif option in PLAIN and (equals or rest):
            value = value if equals else rest.pop(0)
            if option == "--region":
                region = value
            elif option == "--profile":
                request["profile"] = value
            else:
                request[option[2:]] = seconds(option, value)
        else:
            return None
    if "profile" in request:
        return None if profiles else (request, region)
    one = _one_of(profiles, environ)
    return None if one is None else ({**request, "profile": one}, region)


def _one_of(words: "Sequence[str]", environ: "Mapping[str, str]") -> str | None:
    """The profile that these words mean, or the environment in their place; None where they mean several."""
    if not words:
        name = chosen(environ)
        if name is None:
            raise nobody()
        return name
    return None if len(words) > 1 or words[0].startswith("@") or PATTERN.intersection(words[0]) else words[0]


def nobody(verb: str = "") -> TrayexecError:
    """Nothing says whose credentials the command, or this verb, is to have."""
    return TrayexecError(
        trouble(
            "usage",
            "No profile is named, and AWS_PROFILE names none either.",
            "Type one after the verb: `trayexec {verb} PROFILE` (`trayexec list` shows them)"
            if verb
            else "Type one before the command: `trayexec PROFILE -- CMD…` (`trayexec list` shows them)",
            verb=verb,
        )
    )


def seconds(option: str, value: str) -> int:
    """The value of an option of that name, in seconds. Raises TrayexecError (`usage`)."""
    from trayexec import durations  # noqa: PLC0415 — only with an option

    most = durations.LONGEST_WAIT if option == "--wait" else durations.LONGEST_NEED
    try:
        return durations.parse_up_to(value, most)
    except ValueError as error:
        raise _usage("{option}: {why}.", option=option, why=error.args[0]) from None


def files(environ: "Mapping[str, str]") -> "dict[str, str]":
    """The caller's own AWS files, if its environment names them (direnv does that per project)."""
    named = {}
    for key, name in (("config", "AWS_CONFIG_FILE"), ("shared", "AWS_SHARED_CREDENTIALS_FILE")):
        path = environ.get(name)
        if path:
            from trayexec import origin  # noqa: PLC0415 — only under --live, and where the user has set these

            path = os.path.expanduser(os.path.expandvars(path))  # noqa: PTH111 — as botocore does; pathlib is slow
            # absolute, for the agent has another working folder
            named[key] = origin.own(name, os.path.abspath(path), environ)  # noqa: PTH100 — likewise
    return named


def surroundings(environ: "Mapping[str, str]") -> "dict[str, Any]":
    """Where the caller's AWS is, for every request: its files, and the variables that decide where STS is reached."""
    from trayexec import nearby, wire  # noqa: PLC0415 — see obtain

    named = files(environ)
    said: dict[str, Any] = {**named}
    own: dict[str, Any] = {"proxy": {name: environ[name] for name in wire.PROXY_VARIABLES if name in environ}}
    if environ.get("HOME", "").startswith("/"):
        own["home"] = environ["HOME"]  # the usual files are in there, whatever the agent's is
    if environ.get("TRAYEXEC_SOCKET"):  # it may lead to another machine: the agent sees whether these are its own, too
        said["place"] = {**own, **nearby.place()}
    else:
        said |= own
        if "home" in own:
            usual = own["home"].rstrip("/") + "/.aws/"
            named = {"config": usual + "config", "shared": usual + "credentials", **named}
    seen = nearby.sight(**named)
    if seen:
        said[nearby.KEY] = seen
    aws = {name: environ[name] for name in wire.AWS_VARIABLES if name in environ}
    for name in wire.AWS_PATHS:
        if aws.get(name):
            aws[name] = os.path.abspath(aws[name])  # noqa: PTH100 — the agent has another working folder
    if aws:
        said["aws"] = aws
    return said


def find(name: str, environ: "Mapping[str, str]") -> str | int:
    """The program's path, or the exit status that a shell would give; said before anybody is asked for a code."""
    if "/" in name:
        candidates = [name]
    else:
        folders = environ.get("PATH", os.defpath).split(os.pathsep)
        candidates = [f"{folder or '.'}/{name}" for folder in folders] if name else []
    there = False
    for path in candidates:
        if os.access(path, os.X_OK) and not os.path.isdir(path):  # noqa: PTH112 — pathlib is slow to import
            return path
        there = there or (os.path.exists(path) and (path is name or not os.path.isdir(path)))  # noqa: PTH110, PTH112
    if there:
        _say(Text("{name}: not executable", name=name))
        return NOT_EXECUTABLE
    _say(Text("{name}: command not found", name=name))
    return NOT_FOUND


def obtain(request: "dict[str, Any]", environ: "Mapping[str, str]") -> "Any":
    """Ask the agent, starting it if there is none, and see the person through to the answer."""
    return hold(request, environ)[0]


def hold(request: "dict[str, Any]", environ: "Mapping[str, str]") -> "tuple[Any, socket]":
    """As `obtain`, with the connection that the answer came on: what was lent is given back when that is closed."""
    from trayexec.words import language  # noqa: PLC0415 — not before the command is known to exist

    if not has_display(environ):
        request["hand"] = "terminal"
    request["terminal"] = foreground(environ)
    request["lang"] = language(environ)
    connection = agent(environ)
    return converse(connection, request, environ), connection


def converse(connection: "socket", request: "Mapping[str, Any]", environ: "Mapping[str, str]") -> "Any":
    """Send the request, pass on what is said meanwhile, and return the answer. Raises TrayexecError for a refusal."""
    from trayexec import client  # noqa: PLC0415 — see obtain

    final: Mapping[str, Any] = {}
    patience = client.patience(request)
    profile = request.get("profile")
    slow: list[str | Text] = [  # what is said once it takes a while
        Text("Still waiting for {profile}…", profile=profile) if profile else Text("Still waiting for the agent…")
    ]
    for line in client.ask(connection, request, _progress(slow, patience)):
        final = line
        if "note" not in line:
            break
        slow.clear()
        if line["note"] in client.QUESTIONS:
            from trayexec.commands import terminal  # noqa: PLC0415 — only when a person is to be asked here

            if terminal.answer(line, connection, environ):
                continue
        if line["note"] == client.SLOW:
            slow.append(str(line.get("text", "")))
        else:
            say(str(line.get("text", "")))
    return client.outcome(final)


def foreground(environ: "Mapping[str, str]") -> str:
    """What tells the terminal in whose foreground this process runs from any other: its session; empty for none."""
    if sys.platform == "win32":
        return ""
    for stream in (0, 2):
        try:
            if os.tcgetpgrp(stream) == os.getpgrp():
                return str(os.getsid(0))
        except OSError:
            continue  # it is redirected
    if has_display(environ):
        return ""
    try:
        device = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)  # where the code would be asked
    except OSError:
        return ""
    try:
        return str(os.getsid(0)) if os.tcgetpgrp(device) == os.getpgrp() else ""
    finally:
        os.close(device)


def has_display(environ: "Mapping[str, str]") -> bool:
    """Whether a dialog can be shown to whoever has this environment, as far as it says."""
    return sys.platform != "linux" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def agent(environ: "Mapping[str, str]") -> "socket":
    """A connection to the agent, which is started if need be. Raises TrayexecError."""
    from trayexec import client  # noqa: PLC0415 — see obtain

    try:
        return client.connect(environ)
    except client.AgentAbsentError:
        if environ.get("TRAYEXEC_SOCKET") or environ.get("TRAYEXEC_NO_AUTOSTART") == "1":
            raise
    from trayexec.commands.agent import start  # noqa: PLC0415 — once a day

    return start(environ)


def _progress(slow: "list[str | Text]", patience: int) -> "Any":
    from trayexec import client  # noqa: PLC0415 — see obtain

    def quiet(seconds: int) -> None:
        if seconds > patience:
            raise client.silent()
        if slow and sys.stderr.isatty():
            text = slow.pop()
            say(text) if isinstance(text, str) else _say(text)

    return quiet


def environment(
    served: "Mapping[str, Any]", profile: str, region: str | None, environ: "Mapping[str, str]"
) -> "dict[str, str]":
    """The command's environment: DESIGN 3.2."""
    env = foreign.without(environ)
    env["AWS_ACCESS_KEY_ID"] = served["AccessKeyId"]
    env["AWS_SECRET_ACCESS_KEY"] = served["SecretAccessKey"]
    env["AWS_SESSION_TOKEN"] = served["SessionToken"]
    env["AWS_CREDENTIAL_EXPIRATION"] = served["Expiration"]
    if served.get("AccountId"):
        env["AWS_ACCOUNT_ID"] = served["AccountId"]
    env["TRAYEXEC_PROFILE"] = profile
    if "Overlay" in served:  # its settings are not those of [default], which is what SDKs read beside keys
        env |= _settings(served["Overlay"], profile)
    return in_region(region_of(region, served, environ), env)


def _settings(overlay: "Mapping[str, str]", profile: str) -> "dict[str, str]":
    """The variables by which the profile has its own settings; none where the agent's files are not to be seen here."""
    from trayexec import nearby, origin  # noqa: PLC0415 — only for such a profile

    if nearby.sees(overlay):
        return {**origin.leading_to(overlay), "AWS_PROFILE": profile}
    _say(
        Text(
            "{profile} has settings of its own (endpoints, FIPS and the like) where the agent runs, and they are not "
            "on this machine: the command runs without them",
            profile=profile,
        )
    )
    return {}


def region_of(named: str | None, served: "Mapping[str, Any]", environ: "Mapping[str, str]") -> str | None:
    """The region of a command (DESIGN 3.2): named, the profile's or its source's, the caller's, that of [default]."""
    said: str | None = served.get("Region")
    return named or callers_region(served, environ) or said


def callers_region(served: "Mapping[str, Any]", environ: "Mapping[str, str]") -> str | None:
    """The caller's own region where it is better than the one that was served; not one that an outer run has left."""
    own = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not own or (served.get("Region") and served.get("RegionOf") != "default"):
        return None
    if "TRAYEXEC_PROFILE" in environ:
        from trayexec import origin  # noqa: PLC0415 — only for a run within a run

        return None if origin.left_over(environ) else own
    return own


def in_region(region: str | None, env: "dict[str, str]") -> "dict[str, str]":
    """The environment `env` with this region alone; with none, SDKs look into the files."""
    for name in REGIONS:
        env.pop(name, None)
        if region:
            env[name] = region
    return env


def chosen(environ: "Mapping[str, str]") -> str | None:
    """The profile that the caller's environment names, for a command line that names none. Raises TrayexecError.

    The AWS CLI and the other SDKs differ in which of the two variables they read first, so both must say the same.
    """
    names = [environ[name] for name in foreign.CHOICE if environ.get(name)]
    if len(set(names)) > 1:
        raise TrayexecError(
            trouble(
                "usage",
                "No profile is named, AWS_PROFILE is {a} and AWS_DEFAULT_PROFILE is {b}.",
                "Name one of them, or unset one of the variables.",
                a=names[0],
                b=names[1],
            )
        )
    return names[0] if names else None


def become(program: str, command: "Sequence[str]", env: "dict[str, str]") -> int:
    """Let the command take this process's place. Only a failure returns: its exit status."""
    import _signal  # type: ignore[import-not-found]  # noqa: PLC0415 — built in; `signal` is slow to import

    for ignored in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python ignores these, and an ignored signal is inherited
        _signal.signal(ignored, _signal.SIG_DFL)
    try:
        os.execve(program, list(command), env)  # noqa: S606 — that is the product
    except OSError as error:
        if error.errno == errno.ENOEXEC:  # a script without `#!`: the shell's, as execvp(3) has it
            try:
                os.execve("/bin/sh", ["sh", program, *command[1:]], env)  # noqa: S606 — likewise
            except OSError as second:
                error = second
        say(f"{command[0]}: {error.strerror}")
        return NOT_FOUND if error.errno == errno.ENOENT else NOT_EXECUTABLE
