"""What aws-vault keeps: its keys are found among its sessions, and anything else is left out."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from trayexec.core.aws_vault import keys_in

KEYS = {"AccessKeyID": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "w" * 40, "SessionToken": "", "ProviderName": ""}
SESSION = {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "w" * 40, "SessionToken": "t"}


def item(name: str, said: object) -> str:
    """An item as 99designs/keyring writes it."""
    data = base64.b64encode(json.dumps(said).encode()).decode()
    return json.dumps({"Key": name, "Data": data, "Label": f"aws-vault ({name})", "Description": ""})


def test_keys_are_found_by_the_name_of_their_item() -> None:
    """Sessions of all kinds, with a token, a temporary id or other names of their fields, are none."""
    found = keys_in(
        {
            "b": item("b", KEYS),
            "a": item("a", KEYS),
            "sts.GetSessionToken,YQ,,1": item("sts.GetSessionToken,YQ,,1", SESSION),
            "c": item("c", {**KEYS, "SessionToken": "t"}),
            "d": item("d", {**KEYS, "AccessKeyID": SESSION["AccessKeyId"]}),
            "oidc:x": item("oidc:x", {"Token": {"accessToken": "x"}}),
            "e": item("e", [1]),
            "f": "no JSON",
            "g": json.dumps({"Key": "g", "Data": "%%"}),
        }
    )
    assert list(found) == ["a", "b"]
    assert found["a"].access_key_id == KEYS["AccessKeyID"]
    assert found["a"].secret_access_key.reveal() == KEYS["SecretAccessKey"]


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=40)))
def test_whatever_stands_there_is_read_or_left_out(items: dict[str, str]) -> None:
    """Another program's items can say anything."""
    assert keys_in(items) == {}
