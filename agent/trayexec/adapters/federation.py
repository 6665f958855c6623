"""AWS's federation endpoint: a role's credentials in, a sign-in token out.

Over botocore's transport, with its proxies and certificates. The credentials go in the body of a POST, as the AWS
Toolkits do it: an address may be logged on its way.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from trayexec import __version__
from trayexec.adapters.accidents import accident
from trayexec.adapters.sts_errors import not_aws
from trayexec.core.credentials import Secret
from trayexec.light.errors import TrayexecError, Trouble, trouble

CONNECT, READ = 5.0, 15.0  # seconds
MOST = 1 << 16  # bytes of an answer
OK, REDIRECT, REFUSED, DOWN = 200, 300, 400, 500


@dataclass(frozen=True, slots=True)
class FederationCredentials:
    """What is exchanged for a token: a role's credentials."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret


def signin_token(endpoint: str, credentials: FederationCredentials, *, ca_bundle: str | None) -> Secret:
    """Ask `endpoint` for a sign-in token. Blocking, for 20 seconds at most between bytes.

    Raises TrayexecError: `signin_refused`, `signin_unreachable`, `signin_tls`, `signin_proxy`, `signin_down`,
    `signin_not_aws`.
    """
    session = {
        "sessionId": credentials.access_key_id,
        "sessionKey": credentials.secret_access_key.reveal(),
        "sessionToken": credentials.session_token.reveal(),
    }
    # Without SessionDuration: AWS refuses it for a role that was not assumed with long-term keys.
    body = urlencode({"Action": "getSigninToken", "Session": json.dumps(session)})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": f"trayexec/{__version__}"}
    failure: Trouble
    try:
        status, answer = _send(AWSRequest(method="POST", url=endpoint, data=body, headers=headers), ca_bundle)
    except Exception as error:  # noqa: BLE001 — the border: whatever it is becomes a sentence, without the request in it
        failure = accident(error, urlsplit(endpoint).netloc, service="signin")
    else:
        token = _token(status, answer)
        if isinstance(token, Secret):
            return token
        failure = token
    raise TrayexecError(failure)


def _send(request: AWSRequest, ca_bundle: str | None) -> tuple[int, bytes]:
    transport = URLLib3Session(
        verify=ca_bundle or True, proxies=get_environ_proxies(request.url), timeout=(CONNECT, READ)
    )
    prepared = request.prepare()
    prepared.stream_output = True  # read by us, and not without end
    try:
        answer = transport.send(prepared)
        return answer.status_code, answer.raw.read(MOST, decode_content=True)
    finally:
        transport.close()


def _token(status: int, answer: bytes) -> Secret | Trouble:
    if status == OK:
        try:
            said = json.loads(answer)
        except (ValueError, RecursionError):
            return not_aws("signin_not_aws")
        token = said.get("SigninToken") if isinstance(said, Mapping) else None
        return Secret(token) if isinstance(token, str) and token else not_aws("signin_not_aws")
    if REDIRECT <= status < REFUSED:
        return not_aws("signin_not_aws")
    if status >= DOWN:
        return trouble("signin_down", "AWS's sign-in has a problem of its own ({status}).", "Try again.", status=status)
    return trouble(
        "signin_refused",
        "AWS does not sign in with these credentials ({status}).",
        "Try again after `trayexec lock`: they may have been revoked. A role whose policy denies everything else "
        "cannot sign in either.",
        status=status,
    )
