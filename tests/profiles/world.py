"""Who exists for the table: the people, their keys and devices, the roles and whom those let in."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from awssim import Sim
from awssim.identitycenter import IdentityCenter
from awssim.totp import Device
from awssim.web_identity import Issuer
from awssim.world import Key, Role, Trust, World

DAY = 86400.0
GOV, CHINA = "aws-us-gov", "aws-cn"
# Whoever has keys: account and partition. `alice` is who the keys in the keychain belong to, unless a row says other.
PEOPLE: Mapping[str, tuple[str, str]] = {
    "alice": ("111111111111", "aws"),
    "bob": ("666666666666", "aws"),
    "robot": ("777777777777", "aws"),
    "gloria": ("888888888888", GOV),
    "chen": ("999999999999", CHINA),
}
ALICE = "arn:aws:iam::111111111111:mfa/alice"
BOB = "arn:aws:iam::666666666666:mfa/bob"
SESSION = "GetSessionToken 43200 code of alice by 111111111111:user/alice"  # as a row writes what opens alice's session
WITH_MFA = Trust(("arn:aws:iam::111111111111:root",), mfa=True)
ANYBODY = Trust(("*",))
TOKEN = "GAHT12345678"  # a hardware token of alice's
ISSUER = "https://ci.example.com"


@dataclass(frozen=True, slots=True)
class Population:
    """The double, and its world as every row finds it."""

    sim: Sim
    center: IdentityCenter
    issuer: Issuer

    def refresh(self) -> None:
        """Let the devices forget which codes they have given: each row begins anew."""
        world = self.sim.world
        world.devices = {serial: Device(serial, device.seed, device.owner) for serial, device in world.devices.items()}

    def code(self, serial: str) -> str:
        """What the device shows, unless that was used; of a device that nobody has, anything."""
        device = self.sim.world.devices.get(serial)
        return "000000" if device is None else device.unused_code(self.sim.now())

    def filled(self, text: str, folder: str) -> str:
        """A text of a row with what stands in angle brackets put in."""
        made = {
            "folder": lambda _: folder,
            "keys": self._keys,
            "session": self._session,
            "document": self._document,
            "printed keys": self._printed_keys,
            "token": lambda subject: self.issuer.token(subject, ends=time.time() + DAY),
            "signin": self._signed_in,
            "login": self._logged_in,
        }
        kinds = "|".join(made)
        return re.sub(rf"<({kinds})(?: of ([\w:/-]+))?>", lambda m: made[m[1]](m[2]), text)

    def key(self, name: str) -> Key:
        """The long-term key of somebody."""
        return self.sim.world.keys[f"AKIA{name.upper():2<16}"]

    def _keys(self, name: str) -> str:
        key = self.key(name)
        return f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}"

    def temporary(self, name: str) -> Key:
        """Temporary credentials of somebody, or of a role (`ACCOUNT:NAME`)."""
        return self.sim.world.keys[f"ASIA{name.upper():2<16}"]

    def _session(self, name: str) -> str:
        key = self.temporary(name)
        return f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\naws_session_token = {key.token}"

    def _document(self, name: str) -> str:
        key = self.temporary(name)
        said = {"AccessKeyId": key.id, "SecretAccessKey": key.secret, "SessionToken": key.token}
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(key.expires))
        return json.dumps({"Version": 1, **said, "Expiration": ends})

    def _printed_keys(self, name: str) -> str:
        key = self.key(name)
        return json.dumps({"Version": 1, "AccessKeyId": key.id, "SecretAccessKey": key.secret})

    def machine(self, name: str) -> Mapping[str, object]:
        """What the instance metadata service has for a machine that is somebody."""
        key = self.temporary(name)
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(key.expires))
        keys = {"AccessKeyId": key.id, "SecretAccessKey": key.secret, "Token": key.token, "Expiration": ends}
        return {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": ends, **keys}

    def _signed_in(self, _: str) -> str:
        """A token of IAM Identity Center, as the AWS CLI keeps it."""
        ends = self.sim.now() + DAY / 4
        self.center._books.tokens["token-of-a-sign-in"] = ends
        said = {"startUrl": self.center.start_url, "region": self.center.region, "accessToken": "token-of-a-sign-in"}
        return json.dumps({**said, "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))})

    def _logged_in(self, name: str) -> str:
        """What the AWS CLI keeps of `aws login`, with credentials that have not ended."""
        key = self.temporary(name)
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(key.expires))
        said = {"accessKeyId": key.id, "secretAccessKey": key.secret, "sessionToken": key.token, "expiresAt": ends}
        rest = {"tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4", "clientId": "x", "dpopKey": "x"}
        return json.dumps({"accessToken": {**said, "accountId": key.holder.account}, "refreshToken": "x", **rest})


def name_of(arn: str) -> str:
    """`ACCOUNT:user/NAME` or `ACCOUNT:role/NAME` of an ARN, whatever its session is called."""
    account, what = arn.split(":")[4:6]
    kind, _, name = what.partition("/")
    if kind == "assumed-role":
        kind, name = "role", name.partition("/")[0]
    return f"{account}:{kind}/{re.sub('_[0-9a-f]{16}$', '', name.rpartition('/')[2] if kind == 'role' else name)}"


def populate(sim: Sim) -> Population:
    """Fill the double's world."""
    world = sim.world
    for name, (account, partition) in PEOPLE.items():
        user = replace(world.add_user(account, name), partition=partition)
        world.users = {one.arn: one for one in (*world.users.values(), user) if one.account != account or one is user}
        world.keep(Key(f"AKIA{name.upper():2<16}", f"secret-of-{name}", user))
        later = time.time() + DAY / 2
        world.keep(Key(f"ASIA{name.upper():2<16}", f"temporary-secret-of-{name}", user, f"token-of-{name}", later))
        if name != "robot":
            world.add_device(user)
    alice = next(user for user in world.users.values() if user.name == "alice")
    world.add_device(alice, "phone")
    world.devices[TOKEN] = Device(TOKEN, world.add_device(alice, "spare").seed, alice.arn)
    _add_roles(world)
    with sim.identity_center() as center:
        return Population(sim, center, world.add_issuer("444444444444", ISSUER))


def _add_roles(world: World) -> None:
    for account in ("222222222222", "333333333333"):
        world.add_role(account, "Deploy", WITH_MFA)
        world.add_role(account, "Long", WITH_MFA, max_seconds=43200)
    world.add_role("444444444444", "Partner", replace(WITH_MFA, external_id="ours-1"))
    world.add_role("444444444444", "Audit", ANYBODY)
    world.add_role("444444444444", "ci/Build", Trust((ISSUER,), subject="repo:team/*"))
    world.add_role("555555555555", "Hop", Trust(("arn:aws:iam::222222222222:role/Deploy",)))
    world.add_role("666666666666", "Own", Trust(("arn:aws:iam::666666666666:root",), mfa=True))
    world.add_role("555555555555", "Guarded", Trust(("arn:aws:iam::222222222222:role/Deploy",), mfa=True))
    for account, partition in (("888888888888", GOV), ("999999999999", CHINA)):
        role = world.add_role(account, "Deploy", Trust(("*",), mfa=True))
        del world.roles[role.arn]
        there: Role = replace(role, partition=partition)
        world.roles[there.arn] = there
