"""The environment of the agent and its children: what they need by name, whatever shell starts them and however."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.desktop import eventually
from support.others import needs_root
from support.processes import ended
from support.rig import COMMAND, Rig, listens
from trayexec.light import agent_environment

# What bends an interpreter, a loader or a toolkit, chooses credentials, or sends requests elsewhere.
HOSTILE: Mapping[str, str] = {
    "PYTHONPATH": "/hostile",
    "PYTHONSTARTUP": "/hostile",
    "PYTHONUSERBASE": "/hostile",
    "PYTHONBREAKPOINT": "hostile.module",
    "LD_LIBRARY_PATH": "/hostile",
    "LD_AUDIT": "",
    "GTK_MODULES": "hostile",
    "GTK_PATH": "/hostile",
    "GIO_EXTRA_MODULES": "/hostile",
    "QT_PLUGIN_PATH": "/hostile",
    "TCLLIBPATH": "/hostile",
    "SSL_CERT_FILE": "/hostile",
    "SSLKEYLOGFILE": "/hostile",
    "AWS_DATA_PATH": "/hostile",
    "AWS_CA_BUNDLE": "/hostile",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:2",
    "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:2",
    "AWS_CONFIG_FILE": "/hostile",
    "AWS_PROFILE": "hostile",
    "AWS_ACCESS_KEY_ID": "AKIAHOSTILE",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "KEYRING_BACKEND": "hostile",
    "PYTHON_KEYRING_BACKEND": "hostile",
    "BOTO_CONFIG": "/hostile",
    "TRAYEXEC_PROFILE": "hostile",
    "TRAYEXEC_CONFIG_FILE": "/hostile",
}


def test_every_name_of_the_table_gets_in_and_nothing_else() -> None:
    """The table is the rule; `LC_` is a family, and PATH is put in order."""
    offered = dict.fromkeys((*agent_environment.NEEDED, "LC_ALL", "LC_TIME"), "/x")
    kept = agent_environment.of({**offered, **HOSTILE, "LC": "no", "ANYTHING": "else"})
    assert kept == {**offered, "PATH": os.pathsep.join(agent_environment.STANDARD)}
    assert all(agent_environment.NEEDED.values()), "each has its reason"
    assert not set(HOSTILE) & set(agent_environment.NEEDED)
    assert set(agent_environment.SESSION) <= set(agent_environment.NEEDED)


def test_programs_are_looked_for_in_folders_of_ones_own(tmp_path: Path) -> None:
    """The system's folders come first; a relative folder, a missing one and one that others may write to are left."""
    own, others = tmp_path / "own", tmp_path / "others"
    for folder, mode in ((own, 0o775), (others, 0o777)):
        folder.mkdir()
        folder.chmod(mode if os.getegid() == os.geteuid() else mode & ~0o020)
    said = f"{own}:bin::.:{others}:/nowhere:/usr/bin"
    assert agent_environment.search_path(said).split(":") == [*agent_environment.STANDARD, str(own)]
    assert agent_environment.search_path(agent_environment.search_path(said)) == agent_environment.search_path(said)


def environment_of(pid: int) -> dict[str, str]:
    """The environment that a process began with."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="surrogateescape").split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


SPY = """\
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([{name!r}, sys.orig_argv]) + "\\n")
"""
SHADOWED = ("platform", "token", "sitecustomize", "usercustomize", "_socket", "argparse", "botocore", "trayexec")


def traps(rig: Rig) -> Path:
    """A folder with modules named like those that we import; each leaves word when it is loaded."""
    folder = rig.desk.home("project")
    for name in SHADOWED:
        rig.write(f"project/{name}.py", SPY.format(log=str(rig.desk.home("loaded")), name=name))
    return folder


WAYS = {
    "the start script": [*COMMAND, "agent", "--headless"],
    "the agent's start script": [COMMAND[0], str(Path(COMMAND[1]).with_name("trayexec-agent")), "--headless"],
    "the module": [sys.executable, "-m", "trayexec", "agent", "--headless"],
    "a command": [*COMMAND, "agent", "start"],
    "a script without -I": [sys.executable, "-s", COMMAND[1], "agent", "--headless"],
}


@needs_root  # to look into an agent's environment
@pytest.mark.parametrize("way", WAYS)
def test_an_agent_is_isolated_however_it_is_started(rig: Rig, way: str) -> None:
    """Neither environment, nor PYTHONPATH, nor the folder it is started in reach into it, or keep it from working."""
    folder = traps(rig)
    if way == "the module":  # it is found as Python finds modules, from the current folder on
        (folder / "trayexec.py").unlink()
    env = rig.environment({**HOSTILE, "PYTHONPATH": str(folder), "PATH": f"{folder}:.:{rig.env['PATH']}"})
    with ended(subprocess.Popen(WAYS[way], env=env, cwd=folder, stderr=subprocess.DEVNULL)) as process:
        eventually("the agent to listen", lambda: listens(rig.socket))
        pid = rig.agent_pid
        seen = environment_of(pid)
        assert set(seen) <= set(agent_environment.NEEDED) | {name for name in seen if name.startswith("LC_")}
        assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
        rig.unlock()
        assert rig.run("account-a", "--", "true").status == 0
        log = rig.desk.home("loaded")
        loaded = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        # A shell's own interpreter loads its own sitecustomize; nothing that is an agent or a child of one does.
        assert not [name for name, argv in loaded if "--isolated" in argv or "keychain" in " ".join(argv)]
        assert {name for name, _ in loaded} <= {"sitecustomize", "usercustomize"}
        if way != "a command":
            process.terminate()


def test_a_relative_socket_is_still_where_it_was_meant(bare: Rig) -> None:
    """Though the agent leaves the folder it is started in."""
    here = bare.desk.home("here")
    here.mkdir(mode=0o700)
    agent = bare.start("agent", "--headless", env={"TRAYEXEC_SOCKET": "own.sock"}, cwd=here)
    own: dict[str, str | None] = {"TRAYEXEC_SOCKET": "own.sock"}
    eventually("the agent to listen", lambda: bare.run("status", env=own, cwd=here).status == 0)
    said = bare.run("status", "--json", env=own, cwd=here)
    assert said.json["agent"]["pid"] == agent.pid
    agent.terminate()
    assert agent.wait(10) == 0


def test_what_one_project_sets_at_the_start_concerns_no_other(rig: Rig) -> None:
    """The first command of the day, in a project with an endpoint of its own, starts the agent for everybody."""
    assert rig.run("list", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:2", "AWS_CA_BUNDLE": "/nowhere"}).status == 0
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0
