"""Programs: where one is, and how it takes this process's place."""

import errno
import os

from trayexec.light.errors import Text

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
    from trayexec.light import exits, stderr  # noqa: PLC0415 — only then

    if there:
        stderr.tell(Text("{name}: not executable", name=name))
        return exits.NOT_EXECUTABLE
    stderr.tell(Text("{name}: command not found", name=name))
    return exits.NOT_FOUND


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
        from trayexec.light import exits, stderr  # noqa: PLC0415 — only then

        stderr.say(f"{command[0]}: {error.strerror}")
        return exits.NOT_FOUND if error.errno == errno.ENOENT else exits.NOT_EXECUTABLE
