"""Credentials of profiles by one of botocore's providers, in a process of its own: JSON on stdin, a line on stdout.

botocore reads its process's environment, and a program that gives credentials inherits it: so this process's is made
what the caller's would be. Only the provider that was named is asked; none takes its place.
"""

import contextlib
import errno
import json
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import EnvProvider, RefreshableCredentials
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 — botocore's own
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    LoginInsufficientPermissions,
    MissingDependencyException,
    PartialCredentialsError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError

from trayexec.adapters.harden import seal

MOST = 64 * 1024  # bytes that a program may print
METHODS = {  # of botocore's providers, by `Source`
    "process": "custom-process",
    "web_identity": "assume-role-with-web-identity",
    "instance": "iam-role",
    "environment": "env",
    "container": "container-role",
    "sso": "sso",
    "login": "login",
}
BUSY = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
OF_SERVICE = 500  # the HTTP status from which on it is AWS that has a problem
THREADS = 8  # that ask AWS at the same time
CONNECT, READ, TRIES = 5, 10, 3  # seconds, and how often AWS is asked


class Program:
    """The program of a credential_process, as far as botocore looks at one: it starts it, and reads it once.

    What it says on stderr may hold anything, and is read by nobody. `said` is None until it has ended.
    """

    def __init__(self) -> None:
        """Nothing is started yet."""
        self.said: bytes | None = None
        self.returncode = 0
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, argv: list[str], **_pipes: object) -> "Program":
        """Start it. Raises OSError."""
        nothing = subprocess.DEVNULL
        self._running = subprocess.Popen(argv, stdin=nothing, stdout=subprocess.PIPE, stderr=nothing)
        return self

    def communicate(self) -> tuple[bytes, bytes]:
        """All that it prints, but no more than `MOST`: who prints more is ended."""
        running = self._running
        assert running is not None and running.stdout is not None  # noqa: S101, PT018 — it was started so
        with running:
            said = running.stdout.read(MOST + 1)
            if len(said) > MOST:
                running.kill()
        self.said, self.returncode = said, running.returncode
        return said, b""


class FailedError(Exception):
    """Why there are no credentials: a word, and what belongs to it. Nothing of what a program said is in it."""


def answers(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each profile the credentials, or why there are none."""
    os.environ.update(request["variables"])
    os.environ["AWS_CONFIG_FILE"], os.environ["AWS_SHARED_CREDENTIALS_FILE"] = request["files"]
    first, *others = request["asked"]
    chain = os.environ.get("TRAYEXEC_CHAIN", "").splitlines()
    os.environ["TRAYEXEC_CHAIN"] = "\n".join([*chain, first["profile"]])  # for its program
    answer = partial(_answer, METHODS[request["kind"]])
    found = [answer(first)]  # alone: it may have a sign-in to renew, which the others then share
    if others:
        with ThreadPoolExecutor(THREADS) as pool:
            found += pool.map(answer, others)
    return found


def _answer(method: str, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return credentials(method, asked)
    except FailedError as failed:
        return {"failed": failed.args[0], "detail": failed.args[1] if len(failed.args) > 1 else ""}


@cache
def _loader(path: str | None) -> Loader:
    """What reads the models of services, once for all profiles."""
    return create_loader(path)


def credentials(method: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The credentials of a profile. Raises FailedError, whatever goes wrong: others are asked in the same process."""
    program = Program()
    try:
        if method == METHODS["web_identity"]:
            _check_token(asked["settings"].get("web_identity_token_file", ""))
        found = _provider(method, asked, program).load()
        if found is None:
            raise FailedError("absent")  # noqa: TRY301 — as whatever botocore raises
        if isinstance(found, RefreshableCredentials) and method != METHODS["login"]:
            # What it has it has: no second question because it ends soon, which only we judge.
            found._advisory_refresh_timeout = found._mandatory_refresh_timeout = 0  # noqa: SLF001
        frozen = found.get_frozen_credentials()
    except Exception as error:  # noqa: BLE001 — whatever botocore makes of it
        failed = _failed(error, program)
    else:
        return {
            "key": frozen.access_key,
            "secret": frozen.secret_key,
            "token": frozen.token,
            "account": frozen.account_id or "",
            "ends": found._expiry_time.timestamp() if isinstance(found, RefreshableCredentials) else None,  # noqa: SLF001
        }
    raise failed


def _provider(method: str, asked: dict[str, Any], program: Program) -> Any:
    """Botocore's provider of that kind for the profile. Raises FailedError where its files say something else now."""
    session = botocore.session.Session(profile=asked["profile"])
    _check_unchanged(session, asked)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    tries = {"total_max_attempts": TRIES, "mode": "standard"}
    session.set_default_client_config(Config(connect_timeout=CONNECT, read_timeout=READ, retries=tries))
    if method == METHODS["environment"]:
        return EnvProvider()  # a session with a profile has none: there it would come before the profile
    provider = session.get_component("credential_provider").get_provider(method)
    if method == METHODS["process"]:
        provider._popen = program.start  # noqa: SLF001 — its constructor takes it, and botocore calls that
    return provider


def _check_token(path: str) -> None:
    """Raise FailedError for a pipe or a device, whose end botocore would wait for."""
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 — without an error, whatever the name
        raise FailedError("unstarted", os.strerror(errno.EISDIR if os.path.isdir(path) else errno.EINVAL))  # noqa: PTH112


def _check_unchanged(session: Any, asked: dict[str, Any]) -> None:
    """Raise FailedError where the files say something else by now than what was asked for."""
    try:
        profile = session.full_config["profiles"].get(asked["profile"], {})
    except Exception:  # noqa: BLE001 — half a file, or none
        raise FailedError("changed") from None
    if any(profile.get(name) != value for name, value in asked["settings"].items()):
        raise FailedError("changed")


def _failed(error: Exception, program: Program) -> FailedError:
    """What went wrong, told by what the program did, and never by what it said."""
    if program.said is not None:
        if len(program.said) > MOST:
            return FailedError("long")
        return FailedError("status", str(program.returncode)) if program.returncode else _misread(program.said)
    return _unsaid(error)


_PLAIN: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    # No token, one that has ended and is not renewed, or one that is not taken.
    ((SSOTokenLoadError, UnauthorizedSSOTokenError, TokenRetrievalError, RecursionError), "sign-in"),
    ((ResponseParserError,), "html"),
    ((PartialCredentialsError,), "missing"),
    ((CredentialRetrievalError,), "absent"),
    ((RuntimeError,), "ended"),  # as botocore says it of what is not renewed
    ((KeyError,), "incomplete"),  # an answer, or a file of the AWS CLI's
)


def _unsaid(error: Exception) -> FailedError:
    """What went wrong where no program said anything."""
    plain = next((what for kinds, what in _PLAIN if isinstance(error, kinds)), None)
    if plain is not None:
        return FailedError(plain)
    match error:
        case FailedError():
            return error
        case LoginError() | MissingDependencyException():
            return _of_login(error)
        case ClientError():
            code = str(error.response.get("Error", {}).get("Code", ""))[:100]
            clear = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < OF_SERVICE
            what, detail = ("refused" if clear and code not in BUSY else "unreachable"), code
        case ConnectionError() | HTTPClientError():
            what, detail = "unreachable", type(error).__name__
        case OSError():
            what, detail = "unstarted", error.strerror or type(error).__name__
        case ValueError() | IndexError():
            what, detail = "quotes", ""
        case _:
            what, detail = type(error).__name__, ""
    return FailedError(what, detail)


def _of_login(error: LoginError | MissingDependencyException) -> FailedError:
    """What went wrong with a sign-in of `aws login`."""
    if isinstance(error, LoginInsufficientPermissions):
        return FailedError("refused", "INSUFFICIENT_PERMISSIONS")
    return FailedError("no-login" if isinstance(error, LoginError) else "no-crt")


def _misread(said: bytes) -> FailedError:
    try:
        document = json.loads(said)
    except RecursionError:
        return FailedError("garbage")
    except ValueError:
        return FailedError("html" if said.lstrip().startswith(b"<") else "garbage" if said.strip() else "nothing")
    if not isinstance(document, dict):
        return FailedError("garbage")
    if document.get("Version") != 1:
        return FailedError("version")
    missing = [name for name in ("AccessKeyId", "SecretAccessKey") if not isinstance(document.get(name), str)]
    return FailedError("missing", missing[0]) if missing else FailedError("ended")


def main() -> None:
    """Answer one request."""
    seal()
    logging.disable(logging.CRITICAL)  # nothing that botocore would say of it is for a log
    said = answers(json.load(sys.stdin))
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
