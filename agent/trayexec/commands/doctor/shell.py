"""Checks of the shell that doctor was called from. Pure."""

from collections.abc import Iterator, Mapping

from trayexec.commands.doctor.facts import Facts
from trayexec.commands.doctor.finding import Finding, good, note, problem
from trayexec.core import messages
from trayexec.core.config import foreign_settings
from trayexec.core.config.identities import NO_IDENTITY
from trayexec.core.config.profiles import Unserved
from trayexec.core.shell_words import argument, profile
from trayexec.light import caller_variables
from trayexec.light.errors import Text, Trouble, shown
from trayexec.live import overlay_origin

SHELL = Text("shell")


def runs_inside(facts: Facts) -> str:
    """The profile of the plain run that this shell is in, if it is in one."""
    environ = facts.environ
    return environ.get("TRAYEXEC_PROFILE", "") if environ.get("AWS_CREDENTIAL_EXPIRATION") else ""


def run_around(facts: Facts) -> Iterator[Finding]:
    """A shell that was started with fixed credentials cannot switch."""
    if name := runs_inside(facts):
        yield note(
            "shell_run",
            SHELL,
            Text(
                "this shell runs under `trayexec {profile} -- …`: its keys beat AWS_PROFILE in most SDKs",
                profile=profile(name),
            ),
            Text("To switch with AWS_PROFILE inside: `trayexec shell {profile}`", profile=argument(name)),
        )


def foreign_variables(facts: Facts) -> Iterator[Finding]:
    """Nothing in the shell chooses other credentials behind our back."""
    if runs_inside(facts) or overlay_origin.left_over(facts.environ):
        return
    stray = [name for name in caller_variables.in_the_way(facts.environ) if not _is_ours(name, facts.environ)]
    if stray:
        yield problem(
            "foreign_variables",
            SHELL,
            Text("{names} would be used instead of a profile", names=" ".join(stray)),
            Text("`unset {names}`", names=" ".join(stray)),
        )


def _is_ours(name: str, environ: Mapping[str, str]) -> bool:
    """Whether it leads to an overlay of ours, or names the same profile once more (as oh-my-zsh's `asp` does)."""
    chosen = next((environ[one] for one in caller_variables.CHOICE if environ.get(one)), None)
    if name.endswith("_PROFILE") and environ[name] == chosen:
        return True
    return name == "AWS_CREDENTIAL_PROFILES_FILE" and overlay_origin.OWN["AWS_CONFIG_FILE"] in environ


def profile_variables(facts: Facts) -> Iterator[Finding]:
    """AWS_PROFILE and AWS_DEFAULT_PROFILE name one profile, which is there and can be used."""
    if runs_inside(facts):
        return
    named = {name: facts.environ[name] for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if facts.environ.get(name)}
    if len(set(named.values())) > 1:
        yield problem(
            "profile_variables",
            SHELL,
            Text(
                "AWS_PROFILE is {a} and AWS_DEFAULT_PROFILE is {b}: SDKs differ in which they use",
                a=shown(named["AWS_PROFILE"]),
                b=shown(named["AWS_DEFAULT_PROFILE"]),
            ),
            Text("`unset AWS_DEFAULT_PROFILE`"),
        )
    if isinstance(facts.read, Trouble):
        return
    for variable, name in named.items():
        found = facts.read.catalogue.profiles.get(name)
        if found is None:
            what = messages.unknown_profile(name, facts.read.catalogue)
            yield problem(
                "profile_variable",
                SHELL,
                Text(
                    "{variable} names {profile}, and there is no such profile", variable=variable, profile=shown(name)
                ),
                Text("{hint} Or: `unset {variable}`", hint=what.hint, variable=variable),
            )
        elif isinstance(found, Unserved) and found.problem.code not in {"profile_unsupported", *NO_IDENTITY}:
            yield problem(
                "profile_variable",
                SHELL,
                Text(
                    "{variable} names a profile that has a problem. {why}",
                    variable=variable,
                    why=found.problem.title,
                ),
                found.problem.hint,
            )


def other_tools(facts: Facts) -> Iterator[Finding]:
    """Variables that other credential tools go by, and we do not."""
    for one in foreign_settings.in_environment(facts.environ):
        yield note("other_tool", SHELL, one)


def hook(facts: Facts) -> Iterator[Finding]:
    """Whether AWS_PROFILE is ours in this shell."""
    if runs_inside(facts):
        return
    if facts.environ.get(overlay_origin.OWN["AWS_CONFIG_FILE"]):
        yield good("hook", SHELL, Text("AWS_PROFILE reaches every profile in this shell that can be used"))
    else:
        yield note(
            "hook_absent",
            SHELL,
            Text("AWS_PROFILE is not ours here"),
            Text('`trayexec shell`, or `eval "$(trayexec hook bash)"` in ~/.bashrc, makes it so'),
        )
