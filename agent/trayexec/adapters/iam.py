"""A user's own access keys at IAM through botocore, with the settings of a profile as the AWS CLI finds them.

IAM takes a session that was opened with an MFA code, which is what policies that deny everything without MFA want.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from trayexec import __version__
from trayexec.adapters.accidents import accident
from trayexec.adapters.sts_errors import EXPIRED, INVALID_KEY, THROTTLED, not_aws
from trayexec.core.config.ownership import account_in
from trayexec.core.config.sections import shown
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.rotation import AccessKey, LastUse
from trayexec.core.shell_words import argument
from trayexec.light.errors import TrayexecError, Trouble, trouble

CONNECT, READ, TRIES = 5.0, 15.0, 3  # seconds, and how often what may be repeated is tried
DOWN = 500
NONE: Mapping[str, str] = {}
DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
NOTHING_THERE = "NoSuchEntity"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a session, or long-term keys (then without a token)."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Whose keys these are: the user's ARN, the name of the identity, and a region of the partition's IAM."""

    arn: str
    identity: str
    region: str

    @property
    def user(self) -> str:
        """The user's name, without its path."""
        return self.arn.rpartition("/")[2]


class BotoIam:
    """The keys of one user. Blocking: each call ends within 20 seconds a try."""

    def __init__(
        self, owner: Account, signer: Signer, *, profile: str, environ: Mapping[str, str], tries: int = TRIES
    ) -> None:
        """Call with the settings that `profile` has in `environ`, which becomes this process's environment.

        What may be repeated is tried so often.
        """
        os.environ.clear()
        os.environ.update(environ)
        self._owner = owner
        self._signer = signer
        self._profile = profile
        self._tries = tries
        self._host = "iam"
        self._clients: dict[int, Any] = {}

    def keys(self) -> tuple[AccessKey, ...]:
        """Those of the user. Raises TrayexecError."""
        answer = self._call("list_access_keys", "iam:ListAccessKeys")
        return tuple(_listed(one) for one in _list(answer, "AccessKeyMetadata"))

    def last_use(self, access_key_id: str) -> LastUse | None:
        """When it was last used. Raises TrayexecError."""
        answer = self._call("get_access_key_last_used", "iam:GetAccessKeyLastUsed", {"AccessKeyId": access_key_id})
        said = answer.get("AccessKeyLastUsed") or {}
        at = said.get("LastUsedDate")
        return LastUse(at.timestamp(), str(said.get("ServiceName", ""))) if isinstance(at, datetime) else None

    def devices(self) -> tuple[str, ...]:
        """The serials of the user's MFA devices, of whatever kind. Raises TrayexecError."""
        listed = _list(self._call("list_mfa_devices", "iam:ListMFADevices"), "MFADevices")
        return tuple(serial for one in listed if isinstance(serial := one.get("SerialNumber"), str))

    def make(self) -> LongTermKeys:
        """A new key; sent once. Raises TrayexecError."""
        said = self._call("create_access_key", "iam:CreateAccessKey", tries=1).get("AccessKey") or {}
        key_id, secret = said.get("AccessKeyId"), said.get("SecretAccessKey")
        if not (isinstance(key_id, str) and isinstance(secret, str) and key_id and secret):
            raise TrayexecError(not_aws("iam_not_aws"))
        return LongTermKeys(key_id, Secret(secret), self._owner.arn)

    def switch_off(self, access_key_id: str) -> None:
        """Make it inactive. Raises TrayexecError."""
        self._change("update_access_key", "iam:UpdateAccessKey", AccessKeyId=access_key_id, Status="Inactive")

    def delete(self, access_key_id: str) -> None:
        """Delete it. Raises TrayexecError."""
        self._change("delete_access_key", "iam:DeleteAccessKey", AccessKeyId=access_key_id)

    def take(self, keys: LongTermKeys) -> None:
        """Sign with these keys from now on, unless a session signs."""
        if self._signer.session_token is None:
            self._signer = Signer(keys.access_key_id, keys.secret_access_key)
            self.close()

    def _change(self, operation: str, action: str, **parameters: str) -> None:
        try:
            self._call(operation, action, parameters)
        except TrayexecError as error:
            if error.trouble.code != "iam_gone":
                raise

    def _call(
        self, operation: str, action: str, parameters: Mapping[str, str] = NONE, *, tries: int | None = None
    ) -> Mapping[str, Any]:
        """The answer. Raises TrayexecError: `iam_denied`, `iam_full`, `iam_gone`, `iam_session` and others."""
        whose = {} if operation == "get_access_key_last_used" else {"UserName": self._owner.user}
        try:
            call: Callable[..., Mapping[str, Any]] = getattr(self._client(tries or self._tries), operation)
            return call(**whose, **parameters)
        except ClientError as error:
            failure = self._refused(error, action)
        except (ResponseParserError, ValueError, LookupError):
            failure = not_aws("iam_not_aws")
        except Exception as error:  # noqa: BLE001 — the border: whatever it is becomes a sentence, without the request
            failure = accident(error, self._host, service="iam")
        raise TrayexecError(failure) from None

    def _client(self, tries: int) -> Any:
        """A client that tries so often; botocore finds endpoint, proxy and certificates as for the AWS CLI."""
        if tries not in self._clients:
            session = botocore.session.Session(profile=self._profile)
            config = Config(
                connect_timeout=CONNECT,
                read_timeout=READ,
                retries={"total_max_attempts": tries, "mode": "standard"},
                user_agent_extra=f"trayexec/{__version__}",
            )
            token = self._signer.session_token
            client = session.create_client(
                "iam",
                region_name=self._owner.region,  # IAM is signed for the first one alone, whatever the profile's is
                aws_access_key_id=self._signer.access_key_id,
                aws_secret_access_key=self._signer.secret_access_key.reveal(),
                aws_session_token=token.reveal() if token is not None else None,
                config=config,
            )
            self._host = urlsplit(client.meta.endpoint_url).netloc
            self._clients[tries] = client
        return self._clients[tries]

    def close(self) -> None:
        """Close the connections."""
        while self._clients:
            self._clients.popitem()[1].close()

    def _refused(self, error: ClientError, action: str) -> Trouble:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        values = {"user": shown(self._owner.user), "account": account_in(self._owner.arn), "host": self._host}
        if code in DENIED:
            return trouble(
                "iam_denied",
                "AWS does not let {user} in {account} do {action}.",
                "It takes a policy that allows iam:ListAccessKeys, iam:CreateAccessKey, iam:UpdateAccessKey and "
                "iam:DeleteAccessKey on {arn}: ask who administers the account.",
                action=action,
                arn=self._owner.arn,
                **values,
            )
        if code == "LimitExceeded":
            return trouble(
                "iam_full",
                "AWS says that {user} in {account} has two access keys already, and lists fewer.",
                "Its lists lag behind: try again in a minute.",
                **values,
            )
        if code == NOTHING_THERE:
            return trouble(
                "iam_gone",
                "AWS knows no user {user} in {account}, or not this key.",
                "It may have been deleted a moment ago: try again in a minute.",
                **values,
            )
        if code in INVALID_KEY or code in EXPIRED:
            return trouble(
                "iam_session",
                "AWS IAM takes neither the session nor the keys of {identity}.",
                "Unlock again with a new code: `trayexec auth {word} --force`.",
                identity=shown(self._owner.identity),
                word=argument(self._owner.identity),
            )
        if code in THROTTLED or status >= DOWN:
            return trouble(
                "iam_down",
                "AWS IAM answers nothing of use just now ({code}).",
                "Wait a minute and try again.",
                code=code or status,
            )
        return trouble(
            "iam_refused",
            "AWS IAM refused {action} ({code}).",
            "Check endpoint_url and region of {identity} in your AWS config.",
            action=action,
            code=code or status,
            identity=shown(self._owner.identity),
        )


def _list(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise TrayexecError(not_aws("iam_not_aws"))
    return found


def _listed(said: Mapping[str, Any]) -> AccessKey:
    key_id, created = said.get("AccessKeyId"), said.get("CreateDate")
    if not (isinstance(key_id, str) and isinstance(created, datetime)):
        raise TrayexecError(not_aws("iam_not_aws"))
    return AccessKey(key_id, said.get("Status") == "Active", created.timestamp())
