"""Every recipe of the README and the cookbook, run as it stands there, by the real programs where they can be had."""

import getpass
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cookbook.cloudformation import Stack, cloudformation
from cookbook.recipes import recipe, recipes
from support.containers import Containers, containers
from support.desktop import eventually, program
from support.processes import ended
from support.rig import COMMAND, Done, Rig
from support.sdks import BUILD, GET, built

A, B = "222222222222", "333333333333"
AWS = Path(sys.executable).with_name("aws")
WHO = "aws sts get-caller-identity --query Account --output text"
BOTO = (
    "import boto3, sys; print(boto3.Session(profile_name=sys.argv[1]).client('sts').get_caller_identity()['Account'])"
)


@pytest.fixture(scope="module")
def kitchen(open_rig: Rig) -> Rig:
    """An open rig in whose PATH `trayexec` and `aws` are by name, as on a person's machine."""
    script(open_rig, "trayexec", "#!/bin/sh\n" + f'exec "{COMMAND[0]}" "{COMMAND[1]}" "$@"\n')
    (bin_of(open_rig) / "aws").symlink_to(AWS)
    open_rig.env["PATH"] = f"{bin_of(open_rig)}:{open_rig.env['PATH']}"
    return open_rig


# What runs a command as on another machine or in a container: with a view of the files that is its own.
ELSEWHERE = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--user", "--map-current-user", "--mount")


def bin_of(rig: Rig) -> Path:
    """Where a person's own programs are."""
    return rig.desk.home("home/.local/bin")


def script(rig: Rig, name: str, text: str) -> Path:
    """A program of that name in the PATH."""
    file = rig.write(f"home/.local/bin/{name}", text)
    file.chmod(0o755)
    return file


def cook(
    rig: Rig,
    code: str,
    *,
    by: str = "sh",
    folder: str = "home",
    env: Mapping[str, str | None] | None = None,
    only: Mapping[str, str] | None = None,
) -> Done:
    """Run the code in a shell; with `only`, nothing else is in the environment."""
    done = subprocess.run(
        [program(by), "-c", code],
        env=rig.environment(env) if only is None else dict(only),
        cwd=rig.desk.home(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr, 0.0)


def test_every_recipe_is_run() -> None:
    """None stands on a page without being used by a test of this file."""
    used = set(re.findall(r'recipe\("([^"]+)"', Path(__file__).read_text()))
    assert used == set(recipes())


def test_a_script_over_accounts(kitchen: Rig) -> None:
    """A plain loop: each turn is its account's, in order."""
    done = cook(kitchen, recipe("loop"))
    assert (done.status, done.out.split()) == (0, [A, B]), done.err


def test_the_script_as_a_fan_out(kitchen: Rig) -> None:
    """The same in parallel: each line says whose it is."""
    done = cook(kitchen, recipe("fan-out"))
    assert (done.status, sorted(done.out.splitlines())) == (0, [f"[account-a] {A}", f"[account-b] {B}"]), done.err


def test_cloudformation_to_many_accounts(kitchen: Rig) -> None:
    """The real `aws cloudformation deploy` makes, leaves and updates the stack in each account, with its own keys."""
    kitchen.settings(recipe("groups"))
    first, second = ("Resources: {Net: {Type: AWS::EC2::VPC}}\n", "Resources: {Nets: {Type: AWS::EC2::VPC}}\n")
    code = recipe("cloudformation")
    with cloudformation(kitchen.sim.world) as service:
        env = {"AWS_ENDPOINT_URL_CLOUDFORMATION": service.url}
        for template, said, status in (
            (first, "Successfully created/updated stack - network", "CREATE_COMPLETE"),
            (first, "No changes to deploy. Stack network is up to date", "CREATE_COMPLETE"),
            (second, "Successfully created/updated stack - network", "UPDATE_COMPLETE"),
        ):
            kitchen.write("home/network.yaml", template)
            done = cook(kitchen, code, env=env)
            assert done.status == 0, done.err
            for profile in ("account-a", "account-b"):
                assert f"[{profile}] {said}" in done.out
            assert service.stacks == {(account, "network"): Stack(status, template) for account in (A, B)}
        assert {account for account, _ in service.asked} == {A, B}


@pytest.mark.timeout(GET + BUILD + 120)  # the first test of the Go SDK builds its programs
def test_terraform_with_several_providers(kitchen: Rig) -> None:
    """Each provider's profile is its account, all in one process.

    Terraform and its AWS provider cannot be had from a package here, so `terraform` is a stand-in of Go: it reads the
    providers from the recipe's file, and opens them with aws-sdk-go-base, the library by which the AWS provider gets
    its credentials, in a version that Debian's Go can build. Terraform itself is not run.
    """
    (bin_of(kitchen) / "terraform").symlink_to(built("go") / "terraform")
    kitchen.write("home/stack/main.tf", recipe("providers"))
    done = cook(kitchen, recipe("terraform"), folder="home/stack")
    assert done.out.splitlines() == [f"account-a eu-central-1 {A}", f"account-b eu-central-1 {B}"], done.err


def test_gui_tools_by_credential_process(kitchen: Rig) -> None:
    """The AWS CLI and boto3 get the account from an environment with nothing of a shell's, not even a PATH."""
    config = kitchen.desk.home("home/.aws/config")
    before = config.read_text()
    added = recipe("gui", {"/home/me/.local/bin": bin_of(kitchen)})
    config.write_text(f"{before}\n{added}")
    session = {name: kitchen.env[name] for name in ("HOME", "XDG_RUNTIME_DIR")}
    session["AWS_ENDPOINT_URL_STS"] = kitchen.sim.url  # the pretended AWS is not where AWS is
    try:
        by_cli = cook(kitchen, f"{bin_of(kitchen)}/{WHO} --profile ide-account-a", only=session)
        by_boto = cook(kitchen, f'{sys.executable} -c "{BOTO}" ide-account-a', only=session)
    finally:
        config.write_text(before)
    assert (by_cli.out, by_boto.out) == (f"{A}\n", f"{A}\n"), by_cli.err + by_boto.err


def test_a_prompt_of_starship(kitchen: Rig) -> None:
    """Its command, as starship runs it: by the shell that stands there, with what it prints in the prompt."""
    asked = tomllib.loads(recipe("starship"))["custom"]["trayexec"]
    (shell,) = asked["shell"]
    done = cook(kitchen, asked["command"], by=shell, env={"AWS_PROFILE": "account-a"})
    assert re.fullmatch(rf"account-a {A} \d+h\d\dm\n", done.out), done.err
    assert (done.status, done.err) == (0, "")


def test_direnv(kitchen: Rig) -> None:
    """With the real direnv: inside the folder tools are account-a, outside nothing is left of it."""
    kitchen.write("home/.config/direnv/direnvrc", recipe("direnvrc"))
    kitchen.write("home/project/.envrc", recipe("envrc"))
    load = 'eval "$(direnv export bash)"'
    code = f"direnv allow; {load}; {WHO}; cd ..; {load}; echo ${{AWS_PROFILE-none}} ${{AWS_CONFIG_FILE-none}}"
    assert program("direnv")  # or it is said which package is missing
    done = cook(kitchen, code, by="bash", folder="home/project")
    assert done.out.split() == [A, "none", "none"], done.err


DOCKER = f"""\
#!{sys.executable}
import os, sys
run, rm, option, file, image, *words = sys.argv[1:]
assert [run, rm, option, image] == ["run", "--rm", "--env-file", "amazon/aws-cli"], sys.argv
env = {{"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_STS": os.environ["AWS_ENDPOINT_URL_STS"], "HOME": "/nonexistent"}}
for line in open(file, encoding="utf-8").read().splitlines():
    line = line.lstrip()
    if line and line[0] != "#":
        name, equals, value = line.partition("=")
        assert name and not set(name) & set(" \\t"), line
        if equals or name in os.environ:
            env[name] = value if equals else os.environ[name]
print(sorted(env), file=sys.stderr)
os.execve({str(AWS)!r}, ["aws", *words], env)
"""


PODMAN = """\
#!{python}
import os, sys
run, rm, option, file, image, *words = sys.argv[1:]
assert [run, rm, option, image] == ["run", "--rm", "--env-file", "amazon/aws-cli"], sys.argv
os.execvp("podman", [file if word == "FILE" else word for word in {argv!r}] + words)
"""


@pytest.fixture(scope="module")
def ship(kitchen: Rig) -> Containers | None:
    """What runs containers, where this machine lets it."""
    return containers(kitchen.desk.home("podman"))


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_docker_run_with_an_env_file(kitchen: Rig, ship: Containers | None, shell: str) -> None:
    """What is in the env file is all that the AWS CLI needs in a container, which has no home of ours.

    There is no docker engine where the tests run, so `docker` is podman, with a folder instead of the image. Where no
    container can be run (by an ordinary user, say, or within another) only the stand-in is: it reads the file as docker
    does (a line is NAME=VALUE with no quoting, or NAME; `#` begins a comment line) and runs the image's program with
    nothing else in its environment but where the pretended AWS is.
    """
    script(kitchen, "docker", DOCKER)
    env = {"AWS_ENDPOINT_URL_STS": kitchen.sim.url, "AWS_ACCESS_KEY_ID": "foreign"}
    done = cook(kitchen, recipe("docker"), by=shell, env=env)
    assert done.status == 0, done.err
    assert done.json["Account"] == A
    assert "'AWS_REGION'" in done.err
    if ship is not None:
        argv = ship.argv(["--env-file", "FILE", "--env", "AWS_ENDPOINT_URL_STS"], [str(AWS)])
        script(kitchen, "docker", PODMAN.format(python=sys.executable, argv=argv))
        done = cook(kitchen, recipe("docker"), by=shell, env=env)
        assert done.status == 0, done.err
        assert done.json["Account"] == A


# The session lent to another machine


@pytest.fixture(scope="module")
def remote(kitchen: Rig) -> Iterator[dict[str, str]]:
    """A host to reach by `ssh build.example.com`, with a home of its own: its environment."""
    env = {
        "HOME": str(kitchen.desk.home("remote/home")),
        "XDG_RUNTIME_DIR": str(kitchen.desk.home("remote/run")),
        "PATH": kitchen.env["PATH"],
        "AWS_ENDPOINT_URL_STS": kitchen.sim.url,
    }
    for name in ("HOME", "XDG_RUNTIME_DIR"):
        Path(env[name]).mkdir(mode=0o700, parents=True)
    folder = kitchen.desk.home("ssh")
    folder.mkdir(mode=0o700)
    for key in ("host", "user"):
        subprocess.run([program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = recipe("sshd")
    kitchen.write(
        "ssh/sshd_config",
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "PidFile none\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        "StrictModes no\n"  # the folder above these is everybody's, for temporary files
        f"SetEnv {' '.join(f'{name}={value}' for name, value in env.items())}\n"
        f'ForceCommand {shlex.join(ELSEWHERE)} sh -c "$SSH_ORIGINAL_COMMAND"\n{settings}',
    )
    host = (folder / "host.pub").read_text()
    kitchen.write("ssh/known_hosts", f"build.example.com {host}")
    kitchen.write(
        "ssh/config",
        f"Host build.example.com\nHostName 127.0.0.1\nHostKeyAlias build.example.com\nPort {port}\n"
        f"User {getpass.getuser()}\nIdentityFile {folder}/user\nIdentitiesOnly yes\nIdentityAgent none\n"
        f"StrictHostKeyChecking yes\nUserKnownHostsFile {folder}/known_hosts\nGlobalKnownHostsFile none\n",
    )
    # ssh finds its settings by the user list, not by HOME
    script(kitchen, "ssh", f'#!/bin/sh\nexec "{program("ssh")}" -F "{folder}/config" "$@"\n')
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])
    assert sshd, "sshd is missing: run  apt-get install openssh-server"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # what its service does before it starts
    process = kitchen.desk.spawn([sshd, "-D", "-e", "-f", str(folder / "sshd_config")])
    eventually("sshd", lambda: "Server listening" in kitchen.desk.said(process) or process.poll() is not None)
    try:
        yield env
    finally:
        kitchen.desk.end(process)


def test_the_session_lent_over_ssh(kitchen: Rig, remote: dict[str, str]) -> None:
    """Through a real sshd, the other home's trayexec gets our profile; afterwards it has nothing, and starts no agent.

    Both ends are this machine and this user. Twice, because sshd leaves the socket behind.
    """
    code = recipe("ssh", {"/run/user/1000": remote["XDG_RUNTIME_DIR"]})
    for _ in range(2):
        done = cook(kitchen, code)
        assert done.status == 0, done.err
        assert done.json["Account"] == A
    profile = recipe("gui", {"/home/me/.local/bin": bin_of(kitchen)})  # and as for GUI tools, over there
    kitchen.write("remote/home/.aws/config", profile)
    by_profile = code.replace("trayexec account-a -- aws", "aws --profile ide-account-a")
    assert by_profile != code
    assert cook(kitchen, by_profile).json["Account"] == A
    asked = kitchen.ledger[-1]
    assert (asked["profile"], asked["answer"]) == ("account-a", "ok")
    live = code.replace("trayexec account-a -- aws sts get-caller-identity", "trayexec --live account-a -- touch ran")
    assert live != code
    refused = cook(kitchen, live)
    assert refused.status == 125
    assert "lent to this machine" in refused.err
    assert not list(kitchen.desk.folder.glob("**/ran"))
    lent = remote | {"TRAYEXEC_SOCKET": f"{remote['XDG_RUNTIME_DIR']}/trayexec-lent.sock"}
    done = cook(kitchen, f"trayexec account-a -- {WHO}", only=lent)
    assert (done.status, done.out) == (125, ""), done.err
    assert not list(kitchen.desk.home("remote").glob("**/*.lock"))


def test_who_gives_up_over_ssh_is_forgotten_here(kitchen: Rig, remote: dict[str, str]) -> None:
    """A command over there that is interrupted is not asked for any more, though the line that carried it stays."""
    assert kitchen.run("lock").status == 0
    code = recipe("ssh", {"/run/user/1000": remote["XDG_RUNTIME_DIR"]})
    leaving = code.replace("trayexec account-a -- aws", "timeout -s INT 3 trayexec account-a -- aws")
    assert leaving != code
    with ended(
        subprocess.Popen(
            ["bash", "-c", leaving.replace("get-caller-identity", "get-caller-identity; sleep 30")],
            env=kitchen.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    ) as line:
        try:
            eventually("somebody to wait", lambda: kitchen.phase() == "prompting")
            eventually("it to be forgotten", lambda: kitchen.phase() == "locked")
            assert line.poll() is None
        finally:
            line.terminate()
    kitchen.unlock()


def test_the_session_lent_to_a_devcontainer(kitchen: Rig, ship: Containers | None) -> None:
    """With the mount and the variable of `devcontainer.json`, and nothing else of ours, the account is served there.

    In a real container where one can be run, and always in a folder that stands for the container's root: there the
    mount is a link at its target's place, the environment is the container's, its home is empty, the user is the same.
    """
    described = json.loads(recipe("devcontainer"))
    (mount,) = described["mounts"]
    parts = dict(part.split("=", 1) for part in mount.split(","))
    assert parts["type"] == "bind"
    source = re.sub(r"\$\{localEnv:(\w+)\}", lambda name: kitchen.env[name[1]], parts["source"])
    root = kitchen.desk.home("container")
    target = Path(f"{root}{parts['target']}")
    target.parent.mkdir(parents=True)
    (root / "root").mkdir()
    target.symlink_to(source, target_is_directory=True)
    env = {"PATH": kitchen.env["PATH"], "HOME": str(root / "root"), "AWS_ENDPOINT_URL_STS": kitchen.sim.url}
    env |= {name: f"{root}{value}" for name, value in described["containerEnv"].items()}
    done = cook(kitchen, shlex.join([*ELSEWHERE, "sh", "-c", recipe("inside")]), only=env)
    assert (done.status, done.out) == (0, f"{A}\n"), done.err
    assert not list((root / "root").iterdir())
    if ship is not None:
        mount = mount.replace("${localEnv:XDG_RUNTIME_DIR}", kitchen.env["XDG_RUNTIME_DIR"])
        options = ["--mount", mount, f"--volume={bin_of(kitchen)}:{bin_of(kitchen)}:ro"]
        inner = {"PATH": kitchen.env["PATH"], "HOME": "/root", "AWS_ENDPOINT_URL_STS": kitchen.sim.url}
        for name, value in {**inner, **described["containerEnv"]}.items():
            options.append(f"--env={name}={value}")
        done = cook(kitchen, shlex.join(ship.argv(options, ["sh", "-c", recipe("inside")])))
        assert (done.status, done.out) == (0, f"{A}\n"), done.err
