"""aws-vault's own keys, end to end: AWS gets the tags, the source identity and the name that the config says."""

import pytest

from support.rig import Rig

MORE = """
[profile common]
session_tags = team=red,cost=7
transitive_session_tags = team
source_identity = alice
[profile tagged]
include_profile = common
role_session_name = {program}-of-{user}
source_profile = default
"""


@pytest.fixture
def tagged(rig: Rig) -> Rig:
    """An open rig, with such a profile of the role of account-a."""
    path = rig.desk.home("home/.aws/config")
    role = f"role_arn = {rig.sim.world.profiles['account-a']}\nendpoint_url = {rig.sim.url}\nregion = eu-west-1\n"
    rig.config(path.read_text() + MORE + role)
    return rig.unlock()


def test_aws_gets_them(tagged: Rig) -> None:
    """From an included section; each program has a session of its own name, and a session that is there is used."""
    who = "aws sts get-caller-identity --query Arn --output text"
    arn = tagged.run("tagged", "--", *who.split()).out.strip()
    asked = tagged.sim.calls[-2].asked
    assert arn.endswith(f"/aws-of-{asked['RoleSessionName'].partition('-of-')[2]}")
    assert {name: value for name, value in asked.items() if name.startswith(("Tag", "Trans", "Source"))} == {
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "red",
        "Tags.member.2.Key": "cost",
        "Tags.member.2.Value": "7",
        "TransitiveTagKeys.member.1": "team",
        "SourceIdentity": "alice",
    }
    before = tagged.sim.count("AssumeRole")
    assert tagged.run("tagged", "--", "aws", "--version").status == 0
    assert tagged.sim.count("AssumeRole") == before
    assert tagged.run("tagged", "--", "sh", "-c", who).out.rpartition("/")[2].startswith("sh-of-")
    assert tagged.sim.count("AssumeRole") == before + 1
    assert "team=red, cost=7" in tagged.run("why", "tagged").out
