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
    open_rig.run("list")  # what was written inside has come home: the agent will not write after us
    for file in config.parent.rglob("*"):  # the config may be a link, or read-only
        if not file.is_dir():
            file.unlink(missing_ok=True)
    again = config.with_name("again")
    again.write_text(before)
    again.replace(config)
    open_rig.run("list")  # the overlay follows
