"""The double is as strict as AWS: every rule by hand-made requests, and the whole by the real AWS CLI and boto3."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from awssim import Kind, Sim, Trust, totp
from awssim.policies import allow
from awssim.sts import HALF_MFA, NO_DEVICE, OVER_CHAIN, OVER_ROLE, WRONG_CODE
from awssim.totp import BUDGET, WINDOW, Device, Verdict
from awssim.world import Key, RoleSession
from support.processes import ended

ROLE_A = "arn:aws:iam::222222222222:role/Deploy"
ROLE_B = "arn:aws:iam::333333333333:role/Deploy"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238's test key, in base32


@dataclass(frozen=True, slots=True)
class Got:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    def tag(self, name: str) -> str:
        """The text of one element, or nothing."""
        match = re.search(rf"<{name}>(.*?)</{name}>", self.text, re.DOTALL)
        return match[1] if match else ""

    @property
    def refusal(self) -> tuple[int, str, str]:
        """The error: status, code, message."""
        return self.status, self.tag("Code"), self.tag("Message")

    @property
    def key(self) -> Key:
        """The credentials in it; whose they are does not matter to who signs with them."""
        assert self.status == 200, self.text
        holder = _NOBODY
        return Key(self.tag("AccessKeyId"), self.tag("SecretAccessKey"), holder, self.tag("SessionToken"))


class Shifted:
    """A clock that a test can push."""

    def __init__(self) -> None:
        """Begin on time."""
        self.ahead = 0.0

    def __call__(self) -> float:
        """Unix seconds."""
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Shifted:
    """AWS's clock."""
    return Shifted()


@pytest.fixture
def sim(clock: Shifted) -> Iterator[Sim]:
    """A running double with the default world."""
    with Sim(clock=clock) as running:
        yield running


@pytest.fixture
def key(sim: Sim) -> Key:
    """Alice's long-term key."""
    return sim.world.user_key()


_NOBODY = Sim().world.user_key().holder


@dataclass(frozen=True, slots=True)
class How:
    """How to send it: the scope to sign for, and what to tamper with after signing."""

    region: str = "eu-central-1"
    service: str = "sts"
    change: Callable[[AWSRequest], None] | None = None


PLAIN = How()
IAM = How("us-east-1", "iam")


def ask(sim: Sim, key: Key, how: How = PLAIN, /, **parameters: str | int) -> Got:
    """Send one request, signed by botocore's signer."""
    return ask_raw(sim, key, urllib.parse.urlencode({"Version": "2011-06-15", **parameters}), how)


def ask_raw(sim: Sim, key: Key, body: str, how: How = PLAIN) -> Got:
    """Send one signed request with exactly this body."""
    request = AWSRequest("POST", f"{sim.url}/", {"Content-Type": "application/x-www-form-urlencoded"}, body)
    SigV4Auth(Credentials(key.id, key.secret, key.token), how.service, how.region).add_auth(request)
    if how.change is not None:
        how.change(request)
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(sim.url).netloc, timeout=20)
    try:
        connection.request("POST", "/", request.data, dict(request.headers.items()))
        answer = connection.getresponse()
        return Got(answer.status, dict(answer.getheaders()), answer.read().decode())
    finally:
        connection.close()


def session(sim: Sim, key: Key, **more: str | int) -> Got:
    """GetSessionToken with a good code."""
    serial = sim.world.device().serial
    return ask(sim, key, Action="GetSessionToken", SerialNumber=serial, TokenCode=sim.unused_code(), **more)


def assume(sim: Sim, key: Key, role: str = ROLE_A, **more: str | int) -> Got:
    """AssumeRole."""
    return ask(sim, key, **{"Action": "AssumeRole", "RoleArn": role, "RoleSessionName": "test", **more})


def denied(arn: str, role: str = ROLE_A) -> tuple[int, str, str]:
    """The one refusal AWS has for every reason."""
    return 403, "AccessDenied", f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role}"


class TestCodes:
    """RFC 6238, and AWS's way with it."""

    @pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
    def test_a_device_shows_the_codes_of_the_rfc(self, at: int, code: str) -> None:
        """The vectors of RFC 6238, appendix B, cut to six digits."""
        assert totp(SEED, at) == code

    @pytest.mark.parametrize(("steps", "verdict"), [(-3, "WRONG"), (-2, "RIGHT"), (2, "RIGHT"), (3, "WRONG")])
    def test_two_steps_either_way_are_accepted(self, steps: int, verdict: str) -> None:
        """A code of a device up to 60 seconds off is right, one of 90 seconds is wrong."""
        now = 1_800_000_015.0
        assert Device("s", SEED, "o").verify(totp(SEED, now + 30 * steps), now) is Verdict[verdict]

    def test_a_code_works_once_and_out_of_order(self) -> None:
        """A spent code is wrong, an older unspent one still right."""
        device, now = Device("s", SEED, "o"), 1_800_000_015.0
        codes = [totp(SEED, now), totp(SEED, now), totp(SEED, now - 30)]
        assert [device.verify(code, now).name for code in codes] == ["RIGHT", "WRONG", "RIGHT"]

    def test_nine_tries_per_aligned_window(self) -> None:
        """The tenth try is not looked at, and the budget comes back at the boundary of three minutes, not before."""
        start = 1_800_000_000 // WINDOW * WINDOW
        device = Device("s", SEED, "o")
        wrong = device.wrong_code(start + 10)
        assert {device.verify(wrong, start + 10) for _ in range(BUDGET)} == {Verdict.WRONG}
        assert device.verify(totp(SEED, start + 179), start + 179) is Verdict.BUDGET
        assert device.verify(totp(SEED, start + 180), start + 180) is Verdict.RIGHT


class TestSignatures:
    """Who is asking."""

    def test_a_good_signature_says_who_it_is(self, sim: Sim, key: Key) -> None:
        """GetCallerIdentity names the user."""
        got = ask(sim, key, Action="GetCallerIdentity")
        assert (got.status, got.tag("Arn")) == (200, "arn:aws:iam::111111111111:user/alice")
        assert got.tag("Account") == "111111111111"

    @pytest.mark.parametrize("region", ["eu-central-2x", "aws-global", "nonsense-1"])
    def test_the_scope_must_name_a_region(self, sim: Sim, key: Key, region: str) -> None:
        """An unknown region is told before anything else is looked at."""
        stranger = Key("AKIA0000000000000000", key.secret, key.holder)
        got = ask(sim, stranger, How(region=region), Action="GetCallerIdentity")
        assert got.refusal == (403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")

    def test_the_scope_must_name_the_service(self, sim: Sim, key: Key) -> None:
        """A signature for another service is no signature for STS."""
        got = ask(sim, key, How(service="iam"), Action="GetCallerIdentity")
        assert got.refusal[1] == "SignatureDoesNotMatch"
        assert "'sts'" in got.refusal[2]

    def test_a_disabled_region_is_refused(self, sim: Sim, key: Key) -> None:
        """RegionDisabledException, for that region only."""
        sim.world.disabled_regions.add("ap-east-1")
        assert (
            ask(sim, key, How(region="ap-east-1"), Action="GetCallerIdentity").refusal[1] == "RegionDisabledException"
        )
        assert ask(sim, key, Action="GetCallerIdentity").status == 200

    def test_an_unknown_key_and_a_wrong_secret_differ(self, sim: Sim, key: Key) -> None:
        """An unknown key is InvalidClientTokenId, a wrong secret SignatureDoesNotMatch."""
        unknown = Key("AKIA0000000000000000", key.secret, key.holder)
        wrong = Key(key.id, key.secret[::-1], key.holder)
        assert ask(sim, unknown, Action="GetCallerIdentity").refusal[:2] == (403, "InvalidClientTokenId")
        assert ask(sim, wrong, Action="GetCallerIdentity").refusal[:2] == (403, "SignatureDoesNotMatch")

    def test_a_changed_body_breaks_the_signature(self, sim: Sim, key: Key) -> None:
        """Every byte of the request is signed."""

        def tamper(request: AWSRequest) -> None:
            request.data += "&DurationSeconds=900"

        got = ask(sim, key, How(change=tamper), Action="GetCallerIdentity")
        assert got.refusal[1] == "SignatureDoesNotMatch"

    def test_an_unsigned_amz_header_breaks_the_signature(self, sim: Sim, key: Key) -> None:
        """An x-amz header that was added on the way is not taken."""

        def tamper(request: AWSRequest) -> None:
            request.headers["X-Amz-Extra"] = "1"

        assert ask(sim, key, How(change=tamper), Action="GetCallerIdentity").refusal[1] == "SignatureDoesNotMatch"

    def test_no_signature_and_half_a_signature(self, sim: Sim, key: Key) -> None:
        """Without Authorization the token is missing; with a torn one the signature is incomplete."""

        def remove(request: AWSRequest) -> None:
            del request.headers["Authorization"]

        def tear(request: AWSRequest) -> None:
            value = request.headers["Authorization"]
            del request.headers["Authorization"]
            request.headers["Authorization"] = value[:-10]

        got = ask(sim, key, How(change=remove), Action="GetCallerIdentity")
        assert got.refusal[:2] == (403, "MissingAuthenticationToken")
        assert ask(sim, key, How(change=tear), Action="GetCallerIdentity").refusal[:2] == (400, "IncompleteSignature")

    @pytest.mark.parametrize(
        ("ahead", "words"), [(16 * 60, "Signature expired: "), (-16 * 60, "Signature not yet current: ")]
    )
    def test_a_clock_more_than_15_minutes_off_is_refused(
        self, sim: Sim, key: Key, clock: Shifted, ahead: int, words: str
    ) -> None:
        """AWS's clock and ours differ: the refusal says so, and the Date header gives AWS's time."""
        clock.ahead = ahead
        got = ask(sim, key, Action="GetCallerIdentity")
        assert got.refusal[:2] == (403, "SignatureDoesNotMatch")
        assert got.refusal[2].startswith(words)
        assert abs(parsedate_to_datetime(got.headers["Date"]).timestamp() - clock()) < 60

    def test_a_clock_14_minutes_off_is_accepted(self, sim: Sim, key: Key, clock: Shifted) -> None:
        """Up to a quarter of an hour is fine."""
        clock.ahead = 14 * 60
        assert ask(sim, key, Action="GetCallerIdentity").status == 200

    def test_the_token_belongs_to_its_key(self, sim: Sim, key: Key) -> None:
        """Another session's token, or none, makes the key invalid."""
        one, two = session(sim, key).key, session(sim, key).key
        for token in (None, two.token, "x"):
            got = ask(sim, Key(one.id, one.secret, one.holder, token), Action="GetCallerIdentity")
            assert got.refusal[:2] == (403, "InvalidClientTokenId")

    def test_an_expired_session_says_so_even_with_a_bad_signature(self, sim: Sim, key: Key, clock: Shifted) -> None:
        """Expiry is looked at before the signature; a key without its token stays invalid."""
        sim.live(session=300)
        one = session(sim, key).key
        assert ask(sim, one, Action="GetCallerIdentity").status == 200
        clock.ahead = 301
        bad = Key(one.id, "x" * 40, one.holder, one.token)
        assert ask(sim, one, Action="GetCallerIdentity").refusal[:2] == (403, "ExpiredToken")
        assert ask(sim, bad, Action="GetCallerIdentity").refusal[:2] == (403, "ExpiredToken")
        bare = Key(one.id, one.secret, one.holder)
        assert ask(sim, bare, Action="GetCallerIdentity").refusal[:2] == (403, "InvalidClientTokenId")

    def test_a_revoked_key_and_a_session_whose_user_is_gone(self, sim: Sim, key: Key) -> None:
        """A revoked key is invalid at once, its session lives on; without the user nothing does."""
        one = session(sim, key).key
        sim.world.revoke(key.id)
        assert ask(sim, key, Action="GetCallerIdentity").refusal[1] == "InvalidClientTokenId"
        assert ask(sim, one, Action="GetCallerIdentity").status == 200
        sim.world.users.clear()
        assert ask(sim, one, Action="GetCallerIdentity").refusal[1] == "InvalidClientTokenId"


class TestQuery:
    """The Query protocol."""

    def test_the_first_duplicate_wins(self, sim: Sim, key: Key) -> None:
        """A second Action is ignored."""
        got = ask_raw(sim, key, "Action=GetCallerIdentity&Version=2011-06-15&Action=AssumeRole")
        assert got.tag("Arn") == "arn:aws:iam::111111111111:user/alice"

    def test_an_unknown_action_or_version_is_refused(self, sim: Sim, key: Key) -> None:
        """InvalidAction names what was asked."""
        assert ask(sim, key, Action="GetAccessKeyInfo").refusal[:2] == (400, "InvalidAction")
        assert ask_raw(sim, key, "Action=GetCallerIdentity").refusal[:2] == (400, "InvalidAction")

    def test_every_answer_has_a_request_id(self, sim: Sim, key: Key) -> None:
        """In the header and in the document, good or bad."""
        for action in ("GetCallerIdentity", "Nonsense"):
            got = ask(sim, key, Action=action)
            assert got.headers["x-amzn-RequestId"] == got.tag("RequestId")


class TestGetFederationToken:
    """What only a user's keys get, and what signs in to the console."""

    def test_it_is_somebody_without_mfa(self, sim: Sim, key: Key) -> None:
        """With its own ARN, for as long as was asked; it may assume no role, and get nothing more."""
        got = ask(sim, key, Action="GetFederationToken", Name="fed", DurationSeconds="900")
        issued = sim.world.keys[got.key.id]
        assert issued.expires is not None
        assert issued.mfa_at is None
        assert issued.expires - sim.calls[-1].at == pytest.approx(900, abs=1)
        arn = "arn:aws:sts::111111111111:federated-user/fed"
        assert got.tag("Arn") == arn
        assert ask(sim, issued, Action="GetCallerIdentity").tag("Arn") == arn
        assert ask(sim, issued, Action="GetSessionToken").refusal[:2] == (403, "AccessDenied")
        assert ask(sim, issued, Action="GetFederationToken", Name="again").refusal[:2] == (403, "AccessDenied")

    def test_a_session_gets_none(self, sim: Sim, key: Key) -> None:
        """AWS wants the user's long-term keys."""
        session = ask(sim, key, Action="GetSessionToken").key
        assert ask(sim, session, Action="GetFederationToken", Name="fed").refusal[:2] == (403, "AccessDenied")

    def test_a_name_is_short(self, sim: Sim, key: Key) -> None:
        """2 to 32 characters."""
        assert ask(sim, key, Action="GetFederationToken").refusal[:2] == (400, "ValidationError")
        for name in ("x", "x" * 33, "a b"):
            got = ask(sim, key, Action="GetFederationToken", Name=name)
            assert got.refusal[:2] == (400, "ValidationError")


class TestGetSessionToken:
    """Opening a session."""

    def test_a_code_opens_a_session_once(self, sim: Sim, key: Key) -> None:
        """The same code again is refused with AWS's words, trailing space included."""
        code, serial = sim.unused_code(), sim.world.device().serial
        first = ask(sim, key, Action="GetSessionToken", SerialNumber=serial, TokenCode=code)
        second = ask(sim, key, Action="GetSessionToken", SerialNumber=serial, TokenCode=code)
        assert first.key.id.startswith("ASIA")
        assert second.refusal == (403, "AccessDenied", WRONG_CODE)
        assert sim.codes_used() == {code}

    def test_the_budget_has_its_own_message(self, sim: Sim, key: Key, clock: Shifted) -> None:
        """Nine wrong codes, then even a right one is answered as if the serial were wrong."""
        clock.ahead = WINDOW - time.time() % WINDOW  # the beginning of a window
        serial = sim.world.device().serial
        for _ in range(BUDGET):
            got = ask(sim, key, Action="GetSessionToken", SerialNumber=serial, TokenCode=sim.wrong_code())
            assert got.refusal == (403, "AccessDenied", WRONG_CODE)
        assert session(sim, key).refusal == (403, "AccessDenied", NO_DEVICE)

    def test_a_serial_that_is_not_the_users_is_refused(self, sim: Sim, key: Key) -> None:
        """A missing device and somebody else's get the same words."""
        bob = sim.world.add_device(sim.world.add_user("111111111111", "bob"))
        for serial in ("arn:aws:iam::111111111111:mfa/alcie", bob.serial):
            got = ask(sim, key, Action="GetSessionToken", SerialNumber=serial, TokenCode="123456")
            assert got.refusal == (403, "AccessDenied", NO_DEVICE)

    def test_half_of_mfa_is_refused(self, sim: Sim, key: Key) -> None:
        """A serial without a code, and a code without a serial."""
        serial = sim.world.device().serial
        assert ask(sim, key, Action="GetSessionToken", SerialNumber=serial).refusal[2] == HALF_MFA
        assert ask(sim, key, Action="GetSessionToken", TokenCode="123456").refusal[2] == HALF_MFA

    def test_temporary_keys_cannot_open_a_session(self, sim: Sim, key: Key) -> None:
        """Only long-term keys may call it."""
        got = session(sim, session(sim, key).key)
        assert got.refusal == (403, "AccessDenied", "Cannot call GetSessionToken with session credentials")

    @pytest.mark.parametrize(
        ("seconds", "code"),
        [
            ("899", "ValidationError"),
            ("129601", "ValidationError"),
            ("0", "ValidationError"),
            (" 900 ", "MalformedInput"),
            ("900.0", "MalformedInput"),
            ("9e2", "MalformedInput"),
            ("2147483648", "MalformedInput"),
        ],
    )
    def test_durations_out_of_range(self, sim: Sim, key: Key, seconds: str, code: str) -> None:
        """900 to 129600 seconds, written as AWS likes numbers."""
        assert ask(sim, key, Action="GetSessionToken", DurationSeconds=seconds).refusal[:2] == (400, code)

    @pytest.mark.parametrize(("seconds", "life"), [("0900", 900), ("+900", 900), ("129600", 129600), (None, 43200)])
    def test_durations_in_range(self, sim: Sim, key: Key, seconds: str | None, life: int) -> None:
        """What is issued lives as long as was asked for, 12 h if nothing was."""
        more = {} if seconds is None else {"DurationSeconds": seconds}
        issued = sim.world.keys[ask(sim, key, Action="GetSessionToken", **more).key.id]
        assert issued.expires is not None
        assert life * 2 / 3 < issued.expires - time.time() <= life

    @pytest.mark.parametrize("code", ["12345", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "123 456"])
    def test_a_malformed_code_is_a_validation_error(self, sim: Sim, key: Key, code: str) -> None:
        """Six ASCII digits; anything else never reaches the device, and two errors are counted as two."""
        serial = sim.world.device().serial
        got = ask(sim, key, Action="GetSessionToken", SerialNumber=serial, TokenCode=code, DurationSeconds=1)
        assert got.refusal[:2] == (400, "ValidationError")
        assert got.refusal[2].startswith("2 validation errors detected: ")


class TestAssumeRole:
    """Roles."""

    def test_a_session_with_mfa_may_and_the_bare_key_may_not(self, sim: Sim, key: Key) -> None:
        """The default roles demand MFA; who one is afterwards names the role and the session."""
        role = assume(sim, session(sim, key).key)
        assert ask(sim, role.key, Action="GetCallerIdentity").tag("Arn") == (
            "arn:aws:sts::222222222222:assumed-role/Deploy/test"
        )
        assert assume(sim, key).refusal == denied("arn:aws:iam::111111111111:user/alice")
        without = ask(sim, key, Action="GetSessionToken").key
        assert assume(sim, without).refusal == denied("arn:aws:iam::111111111111:user/alice")

    def test_a_missing_role_is_answered_like_a_denied_one(self, sim: Sim, key: Key) -> None:
        """Nobody learns from the answer which roles exist."""
        gone = "arn:aws:iam::222222222222:role/Nowhere"
        assert assume(sim, session(sim, key).key, gone).refusal == denied("arn:aws:iam::111111111111:user/alice", gone)

    def test_a_roles_own_credentials_carry_no_mfa(self, sim: Sim, key: Key) -> None:
        """A chain into a role that demands MFA fails, into one that does not works."""
        one = assume(sim, session(sim, key).key).key
        trust = Trust((ROLE_A,))
        sim.world.add_role("444444444444", "Next", trust)
        sim.world.add_role("444444444444", "Strict", Trust((ROLE_A,), mfa=True))
        assert assume(sim, one, "arn:aws:iam::444444444444:role/Next").status == 200
        assert assume(sim, one, "arn:aws:iam::444444444444:role/Strict").refusal[1] == "AccessDenied"

    @pytest.mark.parametrize(
        ("trust", "good", "bad"),
        [
            (Trust(("*",), external_id="x-1"), {"ExternalId": "x-1"}, {}),
            (Trust(("*",), external_id="x-1"), {"ExternalId": "x-1"}, {"ExternalId": "x-2"}),
            (Trust(("*",), session_name="alice*"), {"RoleSessionName": "alice-1"}, {"RoleSessionName": "bob"}),
            (Trust(("*",), source_identity="alice"), {"SourceIdentity": "alice"}, {}),
            (Trust(("*",), may_set_source_identity=False), {}, {"SourceIdentity": "alice"}),
        ],
    )
    def test_conditions_of_trust(
        self, sim: Sim, key: Key, trust: Trust, good: dict[str, str], bad: dict[str, str]
    ) -> None:
        """Each condition admits what fits and refuses what does not."""
        arn = sim.world.add_role("555555555555", "Picky", trust).arn
        assert assume(sim, key, arn, **good).status == 200
        assert assume(sim, key, arn, **bad).refusal == denied("arn:aws:iam::111111111111:user/alice", arn)

    def test_principals_and_the_callers_own_policy(self, sim: Sim, key: Key) -> None:
        """The role must trust the caller, and the caller must be allowed to ask."""
        other = sim.world.add_role("555555555555", "Other", Trust(("arn:aws:iam::999999999999:root",))).arn
        open_role = sim.world.add_role("555555555555", "Open", Trust(("*",))).arn
        carol = sim.world.add_key(sim.world.add_user("111111111111", "carol", allowed=()))
        assert assume(sim, key, other).refusal[1] == "AccessDenied"
        assert assume(sim, key, open_role).status == 200
        assert assume(sim, carol, open_role).refusal[1] == "AccessDenied"

    def test_the_age_of_mfa_can_run_out(self, sim: Sim, key: Key, clock: Shifted) -> None:
        """A role may want a fresh code even while the session lives."""
        arn = sim.world.add_role("555555555555", "Fresh", Trust(("*",), mfa=True, mfa_age=300)).arn
        one = session(sim, key).key
        assert assume(sim, one, arn).status == 200
        clock.ahead = 301
        assert assume(sim, one, arn).refusal[1] == "AccessDenied"
        assert assume(sim, one).status == 200

    def test_one_hour_from_a_session_and_the_roles_own_maximum_first(self, sim: Sim, key: Key) -> None:
        """3600 s is the most a session can get; the role's own limit is told before that."""
        long_role = sim.world.add_role("555555555555", "Long", Trust(("*",)), max_seconds=43200).arn
        one = session(sim, key).key
        assert assume(sim, one, long_role, DurationSeconds=3600).status == 200
        assert assume(sim, one, long_role, DurationSeconds=3601).refusal == (400, "ValidationError", OVER_CHAIN)
        assert assume(sim, one, DurationSeconds=3601).refusal == (400, "ValidationError", OVER_ROLE)
        assert assume(sim, one, DurationSeconds=43201).refusal[2].startswith("1 validation error detected: ")
        chained = assume(sim, one, long_role).key
        assert assume(sim, chained, long_role, DurationSeconds=3601).refusal[2] == OVER_CHAIN

    def test_twelve_hours_straight_from_the_keys_with_a_code(self, sim: Sim, key: Key) -> None:
        """AssumeRole takes a code itself, and then the hour does not apply."""
        arn = sim.world.add_role("555555555555", "Long", Trust(("*",), mfa=True), max_seconds=43200).arn
        mfa = {"SerialNumber": sim.world.device().serial, "TokenCode": sim.unused_code()}
        got = assume(sim, key, arn, DurationSeconds=43200, **mfa)
        issued = sim.world.keys[got.key.id]
        assert issued.expires is not None
        assert issued.expires > time.time() + 43000
        assert assume(sim, key, arn, DurationSeconds=43200, **mfa).refusal[2] == WRONG_CODE

    @pytest.mark.parametrize(
        "wrong",
        [
            {"RoleSessionName": "a"},
            {"RoleSessionName": "two words"},
            {"RoleArn": "arn:aws:iam::1"},
            {"ExternalId": "x"},
            {"DurationSeconds": "899"},
            {"SourceIdentity": "x"},
        ],
    )
    def test_parameters_out_of_range(self, sim: Sim, key: Key, wrong: dict[str, str]) -> None:
        """Each is a ValidationError that names the parameter."""
        got = assume(sim, key, **wrong)
        name = next(iter(wrong))
        assert got.refusal[:2] == (400, "ValidationError")
        assert f"at '{name[0].lower()}{name[1:]}' failed to satisfy constraint" in got.refusal[2]

    def test_a_source_identity_is_set_once(self, sim: Sim, key: Key) -> None:
        """It is inherited down the chain and cannot be changed there."""
        arn = sim.world.add_role("555555555555", "Chain", Trust(("*",))).arn
        first = assume(sim, key, arn, SourceIdentity="alice")
        second = assume(sim, first.key, arn)
        assert second.tag("SourceIdentity") == "alice"
        assert assume(sim, second.key, arn, SourceIdentity="bob").refusal[:2] == (400, "ValidationError")

    def test_tags(self, sim: Sim, key: Key) -> None:
        """Tags take packed space, are unique whatever their case, and transitive ones cannot be overridden."""
        arn = sim.world.add_role("555555555555", "Tagged", Trust(("*",))).arn
        tag = {"Tags.member.1.Key": "team", "Tags.member.1.Value": "red"}
        got = assume(sim, key, arn, **tag, **{"TransitiveTagKeys.member.1": "team"})
        assert int(got.tag("PackedPolicySize")) == 1
        assert assume(sim, got.key, arn, **{**tag, "Tags.member.1.Key": "Team"}).refusal[0] == 400
        twice = {**tag, "Tags.member.2.Key": "TEAM", "Tags.member.2.Value": "blue"}
        assert assume(sim, key, arn, **twice).refusal[:2] == (400, "InvalidParameterValue")
        many = {f"Tags.member.{n}.{part}": f"{n:0100d}" for n in range(1, 51) for part in ("Key", "Value")}
        assert assume(sim, key, arn, **many).refusal[:2] == (400, "PackedPolicyTooLarge")

    def test_a_role_made_again_ends_the_old_credentials(self, sim: Sim, key: Key) -> None:
        """The new role has the old name but is another one."""
        arn = sim.world.add_role("555555555555", "Again", Trust(("*",))).arn
        old = assume(sim, key, arn).key
        sim.world.add_role("555555555555", "Again", Trust(("*",)))
        assert ask(sim, old, Action="GetCallerIdentity").refusal[1] == "InvalidClientTokenId"
        assert ask(sim, assume(sim, key, arn).key, Action="GetCallerIdentity").status == 200


def iam_of(sim: Sim, key: Key) -> Any:
    """A client of botocore's for IAM."""
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(
        "iam",
        endpoint_url=sim.url,
        region_name="us-east-1",
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
        aws_session_token=key.token,
        config=config,
    )


def refused_by_iam(call: Callable[[], object]) -> str:
    """The code of AWS's refusal."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


class TestIam:
    """As much of IAM as finding one's device and rotating one's keys take."""

    def test_a_user_makes_switches_off_and_deletes_its_own_keys(self, sim: Sim, key: Key) -> None:
        """Two at most; one that is off or gone is taken nowhere, and a session that was opened with it goes on."""
        opened = session(sim, key).key
        iam = iam_of(sim, opened)
        made = iam.create_access_key(UserName="alice")["AccessKey"]
        assert refused_by_iam(iam.create_access_key) == "LimitExceeded"
        listed = iam.list_access_keys()["AccessKeyMetadata"]
        assert [(one["AccessKeyId"], one["Status"]) for one in listed] == [
            (key.id, "Active"),
            (made["AccessKeyId"], "Active"),
        ]
        iam.update_access_key(AccessKeyId=key.id, Status="Inactive")
        assert ask(sim, key, Action="GetCallerIdentity").refusal[1] == "InvalidClientTokenId"
        iam.delete_access_key(AccessKeyId=key.id)
        assert refused_by_iam(lambda: iam.delete_access_key(AccessKeyId=key.id)) == "NoSuchEntity"
        new = sim.world.keys[made["AccessKeyId"]]
        assert new.secret == made["SecretAccessKey"]
        assert ask(sim, new, Action="GetCallerIdentity").status == 200
        assert ask(sim, opened, Action="GetCallerIdentity").status == 200

    def test_the_last_use_of_a_key_is_told(self, sim: Sim, key: Key) -> None:
        """With service and region, or that it was never used."""
        iam = iam_of(sim, session(sim, key).key)
        used = iam.get_access_key_last_used(AccessKeyId=key.id)
        assert used["UserName"] == "alice"
        assert used["AccessKeyLastUsed"]["ServiceName"] == "sts"
        made = iam.create_access_key()["AccessKey"]["AccessKeyId"]
        assert "LastUsedDate" not in iam.get_access_key_last_used(AccessKeyId=made)["AccessKeyLastUsed"]

    def test_what_a_policy_does_not_allow_is_denied(self, sim: Sim, key: Key) -> None:
        """By action; without MFA where that is wanted; and always for another user."""
        opened = session(sim, key).key
        sim.world.restrict("alice", permits=("iam:List*",))
        assert refused_by_iam(iam_of(sim, opened).create_access_key) == "AccessDenied"
        assert iam_of(sim, key).list_access_keys()["AccessKeyMetadata"]
        assert refused_by_iam(lambda: iam_of(sim, opened).list_access_keys(UserName="bob")) == "AccessDenied"
        sim.world.restrict("alice", wants_mfa=True)
        assert refused_by_iam(iam_of(sim, key).list_access_keys) == "AccessDenied"
        assert iam_of(sim, opened).list_access_keys()["AccessKeyMetadata"]

    def test_changes_are_not_seen_everywhere_at_once(self, sim: Sim, key: Key) -> None:
        """A new key is refused, taken, refused once more, and then taken; lists lag, and so does what was deleted."""
        iam = iam_of(sim, session(sim, key).key)
        sim.world.lag = 2
        made = sim.world.keys[iam.create_access_key()["AccessKey"]["AccessKeyId"]]
        seen = [ask(sim, made, Action="GetCallerIdentity").status for _ in range(6)]
        assert seen == [403, 403, 200, 403, 200, 200]
        assert [len(iam.list_access_keys()["AccessKeyMetadata"]) for _ in range(3)] == [1, 1, 2]
        iam.delete_access_key(AccessKeyId=key.id)
        assert [ask(sim, key, Action="GetCallerIdentity").status for _ in range(3)] == [200, 200, 403]
        assert [len(iam.list_access_keys()["AccessKeyMetadata"]) for _ in range(3)] == [2, 2, 1]

    @pytest.mark.parametrize(
        "wrong", [{"AccessKeyId": "no!" * 8, "Status": "Active"}, {"AccessKeyId": "A" * 20, "Status": "Off"}]
    )
    def test_what_iam_cannot_read_is_refused(self, sim: Sim, key: Key, wrong: dict[str, str]) -> None:
        """As AWS words it."""
        body = urllib.parse.urlencode({"Action": "UpdateAccessKey", "Version": "2010-05-08", **wrong})
        assert ask_raw(sim, key, body, IAM).refusal[:2] == (400, "ValidationError")

    def test_devices_are_listed_for_their_owner(self, sim: Sim, key: Key) -> None:
        """ListMFADevices, signed for IAM in us-east-1."""
        body = "Action=ListMFADevices&Version=2010-05-08"
        assert ask_raw(sim, key, body, IAM).tag("SerialNumber") == sim.world.device().serial
        without = ask(sim, key, Action="GetSessionToken").key
        assert ask_raw(sim, without, body, IAM).refusal[:2] == (403, "InvalidClientTokenId")
        assert ask_raw(sim, session(sim, key).key, body, IAM).status == 200


class TestFaults:
    """Everything that can go wrong, on request."""

    @pytest.mark.parametrize(
        ("kind", "refusal"),
        [
            (Kind.THROTTLE, (400, "Throttling", "Rate exceeded")),
            (Kind.ERROR_500, (500, "InternalFailure")),
            (Kind.ERROR_503, (503, "ServiceUnavailable")),
            (Kind.EXPIRED_TOKEN, (403, "ExpiredToken")),
            (Kind.INVALID_TOKEN, (403, "InvalidClientTokenId")),
            (Kind.REGION_DISABLED, (403, "RegionDisabledException")),
        ],
    )
    def test_errors(self, sim: Sim, key: Key, kind: Kind, refusal: tuple[int, str]) -> None:
        """Each comes as often as was asked, for the action it was asked for, and without any effect."""
        sim.fault(kind, "GetSessionToken", count=2)
        assert ask(sim, key, Action="GetCallerIdentity").status == 200
        for _ in range(2):
            assert session(sim, key).refusal[: len(refusal)] == refusal
        assert not sim.codes_used()
        assert session(sim, key).status == 200
        assert [call.fault for call in sim.calls] == [None, kind.value, kind.value, None]

    @pytest.mark.parametrize(("kind", "spent"), [(Kind.DROP_BEFORE, False), (Kind.DROP_AFTER, True)])
    def test_dropped_before_and_after(self, sim: Sim, key: Key, kind: Kind, *, spent: bool) -> None:
        """The client sees the same; whether the code was spent differs."""
        sim.fault(kind)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            session(sim, key)
        assert bool(sim.codes_used()) is spent
        assert [call.outcome for call in sim.calls] == ["OK" if spent else ""]

    def test_truncated(self, sim: Sim, key: Key) -> None:
        """The answer ends in its middle."""
        sim.fault(Kind.TRUNCATE)
        with pytest.raises(http.client.IncompleteRead):
            session(sim, key)

    def test_a_captive_portal(self, sim: Sim, key: Key) -> None:
        """A page with 200, and a redirection, neither of which spends anything."""
        sim.fault(Kind.HTML)
        sim.fault(Kind.REDIRECT)
        page, moved = session(sim, key), session(sim, key)
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
        assert (moved.status, moved.headers["Location"]) == (302, "http://portal.invalid/login")
        assert not sim.codes_used()

    @pytest.mark.parametrize(
        ("kind", "pattern"),
        [
            (Kind.NO_CREDENTIALS, "<GetSessionTokenResult>\n</GetSessionTokenResult>"),
            (Kind.NO_EXPIRATION, "</SessionToken>\n</Credentials>"),
            (Kind.PAST_EXPIRATION, "<Expiration>20"),
            (Kind.FAR_EXPIRATION, "<Expiration>2126-"),
            (Kind.BAD_EXPIRATION, "<Expiration>tomorrow"),
            (Kind.HUGE, " " * 10_000_000),
            (Kind.BOMB, "&a8;&a8;"),
        ],
    )
    def test_garbled_answers(self, sim: Sim, key: Key, kind: Kind, pattern: str) -> None:
        """The answer is a 200 with something wrong in it."""
        sim.fault(kind)
        got = ask(sim, key, Action="GetSessionToken")
        assert got.status == 200
        assert pattern in got.text

    def test_an_answer_without_date(self, sim: Sim, key: Key) -> None:
        """Only the header is missing."""
        sim.fault(Kind.NO_DATE)
        got = ask(sim, key, Action="GetCallerIdentity")
        assert "Date" not in got.headers
        assert got.status == 200

    @pytest.mark.parametrize("kind", [Kind.DELAY, Kind.LATE, Kind.SLOW])
    def test_slow_answers(self, sim: Sim, key: Key, kind: Kind) -> None:
        """The answer takes its time and is good."""
        sim.fault(kind, seconds=0.3)
        start = time.monotonic()
        assert ask(sim, key, Action="GetCallerIdentity").status == 200
        assert time.monotonic() - start >= 0.25

    def test_faults_for_one_role_spare_the_others(self, sim: Sim, key: Key) -> None:
        """A pattern picks the role."""
        one = session(sim, key).key
        sim.fault(Kind.ERROR_500, "AssumeRole", role="*::333333333333:*")
        assert [assume(sim, one, role).status for role in (ROLE_A, ROLE_B, ROLE_B)] == [200, 500, 200]

    def test_leaving_ends_a_hanging_request(self) -> None:
        """A test that ends while an answer is held back does not wait for it."""
        with Sim() as sim:
            sim.fault(Kind.DELAY, seconds=600)
            pool = ThreadPoolExecutor(1)
            waiting = pool.submit(ask, sim, sim.world.user_key(), Action="GetCallerIdentity")
            while sim.script._faults:
                time.sleep(0.01)
        with pytest.raises((http.client.HTTPException, OSError)):
            waiting.result(20)
        pool.shutdown()


class TestLog:
    """What a test can ask afterwards."""

    def test_calls_are_logged_with_their_outcome(self, sim: Sim, key: Key) -> None:
        """Action, key, role, outcome and whether a code came."""
        one = session(sim, key).key
        assume(sim, one)
        assume(sim, key, ROLE_B)
        logged = [(call.action, call.access_key_id, call.role_arn, call.outcome, call.code) for call in sim.calls]
        assert logged == [
            ("GetSessionToken", key.id, "", "OK", True),
            ("AssumeRole", one.id, ROLE_A, "OK", False),
            ("AssumeRole", key.id, ROLE_B, "AccessDenied", False),
        ]
        assert (sim.count("AssumeRole"), sim.count("AssumeRole", "OK")) == (2, 1)

    def test_64_callers_at_once(self, sim: Sim, key: Key) -> None:
        """Every one is answered, and the most in flight together is known."""
        one = session(sim, key).key
        sim.fault(Kind.DELAY, "AssumeRole", count=64, seconds=0.5)
        with ThreadPoolExecutor(64) as pool:
            statuses = list(pool.map(lambda _: assume(sim, one).status, range(64)))
        assert statuses == [200] * 64
        assert 2 <= sim.most_at_once <= 64

    def test_every_secret_is_known(self, sim: Sim, key: Key) -> None:
        """Long-term, session and role secrets, tokens, and the device's seed."""
        one = session(sim, key).key
        two = assume(sim, one).key
        wanted = {key.secret, one.secret, one.token, two.secret, two.token, sim.world.device().seed}
        assert sim.issued_secrets() == wanted


class TestRealClients:
    """The AWS CLI and boto3 take the double for AWS."""

    @staticmethod
    def environment(sim: Sim, home: Path) -> dict[str, str]:
        """A user's shell with the keys in the credentials file."""
        key = sim.world.user_key()
        (home / "config").write_text(sim.world.config_text(sim.url))
        credentials = f"[default]\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
        (home / "credentials").write_text(credentials)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_CONFIG_FILE": str(home / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
            "NO_PROXY": "127.0.0.1",
        }

    @staticmethod
    def aws(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        """Run the AWS CLI that stands beside this interpreter."""
        command = [str(Path(sys.executable).with_name("aws")), *words, "--output", "json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    def test_the_aws_cli_logs_in_with_a_code(self, sim: Sim, tmp_path: Path) -> None:
        """GetSessionToken, then AssumeRole from it, then GetCallerIdentity as the role; a reused code fails."""
        environment = self.environment(sim, tmp_path)
        code, serial = sim.unused_code(), sim.world.device().serial
        login = ("sts", "get-session-token", "--serial-number", serial, "--token-code", code)
        opened = json.loads(self.aws(environment, *login).stdout)["Credentials"]
        assert WRONG_CODE in self.aws(environment, *login).stderr
        as_session = self.keys(environment, opened)
        role = self.aws(as_session, "sts", "assume-role", "--role-arn", ROLE_A, "--role-session-name", "cli")
        as_role = self.keys(environment, json.loads(role.stdout)["Credentials"])
        who = json.loads(self.aws(as_role, "sts", "get-caller-identity").stdout)
        assert who["Arn"] == "arn:aws:sts::222222222222:assumed-role/Deploy/cli"

    @staticmethod
    def keys(environment: dict[str, str], credentials: dict[str, str]) -> dict[str, str]:
        """The same shell with credentials in its environment."""
        return {
            **environment,
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        }

    def test_boto3_sees_modelled_errors_and_dates(self, sim: Sim, key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
        """Credentials come with a UTC date, errors with code and message, lists are listed."""
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        mine = {"aws_access_key_id": key.id, "aws_secret_access_key": key.secret, "endpoint_url": sim.url}
        config = Config(retries={"total_max_attempts": 1})
        sts = boto3.client("sts", region_name="eu-central-1", config=config, **mine)
        iam = boto3.client("iam", region_name="us-east-1", config=config, **mine)
        serial = iam.list_mfa_devices()["MFADevices"][0]["SerialNumber"]
        got = sts.get_session_token(SerialNumber=serial, TokenCode=sim.unused_code(), DurationSeconds=900)
        assert 600 < got["Credentials"]["Expiration"].timestamp() - time.time() <= 900
        sim.world.disabled_regions.add("eu-central-1")
        with pytest.raises(sts.exceptions.RegionDisabledException):
            sts.get_session_token()
        sts.close()
        iam.close()


class TestAsProcess:
    """`python -m awssim`, for tests and demos outside this process."""

    @pytest.fixture
    def served(self, tmp_path: Path) -> Iterator[dict[str, object]]:
        """The double as a child of a bare interpreter, without any package."""
        root = Path(__file__).parents[1]
        command = [sys.executable, "-S", "-m", "awssim", "--session-seconds", "60", "--config", str(tmp_path / "c")]
        environment = {"PYTHONPATH": str(root), "PATH": os.environ["PATH"]}
        with ended(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)) as child:
            assert child.stdout is not None
            yield json.loads(child.stdout.readline())
            child.terminate()
            assert child.wait(20) == 0

    @staticmethod
    def control(url: object, verb: str, document: object = None) -> dict[str, object]:
        """One request to the control plane."""
        data = None if document is None else json.dumps(document).encode()
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(str(url)).netloc, timeout=20)
        try:
            connection.request("GET" if data is None else "POST", f"/_sim/{verb}", data)
            answer = connection.getresponse()
            found: dict[str, object] = {**json.load(answer), "status": answer.status}
            return found
        finally:
            connection.close()

    def test_the_control_plane(self, served: dict[str, object], tmp_path: Path) -> None:
        """Codes, calls, faults, lifetimes and secrets are reachable over HTTP; the config file is written."""
        url = served["url"]
        assert served["config"] == (tmp_path / "c").read_text()
        assert re.fullmatch(r"\d{6}", str(self.control(url, "code?device=alice")["code"]))
        assert self.control(url, "calls") == {"calls": [], "most_at_once": 0, "status": 200}
        assert self.control(url, "faults", {"kind": "throttle", "count": 2}) == {"status": 200}
        assert self.control(url, "lifetimes", {"session": 8, "role": 5}) == {"status": 200}
        secrets = self.control(url, "secrets")["secrets"]
        assert isinstance(secrets, list)
        assert len(secrets) == 2
        assert self.control(url, "faults", {"kind": "nonsense"})["status"] == 400
        assert self.control(url, "nonsense")["status"] == 404


class TestSessionPolicies:
    """A session with policies may do no more than one of them allows."""

    def test_what_they_allow(self, sim: Sim, key: Key) -> None:
        """A document, AWS's own, and one that is stored in the account; each adds to the others, a denial wins."""
        arn = sim.world.add_role("555555555555", "Narrow", Trust(("*",))).arn
        sim.world.add_role("555555555555", "Next", Trust(("*",)))
        own = "arn:aws:iam::555555555555:policy/Own"
        sim.world.policies[own] = statement("Allow", "sts:AssumeRole")
        read = "arn:aws:iam::aws:policy/ReadOnlyAccess"
        for policies, lists, assumes in (
            ({}, True, True),
            ({"PolicyArns.member.1.arn": read}, True, False),
            ({"PolicyArns.member.1.arn": own}, False, True),
            ({"PolicyArns.member.1.arn": read, "PolicyArns.member.2.arn": own}, True, True),
            ({"Policy": statement("Allow", "s3:*")}, True, False),
            ({"Policy": statement("Deny", "s3:*"), "PolicyArns.member.1.arn": read}, False, False),
        ):
            session = assume(sim, key, arn, **policies).key
            assert sim.calls[-1].asked.items() >= policies.items()
            assert (ask(sim, session, Action="GetCallerIdentity").status) == 200
            assert (assume(sim, session, arn.replace("Narrow", "Next")).status == 200) is assumes
            holder = sim.world.keys[session.id].holder
            assert isinstance(holder, RoleSession)
            assert allow(holder.policies, "s3:ListAllMyBuckets") is lists

    @pytest.mark.parametrize(
        ("policies", "code"),
        [
            ({"Policy": "{"}, "MalformedPolicyDocument"),
            ({"Policy": '{"Version": "2012-10-17"}'}, "MalformedPolicyDocument"),
            (
                {"Policy": '{"Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}'},
                "MalformedPolicyDocument",
            ),
            ({"Policy": '{"Statement": [{"Effect": "Allow", "Action": "*"}]}'}, "MalformedPolicyDocument"),
            ({"PolicyArns.member.1.arn": "arn:aws:iam::555555555555:policy/None"}, "InvalidParameterValue"),
            ({"PolicyArns.member.1.arn": "arn:aws:iam::666666666666:policy/Own"}, "InvalidParameterValue"),
            ({f"PolicyArns.member.{n}.arn": "arn:aws:iam::aws:policy/X" for n in range(1, 12)}, "ValidationError"),
        ],
    )
    def test_what_is_none_is_refused(self, sim: Sim, key: Key, policies: dict[str, str], code: str) -> None:
        """As AWS refuses it."""
        arn = sim.world.add_role("555555555555", "Narrow", Trust(("*",))).arn
        assert assume(sim, key, arn, **policies).refusal[:2] == (400, code)


def statement(effect: str, action: str) -> str:
    """A policy of one statement."""
    return json.dumps({"Statement": {"Effect": effect, "Action": action, "Resource": "*"}})
