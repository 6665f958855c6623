"""Desktops for the tests of this folder. Those for the whole session are started once, when first asked for."""

from collections.abc import Iterator

import pytest

from support.desktop import Desktop, private_desktop


@pytest.fixture
def desk() -> Iterator[Desktop]:
    """A private desktop of the test's own, with nothing running yet: start what the test needs."""
    with private_desktop() as own:
        yield own


@pytest.fixture(scope="session")
def bus() -> Iterator[Desktop]:
    """A shared bus with no desktop on it: leave no name behind."""
    with private_desktop() as shared:
        yield shared.start_bus()


@pytest.fixture(scope="session")
def _shared_panel() -> Iterator[Desktop]:
    with private_desktop() as shared:
        yield shared.start_panel()


@pytest.fixture
def panel(_shared_panel: Desktop) -> Desktop:
    """A shared desktop with a dark panel and an empty tray. A test may stop the panel: the next one gets it back."""
    _shared_panel.start_panel()
    _shared_panel.point(400, 400)
    _shared_panel.wait_tray_items(0)
    return _shared_panel
