"""An agent of which nobody wants anything sleeps."""

import time

from support.processes import scheduled
from support.rig import Rig


def test_an_idle_agent_wakes_for_the_time_itself(rig: Rig) -> None:
    """With a session, a role, two overlays and an endpoint: nothing is polled that the kernel tells; 15 s are enough.

    What it looks for besides is a system bus, which there is none of in a test.
    """
    rig.unlock()
    other = rig.desk.home("home/project/config")
    other.parent.mkdir()
    other.write_text(rig.desk.home("home/.aws/config").read_text())
    assert rig.run("--live", "account-a", "--", "true").status == 0
    assert rig.run("--live", "account-a", "--", "true", env={"AWS_CONFIG_FILE": str(other)}).status == 0
    rig.start("--server", "account-a", "--", "sleep", "120")
    pid = rig.agent_pid
    assert pid is not None
    time.sleep(5)  # what was wanted is done with

    before = scheduled(pid)
    time.sleep(12)

    assert scheduled(pid) - before <= 6
