"""`aws configure` inside, with the real AWS CLIs: what it writes is in the user's own files, whenever that was."""

import configparser
import shlex
import subprocess
from pathlib import Path

import pytest

from support.awscli import BOTH, CLI_1, CLI_2
from support.desktop import eventually, program
from support.rig import COMMAND, Done, Rig, end_process
from whole.test_providers import ACCOUNT, document, given

TRAYEXEC = shlex.join(COMMAND)
HOOK = f'eval "$({TRAYEXEC} hook bash)"'


def config_of(rig: Rig) -> Path:
    """The user's own config file."""
    return rig.desk.home("home/.aws/config")


def live(rig: Rig, script: str) -> Done:
    """A script of sh, live."""
    done = rig.run("--live", "--", "sh", "-c", script, seconds=90)
    assert done.status == 0, done.err
    return done


def hooked(rig: Rig, script: str) -> Done:
    """A script of bash, after its hook."""
    done = subprocess.run(
        [program("bash"), "--norc", "-c", f"{HOOK}; {script}"],
        env=rig.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr, 0.0)


def values(path: Path, section: str) -> dict[str, str]:
    """The settings of a section; nothing where it is not there."""
    parser = configparser.RawConfigParser()
    parser.read(path)
    return dict(parser[section]) if parser.has_section(section) else {}


def overlay(rig: Rig) -> Path:
    """The overlay, brought up to date."""
    return Path(live(rig, 'echo "$AWS_CONFIG_FILE"').out.strip())


def ours(rig: Rig, text: str) -> list[Path]:
    """The files in our state folder that hold this text."""
    files = rig.desk.home("home/.local/state/trayexec").rglob("*")
    return [file for file in files if file.is_file() and text.encode() in file.read_bytes()]


@BOTH
def test_the_interactive_one(own: Rig, aws: str) -> None:
    """`aws configure --profile new`: the key in the user's credentials, the rest in the user's config, none here."""
    credentials = own.desk.home("home/.aws/credentials")
    terminal = own.terminal("--live", "--no-wait", "--", aws, "configure", "--profile", "fresh")
    for prompt, reply in (
        ("Access Key ID", "AKIAFRESH"),
        ("Secret Access Key", "very/secret+="),
        ("region name", "eu-west-3"),
        ("output format", "yaml"),
    ):
        terminal.wait_for(prompt)
        terminal.type(f"{reply}\r")
    assert terminal.ended()[0] == 0
    keys = {"aws_access_key_id": "AKIAFRESH", "aws_secret_access_key": "very/secret+="}
    eventually("all to arrive", lambda: credentials.exists() and "yaml" in config_of(own).read_text())
    eventually("the keys to arrive", lambda: values(credentials, "fresh") == keys)
    assert credentials.stat().st_mode & 0o777 == 0o600
    assert values(config_of(own), "profile fresh") == {"region": "eu-west-3", "output": "yaml"}
    eventually("none of it to be left here", lambda: not ours(own, "very/secret"))


def test_keys_of_a_file_from_the_console(own: Rig) -> None:
    """`aws configure import --csv` (v2): each of its users is in the user's credentials, and nothing of it here."""
    csv = "User name,Access key ID,Secret access key\nbob,AKIABOB,secret/bob\neve,AKIAEVE,secret/eve\n"
    file = own.write("home/keys.csv", csv)
    live(own, f"{CLI_2} configure import --csv file://{file}")
    credentials = own.desk.home("home/.aws/credentials")
    eventually("both to arrive", lambda: values(credentials, "eve").get("aws_secret_access_key") == "secret/eve")
    assert values(credentials, "bob") == {"aws_access_key_id": "AKIABOB", "aws_secret_access_key": "secret/bob"}
    eventually("none of it to be left here", lambda: not ours(own, "secret/"))


@BOTH
def test_a_role_may_be_set(own: Rig, aws: str) -> None:
    """`role_arn` of a served profile is changed where it is, and of a new one is served in the same breath."""
    config = config_of(own)
    who = shlex.join([CLI_1, "sts", "get-caller-identity", "--query", "Account", "--output", "text"])
    arn = "arn:aws:iam::333333333333:role/Deploy"
    done = live(
        own,
        f"{aws} configure set role_arn {arn} --profile account-a"
        f" && {aws} configure set role_arn {arn} --profile born"
        f" && {aws} configure set source_profile default --profile born"
        f" && {aws} configure set endpoint_url {own.sim.url} --profile born"
        f" && {TRAYEXEC} why born > reasons && {TRAYEXEC} born -- {who} && {TRAYEXEC} account-a -- {who}",
    )
    assert done.out.split() == ["333333333333"] * 2
    assert arn in own.desk.home("home/reasons").read_text()
    assert values(config, "profile account-a")["role_arn"] == arn
    assert config.read_text().count("[profile account-a]") == 1
    text = overlay(own).read_text()
    assert "role_arn" not in text  # both are served
    assert "credential-process born" in text.replace("'", "")


@BOTH
def test_a_process_may_be_set(own: Rig, aws: str) -> None:
    """`credential_process` of a profile of its own is the user's and works inside; `default` may be changed, too."""
    config = config_of(own)
    process = own.write("home/process", f"#!/bin/sh\necho '{document(given(own))}'\n")
    process.chmod(0o700)
    live(
        own,
        f"{aws} configure set credential_process {process} --profile by-process"
        f" && {aws} configure set region eu-west-1 && {aws} configure set default.s3.addressing_style path"
        f" && {aws} configure set profile.by-process.output text",
    )
    eventually("it to arrive", lambda: values(config, "profile by-process").get("output") == "text")
    assert values(config, "profile by-process") == {"credential_process": str(process), "output": "text"}
    assert values(config, "default")["region"] == "eu-west-1"
    assert "addressing_style = path" in values(config, "default")["s3"]
    assert "trayexec" not in config.read_text()
    place = f"--endpoint-url {own.sim.url} --region eu-west-1"
    who = f"{CLI_1} {place} sts get-caller-identity --profile by-process --query Account --output text"
    assert live(own, who).out.strip() == ACCOUNT


@BOTH
@pytest.mark.parametrize("name", ["a b", "日本", "-x", "it's", 'say "x"', "a]b"])
def test_hostile_names(own: Rig, aws: str, name: str) -> None:
    """The user's file has what the CLI makes of such a name when it is alone with it, and all else is as it was."""
    before = config_of(own).read_text()
    alone = own.write("alone/config", before)
    setting = [aws, "configure", "set", "region", "eu-west-3", f"--profile={name}"]
    outside = subprocess.run(
        setting, env=own.environment({"AWS_CONFIG_FILE": str(alone)}), capture_output=True, check=False, timeout=60
    )
    inside = own.run("--live", "--", *setting)
    assert inside.status == outside.returncode
    written = [line for line in alone.read_text().removeprefix(before).splitlines() if line]
    eventually(
        "it to arrive",
        lambda: [line for line in config_of(own).read_text().removeprefix(before).splitlines() if line] == written,
    )
    assert config_of(own).read_text().startswith(before)
    assert live(own, f"{CLI_1} configure get region --profile account-a").out == "eu-central-1\n"


def test_many_at_once(own: Rig) -> None:
    """Six shells write, and the user saves the own file all the while: everything is there in the end."""
    config = config_of(own)
    script = "".join(
        f'for n in 1 2; do {CLI_1} configure set region eu-west-{shell} --profile "p{shell}-$n"; done & '
        for shell in range(1, 4)
    )
    process = own.start("--live", "--", "sh", "-c", f"{script} wait")
    saves = 0
    while process.poll() is None or saves < 5:
        saves += 1
        # an editor: reads, and saves whole a moment later
        new = config.with_name("edited")
        new.write_text(config.read_text() + f"# saved {saves}\n")
        new.replace(config)
        assert own.run("account-b", "--", "true").status == 0
    assert process.wait() == 0
    expected = {f"p{shell}-{n}" for shell in range(1, 4) for n in (1, 2)}
    eventually("all to arrive", lambda: all(f"[profile {name}]" in config.read_text() for name in expected))
    text = config.read_text()
    assert [one for one in range(1, saves + 1) if f"# saved {one}\n" not in text] == []


def test_a_missing_file_is_made(own: Rig) -> None:
    """Where the user has no config yet, there is one afterwards, and only the user may read it."""
    config = own.desk.home("home/nowhere/yet/config")
    env = {"AWS_CONFIG_FILE": str(config)}
    assert (
        own.run("--live", "--", CLI_2, "configure", "set", "region", "eu-west-3", "--profile", "first", env=env).status
        == 0
    )
    eventually("it to arrive", config.exists)
    assert config.read_text() == "[profile first]\nregion = eu-west-3\n"
    assert (config.stat().st_mode & 0o777, config.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_read_only_file_is_named(own: Rig) -> None:
    """What cannot be written is kept, and the notice says which file did not take it and where it is."""
    config = config_of(own)
    before = config.read_text()
    config.chmod(0o400)
    live(own, f"{CLI_2} configure set region eu-west-3 --profile kept")
    eventually("it to be said", lambda: f"{config} cannot be written: it is read-only." in own.log)
    assert config.read_text() == before
    eventually("only the copy to be left", lambda: len(ours(own, "[profile kept]")) == 1)
    (aside,) = ours(own, "[profile kept]")
    assert str(aside) in own.log
    aside.unlink()


def test_the_agent_stops_right_after(rig: Rig) -> None:
    """Written a moment before the agent is told to stop: it goes home with it."""
    path = overlay(rig)
    with path.open("a") as file:
        file.write("[profile late]\nregion = eu-west-3\n")
    assert rig.run("agent", "stop").status == 0
    assert "[profile late]\nregion = eu-west-3\n" in config_of(rig).read_text()


@BOTH
def test_while_no_agent_runs(rig: Rig, aws: str) -> None:
    """In a hooked shell without any agent it works at once, and is the user's with the next shell or the next agent."""
    config, credentials = config_of(rig), rig.desk.home("home/.aws/credentials")
    done = hooked(
        rig, f"{aws} configure set region eu-west-3 --profile early && {aws} configure get region --profile early"
    )
    assert done.out == "eu-west-3\n", done.err
    assert hooked(rig, 'echo "$AWS_CONFIG_FILE"').status == 0
    assert values(config, "profile early") == {"region": "eu-west-3"}
    assert hooked(rig, f"{aws} configure set aws_secret_access_key very/secret --profile early").status == 0
    assert "keys add" in hooked(rig, "true").err
    assert values(credentials, "early") == {"aws_secret_access_key": "very/secret"}
    assert not ours(rig, "very/secret")
    assert not rig.agent_pid
    hooked(rig, f"{aws} configure set output yaml --profile early")
    rig.start_agent()
    assert values(config, "profile early")["output"] == "yaml"


def test_a_killed_agent_loses_nothing(rig: Rig) -> None:
    """Written just before the agent dies: the next command brings it home."""
    path = overlay(rig)
    with path.open("a") as file:
        file.write("[profile late]\nregion = eu-west-3\n")
    end_process(rig.agent_pid)
    rig.start_agent()
    assert "[profile late]\nregion = eu-west-3\n" in config_of(rig).read_text()
    assert "[profile late]" in path.read_text()


def test_a_new_shell_sees_what_the_user_has_changed_without_an_agent(rig: Rig) -> None:
    """With no agent to follow the user's files, the hook of the next shell does; one with nothing new is as it was."""
    config = config_of(rig)
    show = 'cat "$AWS_CONFIG_FILE"; stat -c %Y%i "$AWS_CONFIG_FILE"'
    first = hooked(rig, show)
    assert "[profile account-a]" in first.out, first.err
    config.write_text(config.read_text() + "\n[profile later]\nregion = eu-west-3\n")
    second = hooked(rig, show)
    assert "[profile later]" in second.out, second.err
    assert hooked(rig, show).out == second.out
    assert not rig.agent_pid


def test_what_has_no_place_there_is_left_alone(own: Rig) -> None:
    """`aws configure add-model` and the like write elsewhere: their files are the user's, and ours as they were."""
    model = own.write(
        "home/model.json",
        '{"version": "2.0", "metadata": {"apiVersion": "2020-01-01", "endpointPrefix": "x", "protocol": "json",'
        ' "serviceFullName": "X", "serviceId": "x", "signatureVersion": "v4"}, "operations": {}, "shapes": {}}',
    )
    before = config_of(own).read_text(), overlay(own).read_text()
    live(own, f"{CLI_2} configure add-model --service-name mine --service-model file://{model}")
    assert own.desk.home("home/.aws/models/mine/2020-01-01/service-2.json").exists()
    assert (config_of(own).read_text(), overlay(own).read_text()) == before
