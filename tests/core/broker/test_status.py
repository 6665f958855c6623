"""What is told of the broker: the document for scripts, to the letter, and the tray's picture and menu."""

import json
import re

from support.stage import ADMIN, ALICE, BASE, DEEP, HOUR, A, B, Stage, identity
from trayexec.core.broker.events import Prompt, Renewal, Screen
from trayexec.core.broker.status import AgentFacts, find, identities_shown, status
from trayexec.core.broker.tray_view import view
from trayexec.core.config.profiles import Catalogue, Profile, Unserved
from trayexec.core.ports import Refusal
from trayexec.core.settings import OnLock
from trayexec.core.stamps import utc
from trayexec.core.view import IconState
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
        seen.append((one["phase"], view(stage.broker, stage.now).icon_state))

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
    assert any(one.name == "bob" for one in identities_shown(stage.broker))
    stage.configure(ALICE)
    assert not any(one.name == "bob" for one in identities_shown(stage.broker))
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
