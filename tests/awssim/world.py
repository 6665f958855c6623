"""Who exists in the pretended AWS: users, their keys and devices, roles and whom those trust."""

import base64
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from awssim.totp import Device
from awssim.web_identity import Issuer

REGIONS = frozenset(
    {
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-central-1", "eu-west-1", "eu-west-3"),
        *("ap-northeast-1", "ap-southeast-2", "ap-east-1", "me-south-1", "cn-north-1", "us-gov-west-1"),
    }
)


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user. `allowed` are the role ARNs (patterns) that the user's own policy lets it assume.

    `permits` are the actions of IAM (patterns) that it may use for itself; `wants_mfa`: only with MFA, as in AWS's
    policy for self-managed users. `partition` is the cloud that its account is in.
    """

    account: str
    name: str
    unique_id: str
    allowed: tuple[str, ...] = ("*",)
    permits: tuple[str, ...] = ("*",)
    wants_mfa: bool = False
    partition: str = "aws"

    @property
    def arn(self) -> str:
        """The user's ARN, which is also who GetCallerIdentity says it is."""
        return f"arn:{self.partition}:iam::{self.account}:user/{self.name}"


@dataclass(frozen=True, slots=True)
class Trust:
    """A role's trust policy, reduced to the conditions that matter for an MFA login.

    `principals` are ARNs of users or roles, `arn:aws:iam::<account>:root` for a whole account, or `*`.
    `mfa_age` is in seconds; `source_identity` and `session_name` are patterns. None means: no such condition.
    """

    principals: tuple[str, ...]
    mfa: bool = False
    mfa_age: int | None = None
    external_id: str | None = None
    source_identity: str | None = None
    session_name: str | None = None
    may_set_source_identity: bool = True
    subject: str | None = None  # a pattern of the web identity that may come in; with it, `principals` are issuers


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role. A role that is deleted and made again has the same ARN but another `unique_id`."""

    account: str
    name: str
    trust: Trust
    unique_id: str
    max_seconds: int = 3600
    allowed: tuple[str, ...] = ("*",)
    partition: str = "aws"

    @property
    def arn(self) -> str:
        """The role's ARN."""
        return f"arn:{self.partition}:iam::{self.account}:role/{self.name}"


@dataclass(frozen=True, slots=True)
class RoleSession:
    """Someone in a role: what AssumeRole makes."""

    role: Role
    name: str
    source_identity: str | None = None
    transitive_tags: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[str, ...] = ()  # of the session: with any, it may do no more than one of them allows

    @property
    def account(self) -> str:
        """The role's account."""
        return self.role.account

    @property
    def arn(self) -> str:
        """Who GetCallerIdentity says it is."""
        name = self.role.name.rpartition("/")[2]
        return f"arn:{self.role.partition}:sts::{self.role.account}:assumed-role/{name}/{self.name}"

    @property
    def unique_id(self) -> str:
        """The AssumedRoleId."""
        return f"{self.role.unique_id}:{self.name}"

    @property
    def allowed(self) -> tuple[str, ...]:
        """Which roles the role's own policy lets it assume."""
        return self.role.allowed


@dataclass(frozen=True, slots=True)
class FederatedUser:
    """Who has the credentials of GetFederationToken: may what its user may, if the session policy says so, too."""

    user: User
    name: str

    @property
    def account(self) -> str:
        """The user's account."""
        return self.user.account

    @property
    def arn(self) -> str:
        """Who GetCallerIdentity says it is."""
        return f"arn:aws:sts::{self.user.account}:federated-user/{self.name}"

    @property
    def unique_id(self) -> str:
        """The FederatedUserId."""
        return f"{self.user.account}:{self.name}"

    @property
    def allowed(self) -> tuple[str, ...]:
        """It may assume no role."""
        return ()


Holder = User | RoleSession | FederatedUser


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, long-term (no token) or temporary. `mfa_at` is when a code was given for it, in Unix seconds.

    `created` is in Unix seconds, too.
    """

    id: str
    secret: str
    holder: Holder
    token: str | None = None
    expires: float | None = None
    mfa_at: float | None = None
    active: bool = True
    created: float = 1767603600.0  # 2026-01-05


@dataclass(frozen=True, slots=True)
class Use:
    """The last use of a key: Unix seconds, the service and the region."""

    at: float
    service: str
    region: str


class World:
    """Everything that exists. Change it freely while the double runs: it is read at every request."""

    def __init__(self) -> None:
        """Begin empty."""
        self.users: dict[str, User] = {}
        self.roles: dict[str, Role] = {}
        self.devices: dict[str, Device] = {}
        self.keys: dict[str, Key] = {}
        self.profiles: dict[str, str] = {}
        self.policies: dict[str, str] = {}  # stored in the accounts, by ARN
        self.revoked: set[str] = set()
        self.uses: dict[str, Use] = {}
        self.lag = 0  # of IAM: for so many calls a change is not seen everywhere
        self.unsettled: dict[str, list[bool]] = {}  # by key: whether the next calls that it signs find it
        self.listings: dict[str, int] = {}  # by key: how many more lists show it as it was
        self.disabled_regions: set[str] = set()
        self.issuers: tuple[Issuer, ...] = ()

    def add_user(self, account: str, name: str, *, allowed: tuple[str, ...] = ("*",)) -> User:
        """A new user without key or device."""
        user = User(account, name, _unique("AIDA"), allowed)
        self.users[user.arn] = user
        return user

    def restrict(self, name: str, *, permits: tuple[str, ...] = ("*",), wants_mfa: bool = False) -> None:
        """Let a user of that name do no more than this in IAM."""
        for arn, user in self.users.items():
            if user.name == name:
                self.users[arn] = replace(user, permits=permits, wants_mfa=wants_mfa)

    def add_key(self, user: User) -> Key:
        """A new long-term key of `user`."""
        return self.keep(Key(_unique("AKIA"), new_secret(), user))

    def keys_of(self, user_name: str = "alice") -> tuple[Key, ...]:
        """The long-term keys that a user has, active or not, oldest first."""
        return tuple(
            key
            for key in self.keys.values()
            if key.token is None and key.id not in self.revoked and key.holder.arn.endswith(f":user/{user_name}")
        )

    def add_device(self, user: User, name: str | None = None) -> Device:
        """A new virtual MFA device of `user`, named like the user unless told."""
        serial = f"arn:{user.partition}:iam::{user.account}:mfa/{name or user.name}"
        self.devices[serial] = Device(serial, base64.b32encode(secrets.token_bytes(20)).decode(), user.arn)
        return self.devices[serial]

    def add_role(
        self,
        account: str,
        name: str,
        trust: Trust,
        *,
        profile: str | None = None,
        max_seconds: int = 3600,
        allowed: tuple[str, ...] = ("*",),
    ) -> Role:
        """A new role (or the old one made again), and the `profile` that `config_text` is to write for it."""
        role = Role(account, name, trust, _unique("AROA"), max_seconds, allowed)
        self.roles[role.arn] = role
        if profile is not None:
            self.profiles[profile] = role.arn
        return role

    def add_issuer(self, account: str, url: str = "https://ci.example.com") -> Issuer:
        """An OpenID Connect provider whose tokens this account takes from now on."""
        issuer = Issuer(account, url, "sts.amazonaws.com", new_secret())
        self.issuers = (*self.issuers, issuer)
        return issuer

    def keep(self, key: Key) -> Key:
        """Remember an issued key for good: an expired one must still be told from an unknown one."""
        self.keys[key.id] = key
        return key

    def revoke(self, access_key_id: str) -> None:
        """Make a key invalid from now on, as if deleted or deactivated; sessions opened with it live on."""
        self.revoked.add(access_key_id)

    def alive(self, key: Key) -> bool:
        """Whether the key, and the user or role behind it, still exists."""
        holder = key.holder.user if isinstance(key.holder, FederatedUser) else key.holder
        if isinstance(holder, User):
            user = self.users.get(holder.arn)
            return key.active and key.id not in self.revoked and user is not None and user.unique_id == holder.unique_id
        role = self.roles.get(holder.role.arn)
        return key.id not in self.revoked and role is not None and role.unique_id == holder.role.unique_id

    def user_key(self, user_name: str = "alice") -> Key:
        """The first long-term key of a user."""
        return next(key for key in self.keys.values() if key.token is None and key.holder.arn.endswith(f"/{user_name}"))

    def device(self, name: str = "alice") -> Device:
        """The device of that name."""
        return next(device for serial, device in self.devices.items() if serial.endswith(f":mfa/{name}"))

    def config_text(self, url: str | None = None, *, region: str = "eu-central-1", device: str = "alice") -> str:
        """The `~/.aws/config` that fits this world: `[default]` with the serial, and a profile for each role.

        With `url` every profile also says where STS is, so that no environment variable is needed.
        """
        where = f"endpoint_url = {url}\n" if url else ""
        text = f"[default]\nregion = {region}\nmfa_serial = {self.device(device).serial}\n{where}"
        for name, arn in self.profiles.items():
            text += f"\n[profile {name}]\nrole_arn = {arn}\nsource_profile = default\nregion = {region}\n{where}"
            external_id = self.roles[arn].trust.external_id
            text += f"external_id = {external_id}\n" if external_id else ""
        return text


def trusts(trust: Trust, holder: Holder) -> bool:
    """Whether `holder` is among the trust policy's principals."""
    partition = holder.arn.split(":")[1]
    names = {holder.arn, f"arn:{partition}:iam::{holder.account}:root", holder.account, "*"}
    if isinstance(holder, RoleSession):
        names.add(holder.role.arn)
    return any(principal in names for principal in trust.principals)


def matches(pattern: str | None, value: str | None) -> bool:
    """Whether a condition holds: none at all, or a pattern that fits."""
    return pattern is None or (value is not None and fnmatchcase(value, pattern))


def new_secret() -> str:
    """A secret access key: 40 characters of base64."""
    return base64.b64encode(secrets.token_bytes(30)).decode()


def new_token() -> str:
    """A session token: opaque, a few hundred characters of base64, as AWS's are."""
    return "IQoJb3JpZ2luX2Vj" + base64.b64encode(secrets.token_bytes(350)).decode()


def temporary_key_id() -> str:
    """An access key id for credentials that end."""
    return _unique("ASIA")


def _unique(prefix: str) -> str:
    return prefix + "".join(secrets.choice(string.ascii_uppercase + "234567") for _ in range(16))


def default_world() -> World:
    """One user, alice of 111111111111, with a key and a device; the role Deploy in two accounts, both wanting MFA."""
    world = World()
    alice = world.add_user("111111111111", "alice")
    world.add_key(alice)
    world.add_device(alice)
    trust = Trust(("arn:aws:iam::111111111111:root",), mfa=True)
    world.add_role("222222222222", "Deploy", trust, profile="account-a")
    world.add_role("333333333333", "Deploy", trust, profile="account-b")
    return world
