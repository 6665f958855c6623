"""Which clock is believed: the boot clock decides, a jump of the wall clock changes nothing, missed sleep is found."""

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.stage import Stage
from trayexec.core.clock import AHEAD, BELIEVED, Instant, Reckoning

HOUR = 3600.0
LOOK = 5.0
STS, OTHER = "sts.amazonaws.com", "localhost:4566"


@dataclass(slots=True)
class World:
    """A machine: how long it really is on, what its boot clock missed of that, how wrong its wall clock is set."""

    lived: float = 0.0
    missed: float = 0.0
    wrong: float = 0.0
    reckoning: Reckoning = field(default_factory=Reckoning)

    def __post_init__(self) -> None:
        self.look()

    @property
    def boot(self) -> float:
        """What the boot clock says."""
        return 1000.0 + self.lived - self.missed

    @property
    def wall(self) -> float:
        """What the wall clock says."""
        return 1_800_000_000.0 + self.lived + self.wrong

    def look(self) -> Instant:
        """Read both."""
        self.reckoning = self.reckoning.read(self.boot, self.wall)
        return self.reckoning.instant(self.boot, self.wall)

    def answer(self, place: str = STS, *, fast: float = 0.0) -> None:
        """Somebody answers with a date, by a clock that may be fast, in whole seconds."""
        date = float(int(1_800_000_000.0 + self.lived + fast))
        self.reckoning = self.reckoning.told(self.boot, self.wall, place=place, date=date)

    def wait(self, seconds: float) -> None:
        """Time passes, and the agent looks every few seconds."""
        while seconds > 0:
            self.lived += min(LOOK, seconds)
            seconds -= LOOK
            self.look()

    def sleep(self, seconds: float) -> None:
        """The machine is paused, and its boot clock does not know."""
        self.lived += seconds
        self.missed += seconds

    def doubts(self) -> bool:
        """Whether the agent wants to be told the time."""
        return self.reckoning.doubtful

    @property
    def error(self) -> float:
        """By how much the agent believes that less (or, negative, more) time has passed than has."""
        return self.missed - self.reckoning.missed


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("set"), st.floats(-13 * HOUR, 13 * HOUR)),
            st.tuples(st.just("wait"), st.sampled_from([0.5, 20.0, 59.0, 300.0])),
            st.tuples(st.just("sleep"), st.sampled_from([30.0, 600.0, 8 * HOUR])),
        ),
        max_size=20,
    )
)
def test_with_word_from_aws_it_is_right_whatever_happened(steps: list[tuple[str, float]]) -> None:
    """Clocks set to anything, for however long, and sleep that no clock counted: one answer tells them apart."""
    world = World()
    world.answer()
    for what, amount in steps:
        if what == "set":
            world.wrong = amount
            world.look()
        elif what == "sleep":
            world.sleep(amount)
            world.look()
        else:
            world.wait(amount)
        world.answer()
        assert abs(world.error) <= AHEAD + 1
        assert not world.doubts()


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("set"), st.floats(-13 * HOUR, 13 * HOUR)),
            st.tuples(st.just("wait"), st.sampled_from([0.5, 20.0, 59.0, 300.0])),
            st.tuples(st.just("sleep"), st.sampled_from([30.0, 600.0, 8 * HOUR])),
            st.tuples(st.just("hear"), st.sampled_from([1.0, 2.0, 3.0])),
        ),
        max_size=30,
    )
)
@example([("set", 23.0), ("wait", 59.0), ("hear", 1.0), ("hear", 1.0)])
def test_it_never_goes_back_behind_what_is_known(steps: list[tuple[str, float]]) -> None:
    """Whichever region answers first after sleep, and whichever next: what has ended does not live again.

    Less time may only be believed to have passed than has while that is in doubt, or by the little that means nothing.
    """
    world = World()
    world.answer()
    for what, amount in steps:
        world.wait(1)
        match what:
            case "set":
                world.wrong = max(world.wrong, amount)
                world.look()
            case "sleep":
                world.sleep(amount)
                world.look()
            case "hear":
                world.answer(f"sts.region-{amount}.amazonaws.com")
            case _:
                world.wait(amount)
        assert world.doubts() or world.error <= 2 * (AHEAD + 1)
    world.answer()
    assert abs(world.error) <= 2 * (AHEAD + 1)


@pytest.mark.parametrize("asked", [True, False])
def test_a_region_that_is_new_after_sleep_does_not_undo_it(asked: bool) -> None:  # noqa: FBT001 — a parameter of pytest's
    """It was first heard while nobody knew of the sleep; whoever told of that, its next answer proves nothing."""
    world = World()
    world.answer()
    world.sleep(5 * HOUR)
    world.look()
    world.answer(OTHER)
    if asked:
        world.answer()
    else:
        world.wait(BELIEVED + 2 * LOOK)
    assert abs(world.error) <= 1
    world.wait(20)
    world.answer(OTHER)
    assert abs(world.error) <= 1
    world.answer()
    assert abs(world.error) <= 1


def test_many_short_sleeps_are_one_long_one() -> None:
    """Each is too short to mean anything, and AWS answers after each."""
    world = World()
    world.answer()
    for _ in range(100):
        world.sleep(AHEAD - 2)
        world.answer()
    assert abs(world.error) <= AHEAD + 1


@given(st.floats(-13 * HOUR, 13 * HOUR), st.floats(0, BELIEVED - 2 * LOOK))
def test_a_jump_that_goes_back_changes_nothing(jump: float, seconds: float) -> None:
    """However far, if it lasts less than a minute."""
    world = World()
    world.wrong = jump
    world.look()
    world.wait(seconds)
    world.wrong = 0.0
    world.wait(300)
    assert world.error == 0
    assert not world.doubts()


@given(slept=st.floats(AHEAD + 1, 200 * HOUR), known=st.booleans())
def test_sleep_that_nobody_counted_is_found_without_aws(slept: float, *, known: bool) -> None:
    """The wall clock is ahead and stays so: until then it is a doubt, after a minute it is sleep, and is so once."""
    world = World()
    if known:
        world.answer()
    world.wait(100)
    world.sleep(slept)
    world.look()
    assert world.doubts()
    world.wait(BELIEVED + 2 * LOOK)
    assert not world.doubts()
    assert abs(world.error) <= 0.01
    world.wait(HOUR)
    assert abs(world.error) <= 0.01


def test_a_clock_that_was_set_is_forgiven_when_aws_says_so() -> None:
    """Offline, an hour ahead counts as sleep after a minute; the next answer takes that back."""
    world = World()
    world.answer()
    world.wrong = HOUR
    world.wait(BELIEVED + 2 * LOOK)
    assert world.error == -HOUR
    world.answer()
    assert abs(world.error) <= 1


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
def test_a_clock_set_back_is_no_doubt(wrong: float) -> None:
    """Time is never thought to have gone backwards; forward is a doubt at once."""
    world = World()
    world.wrong = wrong
    world.look()
    assert world.doubts() == (wrong > 0)
    world.wait(HOUR)
    assert world.error == min(0, -wrong)


def test_places_are_compared_with_themselves_only() -> None:
    """An endpoint of somebody's own, an hour fast, is no proof of anything."""
    world = World()
    world.answer()
    world.wait(20)
    world.answer(OTHER, fast=HOUR)
    assert world.error == 0
    world.sleep(8 * HOUR)
    world.answer(OTHER, fast=HOUR)
    assert abs(world.error) <= 1


@pytest.mark.parametrize("jump", [13 * HOUR, HOUR, -HOUR])
def test_what_the_boot_clock_proves_good_is_kept(jump: float) -> None:
    """A jump of the wall clock ends no session, and refuses no role: 59 minutes are 59 minutes."""
    stage = Stage()
    stage.unlock()
    stage.ask()
    stage.give()
    stage.wait(60)
    stage.turn_wall_clock(jump)
    assert stage.served(stage.ask(wait=0))
    assert stage.is_open()
    stage.drain()


def test_a_wait_is_told_as_it_was_asked_for() -> None:
    """Two minutes from any moment are 120 seconds, not 121 because of how fractions are added."""
    for moment in range(1000):
        now = Instant(moment * 97.37, 0.0)
        assert now.seconds_until(now.after(120)) == 120
        assert now.seconds_until(now.after(0.2)) == 1
