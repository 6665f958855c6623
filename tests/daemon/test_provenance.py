"""Who asks: found out once for a process that stays what it is."""

import os
import subprocess

import pytest

from support.desktop import eventually
from support.processes import ended
from trayexec.core.broker.events import Caller, Provenance, ReplyAddress
from trayexec.daemon import provenance
from trayexec.daemon.provenance import KEPT, KnownCallers, provenance_of
from trayexec.daemon.requests import AnswerUse
from trayexec.light import processes


def caller(pid: int, program: str = "sh") -> Caller:
    """A process that asks."""
    return Caller(ReplyAddress(1), program=program, pid=pid)


def test_a_process_that_asks_again_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that was found out; for another use, or by another name, it is found out about anew."""
    looked = list[int]()

    def counted(caller: Caller, use: AnswerUse) -> Provenance:
        looked.append(caller.pid)
        return provenance_of(caller, use)

    monkeypatch.setattr(provenance, "provenance_of", counted)
    known = KnownCallers()
    for _ in range(3):
        found = known.provenance_of(caller(os.getpid()), AnswerUse.PASSES)
        assert found == provenance_of(caller(os.getpid()), AnswerUse.PASSES)
    assert len(looked) == 1
    known.provenance_of(caller(os.getpid(), "other"), AnswerUse.PASSES)
    assert len(looked) == 2
    for number in range(KEPT + 1):
        known.provenance_of(caller(os.getpid(), str(number)), AnswerUse.PASSES)
    assert len(known._known) == KEPT


def test_a_process_that_becomes_another_program_is_another_caller() -> None:
    """As every command does that a run becomes: same number, same beginning, another executable."""
    known = KnownCallers()
    command = ["sh", "-c", "read -r now; exec sleep 60"]
    with ended(subprocess.Popen(command, stdin=subprocess.PIPE, text=True)) as process:
        before = known.provenance_of(caller(process.pid), AnswerUse.PASSES)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        eventually("the other program", lambda: processes.executable(process.pid).endswith("sleep"))
        after = known.provenance_of(caller(process.pid), AnswerUse.PASSES)
        process.kill()
    assert before.program.executables[0] != after.program.executables[0]
    assert after.program.executables[0].endswith("sleep")
