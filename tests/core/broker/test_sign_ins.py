"""Sign-ins: one page for each, whoever waits for it; who refused is believed; warned of before it ends."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from support.stage import PLACE, Stage, profile
from trayexec.core.broker.events import (
    Ask,
    AskAt,
    AskSignIn,
    Caller,
    Configured,
    Deliver,
    Effect,
    Event,
    LoadProvider,
    Lock,
    ProviderFailed,
    ProviderLoaded,
    Refuse,
    Renewal,
    ReplyAddress,
    Screen,
    ScreenChanged,
    Show,
    SignedIn,
    SignInDone,
    SignInFailed,
    SignInFound,
    SignInShown,
    StartSignIn,
    StopSignIn,
    Tell,
    Tick,
)
from trayexec.core.broker.state import Broker
from trayexec.core.broker.status import AgentFacts, sign_in_named, status
from trayexec.core.broker.step import step
from trayexec.core.broker.tray_view import view
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Catalogue, Profile, Provider, SignIn
from trayexec.core.config.sources import Source
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.ports import Refusal, SignInPage, SignInToken, SignInWay
from trayexec.core.view import Item
from trayexec.light.errors import trouble

CORP = SignIn("corp", "https://corp.awsapps.com/start", "eu-west-1", ("sso:account:access",), "dev", ("c", "s"))
NO = trouble("cancelled", "Nobody wanted to.", "This is a test.")
NEEDED = trouble("sign_in", "Nobody is signed in.", "This is a test.")
PAGE = SignInPage("https://oidc.example/authorize", opened=True)
CODE_PAGE = SignInPage("https://device.example/", "BCDF-GHJK")


def of_corp(name: str) -> Profile:
    """A profile that lives on the sign-in."""
    settings = (("sso_account_id", "444444444444"), ("sso_role_name", name))
    return profile(name, Provider(Source.SSO, name, settings, ("c", "s"), PLACE, sign_in=CORP))


DEV, PROD = of_corp("dev"), of_corp("prod")


@dataclass(slots=True)
class World:
    """A broker, a clock, and what was wanted."""

    now: Instant = field(default_factory=lambda: Stage().now)
    broker: Broker = field(default_factory=Broker)
    wanted: list[Effect] = field(default_factory=list)
    _count: int = 0

    def do(self, event: Event) -> tuple[Effect, ...]:
        """One step."""
        self.broker, effects = step(self.broker, event, self.now)
        self.wanted += effects
        return effects

    def caller(self, ask_at: AskAt = AskAt.DIALOG) -> Caller:
        """Somebody new."""
        self._count += 1
        return Caller(ReplyAddress(self._count), ask_at=ask_at)

    def ask(self, what: Profile = DEV, *, ask_at: AskAt = AskAt.DIALOG, wait: int = 120) -> tuple[Effect, ...]:
        """Somebody wants credentials."""
        return self.do(Ask(self.caller(ask_at), what, wait=wait))

    def sign_in(self, way: SignInWay = SignInWay.BROWSER, renewal: Renewal = Renewal.IF_LOCKED) -> tuple[Effect, ...]:
        """A person wants to sign in."""
        return self.do(AskSignIn(self.caller(), CORP, renewal, way))

    def lacks(self, what: Profile = DEV) -> tuple[Effect, ...]:
        """Identity Center gives the profile nothing without a person."""
        return self.do(ProviderFailed(_provider(what), self._epoch(what), NEEDED, Refusal.SIGN_IN))

    def gives(self, what: Profile = DEV, seconds: float = 3600) -> tuple[Effect, ...]:
        """It gives credentials."""
        secret = Secret("x")
        given = Credentials("ASIA", secret, secret, Expiry(self.now.after(seconds), int(self.now.wall + seconds)))
        return self.do(ProviderLoaded(_provider(what), self._epoch(what), given))

    def token(self, seconds: float = 3600, *, renews: bool = True) -> SignInToken:
        """What a sign-in leaves."""
        return SignInToken(Expiry(self.now.after(seconds), int(self.now.wall + seconds)), renews)

    @property
    def attempt(self) -> int:
        """The number of the attempt under way."""
        attempt = self.broker.sign_in(CORP).attempt
        assert attempt is not None
        return attempt.epoch

    def done(self, seconds: float = 3600, *, renews: bool = True) -> tuple[Effect, ...]:
        """The person has signed in."""
        return self.do(SignedIn(CORP, self.attempt, self.token(seconds, renews=renews)))

    def wait(self, seconds: float) -> list[Effect]:
        """Time passes."""
        self.now = self.now.after(seconds)
        return list(self.do(Tick()))

    def count(self, kind: type[Effect]) -> int:
        """How often such a thing was wanted."""
        return sum(isinstance(one, kind) for one in self.wanted)

    def _epoch(self, what: Profile) -> int:
        pending = self.broker.role(_provider(what)).pending
        assert pending is not None
        return pending.epoch


def _provider(what: Profile) -> Provider:
    assert isinstance(what.target, Provider)
    return what.target


def kinds(effects: tuple[Effect, ...] | list[Effect]) -> list[str]:
    """The names of what was wanted."""
    return [type(one).__name__ for one in effects]


@pytest.fixture
def world() -> World:
    """Nobody has signed in."""
    return World()


def test_one_page_for_all(world: World) -> None:
    """Ten callers of two profiles: one page, of which each is told; then each profile is loaded once, for all."""
    for what in (DEV, PROD) * 5:
        world.ask(what)
    assert kinds(world.lacks(DEV)) == ["StartSignIn"]
    assert kinds(world.lacks(PROD)) == []
    assert kinds(world.ask(PROD)) == []  # nor is Identity Center asked in vain while a person is
    assert kinds(world.do(SignInShown(CORP, world.attempt, PAGE))) == ["Tell"] * 11
    assert kinds(world.ask(DEV)) == ["Tell"]
    assert [one for one in kinds(world.done()) if one != "Hide"] == ["LoadProvider"] * 2
    assert kinds(world.gives(DEV)) == ["Deliver"] * 6
    assert kinds(world.gives(PROD)) == ["Deliver"] * 6
    assert world.count(StartSignIn) == 1


def test_a_terminal_gets_a_code(world: World) -> None:
    """Who has no desktop is shown address and code; a person who asks for that gets it in place of a page."""
    world.ask(ask_at=AskAt.TERMINAL)
    (started,) = world.lacks()
    assert isinstance(started, StartSignIn)
    assert started.way is SignInWay.CODE
    (told,) = world.do(SignInShown(CORP, world.attempt, CODE_PAGE))
    assert isinstance(told, Tell)
    assert "BCDF-GHJK" in str(told.text)
    assert "https://device.example/" in str(told.text)

    other = World()
    other.ask()
    other.lacks()
    first = other.attempt
    (again,) = other.sign_in(SignInWay.CODE)
    assert isinstance(again, StartSignIn)
    assert other.do(SignInFailed(CORP, first, NO)) == ()  # of the page before
    assert kinds(other.done()) == ["SignInDone", "LoadProvider"]


def test_a_person_who_cannot_use_the_page_there_is_gets_another(world: World) -> None:
    """One that was shown on a terminal to somebody who has left, and any with --force; whoever shares one does not."""
    world.sign_in(SignInWay.CODE)
    assert kinds(world.sign_in(SignInWay.CODE)) == []
    assert kinds(world.sign_in(SignInWay.BROWSER)) == []  # somebody waits for it on a terminal
    world.wait(121)
    (again,) = world.sign_in(SignInWay.BROWSER)
    assert isinstance(again, StartSignIn)
    assert again.way is SignInWay.BROWSER
    assert kinds(world.sign_in(SignInWay.BROWSER)) == []
    assert kinds(world.sign_in(SignInWay.BROWSER, Renewal.ALWAYS)) == ["StartSignIn"]
    assert kinds(world.done()) == ["SignInDone"] * 3


def test_who_refused_is_believed(world: World) -> None:
    """All who wait are told; for a minute no request opens a page, and a person who wants one does."""
    world.ask()
    world.lacks()
    assert kinds(world.do(SignInFailed(CORP, world.attempt, NO))) == ["Refuse"]
    world.ask()
    (refused,) = world.lacks()
    assert isinstance(refused, Refuse)
    assert refused.trouble == NO
    assert kinds(world.sign_in()) == ["StartSignIn"]
    world.do(SignInFailed(CORP, world.attempt, NO))
    world.wait(61)
    world.ask()
    assert "StartSignIn" in kinds(world.lacks())


def test_a_token_that_is_refused_at_once_leads_to_no_second_page(world: World) -> None:
    """Who has waited for a sign-in and still gets nothing is told so."""
    world.ask()
    world.lacks()
    world.done()
    assert kinds(world.lacks()) == ["Refuse"]
    assert world.count(StartSignIn) == 1
    world.ask()
    assert kinds(world.lacks()) == ["StartSignIn"]


def test_a_request_waits_as_long_as_it_wants(world: World) -> None:
    """Then it is told, and the page stays for the next one."""
    world.ask(wait=10)
    world.lacks()
    assert "Refuse" in kinds(world.wait(11))
    world.ask()
    assert kinds(world.done())[-1] == "LoadProvider"
    assert kinds(world.gives()) == ["Deliver"]
    assert world.count(StartSignIn) == 1


def test_who_is_signed_in_is_the_answer(world: World) -> None:
    """`auth` opens no page then, unless it is to be done again."""
    world.do(SignInFound(CORP, world.token()))
    assert kinds(world.sign_in()) == ["SignInDone"]
    assert kinds(world.sign_in(renewal=Renewal.ALWAYS)) == ["StartSignIn"]


def test_lock_and_a_locked_screen_end_an_attempt(world: World) -> None:
    """Who waits is told; what is signed in stays, as it is the AWS CLI's."""
    world.do(SignInFound(CORP, world.token()))
    world.sign_in(renewal=Renewal.ALWAYS)
    assert kinds(world.do(Lock())) == ["StopSignIn", "Refuse"]
    assert world.broker.sign_in(CORP).token is not None
    world.sign_in(renewal=Renewal.ALWAYS)
    assert set(kinds(world.do(ScreenChanged(Screen.LOCKED)))) == {"StopSignIn", "Tell"}
    assert kinds(world.sign_in(renewal=Renewal.ALWAYS)) == ["Tell"]
    assert world.count(StopSignIn) == 2
    assert kinds(world.do(Lock())) == ["Refuse", "Refuse"]


def test_who_waits_for_a_sign_in_goes_on_after_the_unlock(world: World) -> None:
    """One page is opened then, for all of them."""
    world.ask()
    world.lacks()
    world.do(ScreenChanged(Screen.LOCKED))
    world.sign_in()
    assert world.count(StartSignIn) == 1
    world.do(ScreenChanged(Screen.UNLOCKED))
    assert world.count(StartSignIn) == 2
    world.done()
    world.gives()
    assert (world.count(Deliver), world.count(SignInDone)) == (1, 1)


def test_it_is_warned_of_before_it_ends(world: World) -> None:
    """Once for each warning, and of its end; one that renews itself is nothing to be warned of."""
    world.do(Configured((), world.broker.settings, sign_ins=(CORP,)))
    world.do(SignInFound(CORP, world.token(1000, renews=False)))
    shown = [kinds(world.wait(pause)) for pause in (50, 100, 50, 550, 50, 300)]
    assert shown == [[], ["Show"], [], ["Show"], [], ["Show"]]
    assert world.broker.sign_in(CORP).token is None
    world.do(SignInFound(CORP, replace(world.token(10), renews=True)))
    assert world.wait(3600) == []


def test_an_end_that_nobody_waits_for_is_told(world: World) -> None:
    """A role in use is renewed in vain: a notification offers to sign in. The token is not taken for good again."""
    world.do(SignInFound(CORP, world.token()))
    kept = world.broker.sign_in(CORP).token
    world.ask()
    world.gives()
    world.wait(3600 - 1190)
    assert world.broker.role(_provider(DEV)).pending is not None
    (told,) = world.lacks()
    assert isinstance(told, Show)
    world.do(SignInFound(CORP, kept))
    assert world.broker.sign_in(CORP).token is None


def test_status_tray_and_names(world: World) -> None:
    """It is an identity of its own kind, by its own name or a profile's."""
    catalogue = Catalogue({"dev": DEV, "prod": PROD})
    assert catalogue.sign_ins == (CORP,)
    assert [sign_in_named(catalogue, name) for name in (None, "corp", "prod", "other")] == [CORP, CORP, CORP, None]
    world.do(Configured((), world.broker.settings, sign_ins=catalogue.sign_ins))

    def phase() -> tuple[object, set[str | None]]:
        document = status(world.broker, catalogue, AgentFacts(1, "1", "none", "x"), world.now)
        said: Any = document["sign_ins"]
        items = view(world.broker, world.now).menu
        return said[0]["phase"], {
            str(item.label) for item in items if isinstance(item, Item) and "corp" in str(item.label)
        }

    assert phase() == ("locked", {"corp: not signed in, click to sign in"})
    world.sign_in()
    assert phase() == ("signing-in", {"corp: waiting for the sign-in in the browser"})
    world.done()
    assert phase() == ("open", {"Sign in to corp again", "corp: signed in"})
    assert world.count(SignInDone) == 1
    assert world.count(Deliver) == world.count(LoadProvider) == 0
