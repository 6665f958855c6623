"""Values of named parts, like frozen dataclasses, for what has to start at once: to load `dataclasses` takes longer.

A class below `Frozen` lists its parts with their types, in quotes. They are given by place or by name, and stay.
"""

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NoReturn, dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """What type checkers know of it is nothing at run time."""
        return lambda cls: cls


@dataclass_transform(frozen_default=True)
class Frozen:
    """Equal to its like with equal parts. Its repr says none of them: some are secrets."""

    _names: "tuple[str, ...]" = ()

    def __init_subclass__(cls) -> None:
        cls._names = tuple(cls.__annotations__)

    def __init__(self, *parts: object, **named: object) -> None:
        """Take the parts; one that is not given is as the class has it. Raises TypeError for one that there is not."""
        given = {**dict(zip(self._names, parts, strict=False)), **named}
        if len(given) != len(parts) + len(named) or not given.keys() <= set(self._names):
            raise TypeError(f"{type(self).__name__}{self._names}")
        self.__dict__.update(given)

    def __setattr__(self, name: str, value: object) -> "NoReturn":
        raise AttributeError(f"{type(self).__name__} stays as it is")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in self._names)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self._names))
