"""What a rotation of keys does next: from each state that somebody may leave who is killed."""

import pytest

from trayexec.core.rotation import (
    LAG,
    OURS,
    AccessKey,
    Begin,
    Begun,
    Delete,
    Discard,
    Finish,
    Forget,
    Full,
    Make,
    PutInPlace,
    Seen,
    Step,
    SwitchOff,
    beside,
    is_beside,
    next_step,
    replaced,
)

NOW = 1_800_000_000.0
OLD, NEW = AccessKey("old", active=True, created=NOW - 9e6), AccessKey("new", active=True, created=NOW)
UNUSED = AccessKey("new", active=True, created=NOW, unused=True)
BEGUN = Begun("old", NOW)


def off(key: AccessKey) -> AccessKey:
    """The same key, switched off."""
    return AccessKey(key.id, active=False, created=key.created, unused=key.unused)


def seen(
    stored: str, *listed: AccessKey, beside: str | None = None, begun: Begun | None = BEGUN, now: float = NOW
) -> Seen:
    """What there is."""
    return Seen(stored, beside, {one.id: one for one in listed}, begun, now)


@pytest.mark.parametrize(
    ("there", "step"),
    [
        (seen("old", OLD, begun=None), Begin()),
        (seen("old", OLD), Make()),
        (seen("old", OLD, UNUSED), Delete("new")),
        (seen("old", OLD, NEW, beside="new"), PutInPlace()),
        (seen("old", OLD, beside="new"), PutInPlace()),  # not listed yet
        (seen("new", OLD, NEW, beside="new"), SwitchOff("old")),
        (seen("new", off(OLD), NEW, beside="new"), Delete("old")),
        (seen("new", NEW, beside="new"), Finish()),
        (seen("new", NEW, begun=Begun("old", NOW, "new")), Finish()),
        (seen("new", NEW, begun=None), Begin()),
    ],
)
def test_each_step_leads_to_the_next(there: Seen, step: Step) -> None:
    """And a key whose secret died with whoever made it makes room for another."""
    assert next_step(there) == step


@pytest.mark.parametrize(
    ("there", "step"),
    [
        (seen("old", OLD, NEW, begun=None), Full(NEW)),
        (seen("old", OLD, UNUSED, begun=None), Full(UNUSED)),
        (seen("old", OLD, NEW), Full(NEW)),  # made since, but somebody has used it
        (seen("old", OLD, UNUSED, begun=Begun("old", NOW - OURS - 1)), Full(UNUSED)),  # made long after we were killed
        (seen("other", OLD, NEW, beside="new"), Forget()),  # somebody has stored another key meanwhile
        (seen("old", OLD, off(NEW), beside="new"), Discard()),
        (seen("old", OLD, beside="new", now=NOW + LAG), Discard()),  # somebody has deleted it meanwhile
        (seen("old", OLD, NEW, beside="new", begun=None), Begin("new")),  # the note was lost
        (seen("old", OLD, beside="new", begun=None), Discard()),
        (seen("new", NEW, beside="new", begun=None), Discard()),
    ],
)
def test_what_somebody_else_did_is_not_undone(there: Seen, step: Step) -> None:
    """A key that may be somebody's is never deleted, and one that was stored meanwhile never replaced."""
    assert next_step(there) == step


def test_the_key_that_goes_is_named_however_far_it_has_come() -> None:
    """Before and after the new one is in its place; without a rotation it is the one in use."""
    assert replaced(seen("old", OLD)) == "old"
    assert replaced(seen("new", NEW, beside="new")) == "old"
    assert replaced(seen("other", OLD, beside="new")) == "other"
    assert replaced(seen("new", NEW, begun=None)) == "new"


def test_the_second_name_is_no_identitys() -> None:
    """It is told from all others by its end."""
    assert is_beside(beside("default"))
    assert not is_beside("default")
