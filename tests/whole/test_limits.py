"""What the agent does not do to AWS, however many ask."""

from awssim import Kind
from support.rig import Rig


def test_at_most_sixteen_roles_are_assumed_at_once(rig: Rig) -> None:
    """Twenty profiles at once: sixteen calls in flight, one for each role, and everybody is served."""
    names = [f"role-{number}" for number in range(20)]
    arn = "arn:aws:iam::222222222222:role/Deploy"
    url = rig.sim.url
    rig.config(
        rig.sim.world.config_text(url)
        + "".join(
            f"[profile {name}]\nrole_arn = {arn}\nsource_profile = default\nrole_session_name = {name}\n"
            f"region = eu-central-1\nendpoint_url = {url}\n"
            for name in names
        )
    )
    rig.unlock()
    rig.sim.fault(Kind.DELAY, "AssumeRole", count=len(names), seconds=2.0)
    runs = [rig.start(name, "--", "true") for name in names for _ in range(2)]
    for run in runs:
        run.communicate(timeout=60)

    assert {run.returncode for run in runs} == {0}
    assert rig.sim.most_at_once == 16
    assert rig.sim.count("AssumeRole") == len(names)
