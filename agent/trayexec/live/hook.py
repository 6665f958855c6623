"""`hook`: shell code that lets a shell's own `AWS_PROFILE=account-a aws …` work, and completes our words.

A shell waits for it at every start, so it is as light as the run path: it asks a running agent, or looks for what the
last one left, and only with neither makes the overlay itself. It never starts an agent.
"""

import os
import sys

from trayexec.light import (
    agent_connection,
    caller_variables,
    context,
    execution,
    exits,
    own_command,
    paths,
    protocol,
    same_machine,
    shell_quotes,
)
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.light.translate import speaker
from trayexec.live import overlay_files, overlay_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trayexec.light.protocol_fields import OverlayAnswer

SHELLS = ("bash", "zsh", "fish", "direnv", "sh")
PATIENCE = 5  # seconds: a shell that starts must not hang on an agent that does
IN_THE_WAY = Text("in this shell these win over AWS_PROFILE; unset them:")


def run(words: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    """`hook SHELL`, and `hook sh [PROFILE]`: just the variables, for direnv's function. Raises TrayexecError."""
    if not words or words[0] not in SHELLS or len(words) > (2 if words[0] == "sh" else 1):
        raise TrayexecError(
            trouble(
                "usage",
                "A shell's name follows `hook`.",
                'Usage: eval "$(trayexec hook bash)" in ~/.bashrc; or zsh, fish, direnv',
            )
        )
    environ = overlay_origin.completed(environ)
    shell = words[0]
    words_of_us = own_command.command()
    us = " ".join(_quoted(word, shell) for word in words_of_us)
    if shell == "direnv":
        sys.stdout.write(_template(shell).replace("@TRAYEXEC@", us))
        return exits.OK
    found = _overlay(environ)
    if shell == "sh":
        profile = words[1] if len(words) > 1 else None
        if profile is not None and not _knows(found["config"], profile):
            from trayexec.adapters.aws_files import files_of_this_user  # noqa: PLC0415 — only for a refusal
            from trayexec.core import messages  # noqa: PLC0415 — likewise

            catalogue = files_of_this_user(overlay_origin.outside(environ)).load()
            raise TrayexecError(messages.unknown_profile(profile, catalogue))
        if profile is None and _is_for_server(environ):
            # In the other one [default] has credentials, and SDKs would take those in place of the endpoint's.
            found = {**found, "config": environ["AWS_CONFIG_FILE"]}
        sys.stdout.write(_variables(found, profile, environ))
        return exits.OK
    code = (
        _template(shell)
        .replace("@COMPLETION@", _template(f"completion.{shell}"))
        .replace("@TRAYEXEC@", us)
        .replace("@PROGRAM@", _quoted(words_of_us[0], shell))
    )
    for name, pattern in _watched(shell).items():
        code = code.replace(f"@{name}@", pattern)
    speak = speaker(environ)
    values = {
        "CONFIG": found["config"],
        "SHARED": found["shared"],
        "OWN_CONFIG": found["own_config"],
        "OWN_SHARED": found["own_shared"],
        "WARNING": f"trayexec: {speak(IN_THE_WAY)}",
    }
    for name, value in values.items():
        code = code.replace(f"@{name}@", _quoted(value, shell))
    if (found["own_config"], found["own_shared"]) == _usual(environ):  # else it is for this shell alone
        _keep(f"{paths.state_folder(environ)}/hook.{shell}", code)
    sys.stdout.write(code)
    return exits.OK


def _watched(shell: str) -> "dict[str, str]":
    """The rules of `caller_variables.in_the_way` as patterns of a shell's `case`; those of fish know nothing but `*`.

    AWS_CREDENTIAL_PROFILES_FILE is not among them: the hook sets it itself.
    """
    harmless = [
        *caller_variables.HARMLESS,
        "AWS_CREDENTIAL_PROFILES_FILE",
        *(f"{one}*" for one in caller_variables.MARKER_PREFIXES),
    ]
    harmless.append(f"*{caller_variables.LIFETIME}")
    names = [*caller_variables.NAMES, *(f"{one}*" for one in caller_variables.PREFIXES)]
    names += [f"{caller_variables.STEM}*{one}" for one in caller_variables.SUFFIXES]
    words = {"HARMLESS": harmless, "FOREIGN": names, "JAVA": list(caller_variables.JAVA)}
    if shell == "fish":
        quoted = {name: " ".join(f"'{one}'" for one in patterns) for name, patterns in words.items()}
        some = "|".join((*caller_variables.PROPERTIES, *(rf"({one})\w*" for one in caller_variables.PROPERTY_PREFIXES)))
        dotnet = "|".join(caller_variables.DOTNET_NAMES)
        return {
            **quoted,
            "DOTNET": f"'(?i)^{caller_variables.DOTNET}({dotnet})$'",
            "PROPERTIES": rf"""'(^|[\s"\'])-Daws\.({some})([=\s"\']|$)'""",
        }
    words["FOREIGN"] += [
        "".join(f"[{c.lower()}{c}]" for c in caller_variables.DOTNET + one) for one in caller_variables.DOTNET_NAMES
    ]
    start, end = r"""*[[:space:]\"\']-Daws.""", r"""[=[:space:]\"\']*"""
    words["PROPERTIES"] = [start + one + end for one in caller_variables.PROPERTIES]
    words["PROPERTIES"] += [f"{start}{one}*" for one in caller_variables.PROPERTY_PREFIXES]
    return {name: " | ".join(patterns) for name, patterns in words.items()}


def _is_for_server(environ: "Mapping[str, str]") -> bool:
    """Whether this shell runs under `--server`."""
    config = environ.get("AWS_CONFIG_FILE", "")
    return (
        config.rpartition("/")[2].startswith(overlay_files.SERVER)
        and overlay_origin.record(config, environ) is not None
    )


def _overlay(environ: "Mapping[str, str]") -> "OverlayAnswer":
    """Where the overlay is: what an agent says, what an earlier one wrote, or what we now write."""
    request = protocol.overlay(context.surroundings(environ))
    try:
        connection = agent_connection.connect(environ)
    except TrayexecError:
        pass
    else:
        final: Mapping[str, object] = {}
        for line in agent_connection.ask(connection, request, patience=PATIENCE):
            final = line
        answer = protocol.read_overlay(agent_connection.outcome(final))
        same_machine.check(answer, connection)
        connection.close()
        return answer
    return _left(environ) or _made(environ)


def _left(environ: "Mapping[str, str]") -> "OverlayAnswer | None":
    """The overlay that is there, if there is nothing new in it nor in the files it was made from."""
    files = context.files(environ)
    usual = _usual(environ)
    own = (files.get("config") or usual[0], files.get("shared") or usual[1])
    folder = f"{paths.live_folder(environ)}/{overlay_files.folder_name(*own)}"
    if not overlay_files.is_current(folder, own):
        return None
    found = overlay_files.document(folder, *own)
    # An install that has moved makes it anew: the overlay names the command that starts us.
    return found if overlay_origin.starter(found["config"], environ) == own_command.command() else None


def _made(environ: "Mapping[str, str]") -> "OverlayAnswer":
    from trayexec.live import without_agent  # noqa: PLC0415 — the first time, and no agent: this once it takes longer

    return without_agent.made(environ)


def _variables(found: "OverlayAnswer", profile: str | None, environ: "Mapping[str, str]") -> str:
    """POSIX shell code for the variables; with a `profile` nothing else may be left to choose another."""
    lines = [f"export {name}={_quoted(value)}" for name, value in overlay_origin.leading_to(found).items()]
    if profile is not None:
        ours = {"AWS_PROFILE", "TRAYEXEC_PROFILE", "AWS_SDK_LOAD_CONFIG", "AWS_CREDENTIAL_PROFILES_FILE"}
        others = [name for name in caller_variables.to_unset(environ) if name not in ours]
        if not execution.callers_region({}, environ):
            others += execution.REGIONS
        lines.append("unset " + " ".join(others))
        values = {**caller_variables.to_set(environ), "AWS_PROFILE": profile, "TRAYEXEC_PROFILE": profile}
        lines += [f"export {name}={_quoted(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _knows(overlay: str, profile: str) -> bool:
    """Whether the overlay has this profile. Without a parser: that would cost more than all the rest."""
    with open(overlay, encoding="utf-8") as file:  # noqa: PTH123 — pathlib is slow to import
        headers = {line.rstrip("\n") for line in file if line.startswith("[")}
    quoted = (profile, f"'{profile}'", f'"{profile}"', _quoted(profile))
    return not headers.isdisjoint({f"[{profile}]" if profile == "default" else "", *(f"[profile {q}]" for q in quoted)})


def _template(shell: str) -> str:
    return own_command.data(f"live/hooks/{shell}")


def _quoted(value: str, shell: str = "sh") -> str:
    return shell_quotes.fish(value) if shell == "fish" else shell_quotes.posix(value)


def _usual(environ: "Mapping[str, str]") -> "tuple[str, str]":
    """The files of every shell that names no others."""
    folder = paths.home(environ) + "/.aws/"
    return folder + "config", folder + "credentials"


def _keep(path: str, code: str) -> None:
    """Leave the code where the next shell can read it without starting us: it must hold for every shell."""
    data = code.encode("utf-8", "surrogateescape")
    if _is_kept(path, data):
        return
    from trayexec.light import private_files  # noqa: PLC0415 — the first time, and after an update

    try:
        private_files.own_folder(os.path.dirname(path))  # noqa: PTH120 — pathlib is slow to import; shells read it
        private_files.put(path, data)
    except OSError:
        pass  # then each shell start asks us: slower, but the same


def _is_kept(path: str, data: bytes) -> bool:
    """Whether it is there already, and nobody else can change it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        seen = (os.fstat(descriptor), os.stat(os.path.dirname(path)))  # noqa: PTH116, PTH120 — pathlib is slow to import
        alone = all(one.st_uid == os.geteuid() and not one.st_mode & 0o022 for one in seen)
        return alone and os.read(descriptor, len(data) + 1) == data
    except OSError:
        return False
    finally:
        os.close(descriptor)
