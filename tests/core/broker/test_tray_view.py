"""What the tray is told of the broker: its picture, its tooltip and its menu."""

from dataclasses import replace

import pytest

from support.stage import ADMIN, ALICE, BASE, EVERY_REFUSAL, HOUR, Stage, identity
from trayexec.core.broker.events import AskAt, Configured
from trayexec.core.broker.status import identities_shown
from trayexec.core.broker.tray_view import Around, view
from trayexec.core.ports import NoDialog, Refusal
from trayexec.core.settings import Command, IdentityRule
from trayexec.core.stamps import local
from trayexec.core.view import SHOW, IconState, Item, LongSubmenu, Separator, Submenu
from trayexec.light.errors import Text, trouble

TROUBLE = trouble("unserved", "Profile x has no source.", "Run `trayexec why x`.")
BOB = identity("bob")
TAIL = ["Settings → settings", "Log → log", "Help → help", "Version 1.2", "---"]


def menu(stage: Stage) -> list[str]:
    """The menu's lines: `label → action`, `---`, and submenus as `label: entry, entry`."""
    lines = []
    for entry in view(stage.broker, stage.now, Around("1.2")).menu:
        match entry:
            case Item(label, action):
                lines.append(f"{label}" if action is None else f"{label} → {action}")
            case Separator():
                lines.append("---")
            case LongSubmenu(label):
                lines.append(f"{label}: …")
            case Submenu(label, entries):
                lines.append(f"{label}: " + ", ".join(str(one.label) for one in entries if isinstance(one, Item)))
    return lines


def icon_state(stage: Stage) -> IconState:
    """The icon."""
    return view(stage.broker, stage.now).icon_state


def at(stage: Stage, seconds: float) -> str:
    """The time of day so many seconds from now."""
    return local(int(stage.now.wall + seconds), stage.now.wall)


def test_the_menu_of_a_fresh_agent() -> None:
    """Without an identity it says what to type; there is nothing to lock, and nothing that quitting would end."""
    assert menu(Stage()) == [
        "Nothing is set up yet: click to copy the command for a terminal → copy:trayexec setup",
        "---",
        "Lock now",
        "---",
        *TAIL,
        "Quit → quit",
    ]


def test_the_menu_of_a_locked_identity() -> None:
    """The line that says so unlocks it; so does a double click."""
    stage = Stage()
    stage.configure(ALICE)
    shown = view(stage.broker, stage.now)
    assert menu(stage)[:3] == ["default in 111111111111: locked, click to unlock → auth:default", "---", "Lock now"]
    assert (shown.needed, str(shown.headline)) == ("auth:default", "Locked")


def test_the_menu_of_an_open_identity() -> None:
    """Until when, by the clock on the wall; the last uses, newest first and once each; to quit takes two choices."""
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock(2 * HOUR)
    end = at(stage, 2 * HOUR)
    for program in ("aws", "terraform", "aws"):
        stage.ask(program=program)
        if stage.assuming:
            stage.give()
        stage.wait(60)
    lines = menu(stage)
    assert lines[:5] == [
        f"default in 111111111111: open until {end}",
        "---",
        "Renew default in 111111111111 → auth:default",
        "Lock now → lock",
        "---",
    ]
    assert lines[6:] == [
        *TAIL,
        "Quit: default in 111111111111 is open, and needs a new code afterwards, Quit all the same",
    ]
    uses = lines[5].removeprefix("Recent use: ").split(", ")
    assert uses == [f"{at(stage, -60)}  account-a  aws", f"{at(stage, -120)}  account-a  terraform"]
    shown = view(stage.broker, stage.now)
    assert (shown.needed, str(shown.headline)) == (SHOW, f"Open until {end}")


def test_only_the_last_five_uses_are_kept() -> None:
    """The menu stays a menu."""
    stage = Stage()
    stage.unlock()
    for number in range(9):
        stage.ask(BASE, program=f"p{number}")
    assert [one.program for one in stage.broker.uses] == ["p8", "p7", "p6", "p5", "p4"]


def test_what_is_used_all_the_time_is_noted_to_the_second() -> None:
    """A loop of commands changes nothing that is known within a second; what comes later is told with its time."""
    stage = Stage()
    stage.unlock()
    stage.ask()
    stage.give()
    before = stage.broker
    assert stage.served(stage.ask())
    assert stage.broker == before
    stage.wait(5)
    assert stage.served(stage.ask())
    (use,) = stage.broker.uses
    assert use.at == stage.broker.role(ADMIN).used == stage.now


def test_the_menu_of_several_identities() -> None:
    """Each has its line and its own entry."""
    stage = Stage()
    stage.configure(ALICE, BOB)
    stage.unlock(90)
    end = at(stage, 90)
    assert menu(stage)[:5] == [
        f"default in 111111111111: open until {end}",
        "bob in 111111111111: locked, click to unlock → auth:bob",
        "---",
        "Renew default in 111111111111 → auth:default",
        "Lock now → lock",
    ]
    assert view(stage.broker, stage.now).needed == "auth:bob"
    stage.auth(BOB)
    assert menu(stage)[1] == "bob in 111111111111: waiting for the code in the dialog"
    assert view(stage.broker, stage.now).needed == SHOW


def test_whose_an_identity_is_and_its_name() -> None:
    """The user and the account, and the name of the keys where that is another word."""
    stage = Stage()
    stage.configure(replace(ALICE, user="alice"), replace(BOB, user="alice"), replace(identity("carol"), user="carol"))
    assert [line.partition(":")[0] for line in menu(stage)[:3]] == [
        "alice in 111111111111",
        "alice in 111111111111 (bob)",
        "carol in 111111111111",
    ]


@pytest.mark.parametrize(
    ("ask_at", "typed", "line"),
    [
        (AskAt.DIALOG, False, "default in 111111111111: waiting for the code in the dialog"),
        (AskAt.TERMINAL, False, "default in 111111111111: waiting for the code on a terminal"),
        (AskAt.DIALOG, True, "default in 111111111111: asking AWS"),
    ],
)
def test_a_line_says_what_is_waited_for(ask_at: AskAt, line: str, *, typed: bool) -> None:
    """Where the code is asked, or that it is on its way; the tooltip says the same."""
    stage = Stage()
    stage.configure(ALICE)
    stage.ask(ask_at=ask_at)
    if typed:
        stage.enter("123456")
    assert line in menu(stage)
    assert str(view(stage.broker, stage.now).tooltip) == line


def test_a_line_says_whose_turn_it_is_and_that_the_keyring_asks() -> None:
    """While another identity is asked for, and while no code at all is waited for."""
    stage = Stage(slow_keychain=True)
    stage.configure(ALICE, BOB)
    stage.auth()
    stage.auth(BOB)
    stage.keyring()
    assert {
        "default in 111111111111: waiting for the password of your keyring",
        "bob in 111111111111: waiting for its turn to ask",
    } <= set(menu(stage))
    stage.configure(ALICE, BOB, identities={ALICE.keys: IdentityRule(keys=Command(("op", "item")))})
    assert "default in 111111111111: waiting for the keys from their command" in menu(stage)


def test_the_tooltip_says_all_of_them_and_what_is_wrong() -> None:
    """Each identity with how it stands, after the name of the program."""
    stage = Stage()
    assert str(view(stage.broker, stage.now).tooltip) == "Nothing is set up yet"
    stage.configure(BOB, ALICE)
    stage.unlock(HOUR)
    stage.do(Configured((BOB, ALICE), stage.broker.settings, TROUBLE))
    assert str(view(stage.broker, stage.now).tooltip).split("\n") == [
        "bob in 111111111111: locked",
        f"default in 111111111111: open until {at(stage, HOUR)}",
        "Profile x has no source.",
    ]


def test_troubles_are_shown_until_they_are_solved() -> None:
    """A failed attempt and broken files each have their line, once; the icon says trouble."""
    stage = Stage()
    stage.configure(ALICE, BOB)
    stage.slow_keychain = True
    for who in (ALICE, BOB):
        stage.auth(who)
        stage.no_keys(who)
    stage.do(Configured((ALICE, BOB), stage.broker.settings, TROUBLE))
    lines = menu(stage)
    keys = EVERY_REFUSAL[Refusal.KEYS]
    assert [line.startswith(str(keys.title)) for line in lines].count(True) == 1
    assert "Profile x has no source.: Run `trayexec why x`., Copy trayexec why x" in lines
    assert icon_state(stage) is IconState.TROUBLE
    stage.unlock()
    assert icon_state(stage) is IconState.OPEN


def test_no_dialog_is_a_trouble_too() -> None:
    """A click that could show no dialog, with nobody else waiting, leaves its reason in the menu."""
    stage = Stage()
    stage.configure(ALICE)
    stage.auth(wait=5)
    stage.wait(6)
    stage.answer(NoDialog(TROUBLE))
    assert any(line.startswith(str(TROUBLE.title)) for line in menu(stage))


def test_the_ring_drains() -> None:
    """From full to empty in steps, and it is the session that ends first that is shown."""
    stage = Stage()
    stage.configure(ALICE, BOB)
    stage.unlock(HOUR)
    assert view(stage.broker, stage.now).fill == 1.0
    stage.wait(HOUR / 2)
    assert view(stage.broker, stage.now).fill == 0.5
    stage.unlock(10 * HOUR, BOB)
    assert view(stage.broker, stage.now).fill == 0.5
    same = view(stage.broker, stage.now)
    stage.now = stage.now.after(1)
    assert view(stage.broker, stage.now).fill == same.fill  # not drawn anew each second


def test_no_warnings_no_expiring_icon() -> None:
    """Who wants no warnings gets no warning colour."""
    stage = Stage()
    stage.configure(ALICE, warn=())
    stage.unlock(120)
    assert icon_state(stage) is IconState.OPEN


def test_what_a_callers_variables_made_of_the_same_keys_is_told_apart() -> None:
    """Another endpoint's session says where it is; the user's own keeps its name, and its place."""
    there = identity(url="http://127.0.0.1:4566")
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock(HOUR, there)
    assert [one.name for one in identities_shown(stage.broker)] == ["default", "default at 127.0.0.1:4566"]
    assert menu(stage)[:2] == [
        "default in 111111111111: locked, click to unlock → auth:default",
        f"default at 127.0.0.1:4566 in 111111111111: open until {at(stage, HOUR)}",
    ]


def test_whose_certificates_are_trusted_makes_no_second_line() -> None:
    """With the caller's own bundle it is another session; the locked one without it is not shown beside it."""
    trusting = replace(ALICE, trust="/own.pem")
    stage = Stage()
    stage.configure(ALICE)
    assert identities_shown(stage.broker) == (ALICE,)
    stage.unlock(HOUR, trusting)
    assert identities_shown(stage.broker) == (trusting,)
    assert not any("locked" in line for line in menu(stage))


@pytest.mark.parametrize("at_login", [True, False])
def test_start_at_login_is_a_switch(*, at_login: bool) -> None:
    """As it stands; where that is not known there is none."""
    stage = Stage()
    found = view(stage.broker, stage.now, Around(at_login=at_login)).menu
    assert Item(Text("Start at login"), "login", is_checked=at_login) in found
    assert not any(isinstance(one, Item) and one.action == "login" for one in view(stage.broker, stage.now).menu)
