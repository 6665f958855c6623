"""What IAM answers about a user's own devices and access keys, and how long its answers lag behind what was changed.

IAM is eventually consistent: with `World.lag` a new key is refused for so many calls, then taken, then refused once
more by a place that has not heard yet; a key that was switched off or deleted goes on for so many calls; and as many
lists show what was before. Sources: the IAM API reference, and the messages as AWS sends them.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from awssim.refused import Refused
from awssim.world import Key, User, World

NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
VERSION = "2010-05-08"
MOST_KEYS = 2  # of a user (IAM quotas)
SILENT = frozenset({"UpdateAccessKey", "DeleteAccessKey"})  # their answers have no result
ACTIONS = SILENT | {"ListMFADevices", "ListAccessKeys", "CreateAccessKey", "GetAccessKeyLastUsed"}

Operation = Callable[[Mapping[str, str], Key], str]


def operation(world: World, clock: Callable[[], float], action: str) -> Operation:
    """The operation of that name."""
    return getattr(_Iam(world, clock), _FUNCTIONS[action])  # type: ignore[no-any-return]


def seen_alive(world: World, key: Key) -> bool:
    """Whether the place that looks at this call takes the key; each look counts."""
    pending = world.unsettled.get(key.id)
    return pending.pop(0) if pending else world.alive(key)


class _Iam:
    """A world and a clock, for one call."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self._world = world
        self._clock = clock

    def list_mfa_devices(self, _parameters: Mapping[str, str], key: Key) -> str:
        user = self._world.users.get(key.holder.arn)  # who may do this without MFA, by AWS's own sample policy
        if user is not None and not any(fnmatchcase("iam:ListMFADevices", one) for one in user.permits):
            raise Refused(403, "AccessDenied", _denial(key, "iam:ListMFADevices", f"user {user.name}"))
        owned = [device for device in self._world.devices.values() if device.owner == key.holder.arn]
        members = "".join(
            f"<member><UserName>{device.owner.rpartition('/')[2]}</UserName>"
            f"<SerialNumber>{device.serial}</SerialNumber><EnableDate>2026-01-05T09:00:00Z</EnableDate></member>\n"
            for device in owned
        )
        return f"<MFADevices>{members}</MFADevices>\n<IsTruncated>false</IsTruncated>\n"

    def list_access_keys(self, parameters: Mapping[str, str], key: Key) -> str:
        user = self._user(parameters, key, "iam:ListAccessKeys")
        members = ""
        for one in [each for each in self._world.keys.values() if each.token is None and each.holder.arn == user.arn]:
            there, active = one.id not in self._world.revoked, one.active
            if self._world.listings.get(one.id, 0) > 0:
                self._world.listings[one.id] -= 1
                there, active = not there or not active, active or there  # as it was before the change
            if there:
                members += f"<member>{_listed(user, one, active=active)}</member>\n"
        return f"<AccessKeyMetadata>{members}</AccessKeyMetadata>\n<IsTruncated>false</IsTruncated>\n"

    def create_access_key(self, parameters: Mapping[str, str], key: Key) -> str:
        user = self._user(parameters, key, "iam:CreateAccessKey")
        if len(self._world.keys_of(user.name)) >= MOST_KEYS:
            raise Refused(409, "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}")
        made = self._world.keep(replace(self._world.add_key(user), created=self._clock()))
        self._change(made.id, [*[False] * self._world.lag, True, False])
        return (
            f"<AccessKey>{_listed(user, made, active=True)}<SecretAccessKey>{made.secret}</SecretAccessKey></AccessKey>"
        )

    def update_access_key(self, parameters: Mapping[str, str], key: Key) -> str:
        user = self._user(parameters, key, "iam:UpdateAccessKey")
        status = parameters.get("Status")
        if status not in {"Active", "Inactive"}:
            raise _invalid("status", status, "Member must satisfy enum value set: [Active, Inactive]")
        named = self._named(parameters, user)
        self._world.keep(replace(named, active=status == "Active"))
        self._change(named.id, [status != "Active"] * self._world.lag)
        return ""

    def delete_access_key(self, parameters: Mapping[str, str], key: Key) -> str:
        user = self._user(parameters, key, "iam:DeleteAccessKey")
        named = self._named(parameters, user)
        self._world.revoke(named.id)
        self._change(named.id, [named.active] * self._world.lag)
        return ""

    def get_access_key_last_used(self, parameters: Mapping[str, str], key: Key) -> str:
        named = self._world.keys.get(parameters.get("AccessKeyId", ""))
        if named is None or named.token is not None or named.holder.account != key.holder.account:
            raise Refused(403, "AccessDenied", _denial(key, "iam:GetAccessKeyLastUsed", "access key"))
        user = self._user({"UserName": named.holder.arn.rpartition("/")[2]}, key, "iam:GetAccessKeyLastUsed")
        use = self._world.uses.get(named.id)
        date = "" if use is None else f"<LastUsedDate>{_iso(use.at)}</LastUsedDate>"
        service, region = ("N/A", "N/A") if use is None else (use.service, use.region)
        return (
            f"<UserName>{html.escape(user.name)}</UserName><AccessKeyLastUsed><Region>{region}</Region>{date}"
            f"<ServiceName>{service}</ServiceName></AccessKeyLastUsed>\n"
        )

    def _user(self, parameters: Mapping[str, str], key: Key, action: str) -> User:
        """The user that is meant, if the caller may do this to it. Raises Refused."""
        name = parameters.get("UserName", key.holder.arn.rpartition("/")[2])
        if not re.fullmatch(r"[\w+=,.@-]{1,128}", name, re.ASCII):
            raise _invalid("userName", name, "The specified value for userName is invalid.")
        user = self._world.users.get(key.holder.arn)
        denied = user is None or user.name != name or not any(fnmatchcase(action, one) for one in user.permits)
        if user is None or denied or (user.wants_mfa and key.mfa_at is None):
            raise Refused(403, "AccessDenied", _denial(key, action, f"user {name}"))
        return user

    def _named(self, parameters: Mapping[str, str], user: User) -> Key:
        wanted = parameters.get("AccessKeyId", "")
        if not re.fullmatch(r"\w{16,128}", wanted, re.ASCII):
            raise _invalid("accessKeyId", wanted, "Member must satisfy regular expression pattern: [\\w]+")
        for key in self._world.keys_of(user.name):
            if key.id == wanted:
                return key
        raise Refused(404, "NoSuchEntity", f"The Access Key with id {wanted} cannot be found.")

    def _change(self, key_id: str, seen: list[bool]) -> None:
        if self._world.lag:
            self._world.unsettled[key_id] = seen
            self._world.listings[key_id] = self._world.lag


_FUNCTIONS = {
    "ListMFADevices": "list_mfa_devices",
    "ListAccessKeys": "list_access_keys",
    "CreateAccessKey": "create_access_key",
    "UpdateAccessKey": "update_access_key",
    "DeleteAccessKey": "delete_access_key",
    "GetAccessKeyLastUsed": "get_access_key_last_used",
}


def _listed(user: User, key: Key, *, active: bool) -> str:
    return (
        f"<UserName>{html.escape(user.name)}</UserName><AccessKeyId>{key.id}</AccessKeyId>"
        f"<Status>{'Active' if active else 'Inactive'}</Status><CreateDate>{_iso(key.created)}</CreateDate>"
    )


def _denial(key: Key, action: str, resource: str) -> str:
    return (
        f"User: {key.holder.arn} is not authorized to perform: {action} on resource: {resource} because no "
        f"identity-based policy allows the {action} action"
    )


def _invalid(place: str, value: str | None, constraint: str) -> Refused:
    message = f"1 validation error detected: Value '{value}' at '{place}' failed to satisfy constraint: {constraint}"
    return Refused(400, "ValidationError", message)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
