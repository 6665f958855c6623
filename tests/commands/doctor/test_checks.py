"""Each check of `doctor`: a broken state yields its finding, a healthy machine none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from trayexec.adapters import stored_keys
from trayexec.adapters.autostart import LoginEntry, StartAtLogin
from trayexec.adapters.aws_files import AwsFiles
from trayexec.adapters.desktop_parts import DesktopParts
from trayexec.adapters.sts import KeyCheck, Route
from trayexec.commands.doctor import checks
from trayexec.commands.doctor.facts import Agent, Asked, Facts, Here, Other
from trayexec.commands.doctor.finding import Finding, Grade
from trayexec.core.config.profiles import StsEndpoint
from trayexec.core.config.surroundings import Surroundings
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.settings import Command, IdentityRule, Settings
from trayexec.core.shell_words import word
from trayexec.light.errors import Text, Trouble, trouble
from trayexec.live.carry_home import parsed
from trayexec.live.without_agent import FilesHere

SERIAL = "arn:aws:iam::111111111111:mfa/alice"
CONFIG = f"[default]\nregion = eu-west-1\nmfa_serial = {SERIAL}\n"
ROLE = "[profile prod]\nrole_arn = arn:aws:iam::444444444444:role/Admin\nsource_profile = default\n"
PAIR = "aws_access_key_id = AKIAEXAMPLE000000001\naws_secret_access_key = x\n"
KEYS = LongTermKeys("AKIAEXAMPLE000000001", Secret("s" * 40))
HERE = StsEndpoint("eu-west-1")
PLACE = Route("sts.eu-west-1.amazonaws.com", None)
AGENT = Agent("1.0", 7, "StatusNotifierItem", "zenity")
NOWHERE = Here(display=False, terminal=False)
HOOKED = {"TRAYEXEC_CONFIG_FILE": "/home/me/.aws/config"}

FOREIGN = "arn:aws:iam::999999999999:mfa/phone"
PRINTED = Settings(identities={"default": IdentityRule(keys=Command(("op", "item")))})

MISSING = trouble("keys_missing", "No keys.", "Store them.")
OFF = trouble("sts_unreachable", "It cannot be reached.", "Check the network.")


@dataclass(frozen=True, slots=True)
class Files:
    """A folder to put AWS files into, to be read as doctor reads them."""

    folder: Path

    def read(self, config: str | None, shared: str = "", known: str = "") -> FilesHere:
        """What these two files lead to, None for one that is not there; `known` is whose keys `default` has."""
        paths = (str(self.folder / "config"), str(self.folder / "credentials"))
        Path(paths[0]).unlink(missing_ok=True)
        if config is not None:
            Path(paths[0]).write_text(config)
        Path(paths[1]).write_text(shared)
        stored = str(self.folder / "stored.json")
        if known:
            stored_keys.note(stored, "default", known)
        catalogue = AwsFiles({}, session_name="trayexec-me", stored=stored).load(Surroundings(*paths))
        return FilesHere(paths, (parsed(Path(paths[0])), parsed(Path(paths[1]))), catalogue)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder of the test's own."""
    return Files(tmp_path)


def healthy(files: Files) -> Facts:
    """A machine with nothing wrong: agent, dialog, keys, AWS, a shell with the hook."""
    return Facts(
        version="1.0",
        environ=HOOKED,
        socket="/run/user/1000/trayexec/agent.sock",
        agent=AGENT,
        others=(),
        here=Here(display=True, terminal=True),
        settings_path="/home/me/.config/trayexec/config.toml",
        settings=Settings(),
        state_folder="/home/me/.local/state/trayexec",
        unfit=None,
        read=files.read(CONFIG + ROLE),
        keys={"default": KEYS},
        asked=(answered(),),
    )


def at_login(program: str, *more: LoginEntry, is_off: bool = False) -> StartAtLogin:
    """What is to start /bin/true at login starts this."""
    there = LoginEntry("/x/trayexec.desktop", "wanted", "found", (program, "agent"), is_off)
    return StartAtLogin(("/bin/true", "agent"), (there, *more))


def answered(arn: str = "arn:aws:iam::111111111111:user/alice", ahead: float | None = 0.4) -> Asked:
    """STS answered this."""
    return Asked("default", HERE, PLACE, KeyCheck(arn, ahead))


def refused(what: Trouble | None, way: Route = PLACE) -> Asked:
    """STS did not answer, or refused."""
    return Asked("default", HERE, way, what)


def shell(facts: Facts, **variables: str) -> Facts:
    """The same, called from a shell with these variables too."""
    return replace(facts, environ={**facts.environ, **variables})


Change = Callable[[Facts, Files], Facts]

# What is broken; the check that finds it; the finding's code and grade; a word that has to be in it.
BROKEN: Mapping[str, tuple[Change, str, str, Grade, str]] = {
    "the agent cannot be asked": (
        lambda facts, _: replace(facts, agent=trouble("agent_silent", "It is silent.", "Stop it.")),
        *("agent_runs", "agent_silent", Grade.PROBLEM, "silent"),
    ),
    "no agent runs yet": (
        lambda facts, _: replace(facts, agent=None),
        *("agent_runs", "agent_absent", Grade.NOTE, "first command"),
    ),
    "TRAYEXEC_SOCKET names nobody's": (
        lambda facts, _: shell(replace(facts, agent=None), TRAYEXEC_SOCKET="/tmp/x"),
        *("agent_runs", "agent_absent", Grade.PROBLEM, "unset TRAYEXEC_SOCKET"),
    ),
    "nobody may start one": (
        lambda facts, _: shell(replace(facts, agent=None), TRAYEXEC_NO_AUTOSTART="1"),
        *("agent_runs", "agent_absent", Grade.PROBLEM, "trayexec agent start"),
    ),
    "an agent of another version": (
        lambda facts, _: replace(facts, agent=replace(AGENT, version="0.9")),
        *("agent_runs", "agent_version", Grade.NOTE, "0.9"),
    ),
    "a second agent": (
        lambda facts, _: replace(facts, others=(Other("/home/me/.local/state/trayexec/agent.sock", 4711),)),
        *("one_agent", "agent_second", Grade.PROBLEM, "4711"),
    ),
    "an agent without a display": (
        lambda facts, _: replace(facts, agent=replace(AGENT, display=False), here=Here(display=True, terminal=True)),
        *("other_display", "agent_display", Grade.NOTE, "trayexec agent stop"),
    ),
    "an agent with another config.toml": (
        lambda facts, _: replace(facts, agent=replace(AGENT, settings="/elsewhere/trayexec/config.toml")),
        *("other_settings", "agent_settings", Grade.NOTE, "/elsewhere/trayexec/config.toml"),
    ),
    "what starts at login is gone": (
        lambda facts, _: replace(facts, autostart=at_login("/gone/trayexec")),
        *("start_at_login", "autostart_gone", Grade.PROBLEM, "/gone/trayexec"),
    ),
    "another one starts at login": (
        lambda facts, _: replace(facts, autostart=at_login("/bin/sh")),
        *("start_at_login", "autostart_other", Grade.NOTE, "/bin/sh"),
    ),
    "start at login is switched off": (
        lambda facts, _: replace(facts, autostart=at_login("/bin/true", is_off=True)),
        *("start_at_login", "autostart_switched_off", Grade.NOTE, "trayexec.desktop"),
    ),
    "start at login lacks an entry": (
        lambda facts, _: replace(facts, autostart=at_login("/bin/true", LoginEntry("/trayexec.service", ""))),
        *("start_at_login", "autostart_partly", Grade.NOTE, "/trayexec.service"),
    ),
    "what starts at login cannot be read": (
        lambda facts, _: replace(facts, autostart=trouble("file", "It cannot be read.", "Look at it.")),
        *("start_at_login", "file", Grade.PROBLEM, "cannot be read"),
    ),
    "no icon": (
        lambda facts, _: replace(facts, agent=replace(AGENT, tray="none")),
        *("icon", "tray_none", Grade.NOTE, "no icon"),
    ),
    "no place for an icon on GNOME": (
        lambda facts, _: replace(
            facts, agent=replace(AGENT, tray="none"), parts=DesktopParts(desktop="ubuntu:GNOME", icon=False)
        ),
        *("icon", "tray_none", Grade.NOTE, "gnome-shell-extension-appindicator"),
    ),
    "nobody shows notifications": (
        lambda facts, _: replace(facts, parts=DesktopParts(desktop="sway", notifications=False)),
        *("parts_of_desktop", "notifications_none", Grade.NOTE, "mako-notifier"),
    ),
    "no dialog program": (
        lambda facts, _: replace(facts, parts=DesktopParts(dialog=False)),
        *("parts_of_desktop", "dialog_none", Grade.NOTE, "python3-gi"),
    ),
    "nobody can be asked": (
        lambda facts, _: replace(facts, agent=replace(AGENT, prompt="terminal"), here=NOWHERE),
        *("way_to_ask", "prompt_nowhere", Grade.PROBLEM, "trayexec auth"),
    ),
    "nobody can be asked, before an agent runs": (
        lambda facts, _: replace(facts, agent=None, here=NOWHERE),
        *("way_to_ask", "prompt_nowhere", Grade.PROBLEM, "trayexec auth"),
    ),
    "nobody can be asked for the second of two": (
        lambda facts, files: replace(
            facts,
            agent=replace(AGENT, prompt="terminal", open=("default",)),
            here=NOWHERE,
            read=files.read(f"{CONFIG}[profile bob]\nmfa_serial = arn:aws:iam::222222222222:mfa/bob\n"),
            keys={"default": KEYS, "bob": KEYS},
        ),
        *("way_to_ask", "prompt_nowhere", Grade.PROBLEM, "trayexec auth bob"),
    ),
    "nobody can be asked later": (
        lambda facts, _: replace(facts, agent=replace(AGENT, prompt="terminal", open=("default",)), here=NOWHERE),
        *("way_to_ask", "prompt_nowhere", Grade.NOTE, "when the session ends"),
    ),
    "settings of an identity that is not there": (
        lambda facts, _: replace(facts, settings=Settings(identities={"defualt": IdentityRule()})),
        *("settings", "settings_identity", Grade.NOTE, "[identity.defualt]"),
    ),
    "settings with a mistake": (
        lambda facts, _: replace(facts, settings=trouble("settings", "Line 3 is wrong.", "Correct it.")),
        *("settings", "settings", Grade.PROBLEM, "Line 3"),
    ),
    "a full disk": (
        lambda facts, _: replace(facts, unfit="No space left on device"),
        *("state_folder", "state_folder", Grade.PROBLEM, "No space left"),
    ),
    "a shell under a plain run": (
        lambda facts, _: shell(facts, TRAYEXEC_PROFILE="prod", AWS_CREDENTIAL_EXPIRATION="2026-01-31T21:07:09Z"),
        *("run_around", "shell_run", Grade.NOTE, "trayexec shell prod"),
    ),
    "stray credentials": (
        lambda facts, _: shell(facts, AWS_ACCESS_KEY_ID="x", AWS_CONTAINER_CREDENTIALS_FULL_URI="y"),
        *("foreign_variables", "foreign_variables", Grade.PROBLEM, "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ),
    "two profile variables that differ": (
        lambda facts, _: shell(facts, AWS_PROFILE="prod", AWS_DEFAULT_PROFILE="default"),
        *("profile_variables", "profile_variables", Grade.PROBLEM, "AWS_DEFAULT_PROFILE"),
    ),
    "AWS_PROFILE of nothing": (
        lambda facts, _: shell(facts, AWS_PROFILE="prd"),
        *("profile_variables", "profile_variable", Grade.PROBLEM, "prod (444444444444)"),
    ),
    "AWS_DEFAULT_PROFILE of nothing": (
        lambda facts, _: shell(facts, AWS_DEFAULT_PROFILE="nowhere"),
        *("profile_variables", "profile_variable", Grade.PROBLEM, "unset AWS_DEFAULT_PROFILE"),
    ),
    "AWS_PROFILE of a profile with a problem": (
        lambda facts, files: shell(
            replace(facts, read=files.read(CONFIG + ROLE + "[profile x]\nrole_arn = nonsense\n")), AWS_PROFILE="x"
        ),
        *("profile_variables", "profile_variable", Grade.PROBLEM, "has a problem"),
    ),
    "a shell without the hook": (
        lambda facts, _: replace(facts, environ={}),
        *("hook", "hook_absent", Grade.NOTE, "trayexec hook"),
    ),
    "AWS files that cannot be read": (
        lambda facts, _: replace(facts, read=trouble("config_syntax", "Line 2 is wrong.", "Correct it.")),
        *("aws_files", "config_syntax", Grade.PROBLEM, "Line 2"),
    ),
    "no AWS files at all": (
        lambda facts, files: replace(
            facts, read=files.read(None), absent=(str(files.folder / "config"),), keys={}, asked=()
        ),
        *("aws_files", "no_profiles", Grade.PROBLEM, "there is no file"),
    ),
    "an empty config": (
        lambda facts, files: replace(facts, read=files.read(""), keys={}, asked=()),
        *("aws_files", "no_profiles", Grade.PROBLEM, "has no profile"),
    ),
    "no profile that is served": (
        lambda facts, files: replace(facts, read=files.read("[default]\nrole_arn = x\n"), keys={}, asked=()),
        *("aws_files", "no_profiles", Grade.PROBLEM, "0 profiles can be used"),
    ),
    "a profile that is not served": (
        lambda facts, files: replace(facts, read=files.read(CONFIG + ROLE.replace("arn:aws", "nonsense"))),
        *("profiles", "profile_role_arn", Grade.NOTE, "nonsense"),
    ),
    "a login that nothing renews": (
        lambda facts, files: replace(
            facts,
            read=files.read(f"{CONFIG}[profile x]\nlogin_session = arn:aws:iam::111111111111:user/me\n"),
            has_crt=False,
        ),
        *("login_sessions", "source_part", Grade.PROBLEM, "awscrt"),
    ),
    "a role with its keys beside it": (
        lambda facts, files: replace(
            facts,
            read=files.read(
                "[profile old]\nrole_arn = arn:aws:iam::222222222222:role/X\nsource_profile = old\n"
                "aws_access_key_id = AKIAOLD\naws_secret_access_key = x\n"
            ),
        ),
        *("profiles", "profile_mfa", Grade.NOTE, "mfa_serial"),
    ),
    "[default] twice": (
        lambda facts, files: replace(facts, read=files.read(CONFIG + "[profile default]\noutput = json\n")),
        *("dialects", "section_twice", Grade.PROBLEM, "[profile default]"),
    ),
    "a name with spaces and no quotes": (
        lambda facts, files: replace(facts, read=files.read(CONFIG + "[profile big corp]\noutput = json\n")),
        *("dialects", "section_no_profile", Grade.PROBLEM, '[profile "big corp"]'),
    ),
    "a name with a comment in it": (
        lambda facts, files: replace(facts, read=files.read(CONFIG + "[profile 'a #b']\noutput = json\n")),
        *("dialects", "section_comment", Grade.NOTE, "Java and Rust"),
    ),
    "a comment after a value": (
        lambda facts, files: replace(facts, read=files.read(CONFIG + "[profile a]\noutput = json # mine\n")),
        *("dialects", "value_comment", Grade.NOTE, "looks like a comment"),
    ),
    "files that others may read": (
        lambda facts, _: replace(facts, loose=("/home/me/my files/config",)),
        *("readable_files", "files_readable", Grade.NOTE, word("/home/me/my files/config")),
    ),
    "a command for codes that others could have written": (
        lambda facts, files: replace(
            facts,
            read=(read := files.read(CONFIG + "mfa_process = ykman\n")),
            doubted={read.paths[0]: Text("others may write to it")},
        ),
        *("code_processes", "mfa_process_untrusted", Grade.PROBLEM, "[identity.NAME]"),
    ),
    "no keys": (
        lambda facts, _: replace(facts, keys={"default": MISSING}, asked=()),
        *("stored_keys", "keys_missing", Grade.PROBLEM, "Store them"),
    ),
    "keys in memory alone": (
        lambda facts, _: replace(facts, agent=replace(AGENT, held=("default",)), keys={}),
        *("held_keys", "keys_held", Grade.NOTE, "trayexec keys add default --memory"),
    ),
    "a device of another account": (
        lambda facts, _: replace(facts, settings=Settings(identities={"default": IdentityRule(devices=(FOREIGN,))})),
        *("foreign_devices", "device_account", Grade.PROBLEM, "of account 999999999999"),
    ),
    "no program that prints the keys": (
        lambda facts, _: replace(facts, settings=PRINTED, keys={}, programs={"default": None}),
        *("key_commands", "keys_command", Grade.PROBLEM, "no such program"),
    ),
    "nothing to ask STS with but a command": (
        lambda facts, _: replace(facts, settings=PRINTED, keys={}, programs={"default": "/usr/bin/op"}, asked=()),
        *("not_asked", "sts_not_asked", Grade.NOTE, "their command was not run"),
    ),
    "a locked keyring": (
        lambda facts, _: replace(
            facts, keys={"default": trouble("keychain_locked", "Locked.", "Unlock it.")}, asked=()
        ),
        *("stored_keys", "keychain_locked", Grade.NOTE, "password"),
    ),
    "a KWallet that might ask": (
        lambda facts, _: replace(
            facts, keys={"default": trouble("keychain_unasked", "It was not opened.", "Nothing to do.")}, asked=()
        ),
        *("stored_keys", "keychain_unasked", Grade.NOTE, "It was not opened."),
    ),
    "keys in the files alone": (
        lambda facts, files: replace(
            facts,
            read=files.read(CONFIG, "[lan]\naws_access_key_id = AKIAX\naws_secret_access_key = y\n"),
            keys={"default": KEYS, "lan": MISSING},
        ),
        *("stored_keys", "keys_in_files", Grade.NOTE, "alone"),
    ),
    "a copy in plain text": (
        lambda facts, files: replace(
            facts,
            read=files.read(
                CONFIG, f"[default]\naws_access_key_id = {KEYS.access_key_id}\naws_secret_access_key = {'s' * 40}\n"
            ),
        ),
        *("plain_copies", "keys_plain", Grade.NOTE, "plain text under [default]"),
    ),
    "a copy where aws-mfa keeps it": (
        lambda facts, files: replace(
            facts,
            read=files.read(
                CONFIG,
                f"[default-longterm]\naws_access_key_id = {KEYS.access_key_id}\naws_secret_access_key = x\n",
            ),
        ),
        *("plain_copies", "keys_plain", Grade.NOTE, "[default-longterm]"),
    ),
    "another key in plain text": (
        lambda facts, files: replace(
            facts, read=files.read(CONFIG + "aws_access_key_id = AKIAOTHER\naws_secret_access_key = x\n")
        ),
        *("plain_copies", "keys_plain_other", Grade.PROBLEM, "THER"),
    ),
    "STS cannot be reached": (
        lambda facts, _: replace(facts, asked=(refused(OFF, Route("sts.example", "proxy.corp:3128")),)),
        *("sts_answers", "sts_unreachable", Grade.PROBLEM, "proxy.corp:3128"),
    ),
    "STS says nothing": (
        lambda facts, _: replace(facts, asked=(refused(None),)),
        *("sts_answers", "sts_silent", Grade.PROBLEM, "sts.eu-west-1.amazonaws.com"),
    ),
    "a clock that was not compared": (
        lambda facts, _: replace(facts, asked=(refused(OFF),)),
        *("clock", "clock_unknown", Grade.NOTE, "not compared"),
    ),
    "nothing to ask STS with": (
        lambda facts, _: replace(facts, keys={"default": MISSING}, asked=()),
        *("not_asked", "sts_not_asked", Grade.NOTE, "was not asked"),
    ),
    "a clock ten minutes fast": (
        lambda facts, _: replace(facts, asked=(answered(ahead=600.2),)),
        *("clock", "clock_skew", Grade.PROBLEM, "10 minutes fast"),
    ),
    "a clock three minutes slow": (
        lambda facts, _: replace(facts, asked=(answered(ahead=-181),)),
        *("clock", "clock_skew", Grade.PROBLEM, "3 minutes slow"),
    ),
    "a clock so wrong that AWS refuses": (
        lambda facts, _: replace(facts, asked=(refused(trouble("clock_skew", "60 minutes slow.", "Set it.")),)),
        *("clock", "clock_skew", Grade.PROBLEM, "60 minutes"),
    ),
    "a clock not quite right": (
        lambda facts, _: replace(facts, asked=(answered(ahead=45),)),
        *("clock", "clock_skew", Grade.NOTE, "45 seconds fast"),
    ),
    "aws-mfa's layout before its keys are stored": (
        lambda facts, files: replace(facts, read=files.read(CONFIG + ROLE, f"[default-longterm]\n{PAIR}")),
        *("remarks", "profile_remark", Grade.NOTE, "trayexec keys import default"),
    ),
    "stored keys whose device is another account's": (
        lambda facts, files: replace(facts, read=files.read(CONFIG + ROLE, known="arn:aws:iam::222222222222:user/bob")),
        *("profiles", "keys_account", Grade.PROBLEM, "222222222222"),
    ),
    "variables of another tool": (
        lambda facts, _: shell(facts, AWS_MIN_TTL="30m"),
        *("other_tools", "other_tool", Grade.NOTE, "--need"),
    ),
    "keys of another account": (
        lambda facts, _: replace(facts, asked=(answered("arn:aws:iam::222222222222:user/bob"),)),
        *("whose_keys", "keys_account", Grade.PROBLEM, "222222222222"),
    ),
}


def said(one: Finding) -> str:
    """All that a person sees of a finding."""
    return f"{one.about}: {one.text} {one.hint or ''}"


@pytest.mark.parametrize("state", BROKEN)
def test_a_broken_state_is_found(files: Files, state: str) -> None:
    """The check for it gives that finding, with words that help."""
    change, name, code, grade, needed = BROKEN[state]
    (one,) = [each for each in checks.CHECKS if each.__name__ == name]

    found = [each for each in one(change(healthy(files), files)) if each.code == code]

    assert found
    assert {each.grade for each in found} == {grade}
    assert any(needed in said(each) for each in found), [said(each) for each in found]


def test_a_healthy_machine_has_no_findings(files: Files) -> None:
    """Nothing but what is as it should be, and something is said of each part."""
    found = list(checks.check(healthy(files)))

    assert {one.grade for one in found} == {Grade.GOOD}, [said(one) for one in found if one.grade is not Grade.GOOD]
    assert {str(one.about) for one in found} >= {"agent", "dialog", "settings", "AWS files", "AWS STS", "clock"}


@pytest.mark.parametrize(
    "more",
    [
        {"AWS_PROFILE": "prod", "AWS_DEFAULT_PROFILE": "prod", "AWS_EB_PROFILE": "prod"},  # oh-my-zsh's asp
        {"AWS_MFA_SERIAL": SERIAL},  # aws-vault's
    ],
)
def test_what_other_tools_set_beside_the_same_profile_is_no_problem(files: Files, more: Mapping[str, str]) -> None:
    """No other profile is named by it, and no SDK takes anything from it."""
    found = list(checks.check(replace(healthy(files), environ={**HOOKED, **more})))
    assert not [said(one) for one in found if one.grade is Grade.PROBLEM]
    other = list(checks.check(replace(healthy(files), environ={**HOOKED, **more, "AWS_EB_PROFILE": "other"})))
    assert [one.code for one in other if one.grade is Grade.PROBLEM] == ["foreign_variables"]


def test_every_check_has_a_broken_state() -> None:
    """A check that nothing here sets off would be one that nobody has seen working."""
    assert {name for _, name, *_ in BROKEN.values()} == {one.__name__ for one in checks.CHECKS}


@pytest.mark.parametrize("state", BROKEN)
def test_a_problem_names_what_to_do_and_nothing_shows_a_secret(files: Files, state: str) -> None:
    """Whoever reads it knows how to go on, and sees no key of the files in plain text, nor of the keychain."""
    for one in checks.check(BROKEN[state][0](healthy(files), files)):
        assert one.grade is not Grade.PROBLEM or str(one.hint or ""), said(one)
        assert "s" * 40 not in said(one)
