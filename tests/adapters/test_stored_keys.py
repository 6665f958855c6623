"""What is remembered of stored keys: names and ARNs, kept by several processes at once, and never a reason to fail."""

import json
import os
from pathlib import Path

import pytest

from trayexec.adapters import stored_keys

ARN = "arn:aws:iam::111111111111:user/alice"


def test_what_is_noted_is_read_until_it_is_forgotten(tmp_path: Path) -> None:
    """Names of any kind; the folder is made; nobody else may read it."""
    path = str(tmp_path / "state" / "stored.json")
    stored_keys.note(path, "default", ARN)
    stored_keys.note(path, "日本 語", "")
    assert stored_keys.read(path) == {"default": ARN, "日本 語": ""}
    assert Path(path).stat().st_mode & 0o777 == 0o600
    stored_keys.forget(path, "default")
    stored_keys.forget(path, "default")
    assert stored_keys.read(path) == {"日本 語": ""}


def test_what_the_keychain_lists_is_all_there_is(tmp_path: Path) -> None:
    """Names that are gone go, new ones come, whose the others are stays known, and what has just come stays."""
    path = str(tmp_path / "stored.json")
    stored_keys.note(path, "default", ARN)
    stored_keys.note(path, "gone", ARN)
    before = stored_keys.read(path)
    stored_keys.note(path, "meanwhile", ARN)
    stored_keys.settle(path, frozenset({"default", "new"}), before=before)
    assert stored_keys.read(path) == {"default": ARN, "new": "", "meanwhile": ARN}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"keys": 1}', '{"keys": []}', "\udcff"])
def test_a_broken_file_says_nothing_and_is_written_anew(tmp_path: Path, text: str) -> None:
    """Whatever it holds, nothing fails because of it."""
    path = tmp_path / "stored.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert stored_keys.read(str(path)) == {}
    stored_keys.note(str(path), "default", ARN)
    assert json.loads(path.read_text())["keys"] == {"default": ARN}


def test_without_a_file_or_a_name_for_it_nothing_is_known(tmp_path: Path) -> None:
    """As on the first day, and for whoever looks at files without an agent's state."""
    assert stored_keys.read(str(tmp_path / "none")) == {}
    assert stored_keys.read("") == {}


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    """The agent and commands note what they learned at the same moment."""
    path = str(tmp_path / "stored.json")
    children = []
    for number in range(8):
        child = os.fork()
        if child == 0:
            stored_keys.note(path, f"name {number}", ARN)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == 8 * [0]
    assert stored_keys.read(path) == {f"name {number}": ARN for number in range(8)}
