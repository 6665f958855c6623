"""The log's redactor: whatever is secret goes, whatever helps to understand a mishap stays."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awssim import default_world
from trayexec.adapters.journal import open_journal
from trayexec.adapters.redact import GONE, redacted, redacted_word

KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "line",
    [
        "agent 123456 of trayexec 1.0 listens, tray none",
        "process 654321 ended; port 48213; 4194304 is the most",
        "/home/alice/.local/share/pipx/venvs/trayexec/lib/python3.11/site-packages/trayexec/live/overlays.py",
        "/usr/lib/python3/dist-packages/keyring/backends/SecretService/collection.py:131",
        "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/TemporaryItems/NSIRD_screencaptureui_AbC9x/file",
        "/tmp/pytest-of-alice/pytest-12/test_a_long_name_of_a_test0/home/aws/config",
        "state/trayexec/live/9f8e7d6c5b4a3210/config of 2f1c0b7e-88aa-4c4d-9e55-0123456789ab",
        "2026-11-27T08:15:00+0000 the role arn:aws:iam::222222222222:role/deployment/automation/pipeline",
        "error code 404 of 123456789012",
    ],
)
def test_what_helps_stays(line: str) -> None:
    """Process ids of six digits, long paths, ARNs, ports and dates are no secrets."""
    assert redacted(line) == line


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"key {KEY_ID} was refused", KEY_ID),
        ("ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"),
        (f"SecretAccessKey={SECRET}&x=1", SECRET),
        (f"in /home/alice/{SECRET}", SECRET),
        ('{"TokenCode": "123456"}', "123456"),
        ("TokenCode=123456&SerialNumber=x", "123456"),
        ("the MFA code 123 456 was typed", "123 456"),
        ("code: 123456", "123456"),
        ("--token 654321", "654321"),
        ("otp='000111'", "000111"),
    ],
)
def test_what_is_secret_goes(line: str, secret: str) -> None:
    """Access key ids, secret keys and codes that are called so, wherever in a line they stand."""
    assert secret not in redacted(line)
    assert GONE in redacted(line)


def test_a_code_typed_for_a_name_goes() -> None:
    """`trayexec auth 123456` leaves no code in the list of requests."""
    assert redacted_word("123456") == GONE
    assert redacted_word("account-a") == "account-a"


@given(st.binary(min_size=30, max_size=30), st.sampled_from(["", "/", "key ", "/opt/", "a="]))
def test_no_secret_key_gets_through(random: bytes, before: str) -> None:
    """Forty characters of base64, as AWS makes its secret keys, glued to whatever."""
    secret = base64.b64encode(random).decode()
    mixed = any(one.islower() for one in secret) and any(one.isupper() for one in secret)
    assert not mixed or len(set(secret)) < 12 or secret not in redacted(f"{before}{secret}")


def test_no_secret_of_the_double_gets_through() -> None:
    """What the pretended AWS gives out has AWS's shapes."""
    for _ in range(200):
        key = default_world().user_key()
        assert key.secret not in redacted(f"it said {key.secret}.")
        assert key.id not in redacted(f"it said {key.id}.")


def test_a_long_line_takes_no_time() -> None:
    """Whatever is in it, each character is looked at a few times: this ends at once, or the test's time-out does it."""
    for piece in ("aB", "a", "A/", "aA1", "-", "code", "code " * 3 + "12345"):
        redacted(piece * 100_000)


def _fails(words: str) -> None:
    raise KeyError(words)


def _caught() -> Exception:
    """A mishap with another one as its cause, both with a secret in their words."""
    try:
        try:
            _fails(SECRET)
        except KeyError as cause:
            raise ValueError(SECRET) from cause
    except ValueError as error:
        return error
    raise AssertionError


def test_a_mishap_keeps_its_kind_and_its_places_and_loses_its_words(tmp_path: Path) -> None:
    """The log says what broke and where, with the way there and the cause; what the error says may be a secret."""
    journal = open_journal(tmp_path / "agent.log")
    journal.error("mishap", exc_info=_caught())
    for handler in list(journal.handlers):
        journal.removeHandler(handler)
        handler.close()
    said = (tmp_path / "agent.log").read_text()
    assert "mishap: ValueError at test_redact.py:" in said
    assert ", after KeyError at test_redact.py:" in said
    assert "(_fails) < test_redact.py:" in said
    assert SECRET not in said
    assert "Traceback" not in said
