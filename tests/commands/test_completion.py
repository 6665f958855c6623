"""`completion`: what may stand on a line is offered, and real shells offer it to who presses Tab."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.desktop import program
from support.rig import COMMAND, Rig, Terminal
from trayexec.adapters.aws_files import files_of_this_user
from trayexec.commands.completion import FILES, Names, candidates, names
from trayexec.commands.options import AGENT, BY_THEMSELVES, RUN, TOP

TRAYEXEC = shlex.join(COMMAND)
NAMES = Names(
    profiles=(("account-a", "222222222222"), ("account-b", "333333333333")),
    unusable=(("broken", "no such source"),),
    identities=(("default", "111111111111"),),
    sign_ins=(("corp", "IAM Identity Center"),),
    groups=(("@all", "account-*"),),
    regions=("eu-west-1",),
)


def offered(line: str) -> list[str]:
    """What is offered at the end of this line; `/` stands for names of files."""
    return ["/" if what is FILES else word for word, what in candidates(line.split(" "), lambda: NAMES)]


STARTS = [*AGENT.word.choices] if AGENT.word is not None else []
VERBS = [one.name for one in (*TOP.verbs, *BY_THEMSELVES)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", [*VERBS, "account-a", "account-b", "@all"]),
        ("acc", [*VERBS, "account-a", "account-b", "@all"]),
        ("account-a ", ["--"]),
        ("account-a acc", ["account-a", "account-b", "@all"]),
        ("--live ", ["--", "account-a", "account-b", "@all"]),
        ("--region ", ["eu-west-1"]),
        ("--region=", ["--region=eu-west-1"]),
        ("--profile ", ["account-a", "account-b"]),
        ("account-a --source ", ["account-a", "account-b"]),
        ("--except ", ["account-a", "account-b", "@all"]),
        ("a* --output ", ["prefix", "grouped", "json", "dir="]),
        ("a* --output dir=", ["/"]),
        ("a* --output=dir=x", ["/"]),
        ("--policy ", ["/"]),
        ("--wait ", []),
        ("keys ", ["add", "import", "list", "rotate", "remove"]),
        ("keys rotate ", ["default", "corp"]),
        ("keys import account-a ", ["account-b"]),
        ("auth ", ["default", "corp"]),
        ("lock d", ["default", "corp"]),
        ("env ", ["account-a", "account-b"]),
        ("env account-a --format ", ["sh", "fish", "pwsh", "dotenv", "json", "ini"]),
        ("env --format=", [f"--format={one}" for one in ("sh", "fish", "pwsh", "dotenv", "json", "ini")]),
        ("why ", ["account-a", "account-b", "broken"]),
        ("agent ", STARTS),
        ("agent st", STARTS),
        ("agent start ", ["--headless", "--help"]),
        ("hook ", ["bash", "zsh", "fish", "direnv"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("help ", [*VERBS, "run", "all"]),
        ("help nothing ", []),
        ("help keys nothing ", []),
        ("help keys ", ["add", "import", "list", "rotate", "remove"]),
        ("setup --from ", ["/"]),
        ("status ", ["--json", "--format", "--help"]),
        ("status --json ", ["--format", "--help"]),
        ("status -", ["--json", "--format", "--help"]),
        ("status --json -", ["--format", "--help"]),
    ],
)
def test_what_may_stand_there_is_offered(line: str, expected: list[str]) -> None:
    """By the table of verbs and options, and the names that there are; what begins otherwise the shell leaves out."""
    assert offered(line) == expected


def test_options_of_a_run_are_offered_with_the_end_of_the_words() -> None:
    """Each that is for people, and `--` first; of those that count once, none that is there."""
    every = {name for one in RUN.options for name in one.names}
    found = offered("account-a -")
    assert found[0] == "--"
    assert every <= {*found}
    assert "--jobs" not in offered("--jobs 5 account-a -")
    assert "--except" in offered("--except b a* -")
    assert {"--help", "--version"} <= {*offered("-")}


WORDS = st.sampled_from([*VERBS, "--", "-", "--wait", "--format=", "add", "account-a", "@", "a b", "", "--profile"])


@given(st.lists(WORDS | st.text(max_size=4), min_size=1, max_size=5))
def test_no_line_makes_it_stumble(words: list[str]) -> None:
    """Whatever is typed: words that a shell can read, one a line."""
    for word, _ in candidates(words, lambda: NAMES):
        assert "\n" not in word


CONFIG = """\
[default]
region = eu-west-1
mfa_serial = arn:aws:iam::111111111111:mfa/alice
[profile "in quotes"]
role_arn = arn:aws:iam::222222222222:role/Deploy
source_profile = default
s3 =
  max_concurrent_requests = 20
[profile bound-by-a-sign-in]
sso_session = corp
sso_account_id = 333333333333
sso_role_name = Deploy
region = us-east-1
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
[services local]
sts =
  endpoint_url = http://127.0.0.1:1
[profile nested]
include_profile = default
role_arn = arn:aws:iam::444444444444:role/Deploy
source_profile = default
[profile broken]
role_arn = nonsense
source_profile = nobody
"""
SHARED = "[default]\naws_access_key_id = A\naws_secret_access_key = B\n[only-here]\nregion = eu-west-3\n"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user with odd AWS files, and without an agent."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(CONFIG)
    (tmp_path / ".aws/credentials").write_text(SHARED)
    settings = tmp_path / ".config/trayexec/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('[groups]\nall = ["in *", "nested"]\n')
    return {"HOME": str(tmp_path), "TRAYEXEC_SOCKET": f"{tmp_path}/nobody", "PATH": os.environ["PATH"]}


def test_without_an_agent_the_files_have_the_names(home: dict[str, str]) -> None:
    """As those who judge them find them: profiles of both files however they are written, regions, identities."""
    found, catalogue = names(home), files_of_this_user(home).load()
    assert {name for name, _ in found.profiles} == {*catalogue.profiles}
    accounts = dict(found.profiles)
    assert accounts["in quotes"] == "222222222222"
    assert accounts["bound-by-a-sign-in"] == "333333333333"
    assert set(found.regions) == {"eu-west-1", "us-east-1", "eu-west-3"}
    assert [name for name, _ in found.identities] == [one.name for one in catalogue.identities] == ["default"]
    assert [name for name, _ in found.sign_ins] == [one.name for one in catalogue.sign_ins] == ["corp"]
    assert dict(found.groups) == {"@all": "in * nested"}


@pytest.mark.parametrize("name", [".aws/config", ".config/trayexec/config.toml"])
def test_what_cannot_be_read_has_no_names(home: dict[str, str], name: str) -> None:
    """A Tab says nothing of it; the command that follows does."""
    (Path(home["HOME"]) / name).write_text("[broken\n")
    found = names(home)
    assert not (found.groups if "toml" in name else (*found.profiles, *found.identities, *found.regions))


def test_a_tab_loads_what_it_needs(home: dict[str, str]) -> None:
    """Names of profiles without an agent: neither botocore nor what judges profiles, which takes twice as long."""
    code = (
        "import os, sys; from trayexec.commands.completion import names; assert names(os.environ).profiles; "
        "print(*[one for one in sys.modules if one.startswith(('botocore', 'tomllib', 'trayexec.core.'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=home, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert not {one for one in loaded if one.startswith(("botocore", "tomllib"))}
    assert not {"trayexec.core.settings", "trayexec.core.config.resolve"} & {*loaded}


# In real shells

READY = "ready>"  # what a shell that waits for words shows
SHOWN = 'trayexec() {{ printf "%s|" said "$@"; }}\n'  # what stands on the line comes out, in place of what it would do
START = {  # the file that it reads first, and how it is started
    "bash": (
        ".bashrc",
        f"PS1='{READY} '\n{SHOWN}eval \"$({{us}} {{verb}} bash)\"\n",
        ["bash", "--rcfile", "{file}", "-i"],
    ),
    "zsh": (
        ".zshrc",
        f"PS1='{READY} '\n{SHOWN}autoload -Uz compinit\ncompinit -u -D\neval \"$({{us}} {{verb}} zsh)\"\n",
        ["zsh", "-d", "-i"],
    ),
    "fish": (
        "first.fish",
        (
            f"function fish_prompt\n echo -n '{READY} '\nend\nfunction fish_greeting\nend\n"
            "function trayexec\n printf '%s|' said $argv\nend\n{us} {verb} fish | source\n"
        ),
        ["fish", "--no-config", "-C", "source {file}", "-i"],
    ),
}
TYPED = (  # what is typed, and what stands on the line then
    ("acc\t", "account-"),
    ("statu\t", "status"),
    ("@al\t", "@all"),
    ("account-a \t", "account-a|--"),
    ("--except=@al\t", "--except=@all"),
    ("env account-a --format=dot\t", "env|account-a|--format=dotenv"),
    ("account-a --retr\t", "account-a|--retry-failed"),
    ("keys rot\t", "keys|rotate"),
    ("lock defa\t", "lock|default"),
    ("account-a -- printen\t", "account-a|--|printenv"),
)


def waiting(rig: Rig, shell: str, verb: str) -> Terminal:
    """A shell on a terminal, which has taken the code that a verb prints."""
    name, first, argv = START[shell]
    file = rig.write(f"home/{name}", first.format(us=TRAYEXEC, verb=verb))
    argv = [program(argv[0]), *(one.format(file=file) for one in argv[1:])]
    terminal = rig.terminal_for(argv, env={"TERM": "xterm", "ZDOTDIR": str(file.parent)})
    terminal.resize(120, 40)
    terminal.wait_for(READY, seconds=90)
    return terminal


@pytest.mark.parametrize("verb", ["completion", "hook"])
@pytest.mark.parametrize("shell", list(START))
def test_a_shell_completes_what_is_typed(rig: Rig, shell: str, verb: str) -> None:
    """With the hook, and without; no agent is needed for it."""
    rig.settings('[groups]\nall = ["account-*"]\n')
    terminal = waiting(rig, shell, verb)
    for keys, line in TYPED:
        terminal.type(f"trayexec {keys}\n")
        terminal.wait_for(rf"said\|{re.escape(line)}\|", seconds=90)
        terminal.wait_for(READY, seconds=90)
    assert not rig.agent_pid
