"""Builds every request of the private socket, and reads what the agent answers: one set of field names, pure, no I/O.

A request is one object with the fields of `RequestFields`, and `daemon/requests.py` reads them. An end of another
version may leave out what it does not know and may say more: what is not known is ignored.
"""

from trayexec.light import protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypedDict

    Use = Literal["runs", "sets", "passes"]

    class CallerFields(TypedDict, total=False):
        """What every request may say of its caller: where AWS is for it (`context.surroundings`), and its person."""

        config: str
        shared: str
        home: str
        proxy: dict[str, str]
        place: dict[str, Any]
        here: dict[str, Any]
        aws: dict[str, str]
        hand: Literal["terminal"]
        terminal: str
        lang: str
        program: str
        then: Use
        eof: Literal["gone"]

    class RequestFields(CallerFields, total=False):
        """A request. `need` and `wait` are seconds; without `wait` the agent waits for a person as long as it does."""

        op: Literal["credentials", "endpoint", "auth", "lock", "status", "overlay", "stop"]
        profile: str
        need: int
        wait: int
        token: str
        port: int
        identity: str
        code: str
        force: bool
        keys: str
        server: str


def credentials(  # noqa: PLR0913 — the fields of the request
    caller: "CallerFields",
    profile: str,
    *,
    wait: int,
    need: int | None = None,
    program: str | None = None,
    use: "Use | None" = None,
) -> "RequestFields":
    """Credentials of a profile with at least `need` seconds left, for `program`; `use` is what is done with them."""
    return _request("credentials", caller, profile=profile, wait=wait, need=need, program=program, then=use)


def endpoint(caller: "CallerFields", profile: str, *, wait: int, need: int | None, program: str) -> "RequestFields":
    """A lease on the container endpoint."""
    return _request("endpoint", caller, profile=profile, wait=wait, need=need, program=program)


def endpoint_again(former: "RequestFields", *, token: str, port: int | None) -> "RequestFields":
    """The same lease from another agent: by the token and the port that the former one gave. No person is asked."""
    return {**former, "wait": 0, "token": token, "port": port}  # type: ignore[typeddict-item]  # an address without one


def auth(  # noqa: PLR0913 — the fields of the request
    caller: "CallerFields",
    *,
    wait: int | None = None,
    program: str | None = None,
    identity: str | None = None,
    force: bool | None = None,
    code: str | None = None,
) -> "RequestFields":
    """An open session of an identity, or of the only one; `force` asks for a new one."""
    return _request("auth", caller, wait=wait, program=program, identity=identity, force=force, code=code)


def lock(caller: "CallerFields", *, identity: str | None = None, keys: str | None = None) -> "RequestFields":
    """To forget the session of an identity, or the one made with the stored keys of that name, or all."""
    return _request("lock", caller, identity=identity, keys=keys)


def status(caller: "CallerFields") -> "RequestFields":
    """The document of `status --json`."""
    return _request("status", caller, wait=0)


def overlay(caller: "CallerFields", *, server: str | None = None) -> "RequestFields":
    """The overlay, up to date; `server` is the profile of a `--server`."""
    return _request("overlay", caller, wait=0, server=server)


def stop() -> "RequestFields":
    """That the agent ends."""
    return _request("stop", {})


def _request(op: str, caller: "CallerFields", **fields: object) -> "RequestFields":
    request: Any = {"op": op, **caller}
    request.update((name, value) for name, value in fields.items() if value is not None)
    return request  # type: ignore[no-any-return]  # `cast` cannot be had without importing it


def line(request: "RequestFields") -> bytes:
    """The line to send. We never close one half of a connection only: its end says that we have gone."""
    return protocol.encode({**request, "eof": "gone"})
