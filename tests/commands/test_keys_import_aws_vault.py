"""`keys import --aws-vault`: out of a collection of its own in a real keyring, checked with AWS, stored as ours."""

import json
import sys
from collections.abc import Iterator

import pytest

from core.test_aws_vault import SESSION, item
from support.desktop import private_desktop
from support.rig import Rig, rig_on

# What aws-vault does at its first key, without the prompt for a password: gnome-keyring has a call for tests.
KEEP = """\
import json, sys
import secretstorage
from secretstorage.util import DBusAddressWrapper, format_secret, open_session
connection = secretstorage.dbus_init()
session = open_session(connection)
service = DBusAddressWrapper(
    "/org/freedesktop/secrets", "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface", connection
)
label = {"org.freedesktop.Secret.Collection.Label": ("s", "awsvault")}
service.call("CreateWithMasterPassword", "a{sv}(oayays)", label, format_secret(session, b"x", "text/plain"))
collection = secretstorage.Collection(connection, "/org/freedesktop/secrets/collection/awsvault")
for name, value in json.load(sys.stdin).items():
    collection.create_item(name, {"profile": name}, value.encode(), content_type="application/json")
if sys.argv[1:]:
    collection.lock()
"""


@pytest.fixture
def own() -> Iterator[Rig]:
    """A rig with a keyring of its own in which we have stored nothing."""
    with private_desktop() as desk, rig_on(desk) as rig:
        desk.start_keyring()
        yield rig


def keep(rig: Rig, *words: str, **names: tuple[str, str]) -> None:
    """Let aws-vault have these keys, and a session."""
    items = {
        name: item(name, {"AccessKeyID": key, "SecretAccessKey": secret, "SessionToken": ""})
        for name, (key, secret) in names.items()
    }
    items["sts.GetSessionToken,YQ,,1"] = item("sts.GetSessionToken,YQ,,1", SESSION)
    rig.desk.run([sys.executable, "-c", KEEP, *words], stdin=json.dumps(items))


def test_its_keys_are_stored_and_profiles_work(own: Rig) -> None:
    """They stay with aws-vault, too; no secret is shown, and the next import changes nothing."""
    key = own.sim.world.user_key()
    keep(own, default=(key.id, key.secret))
    done = own.run("keys", "import", "--aws-vault")
    assert done.status == 0, done.err
    assert "user/alice in 111111111111" in done.out
    assert key.secret not in done.out + done.err
    assert key.id not in done.out + done.err
    assert own.auth().status == 0
    assert own.run("account-a", "--no-wait", "--", "true").status == 0
    again = own.run("keys", "import", "--aws-vault", "--json")
    assert [(one["profile"], one["stored"]) for one in again.json["keys"]] == [("default", True)]


def test_a_dry_run_stores_nothing_and_asks_nobody(own: Rig) -> None:
    """It says what could be."""
    key = own.sim.world.user_key()
    keep(own, default=(key.id, key.secret))
    done = own.run("keys", "import", "--aws-vault", "--dry-run")
    assert (done.status, "can be stored" in done.out) == (0, True)
    assert not own.sim.calls
    assert not own.run("keys", "list", "--json").json[0]["stored"]


def test_what_cannot_be_stored_is_told_and_the_others_are(own: Rig) -> None:
    """Refused by AWS, of a role, or of no profile: each with its reason."""
    key = own.sim.world.user_key()
    bad = ("AKIAIOSFODNN7EXAMPLE", "w" * 40)
    keep(own, default=(key.id, key.secret), other=bad, gone=(key.id, key.secret), **{"account-a": (key.id, key.secret)})
    own.config(f"{own.sim.world.config_text(own.sim.url)}\n[profile other]\nregion = eu-west-1\n")
    done = own.run("keys", "import", "--aws-vault", "--json", env={"AWS_ENDPOINT_URL": own.sim.url})
    assert done.status == 125
    assert {one["profile"]: one["problem"] and one["problem"]["code"] for one in done.json["keys"]} == {
        "account-a": "not_an_identity",
        "default": None,
        "gone": "unknown_profile",
        "other": "keys_refused",
    }
    assert own.run("keys", "import", "--aws-vault", "nobody").status == 125


def test_other_keys_are_not_replaced(own: Rig) -> None:
    """Both are the user's, and only they know which is right."""
    own.store_keys()
    keep(own, default=("AKIAIOSFODNN7EXAMPLE", "w" * 40))
    done = own.run("keys", "import", "--aws-vault", "--json")
    assert [one["problem"]["code"] for one in done.json["keys"]] == ["keys_there"]


def test_where_it_has_nothing_that_is_said(own: Rig) -> None:
    """With the way from its other back ends."""
    done = own.run("keys", "import", "--aws-vault")
    assert done.status == 125
    assert "aws-vault keeps no access key in this keychain" in done.err
