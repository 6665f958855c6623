"""`--live`: real clients switch profiles inside, credentials renew, and the user's own files stay theirs."""

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.awscli import BOTH, CLI_1, CLI_2
from support.desktop import eventually
from support.rig import COMMAND, Done, Rig, end_process

WHO = ("sts", "get-caller-identity", "--query", "Account", "--output", "text")


def live(rig: Rig, *command: str, profile: str | None = None, env: Mapping[str, str | None] | None = None) -> Done:
    """`trayexec --live [PROFILE] -- COMMAND`."""
    return rig.run("--live", *([profile] if profile else []), "--", *command, env=env, seconds=90)


def shell(rig: Rig, script: str, profile: str | None = None, env: Mapping[str, str | None] | None = None) -> Done:
    """A script of sh, live."""
    return live(rig, "sh", "-c", script, profile=profile, env=env)


def seen(rig: Rig, *words: str, env: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The environment of a live command."""
    done = rig.run("--live", *words, "--", "env", "-0", env=env)
    assert done.status == 0, done.err
    return dict(line.split("=", 1) for line in done.out.split("\0") if line)


def overlay(rig: Rig) -> Path:
    """The overlay that live commands get."""
    return Path(seen(rig)["AWS_CONFIG_FILE"])


# What the command gets


def test_the_environment_is_the_overlay_and_nothing_else(open_rig: Rig) -> None:
    """The files, the profile, where the user's own files are; no credentials, no region to beat a profile's."""
    foreign = {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SESSION_TOKEN": "x",
        "AWS_ROLE_ARN": "x",
        "AWS_DEFAULT_PROFILE": "x",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "x",
    }
    env = seen(open_rig, "account-a", env={**foreign, "AWS_REGION": "us-west-2", "AWS_PAGER": ""})
    assert not set(env) & {*foreign, "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SECRET_ACCESS_KEY"}
    assert (env["AWS_PROFILE"], env["TRAYEXEC_PROFILE"]) == ("account-a",) * 2
    assert "AWS_DEFAULT_PROFILE" not in env  # where it is set, an AWS_PROFILE set later is in vain for some SDKs
    assert (env["AWS_SDK_LOAD_CONFIG"], env["AWS_PAGER"]) == ("1", "")
    assert Path(env["AWS_SHARED_CREDENTIALS_FILE"]).read_text() == ""
    assert env["TRAYEXEC_CONFIG_FILE"] == str(open_rig.desk.home("home/.aws/config"))
    assert "AWS_PROFILE" not in seen(open_rig)
    assert seen(open_rig, "--region", "us-east-2", "account-a")["AWS_REGION"] == "us-east-2"


def test_the_overlay_is_private_and_holds_no_secret(own: Rig) -> None:
    """0600 in a folder of 0700; neither our credentials nor the user's static keys are in any file there."""
    own.config(
        own.desk.home("home/.aws/config").read_text()
        + "\n[profile static]\naws_access_key_id = AKIAOLD\naws_secret_access_key = oldsecret\n"
    )
    own.write(
        "home/.aws/credentials",
        "[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = othersecret\nregion = eu-west-3\n",
    )
    assert live(own, CLI_1, *WHO, profile="account-a").status == 0
    folder = overlay(own).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    secrets = [value for key in own.sim.world.keys.values() for value in (key.secret, key.token or key.secret)]
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o177 == 0, file
        text = file.read_text()
        assert not [one for one in (*secrets, "oldsecret", "othersecret", "AKIAOLD", "AKIAOTHER") if one in text], file
    assert "region = eu-west-3" in overlay(own).read_text()


def test_it_takes_the_place_of_the_process(open_rig: Rig) -> None:
    """Same process id, and the exit status is the command's own."""
    process = open_rig.start("--live", "account-a", "--", "sh", "-c", "echo $$; exit 7")
    out, _ = process.communicate(timeout=30)
    assert (int(out), process.returncode) == (process.pid, 7)


def test_a_profile_that_cannot_be_is_said_before_the_command(open_rig: Rig) -> None:
    """Unknown profile: 125 and no command. No such command: 127 and no question."""
    done = shell(open_rig, "echo ran", profile="account-z")
    assert (done.status, done.out) == (125, "")
    assert live(open_rig, "no-such-command", profile="account-a").status == 127


# Real clients


@BOTH
def test_the_aws_cli_switches_profiles_inside(open_rig: Rig, aws: str) -> None:
    """One live shell; AWS_PROFILE and --profile choose the account, each call."""
    # the v2 of Debian 12 is too old for endpoint_url in the config file
    who = shlex.join([aws, "--endpoint-url", open_rig.sim.url, *WHO])
    done = shell(
        open_rig,
        f"{who}; AWS_PROFILE=account-b {who}; {who} --profile account-b; {who} --profile default",
        "account-a",
    )
    assert done.out.split() == ["222222222222", "333333333333", "333333333333", "111111111111"], done.err


@BOTH
def test_a_failure_shows_our_words(rig: Rig, aws: str) -> None:
    """When it is decided that there are no credentials, the CLI ends and says what we said."""
    rig.settings('[prompt]\nmethod = ["sleep", "60"]\n')
    process = rig.start("--live", "--", aws, "sts", "get-caller-identity", "--profile", "account-a")
    eventually("the prompt", lambda: rig.agent_pid and rig.phase() == "prompting")
    rig.run("lock")
    _, err = process.communicate(timeout=40)
    assert process.returncode not in {0, 125, 126, 127}
    assert "trayexec" in err
    assert "Traceback" not in err


def test_several_profiles_in_one_process(open_rig: Rig) -> None:
    """Terraform's way: one process opens several sessions by name, each in its own account and region."""
    code = (
        "import boto3\n"
        "for name in ('account-a', 'account-b', 'account-a', 'default'):\n"
        "    s = boto3.Session(profile_name=name)\n"
        "    print(s.client('sts').get_caller_identity()['Account'], s.region_name)\n"
    )
    done = live(open_rig, sys.executable, "-c", code)
    assert done.out.splitlines() == [
        f"{account} eu-central-1" for account in ("222222222222", "333333333333", "222222222222", "111111111111")
    ], done.err


def test_commands_of_ours_work_inside(open_rig: Rig) -> None:
    """Nested: a run, another --live, `list`; all of them on the user's own files."""
    trayexec = shlex.join(COMMAND)
    who = shlex.join([CLI_1, *WHO])
    done = shell(
        open_rig,
        f"{trayexec} account-b -- {who}; {trayexec} --live account-b -- {who}; {trayexec} list --json",
        "account-a",
    )
    first, second, *listed = done.out.split("\n", 2)
    assert (first, second) == ("333333333333", "333333333333"), done.err
    assert [one["problem"] for one in json.loads(listed[0]) if one["name"].startswith("account-")] == [None, None]
    inner = open_rig.run(
        "--live", "--", *COMMAND, "--live", "--", "sh", "-c", "echo $AWS_CONFIG_FILE $TRAYEXEC_CONFIG_FILE"
    )
    assert inner.out.split() == [str(overlay(open_rig)), str(open_rig.desk.home("home/.aws/config"))]


def test_projects_have_overlays_of_their_own(open_rig: Rig) -> None:
    """Where the user has set AWS_CONFIG_FILE, its profiles are the ones inside; overlays do not mix."""
    text = open_rig.sim.world.config_text(open_rig.sim.url).replace("account-a", "project")
    env = {"AWS_CONFIG_FILE": str(open_rig.write("project/config", text))}
    done = shell(open_rig, f"{shlex.join([CLI_1, *WHO])}; {shlex.join(COMMAND)} project -- true", "project", env=env)
    assert (done.status, done.out) == (0, "222222222222\n"), done.err
    assert Path(seen(open_rig, env=env)["AWS_CONFIG_FILE"]) != overlay(open_rig)


def test_a_bare_environment_finds_the_way_back(open_rig: Rig) -> None:
    """A program that empties the environment but for AWS_CONFIG_FILE and AWS_PROFILE still has credentials.

    HOME is left because it is not where the user list says: a record is believed below the user's home only.
    """
    bare = f'env -i HOME="$HOME" AWS_CONFIG_FILE="$AWS_CONFIG_FILE" AWS_PROFILE=account-b {shlex.join([CLI_1, *WHO])}'
    done = shell(open_rig, bare)
    assert done.out == "333333333333\n", done.err


# It goes on


def test_the_agent_may_end_and_come_back(rig: Rig) -> None:
    """The agent is killed while a live shell is open: the next request starts one, and goes on once it is unlocked."""
    rig.unlock()
    who = shlex.join([CLI_1, *WHO])
    process = rig.start("--live", "account-a", "--", "sh", "-c", f"{who}; read line; {who}")
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "222222222222\n"
    end_process(rig.agent_pid)
    process.stdin.write("\n")
    process.stdin.flush()
    eventually("a new agent", lambda: rig.agent_pid)
    assert rig.auth().status == 0
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "222222222222\n"), err


RENEWING = """
import boto3
client = boto3.Session(profile_name="account-a").client("sts")
for _ in range(2):
    account = client.get_caller_identity()["Account"]
    print(account, client._request_signer._credentials.get_frozen_credentials().access_key, flush=True)
    input()
"""


def test_a_running_process_goes_on_across_sessions(short_rig: Rig) -> None:
    """Roles with 15 minutes: after the session was locked and opened anew, a running process has new credentials."""
    process = short_rig.start("--live", "account-a", "--", sys.executable, "-c", RENEWING)
    assert process.stdout is not None
    account, first = process.stdout.readline().split()
    short_rig.run("lock")
    assert short_rig.auth().status == 0
    out, err = process.communicate("\n\n", timeout=60)
    assert (account, out.split()[0]) == ("222222222222",) * 2, err
    assert out.split()[1] != first


@pytest.fixture
def short_rig(rig: Rig) -> Rig:
    """A rig whose roles live for 15 minutes: SDKs then ask anew for each call."""
    config = rig.desk.home("home/.aws/config")
    config.write_text(
        config.read_text().replace("source_profile = default", "source_profile = default\nduration_seconds = 900")
    )
    return rig.unlock()


def test_a_changed_config_is_seen_inside(own: Rig) -> None:
    """A profile that is added to the user's file works in a shell that is live already, a removed one is gone."""
    config = own.desk.home("home/.aws/config")
    text = config.read_text()
    path = overlay(own)
    config.write_text(text.replace("profile account-b", "profile added"))
    eventually("the overlay to follow", lambda: "[profile added]" in path.read_text())
    assert "account-b" not in path.read_text()
    assert shell(own, f"{shlex.join([CLI_1, *WHO])} --profile added").out == "333333333333\n"


def test_a_removed_overlay_is_made_again(open_rig: Rig) -> None:
    """Somebody cleans the state folder under a live shell: our commands still know the user's files, and mend it."""
    trayexec = shlex.join(COMMAND)
    script = f'rm -r "${{AWS_CONFIG_FILE%/*}}"; {trayexec} account-b -- true && {trayexec} --live -- true && '
    done = shell(open_rig, script + shlex.join([CLI_1, *WHO]), "account-a")
    assert done.out == "222222222222\n", done.err


def test_a_broken_config_is_refused_inside_as_outside(own: Rig) -> None:
    """While the user's file cannot be read, no SDK gets anything in a live shell, whoever serves the profile."""
    config = own.desk.home("home/.aws/config")
    other = """credential_process = echo '{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"x"}'\n"""
    text = config.read_text() + f"[profile other]\n{other}"
    config.write_text(text)
    path = overlay(own)
    config.write_text(text + "[broken\n")
    ask = "import boto3, sys; print(boto3.Session(profile_name=sys.argv[1]).get_credentials().access_key)"
    before = own.environment(
        {"AWS_CONFIG_FILE": str(path), "AWS_SHARED_CREDENTIALS_FILE": f"{path.parent}/credentials"}
    )
    eventually("the overlay to follow", lambda: "credential-process 'other'" in path.read_text())
    for profile in ("account-a", "other", "default"):
        argv = [sys.executable, "-c", ask, profile]
        done = subprocess.run(argv, env=before, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, ""), profile
        assert f"of {config} is neither a section" in done.stderr
    assert "[broken" not in path.read_text()
    config.write_text(text)
    argv = [sys.executable, "-c", ask, "other"]
    eventually("it to work again", lambda: "credential-process 'other'" not in path.read_text())
    assert subprocess.run(argv, env=before, capture_output=True, text=True, check=True).stdout == "AKIA\n"


# What others write


def values(path: Path, section: str) -> dict[str, str]:
    """The settings of a section, as botocore's grammar has them."""
    import configparser  # noqa: PLC0415 — only here

    parser = configparser.RawConfigParser()
    parser.read(path)
    return dict(parser[section])


@BOTH
def test_aws_configure_set_reaches_the_users_file(own: Rig, aws: str) -> None:
    """A region set inside is in the user's file, with comments and order kept, and is still there after a refresh."""
    config = own.desk.home("home/.aws/config")
    config.write_text("# mine\n" + config.read_text() + "\n[profile plain]\n; a note\noutput = text\n")
    done = shell(
        own,
        f"{aws} configure set region eu-west-3 --profile account-a"
        f" && {aws} configure set s3.addressing_style path --profile plain"
        f" && {aws} configure set output yaml --profile brand-new && {aws} configure get region --profile account-a",
    )
    assert (done.status, done.out) == (0, "eu-west-3\n"), done.err
    eventually("it to arrive", lambda: "brand-new" in config.read_text() and "addressing_style" in config.read_text())
    text = config.read_text()
    assert text.startswith("# mine\n[default]\n")
    assert "; a note\noutput = text\ns3 =\n    addressing_style = path\n" in text
    assert values(config, "profile account-a")["region"] == "eu-west-3"
    assert values(config, "profile account-a")["role_arn"].endswith("role/Deploy")
    assert values(config, "profile brand-new") == {"output": "yaml"}
    assert "credential_process" not in text
    assert "eu-west-3" not in own.desk.home("home/.aws/config.trayexec~").read_text() or "s3 =" in text
    config.write_text(text.replace("[profile plain]", "[profile renamed]"))
    path = overlay(own)
    assert values(path, "profile account-a")["region"] == "eu-west-3"
    assert "[profile renamed]" in path.read_text()


@BOTH
def test_keys_that_are_configured_inside_are_the_users(own: Rig, aws: str) -> None:
    """`aws configure set aws_access_key_id` means ~/.aws/credentials: it gets there, and our file is empty again."""
    credentials = own.write("home/.aws/credentials", "# old\n[other]\naws_access_key_id = AKIAOTHER\n")
    env = seen(own)
    done = shell(
        own,
        f"{aws} configure set aws_access_key_id AKIANEW --profile fresh"
        f" && {aws} configure set aws_secret_access_key s/+= --profile fresh",
    )
    assert done.status == 0, done.err
    eventually("they to arrive", lambda: "s/+=" in credentials.read_text())
    assert credentials.read_text().startswith("# old\n[other]\naws_access_key_id = AKIAOTHER\n")
    assert values(credentials, "fresh") == {"aws_access_key_id": "AKIANEW", "aws_secret_access_key": "s/+="}
    ours = Path(env["AWS_SHARED_CREDENTIALS_FILE"])
    eventually("our file to be empty", lambda: ours.read_text() == "")
    assert "AKIANEW" not in own.log


def test_what_cannot_be_read_is_kept_aside(own: Rig) -> None:
    """Garbage written over the overlay is not lost, does not reach the user's file, and the overlay is whole again."""
    config = own.desk.home("home/.aws/config")
    before = config.read_text()
    path = overlay(own)
    path.write_text("not a config\n")
    eventually("the overlay to be whole", lambda: "[profile account-a]" in path.read_text())
    assert config.read_text() == before
    assert "not a config\n" in {file.read_text() for file in path.parents[1].glob("config.*")}


def test_a_deleted_line_is_not_taken_for_a_wish(own: Rig) -> None:
    """A command that empties the overlay takes nothing out of the user's file."""
    config = own.desk.home("home/.aws/config")
    before = config.read_text()
    path = overlay(own)
    path.write_text(path.read_text().split("[profile account-a]", maxsplit=1)[0])
    eventually("the overlay to be whole", lambda: "[profile account-a]" in path.read_text())
    assert config.read_text() == before


def test_a_write_on_top_of_an_older_overlay_keeps_the_newer_edit(own: Rig) -> None:
    """A command that read before the user's edit and writes after it brings its own change home, and only that."""
    config = own.desk.home("home/.aws/config")
    path = overlay(own)
    old = path.read_text()
    config.write_text(config.read_text().replace("region = eu-central-1", "region = us-west-1"))
    assert "us-west-1" in overlay(own).read_text()
    path.write_text(old.replace("[profile account-b]\n", "[profile account-b]\noutput = yaml\n"))
    eventually("it to arrive", lambda: "output = yaml" in config.read_text())
    assert "eu-central-1" not in config.read_text()


def test_sso_login_finds_its_session(own: Rig) -> None:
    """`aws sso login` (v2) reads the sso-session of the overlay: it gets as far as asking AWS."""
    config = own.desk.home("home/.aws/config")
    config.write_text(
        config.read_text() + "\n[sso-session corp]\nsso_start_url = https://127.0.0.1:9/start\nsso_region = eu-west-1\n"
        "sso_registration_scopes = sso:account:access\n\n[profile by-sso]\nsso_session = corp\n"
        "sso_account_id = 444444444444\nsso_role_name = Dev\n"
    )
    proxy = {"HTTPS_PROXY": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    done = shell(own, f"{CLI_2} sso login --profile by-sso", env=proxy)
    assert "127.0.0.1" in done.err or "oidc.eu-west-1" in done.err, done.err
    assert "sso-session" not in done.err


def test_aws_configure_sso_session_is_kept(own: Rig) -> None:
    """What the wizard of v2 writes, a section of another kind, is in the user's file and in the overlay."""
    config = own.desk.home("home/.aws/config")
    terminal = own.terminal("--live", "--no-wait", "--", CLI_2, "configure", "sso-session", env={"TERM": "xterm"})
    for prompt, answer in (
        ("session name", "corp"),
        ("start URL", "https://corp.awsapps.com/start"),
        ("SSO region", "eu-west-1"),
        ("scopes", ""),
    ):
        terminal.wait_for(prompt)
        terminal.type(f"{answer}\r")
    assert terminal.ended()[0] == 0
    eventually("it to arrive", lambda: "[sso-session corp]" in config.read_text())
    assert values(config, "sso-session corp")["sso_start_url"] == "https://corp.awsapps.com/start"
    assert "[sso-session corp]" in overlay(own).read_text()


@BOTH
def test_keys_in_plain_text_work_inside_as_outside(own: Rig, aws: str) -> None:
    """A profile that we do not serve has its access key from the user's own file, as it stands there at the moment."""
    config, key = own.desk.home("home/.aws/config"), own.sim.world.user_key()
    config.write_text(config.read_text().replace("mfa_serial", "x_mfa_serial"))
    plain = f"[a 'b]\nregion = us-west-2\naws_access_key_id = {key.id}\naws_secret_access_key = "
    own.write("home/.aws/credentials", f"{plain}old\n")
    credentials = own.desk.home("home/.aws/credentials")
    who = shlex.join([aws, "--endpoint-url", own.sim.url, "--profile", "a 'b", *WHO])
    change = f"sed -i 's|= old|= {key.secret}|' {credentials}"
    done = shell(own, f"{change}; {who}; grep -c {key.secret} $AWS_CONFIG_FILE")
    assert done.out == "111111111111\n0\n", done.err
    credentials.write_text("")
    done = own.run("credential-process", "--from-files", "a 'b")
    assert (done.status, done.out) == (125, "")
    assert "hold no access key of a 'b any more" in done.err


@BOTH
def test_keys_in_plain_text_work_beside_a_serial_of_default(own: Rig, aws: str) -> None:
    """Nobody stored them, so they are not ours, whosever the serial is; nor is a key with a token."""
    key = own.sim.world.user_key()
    own.write(
        "home/.aws/credentials",
        f"[lan]\nregion = us-west-2\naws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
        "[lent]\naws_access_key_id = ASIALENT\naws_secret_access_key = x\naws_session_token = token/lent\n",
    )
    who = shlex.join([aws, "--endpoint-url", own.sim.url, "--profile", "lan", *WHO])
    exported = f"{CLI_2} configure export-credentials --profile lent"
    done = shell(own, f"{who}; {exported}; grep -c -e {key.secret} -e token/lent $AWS_CONFIG_FILE")
    assert done.out.startswith("111111111111\n"), done.err
    assert '"SessionToken": "token/lent"' in done.out
    assert done.out.endswith("\n0\n")
    done = own.run("lan", "--", "true")
    assert done.status == 125
    assert "trayexec keys add lan" in done.err
    (found,) = [one for one in own.run("doctor", "--json").json if one["about"] == "keys of lan"]
    assert (found["grade"], "alone" in found["text"]) == ("note", True)


def test_doctor_names_what_stands_in_the_way(own: Rig) -> None:
    """Stray variables; exit status 1."""
    done = own.run("doctor", "--json", env={"AWS_SESSION_TOKEN": "x"})
    assert done.status == 1
    problems = {one["about"]: one["text"] for one in done.json if one["grade"] == "problem"}
    assert "AWS_SESSION_TOKEN" in problems["shell"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[profile default]\noutput = json\n", "[default] and [profile default] are both there"),
        ("[profile a b]\noutput = json\n", "[profile a b] is no profile to any SDK"),
        ("[profile 'a #b']\noutput = json\n", "Java and Rust read nothing of this file"),
        ("[profile a]\noutput = json # mine\n", "has what looks like a comment after it"),
    ],
)
def test_doctor_knows_what_sdks_read_differently(own: Rig, more: str, said: str) -> None:
    """Each is a way in which a file means one thing to one SDK and another to the next."""
    config = own.desk.home("home/.aws/config")
    assert said not in own.run("doctor").out
    config.write_text(f"{config.read_text()}\n{more}")
    assert said in own.run("doctor").out


def test_doctor_is_content_with_a_good_machine(open_rig: Rig) -> None:
    """Nothing in the way: exit status 0."""
    done = open_rig.run("doctor")
    assert done.status == 0, done.out


def test_why_walks_the_chain(open_rig: Rig) -> None:
    """The role, the session's identity, the device and the keychain's name, in this order; an unserved one is 1."""
    done = open_rig.run("why", "account-a")
    assert done.status == 0, done.err
    order = ["role/Deploy", "identity default", ":mfa/alice", "keychain"]
    assert [done.out.index(word) for word in order] == sorted(done.out.index(word) for word in order)
    who = open_rig.run("account-a", "--", CLI_1, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    assert f"session name {who.out.strip().rpartition('/')[2]}," in done.out  # what AWS sees, too
    assert open_rig.run("why", "nobody").status == 125


def test_shell_is_the_users_own(open_rig: Rig) -> None:
    """`trayexec shell account-a`: $SHELL, on the terminal, with TRAYEXEC_PROFILE for the prompt."""
    terminal = open_rig.terminal("shell", "account-a", env={"SHELL": "/bin/bash", "PS1": None})
    terminal.type('echo "[$TRAYEXEC_PROFILE:$AWS_PROFILE:$0]"; exit 3\n')
    said = terminal.wait_for(r"\[account-a:account-a:/bin/bash\]")
    assert "trayexec: a shell for account-a in account 222222222222; type exit to leave it" in said
    assert "inside" not in said
    assert terminal.ended()[0] == 3


def test_a_shell_in_another_says_so(open_rig: Rig) -> None:
    """Whichever way the outer one was made; without a terminal nobody is told anything."""
    inner = [*COMMAND, "shell", "account-b"]
    for outer in (("shell", "account-a"), ("--live", "account-a", "--", *inner), ("account-a", "--", *inner)):
        terminal = open_rig.terminal(*outer, env={"SHELL": "/bin/sh", "PS1": ""})
        if outer[0] == "shell":
            terminal.type(f"exec {shlex.join(inner)}\n")
        terminal.wait_for("a shell for account-b in account 333333333333")
        terminal.wait_for("it runs inside one for account-a, which exit leads back to")
        terminal.type("exit\n")
        assert terminal.ended()[0] == 0
    assert open_rig.run("shell", "account-a", env={"SHELL": "/bin/true"}).err == ""


@BOTH
def test_scripts_find_the_serial_inside(own: Rig, aws: str) -> None:
    """`aws configure get mfa_serial`, as shell plugins ask; the rest is in the user's own file, whose name is there."""
    serial = own.sim.world.device().serial
    script = (
        f"{aws} configure get mfa_serial --profile default && "
        f'AWS_CONFIG_FILE="$TRAYEXEC_CONFIG_FILE" {aws} configure get source_profile --profile account-a'
    )
    done = shell(own, script)
    assert done.out.split() == [serial, "default"], done.err
