"""`hook`: the shell that a person has already, made to know every profile. Real bash, zsh, fish and direnv."""

import shlex
import subprocess
from pathlib import Path

import pytest

from support.awscli import CLI_1
from support.desktop import program
from support.rig import COMMAND, Done, Rig

TRAYEXEC = shlex.join(COMMAND)
WHO = shlex.join([CLI_1, "sts", "get-caller-identity", "--query", "Account", "--output", "text"])
# How each shell is started without a person's own files, and how it takes the hook.
SHELLS = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"], "fish": ["fish", "--no-config", "-c"]}
TAKE = {
    "bash": f'eval "$({TRAYEXEC} hook bash)"',
    "zsh": f'eval "$({TRAYEXEC} hook zsh)"',
    "fish": f"{TRAYEXEC} hook fish | source",
}
ALL = pytest.mark.parametrize("shell", list(SHELLS))


def run(rig: Rig, shell: str, script: str, **env: str) -> Done:
    """A script of that shell."""
    argv = [program(SHELLS[shell][0]), *SHELLS[shell][1:], script]
    done = subprocess.run(
        argv,
        env=rig.environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr, 0.0)


@ALL
def test_the_original_shell_knows_every_profile(open_rig: Rig, shell: str) -> None:
    """After the hook, `AWS_PROFILE=account-a aws …` is that account; nothing else of the shell's AWS is touched."""
    assign = "env AWS_PROFILE="
    done = run(
        open_rig,
        shell,
        f"{TAKE[shell]}; {assign}account-a {WHO}; {assign}account-b {WHO}; echo $AWS_REGION-",
        AWS_REGION="eu-west-1",
    )
    assert done.out.split() == ["222222222222", "333333333333", "eu-west-1-"], done.err


@ALL
def test_two_hooks_are_one(open_rig: Rig, shell: str) -> None:
    """A hook within a hook changes nothing, nor does the one that is left in the state folder."""
    left = open_rig.desk.home(f"home/.local/state/trayexec/hook.{shell}")
    show = "env | sort | grep -E '^(AWS|TRAYEXEC)_'"
    once = run(open_rig, shell, f"{TAKE[shell]}; {show}")
    assert "AWS_CONFIG_FILE" in once.out, once.err
    again = f"{SHELLS[shell][0]} {'--no-config' if shell == 'fish' else '-f' if shell == 'zsh' else '--norc'} -c"
    twice = run(open_rig, shell, f"{TAKE[shell]}; {again} {shlex.quote(f'{TAKE[shell]}; . {left}; {show}')}")
    assert twice.out == once.out, twice.err
    assert run(open_rig, shell, f". {left}; {show}").out == once.out


@ALL
def test_a_shell_of_the_server_stays_its_own(open_rig: Rig, shell: str) -> None:
    """Under `--server account-b` a shell with the hook is account-b, not `[default]`; AWS_PROFILE chooses."""
    left = open_rig.desk.home(f"home/.local/state/trayexec/hook.{shell}")
    assert run(open_rig, shell, TAKE[shell]).status == 0
    for take in (TAKE[shell], f". {left}"):
        script = f"{take}; {WHO}; env AWS_PROFILE=account-a {WHO}"
        done = open_rig.run("--server", "account-b", "--", *SHELLS[shell], script)
        assert done.out.split() == ["333333333333", "222222222222"], done.err


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_hook_of_an_install_that_is_gone_is_made_anew(bare: Rig, shell: str) -> None:
    """The line of the README: where the program has moved, the next shell makes a hook and an overlay anew."""
    left = bare.desk.home(f"home/.local/state/trayexec/hook.{shell}")
    line = f'. {left} 2>/dev/null || {TAKE[shell]}; cat "$AWS_CONFIG_FILE"'
    fresh = run(bare, shell, line)
    assert "[profile account-a]" in fresh.out, fresh.err
    config = next(left.parent.glob("live/*/config"))
    ours = str(Path(COMMAND[0]).with_name("trayexec"))
    for file in (left, config, *config.parent.glob("base-*"), config.with_name("origin")):
        file.write_text(file.read_text().replace(ours, "/gone/trayexec"))
    assert "/gone/trayexec" in config.read_text()
    again = run(bare, shell, line)
    assert again.out == fresh.out, again.err
    assert "/gone" not in left.read_text()


@ALL
def test_a_users_own_config_file_is_followed(open_rig: Rig, shell: str) -> None:
    """Where AWS_CONFIG_FILE is set already, that file's profiles are the ones; also by way of the hook left behind."""
    text = open_rig.sim.world.config_text(open_rig.sim.url).replace("account-a", "project")
    own = str(open_rig.write("project/config", text))
    left = open_rig.desk.home(f"home/.local/state/trayexec/hook.{shell}")
    assert run(open_rig, shell, TAKE[shell]).status == 0
    for take in (TAKE[shell], f". {left}"):
        done = run(open_rig, shell, f"{take}; env AWS_PROFILE=project {WHO}", AWS_CONFIG_FILE=own)
        assert done.out == "222222222222\n", done.err


@ALL
def test_without_an_agent_the_hook_starts_none(bare: Rig, shell: str) -> None:
    """A shell's start makes the overlay by itself and leaves no agent behind; a second one finds what is there."""
    for _ in range(2):
        done = run(bare, shell, f'{TAKE[shell]}; cat "$AWS_CONFIG_FILE"')
        assert "[profile account-a]" in done.out, done.err
        assert not bare.agent_pid
    assert f"hook.{shell}" in {file.name for file in bare.desk.home("home/.local/state/trayexec").iterdir()}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("'a\\ '", "a\\ b\n"),  # what readline hands over is as it was typed, quotes and all
        ("'\"a '", "a b\n"),
        ('"\'a "', "a b\n"),
        ("'back\\\\'", "back\\\\slash\n"),
        ("'\\$'", "\\$\\(x\\)\n"),
    ],
)
def test_bash_completes_quoted_words(bare: Rig, typed: str, offered: str) -> None:
    """Names with blanks and the like are completed within quotes and behind backslashes, in the same way."""
    text = "".join(
        f"\n[profile {shlex.quote(name)}]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = default\n"
        for name in ("a b", "back\\slash", "$(x)")
    )
    bare.config(bare.sim.world.config_text(bare.sim.url) + text)
    ask = f"{TAKE['bash']}; COMP_WORDS=(trayexec {typed}) COMP_CWORD=1; _trayexec; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    assert run(bare, "bash", ask).out == offered


@pytest.mark.parametrize("options", ["-u", "-e", "-o ksharrays", "-o noglob", "-o errreturn"])
def test_zsh_takes_the_hook_under_any_options(open_rig: Rig, options: str) -> None:
    """No complaint, and the functions that others run at the prompt stay."""
    hook = f"precmd_functions=(one two); {TAKE['zsh']}; {TAKE['zsh']}"
    prompt = 'for f in "${precmd_functions[@]}"; do $f; done; print -r -- "${precmd_functions[@]}" $AWS_SDK_LOAD_CONFIG'
    for script in (f"one() {{ : }}; two() {{ : }}; {hook}; {prompt}", f"{TAKE['zsh']}; print one two 1"):
        done = run(open_rig, "zsh", f"set {options}; {script}")
        assert (done.out, done.err) == ("one two 1\n", "")


def test_zsh_completion_is_registered_when_the_prompt_comes(open_rig: Rig) -> None:
    """With compinit after the hook, as in many a ~/.zshrc, the completion is there at the first prompt."""
    prompt = "for f in $precmd_functions; do $f; done; print $_comps[trayexec] $#precmd_functions"
    script = f"{TAKE['zsh']}; autoload -Uz compinit; compinit -D -u; {prompt}"
    assert run(open_rig, "zsh", script).out.split() == ["_trayexec", "0"]


def test_direnv_uses_a_profile(open_rig: Rig) -> None:
    """`use trayexec account-a` in an .envrc: inside the folder it is account-a, outside nothing is left of it."""
    home = open_rig.desk.home("home")
    open_rig.write("home/.config/direnv/direnvrc", f'eval "$({TRAYEXEC} hook direnv)"\n')
    open_rig.write("home/project/.envrc", "use trayexec account-a\n")
    open_rig.write("home/unknown/.envrc", "use trayexec account-z\n")
    direnv = program("direnv")
    script = (
        f"cd {home}/project && {direnv} allow . && {direnv} exec . {WHO}"
        f" && {direnv} exec . env AWS_PROFILE=account-b {WHO}"
        f" && {direnv} exec . sh -c 'echo $TRAYEXEC_PROFILE $AWS_ACCESS_KEY_ID.'"
        f'; eval "$({direnv} export bash)"; echo in ${{AWS_PROFILE-none}}; cd ..'
        f'; eval "$({direnv} export bash)"; echo out ${{AWS_PROFILE-none}} ${{AWS_CONFIG_FILE-none}}'
        f"; cd {home}/unknown && {direnv} allow . && {direnv} exec . echo ran"
    )
    done = run(open_rig, "bash", script, AWS_ACCESS_KEY_ID="foreign", AWS_DEFAULT_PROFILE="foreign")
    assert done.out.splitlines() == ["222222222222", "333333333333", "account-a .", "in account-a", "out none none"], (
        done.err
    )
    assert "account-z" in done.err


@pytest.mark.parametrize("outer", [(), ("--server",)], ids=["env", "server"])
def test_direnv_forgets_the_run_it_is_in(open_rig: Rig, outer: tuple[str, ...]) -> None:
    """In a shell that is account-b an .envrc makes it account-a: with the region of that one, and no other way to b."""
    open_rig.write("home/.config/direnv/direnvrc", f'eval "$({TRAYEXEC} hook direnv)"\n')
    open_rig.write("home/project/.envrc", "use trayexec account-a\n")
    project, direnv = open_rig.desk.home("home/project"), program("direnv")
    script = f"cd {project} && {direnv} allow . && {direnv} exec . {WHO} && {direnv} exec . env"
    done = open_rig.run(*outer, "--region", "eu-west-3", "account-b", "--", "sh", "-c", script)
    assert done.out.startswith("222222222222\n"), done.err
    assert "AWS_PROFILE=account-a\n" in done.out
    assert "REGION=eu-west-3" not in done.out
    assert "AWS_CONTAINER" not in done.out


def test_the_hook_wants_a_shell_it_knows(open_rig: Rig) -> None:
    """Another word is usage, and nothing is printed that a shell could run."""
    for words in ([], ["tcsh"], ["bash", "more"]):
        done = open_rig.run("hook", *words)
        assert (done.status, done.out) == (2, "")
        assert "hook bash" in done.err


def test_what_shells_run_is_the_users_alone(bare: Rig) -> None:
    """The code that the hook leaves for the next shell is 0600, whatever the umask."""
    for umask in ("000", "777"):
        done = run(bare, "bash", f"umask {umask}; {TRAYEXEC} hook bash > /dev/null")
        assert (done.status, done.err) == (0, "")
        left = bare.desk.home("home/.local/state/trayexec/hook.bash")
        assert left.stat().st_mode & 0o777 == 0o600
        left.unlink()


@pytest.mark.parametrize("open_to_others", ["folder", "file"])
def test_what_shells_run_is_closed_to_others_again(bare: Rig, open_to_others: str) -> None:
    """Where it says the right thing already but others could change it, it is written anew in a folder of ours."""
    assert bare.run("hook", "bash").status == 0
    left = bare.desk.home("home/.local/state/trayexec/hook.bash")
    said = left.read_bytes()
    other = left if open_to_others == "file" else left.parent
    other.chmod(0o777)

    assert bare.run("hook", "bash").status == 0

    assert not other.stat().st_mode & 0o022
    assert left.read_bytes() == said


@ALL
def test_a_home_may_have_any_name(bare: Rig, shell: str) -> None:
    """Blanks, quotes, and bytes that are no UTF-8, in the paths that shells are to use; the second time, too."""
    home = bare.desk.home("a 'b\" $(c) \udcff")
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text(bare.sim.world.config_text(bare.sim.url))
    odd = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "TRAYEXEC_NO_AUTOSTART": "1"}
    for _ in range(2):
        done = run(bare, shell, f'{TAKE[shell]}; cat "$AWS_CONFIG_FILE"', **odd)
        assert "[profile account-a]" in done.out
        assert not done.err


@ALL
def test_variables_that_win_are_named(open_rig: Rig, shell: str) -> None:
    """A hook cannot remove what would win over AWS_PROFILE: it names it on stderr, but not within a run of ours."""
    stale = {"AWS_ACCESS_KEY": "AKIAOLD", "AWS_SECRET_KEY": "x", "AWS_BEARER_TOKEN_BEDROCK": "x"}
    left = open_rig.desk.home(f"home/.local/state/trayexec/hook.{shell}")
    assert run(open_rig, shell, TAKE[shell]).err == ""
    for take in (TAKE[shell], f". {left}"):
        done = run(open_rig, shell, take, **stale)
        (line,) = done.err.splitlines()
        assert line.endswith(": AWS_ACCESS_KEY AWS_BEARER_TOKEN_BEDROCK AWS_SECRET_KEY")
        assert run(open_rig, shell, take, AWS_PROFILE="account-a", AWS_VAULT="x").err == ""
        assert open_rig.run("account-a", "--", *SHELLS[shell], take).err == ""
