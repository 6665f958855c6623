"""What the commands say, in each of the four forms, from real children."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.others import processes_of
from support.processes import ended
from support.rig import COMMAND, Rig

# Lines in pieces that never end where a line does, on both streams, as fast as it goes.
TORN = """
import os
name = os.environ["TRAYEXEC_PROFILE"]
for fd in (1, 2):
    text = "".join(f"{name} {number} {fd} " + "x" * (number % 200) + "\\n" for number in range(400)).encode()
    for start in range(0, len(text), 37):
        os.write(fd, text[start:start + 37])
"""
MEGABYTE = 1 << 20
ENOUGH = 120 * MEGABYTE  # resident bytes, whatever the children say


class Raw:
    """How a run ended: bytes, and the most memory that it needed."""

    def __init__(self, status: int, out: bytes, err: bytes, peak: int) -> None:
        self.status = status
        self.out = out
        self.err = err
        self.peak = peak


def run(rig: Rig, *words: str) -> Raw:
    """`trayexec WORDS…`, its output as bytes, in files so that any amount will do."""
    out, err = rig.desk.home("out"), rig.desk.home("err")
    peak = 0
    with (
        out.open("wb") as to,
        err.open("wb") as also,
        ended(subprocess.Popen([*COMMAND, *words], env=rig.environment(), stdout=to, stderr=also)) as process,
    ):
        while process.poll() is None:
            peak = max(peak, high_water(process.pid))
            time.sleep(0.02)
    return Raw(process.returncode, out.read_bytes(), err.read_bytes(), peak)


def high_water(pid: int) -> int:
    """The most bytes that a process has had in memory so far; wait4(2) would count its parent's before exec, too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def python(script: str) -> list[str]:
    """A Python program as a command."""
    return [sys.executable, "-I", "-S", "-c", script]


def test_no_line_is_torn(fan: Rig) -> None:
    """Six commands at once, both streams on one pipe: every line is whole, behind the right mark, in its order."""
    process = fan.start("role-00[0-5]", "--", *python(TORN))
    assert process.stderr is not None
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    seen = [line for line in (out + err).splitlines() if line.startswith("[")]
    for number in range(6):
        name = f"role-{number:03}"
        for fd in (1, 2):
            mine = [line for line in seen if line.startswith(f"[{name}] {name} ") and line.split()[3] == str(fd)]
            assert mine == [f"[{name}] {name} {n} {fd} " + "x" * (n % 200) for n in range(400)]
    assert len(seen) == 6 * 2 * 400


def test_streams_stay_apart_and_bytes_stay_bytes(fan: Rig) -> None:
    """What is no UTF-8 passes; a last line without an end gets one; nothing is coloured in a pipe."""
    done = run(fan, "*-a", "--", "sh", "-c", r"printf 'a\377\000b\r\n\nlast'; printf 'err\376' >&2")
    assert done.out == b"[account-a] a\xff\x00b\r\n[account-a] \n[account-a] last\n"
    assert done.err.startswith(b"[account-a] err\xfe\nPROFILE")


def test_an_endless_line_needs_no_endless_memory(fan: Rig) -> None:
    """It comes in pieces, which can be joined again."""
    done = run(fan, "*-a", "--", "sh", "-c", f"head -c {150 * MEGABYTE} /dev/zero; echo; echo next")
    first, *rest, following = done.out.splitlines()
    assert following == b"[account-a] next"
    assert first.startswith(b"[account-a] \0")
    assert all(piece.startswith(b"[account-a]+") for piece in rest)
    assert len(first) + sum(len(piece) for piece in rest) - len(rest) * 12 - 12 == 150 * MEGABYTE
    assert done.peak < ENOUGH


@pytest.mark.parametrize("mode", ["grouped", "json"])
def test_much_output_that_is_kept_needs_no_memory_of_ours(fan: Rig, mode: str) -> None:
    """What is shown at the end is kept outside."""
    done = run(fan, "*-a", "--output", mode, "--", "sh", "-c", f"yes 0123456 | head -c {150 * MEGABYTE}")
    assert done.out.count(b"0123456") == 150 * MEGABYTE // 8
    assert done.peak < ENOUGH


def test_grouped_is_whole_when_it_ends(fan: Rig) -> None:
    """Below a line with the name, ended, and only where something was said."""
    script = 'echo $TRAYEXEC_PROFILE 1; sleep 0.2; printf "$TRAYEXEC_PROFILE 2"; [ $TRAYEXEC_PROFILE = account-a ]'
    done = fan.run("account-*", "--output", "grouped", "--", "sh", "-c", f"{script} || echo bad >&2")
    groups = sorted(done.out.split("==> ")[1:])
    assert groups == [f"{name} <==\n{name} 1\n{name} 2\n" for name in ("account-a", "account-b")]
    assert done.err.startswith("==> account-b <==\nbad\nPROFILE")


def test_json_is_an_object_a_profile(own: Rig) -> None:
    """Status, seconds, both streams, what had to be replaced, and why there are no credentials; no table."""
    own.unlock()
    del own.sim.world.roles["arn:aws:iam::400000000000:role/Deploy"]
    script = r"""printf 'a"\\\n\tb\377c\303'; printf 'é' >&2; case $TRAYEXEC_PROFILE in *b) kill -15 $$;; esac"""
    done = run(own, "account-*", "role-000", "--keep-going", "--output", "json", "--", "sh", "-c", script)
    assert done.status == 125
    assert b"PROFILE" not in done.err
    found = {one["profile"]: one for one in map(json.loads, done.out.splitlines())}
    assert list(found["account-a"]) == [
        *("profile", "account", "status", "seconds", "stdout", "stderr", "replaced", "error")
    ]
    seconds = found["account-a"].pop("seconds")
    assert 0 <= seconds < 30
    assert found["account-a"] == {
        "profile": "account-a",
        "account": "222222222222",
        "status": 0,
        "stdout": 'a"\\\n\tb\ufffdc\ufffd',
        "stderr": "é",
        "replaced": ["stdout"],
        "error": None,
    }
    assert found["account-b"]["status"] == 143
    assert found["role-000"]["status"] is None
    assert found["role-000"]["error"]["code"] == "role_denied"


def test_a_folder_gets_two_files_a_profile(fan: Rig) -> None:
    """Byte for byte, also where the command says nothing; what was there is replaced."""
    for word in ("one", "two"):
        done = fan.run("account-*", "--output", "dir=deep/out", "--", "sh", "-c", f"printf {word}; echo err >&2")
        assert (done.status, done.out) == (0, "")
        folder = fan.desk.home("home/deep/out")
        assert {path.name: path.read_text() for path in folder.iterdir()} == {
            "account-a.out": word,
            "account-a.err": "err\n",
            "account-b.out": word,
            "account-b.err": "err\n",
        }


def test_a_full_disk_is_one_profiles_trouble(fan: Rig) -> None:
    """It is said and counts as failed, the command's own status is kept, and the others go on."""
    full = fan.desk.home("home/full")
    line = 'test "$TRAYEXEC_PROFILE" = account-b || head -c 300000 /dev/zero; exit 0'
    limited = ["sh", "-c", 'ulimit -f 64; exec "$@"', "sh", *COMMAND, "account-*", "--output", f"dir={full}", "--"]
    done = subprocess.run(
        [*limited, "sh", "-c", line], env=fan.environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 123
    assert "account-a: Its output could not be kept: File too large." in done.stderr
    assert (full / "account-b.out").exists()
    assert "account-b:" not in done.stderr
    assert fan.run("--retry-failed", "--", "sh", "-c", "echo $TRAYEXEC_PROFILE").out == "[account-a] account-a\n"


def test_a_folder_that_cannot_be_is_said_before_anything_runs(fan: Rig) -> None:
    """Nothing has been asked for either."""
    fan.write("home/file", "")
    done = fan.run("account-*", "--output", "dir=file/below", "--", "true")
    assert done.status == 125
    assert "cannot be used" in done.err
    assert "Traceback" not in done.err


def test_a_file_that_cannot_be_written_is_its_profiles_trouble(fan: Rig) -> None:
    """A folder of the file's name, say; the others run."""
    fan.desk.home("home/odd/account-a.out").mkdir(parents=True)
    done = fan.run("account-*", "--output", "dir=odd", "--", "echo", "x")
    assert done.status == 123
    assert fan.desk.home("home/odd/account-b.out").read_text() == "x\n"


def test_a_command_that_closes_its_streams_is_waited_for(fan: Rig) -> None:
    """Its status counts, not its streams."""
    done = fan.run("account-*", "--", "sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 4")
    assert (done.status, done.out) == (123, "")
    assert done.err.count(" 4 ") == 2


def test_what_a_command_leaves_behind_is_not_waited_for_long(fan: Rig) -> None:
    """A background process that holds the output does not hold us."""
    done = fan.run("*-a", "--", "sh", "-c", "sleep 20 & echo $!")
    assert done.status == 0
    assert done.seconds < 15
    left = done.out.split()[-1]
    assert Path(f"/proc/{left}").exists()
    os.kill(int(left), 9)


@pytest.mark.parametrize(
    "line", ['"$@" | head -1', '"$@" 2>&1 | head -1', '"$@" > /dev/full', '"$@" >&-', '"$@" 2>&-', '"$@" <&- >&- 2>&-']
)
def test_streams_that_are_closed_or_full_end_it_quietly(fan: Rig, line: str) -> None:
    """`| head` ends the commands, too; a stream that was closed from the start is as if nobody listened."""
    script = "yes $0 | head -c 3000000"
    words = [*COMMAND, "role-*", "--", "sh", "-c", script, "the-mark"]
    done = subprocess.run(
        ["bash", "-c", f"{line}; exit $((PIPESTATUS[0]))", "sh", *words],
        env=fan.environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert done.returncode == (141 if "head" in line else 125 if "full" in line else 0), done.stderr
    assert not [argv for argv in processes_of(fan.desk.folder).values() if "the-mark" in argv]
