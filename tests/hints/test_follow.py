"""Each command that a hint or a message names is typed in the state that says it, and does what was promised."""

from collections.abc import Iterable

import pytest

from hints import agents, built, keys, sessions, setups, states, surroundings
from hints.follow import NEVER, Person
from hints.said import commands, pieces
from hints.state import State

STATES = (
    *(*states.STATES, *keys.STATES, *sessions.STATES, *surroundings.STATES, *agents.STATES, *built.STATES),
    *setups.STATES,
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_what_is_said_can_be_done(state: State, request: pytest.FixtureRequest) -> None:
    """It is no slip, it is not answered with the same words, and what it was to end has ended."""
    rig = request.getfixturevalue("bare" if state.own else "rig")
    if state.own:
        rig.desk.start_keyring()
    look = state.make(rig)
    text = look()
    assert not [template for template in state.says if not pieces(template, text)], text
    state.then(rig)
    person = Person(rig, state.env, state.replaced)
    left = _named(state.says, text)
    for command in left:
        status, screen = person.type(command)
        left += [one for one in _named(state.leads, screen) if one not in left]
        right = next((one for begin, one in state.leaves.items() if command.startswith(begin)), 0)
        assert status in {0, right}, (command, status, screen)
        assert not [one for one in NEVER if one in screen and "help" not in command], (command, screen)
        assert (
            not [template for template in state.says if pieces(template, screen)]
            or "list" in command
            or "doctor" in command
        ), (command, screen)
        if command.startswith("unset "):
            for name in command.split()[1:]:
                rig.env.pop(name, None)
    if state.gone:
        after = look()
        assert not [template for template in state.says if pieces(template, after)], after


def _named(templates: Iterable[str], text: str) -> list[str]:
    """The commands that the text names by these templates, each once."""
    found = (one for template in templates for piece in pieces(template, text) for one in commands(piece))
    return list(dict.fromkeys(found))
