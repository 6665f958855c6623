"""What is told of the broker: the document for scripts, to the letter, and the tray's picture and menu."""

import json
import re
from dataclasses import replace
from datetime import datetime

import pytest

from support.stage import ADMIN, ALICE, BASE, DEEP, EVERY_REFUSAL, HOUR, A, B, Stage, identity
from trayexec.core.broker.events import AskAt, Configured, Prompt, Renewal, Screen
from trayexec.core.broker.status import AgentFacts, find, identities_shown, status, view
from trayexec.core.config.profiles import Catalogue, Profile, Unserved
from trayexec.core.ports import NoDialog, Refusal
from trayexec.core.settings import Command, IdentityRule, OnLock
from trayexec.core.stamps import utc
from trayexec.core.view import IconState, Item, Separator, Submenu
from trayexec.light.errors import trouble

FACTS = AgentFacts(pid=4711, version="1.2.3", tray="sni", prompt="zenity")
TROUBLE = trouble("unserved", "Profile x has no source.", "Write source_profile.")
CATALOGUE = Catalogue(
    {
        "default": BASE,
        "account-a": A,
        "broken": Unserved("broken", TROUBLE, "eu-west-1", "arn:aws:iam::222222222222:role/x"),
    }
)
BOB = identity("bob")


def document(stage: Stage, catalogue: Catalogue = CATALOGUE) -> dict[str, list[dict[str, object]]]:
    """The status as a script reads it."""
    read: dict[str, list[dict[str, object]]] = json.loads(json.dumps(status(stage.broker, catalogue, FACTS, stage.now)))
    return read


def menu(stage: Stage) -> list[str]:
    """The menu's lines: `label → action`, `---`, and submenus as `label: entry, entry`."""
    lines = []
    for entry in view(stage.broker, stage.now).menu:
        match entry:
            case Item(label, action):
                lines.append(f"{label}" if action is None else f"{label} → {action}")
            case Separator():
                lines.append("---")
            case Submenu(label, entries):
                lines.append(f"{label}: " + ", ".join(str(one.label) for one in entries if isinstance(one, Item)))
    return lines


def icon_state(stage: Stage) -> IconState:
    """The icon."""
    return view(stage.broker, stage.now).icon_state


# The document


def test_the_document_is_the_contracts() -> None:
    """Keys, order of profiles, formats and nulls are those of DESIGN 3.6."""
    stage = Stage()
    stage.unlock(HOUR)
    stage.ask()
    stage.give(HOUR / 2)
    ends, role_ends = utc(int(stage.now.wall) + HOUR), utc(int(stage.now.wall) + HOUR // 2)
    assert document(stage) == {
        "version": 1,
        "agent": {"pid": 4711, "version": "1.2.3", "tray": "sni", "prompt": "zenity"},
        "identities": [
            {
                "name": "default",
                "account": "111111111111",
                "mfa_serial": "arn:aws:iam::111111111111:mfa/default",
                "phase": "open",
                "expires_at": ends,
                "keys": "default",
                "keys_from": "keychain",
                "trouble": None,
                "configured": True,
            }
        ],
        "sources": [],
        "sign_ins": [],
        "profiles": [
            {
                "name": "default",
                "identity": "default",
                "account": "111111111111",
                "role": None,
                "region": "eu-central-1",
                "expires_at": ends,
                "problem": None,
                "refused": None,
            },
            {
                "name": "account-a",
                "identity": "default",
                "account": "222222222222",
                "role": ADMIN.arn,
                "region": "eu-central-1",
                "expires_at": role_ends,
                "problem": None,
                "refused": None,
            },
            {
                "name": "broken",
                "identity": None,
                "account": None,
                "role": "arn:aws:iam::222222222222:role/x",
                "region": "eu-west-1",
                "expires_at": None,
                "problem": "Profile x has no source. Write source_profile.",
                "refused": None,
            },
        ],
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", ends)


def test_a_date_is_utc_to_the_second() -> None:
    """The one form that every SDK reads."""
    assert utc(0) == "1970-01-01T00:00:00Z"
    assert utc(1_800_000_000) == "2027-01-15T08:00:00Z"


def test_a_hardware_tokens_account_is_unknown() -> None:
    """Its serial is no ARN, so the account is null and not an empty string."""
    stage = Stage()
    token = identity("token", "GAHT12345678")
    catalogue = Catalogue({"token": Profile("token", None, token)})
    assert document(stage, catalogue)["identities"][0]["account"] is None


def test_the_phases_in_turn() -> None:
    """Locked, prompting, opening, open; a renewal does not hide that it is open; its end does."""
    stage = Stage()
    stage.configure(ALICE)
    seen = []

    def look() -> None:
        one = document(stage)["identities"][0]
        assert (one["phase"] == "open") == (one["expires_at"] is not None)
        seen.append((one["phase"], icon_state(stage)))

    look()
    stage.ask(BASE)
    look()
    stage.enter("123456")
    look()
    stage.grant(HOUR)
    look()
    stage.wait(HOUR - 800)
    look()
    stage.auth(renewal=Renewal.ALWAYS)
    look()
    stage.cancel()
    stage.now = stage.now.after(800)  # nobody has noticed yet that it is over
    look()
    stage.sleep(0)
    look()
    assert seen == [
        ("locked", IconState.LOCKED),
        ("prompting", IconState.ASKING),
        ("opening", IconState.ASKING),
        ("open", IconState.OPEN),
        ("open", IconState.EXPIRING),
        ("open", IconState.ASKING),
        ("locked", IconState.LOCKED),
        ("locked", IconState.LOCKED),
    ]


def test_credentials_that_are_over_have_no_date() -> None:
    """A role that has ended is not shown as served, though nobody has thrown it away yet."""
    stage = Stage()
    stage.unlock()
    stage.ask()
    stage.give(HOUR)
    stage.now = stage.now.after(HOUR)
    assert document(stage)["profiles"][1]["expires_at"] is None


def test_identities_of_other_files_are_told_while_they_are_open() -> None:
    """A caller with files of its own sees its identities first, and what else is open; not what is locked or gone."""
    stage = Stage()
    stage.configure(BOB)
    stage.unlock()
    assert [(one["name"], one["configured"]) for one in document(stage)["identities"]] == [("default", True)]
    stage.unlock(who=BOB)
    told = [(one["name"], one["configured"]) for one in document(stage)["identities"]]
    assert told == [("default", True), ("bob", False)]


def test_a_removed_identity_leaves() -> None:
    """Also one whose last attempt failed, from the menu too."""
    stage = Stage(slow_keychain=True)
    stage.configure(ALICE, BOB)
    stage.auth(who=BOB)
    stage.no_keys(who=BOB)
    assert any("bob" in line for line in menu(stage))
    stage.configure(ALICE)
    assert not any("bob" in line for line in menu(stage))
    assert [one["name"] for one in document(stage)["identities"]] == ["default"]


def test_why_the_last_attempt_failed_is_told() -> None:
    """While the identity is locked, and no longer."""
    stage = Stage(slow_keychain=True)
    stage.auth()
    stage.no_keys()
    found = document(stage)["identities"][0]["trouble"]
    assert isinstance(found, dict)
    assert set(found) == {"code", "title", "hint"}
    stage.unlock()
    assert document(stage)["identities"][0]["trouble"] is None


def test_when_and_why_a_role_was_denied_is_told() -> None:
    """For an hour, long after the refusal itself is no longer believed; and until AWS gives it."""
    stage = Stage()
    stage.unlock()
    when = utc(int(stage.now.wall))
    stage.ask()
    stage.deny()
    stage.wait(600)
    found = document(stage)["profiles"][1]
    assert found["expires_at"] is None
    refused = found["refused"]
    assert isinstance(refused, dict)
    assert (refused["at"], refused["denied"], refused["code"]) == (when, True, "denied")
    stage.wait(3600)
    assert document(stage)["profiles"][1]["refused"] is None
    stage.ask()
    stage.deny(Refusal.OTHER)
    refused = document(stage)["profiles"][1]["refused"]
    assert isinstance(refused, dict)
    assert refused["denied"] is False
    stage.wait(60)
    stage.ask()
    stage.give()
    assert document(stage)["profiles"][1]["refused"] is None


# The view


def test_the_menu_of_a_fresh_agent() -> None:
    """Without an identity it says what to type, and still offers everything else."""
    assert menu(Stage()) == [
        "Authenticate MFA → auth:",
        "Lock now → lock",
        "---",
        "No identity yet: run `trayexec setup`",
        "---",
        "Quit → quit",
    ]


def test_the_menu_of_one_identity() -> None:
    """Time left, the last uses newest first and once each, and Quit at the end."""
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock(2 * HOUR)
    for program in ("aws", "terraform", "aws"):
        stage.ask(program=program)
        if stage.assuming:
            stage.give()
        stage.wait(60)
    lines = menu(stage)
    assert lines[:4] == ["Authenticate MFA → auth:default", "Lock now → lock", "---", "default: 1 h 57 min left"]
    assert lines[5:] == [lines[5], "---", "Quit → quit"]
    uses = lines[5].removeprefix("Last uses: ").split(", ")
    assert [use.split("  ")[1:] for use in uses] == [["account-a", "aws"], ["account-a", "terraform"]]
    now = datetime.fromtimestamp(stage.now.wall - 60).astimezone()
    assert uses[0].startswith(now.strftime("%H:%M"))


def test_only_the_last_five_uses_are_kept() -> None:
    """The menu stays a menu."""
    stage = Stage()
    stage.unlock()
    for number in range(9):
        stage.ask(BASE, program=f"p{number}")
    assert [one.program for one in stage.broker.uses] == ["p8", "p7", "p6", "p5", "p4"]


def test_the_menu_of_several_identities() -> None:
    """Each has its line and its own entry; a click on the icon leaves the choice to the agent."""
    stage = Stage()
    stage.configure(ALICE, BOB)
    stage.unlock(90)
    stage.auth(BOB)
    assert menu(stage)[:6] == [
        "Authenticate MFA → auth:",
        "Authenticate MFA for: default, bob",
        "Lock now → lock",
        "---",
        "default: 1 min left",
        "bob: waiting for the code in the dialog",
    ]
    defaults = [one for one in view(stage.broker, stage.now).menu if isinstance(one, Item) and one.default]
    assert [str(one.label) for one in defaults] == ["Authenticate MFA"]


@pytest.mark.parametrize(
    ("ask_at", "typed", "line"),
    [
        (AskAt.DIALOG, False, "default: waiting for the code in the dialog"),
        (AskAt.TERMINAL, False, "default: waiting for the code on a terminal"),
        (AskAt.DIALOG, True, "default: asking AWS"),
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
    assert {"default: waiting for the password of your keyring", "bob: waiting for its turn to ask"} <= set(menu(stage))
    stage.configure(ALICE, BOB, identities={ALICE.keys: IdentityRule(keys=Command(("op", "item")))})
    assert "default: waiting for the keys from their command" in menu(stage)


@pytest.mark.parametrize(
    ("seconds", "line"),
    [
        (12 * HOUR, "default: 12 h 00 min left"),
        (HOUR - 1, "default: 59 min left"),
        (59, "default: less than a minute left"),
    ],
)
def test_time_left_in_words(seconds: int, line: str) -> None:
    """Never more than there is."""
    stage = Stage()
    stage.unlock(seconds)
    assert line in menu(stage)


def test_the_tooltip_speaks_of_what_is_open() -> None:
    """Of several identities the open one is worth a word; without any it says so."""
    stage = Stage()
    assert str(view(stage.broker, stage.now).tooltip) == "trayexec: no identity yet"
    stage.configure(BOB, ALICE)
    stage.unlock(HOUR)
    assert str(view(stage.broker, stage.now).tooltip) == "default: 1 h 00 min left"


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
    assert lines.count(str(EVERY_REFUSAL[Refusal.KEYS].title)) == 1
    assert "Profile x has no source." in lines
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
    assert str(TROUBLE.title) in menu(stage)


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


# Names


def test_an_identity_is_found_by_its_name_its_keys_or_a_profile() -> None:
    """And by nothing else; no name means any."""
    catalogue = Catalogue({"default": BASE, "deep": DEEP, "b": B, "broken": CATALOGUE.profiles["broken"]})
    for name in (None, "default", "deep", "b"):
        assert list(find(catalogue, name).values()) == [ALICE]
    assert not find(catalogue, "broken")
    assert not find(catalogue, "nobody")


def test_identities_are_gathered_once() -> None:
    """However often one looks at a catalogue, its profiles are not gone through again."""
    assert CATALOGUE.identities is CATALOGUE.identities
    assert set(CATALOGUE.identities) == {
        one.identity for one in CATALOGUE.profiles.values() if isinstance(one, Profile)
    }


def test_a_locked_screen_is_said_where_it_matters() -> None:
    """Only while it keeps credentials back."""
    stage = Stage()
    stage.configure(ALICE)
    assert screen(stage) is None
    stage.screen(Screen.LOCKED)
    assert screen(stage) == "locked"
    stage.configure(ALICE, on_lock=OnLock.KEEP)
    assert screen(stage) is None


def screen(stage: Stage) -> object:
    """What the status says of the screen."""
    agent = status(stage.broker, CATALOGUE, AgentFacts(1, "0", "none", "none"), stage.now)["agent"]
    assert isinstance(agent, dict)
    return agent.get("screen")


def test_what_a_callers_variables_made_of_the_same_keys_is_told_apart() -> None:
    """Another endpoint's session says where it is; the user's own keeps its name, and its place."""
    there = identity(url="http://127.0.0.1:4566")
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock(HOUR, there)
    assert [one.name for one in identities_shown(stage.broker)] == ["default", "default at 127.0.0.1:4566"]
    assert {"default: locked", "default at 127.0.0.1:4566: 1 h 00 min left"} <= set(menu(stage))


def test_whose_certificates_are_trusted_makes_no_second_line() -> None:
    """With the caller's own bundle it is another session; the locked one without it is not shown beside it."""
    trusting = replace(ALICE, trust="/own.pem")
    stage = Stage()
    stage.configure(ALICE)
    assert identities_shown(stage.broker) == (ALICE,)
    stage.unlock(HOUR, trusting)
    assert identities_shown(stage.broker) == (trusting,)
    assert "default: locked" not in menu(stage)


def test_an_endpoint_that_is_not_awss_is_in_the_document_and_in_the_question() -> None:
    """A person sees where the code goes before it is typed; where that is AWS, there is nothing to see."""
    there = identity(url="https://sts.example.com")
    stage = Stage()
    stage.configure(ALICE, there)
    catalogue = Catalogue({"default": Profile("default", None, there)})
    assert document(stage, catalogue)["identities"][0]["endpoint"] == "sts.example.com"
    stage.auth(there)
    questions = [one.question for one in stage.told if isinstance(one, Prompt)]
    assert [one.endpoint for one in questions] == ["sts.example.com"]
