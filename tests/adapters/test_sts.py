"""The STS adapter against the strict double: what it sends, and what it makes of answers and of silence."""

import gc
import os
import socket
import ssl
import time
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from awssim import Kind, Sim, Trust
from awssim.totp import BUDGET, WINDOW
from trayexec.adapters.sts import MOST_CLIENTS, BotoSts, Limits
from trayexec.adapters.sts_errors import Purpose, Request
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, Role, StsEndpoint
from trayexec.core.credentials import Credentials, LongTermKeys, Secret
from trayexec.core.ports import Refusal, StsError

ROLE_A = "arn:aws:iam::222222222222:role/Deploy"
ROLE_B = "arn:aws:iam::333333333333:role/Deploy"


class Here:
    """The two clocks of this machine."""

    def now(self) -> Instant:
        """This moment."""
        return Instant(time.monotonic(), time.time())


class Shifted:
    """AWS's clock, which a test can push."""

    ahead = 0.0

    def __call__(self) -> float:
        """Unix seconds."""
        return time.time() + self.ahead


@dataclass(frozen=True, slots=True)
class User:
    """Alice at her desk: her keys, her device, and the adapter."""

    sim: Sim
    sts: BotoSts
    keys: LongTermKeys
    endpoint: StsEndpoint
    pauses: list[float]

    @property
    def identity(self) -> Identity:
        """Her identity."""
        return Identity("default", self.sim.world.device().serial, self.endpoint.url, "default", self.endpoint)

    def role(self, arn: str = ROLE_A, **more: object) -> Role:
        """A role of hers, with the parameters of an ordinary profile."""
        plain = Role(arn, self.identity, "alice-1", None, 3600, self.endpoint)
        return replace(plain, **more)  # type: ignore[arg-type]  # a test names the fields it changes

    def unlock(self, code: str | None = None, seconds: int = 43200) -> Credentials:
        """Open a session, with a good code unless told."""
        return self.sts.open_session(self.identity, self.keys, Secret(code or self.sim.unused_code()), seconds)

    def life(self, credentials: Credentials) -> float:
        """How long AWS lets them live, from now, in seconds."""
        expires = self.sim.world.keys[credentials.access_key_id].expires
        assert expires is not None
        return expires - self.sim.now()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own proxies and certificates have no say."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def clock() -> Shifted:
    """AWS's clock."""
    return Shifted()


@pytest.fixture
def user(clock: Shifted) -> Iterator[User]:
    """A user of a fresh world."""
    with Sim(clock=clock) as sim:
        pauses: list[float] = []
        sts = BotoSts(Here(), limits=Limits(connect=2.0, read=5.0), pause=pauses.append)
        key = sim.world.user_key()
        yield User(sim, sts, LongTermKeys(key.id, Secret(key.secret)), StsEndpoint("eu-central-1", sim.url), pauses)
        sts.close()


def refused(call: Callable[[], object]) -> StsError:
    """The StsError that `call` ends in. It can be shown, and carries nothing along."""
    with pytest.raises(StsError) as caught:
        call()
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    assert "{" not in str(error)
    return error


def outcome(error: StsError) -> tuple[str, Refusal]:
    """What scripts and the core look at."""
    return error.trouble.code, error.refusal


class TestAnswers:
    """What comes of it when all goes well."""

    def test_a_code_opens_a_session_and_the_session_every_role(self, user: User) -> None:
        """One GetSessionToken, then an AssumeRole for each role, signed with the session."""
        session = user.unlock()
        role = user.sts.assume(user.role(), session)
        other = user.sts.assume(user.role(ROLE_B), session)
        calls = [(call.action, call.access_key_id, call.role_arn, call.outcome) for call in user.sim.calls]
        assert calls == [
            ("GetSessionToken", user.keys.access_key_id, "", "OK"),
            ("AssumeRole", session.access_key_id, ROLE_A, "OK"),
            ("AssumeRole", session.access_key_id, ROLE_B, "OK"),
        ]
        secrets = user.sim.issued_secrets()
        assert {role.secret_access_key.reveal(), other.session_token.reveal()} <= secrets

    def test_the_keys_are_checked_by_asking_who_they_are(self, user: User) -> None:
        """GetCallerIdentity gives the ARN."""
        assert user.sts.check(user.endpoint, user.keys, "default") == "arn:aws:iam::111111111111:user/alice"

    @pytest.mark.parametrize(("asked", "given"), [(1, 900), (3600, 3600), (129600, 129600), (10**6, 129600)])
    def test_a_session_is_asked_for_within_the_limits(self, user: User, asked: int, given: int) -> None:
        """900 to 129600 seconds."""
        assert given * 2 / 3 < user.life(user.unlock(seconds=asked)) <= given

    @pytest.mark.parametrize(("asked", "given"), [(60, 900), (1800, 1800), (43200, 3600)])
    def test_a_role_is_asked_for_at_most_an_hour(self, user: User, asked: int, given: int) -> None:
        """Even where the role itself would allow more: from a session AWS does not."""
        trust = Trust(("*",), mfa=True)
        arn = user.sim.world.add_role("555555555555", "Long", trust, max_seconds=43200).arn
        role = user.sts.assume(user.role(arn, seconds=asked), user.unlock())
        assert given * 2 / 3 < user.life(role) <= given

    def test_a_role_that_allows_less_is_asked_again_for_the_least(self, user: User) -> None:
        """A refused duration is asked for once more, with 900 seconds."""
        arn = user.sim.world.add_role("555555555555", "Short", Trust(("*",)), max_seconds=1800).arn
        assert user.life(user.sts.assume(user.role(arn), user.unlock())) <= 900
        assert [call.outcome for call in user.sim.calls[1:]] == ["ValidationError", "OK"]

    @pytest.mark.parametrize(
        ("most", "wanted", "found"), [(12, 12, 12), (12, 8, 8), (7, 12, 7), (1, 12, 1), (1, 2, 1), (5, 6, 5)]
    )
    def test_how_long_a_role_may_last_is_found_without_a_code(
        self, user: User, most: int, wanted: int, found: int
    ) -> None:
        """By which no AWS says to a session: in whole hours, by few questions."""
        arn = user.sim.world.add_role("222222222222", "Long", Trust(("*",), mfa=True), max_seconds=most * 3600).arn
        session = user.unlock()
        before = len(user.sim.calls)
        assert user.sts.most_seconds(user.role(arn), session, wanted * 3600) == found * 3600
        asked = user.sim.calls[before:]
        assert len(asked) <= 5
        assert not any(one.code for one in asked)

    @pytest.mark.parametrize("kind", [Kind.HTML, Kind.DROP_BEFORE])
    def test_where_that_is_not_told_it_is_not_known(self, user: User, kind: Kind) -> None:
        """A role that is refused, or whatever answers in AWS's place: the code will find out."""
        session = user.unlock()
        assert user.sts.most_seconds(user.role("arn:aws:iam::222222222222:role/Nobody"), session, 7200) is None
        user.sim.fault(kind, count=5)
        assert user.sts.most_seconds(user.role(), session, 7200) is None

    def test_session_name_and_external_id_are_sent(self, user: User) -> None:
        """Both come from the role; without an external_id none is sent, and such a role refuses."""
        trust = Trust(("*",), external_id="x-42", session_name="alice-1")
        arn = user.sim.world.add_role("555555555555", "Partner", trust).arn
        session = user.unlock()
        user.sts.assume(user.role(arn, external_id="x-42"), session)
        assert user.sim.calls[-1].session_name == "alice-1"
        assert refused(lambda: user.sts.assume(user.role(arn), session)).refusal is Refusal.DENIED

    def test_a_role_may_come_from_a_role(self, user: User) -> None:
        """The second is assumed with the first one's credentials."""
        arn = user.sim.world.add_role("444444444444", "Next", Trust((ROLE_A,))).arn
        first = user.role()
        by = user.sts.assume(first, user.unlock())
        user.sts.assume(user.role(arn, source=first), by)
        assert user.sim.calls[-1].access_key_id == by.access_key_id


class TestExpiry:
    """When credentials end, on our clock and on AWS's."""

    def test_the_end_is_counted_from_the_start_of_the_call(self, user: User) -> None:
        """Both clocks of the instant get the same life; what is published is AWS's date."""
        before = Here().now()
        session = user.unlock(seconds=900)
        after = Here().now()
        assert before.boot + 898 <= session.expiry.at.boot <= after.boot + 900
        assert before.wall + 898 <= session.expiry.at.wall <= after.wall + 900
        expires = user.sim.world.keys[session.access_key_id].expires
        assert expires is not None
        assert session.expiry.utc == int(expires)

    @pytest.mark.parametrize("ahead", [600, -600])
    def test_a_wrong_local_clock_does_not_change_the_life(self, user: User, clock: Shifted, ahead: int) -> None:
        """Ten minutes off either way: the life is AWS's, the published date is AWS's."""
        clock.ahead = ahead
        session = user.unlock(seconds=900)
        assert 600 < session.expiry.left(Here().now()) <= 900
        assert abs(session.expiry.utc - (time.time() + ahead + 900)) < 200

    def test_without_a_date_our_own_clock_has_to_do(self, user: User) -> None:
        """An answer without Date header is still good."""
        user.sim.fault(Kind.NO_DATE)
        assert 600 < user.unlock(seconds=900).expiry.left(Here().now()) <= 900

    def test_without_a_date_a_slow_clock_of_ours_does_not_lengthen_the_life(self, user: User, clock: Shifted) -> None:
        """Never longer than was asked for."""
        clock.ahead = 600
        user.sim.fault(Kind.NO_DATE)
        assert 600 < user.unlock(seconds=900).expiry.left(Here().now()) <= 900

    def test_a_shorter_life_than_asked_for_is_believed(self, user: User) -> None:
        """Eight seconds are eight seconds."""
        user.sim.live(session=8)
        assert 0 < user.unlock().expiry.left(Here().now()) <= 9

    @pytest.mark.parametrize(
        "kind", [Kind.PAST_EXPIRATION, Kind.FAR_EXPIRATION, Kind.NO_EXPIRATION, Kind.BAD_EXPIRATION]
    )
    def test_an_expiry_that_makes_no_sense_is_refused(self, user: User, kind: Kind) -> None:
        """Past, in a hundred years, absent, or no date at all."""
        session = user.unlock()
        user.sim.fault(kind)
        assert outcome(refused(lambda: user.sts.assume(user.role(), session))) == ("sts_expiration", Refusal.OTHER)
        user.sim.fault(kind)
        assert outcome(refused(user.unlock)) == ("sts_expiration", Refusal.OTHER)


class TestRefusals:
    """AWS says no."""

    def test_a_wrong_and_a_reused_code(self, user: User) -> None:
        """Both are CODE, after one request each."""
        code = user.sim.unused_code()
        user.unlock(code)
        for bad in (code, user.sim.wrong_code()):
            error = refused(partial(user.unlock, bad))
            assert outcome(error) == ("code_refused", Refusal.CODE)
            assert bad not in str(error)
        assert user.sim.count("GetSessionToken") == 3

    def test_the_budget_and_a_wrong_serial(self, user: User, clock: Shifted) -> None:
        """AWS has one message for both, so both are BUDGET, and the hint names both."""
        stranger = replace(user.identity, mfa_serial="arn:aws:iam::111111111111:mfa/alcie")
        error = refused(lambda: user.sts.open_session(stranger, user.keys, Secret("123456"), 900))
        assert outcome(error) == ("code_budget", Refusal.BUDGET)
        clock.ahead = WINDOW - time.time() % WINDOW
        for _ in range(BUDGET):
            assert refused(lambda: user.unlock(user.sim.wrong_code())).refusal is Refusal.CODE
        error = refused(user.unlock)
        assert error.refusal is Refusal.BUDGET
        assert "mfa_serial" in str(error.trouble.hint)

    def test_keys_that_are_gone_wrong_or_temporary(self, user: User) -> None:
        """KEYS, whether a session is opened or the pair is checked."""
        wrong = LongTermKeys(user.keys.access_key_id, Secret("x" * 40))
        assert outcome(refused(lambda: user.sts.check(user.endpoint, wrong, "default"))) == (
            "keys_refused",
            Refusal.KEYS,
        )
        session = user.unlock()
        temporary = LongTermKeys(session.access_key_id, session.secret_access_key)
        assert outcome(refused(lambda: user.sts.check(user.endpoint, temporary, "default"))) == (
            "keys_temporary",
            Refusal.KEYS,
        )
        user.sim.world.revoke(user.keys.access_key_id)
        assert outcome(refused(lambda: user.sts.check(user.endpoint, user.keys, "default"))) == (
            "keys_refused",
            Refusal.KEYS,
        )
        assert outcome(refused(user.unlock)) == ("keys_refused", Refusal.KEYS)

    def test_a_session_that_has_expired_or_was_revoked(self, user: User, clock: Shifted) -> None:
        """SESSION, and so it is for the credentials of a role that is the source of another."""
        user.sim.live(session=60)
        session = user.unlock()
        role = user.sts.assume(user.role(), session)
        clock.ahead = 61
        error = refused(lambda: user.sts.assume(user.role(), session))
        assert outcome(error) == ("session_ended", Refusal.SESSION)
        user.sim.world.revoke(role.access_key_id)
        error = refused(lambda: user.sts.assume(user.role(ROLE_B, source=user.role()), role))
        assert outcome(error) == ("session_ended", Refusal.SESSION)

    def test_a_denied_role(self, user: User) -> None:
        """DENIED names the role and every possible reason; from a role it explains the lost MFA."""
        session = user.unlock()
        gone = "arn:aws:iam::222222222222:role/Nowhere"
        error = refused(lambda: user.sts.assume(user.role(gone), session))
        assert outcome(error) == ("role_denied", Refusal.DENIED)
        assert gone in str(error.trouble.title)
        assert all(word in str(error.trouble.hint) for word in ("role_arn", "external_id", "trust", "sts:AssumeRole"))
        first = user.role()
        by = user.sts.assume(first, session)
        error = refused(lambda: user.sts.assume(user.role(ROLE_B, source=first), by))
        assert outcome(error) == ("role_denied", Refusal.DENIED)
        assert "carry no MFA" in str(error.trouble.hint)

    @pytest.mark.parametrize(
        ("ahead", "title"), [(-1200, "Your clock is 20 minutes fast."), (1500, "Your clock is 25 minutes slow.")]
    )
    def test_a_wrong_clock(self, user: User, clock: Shifted, ahead: int, title: str) -> None:
        """It is told in minutes, by AWS's own Date, after one request."""
        clock.ahead = ahead
        error = refused(user.unlock)
        assert outcome(error) == ("clock_skew", Refusal.OTHER)
        assert str(error.trouble.title) == title
        assert user.sim.count("GetSessionToken") == 1

    def test_a_region_that_is_none(self, user: User) -> None:
        """A scope that AWS does not know is told with its name."""
        lost = replace(user.endpoint, region="eu-centrl-1")
        error = refused(lambda: user.sts.check(lost, user.keys, "default"))
        assert outcome(error) == ("sts_region", Refusal.OTHER)
        assert "eu-centrl-1" in str(error.trouble.title)

    def test_a_region_that_is_switched_off(self, user: User) -> None:
        """The partition's home region steps in; if that is off as well, the hint says what to do."""
        user.sim.world.disabled_regions.add("eu-central-1")
        session = user.unlock()
        user.sts.assume(user.role(), session)
        assert [call.region for call in user.sim.calls if call.outcome == "OK"] == ["us-east-1", "us-east-1"]
        user.sim.world.disabled_regions.add("us-east-1")
        error = refused(lambda: user.sts.assume(user.role(), session))
        assert outcome(error) == ("sts_region_disabled", Refusal.OTHER)

    def test_parameters_that_cannot_be_sent(self, user: User) -> None:
        """A session name of one letter never leaves; the hint names it."""
        session = user.unlock()
        error = refused(lambda: user.sts.assume(user.role(session_name="x"), session))
        assert outcome(error) == ("sts_parameters", Refusal.UNSENT)
        assert "RoleSessionName" in str(error.trouble.hint)

    def test_parameters_that_aws_refuses(self, user: User) -> None:
        """A session name with a space is refused by AWS; the hint names it and repeats no value."""
        session = user.unlock()
        error = refused(lambda: user.sts.assume(user.role(session_name="two words"), session))
        assert outcome(error) == ("sts_refused", Refusal.OTHER)
        assert "roleSessionName" in str(error.trouble.hint)
        assert "two words" not in str(error)


class TestAccidents:
    """AWS does not get to say anything, or nothing that can be understood."""

    @pytest.mark.parametrize(
        ("kind", "code", "refusal", "tries"),
        [
            (Kind.THROTTLE, "sts_throttled", Refusal.OTHER, 3),
            (Kind.ERROR_500, "sts_down", Refusal.LOST, 3),
            (Kind.ERROR_503, "sts_down", Refusal.LOST, 3),
            (Kind.DROP_BEFORE, "sts_lost", Refusal.LOST, 3),
            (Kind.DROP_AFTER, "sts_lost", Refusal.LOST, 3),
            (Kind.HTML, "sts_not_aws", Refusal.LOST, 1),
            (Kind.REDIRECT, "sts_not_aws", Refusal.LOST, 1),
            (Kind.TRUNCATE, "sts_not_aws", Refusal.LOST, 1),
            (Kind.HUGE, "sts_not_aws", Refusal.LOST, 1),
            (Kind.BOMB, "sts_not_aws", Refusal.LOST, 1),
            (Kind.NO_CREDENTIALS, "sts_no_credentials", Refusal.OTHER, 1),
        ],
    )
    def test_what_can_happen_to_a_request(
        self, user: User, kind: Kind, code: str, refusal: Refusal, tries: int
    ) -> None:
        """AssumeRole is tried three times where that can help; GetSessionToken is sent exactly once, always."""
        session = user.unlock()
        user.sim.fault(kind, count=tries)
        assert outcome(refused(lambda: user.sts.assume(user.role(), session))) == (code, refusal)
        assert user.sim.count("AssumeRole") == tries
        user.sts.assume(user.role(), session)
        user.sim.fault(kind)
        assert outcome(refused(user.unlock)) == (code, refusal)
        assert user.sim.count("GetSessionToken") == 2
        assert user.pauses == []

    @pytest.mark.parametrize("kind", [Kind.THROTTLE, Kind.ERROR_500, Kind.DROP_BEFORE])
    def test_assume_role_survives_two_bad_tries(self, user: User, kind: Kind) -> None:
        """The third one counts."""
        session = user.unlock()
        user.sim.fault(kind, count=2)
        user.sts.assume(user.role(), session)
        assert [call.outcome for call in user.sim.calls][-1] == "OK"
        assert user.sim.count("AssumeRole") == 3

    def test_an_answer_that_comes_too_late_is_lost(self, user: User) -> None:
        """The code counts as spent, and was sent once."""
        hasty = BotoSts(Here(), limits=Limits(connect=2.0, read=0.3), pause=user.pauses.append)
        user.sim.fault(Kind.LATE, seconds=30)
        code = Secret(user.sim.unused_code())
        error = refused(lambda: hasty.open_session(user.identity, user.keys, code, 900))
        assert outcome(error) == ("sts_lost", Refusal.LOST)
        assert (user.sim.count("GetSessionToken"), user.pauses) == (1, [])

    def test_an_answer_that_drips_is_cut_off(self, user: User) -> None:
        """A server that never falls silent cannot hold a call for ever either."""
        hasty = BotoSts(Here(), limits=Limits(connect=0.2, read=0.5), pause=user.pauses.append)
        user.sim.fault(Kind.SLOW, seconds=300)
        start = time.monotonic()
        code = Secret(user.sim.unused_code())
        error = refused(lambda: hasty.open_session(user.identity, user.keys, code, 900))
        assert outcome(error) == ("sts_lost", Refusal.LOST)
        assert time.monotonic() - start < 60

    def test_a_server_that_is_not_there(self, user: User) -> None:
        """Nothing left, so the same code is tried three times in all, and is still good."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        nowhere = replace(user.identity, endpoint=replace(user.endpoint, url=f"http://127.0.0.1:{port}"))
        error = refused(lambda: user.sts.open_session(nowhere, user.keys, Secret("123456"), 900))
        assert outcome(error) == ("sts_unreachable", Refusal.UNSENT)
        assert user.pauses == [0.3, 1.0]

    def test_a_server_that_comes_back(self, user: User) -> None:
        """The code that never left opens the session once the network is there."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        late = Sim(user.sim.world, port=port)
        endpoint = replace(user.endpoint, url=f"http://127.0.0.1:{port}")
        with ExitStack() as stack:

            def network_comes(_seconds: float) -> None:
                stack.enter_context(late)

            sts = BotoSts(Here(), pause=network_comes)
            identity = replace(user.identity, endpoint=endpoint)
            sts.open_session(identity, user.keys, Secret(late.unused_code()), 900)
        assert [call.outcome for call in late.calls] == ["OK"]

    def test_a_name_that_is_not_known(self, user: User) -> None:
        """The hint names the region and where it is written."""
        endpoint = StsEndpoint("eu-centrl-1", "http://sts.eu-centrl-1.invalid")
        lost = replace(user.identity, endpoint=endpoint)
        error = refused(lambda: user.sts.open_session(lost, user.keys, Secret("123456"), 900))
        assert outcome(error) == ("sts_dns", Refusal.UNSENT)
        assert "region = eu-centrl-1" in str(error.trouble.hint)

    def test_a_proxy_that_is_not_there(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        """The proxy is named as the culprit; nothing left."""
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert outcome(refused(user.unlock)) == ("sts_proxy", Refusal.UNSENT)


def certificate(folder: Path, *, ended: bool) -> tuple[ssl.SSLContext, Path]:
    """A self-signed certificate for localhost: the server's context, and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    end = today - timedelta(days=1) if ended else today + timedelta(days=1)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), today - timedelta(days=9), end
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


class TestTls:
    """https."""

    def test_a_bundle_of_ones_own(self, user: User, tmp_path: Path) -> None:
        """A company's certificate in ca_bundle is trusted; without it the code does not leave."""
        context, bundle = certificate(tmp_path, ended=False)
        with Sim(user.sim.world, tls=context) as secure:
            stranger = replace(user.identity, endpoint=StsEndpoint("eu-central-1", secure.url))
            error = refused(lambda: user.sts.open_session(stranger, user.keys, Secret("123456"), 900))
            assert outcome(error) == ("sts_tls", Refusal.UNSENT)
            assert "ca_bundle" in str(error.trouble.hint)
            assert secure.count("GetSessionToken") == 0
            friend = replace(user.identity, endpoint=StsEndpoint("eu-central-1", secure.url, ca_bundle=str(bundle)))
            user.sts.open_session(friend, user.keys, Secret(secure.unused_code()), 900)
            assert [call.outcome for call in secure.calls] == ["OK"]
            user.sts.close()

    def test_a_certificate_that_has_ended_points_at_the_clock(self, user: User, tmp_path: Path) -> None:
        """A clock that is far off shows as an invalid certificate first."""
        context, bundle = certificate(tmp_path, ended=True)
        with Sim(user.sim.world, tls=context) as secure:
            endpoint = StsEndpoint("eu-central-1", secure.url, ca_bundle=str(bundle))
            error = refused(lambda: user.sts.check(endpoint, user.keys, "default"))
            assert outcome(error) == ("sts_tls", Refusal.UNSENT)
            assert "clock" in str(error.trouble.hint)
            user.sts.close()

    def test_a_server_that_does_not_speak_tls(self, user: User) -> None:
        """Plain http where https was expected: nothing of ours was sent."""
        endpoint = replace(user.endpoint, url=user.sim.url.replace("http://", "https://"))
        error = refused(lambda: user.sts.check(endpoint, user.keys, "default"))
        assert outcome(error) == ("sts_tls", Refusal.UNSENT)

    def test_a_bundle_that_is_not_there(self, user: User, tmp_path: Path) -> None:
        """It is named before anything is tried."""
        endpoint = replace(user.endpoint, ca_bundle=str(tmp_path / "gone.pem"))
        error = refused(lambda: user.sts.check(endpoint, user.keys, "default"))
        assert outcome(error) == ("sts_ca_bundle", Refusal.UNSENT)
        assert "gone.pem" in str(error.trouble.title)

    def test_settings_are_looked_at_without_a_word_to_aws(self, user: User, tmp_path: Path) -> None:
        """A bundle that is no file, or no certificates."""
        user.sts.usable(user.endpoint, "default")
        os.mkfifo(tmp_path / "pipe.pem")
        (tmp_path / "text.pem").write_text("no certificate")
        for bundle in (tmp_path, tmp_path / "pipe.pem", tmp_path / "text.pem"):
            odd = replace(user.endpoint, ca_bundle=str(bundle))
            assert outcome(refused(partial(user.sts.usable, odd, "default")))[0] == "sts_ca_bundle"
        assert not user.sim.calls


class TestEndpoints:
    """Where requests go."""

    @pytest.mark.parametrize(
        ("endpoint", "host"),
        [
            (StsEndpoint("eu-central-1"), "sts.eu-central-1.amazonaws.com"),
            (StsEndpoint("us-east-1", sts_regional_endpoints="legacy"), "sts.amazonaws.com"),
            (StsEndpoint("us-east-1"), "sts.us-east-1.amazonaws.com"),
            (StsEndpoint("us-west-2", use_fips=True), "sts-fips.us-west-2.amazonaws.com"),
            (StsEndpoint("us-west-2", use_dualstack=True), "sts.us-west-2.api.aws"),
            (StsEndpoint("cn-north-1"), "sts.cn-north-1.amazonaws.com.cn"),
            (StsEndpoint("eu-central-1", "http://example.invalid:8080"), "example.invalid:8080"),
        ],
    )
    def test_endpoints_are_resolved_as_botocore_does(
        self, user: User, endpoint: StsEndpoint, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Regional, legacy, FIPS, dual stack, partitions, an override; the agent's own environment has no say."""
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://elsewhere.invalid")
        monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
        monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
        sent: list[str] = []

        def intercept(request: object, **_: object) -> None:
            sent.append(str(getattr(request, "url", "")))
            raise RuntimeError

        client = user.sts._client(Request(Purpose.CHECK, endpoint, "test"))
        client.meta.events.register_first("before-send.sts", intercept)
        assert refused(lambda: user.sts.check(endpoint, user.keys, "default")).trouble.code == "sts_failed"
        assert [url.split("/")[2] for url in sent] == [host]

    @pytest.mark.parametrize("endpoint", [StsEndpoint("not a region"), StsEndpoint("eu-central-1", "nonsense")])
    def test_settings_that_cannot_be_used(self, user: User, endpoint: StsEndpoint) -> None:
        """They are told; nothing is sent."""
        assert outcome(refused(lambda: user.sts.check(endpoint, user.keys, "default"))) == (
            "sts_endpoint",
            Refusal.UNSENT,
        )

    def test_no_file_and_no_variable_is_read(self, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A profile that does not exist, files that do not parse, keys of somebody else: all the same to us."""
        (tmp_path / "broken").write_text("[[[")
        for name, value in {
            "AWS_PROFILE": "gone",
            "AWS_CONFIG_FILE": str(tmp_path / "broken"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "broken"),
            "AWS_ACCESS_KEY_ID": "AKIA0000000000000000",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_ENDPOINT_URL": "http://elsewhere.invalid",
            "AWS_REGION": "us-west-2",
            "AWS_MAX_ATTEMPTS": "9",
        }.items():
            monkeypatch.setenv(name, value)
        session = user.unlock()
        user.sim.fault(Kind.ERROR_500, count=3)
        assert refused(lambda: user.sts.assume(user.role(), session)).trouble.code == "sts_down"
        assert {call.region for call in user.sim.calls} == {"eu-central-1"}


def strings_within(root: object) -> set[str]:
    """Every string that `root` holds on to, through anything but code."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[object] = [root]
    code = (type, types.ModuleType, types.FrameType)
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, code):
            continue
        seen.add(id(item))
        if isinstance(item, str):
            found.add(item)
        elif isinstance(item, bytes):
            found.add(item.decode("latin-1"))
        elif isinstance(item, types.FunctionType):
            waiting.extend(item.__closure__ or ())
        else:
            waiting.extend(gc.get_referents(item))
    return found


class TestSecrets:
    """Nothing stays behind."""

    def test_the_adapter_remembers_no_secret(self, user: User) -> None:
        """After use, and after failures, none of what was issued or typed is in it; its endpoint is, so we looked."""
        code = user.sim.unused_code()
        session = user.unlock(code)
        user.sts.assume(user.role(), session)
        user.sim.fault(Kind.BAD_EXPIRATION)
        error = refused(lambda: user.sts.assume(user.role(ROLE_B), session))
        held = "\n".join(strings_within(user.sts) | strings_within(error.trouble))
        assert user.endpoint.url in held.split("\n")
        assert [secret for secret in {*user.sim.issued_secrets(), code} if secret in held] == []

    def test_one_client_serves_every_key_and_role_of_an_endpoint(self, user: User) -> None:
        """And no more than a few endpoints are kept."""
        one, two = user.unlock(), user.unlock()
        for session in (one, two):
            for arn in (ROLE_A, ROLE_B):
                user.sts.assume(user.role(arn), session)
        assert len(user.sts._clients) == 1
        for number in range(MOST_CLIENTS + 4):
            endpoint = replace(user.endpoint, region=f"eu-test-{number}")
            user.sts._client(Request(Purpose.CHECK, endpoint, "test"))
        assert len(user.sts._clients) == MOST_CLIENTS

    def test_calls_in_parallel_keep_their_signatures_apart(self, user: User) -> None:
        """Four workers with two sessions: every request is signed by the session it was made for."""
        sessions = (user.unlock(), user.unlock())
        arns = [user.sim.world.add_role("555555555555", f"R{n}", Trust(("*",), mfa=True)).arn for n in range(40)]
        user.sim.fault(Kind.DELAY, "AssumeRole", count=8, seconds=0.2)
        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(user.sts.assume, user.role(arn), sessions[n % 2]) for n, arn in enumerate(arns)]
            assert len({job.result(60).access_key_id for job in jobs}) == 40
        signed = {call.role_arn: call.access_key_id for call in user.sim.calls if call.action == "AssumeRole"}
        assert signed == {arn: sessions[n % 2].access_key_id for n, arn in enumerate(arns)}
        assert 1 < user.sim.most_at_once <= 4


def test_the_environment_is_left_alone(user: User) -> None:
    """Nothing is exported to children by using the adapter."""
    before = dict(os.environ)
    user.sts.assume(user.role(), user.unlock())
    assert dict(os.environ) == before
