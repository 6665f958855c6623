"""`--policy` and `--read-only`: what narrows a role for one call, read and checked before anybody is asked."""

import os
import stat
import time
from collections.abc import Sequence

from trayexec.core.config.session_policy import READ_ONLY, SessionPolicy, checked
from trayexec.light.errors import Text, TrayexecError, Trouble, shown, trouble
from trayexec.light.polling import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trayexec.light.protocol_fields import PolicyFields

LONGEST_FILE = 1 << 16  # bytes; AWS takes 2,048 characters, without the blanks
PATIENCE = 10.0  # seconds that a program may take to write it into a pipe


def fields(words: Sequence[str]) -> "PolicyFields | None":
    """What a request says of these policies, ARNs and files, or `--read-only`; None where there are none.

    Raises TrayexecError (`policy`, `usage`).
    """
    if not words:
        return None
    read_only = "--read-only" in words
    if read_only and set(words) != {"--read-only"}:
        raise TrayexecError(
            trouble(
                "usage",
                "--read-only and --policy do not go together: AWS would allow what either allows.",
                "Leave out the one or the other.",
            )
        )
    files = [] if read_only else [one for one in words if not one.startswith("arn:")]
    if len(files) > 1:
        raise TrayexecError(
            trouble(
                "usage",
                "AWS takes one policy as text, and there are several files: {names}.",
                "Write one file with all the statements, or name the ARNs of stored policies.",
                names=", ".join(map(shown, files)),
            )
        )
    arns = [READ_ONLY] if read_only else [one for one in words if one.startswith("arn:")]
    policy = checked(SessionPolicy(_text(files[0]) if files else None, tuple(arns)))
    found: PolicyFields = {}
    if policy.document is not None:
        found["policy"] = policy.document
    if policy.arns:
        found["policy_arns"] = [*policy.arns]
    return found


def _text(path: str) -> str:
    try:
        content = _content(path)
        if len(content) > LONGEST_FILE:
            raise TrayexecError(_no_file(path, "> 64 KiB"))
        return content.decode("utf-8-sig")
    except OSError as error:
        raise TrayexecError(_no_file(path, error.strerror or type(error).__name__)) from None
    except ValueError:  # no UTF-8, or a name that can be none of a file
        raise TrayexecError(_no_file(path, "no UTF-8")) from None


def _content(path: str) -> bytes:
    """As much of the file as is needed to see that it is too long. Raises OSError, TrayexecError (`policy`).

    A pipe is what a shell puts there for `<(…)`: one into which nobody writes would be waited for without end.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
        kind = os.fstat(file.fileno()).st_mode
        if stat.S_ISREG(kind):
            return file.read(LONGEST_FILE + 1)
        if not stat.S_ISFIFO(kind):
            raise TrayexecError(_no_file(path, Text("it is neither a file nor a pipe")))
        found, end = b"", time.monotonic() + PATIENCE
        while len(found) <= LONGEST_FILE:
            if not readable(file, seconds=max(0.0, end - time.monotonic())):
                raise TrayexecError(_no_file(path, Text("nothing came within {seconds} s", seconds=round(PATIENCE))))
            piece = file.read(LONGEST_FILE + 1 - len(found))
            if not piece:
                break
            found += piece
        return found


def _no_file(path: str, why: str | Text) -> Trouble:
    return trouble(
        "policy",
        "The policy {file} cannot be read: {why}.",
        "--policy takes the ARN of a policy, or a file with a policy in JSON; --read-only is AWS's own ReadOnlyAccess.",
        file=shown(path),
        why=why,
    )
