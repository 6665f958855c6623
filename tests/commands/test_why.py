"""`why`: each step with its line, which source won, and how it stands."""

import json
import re

import pytest

from support.rig import Rig

CONFIG = """\
[default]
region = eu-central-1
mfa_serial = {serial}
endpoint_url = {url}

[profile account-a]
credential_process = /bin/false
role_arn = {role}
source_profile = default
duration_seconds = 7200
endpoint_url = {url}

[profile denied]
role_arn = arn:aws:iam::222222222222:role/Nobody
source_profile = default
endpoint_url = {url}

[profile lost]
role_arn = {role}
source_profile = gone

[profile over-keys]
role_arn = {role}
source_profile = account-a
endpoint_url = {url}

[profile mixed]
include_profile = account-a
endpoint_url = {url}

[profile program]
credential_process = /bin/echo
"""


@pytest.fixture(scope="module")
def written(open_rig: Rig) -> Rig:
    """A rig with that config, its session open."""
    world = open_rig.sim.world
    role = world.profiles["account-a"]
    open_rig.config(CONFIG.format(serial=world.device().serial, url=open_rig.sim.url, role=role))
    assert open_rig.run("account-a", "--", "true").status == 0
    return open_rig


def steps(rig: Rig, *words: str) -> tuple[int, list[str]]:
    """The exit status, and the steps with files by their names alone."""
    done = rig.run("why", *words)
    assert done.err == ""
    lines = done.out.replace(f"{rig.desk.home('home')}/.aws/", "")
    found = [re.fullmatch(r"\d+\. (.*)", line) for line in lines.splitlines()]
    return done.status, [one[1] for one in found if one]


def test_each_step_has_its_line(written: Rig) -> None:
    """From the profile to the keys, then the region, then how it stands."""
    status, said = steps(written, "account-a")
    assert status == 0
    serial, url = written.sim.world.device().serial, written.sim.url
    session = next(line for line in said if "session name" in line).partition("session name ")[2].partition(",")[0]
    assert said[:-2] == [
        "profile account-a stands in config (config:6)",
        "its credential_process is passed over: role_arn comes first (config:7)",
        f"it is the role arn:aws:iam::222222222222:role/Deploy, session name {session}, assumed at {url} (config:8)",
        "for 7200 s, of which it gets 3600: AWS gives no more from a session (config:10)",
        "with the credentials of default (config:9)",
        "profile default stands in config (config:1)",
        "its session belongs to the identity default",
        f"which is opened with a code of the device {serial} (config:3)",
        "and with the keys that the keychain is to have as default",
        "commands get the region eu-central-1 (config:2)",
    ]
    assert said[-2].startswith("now: identity default: open until ")
    assert said[-1].startswith("its role credentials are here until ")


def test_the_last_refusal_is_said(written: Rig) -> None:
    """What AWS answered, and when."""
    assert written.run("denied", "--", "true").status == 125
    _, said = steps(written, "denied")
    assert re.match(r"denied at \d\d:\d\d: AWS refused the role", said[-1])


def test_one_that_cannot_be_served_says_so_first(written: Rig) -> None:
    """Then how far it leads."""
    status, said = steps(written, "lost")
    assert status == 1
    assert "source_profile = gone" in said[0]
    assert said[2:4] == ["profile lost stands in config (config:18)", "profile gone has no section in either file"]


def test_a_chain_is_walked_to_its_end(written: Rig) -> None:
    """A role over a role over keys."""
    _, said = steps(written, "over-keys")
    order = ["profile over-keys", "profile account-a", "profile default", "identity default"]
    places = [next(at for at, line in enumerate(said) if word in line) for word in order]
    assert places == sorted(places)


def test_a_program_is_named_with_its_line(written: Rig) -> None:
    """No code is asked for, and it says how that stands."""
    status, said = steps(written, "program")
    assert status == 0
    assert said[:3] == [
        "profile program stands in config (config:31)",
        "its credentials come from credential_process of profile program (config:32)",
        "for which nobody is asked for an MFA code, unless the program prints long-term keys",
    ]
    assert said[-1] == "now: ready: no code is asked for"


def test_what_is_included_has_the_line_where_it_stands(written: Rig) -> None:
    """In the other profile's section."""
    status, said = steps(written, "mixed")
    assert status == 0
    assert said[:2] == [
        "profile mixed stands in config (config:27)",
        "and includes what it lacks from account-a (config:28)",
    ]
    assert said[2].endswith("(config:8)")
    assert "with the credentials of default (config:9)" in said


def test_what_the_credentials_file_says_has_its_own_line(written: Rig) -> None:
    """It wins where both say something."""
    shared = written.write("home/.aws/credentials", "[account-a]\nregion = eu-west-3\naws_access_key_id = AKIAX\n")
    try:
        _, said = steps(written, "account-a")
    finally:
        shared.unlink()
    assert "profile account-a stands in credentials (credentials:1)" in said
    assert "its aws_access_key_id is passed over: role_arn comes first (credentials:3)" in said
    assert "commands get the region eu-west-3 (credentials:2)" in said


def test_a_script_gets_places_and_states(written: Rig) -> None:
    """`--json`: each step's text, file and line; the identity and the profile as `status --json` has them."""
    document = written.run("why", "account-a", "--json").json
    assert document["served"] is True
    assert (document["steps"][0]["line"], document["steps"][-1]["line"]) == (6, 2)
    assert document["steps"][0]["file"].endswith("/.aws/config")
    status = written.status()
    assert document["identity"] == next(one for one in status["identities"] if one["name"] == "default")
    assert document["state"]["expires_at"]


def test_no_agent_is_started_to_be_asked(rig: Rig) -> None:
    """It is said that none runs."""
    done = rig.run("why", "account-a")
    assert done.out.splitlines()[-1].endswith("no agent runs: nothing is open")
    assert rig.agent_pid == 0
    assert rig.run("why", "account-a", "--json").json["identity"] is None


def test_what_is_long_says_why(written: Rig) -> None:
    """A code of its own, by the rule; a role over a role gets an hour whatever the rule says."""
    path = written.desk.home("home/.config/trayexec/config.toml")
    before = path.read_text() if path.exists() else ""
    config = written.desk.home("home/.aws/config")
    text = config.read_text()
    written.settings('[profile."*"]\ncolour = "red"\ndelivery = "long"\n')
    written.config(
        text.replace("source_profile = account-a\n", "source_profile = account-a\nduration_seconds = 7200\n")
    )
    try:
        _, own = steps(written, "account-a")
        _, over = steps(written, "over-keys")
    finally:
        written.config(text)
        written.settings(before)
    assert "for 7200 s (config:10)" in own
    long = "opened with the keys and a code of its own, as far as its own maximum goes"
    assert f"{long} ({path}:3)" in own
    assert not [one for one in over if long in one]
    assert [one for one in over if "AWS gives no more to a role that another one assumes" in one]


SETTINGS = """\
[profile."over-*"]
policy_arns = ["ReadOnlyAccess"]
policy = '{"Statement": []}'

[profile.default]
policy_arns = ["ReadOnlyAccess"]

[identity.default]
code = "ykman"
"""


def test_what_config_toml_adds_has_its_line(written: Rig) -> None:
    """The session policies of the rule that counts, the command for codes, and why a rule cannot be obeyed."""
    file = written.desk.home("home/.config/trayexec/config.toml")
    before = file.read_text() if file.exists() else None
    text = (written.desk.home("home/.aws/config")).read_text()
    written.settings(SETTINGS)
    written.config(text.replace("region = eu-central-1\n", "region = eu-central-1\nmfa_process = pass otp\n"))
    try:
        _, said = steps(written, "over-keys")
        told = json.loads(written.run("why", "over-keys", "--json").out)
        status, refused = steps(written, "default")
        written.settings('[identity.default]\nrenew = "auto"\n')
        _, renewed = steps(written, "over-keys")
        written.config(text)
        _, alone = steps(written, "over-keys")
        named = ", ".join(f'"arn:aws:iam::{account}:mfa/phone"' for account in ("111111111111", "999999999999"))
        written.settings(f"[identity.default]\ndevices = [{named}]\n")
        _, several = steps(written, "over-keys")
    finally:
        written.config(text)
        written.settings(before or "")
    several = [one.replace(str(file), "config.toml") for one in several]
    assert "or of the device arn:aws:iam::111111111111:mfa/phone (config.toml:2)" in several
    assert any("999999999999:mfa/phone is never asked of: it is of account 999999999999" in one for one in several)
    said = [one.replace(str(file), "config.toml") for one in said]
    assert "whose codes are printed by the command of [identity.default] (config.toml:9)" in said
    assert "its mfa_process is passed over: config.toml comes first (config:3)" in said
    assert 'its role may do no more than this session policy allows: {"Statement":[]} (config.toml:3)' in said
    assert "or than these session policies allow: arn:aws:iam::aws:policy/ReadOnlyAccess (config.toml:2)" in said
    assert [one["line"] for one in told["steps"] if "session polic" in one["text"]] == [3, 2]
    assert status == 1
    assert "AWS narrows only roles" in refused[0]
    by = "its session is renewed before it ends, by mfa_process of profile default"
    assert any(one.startswith(by) and one.endswith("config.toml:2)") for one in renewed), renewed
    assert any("its session is not renewed before it ends" in one for one in alone), alone
