"""Coding agents and CI systems are recognised by what they leave in the environment, and by their programs."""

import pytest

from trayexec.core.automata import PROGRAMS, VARIABLES, recognised


@pytest.mark.parametrize(("variable", "name"), VARIABLES.items())
def test_each_variable_tells_its_system(variable: str, name: str) -> None:
    """Among all others."""
    assert recognised(["HOME", variable, "PATH"], ["bash", "xterm"]) == name


@pytest.mark.parametrize(("program", "name"), PROGRAMS.items())
def test_each_program_tells_its_system(program: str, name: str) -> None:
    """Wherever it stands above who asks."""
    assert recognised(["HOME"], ["bash", program, "xterm"]) == name


def test_a_person_at_a_terminal_is_none() -> None:
    """Nothing is guessed: not by parts of names."""
    assert recognised(["HOME", "CLAUDECODE_X", "CI"], ["bash", "claudette", "xterm"]) == ""
