"""Sign-ins at IAM Identity Center: the port `SignIns`, by a child process (`sign_in_child.py`) for each attempt.

What is kept is a file of the AWS CLI's: `~/.aws/sso/cache/<sha1>.json`, after the session's name or the start URL.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from trayexec.adapters.child_processes import child
from trayexec.core.clock import Expiry
from trayexec.core.config.profiles import SignIn
from trayexec.core.config.sections import shown
from trayexec.core.ports import Clock, SignInError, SignInPage, SignInToken, SignInWay
from trayexec.core.shell_words import argument
from trayexec.light import own_command
from trayexec.light.errors import Trouble, trouble

CHILD = "trayexec.adapters.providers.sign_in_child"
MOST = 64 * 1024  # bytes of a token's file, and of what a child says
CACHE = ".aws/sso/cache"


class BotoSignIns:
    """Signs people in as the AWS CLI 2 does, and keeps the token where it does."""

    def __init__(self, environ: Mapping[str, str], clock: Clock) -> None:
        """`environ` is what an agent's children get; the browser is one of them."""
        self._environ = environ
        self._clock = clock

    async def sign_in(self, sign_in: SignIn, way: SignInWay, shown_page: Callable[[SignInPage], None]) -> SignInToken:
        """Lead a person to the page, and wait. Raises SignInError."""
        request = {
            "session": sign_in.session,
            "start_url": sign_in.start_url,
            "region": sign_in.region,
            "scopes": sign_in.scopes,
            "profile": sign_in.profile,
            "files": sign_in.files,
            "variables": dict(sign_in.variables),
            "browser": way is SignInWay.BROWSER,
        }
        try:
            async with child(own_command.python(CHILD), self._environ, most=MOST) as process:
                process.tell(json.dumps(request).encode())
                process.told()
                while True:
                    said: dict[str, Any] = json.loads(await process.line())
                    if "page" in said:
                        shown_page(SignInPage(said["page"], said["code"], said["opened"]))
                    elif "failed" in said:
                        raise SignInError(_why(sign_in, said["failed"], said["detail"]))
                    else:
                        break
        except (EOFError, ValueError, OSError) as error:
            raise SignInError(_broken(sign_in, type(error).__name__)) from None
        token = self.token(sign_in)
        if token is None:
            raise SignInError(_broken(sign_in, "token"))
        return token

    def token(self, sign_in: SignIn) -> SignInToken | None:
        """What is kept, if it has not ended or can be renewed."""
        try:
            said = json.loads(_read(_file_of(sign_in, self._environ)))
            now = self._clock.now()
            ends = _seconds(said["expiresAt"])
            renews = "refreshToken" in said and _seconds(said["registrationExpiresAt"]) > now.wall
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None
        if not isinstance(said.get("accessToken"), str) or said.get("startUrl", sign_in.start_url) != sign_in.start_url:
            return None
        if ends <= now.wall and not renews:
            return None
        return SignInToken(Expiry(now.after(ends - now.wall), int(ends)), renews)


def _file_of(sign_in: SignIn, environ: Mapping[str, str]) -> Path:
    name = hashlib.sha1((sign_in.session or sign_in.start_url).encode(), usedforsecurity=False).hexdigest()
    return Path(environ.get("HOME", "/"), CACHE, f"{name}.json")


def _read(path: Path) -> bytes:
    """A small file, and nothing that would be waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, MOST)
    finally:
        os.close(descriptor)


def _seconds(date: object) -> float:
    """Unix seconds of a date as botocore and the AWS CLI write it."""
    text = str(date).replace("UTC", "Z")
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.timestamp()


def _broken(sign_in: SignIn, detail: str) -> Trouble:
    return trouble(
        "source_broken",
        "The part of trayexec that signs in to {name} did not work: {detail}",
        "If trayexec was updated while the agent ran: `trayexec agent restart`. Else install it again.",
        name=sign_in.name,
        detail=shown(detail),
    )


def _why(sign_in: SignIn, failed: str, detail: str) -> Trouble:
    word = argument(sign_in.session or sign_in.profile)
    match failed:
        case "denied":
            return trouble(
                "cancelled",
                "The sign-in to {name} was refused in the browser.",
                "Begin anew with `trayexec auth {word}`.",
                name=sign_in.name,
                word=word,
            )
        case "expired":
            return trouble(
                "timed_out",
                "Nobody signed in to {name} within ten minutes, and the page has ended.",
                "Begin anew with `trayexec auth {word}`.",
                name=sign_in.name,
                word=word,
            )
        case "organisation":
            return trouble(
                "sign_in_organisation",
                "IAM Identity Center in {region} does not know the start URL {url}.",
                "Correct sso_start_url and sso_region of {name}: they are an organisation's own.",
                region=shown(sign_in.region),
                url=shown(sign_in.start_url),
                name=sign_in.name,
            )
        case "unreachable":
            return trouble(
                "source_unreachable",
                "IAM Identity Center of {name} cannot be reached ({detail}).",
                "Check the network, the proxy, and sso_region.",
                name=sign_in.name,
                detail=shown(detail),
            )
        case "unwritten":
            return trouble(
                "sign_in_unwritten",
                "The token of {name} cannot be kept in {folder}: {detail}",
                "That folder is the AWS CLI's: let it be yours, and writable.",
                folder=f"~/{CACHE}",
                name=sign_in.name,
                detail=shown(detail),
            )
        case _:
            return trouble(
                "sign_in_failed",
                "IAM Identity Center did not let anybody sign in to {name}: {detail}",
                "Try once more with `trayexec auth {word}`, and see whether the AWS CLI can sign in.",
                name=sign_in.name,
                detail=shown(detail or failed),
                word=word,
            )
