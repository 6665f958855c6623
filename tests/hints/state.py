"""What a state is: how it is reached, what is said in it, and what has to come of doing what is said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from support.rig import Rig

Look = Callable[[], str]


@dataclass(frozen=True, slots=True)
class State:
    """A state that `make` brings about; what it returns shows what is said there, each time anew.

    `says` are the templates that stand in it. When their commands have been run, `gone` ones are not said any more; the
    others only lead on. `leaves` are exit statuses other than 0 that are right there, by the command; `leads` are the
    templates that such a command says in turn, whose commands are typed as well. `then` is what a person does besides,
    before the commands.
    """

    name: str
    make: Callable[[Rig], Look]
    says: tuple[str, ...]
    gone: bool = False
    leaves: Mapping[str, int] = field(default_factory=dict)
    leads: tuple[str, ...] = ()
    then: Callable[[Rig], None] = lambda _: None
    env: Mapping[str, str | None] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    own: bool = False  # a rig with a keychain of its own, empty, for what changes the keys; else one with alice's
