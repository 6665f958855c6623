"""What programs print as keys: read where it is one pair of an IAM user's, and refused with a reason else."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.core import key_document
from trayexec.core.key_document import LONGEST, read
from trayexec.light.errors import TrayexecError

ID, SECRET = "AKIAEXAMPLE000000001", "s" * 36 + "A/+9"
OTHER = "AKIAEXAMPLE000000002"

DOCUMENT = {"Version": 1, "AccessKeyId": ID, "SecretAccessKey": SECRET}
ITEM = {
    "id": "x",
    "title": "aws",
    "fields": [
        {"id": "username", "label": "access key id", "value": ID, "reference": "op://Private/aws/access key id"},
        {"id": "credential", "label": "secret access key", "value": SECRET},
        {"id": "otp", "type": "OTP", "label": "one-time password", "value": "otpauth://x", "totp": "123456"},
        {"label": "nothing"},
    ],
}


@pytest.mark.parametrize(
    "printed",
    [
        json.dumps(DOCUMENT),
        json.dumps(DOCUMENT, indent=2) + "\r\n",
        "\ufeff" + json.dumps(DOCUMENT),
        json.dumps({**DOCUMENT, "SessionToken": "", "Expiration": None}),
        json.dumps(ITEM),
        json.dumps(ITEM["fields"]),
        json.dumps(
            {"fields": [{"name": "AWS_ACCESS_KEY_ID", "value": ID}, {"name": "SecretAccessKey", "value": SECRET}]}
        ),
        f"AWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={SECRET}",
        f"export AWS_ACCESS_KEY_ID='{ID}'\nexport AWS_SECRET_ACCESS_KEY=\"{SECRET}\"\n",
        f"[default]\r\naws_access_key_id = {ID}\r\naws_secret_access_key = {SECRET}\r\n",
        f"# mine\n\naws_access_key_id: {ID}\naws_secret_access_key: {SECRET}\nregion: eu-west-1\n",
        f"AWS_ACCESS_KEY_ID={ID}\nAWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={SECRET}\nAWS_SESSION_TOKEN=\n",
    ],
)
def test_a_pair_is_found(printed: str) -> None:
    """In AWS's document, in a password manager's item, in lines of every dialect."""
    keys = read(printed.encode(), "default")
    assert (keys.access_key_id, keys.secret_access_key.reveal(), keys.arn) == (ID, SECRET, "")


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ("", "nothing"),
        (" \n\t", "nothing"),
        ("<!doctype html>", "a web page"),
        ("hello", "no access key id"),
        ("[]", "no access key id"),
        ("null", "no access key id"),
        ("[" * 5000, "no access key id"),
        (json.dumps({"AccessKeyId": ID}), "no access key id, or no secret"),
        (json.dumps({**DOCUMENT, "AccessKeyId": 7}), "no access key id"),
        (json.dumps({**DOCUMENT, "SessionToken": "t"}), "temporary"),
        (json.dumps({**DOCUMENT, "AccessKeyId": "ASIAEXAMPLE000000001"}), "no access key of an IAM user"),
        (json.dumps({**DOCUMENT, "SecretAccessKey": SECRET[1:]}), "no access key of an IAM user"),
        (f"AWS_ACCESS_KEY_ID={ID}\nAWS_ACCESS_KEY_ID={OTHER}\nAWS_SECRET_ACCESS_KEY={SECRET}", "more than one pair"),
        ("x" * (LONGEST + 1), "64 KiB"),
    ],
)
def test_all_else_is_told_and_never_repeated(printed: str, why: str) -> None:
    """One reason for each, and nothing of what was printed."""
    with pytest.raises(TrayexecError) as caught:
        read(printed.encode(), "a.b")
    said = f"{caught.value.trouble.title} {caught.value.trouble.hint}"
    assert why in said
    assert '[identity."a.b"]' in said
    assert SECRET[1:] not in said
    assert "EXAMPLE" not in said


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_is_printed_it_is_read_or_refused(printed: bytes) -> None:
    """Nothing else is raised."""
    with pytest.raises(TrayexecError):
        read(printed, "default")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([ID, SECRET]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["fields", "label", "name", "value", "AccessKeyId", "SecretAccessKey", "SessionToken"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_document_gives_this_pair_or_none(document: object) -> None:
    """A pair that was put together of halves is of the values that stood under these names."""
    with contextlib.suppress(TrayexecError):
        keys = read(json.dumps(document).encode(), "default")
        assert (keys.access_key_id, keys.secret_access_key.reveal()) == (ID, SECRET)


def test_long_lines_cost_no_more_than_they_are_long() -> None:
    """What a program prints is looked through once."""
    with pytest.raises(TrayexecError):
        key_document.read(b"a" + b" " * (LONGEST - 1), "default")
