"""Lets systemd's user manager start what a person opens from the menu, where there is one.

What the agent starts itself inherits that nothing in it can gain privileges: no sudo in a terminal, and no program of a
snap. And under a unit of systemd it would be one of the agent's own processes.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence

from trayexec.light import agent_environment


def ways_to_start(argv: Sequence[str], environ: Mapping[str, str]) -> Iterator[list[str]]:
    """The command lines that start this one: by the manager (systemd-run(1)), where that is installed, and alone.

    What it started stays when it ends: a tool that opens a file hands it on to a program, and is done.
    """
    run = shutil.which("systemd-run", path=environ.get("PATH"))
    if run is not None:
        env = agent_environment.of(environ)
        kept = [f"--setenv={name}" for name in env]  # the values stay out of the command line
        usual = ["--user", "--quiet", "--collect", "--wait", "--property=KillMode=process"]
        yield [run, *usual, f"--working-directory={env.get('HOME', '/')}", *kept, "--", *argv]
    yield list(argv)
