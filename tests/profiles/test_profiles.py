"""Each row of the table: our whole agent and botocore, on the same files against the same double of AWS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from awssim import Sim, World
from profiles import adhoc, grammar, keys, places, providers, roles
from profiles.machine import Machine
from profiles.row import Outcome, Row
from profiles.world import populate

ROWS = (*keys.ROWS, *roles.ROWS, *providers.ROWS, *places.ROWS, *grammar.ROWS, *adhoc.ROWS)
OF_STS = ("GetSessionToken", "AssumeRole", "GetCallerIdentity", "GetFederationToken")


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One for all rows."""
    with Sim(World()) as sim:
        machine = Machine(populate(sim))
        with machine.running():
            yield machine


def expected(row: Row) -> Outcome:
    """What must happen."""
    return Outcome(
        who=row.who,
        region=row.region if row.refused is None else None,
        endpoint=row.endpoint if any(call.startswith(OF_STS) for call in row.calls) else None,
        prompts=row.prompts,
        calls=row.calls,
        refused=row.refused,
        title=row.title,
    )


def differences(row: Row, theirs: Outcome) -> Iterator[str]:
    """In what botocore comes to something else than the row says of it."""
    aspects = ["who", *(["region", "endpoint"] if row.refused is None and theirs.refused is None else [])]
    for aspect in {*aspects, *row.differs}:
        ours, found = getattr(row, aspect), getattr(theirs, aspect)
        other, why = row.differs.get(aspect, (ours, ""))
        if aspect in row.differs and other == ours:
            yield f"{aspect} does not differ, though {why}"
        elif found != other:
            yield f"{aspect} of botocore is {found}, not {other} {f'({why})' if why else ''}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_a_profile_is_served_as_its_row_says(row: Row, machine: Machine, tmp_path: Path) -> None:
    """Prompts, calls in order, who one is then, where; or the error. And botocore, asked the same, agrees."""
    assert machine.ours(row, tmp_path) == expected(row)
    if not row.alone:
        theirs = machine.theirs(row, tmp_path)
        assert list(differences(row, theirs)) == [], theirs


def test_a_row_is_told_from_every_other() -> None:
    """By what it says."""
    assert len({row.says for row in ROWS}) == len(ROWS) >= 120
