"""What the tests of --live share."""

from collections.abc import Iterator

import pytest

from support.rig import Rig


@pytest.fixture
def own(open_rig: Rig) -> Iterator[Rig]:
    """The open rig, the user's AWS files as they were again afterwards."""
    config = open_rig.desk.home("home/.aws/config")
    before = config.read_text()
    yield open_rig
    config.unlink(missing_ok=True)  # it may be a link, or read-only
    for file in config.parent.rglob("*"):
        if not file.is_dir():
            file.unlink()
    config.write_text(before)
    open_rig.run("list")  # the overlay follows
