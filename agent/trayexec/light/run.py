"""The run path: `trayexec PROFILE -- CMD…`. One question to the agent, then the command takes this process's place."""

import os

from trayexec.light import agent_client, context, execution, protocol
from trayexec.light.errors import Text

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trayexec.light.protocol_fields import PolicyFields, RequestFields


SECONDS = ("--need", "--wait", "--long")
PLAIN = {*SECONDS, "--region", "--profile", "--source", "--policy"}
FLAGS = {"--no-wait": "--wait", "--read-only": "--policy"}  # and of which option each is a value
SHELLS = {"sh", "bash", "zsh", "fish", "dash", "ksh"}
PATTERN = set("*?[")  # a word with one of these means every profile that matches


def run(words: "Sequence[str]", command: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    """Run `command` as the `words` before `--` say. Returns the exit status of what could not be started.

    Raises TrayexecError.
    """
    if not command:
        from trayexec.light import misuse  # noqa: PLC0415 — only then

        raise misuse.misread("There is no command after `--`.")
    program = execution.find(command[0], environ)
    if isinstance(program, int):
        return program
    asker = command[0].rpartition("/")[2]
    plain = _request(words, environ, asker)
    if plain is None:
        return _otherwise(words, command, environ)
    request, region = plain
    answer = agent_client.obtain(request, environ)
    delivery = protocol.delivery(answer)
    if delivery is not None:  # as config.toml says for this profile
        return _otherwise([*words, f"--{delivery}"], command, environ)
    served = protocol.read_credentials(answer)
    if "need" in request:
        from trayexec.commands import need_warning  # noqa: PLC0415 — only with the option

        need_warning.tell(request, served, environ)
    if asker in SHELLS and len(command) == 1 and os.isatty(2):
        from trayexec.light import stderr  # noqa: PLC0415 — only then

        stderr.tell(
            Text(
                "in here the credentials of {profile} win over AWS_PROFILE; `trayexec shell` is the one to switch in",
                profile=request["profile"],
            )
        )
    return execution.become(program, command, execution.environment(served, request["profile"], region, environ))


def _otherwise(words: "Sequence[str]", command: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    from trayexec.commands import run_options  # noqa: PLC0415 — several profiles, --live, --server: not the run path

    chosen = run_options.chosen(words, command, environ)
    return run([*words, *chosen], command, environ) if chosen else run_options.run(words, command, environ)


def _request(
    words: "Sequence[str]", environ: "Mapping[str, str]", program: str = ""
) -> "tuple[RequestFields, str | None] | None":
    """What to ask the agent for, and the region that was named; None unless it is one profile and plain options.

    None, too, where nobody is named.
    """
    files = context.files(environ)  # what is wrong with them is said before what is wrong with the words
    read = _read(words)
    if read is None:
        return None
    profiles, said = read
    seconds = {"wait": 120}
    for option in SECONDS:
        for value in said.get(option, ()):
            seconds[option[2:]] = 0 if value == "--no-wait" else _seconds(option, value)
    named = said.get("--profile", [])
    if len(named) > 1 or (named and profiles):
        return None
    one = named[0] if named else _one_of(profiles, environ)
    if one is None:
        return None
    request = protocol.credentials(
        context.surroundings(environ, files),
        one,
        wait=seconds["wait"],
        need=seconds.get("need"),
        program=program,
        source=said.get("--source", [None])[-1],
        long=seconds.get("long"),
        policy=_policy(said["--policy"]) if "--policy" in said else None,
        use="runs",  # in this process: so the agent can tell when the command outlives what it got
    )
    return request, said.get("--region", [None])[-1]


def _read(words: "Sequence[str]") -> "tuple[list[str], dict[str, list[str]]] | None":
    """The words that mean profiles, and what each option is told; None where an option is not a plain one."""
    profiles: list[str] = []
    said: dict[str, list[str]] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            profiles.append(word)
        elif word in FLAGS:
            said.setdefault(FLAGS[word], []).append(word)
        elif option in PLAIN and (equals or rest):
            said.setdefault(option, []).append(value if equals else rest.pop(0))
        else:
            return None
    return profiles, said


def _seconds(option: str, value: str) -> int:
    from trayexec.light import misuse  # noqa: PLC0415 — only with such an option

    return misuse.seconds(option, value)


def _policy(words: "Sequence[str]") -> "PolicyFields | None":
    from trayexec.commands import narrowing  # noqa: PLC0415 — only with such an option

    return narrowing.fields(words)


def _one_of(words: "Sequence[str]", environ: "Mapping[str, str]") -> str | None:
    """The profile that these words mean, or the environment in their place; None where they mean several, or none."""
    if not words:
        return context.chosen(environ)
    return None if len(words) > 1 or words[0].startswith("@") or PATTERN.intersection(words[0]) else words[0]
