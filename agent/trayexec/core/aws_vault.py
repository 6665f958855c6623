"""Reads what aws-vault keeps in the Secret Service: long-term keys by profile. It must not know the keychain.

An item is 99designs/keyring's JSON (libsecret.go): `Key` is the name, `Data` in base64 what aws-vault gave it
(vault/credentialkeyring.go): the SDK's credentials as JSON. Sessions have items of their own, in another shape.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping

from trayexec.core import key_shape
from trayexec.core.credentials import LongTermKeys, Secret

COLLECTION = "awsvault"  # its --secret-service-collection-name unless told otherwise


def keys_in(items: Mapping[str, str]) -> dict[str, LongTermKeys]:
    """The long-term keys in these items, by the name that aws-vault has for them; what is anything else is left out."""
    found = {name: keys for label, item in items.items() for name, keys in _keys(label, item)}
    return {name: found[name] for name in sorted(found)}


def _keys(label: str, item: str) -> Iterator[tuple[str, LongTermKeys]]:
    outer = _document(item)
    try:
        data = base64.b64decode(str(outer.get("Data", "")), validate=True).decode()
    except (binascii.Error, ValueError):
        return
    said = _document(data)
    key_id, secret, token = (said.get(one) for one in ("AccessKeyID", "SecretAccessKey", "SessionToken"))
    if not isinstance(key_id, str) or not isinstance(secret, str) or token:
        return
    if key_shape.wrong_id(key_id) is None and key_shape.wrong_secret(secret) is None:
        name = outer.get("Key")
        yield name if isinstance(name, str) and name else label, LongTermKeys(key_id, Secret(secret))


def _document(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
