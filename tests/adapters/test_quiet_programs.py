"""Of which programs a person wants to hear no more is kept for the next agent, in a file for them alone."""

import stat
from pathlib import Path

import pytest

from trayexec.adapters import quiet_programs
from trayexec.core.broker.events import KeptQuiet


def test_what_is_added_is_there_beside_the_rest(tmp_path: Path) -> None:
    """Nobody else can read it, and a name that is a key is not written."""
    path = tmp_path / "state" / "quiet-programs.json"
    quiet_programs.add(str(path), [KeptQuiet("1a", "aws ← xterm")])
    quiet_programs.add(str(path), [KeptQuiet("2b", "AKIAIOSFODNN7EXAMPLE"), KeptQuiet("3c", "\udcff" + 999 * "x")])
    said = quiet_programs.read(str(path))
    assert said.keys() == {"1a", "2b", "3c"}
    assert said["1a"] == "aws ← xterm"
    assert "AKIAIOSFODNN7EXAMPLE" not in path.read_text()
    assert len(said["3c"]) <= quiet_programs.LABEL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", [None, "", "[]", '{"programs": []}', "\udcff", "{" * 9999])
def test_a_broken_file_is_empty(tmp_path: Path, text: str | None) -> None:
    """A person is told once more, and can say so again."""
    path = tmp_path / "quiet-programs.json"
    if text is not None:
        path.write_bytes(text.encode(errors="surrogateescape"))
    assert quiet_programs.read(str(path)) == {}
    quiet_programs.add(str(path), [KeptQuiet("1a", "aws")])
    assert quiet_programs.read(str(path)) == {"1a": "aws"}
