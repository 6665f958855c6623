"""Both ends of the protocol: what one of them builds is what the other reads."""

import ast
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.core.broker.events import SOFT_NEED, AskAt, Renewal
from trayexec.core.config.surroundings import FileMarks
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.ports import Verdict
from trayexec.daemon.container_endpoint import FormerLease
from trayexec.daemon.requests import (
    AnswerUse,
    EndOfInput,
    Request,
    WantCredentials,
    WantDecision,
    WantEndpoint,
    WantHeldKeys,
    WantLock,
    WantOverlay,
    WantRestart,
    WantSession,
    WantShow,
    WantStatus,
    WantStop,
    parse,
)
from trayexec.light import agent_connection, protocol
from trayexec.light.durations import LONGEST_NEED, LONGEST_WAIT
from trayexec.light.errors import TrayexecError

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PATHS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40).map("/{}".format)
MARKS = st.lists(st.integers(0, 2**63), min_size=4, max_size=4)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
CALLERS = st.fixed_dictionaries(
    {},
    optional={
        "config": PATHS,
        "shared": PATHS,
        "home": PATHS,
        "proxy": st.dictionaries(st.sampled_from(protocol.PROXY_VARIABLES), VALUES),
        "here": st.fixed_dictionaries({"boot": WORDS}, optional={"config": MARKS, "shared": MARKS}),
        "aws": st.dictionaries(st.sampled_from([*set(protocol.AWS_VARIABLES) - set(protocol.AWS_PATHS)]), VALUES),
        "hand": st.just("terminal"),
        "terminal": WORDS,
        "lang": WORDS,
        "program": WORDS,
        "then": st.sampled_from(["runs", "sets", "passes"]),
    },
)
NEEDS = st.none() | st.integers(0, LONGEST_NEED)
WAITS = st.integers(0, LONGEST_WAIT)
USES = {"runs": AnswerUse.RUNS, "sets": AnswerUse.SETS, "passes": AnswerUse.PASSES}


def read(request: Any) -> Request:
    """What the agent understands of this request."""
    return parse(protocol.line(request), {})


@given(CALLERS)
def test_the_agent_reads_who_asks(caller: Any) -> None:
    """Each field of the caller arrives as it was said."""
    said: Mapping[str, Any] = caller
    common = read(protocol.status(caller)).common

    where, here = common.surroundings, said.get("here")
    assert (where.config, where.shared, where.home) == (said.get("config"), said.get("shared"), said.get("home"))
    assert dict(where.variables) == said.get("aws", {})
    assert (None if where.proxies is None else dict(where.proxies)) == said.get("proxy")
    marks = [None if here is None or name not in here else tuple(here[name]) for name in ("config", "shared")]
    assert common.file_marks == (None if here is None else FileMarks(here["boot"], *marks))
    assert common.ask_at is (AskAt.TERMINAL if "hand" in said else AskAt.DIALOG)
    assert (common.terminal, common.language) == (said.get("terminal", ""), said.get("lang", ""))
    assert common.program == said.get("program", "")
    assert common.then is USES.get(said.get("then", ""), AnswerUse.OTHER)
    assert common.eof is EndOfInput.GONE


@given(WORDS, WAITS, NEEDS, WORDS, st.sampled_from([*USES]))
def test_the_agent_reads_a_request_for_credentials(
    profile: str, wait: int, need: int | None, who: str, use: Any
) -> None:
    """With the agent's own measure of what is left where nothing else is said."""
    found = read(protocol.credentials({}, profile, wait=wait, need=need, program=who, use=use))

    assert isinstance(found, WantCredentials)
    assert (found.profile, found.wait, found.need) == (profile, wait, SOFT_NEED if need is None else need)
    assert (found.common.program, found.common.then) == (who, USES[use])


@given(WORDS, WAITS, NEEDS, WORDS, st.text("0123456789abcdef", min_size=43, max_size=43), st.integers(1024, 65535))
def test_the_agent_reads_a_request_for_an_endpoint(
    profile: str, wait: int, need: int | None, who: str, token: str, port: int
) -> None:
    """And the next agent is asked for the same one, with nobody to wait for."""
    asked = protocol.endpoint({}, profile, wait=wait, need=need, program=who)
    found = read(asked)

    assert isinstance(found, WantEndpoint)
    assert (found.profile, found.wait, found.need) == (profile, wait, SOFT_NEED if need is None else need)
    assert (found.common.program, found.former) == (who, None)

    again = read(protocol.endpoint_again(asked, token=token, port=port))

    assert isinstance(again, WantEndpoint)
    assert again.former is not None
    assert (again.former.token.reveal(), again.former.port) == (token, port)
    assert replace(again, former=None, wait=wait) == found
    assert again.wait == 0


@given(st.none() | WAITS, st.none() | WORDS, st.sampled_from([None, True]), st.none() | WORDS, st.none() | WORDS)
def test_the_agent_reads_a_request_for_a_session(
    wait: int | None, identity: str | None, force: Any, code: str | None, serial: str | None
) -> None:
    """With the usual time for a person where nothing else is said."""
    found = read(protocol.auth({}, wait=wait, identity=identity, force=force, code=code, mfa_serial=serial))

    assert isinstance(found, WantSession)
    assert (found.wait, found.identity) == (120 if wait is None else wait, identity)
    assert found.renewal is (Renewal.ALWAYS if force else Renewal.IF_LOCKED)
    assert (None if found.code is None else found.code.reveal()) == code
    assert found.serial == (serial or "")


def test_the_agent_reads_keys_to_hold() -> None:
    """And looks at what they look like, for it is no keychain's item that they come from."""
    held = read(protocol.hold_keys({}, "a", "AKIAEXAMPLE000000001", "s" * 40, arn="arn:aws:iam::111111111111:user/a"))
    dropped = read(protocol.drop_keys({}, "a"))

    assert isinstance(held, WantHeldKeys)
    assert held.keys is not None
    assert (held.profile, held.keys.access_key_id, held.keys.secret_access_key.reveal()) == (
        *("a", "AKIAEXAMPLE000000001"),
        "s" * 40,
    )
    assert isinstance(dropped, WantHeldKeys)
    assert (dropped.profile, dropped.keys) == ("a", None)
    for key_id, secret in (("ASIAEXAMPLE000000001", "s" * 40), ("AKIAEXAMPLE000000001", "s")):
        with pytest.raises(TrayexecError):
            read(protocol.hold_keys({}, "a", key_id, secret, arn=""))


@pytest.mark.parametrize("verdict", Verdict)
def test_the_agent_reads_what_a_person_has_decided(verdict: Verdict) -> None:
    """And no other word for it."""
    decided = read(protocol.decide({"terminal": "7"}, 5, verdict.value))

    assert isinstance(decided, WantDecision)
    assert (decided.question, decided.verdict, decided.common.terminal) == (5, verdict, "7")
    with pytest.raises(TrayexecError):
        read(protocol.decide({}, 5, "perhaps"))


@given(st.none() | WORDS, st.none() | WORDS)
def test_the_agent_reads_the_other_requests(one: str | None, other: str | None) -> None:
    """To forget, to tell, to make files, to end."""
    locked = read(protocol.lock({}, identity=one, keys=other))
    overlay = read(protocol.overlay({}, server=one))

    assert isinstance(locked, WantLock)
    assert (locked.identity, locked.keys) == (one, other)
    assert isinstance(overlay, WantOverlay)
    assert overlay.server == one
    assert isinstance(read(protocol.status({})), WantStatus)
    assert isinstance(read(protocol.stop()), WantStop)
    assert isinstance(read(protocol.restart()), WantRestart)
    assert isinstance(read(protocol.show()), WantShow)


# One set of fields

HERE = {"boot": "1", "root": [1, 2], "mount": 3, "net": 4}  # where the agent is in this test
CALLER: Any = {
    "config": "/c",
    "shared": "/s",
    "aws": {"AWS_REGION": "eu-west-1"},
    "here": {"boot": "1"},
    "hand": "terminal",
    "terminal": "7",
    "lang": "ja",
    "program": "aws",
    "then": "runs",
}
NEAR: Any = {**CALLER, "home": "/home/a", "proxy": {"HTTPS_PROXY": "http://p"}}
LENT: Any = {**CALLER, "place": {**HERE, "home": "/home/a", "proxy": {"HTTPS_PROXY": "http://p"}}}
FULL = [
    {**protocol.credentials(NEAR, "a", wait=5, need=7)},
    {
        **protocol.credentials(
            LENT, "a", wait=5, need=7, source="b", long=9, policy={"policy": "{}", "policy_arns": ["A"]}
        )
    },
    {**protocol.endpoint_again(protocol.endpoint(NEAR, "a", wait=5, need=7, program="aws"), token="0" * 43, port=2048)},
    {**protocol.auth(NEAR, wait=5, identity="a", force=True, code="123456", mfa_serial="s")},
    {**protocol.auth({"home": "/home/a"}, wait=5, identity="a", browser=False)},
    {**protocol.lock(NEAR, identity="a", keys="b")},
    {**protocol.hold_keys(NEAR, "a", "AKIAEXAMPLE000000001", "s" * 40, arn="arn:aws:iam::111111111111:user/a")},
    {**protocol.drop_keys(NEAR, "a")},
    {**protocol.decide(NEAR, 5, "once")},
    {**protocol.overlay(NEAR, server="a")},
    {**protocol.credentials(NEAR, "a", wait=5), "given": {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE000000001"}},
]


def fields() -> set[str]:
    """Every field that a request can have, by its type."""
    tree = ast.parse(Path(protocol.__file__).with_name("protocol_fields.py").read_text())
    types = [one for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and one.name.endswith("Fields")]
    return {ast.unparse(one.target) for each in types for one in each.body if isinstance(one, ast.AnnAssign)}


def understood(message: Mapping[str, object]) -> object:
    """What the agent makes of it, in a form that can be compared; the refusal where it is none."""
    try:
        found = parse(protocol.encode(message), HERE)
    except Exception as error:  # noqa: BLE001 — that is what is to be compared
        return repr(error)
    match found:  # secrets are not compared by themselves
        case WantSession(code=Secret() as code):
            return replace(found, code=None), code.reveal()
        case WantHeldKeys(keys=LongTermKeys(key_id, secret, arn)):
            return replace(found, keys=None), key_id, secret.reveal(), arn
        case WantEndpoint(former=FormerLease(token, port)):
            return replace(found, former=None), token.reveal(), port
        case _:
            return found


@pytest.mark.parametrize("field", sorted(fields()))
def test_the_agent_reads_every_field_that_a_client_can_say(field: str) -> None:
    """One that is left out makes a difference in some request: neither end knows a name that the other does not."""
    with_it = [{**one, "eof": "gone"} for one in FULL]

    assert any(
        understood(one) != understood({name: value for name, value in one.items() if name != field})
        for one in with_it
        if field in one
    )


# Answers

KEYS: Any = protocol.process_document("id", "secret", "token", expiration="2026-01-31T21:07:09Z", account="1")
OVERLAY: Any = {"config": "/c", "shared": "/s", "own_config": "/o", "own_shared": "/p", "here": {"pid": 1}}
STATUS: Any = {"version": 1, "agent": {"pid": 1}, "identities": [], "profiles": []}
ANSWERS: Mapping[str, tuple[Any, Any, Mapping[str, Any]]] = {
    "credentials": (protocol.read_credentials, {**KEYS, "Region": None}, {"AccountId": 1, "Region": 1}),
    "endpoint": (
        protocol.read_endpoint,
        {"url": "http://x", "token": "t", "AccountId": None},
        {"AccountId": 1},
    ),
    "session": (protocol.read_session, {"identity": "a", "expires_at": "2026-01-31T21:07:09Z"}, {}),
    "overlay": (protocol.read_overlay, OVERLAY, {"here": 1}),
    "status": (protocol.read_status, STATUS, {"version": 1}),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_read_as_it_was_built(name: str) -> None:
    """Whatever else an agent of another version says stays in it."""
    reader, answer, _ = ANSWERS[name]
    said = {**answer, "new": 1}

    assert reader(agent_connection.outcome(protocol.decode(protocol.ok(said)))) == said


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_lacks_what_is_needed_is_refused(name: str) -> None:
    """With what to do about it; what an older agent did not say is not missed."""
    reader, answer, spare = ANSWERS[name]
    for field in answer.keys() - {"Version"}:
        less = {key: value for key, value in answer.items() if key != field}
        if field in spare:
            assert reader(less) == less
        else:
            with pytest.raises(TrayexecError, match="not of this protocol"):
                reader(less)


def test_a_refusal_is_read_as_it_was_built() -> None:
    """Its words are the agent's own; one without words is none of this protocol."""
    line = protocol.error({"code": "locked", "title": "It is {locked}.", "hint": "Open it."})

    with pytest.raises(TrayexecError, match=re.escape("It is {locked}. Open it.")) as caught:
        agent_connection.outcome(protocol.decode(line))
    assert caught.value.trouble.code == "locked"
    with pytest.raises(TrayexecError, match="not of this protocol"):
        agent_connection.outcome({"v": 1})


def test_a_document_has_no_empty_fields() -> None:
    """SDKs take a field that is there for one that counts."""
    assert protocol.process_document("id", "secret", None, expiration=None, account=None) == {
        "Version": 1,
        "AccessKeyId": "id",
        "SecretAccessKey": "secret",
    }
