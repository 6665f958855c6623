"""Settings are the profile's: what SDKs and the CLIs resolve in a run is what they resolve outside for AWS_PROFILE.

What there is to ask is what the clients' own sources name. A run of each mode writes down the environment of its
command; then each client, one process for all of it, says what it resolves there.
"""

import functools
import json
import shlex
import shutil
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import botocore
import pytest

from support.awscli import CLI_1
from support.resolving import ASKING, CLIENTS, Said, known, resolved
from support.rig import COMMAND, Done, Rig
from support.sdks import BUILD, GET, left_out
from trayexec.core.config.sources import SECRET
from trayexec.live.setting_names import BLOCKS, KNOWN

pytestmark = pytest.mark.timeout(GET + 2 * BUILD + 2 * ASKING)

# Each setting with a value for one profile, one for another, and the variable that a person may have set, if there is
# one that both botocore and the reference guide name.
BUNDLE = "@BUNDLE@"
BUNDLES = threading.Lock()  # around the files that several cases share
Table = Mapping[str, tuple[str, str, str | None]]
GENERAL: Table = {
    "use_fips_endpoint": ("true", "false", "AWS_USE_FIPS_ENDPOINT"),
    "use_dualstack_endpoint": ("true", "false", "AWS_USE_DUALSTACK_ENDPOINT"),
    "ca_bundle": (f"{BUNDLE}/one.pem", f"{BUNDLE}/two.pem", "AWS_CA_BUNDLE"),
    "retry_mode": ("adaptive", "standard", "AWS_RETRY_MODE"),
    "max_attempts": ("7", "9", "AWS_MAX_ATTEMPTS"),
    "defaults_mode": ("standard", "mobile", "AWS_DEFAULTS_MODE"),
    "output": ("table", "yaml", "AWS_DEFAULT_OUTPUT"),
    "request_checksum_calculation": ("when_required", "when_supported", "AWS_REQUEST_CHECKSUM_CALCULATION"),
    "response_checksum_validation": ("when_required", "when_supported", "AWS_RESPONSE_CHECKSUM_VALIDATION"),
    "account_id_endpoint_mode": ("disabled", "preferred", "AWS_ACCOUNT_ID_ENDPOINT_MODE"),
    "sigv4a_signing_region_set": ("us-west-2", "*", "AWS_SIGV4A_SIGNING_REGION_SET"),
    "auth_scheme_preference": ("sigv4", "sigv4a", "AWS_AUTH_SCHEME_PREFERENCE"),
    "cli_pager": ("less", "more", "AWS_PAGER"),
    "cli_timestamp_format": ("iso8601", "wire", None),
    "cli_binary_format": ("raw-in-base64-out", "base64", None),
    "cli_follow_urlparam": ("false", "true", None),
    "cli_history": ("enabled", "disabled", None),
    "cli_auto_prompt": ("on-partial", "off", "AWS_CLI_AUTO_PROMPT"),
    "parameter_validation": ("false", "true", None),
    "tcp_keepalive": ("true", "false", None),
    "sdk_ua_app_id": ("one", "two", "AWS_SDK_UA_APP_ID"),
    "request_min_compression_size_bytes": ("4096", "8192", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"),
    "disable_request_compression": ("true", "false", "AWS_DISABLE_REQUEST_COMPRESSION"),
    "disable_host_prefix_injection": ("true", "false", "AWS_DISABLE_HOST_PREFIX_INJECTION"),
    "endpoint_discovery_enabled": ("true", "false", None),
    "aws_endpoint_discovery_enabled": ("true", "false", None),
    "sts_regional_endpoints": ("legacy", "regional", "AWS_STS_REGIONAL_ENDPOINTS"),
    "s3_us_east_1_regional_endpoint": ("legacy", "regional", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"),
    "s3_disable_multiregion_access_points": ("true", "false", "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS"),
    "s3_disable_express_session_auth": ("true", "false", "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH"),
    "s3_use_arn_region": ("true", "false", "AWS_S3_USE_ARN_REGION"),
    "ec2_metadata_v1_disabled": ("true", "false", "AWS_EC2_METADATA_V1_DISABLED"),
    "ec2_metadata_service_endpoint": ("http://127.0.0.1:1", "http://127.0.0.1:2", None),
    "ec2_metadata_service_endpoint_mode": ("IPv6", "IPv4", None),
    "imds_use_ipv6": ("true", "false", None),
    "metadata_service_timeout": ("3", "5", "AWS_METADATA_SERVICE_TIMEOUT"),
    "metadata_service_num_attempts": ("4", "6", "AWS_METADATA_SERVICE_NUM_ATTEMPTS"),
    "data_path": (f"{BUNDLE}/models", f"{BUNDLE}/others", None),
    "csm_enabled": ("true", "false", None),
    "csm_host": ("127.0.0.2", "127.0.0.3", None),
    "csm_port": ("31001", "31002", None),
    "csm_client_id": ("one", "two", None),
    "api_versions": ("\n    ec2 = 2015-03-01", "\n    ec2 = 2016-11-15", None),
    "proxies_config": (
        f"\n    proxy_ca_bundle = {BUNDLE}/one.pem",
        "\n    proxy_use_forwarding_for_https = false",
        None,
    ),
    "emr": ("\n    service_role = One", "\n    service_role = Two", None),
    "s3": ("\n    addressing_style = path\n    max_concurrent_requests = 3", "\n    addressing_style = virtual", None),
}
# These decide the address, and would hide what others do to it.
ADDRESSES: Table = {
    "endpoint_url": ("http://127.0.0.1:4566", "http://127.0.0.1:4577", "AWS_ENDPOINT_URL"),
    "services": ("one", "two", None),
}
# This hides them again.
IGNORED: Table = {
    **ADDRESSES,
    "ignore_configured_endpoint_urls": ("true", "false", None),
}
GROUPS = {"general": GENERAL, "addresses": ADDRESSES, "ignored addresses": IGNORED}
# What the agent needs to find this test's AWS, and no client is to be asked with.
LEADING = ("AWS_ENDPOINT_URL_STS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
SHELLS = ("_", "SHLVL", "PWD", "OLDPWD")
SERVICES = """
[services one]
s3 =
    endpoint_url = http://127.0.0.1:9001
dynamodb =
    endpoint_url = http://127.0.0.1:9002
[services two]
s3 =
    endpoint_url = http://127.0.0.1:9003
"""
WHICH = ("default only", "profile only", "both, different")
CASES = [f"{group}: {which}" for group in GROUPS for which in WHICH]
# What the caller's shell says beside: nothing of it chooses another profile, or is lost.
CALLERS = [
    "general: both, different; another profile in the shell",
    "general: both, different; variables in the shell",
    "addresses: profile only; variables in the shell",
]
# Not settings: where credentials come from is ours to say, and the region is by DESIGN 3.2.
NOT_ASKED = frozenset({"region", *SECRET, *(name for name, why in KNOWN.items() if "credentials" in why)})


@dataclass(frozen=True, slots=True)
class Case:
    """What the environment outside is, and that of the command in each mode."""

    outside: Mapping[str, str]
    inside: Mapping[str, Mapping[str, str]]
    other: Mapping[str, str]


def config(rig: Rig, group: str, which: str) -> str:
    """A config in which [default] and [profile prod] have these settings."""
    table = GROUPS[group]
    first = "".join(f"{key} = {values[0]}\n" for key, values in table.items())
    second = "".join(f"{key} = {values[1]}\n" for key, values in table.items())
    default, prod = {"default only": (first, ""), "profile only": ("", first), "both, different": (first, second)}[
        which
    ]
    role = "role_arn = arn:aws:iam::222222222222:role/Deploy\nsource_profile = default\nregion = us-east-1\n"
    other = role.replace("222222222222", "333333333333")
    serial = rig.sim.world.device().serial
    text = (
        f"[default]\nmfa_serial = {serial}\n{default}\n[profile prod]\n{role}{prod}\n[profile other]\n{other}{SERVICES}"
    )
    return text.replace(BUNDLE, str(bundles(rig)))


def bundles(rig: Rig) -> Path:
    """A folder with authorities to trust. Written once: several cases run side by side, and read it."""
    folder = rig.desk.home("bundles")
    with BUNDLES:
        if not folder.exists():
            folder.mkdir()
            for name in ("one", "two", "three"):
                shutil.copy(Path(botocore.__file__).with_name("cacert.pem"), folder / f"{name}.pem")
    return folder


def variables(rig: Rig, group: str) -> dict[str, str]:
    """What a person's shell may say for these settings: a third value each."""
    special = {
        "AWS_CA_BUNDLE": f"{bundles(rig)}/three.pem",
        "AWS_DEFAULT_OUTPUT": "text",
        "AWS_PAGER": "cat",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4588",
        "AWS_MAX_ATTEMPTS": "5",
        "AWS_METADATA_SERVICE_TIMEOUT": "8",
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "8",
        "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "1024",
        "AWS_SDK_UA_APP_ID": "three",
        "AWS_RETRY_MODE": "standard",
        "AWS_DEFAULTS_MODE": "in-region",
        "AWS_SIGV4A_SIGNING_REGION_SET": "eu-west-3",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:4599",
    }
    named = [(first, name) for first, _, name in GROUPS[group].values() if name is not None]
    return {"AWS_ENDPOINT_URL_S3": special["AWS_ENDPOINT_URL_S3"]} | {
        name: special.get(name, first) for first, name in named
    }


def environments(text: str) -> dict[str, str]:
    """What `env -0` printed."""
    pairs = (line.partition("=") for line in text.split("\0") if line)
    return {name: value for name, _, value in pairs}


def recorded(rig: Rig, case: str) -> Case:
    """Runs each mode with a command that writes down its environment."""
    what, _, caller = case.partition("; ")
    group, _, which = what.partition(": ")
    path = rig.write(f"settings-{case}", config(rig, group, which))
    command = str(rig.desk.home("record"))
    env: dict[str, str | None] = {"AWS_CONFIG_FILE": str(path), "AWS_ENDPOINT_URL_STS": rig.sim.url}
    if group == "ignored addresses":
        env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "false"  # a variable wins: only so the agent finds this test's AWS
    if "variables" in caller:
        env |= variables(rig, group)
        if "AWS_CA_BUNDLE" in env:  # whom the caller trusts is part of a session
            assert rig.auth(env=env).status == 0
    # Go wants to see the keys beneath the role, though nobody uses them here.
    keys = "[default]\naws_access_key_id = AKIANOBODY\naws_secret_access_key = x\n"
    outside = rig.environment(
        {**env, "AWS_PROFILE": "prod", "AWS_SHARED_CREDENTIALS_FILE": str(rig.write("nobody", keys))}
    )
    if "another" in caller:
        env |= {"AWS_PROFILE": "other", "AWS_DEFAULT_PROFILE": "other", "AWS_REGION": "eu-south-2"}
    us = shlex.join(COMMAND)
    by_env = f'eval "$({us} env prod)" && exec {shlex.quote(command)}'
    by_hook = f'eval "$({us} hook bash)" && export AWS_PROFILE=prod && exec {shlex.quote(command)}'
    by_direnv = f'eval "$({us} hook sh prod)" && exec {shlex.quote(command)}'
    runs: dict[str, Done] = {
        "plain": rig.run("prod", "--", command, env=env),
        "live": rig.run("--live", "prod", "--", command, env=env),
        "shell": rig.run("shell", "prod", env={**env, "SHELL": command}),
        "server": rig.run("--server", "prod", "--", command, env=env),
        "within another": rig.run("other", "--", *COMMAND, "prod", "--", command, env=env),
        "live within another": rig.run("--server", "other", "--", *COMMAND, "--live", "prod", "--", command, env=env),
        "env": rig.run("other", "--", "sh", "-c", by_env, env=env),
        "direnv": rig.run("other", "--", "sh", "-c", by_direnv, env=env),
    }
    if "another" not in caller:  # where AWS_PROFILE is the caller's own choice
        runs["by AWS_PROFILE"] = rig.run("--", command, env={**env, "AWS_PROFILE": "prod"})
        runs["hook"] = rig.run("--live", "other", "--", "bash", "-c", by_hook, env=env)
    for mode, done in runs.items():
        assert done.status == 0, (case, mode, done.err)
    several = rig.run("--output=json", "prod", "other", "--", command, env=env)
    assert several.status == 0, (case, several.err)
    found = {one["profile"]: one["stdout"] for one in map(json.loads, several.out.splitlines())}
    inside = {mode: environments(done.out) for mode, done in runs.items()} | {"fan-out": environments(found["prod"])}
    for mode, one in inside.items():  # what leads the agent here is not what the modes decide about
        assert {name: one.get(name) for name in LEADING} == {name: env.get(name) for name in LEADING}, (case, mode)
    return Case(
        without(outside), {mode: without(one) for mode, one in inside.items()}, without(environments(found["other"]))
    )


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which a client is asked: without what only leads here, or was set by a shell for itself."""
    return {name: value for name, value in environment.items() if name not in {*LEADING, *SHELLS}}


@dataclass(frozen=True, slots=True)
class Answers:
    """What each client says in each case: outside, in each mode, and in a run of another profile."""

    cases: Mapping[str, Case]
    folder: Path

    def of(self, client: str) -> Mapping[str, tuple[Said, Mapping[str, Said], Said]]:
        """All that this client says."""
        wanted = [one for case in self.cases.values() for one in (case.outside, *case.inside.values(), case.other)]
        said = iter(resolved(client, wanted, sorted({key for table in GROUPS.values() for key in table}), self.folder))
        return {
            name: (next(said), {mode: next(said) for mode in case.inside}, next(said))
            for name, case in self.cases.items()
        }


@pytest.fixture(scope="module")
def answers(open_rig: Rig) -> Iterator[Answers]:
    """The environments of all modes in all cases, while what they name is there."""
    open_rig.write("record", "#!/bin/sh\nexec env -0\n").chmod(0o700)
    with ThreadPoolExecutor(4) as pool:
        names = [*CASES, *CALLERS]
        cases = dict(zip(names, pool.map(functools.partial(recorded, open_rig), names), strict=True))
        yield Answers(cases, open_rig.desk.home("home"))


@pytest.mark.parametrize("client", [one for one in CLIENTS if one != "Java 2" or "java" not in left_out()])
def test_every_mode_resolves_what_the_profile_says(answers: Answers, client: str) -> None:
    """In each mode a client says for every setting what it says outside, whatever the caller's shell says beside."""
    wrong = []
    for case, (outside, inside, other) in answers.of(client).items():
        assert "error" not in outside, (case, outside)
        for mode, said in inside.items():
            wrong += [
                f"{case}, {mode}: {name} is {said.get(name)!r} and outside {outside.get(name)!r}"
                for name in sorted({*outside, *said})
                if said.get(name) != outside.get(name)
            ]
        if case in CASES and "both, different" in case:
            assert other != outside, case  # the settings are told apart by what is asked
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("client", [one for one in CLIENTS if one != "Java 2" or "java" not in left_out()])
def test_every_setting_that_a_client_knows_is_asked(client: str) -> None:
    """By its own sources. A newer one may know more: that needs a line in a table here, and a name among ours."""
    asked = {key for table in GROUPS.values() for key in table}
    new = known(client) - asked - NOT_ASKED
    assert not new, (
        f"{client} reads settings that nobody asks for here: write {sorted(new)} into GENERAL, with two values"
    )
    strange = known(client) - KNOWN.keys() - BLOCKS.keys() - SECRET
    assert not strange, f"{client} reads {sorted(strange)}: name them in live/setting_names.py, with who reads them"


def test_the_accounts_stay_right(open_rig: Rig) -> None:
    """Where settings go along, the run is still its account, `--profile` another, and AWS_PROFILE is the profile."""
    text = config(open_rig, "general", "both, different")
    for setting in (
        "use_fips",
        "auth_scheme_preference",
    ):  # these would lead elsewhere, or sign as the double cannot read
        text = text.replace(setting, f"x_{setting}")
    path = open_rig.write("settings", text)
    env = {
        "AWS_CONFIG_FILE": str(path),
        "AWS_ENDPOINT_URL_STS": open_rig.sim.url,
        "AWS_USE_DUALSTACK_ENDPOINT": "false",
    }
    who = f"{CLI_1} sts get-caller-identity --query Account --output text"
    script = f"{who}; {who} --profile other; {who} --profile prod; printenv AWS_PROFILE"
    for words in (["prod"], ["--server", "prod"], ["--live", "prod"]):
        done = open_rig.run(*words, "--", "sh", "-c", script, env=env)
        assert done.out.split() == ["222222222222", "333333333333", "222222222222", "prod"], done.err


def test_equal_settings_need_no_files(open_rig: Rig) -> None:
    """Where [default] has the same settings, a run is its keys alone."""
    done = open_rig.run("account-a", "--", "env")
    assert done.status == 0
    assert not [line for line in done.out.splitlines() if line.startswith(("AWS_CONFIG_FILE=", "AWS_PROFILE="))]
