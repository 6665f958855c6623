"""The clipboard of a real display."""

from support.desktop import Desktop
from trayexec.adapters import clipboard


def test_another_program_gets_what_was_copied(desk: Desktop) -> None:
    """Under X11, by the program that is there; it stays to answer whoever pastes."""
    desk.start_display()
    assert clipboard.copy("copied", desk.env)
    assert desk.run(["xclip", "-selection", "clipboard", "-o"]) == "copied"
