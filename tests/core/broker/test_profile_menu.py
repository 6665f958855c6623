"""The profiles in the tray's menu: which come first, where the rest is, and what each offers."""

from collections.abc import Iterable, Iterator, Mapping

import pytest

from support.stage import ADMIN, ALICE, BASE, EVERY_REFUSAL, GIVEN, HOUR, ROBOT, A, B, Stage, profile, role
from trayexec.core.broker.profile_menu import AT_ONCE, MOST, profiles_menu
from trayexec.core.config.profiles import Catalogue, Profile, Unserved
from trayexec.core.config.session_policy import SessionPolicy, narrowed
from trayexec.core.ports import Refusal
from trayexec.core.settings import UNTIL_LOCKED, ConfirmRule, ProfileRule
from trayexec.core.stamps import local
from trayexec.core.view import Entry, Item, LongSubmenu, Separator, Submenu
from trayexec.light.errors import trouble

BROKEN = Unserved("broken", trouble("unserved", "Profile broken has no source.", "Run `trayexec why broken`."))


def catalogue(*profiles: Profile | Unserved) -> Catalogue:
    """Files with these profiles."""
    return Catalogue({one.name: one for one in profiles})


def many(count: int) -> Catalogue:
    """Files with so many roles over alice."""
    return catalogue(*(profile(f"p{number:05}", role(f"r{number}", ALICE)) for number in range(count)))


def entries(stage: Stage, files: Catalogue) -> tuple[Entry, ...]:
    """What stands in the menu."""
    menu = profiles_menu(stage.broker, files, stage.now)
    assert menu is not None
    assert str(menu.label) == "Profiles"
    return menu.entries


def lines(found: Iterable[Entry]) -> list[str]:
    """Each line's label; what a click does behind an arrow."""
    return ["---" if isinstance(one, Separator) else _line(one) for one in found]


def _line(one: Item | Submenu | LongSubmenu) -> str:
    return f"{one.label} → {one.action}" if isinstance(one, Item) and one.action else str(one.label)


def inner(found: Iterable[Entry], label: str) -> tuple[Entry, ...]:
    """What stands behind this line."""
    for one in found:
        if isinstance(one, Submenu | LongSubmenu) and str(one.label) == label:
            return one.entries if isinstance(one, Submenu) else one.make()
    raise AssertionError(f"no {label} in {lines(found)}")


def every_menu(found: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    """All menus below, those that are made when they are opened as well."""
    yield tuple(found)
    for one in found:
        if isinstance(one, Submenu | LongSubmenu):
            yield from every_menu(one.entries if isinstance(one, Submenu) else one.make())


def configured(*, favourites: tuple[str, ...] = (), groups: Mapping[str, tuple[str, ...]] | None = None) -> Stage:
    """A stage with these settings."""
    stage = Stage()
    stage.configure(ALICE, favourites=favourites, groups=groups or {})
    return stage


def test_a_profile_offers_what_is_done_with_it() -> None:
    """As whom it acts; console, terminal and the beginning of a command."""
    assert lines(inner(entries(Stage(), catalogue(A)), "account-a")) == [
        "admin in 222222222222",
        "Open console → console:account-a",
        "Open terminal → terminal:account-a",
        "Copy trayexec account-a -- → copy:trayexec account-a -- ",
    ]


def test_as_whom_the_other_kinds_act() -> None:
    """An identity is its user, a program is what it is."""
    found = entries(Stage(), catalogue(BASE, GIVEN))
    assert lines(inner(found, "default"))[0] == "default in 111111111111"
    assert lines(inner(found, "vault"))[0] == "credential_process"


def test_a_name_that_a_shell_takes_apart_is_quoted() -> None:
    """What is copied can be typed."""
    found = inner(entries(Stage(), catalogue(profile("it's *", ADMIN))), "it's *")
    assert lines(found)[3] == """Copy trayexec --profile 'it'"'"'s *' -- → copy:trayexec --profile 'it'"'"'s *' -- """


def test_its_state_stands_beside_its_name() -> None:
    """Until when its credentials are good, that AWS refused it, that it cannot be used; with the fix behind it."""
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock(2 * HOUR)
    stage.ask(A)
    stage.give()
    stage.ask(B)
    stage.deny(Refusal.DENIED)
    until = local(int(stage.now.wall + HOUR), stage.now.wall)
    found = entries(stage, catalogue(A, B, BROKEN))
    assert lines(found) == [f"account-a  open until {until}", "account-b (refused)", "broken (cannot be used)"]
    denied = EVERY_REFUSAL[Refusal.DENIED]
    assert lines(inner(found, "account-b (refused)"))[4:] == ["---", str(denied.title), str(denied.hint)]
    assert lines(inner(found, "broken (cannot be used)")) == [
        "Profile broken has no source.",
        "Run `trayexec why broken`.",
        "Copy trayexec why broken → copy:trayexec why broken",
    ]


@pytest.mark.parametrize(
    ("holds", "said"),
    [
        (0, "asks you before each use"),
        (600, "asks you, once in 10 min for each program"),
        (UNTIL_LOCKED, "asks you, until locked once for each program"),
        (None, None),
    ],
)
def test_that_it_asks_first_stands_behind_it(holds: float | None, said: str | None) -> None:
    """As the settings say for its name."""
    stage = Stage()
    stage.configure(ALICE, rules=(ProfileRule("account-*", ConfirmRule(holds)),))
    shown = lines(inner(entries(stage, catalogue(A)), "account-a"))
    assert shown[1] == (said or "Open console → console:account-a")


def test_its_colour_is_beside_it() -> None:
    """As the settings say for its name."""
    stage = Stage()
    stage.configure(ALICE, rules=(ProfileRule("account-*", colour="red"),))
    found = entries(stage, catalogue(A, BASE))
    assert [one.colour for one in found if isinstance(one, Submenu)] == ["red", None]


def test_favourites_come_first_in_their_order() -> None:
    """Names, patterns and groups; then a line, and the others as the file has them."""
    stage = configured(favourites=("vault", "@mine", "gone"), groups={"mine": ("account-*", "@mine")})
    found = entries(stage, catalogue(BASE, A, B, GIVEN))
    assert lines(found) == ["vault", "account-a", "account-b", "---", "default"]


def test_recent_ones_come_next_where_there_are_many() -> None:
    """The last first; with a handful of profiles nothing moves about."""
    stage = configured(favourites=("p00003",))
    stage.unlock(2 * HOUR)
    few, more = many(5), many(MOST)
    for number in (4, 3):
        stage.ask(few.profiles[f"p0000{number}"])  # type: ignore[arg-type]
        stage.give()
    assert [one[:6] for one in lines(entries(stage, few))] == ["p00003", "---", "p00000", "p00001", "p00002", "p00004"]
    assert [one[:6] for one in lines(entries(stage, more))[:4]] == ["p00003", "p00004", "---", "p00000"]


def test_the_rest_is_by_group_and_by_whose_session_serves_it() -> None:
    """A group of the settings has its members; the others are with their identity, or cannot be used."""
    stage = configured(groups={"some": ("p0000*",), "none": ("x*",)})
    files = many(MOST + 10)
    files = catalogue(*files.profiles.values(), BROKEN, profile("robot", ROBOT), GIVEN)
    found = entries(stage, files)
    assert lines(found) == ["@some", "default in 111111111111", "Cannot be used", "robot", "Without a code"]
    assert lines(inner(found, "@some")) == [f"p0000{number}" for number in range(10)]


@pytest.mark.parametrize("count", [MOST, MOST + 1, AT_ONCE, AT_ONCE + 1, 400, 1000, 5000])
def test_no_menu_is_longer_than_an_eye_goes_over(count: int) -> None:
    """Every profile is in there once, and no menu has more lines than `MOST`."""
    menus = list(every_menu(entries(Stage(), many(count))))
    offered = [one.action for menu in menus for one in menu if isinstance(one, Item) and one.action]
    consoles = sorted(action for action in offered if action.startswith("console:"))
    assert consoles == [f"console:p{number:05}" for number in range(count)]
    assert max(map(len, menus)) <= MOST


def test_a_thousand_are_not_made_for_nobody() -> None:
    """Only what is at hand has its lines; equal states make equal menus, and another state another."""
    stage = configured()
    stage.unlock(2 * HOUR)
    files = many(1000)
    found = entries(stage, files)
    assert all(isinstance(one, LongSubmenu) for one in found)
    assert entries(stage, files) == found
    stage.ask(files.profiles["p00999"])  # type: ignore[arg-type]
    stage.give()
    assert entries(stage, files) != found


def test_without_profiles_there_is_no_menu() -> None:
    """An empty one would be a riddle."""
    assert profiles_menu(Stage().broker, catalogue(), Stage().now) is None


def test_with_a_policy_it_is_the_narrowed_role_whose_state_is_told() -> None:
    """What the profile's commands get; and one that no policy can narrow cannot be used."""
    stage = Stage()
    policy = SessionPolicy(None, ("arn:aws:iam::aws:policy/ReadOnlyAccess",))
    stage.configure(ALICE, rules=(ProfileRule("*", policy=policy),))
    stage.unlock(2 * HOUR)
    stage.ask(A)
    stage.give()
    assert lines(entries(stage, catalogue(A, BASE))) == ["account-a", "default (cannot be used)"]
    stage.ask(narrowed(A, policy))
    stage.give()
    until = local(int(stage.now.wall + HOUR), stage.now.wall)
    assert lines(entries(stage, catalogue(A))) == [f"account-a  open until {until}"]
