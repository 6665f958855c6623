"""Hardening, seen from outside: another process of the same, unprivileged user tries to read the memory."""

import json
import subprocess
import sys
from typing import Any

import pytest

from trayexec.adapters.harden import Guard

# Two processes of one user who is not the superuser: a victim with a word in its memory, and a reader of it. As root,
# both become nobody first; that makes a process unreadable by itself, so the victim undoes it, for the control to mean
# anything. Yama may forbid reading at all: the victim allows that to everybody.
SCENE = r"""
import ctypes, json, os, re, sys
from trayexec.adapters.harden import harden, seal
from trayexec.adapters.own_memory import hide
libc = ctypes.CDLL(None)
def drop():
    if os.getuid() == 0:
        os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
    libc.prctl(4, 1, 0, 0, 0)
    libc.prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
def report(pipe, value):
    os.write(pipe, json.dumps(value).encode()); os.close(pipe)
ready, tell = os.pipe()
hold, release = os.pipe()
victim = os.fork()
if victim == 0:
    try:
        os.close(release); drop()
        word = bytearray("".join(chr(code) for code in [122, 101, 98, 114, 97] * 8).encode())
        held = STEP
        report(tell, ["done", held]); os.read(hold, 1)
    finally:
        os._exit(0)
os.close(tell); done, held = json.loads(os.read(ready, 4096))
out, say = os.pipe()
reader = os.fork()
if reader == 0:
    found = "not there"
    try:
        drop()
        word = "".join(chr(code) for code in [122, 101, 98, 114, 97] * 8).encode()
        with open(f"/proc/{victim}/maps") as maps, open(f"/proc/{victim}/mem", "rb", 0) as mem:
            for line in maps:
                first, last, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
                if mode.startswith("rw") and "[v" not in line:
                    try:
                        mem.seek(int(first, 16))
                        if word in mem.read(int(last, 16) - int(first, 16)):
                            found = "read"
                            break
                    except (OSError, OverflowError):
                        pass
    except PermissionError:
        found = "refused"
    finally:
        report(say, found); os._exit(0)
os.close(say)
found = json.loads(os.read(out, 4096))
assert os.waitpid(victim, os.WNOHANG) == (0, 0), "the victim is dead: nothing was tested"
print(json.dumps([held, found]))
os.close(release)
"""


def scene(step: str) -> tuple[Any, str]:
    """What `step` answered in the victim, and what became of the attempt to read it."""
    done = subprocess.run(
        [sys.executable, "-c", SCENE.replace("STEP", step)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    held, found = json.loads(done.stdout)
    return held, found


def test_without_hardening_memory_is_readable() -> None:
    """The control: what the other tests refuse is possible on this machine."""
    assert scene("None") == (None, "read")


@pytest.mark.parametrize("step", ["seal()", "hide()", "[guard.name for guard in harden()]"])
def test_a_hardened_process_is_closed_to_its_own_user(step: str) -> None:
    """Another process of the same user gets a permission error on the memory of a hardened one."""
    assert scene(step)[1] == "refused"


STATE = r"""
import json, os, resource, subprocess, sys
from trayexec.adapters.harden import harden
resource.setrlimit(resource.RLIMIT_NOFILE, (256, HARD))
os.umask(0o022)
held = [guard.name for guard in harden()]
child = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE), open('/proc/self/status').read())"
print(json.dumps({
    "held": held,
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "umask": os.umask(0),
    "dumpable": __import__("ctypes").CDLL(None).prctl(3, 0, 0, 0, 0),
    "child": subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout,
}))
"""


@pytest.mark.parametrize(("hard", "files", "many"), [(16384, 8192, True), (8192, 8192, True), (1024, 1024, False)])
def test_every_step_holds_and_is_reported(hard: int, files: int, many: bool) -> None:  # noqa: FBT001 — an expectation
    """What `harden` says it did is what the system says; too low a hard limit is not called enough."""
    code = STATE.replace("HARD", str(hard))

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    state = json.loads(done.stdout)
    assert set(state["held"]) == {guard.name for guard in Guard if many or guard is not Guard.MANY_FILES}
    assert state["core"] == [0, 0]
    assert state["files"] == [files, hard]
    assert state["umask"] == 0o077
    assert state["dumpable"] == 0
    assert "(0, 0)" in state["child"]
    assert "NoNewPrivs:\t1" in state["child"]
