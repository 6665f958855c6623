"""What config.toml says of single profiles: how a run of one gets its credentials, and what is refused for it."""

import pytest

from support.rig import Rig

RULES = """
[profile."*"]
delivery = "live"
[profile.account-b]
delivery = "server"
[profile."prod-*"]
delivery = "env"
[profile.prod-2]
confirm = "always"
[profile.prod-3]
confirm = "30m"
[profile.prod-4]
confirm = "never"
"""
HOW = 'echo "${AWS_PROFILE-} ${AWS_CONTAINER_CREDENTIALS_FULL_URI+server} ${AWS_SECRET_ACCESS_KEY+env} $AWS_REGION"'


@pytest.fixture
def ruled(rig: Rig) -> Rig:
    """A rig with rules for profiles, its session open."""
    rig.settings(RULES)
    config = rig.desk.home("home/.aws/config")
    _, _, role = config.read_text().partition("[profile account-a]\n")
    role, _, _ = role.partition("\n\n")
    with config.open("a") as more:
        more.writelines(f"\n[profile prod-{number}]\n{role}\n" for number in range(1, 5))
    return rig.unlock()


def test_a_run_is_delivered_as_the_settings_say(ruled: Rig) -> None:
    """`delivery` makes `trayexec p -- cmd` what `--live` or `--server` make of it, with all other options kept."""
    told = {
        name: ruled.run(name, "--region", "eu-west-3", "--", "sh", "-c", HOW).out
        for name in ("account-a", "account-b", "prod-1")
    }
    assert told == {
        "account-a": "account-a   eu-west-3\n",
        "account-b": " server  eu-west-3\n",
        "prod-1": "  env eu-west-3\n",
    }


def test_a_rule_holds_from_the_next_request_on(ruled: Rig) -> None:
    """Whoever writes `confirm` or `delivery` need not wait for the agent's next look at its files."""
    for rule, status in (('confirm = "always"', 125), ('delivery = "live"', 0), ('confirm = "1m"', 125)):
        ruled.settings(f"[profile.account-a]\n{rule}\n")
        done = ruled.run("account-a", "--", "sh", "-c", HOW)
        assert (done.status, done.out) == (status, "" if status else "account-a   \n")
    ruled.settings("[profile.account-a]\ncolor = 1\n")
    assert "color" in ruled.run("account-a", "--", "true").err


def test_only_runs_of_one_profile_are_delivered_otherwise(ruled: Rig) -> None:
    """An SDK and `trayexec env` get credentials, and what is said on the line beats what the settings say."""
    assert "AccessKeyId" in ruled.run("credential-process", "account-a").out
    assert "AWS_SECRET_ACCESS_KEY" in ruled.run("env", "account-a").out
    assert ruled.run("--server", "account-a", "--", "sh", "-c", HOW).out.split()[:1] == ["server"]


def test_what_lives_on_the_agent_is_not_a_long_command(ruled: Rig) -> None:
    """A run that is delivered otherwise leaves one line in the log, as itself."""
    assert ruled.run("account-a", "--", "true").status == 0
    assert [(one["op"], one["profile"], one["answer"]) for one in ruled.ledger if one["op"] != "auth"] == [
        ("credentials", "account-a", "ok")
    ]
