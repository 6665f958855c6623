"""Who uses my credentials, on a real notification service: told once in every mode, with buttons that do something."""

import json
from collections.abc import Iterator

import pytest

from support.desktop import Desktop, eventually, private_desktop
from support.rig import COMMAND, Rig, rig_on
from support.served import served

OURS = " ".join(f"'{word}'" for word in COMMAND)


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A desktop with notifications and a keyring, whose session is open; no command was named for its code."""
    with private_desktop() as desk:
        desk.start_keyring()
        desk.start_notifications()
        with rig_on(desk) as ready:
            ready.store_keys()
            yield ready.unlock()


def uses(desk: Desktop) -> list[str]:
    """The titles of all that was shown of uses."""
    return [one.title for one in desk.notifications() if " use" in one.title]


def run(rig: Rig, *words: str) -> None:
    """A command, to its end."""
    done = rig.run(*words)
    assert done.status == 0, done.err


def test_a_first_use_is_told_quietly_and_never_again_if_so_wanted(rig: Rig) -> None:
    """A click on it does nothing; what was said by its button holds for the next agent, and for that program alone."""
    desk = rig.desk
    run(rig, "account-a", "--", "true")
    told = desk.wait_notification("true uses account-a, account 222222222222")
    assert (told.urgency, list(told.actions.values())) == (0, ["Lock now", "Not again for this program"])
    desk.invoke_action("Not again for this program")
    kept = desk.home("home/.local/state/trayexec/quiet-programs.json")
    eventually("it to be written down", kept.exists)
    (label,) = json.loads(kept.read_text())["programs"].values()
    assert label.startswith("true")

    run(rig, "agent", "stop")
    rig.unlock()
    run(rig, "account-b", "--", "true")
    run(rig, "account-b", "--", "echo")
    desk.wait_notification("echo uses account-b")
    assert [one for one in uses(desk) if one.startswith("true")] == [told.title]


def test_lock_now_locks(rig: Rig) -> None:
    """Whoever uses it gets nothing more."""
    run(rig, "account-a", "--", "true")
    rig.desk.wait_notification("true uses account-a")
    rig.desk.invoke_action("Lock now")
    eventually("the session to be locked", lambda: rig.phase() == "locked")


def test_every_way_to_credentials_is_a_use(rig: Rig) -> None:
    """The command that is given a config file or an address, and what fetches them itself: each is told once."""
    desk = rig.desk
    run(rig, "--live", "account-a", "--", "env")
    eventually("the first to be told", lambda: len(uses(desk)) == 1)
    with served(rig, "account-b") as one:
        assert [one.fetch().status for _ in range(2)] == [200, 200]
        eventually("the second to be told", lambda: len(uses(desk)) == 2)
    desk.run(["sh", "-c", f"{OURS} credential-process account-a; true"])
    eventually("the third to be told", lambda: len(uses(desk)) == 3)
    assert desk.notifications_shown() == 1
    assert desk.notifications()[-1].body.endswith("env, sh: account-a, account-b")


def test_many_accounts_are_one_notification(rig: Rig) -> None:
    """A run in several is one program."""
    run(rig, "--yes", "account-a", "account-b", "--", "true")
    rig.desk.wait_notification("true uses 2 profiles")
    assert uses(rig.desk) == ["true uses 2 profiles"]
