"""The run path: what the command gets, and what a shell sees. The session is open; nobody is asked anything."""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from support.rig import COMMAND, Rig

# What the caller's shell may hold, all of it about somebody else.
FOREIGN = {
    "AWS_ACCESS_KEY_ID": "AKIAFOREIGN",
    "AWS_SECRET_ACCESS_KEY": "foreign",
    "AWS_SESSION_TOKEN": "foreign",
    "AWS_SECURITY_TOKEN": "foreign",
    "AWS_CREDENTIAL_FILE": "/foreign",
    "AWS_CREDENTIAL_EXPIRATION": "2000-01-01T00:00:00Z",
    "AWS_PROFILE": "foreign",
    "AWS_DEFAULT_PROFILE": "foreign",
    "AWS_SDK_LOAD_CONFIG": "1",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/foreign",
    "AWS_ROLE_SESSION_NAME": "foreign",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/foreign",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/foreign",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "foreign",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/foreign",
    "TRAYEXEC_ACCOUNT": "999999999999",
}
SET = {
    "AWS_ACCOUNT_ID",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "TRAYEXEC_PROFILE",
}


def environment(rig: Rig, *words: str, **more: str) -> dict[str, str]:
    """The environment that `trayexec WORDS… -- env` shows."""
    done = rig.run(*words, "--", "env", "-0", env=more)
    assert done.status == 0, done.err
    return dict(line.split("=", 1) for line in done.out.split("\0") if line)


def test_nothing_foreign_reaches_the_command(open_rig: Rig) -> None:
    """The command gets our eight variables, none of the caller's credentials, and all else as it was."""
    kept = {"AWS_RETRY_MODE": "standard", "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "7", "OTHER": "as it was"}
    seen = environment(open_rig, "account-a", **FOREIGN, **kept)
    for name, value in FOREIGN.items():
        assert seen.get(name) != value, name
    assert set(seen) - set(open_rig.env) == SET | set(kept)
    assert {name: seen[name] for name in kept} == kept
    assert seen["TRAYEXEC_PROFILE"] == "account-a"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", seen["AWS_CREDENTIAL_EXPIRATION"])
    key = open_rig.sim.world.keys[seen["AWS_ACCESS_KEY_ID"]]
    assert (key.secret, key.token) == (seen["AWS_SECRET_ACCESS_KEY"], seen["AWS_SESSION_TOKEN"])
    assert key.holder.arn.startswith("arn:aws:sts::222222222222:assumed-role/Deploy/")


def test_a_run_inside_a_run_is_the_inner_profile(open_rig: Rig) -> None:
    """`trayexec account-a -- trayexec account-b -- cmd` is account-b, and nothing of account-a is left."""
    outer = environment(open_rig, "account-a")
    done = open_rig.run("account-a", "--", *COMMAND, "account-b", "--", "env", "-0")
    inner = dict(line.split("=", 1) for line in done.out.split("\0") if line)
    assert inner["TRAYEXEC_PROFILE"] == "account-b"
    key = open_rig.sim.world.keys[inner["AWS_ACCESS_KEY_ID"]]
    assert key.holder.arn.startswith("arn:aws:sts::333333333333:assumed-role/Deploy/")
    assert set(inner) == set(outer)
    assert outer["AWS_SECRET_ACCESS_KEY"] not in inner.values()


CONFIG = """
[default]
mfa_serial = {serial}
endpoint_url = {url}
{default}
[profile middle]
role_arn = arn:aws:iam::222222222222:role/Deploy
source_profile = default
endpoint_url = {url}
{source}
[profile one]
role_arn = arn:aws:iam::333333333333:role/Deploy
source_profile = default
endpoint_url = {url}
{profile}
"""


@pytest.mark.parametrize(
    ("words", "profile", "default", "expected"),
    [
        (["--region", "us-east-2"], "eu-west-1", "us-east-1", "us-east-2"),
        (["--region=us-east-2"], "eu-west-1", "us-east-1", "us-east-2"),
        ([], "eu-west-1", "us-east-1", "eu-west-1"),
        ([], "", "us-east-1", "us-west-2"),
        ([], "", "", "us-west-2"),
    ],
)
def test_the_region_comes_from_the_nearest(
    open_rig: Rig, words: list[str], profile: str, default: str, expected: str
) -> None:
    """Option, profile, then the caller's own variable, and last of all [default], in every mode."""
    regions = {"profile": profile, "default": default}
    lines = {name: f"region = {region}" if region else "" for name, region in regions.items()}
    serial = open_rig.sim.world.device().serial
    file = open_rig.write("regions", CONFIG.format(serial=serial, url=open_rig.sim.url, source="", **lines))
    caller = {"AWS_CONFIG_FILE": str(file), "AWS_DEFAULT_REGION": "us-west-2"}
    for mode in ([], ["--server"], ["--output=grouped"]):
        done = open_rig.run(*mode, *words, "one", "--", "printenv", "AWS_REGION", "AWS_DEFAULT_REGION", env=caller)
        assert [word for word in done.out.split() if "-" in word.strip("-")] == [expected] * 2, (mode, done)
    printed = open_rig.run("env", *words, "one", "--format", "json", env=caller).json
    assert printed["Region"] == expected


def test_the_region_of_a_source_beats_the_callers(open_rig: Rig) -> None:
    """A source that is not [default] says it for the roles over it; a region that an outer run left says nothing."""
    serial = open_rig.sim.world.device().serial
    text = CONFIG.format(serial=serial, url=open_rig.sim.url, source="", profile="", default="region = us-east-1")
    text = text.replace(
        "333333333333:role/Deploy\nsource_profile = default", "333333333333:role/Deploy\nsource_profile = middle"
    )
    text = text.replace("[profile one]", "region = eu-west-3\n[profile one]")
    file = {"AWS_CONFIG_FILE": str(open_rig.write("middle", text))}
    assert open_rig.run("why", "--json", "one", env=file).json["steps"][-1]["text"].endswith("eu-west-3")
    outer = environment(open_rig, "middle", **file)
    assert (outer["AWS_REGION"], outer["TRAYEXEC_PROFILE"]) == ("eu-west-3", "middle")
    for words in ([], ["--server"]):
        done = open_rig.run("middle", "--", *COMMAND, *words, "default", "--", "printenv", "AWS_REGION", env=file)
        assert done.out == "us-east-1\n", done.err
        bare = {"AWS_CONFIG_FILE": str(open_rig.write("bare", text.replace("region = eu-west-3", "")))}
        done = open_rig.run("default", "--", *COMMAND, *words, "middle", "--", "printenv", "AWS_REGION", env=bare)
        assert done.out == "us-east-1\n", done.err


def test_without_any_region_none_is_made_up(open_rig: Rig) -> None:
    """Where nobody names a region, the command's environment does not either."""
    serial = open_rig.sim.world.device().serial
    text = CONFIG.format(serial=serial, url=open_rig.sim.url, source="", profile="", default="")
    file = {"AWS_CONFIG_FILE": str(open_rig.write("regionless", text))}
    assert not {"AWS_REGION", "AWS_DEFAULT_REGION"} & set(environment(open_rig, "one", **file))


def test_a_region_that_an_outer_run_left_is_nobodys(open_rig: Rig) -> None:
    """Where the inner profile has none, no mode takes that of the outer one, nor does shell code leave it."""
    serial = open_rig.sim.world.device().serial
    text = CONFIG.format(serial=serial, url=open_rig.sim.url, source="", profile="", default="")
    file = {"AWS_CONFIG_FILE": str(open_rig.write("regionless", text))}
    us = shlex.join(COMMAND)
    for line in (
        *(f"{us} {mode} one -- printenv" for mode in ("", "--live", "--server", "--output=grouped")),
        *(f'eval "$({us} {words})"; printenv' for words in ("env one", "hook sh one")),
    ):
        outer = ("--region", "eu-west-3", "middle", "--", "sh", "-c", f"({line}) | grep -c ^AWS_.*REGION=")
        assert open_rig.run(*outer, env=file).out == "0\n", line


@pytest.mark.parametrize("status", [0, 1, 42, 125, 255])
def test_the_exit_status_is_the_commands_own(open_rig: Rig, status: int) -> None:
    """Whatever the command ends with, the shell sees; we say nothing about it."""
    done = open_rig.run("account-a", "--", "sh", "-c", f"echo out; echo err >&2; exit {status}")
    assert (done.status, done.out, done.err) == (status, "out\n", "err\n")


def test_the_command_is_the_process(open_rig: Rig) -> None:
    """The command has the process id that the shell started, and no descriptor but its three streams."""
    process = open_rig.start("account-a", "--", "sh", "-c", "echo $$; ls -m /proc/$$/fd; echo")
    out, _ = process.communicate(timeout=30)
    pid, descriptors = out.split("\n", 1)
    assert int(pid) == process.pid
    # `ls` is a child of the shell: what it lists is the shell's own.
    assert {int(one) for one in descriptors.split(",")} <= {0, 1, 2, 10}, descriptors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGPIPE, signal.SIGXFSZ])
def test_a_signal_kills_the_command_and_is_seen(open_rig: Rig, number: signal.Signals) -> None:
    """A command that dies of a signal dies of it for the shell as well (128 + n there): none is left ignored."""
    done = open_rig.run("account-a", "--", "sh", "-c", f"kill -{number} $$; echo survived")
    assert (done.status, done.out) == (-number, "")


@pytest.mark.parametrize("words", [["account-a"], ["--server", "account-a"], ["--live", "account-a"], ["account-[ab]"]])
def test_what_the_caller_ignores_the_command_ignores(open_rig: Rig, words: list[str]) -> None:
    """As a shell's background job or under nohup: every mode hands that on, and adds nothing."""
    wanted = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT}
    look = ["grep", "SigIgn", "/proc/self/status"]
    argv = ["sh", "-c", 'trap "" HUP INT QUIT; exec "$@"', "sh", *COMMAND, *words, "--", *look]
    said = subprocess.run(argv, env=open_rig.env, capture_output=True, text=True, check=True, timeout=60).stdout
    masks = [int(line.split()[-1], 16) for line in said.splitlines()]
    assert [{one for one in signal.Signals if mask >> one - 1 & 1} for mask in masks] == [wanted] * len(masks)
    assert masks


def test_arguments_arrive_as_they_were(open_rig: Rig) -> None:
    """Spaces, quotes, empty words, `--`, options of ours and bytes that are no UTF-8 belong to the command."""
    words = ["a b", "", "'\"$HOME", "--", "--region", "日本", "\udcff", "*"]
    done = open_rig.run("account-a", "--", "printf", "%s\\n", *words)
    assert done.out.split("\n")[:-1] == words


def test_standard_input_is_the_commands(open_rig: Rig) -> None:
    """What is piped in reaches the command untouched."""
    assert open_rig.run("account-a", "--", "cat", stdin="line\nlast").out == "line\nlast"


def test_a_shell_on_a_terminal_begins_with_what_cannot_be_done_in_it(open_rig: Rig) -> None:
    """Keys in the environment beat AWS_PROFILE in every SDK: who starts a shell so is told which one to switch in."""
    terminal = open_rig.terminal("account-a", "--", "/bin/sh")
    terminal.wait_for("credentials of account-a win over AWS_PROFILE; `trayexec shell`")
    terminal.type("exit 3\r")
    assert terminal.ended()[0] == 3
    for words in (["sh", "-c", "true"], ["true"]):
        status, screen = open_rig.terminal("account-a", "--", *words).ended()
        assert (status, screen) == (0, "")
    assert open_rig.run("account-a", "--", "sh").err == ""


def test_a_script_without_interpreter_is_the_shells(open_rig: Rig) -> None:
    """As execvp(3) has it: a file without `#!` is run by sh."""
    script = open_rig.write("bare-script", 'echo "$1 $TRAYEXEC_PROFILE"\n')
    script.chmod(0o755)
    assert open_rig.run("account-a", "--", str(script), "x").out == "x account-a\n"


def test_a_script_with_a_missing_interpreter_is_said(open_rig: Rig) -> None:
    """The command cannot be started: a sentence and 127 or 126, as shells do."""
    script = open_rig.write("bad-script", "#!/nonexistent/interpreter\n")
    script.chmod(0o755)
    done = open_rig.run("account-a", "--", str(script))
    assert done.status in {126, 127}
    assert done.err.startswith("trayexec: ")
    assert "Traceback" not in done.err


def test_a_command_that_is_too_long_is_said(open_rig: Rig) -> None:
    """What exec(2) refuses is a sentence and 126."""
    done = open_rig.run("account-a", "--", "sh", "-c", ":", "x" * 131071, env={"BALLAST": "x" * 131000})
    assert done.status in {0, 126}
    assert "Traceback" not in done.err


@pytest.mark.parametrize("name", ["status", "a b", "日本", "it's", 'say "hi"', "-x", "auth", "agent", "help"])
def test_any_name_can_be_a_profile(open_rig: Rig, name: str) -> None:
    """A verb's name, spaces, quotes, other scripts; one that looks like an option is named by --profile."""
    quoted = "'" + name + "'" if "'" not in name else '"' + name + '"'
    text = open_rig.sim.world.config_text(open_rig.sim.url).replace("[profile account-a]", f"[profile {quoted}]")
    file = open_rig.write("names", text)
    words = ["--profile", name] if name.startswith("-") else [name]
    assert environment(open_rig, *words, AWS_CONFIG_FILE=str(file))["TRAYEXEC_PROFILE"] == name


@pytest.mark.parametrize(
    "words",
    [
        ["--", "true"],
        ["account-a", "--"],
        ["--live", "account-a", "account-b", "--", "true"],
        ["--nonsense", "account-a", "--", "true"],
        ["account-a", "--need", "--", "true"],
        ["account-a", "--need", "soon", "--", "true"],
        ["account-a", "--wait", "-1", "--", "true"],
        ["--wait", "99h", "account-a", "--", "true"],
        ["--need", "37h", "account-a", "--", "true"],
        ["-h", "account-a", "--", "true"],
        ["nonsense"],
        ["status", "--nonsense"],
        ["account-a"],
        ["keys"],
        ["agent", "nonsense"],
        ["auth", "--wait", "soon"],
        ["auth", "--wait", "99h"],
        [""],
        [],
    ],
)
def test_wrong_usage_is_a_sentence_and_two(open_rig: Rig, words: list[str]) -> None:
    """What cannot be meant is said on stderr, with the way to say it right; nothing runs."""
    done = open_rig.run(*words)
    assert (done.status, done.out) == (2, "")
    assert done.err
    assert "Traceback" not in done.err


def test_unknown_profiles_are_named_with_the_nearest(open_rig: Rig) -> None:
    """A slip is answered with the name that was meant; nothing falls back to another profile."""
    done = open_rig.run("acount-a", "--", "env", env={"AWS_PROFILE": "account-a"})
    assert (done.status, done.out) == (125, "")
    assert "account-a" in done.err


def test_closed_streams_are_no_trouble(open_rig: Rig) -> None:
    """With standard input, output or error closed, the command still runs, with them closed."""
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"):
        marker = open_rig.desk.home("ran")
        marker.unlink(missing_ok=True)
        line = f'"$@" {closed}'
        words = [*COMMAND, "account-a", "--", "sh", "-c", f"echo > '{marker}'"]
        done = subprocess.run(
            ["sh", "-c", line, "sh", *words], env=open_rig.env, capture_output=True, timeout=30, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), closed
        assert marker.exists()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_terminal_or_closed_pipe_is_no_traceback(open_rig: Rig, unbuffered: str) -> None:
    """`trayexec list | head -0` ends quietly, a full disk is said to be full; however Python was told to buffer."""
    assert open_rig.run("account-a", "--", "true").status == 0
    dry = ["account-*", "--dry-run", "--", "true"]
    for words in (["list", "--json"], ["help"], ["version"], dry, ["env", "account-a"], ["log"], ["log", "--json"]):
        for line, said in (
            ('"$@" | true', ""),
            ('"$@" > /dev/full', "trayexec: Standard output cannot be written: No space left on device.\n"),
        ):
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", line, "sh", *COMMAND, *words],
                env={**open_rig.env, "PYTHONUNBUFFERED": unbuffered},
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            assert (done.returncode, done.stderr) == (125, said), words


def test_a_terminal_that_lacks_letters_gets_them_escaped(open_rig: Rig) -> None:
    """Where the terminal's encoding has no 日本, `list` shows its code points instead of failing."""
    text = open_rig.sim.world.config_text(open_rig.sim.url).replace("[profile account-b]", "[profile '日本']")
    named = {"AWS_CONFIG_FILE": str(open_rig.write("japan", text))}
    done = open_rig.run("list", env={**named, "PYTHONIOENCODING": "latin-1"})
    assert (done.status, done.err) == (0, "")
    assert r"\u65e5\u672c" in done.out
    assert "日本" in open_rig.run("list", env=named).out


# Before anybody is asked


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("no-such-command", 127),
        ("./no-such-command", 127),
        ("", 127),
        ("./plain", 126),
        ("plain", 126),
        ("/", 126),
        ("./folder", 126),
        ("folder", 127),
        ("./plain/below", 127),
        ("./dangling", 127),
    ],
)
def test_a_command_that_cannot_run_is_found_out_first(bare: Rig, command: str, status: int) -> None:
    """127 and 126 as in a shell, before the agent is even looked for."""
    here = bare.desk.home("here")
    bare.write("here/plain", "not a program")
    (here / "folder").mkdir()
    (here / "dangling").symlink_to("nowhere")
    done = bare.run("account-a", "--", command, cwd=here, env={"PATH": str(here)})
    assert (done.status, done.out) == (status, "")
    assert done.err.startswith("trayexec: ")
    assert not bare.socket.exists()


def test_path_is_searched_as_shells_do(open_rig: Rig) -> None:
    """What is not executable is passed over for what is, an empty PATH entry is the current folder."""
    here = open_rig.desk.home("path")
    for folder in ("one", "two"):
        open_rig.write(f"path/{folder}/tool", f"#!/bin/sh\necho {folder}\n")
    (here / "two" / "tool").chmod(0o755)
    path = f"{here}/one:{here}/two"
    assert open_rig.run("account-a", "--", "tool", env={"PATH": path}).out == "two\n"
    assert open_rig.run("account-a", "--", "tool", env={"PATH": ":/bin"}, cwd=here / "two").out == "two\n"
    assert open_rig.run("account-a", "--", "echo", "ok", env={"PATH": None}).out == "ok\n"


# The caller's own files


def test_each_call_reads_its_callers_files(open_rig: Rig) -> None:
    """One agent serves callers with different AWS files, named relatively, with `~` or with a variable."""
    text = open_rig.sim.world.config_text(open_rig.sim.url).replace("account-a", "elsewhere")
    folder = open_rig.write("home/project/aws.cfg", text).parent
    for named in ("aws.cfg", "~/project/aws.cfg", "$HOME/project/aws.cfg", str(folder / "aws.cfg")):
        done = open_rig.run("elsewhere", "--", "true", cwd=folder, env={"AWS_CONFIG_FILE": named})
        assert done.status == 0, (named, done.err)
    assert open_rig.run("elsewhere", "--", "true").status == 125
    assert open_rig.run("account-a", "--", "true", env={"AWS_CONFIG_FILE": ""}).status == 0
    shared = open_rig.write("shared", "[foreign]\naws_access_key_id = AKIA\naws_secret_access_key = x\n")
    listed = open_rig.run("list", "--json", env={"AWS_SHARED_CREDENTIALS_FILE": str(shared)})
    assert "foreign" in {profile["name"] for profile in listed.json}
    assert "foreign" not in {profile["name"] for profile in open_rig.run("list", "--json").json}


def test_a_folder_that_is_gone_is_no_trouble(open_rig: Rig) -> None:
    """A run from a deleted folder works; a relative file name there is a sentence."""
    line = 'mkdir gone; cd gone; rmdir ../gone; "$@"'
    for more, status in ({}, 0), ({"AWS_CONFIG_FILE": "relative"}, 125):
        done = subprocess.run(
            ["sh", "-c", line, "sh", *COMMAND, "account-a", "--", "/bin/true"],
            env=open_rig.environment(more),
            cwd=open_rig.desk.folder,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr


def test_an_agent_forgets_the_shell_that_started_it(rig: Rig) -> None:
    """An agent started from a project's shell serves others from their own files, and with none of its variables."""
    other = rig.write("other", rig.sim.world.config_text(rig.sim.url).replace("account-a", "elsewhere"))
    shell = {**FOREIGN, "AWS_CONFIG_FILE": str(other), "TRAYEXEC_PROFILE": "outer"}
    rig.answer_by_itself()
    assert rig.run("elsewhere", "--", "true", env=shell).status == 0
    assert rig.run("elsewhere", "--", "true").status == 125
    assert rig.run("account-a", "--", "true").status == 0
    held = Path(f"/proc/{rig.agent_pid}/environ").read_bytes().split(b"\0") if os.geteuid() == 0 else []
    assert not [one for one in held if one.split(b"=")[0].decode() in {*shell}]


@pytest.mark.parametrize("name", ["-x", "--", "@home", "*"])
def test_a_name_that_looks_like_something_else_is_given_with_profile(open_rig: Rig, name: str) -> None:
    """`--profile` takes the next word for a name, whatever it looks like: in every kind of run and for every verb."""
    text = open_rig.sim.world.config_text(open_rig.sim.url).replace("[profile account-b]", f"[profile '{name}']")
    named = {"AWS_CONFIG_FILE": str(open_rig.write("odd", text))}
    for mode in ([], ["--live"], ["--server"], ["--keep-going", "--output=grouped"]):
        for option in ([f"--profile={name}"], ["--profile", name])[: 1 if name == "--" else 2]:
            done = open_rig.run(*mode, *option, "--", "printenv", "TRAYEXEC_PROFILE", env=named)
            assert (done.status, done.out.splitlines()[-1]) == (0, name), done.err
    for words in (["env", "--format", "json"], ["why", "--json"], ["credential-process"]):
        done = open_rig.run(*words, f"--profile={name}", env=named)
        assert (done.status, done.err) == (0, "")
    for words in (["why"], ["env", "account-a", "--profile=b"], ["status", "--profile=b"], ["why", "--profile"]):
        assert open_rig.run(*words).status == 2


def test_two_that_are_given_with_profile_are_two(open_rig: Rig) -> None:
    """The command runs for both, not for the last alone."""
    done = open_rig.run("--profile=account-a", "--profile=account-b", "--", "printenv", "TRAYEXEC_PROFILE")
    assert sorted(done.out.splitlines()) == ["[account-a] account-a", "[account-b] account-b"]


def test_a_name_that_is_empty_or_hostile_is_said_as_what_it_is(open_rig: Rig) -> None:
    """`trayexec "$UNSET" -- cmd` names the cause; escape sequences in a name never reach the terminal."""
    for before, after in (
        *(((*mode, name), ("--", "true")) for mode in ((), ("--live",), ("--server",)) for name in ("",)),
        *(((verb, ""), ()) for verb in ("env", "why", "console", "credential-process", "shell")),
        (("hook", "sh", ""), ()),
    ):
        done = open_rig.run(*before, *after)
        assert (done.status, done.out) == (125, ""), before
        assert done.err.startswith("trayexec: The name of the profile is empty.\n"), before
    for words in (["env"], ["why"], ["console"], ["credential-process"], ["hook", "sh"]):
        done = open_rig.run(*words, "a\n\x1b[31mb")
        assert done.status == 125
        assert "\x1b" not in done.err
        assert r"There is no profile a\n\x1b[31mb in" in done.err


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\n", b"[]\n", b'{"v":1}\n', b'{"v":1,"ok":null}\n', b'{"v":1,"ok":{}}\n', b'{"v":1,"error":5}\n'],
)
def test_an_agent_that_answers_something_else_is_said_to_do_so(bare: Rig, answer: bytes) -> None:
    """One of another version, or none at all: no command fails inside, nothing is run, nothing printed."""
    path = bare.desk.home("run/other.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                with caller, contextlib.suppress(OSError):
                    caller.recv(65536)
                    caller.sendall(answer)

        agent = threading.Thread(target=serve)
        agent.start()
        for words in (
            ["account-a", "--", "echo", "ran"],
            ["--live", "account-a", "--", "echo", "ran"],
            ["--live", "--", "echo", "ran"],
            ["--server", "account-a", "--", "echo", "ran"],
            *(["credential-process", "account-a"], ["env", "account-a"], ["hook", "bash"], ["hook", "sh"], ["status"]),
        ):
            done = bare.run(*words, env={"TRAYEXEC_SOCKET": str(path)})
            assert (done.status, done.out) == (125, ""), words
            assert "The agent" in done.err, words
        listener.shutdown(socket.SHUT_RDWR)
        agent.join(20)
