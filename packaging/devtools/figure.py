"""One line of the result of a measurement."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result. `met` is None where there is no goal."""

    what: str
    goal: str
    measured: str
    met: bool | None = None
