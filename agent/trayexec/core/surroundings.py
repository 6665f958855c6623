"""Where a caller's AWS is: its files and what of its environment decides about AWS. It must not know how it is said."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The caller's own AWS files, where its environment names them, and the variables that decide where STS is.

    `home` is where the usual files are, if the caller says so: `su`, `sudo` and sandboxes have another than the agent.
    The agent's own environment decides nothing about AWS, so this is all there is.
    """

    config: str | None = None
    shared: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    home: str | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by name."""
        return dict(self.variables)

    @property
    def files(self) -> "Surroundings":
        """The same files, reached as if no variable was set: what is kept on disk for all who use them."""
        return Surroundings(self.config, self.shared, home=self.home) if self.variables else self


@dataclass(frozen=True, slots=True)
class Sight:
    """Which files a caller sees where its surroundings say: on which kernel (empty where it cannot tell), and which.

    A mark is the device and the inode of a file and of its folder; None where the caller has no such file.
    """

    boot: str
    config: tuple[int, ...] | None = None
    shared: tuple[int, ...] | None = None


USUAL = Surroundings()  # the usual files, and no variable
