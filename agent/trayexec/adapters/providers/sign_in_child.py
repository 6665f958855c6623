"""One attempt to sign in at IAM Identity Center, in a process of its own: JSON on stdin, lines of JSON on stdout.

As the AWS CLI 2 (`awscli.botocore.utils.SSOTokenFetcherAuth` and `SSOTokenFetcher`), with the same files in its cache:
where there is a browser here, and a session, by a code that comes back to this machine (RFC 7636, 8252); else by one
that the person compares (RFC 8628).
"""

import base64
import contextlib
import hashlib
import json
import logging
import os
import secrets
import sys
import time
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 — their names

from trayexec.adapters.browser import has_browser, open_secretly
from trayexec.adapters.harden import seal
from trayexec.adapters.loopback import LoopbackHandler, LoopbackServer
from trayexec.light import private_files

PATIENCE = 600  # seconds that a person has, as with the AWS CLI and the device code
MARGIN = 900  # seconds that a registration must still be good for
INTERVAL, SLOWER = 5, 5  # seconds between two questions, and more of them after slow_down (RFC 8628, 3.5)
SCOPES = ("sso:account:access",)
BACK = "/oauth/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CODE_GRANTS = ("authorization_code", "refresh_token")
DONE = b"<!doctype html><meta charset=utf-8><title>trayexec</title><p>You can close this page."
OF_THE_ORGANISATION = {"InvalidRequestException", "InvalidRequestRegionException"}


class NoTokenError(Exception):
    """Why nobody signed in: a word, and what belongs to it. Nothing secret is in it."""


class Attempt:
    """One person, one page, one token."""

    def __init__(self, request: dict[str, Any]) -> None:
        """Make ready; nothing is asked yet."""
        self._session, self._start_url = request["session"], request["start_url"]
        self._region, self._scopes = request["region"], tuple(request["scopes"])
        self._cache = Path("~/.aws/sso/cache").expanduser()
        asked = botocore.session.Session(profile=request["profile"])
        config = Config(signature_version=UNSIGNED, region_name=self._region)
        self._oidc = asked.create_client("sso-oidc", region_name=self._region, config=config)

    def by_code(self) -> dict[str, Any]:
        """By a code that the browser brings back to this machine. Raises NoTokenError."""
        listener = _Listener()
        with listener.serving():
            scopes = self._scopes or SCOPES
            client = self._client(scopes, CODE_GRANTS)
            verifier = secrets.token_urlsafe(48)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            asked = {
                "response_type": "code",
                "client_id": client["clientId"],
                "redirect_uri": listener.address,
                "state": listener.state,
                "code_challenge_method": "S256",
                "scopes": " ".join(scopes),
                "code_challenge": challenge,
            }
            url = f"{self._oidc.meta.endpoint_url}/authorize?{urlencode(asked)}"
            _show(url, "", opened=True)
            code = listener.code()
            answer = self._oidc.create_token(
                grantType="authorization_code",
                clientId=client["clientId"],
                clientSecret=client["clientSecret"],
                redirectUri=listener.address,
                codeVerifier=verifier,
                code=code,
            )
        return self._token(client, answer)

    def by_device(self, *, opened: bool) -> dict[str, Any]:
        """By a code that the person compares, on whatever device. Raises NoTokenError."""
        client = self._client(self._scopes, ())
        mine = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
        device = self._oidc.start_device_authorization(**mine, startUrl=self._start_url)
        url = device.get("verificationUriComplete") or device["verificationUri"]
        _show(url, device["userCode"], opened=opened)
        interval = device.get("interval", INTERVAL)
        ends = time.monotonic() + min(device["expiresIn"], PATIENCE)
        errors = self._oidc.exceptions
        while time.monotonic() < ends:
            time.sleep(interval)
            try:
                answer = self._oidc.create_token(**mine, grantType=DEVICE_GRANT, deviceCode=device["deviceCode"])
            except errors.SlowDownException:
                interval += SLOWER
            except errors.AuthorizationPendingException:
                continue
            except (ConnectionError, HTTPClientError):
                continue  # a network that comes and goes
            else:
                return self._token(client, answer)
        raise NoTokenError("expired")

    def _client(self, scopes: tuple[str, ...], grants: tuple[str, ...]) -> dict[str, Any]:
        """The registration of such a client, kept and shared as the AWS CLI keeps it."""
        key = {
            "tool": "botocore",
            "startUrl": self._start_url,
            "region": self._region,
            "scopes": list(scopes) if self._scopes else None,
            "session_name": self._session or None,
        }
        file = self._cache / f"{_sha1(json.dumps(key, sort_keys=True))}.json"
        kept = _read(file)
        is_for_codes = "authorization_code" in kept.get("grantTypes", ())
        if kept and is_for_codes is bool(grants) and _until(kept.get("expiresAt")) > time.time() + MARGIN:
            return kept
        name = self._session or str(int(time.time()))
        more: dict[str, Any] = {"scopes": list(scopes)} if scopes else {}
        if grants:
            back = f"http://127.0.0.1{BACK}"
            more |= {"grantTypes": list(grants), "redirectUris": [back], "issuerUrl": self._start_url}
        made = self._oidc.register_client(clientName=f"botocore-client-{name}", clientType="public", **more)
        client = {
            "clientId": made["clientId"],
            "clientSecret": made["clientSecret"],
            "expiresAt": _date(made["clientSecretExpiresAt"]),
            **({"scopes": list(scopes)} if scopes else {}),
            **({"grantTypes": list(grants)} if grants else {}),
        }
        self._keep(file, client)
        return client

    def _token(self, client: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """The token as the AWS CLI writes it, kept."""
        token = {
            "startUrl": self._start_url,
            "region": self._region,
            "accessToken": answer["accessToken"],
            "expiresAt": _date(time.time() + answer["expiresIn"]),
            "clientId": client["clientId"],
            "clientSecret": client["clientSecret"],
            "registrationExpiresAt": client["expiresAt"],
            **({"refreshToken": answer["refreshToken"]} if "refreshToken" in answer else {}),
        }
        self._keep(self._cache / f"{_sha1(self._session or self._start_url)}.json", token)
        return {"done": True}

    def _keep(self, file: Path, said: dict[str, Any]) -> None:
        """Write one of the AWS CLI's files: all of it or nothing, for this user alone."""
        try:
            self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            private_files.put(str(file), json.dumps(said).encode())
        except OSError as error:
            raise NoTokenError("unwritten", error.strerror or type(error).__name__) from None


class _Listener(LoopbackServer):
    """Hears the browser come back, on this machine's loopback only, from the page that was opened and no other."""

    def __init__(self) -> None:
        super().__init__(_Back)
        self.state = secrets.token_urlsafe(32)
        self.address = f"http://{self.host}{BACK}"
        self._came: SimpleQueue[dict[str, list[str]]] = SimpleQueue()

    def take(self, path: str, host: str | None) -> bool:
        """Whether this is the browser that comes back, with what the page says."""
        page = urlsplit(path)
        said = parse_qs(page.query)
        state = said.get("state", [""])[0]
        if page.path != BACK or host != self.host or not secrets.compare_digest(state.encode(), self.state.encode()):
            return False
        if "code" not in said and "error" not in said:
            return False
        self._came.put(said)
        return True

    def code(self) -> str:
        """Wait for the code. Raises NoTokenError."""
        try:
            came = self._came.get(timeout=PATIENCE)
        except Empty:
            raise NoTokenError("expired") from None
        if "code" in came:
            return came["code"][0]
        raise NoTokenError("denied" if came["error"] == ["access_denied"] else "failed", came["error"][0][:64])


class _Back(LoopbackHandler):
    server: _Listener

    def answer(self) -> None:
        """Take what the browser brings."""
        is_back = self.server.take(self.path, self.headers.get("Host"))
        self.send_response(HTTPStatus.OK if is_back else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(DONE) if is_back else 0))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        if is_back:
            self.wfile.write(DONE)


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _until(date: object) -> float:
    """Unix seconds; 0 for what is no date."""
    try:
        return datetime.fromisoformat(str(date).replace("UTC", "Z")).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _read(file: Path) -> dict[str, Any]:
    """What is kept there; empty for anything else."""
    try:
        said = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) and {"clientId", "clientSecret"} <= said.keys() else {}


def _say(said: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def _is_word(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _show(url: str, code: str, *, opened: bool) -> None:
    """Tell where the page is, and open it. Meanwhile somebody may be there already.

    Raises NoTokenError for what is no address of a page, whatever service said it: it would go into a redirect.
    """
    if urlsplit(url).scheme not in {"https", "http"} or not _is_word(url) or not _is_word(code or "-"):
        raise NoTokenError("failed", "verificationUri")
    _say({"page": url, "code": code, "opened": opened})
    if opened:
        Thread(target=open_secretly, args=(url, dict(os.environ)), daemon=True).start()


def attempt(request: dict[str, Any]) -> dict[str, Any]:
    """Sign in. Raises NoTokenError."""
    os.environ.update(request["variables"])
    os.environ["AWS_CONFIG_FILE"], os.environ["AWS_SHARED_CREDENTIALS_FILE"] = request["files"]
    with_browser = request["browser"] and has_browser(os.environ)
    try:
        one = Attempt(request)
        if with_browser and request["session"]:
            return one.by_code()
        return one.by_device(opened=with_browser)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        known = {"AccessDeniedException": "denied", "ExpiredTokenException": "expired"}
        failed = "organisation" if code in OF_THE_ORGANISATION else known.get(code, "failed")
        raise NoTokenError(failed, code) from None
    except (ConnectionError, HTTPClientError) as error:
        raise NoTokenError("unreachable", type(error).__name__) from None
    except (BotoCoreError, ValueError, KeyError, OSError) as error:
        raise NoTokenError("failed", type(error).__name__) from None


def main() -> None:
    """Answer one request."""
    seal()
    logging.disable(logging.CRITICAL)  # nothing that botocore would say of it is for a log
    request = json.load(sys.stdin)
    try:
        said = attempt(request)
    except NoTokenError as failed:
        said = {"failed": failed.args[0], "detail": failed.args[1] if len(failed.args) > 1 else ""}
    _say(said)
    os._exit(0)


if __name__ == "__main__":
    main()
