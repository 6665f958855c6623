"""Holds where a caller's AWS is: its files, and what else decides about AWS. It must not know how it is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The caller's own AWS files, where its environment names them, and the variables that decide where STS is.

    `home` is where the usual files are, if the caller says so: `su`, `sudo` and sandboxes have another than the agent.
    `proxies` are the variables by which the caller reaches AWS, empty where it has none; None for one that is on
    another machine or says nothing of it: then the agent's own count. Else its environment decides nothing.
    """

    config: str | None = None
    shared: str | None = None
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # credentials may be among them
    home: str | None = None
    proxies: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)  # passwords stand in them

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by name."""
        return dict(self.variables)

    @property
    def files(self) -> "Surroundings":
        """The same files, reached as if no variable was set: what is kept on disk for all who use them."""
        if not self.variables and self.proxies is None:
            return self
        return Surroundings(self.config, self.shared, home=self.home)


@dataclass(frozen=True, slots=True)
class FileMarks:
    """Which files a caller sees where its surroundings say: on which kernel (empty where it cannot tell), and which.

    A mark is the device and the inode of a file and of its folder; None where the caller has no such file.
    """

    boot: str
    config: tuple[int, ...] | None = None
    shared: tuple[int, ...] | None = None


USUAL = Surroundings()  # the usual files, and no variable
