"""States that are made of files and words alone, and of an agent that is asked for nothing."""

from collections.abc import Callable, Mapping

import pytest

from hints.follow import DASHED, ODD
from hints.state import Look, State
from support.rig import Rig
from trayexec.commands import dispatch
from trayexec.core.config.sections import header
from trayexec.core.other_words import OURS
from trayexec.light.errors import TrayexecError, Trouble

Line = tuple[str, ...]


def roles(rig: Rig, more: str = "") -> None:
    """Roles and identities under names that a shell would take apart, beside the usual ones."""
    world = rig.sim.world
    where = f"endpoint_url = {rig.sim.url}\nregion = eu-west-1\n"
    role = f"role_arn = {world.profiles['account-a']}\nsource_profile = default\n{where}"
    device = f"mfa_serial = {world.device().serial}\n{where}"
    rig.config(
        world.config_text(rig.sim.url)
        + f"\n{header(ODD)}\n{role}\n{header(DASHED)}\n{role}\n[profile spare]\n{device}"
        + f"\n{SSO}"
        + more
    )
    rig.env["AWS_ENDPOINT_URL_SIGNIN"] = rig.sim.url


def saying(*lines: Line, more: str = "", **env: str) -> Callable[[Rig], Look]:
    """What makes the roles, and shows what each of these lines says."""

    def make(rig: Rig) -> Look:
        roles(rig, more)
        if "DBUS_SESSION_BUS_ADDRESS" in rig.env and not rig.desk.home("home/.local/state/trayexec").exists():
            rig.store_keys()
        return lambda: "\n".join(f"{one.out}{one.err}" for one in [rig.run(*line, env=env) for line in lines])

    return make


SEE = "`trayexec help` shows the verbs."
LISTED = "`trayexec list` shows the profiles there are."

SLIPS = (
    State(
        "words without a meaning",
        saying(
            ("zzzz",),
            ("status", "foo"),
            ("status", "--jsn"),
            ("why",),
            ("status", "--json=x"),
            ("auth", "--wait"),
            ("agent", "--ready-fd", "x"),
            ("log", "-n", "x"),
            ("auth", "--wait", "x"),
            ("--live", "--server", "account-a", "--", "true"),
            ("env",),
            ("lits",),
            ("account-c",),
        ),
        (
            (
                "`trayexec help` shows the verbs. To run a command with a profile, put `--` before the command: "
                "`trayexec PROFILE -- CMD…`"
            ),
            "`trayexec {verb} --help` shows what it takes.",
            "`trayexec help run` shows every option.",
            "Type one after the verb: `trayexec {verb} PROFILE` (`trayexec list` shows them)",
            "Did you mean {verbs}? `trayexec help` shows the verbs.",
            "Did you mean `trayexec PROFILE -- CMD…` with the profile {profiles}? `trayexec help` shows the verbs.",
        ),
    ),
    State(
        "near a verb and a profile",
        saying(("shel",), more="\n[profile shell-a]\nregion = x\nsource_profile = default\n"),
        (
            (
                "Did you mean the verb {verbs}, or `trayexec PROFILE -- CMD…` with the profile {profiles}? "
                "`trayexec help` shows the verbs."
            ),
        ),
    ),
    State(
        "a profile without --",
        saying((ODD, "sh", "-c", "exit 0"), ("account-b", "--region", "eu-west-1")),
        ("{profile} is a profile: to run a command with it, type `{command}`. `trayexec help` shows the verbs.",),
        replaced={"CMD…": "true"},
    ),
    State(
        "an option without --",
        saying(("--region", "eu-west-1", "--need", "30m", "zzz")),
        ("Put it before the command: `trayexec {options} PROFILE -- CMD…`. `trayexec help` shows the verbs.",),
    ),
    State(
        "no profile is named",
        saying(
            ("--", "true"),
            ("--profile", "", "--", "true"),
            ("exec", "--", "true"),
            ("acount-a", "--", "true"),
            ("accont", "--", "true"),
            ("qqqq", "--", "true"),
            ("nothing*", "--", "true"),
            ("auth", "spar"),
            ("auth", "qqqq"),
        ),
        (
            "Type one before the command: `trayexec PROFILE -- CMD…` (`trayexec list` shows them)",
            f"Look at the variable that is to hold it; {LISTED}",
            "{line} `trayexec list` shows the profiles there are.",
            "Did you mean {near}? `trayexec list` shows all of them.",
            "Did you mean one of these: {near}? `trayexec list` shows all of them.",
            "`trayexec list` shows the profiles there are; a new one is a section {section} in {file}.",
            "`trayexec list` shows the profiles there are. A name with * ? [ in it is given with --profile.",
            "Did you mean {near}? `trayexec status` shows the identities there are.",
            "`trayexec status` shows the identities there are.",
        ),
    ),
)


# Files that say something else


def files(
    config: str, *lines: Line, shared: str = "", stores: tuple[str, ...] = (), **env: str
) -> Callable[[Rig], Look]:
    """A config in which `@URL`, `@DEVICE` and `@ROLE` stand for those of the rig, and what lines say under it."""

    def make(rig: Rig) -> Look:
        world = rig.sim.world
        values = {
            "@URL": f"endpoint_url = {rig.sim.url}",
            "@DEVICE": f"mfa_serial = {world.device().serial}",
            "@ROLE": f"role_arn = {world.profiles['account-a']}",
            "@ODD": header(ODD),
            "@DASHED": header(DASHED),
        }
        text = config
        for word, value in values.items():
            text = text.replace(word, value)
        rig.config(text)
        key = world.user_key()
        said = shared.replace("@ID", key.id).replace("@SECRET", key.secret)
        rig.write("home/.aws/credentials", said).chmod(0o600)
        for name in stores:
            rig.store_keys(name)
        return lambda: "\n".join(f"{one.out}{one.err}" for one in [rig.run(*line, env=env) for line in lines])

    return make


IDENTITY = "@ODD\n@DEVICE\n@URL\n\n@DASHED\n@DEVICE\n@URL\n"
BASE = "[default]\n@DEVICE\n@URL\n\n[profile account-a]\n@ROLE\nsource_profile = default\n@URL\n\n"
TEMPORARY = "aws_access_key_id = ASIAQQQQQQQQQQQQQQQQ\naws_secret_access_key = x\naws_session_token = x\n"
ALICES = "aws_access_key_id = @ID\naws_secret_access_key = @SECRET\n"
KEY = "aws_access_key_id = AKIAQQQQQQQQQQQQQQQQ\naws_secret_access_key = x\n"


def words_of_others(rig: Rig) -> Look:
    """All words of other tools that we know, and an open session for what they are with us."""
    files(f"{BASE}{SSO}", stores=("default",))(rig)
    rig.auth()
    rig.env["AWS_ENDPOINT_URL_SIGNIN"] = rig.sim.url
    return lambda: "\n".join(str(_refused(word, rig.env).hint) for word in OURS)


def _refused(word: str, environ: Mapping[str, str]) -> Trouble:
    with pytest.raises(TrayexecError) as error:
        dispatch([word], environ)
    return error.value.trouble


SSO = (
    "[profile by-sso]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = x\n"
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = http://127.0.0.1:9/start\n"
)
ENDS = ("`trayexec lock`", "`trayexec keys remove", "`trayexec agent st")  # these come last


def with_device(rig: Rig) -> None:
    """A person writes what the hint asks for."""
    rig.config(f"[default]\nmfa_serial = {rig.sim.world.device().serial}\nendpoint_url = {rig.sim.url}\n")


FILES = (
    State(
        "words of other tools",
        words_of_others,
        (
            *sorted(
                dict.fromkeys(line.template for line in OURS.values()),
                key=lambda template: any(one in template for one in ENDS),
            ),
            "{line} `trayexec help` shows the verbs.",
        ),
        own=True,
        leaves={"trayexec doctor": 1, "aws sso login": 255},
        replaced={
            "keys add PROFILE": "keys add default",
            "keys remove PROFILE": "keys remove default",
            "sso login --profile PROFILE": "sso login --profile by-sso",
        },
    ),
    State(
        "several identities",
        files(f"[default]\nregion = x\n{IDENTITY}", ("auth", "--no-wait"), ("env", "a")),
        ("Name one of them, as in `trayexec {verb} {word}`.",),
        leaves={"trayexec auth": 125},
    ),
    State(
        "no identity at all",
        files(
            "[profile x]\nregion = eu-west-1\nsource_profile = y\n",
            ("auth",),
            ("status",),
            ("keys", "list"),
            ("doctor",),
        ),
        (
            "{hint} `trayexec list` says more.",
            (
                "no identity yet: no profile of {file} can be used. `trayexec list` says of each what to do, "
                "`trayexec setup` leads you through it"
            ),
            "no profile of the AWS config leads to an identity with an MFA device: `trayexec list` says why",
            (
                "`trayexec list` says of each what is wrong and what to do about it, `trayexec setup` leads you "
                "through it."
            ),
        ),
        own=True,
    ),
    State(
        "an empty config",
        files("", ("auth", "--no-wait"), ("status",)),
        (
            "`trayexec setup` leads you to one.",
            "{file} leads to no identity yet: `trayexec setup` leads you to one",
        ),
        gone=True,
        own=True,
        then=with_device,
    ),
    State(
        "long-term keys in the environment",
        files(
            "@ODD\n@ROLE\ncredential_source = Environment\n@URL\n@DEVICE\n",
            (ODD, "--no-wait", "--", "true"),
            AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
            AWS_SECRET_ACCESS_KEY="secret",
        ),
        (
            (
                "Store them with `trayexec keys add {word}`, and write source_profile = {profile} in place of "
                "credential_source under {section}."
            ),
        ),
        own=True,
    ),
    State(
        "temporary credentials",
        files(f"{BASE}@ODD\n@URL\n", ("list",), shared=f"[{ODD}]\n{TEMPORARY}"),
        (
            (
                "It works as it is, also under `trayexec shell`. If it has keys of its own, store them: "
                "`trayexec keys add "
                "{word}`; if a role is to use others, let source_profile name the profile that those belong to."
            ),
        ),
        gone=True,
        own=True,
    ),
    State(
        "what aws-mfa keeps",
        files(
            f"{BASE}@ODD\n@URL\n@DEVICE\n",
            ("list",),
            ("why", ODD),
            (ODD, "--no-wait", "--", "true"),
            shared=f"[{ODD}-longterm]\n{ALICES}[{ODD}]\n{TEMPORARY}",
        ),
        (
            "Store that key as {base}: `trayexec keys import {word}`. aws-mfa is not needed then, nor this section.",
            "no keys are stored for {profile} yet: `trayexec keys import {word}` takes those of [{section}]",
        ),
        gone=True,
        own=True,
    ),
    State(
        "settings alone",
        files(f"{BASE}@ODD\noutput = json\n@URL\n", ("list",)),
        (
            (
                "If it is to have keys, store them: `trayexec keys add {word}`; or write role_arn and "
                "source_profile under "
                "{section}."
            ),
        ),
        gone=True,
        own=True,
    ),
    State(
        "what others read",
        files(BASE, ("doctor",), AWS_MIN_TTL="30m", MFA_CODE="123456"),
        (
            "`trayexec --need 30m PROFILE -- …` renews first unless so much is left",
            "the code is asked for, or taken from `trayexec auth --code-stdin`",
        ),
        replaced={"trayexec auth --code-stdin": "trayexec lock"},
    ),
    State(
        "nothing of a glob is served",
        files(f"{BASE}[profile gone-a]\nrole_arn = nonsense\nsource_profile = default\n", ("gone*", "--", "true")),
        ("`trayexec list` says what is wrong with each.",),
    ),
)
STATES = (*SLIPS, *FILES)
