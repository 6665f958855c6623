"""Settings are the profile's: what SDKs and the CLI resolve in a run is what they resolve outside for AWS_PROFILE."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import botocore
import pytest

from support.awscli import CLI_1
from support.desktop import program
from support.node import modules
from support.rig import COMMAND, Rig
from support.sdks import BUILD, GET, built

pytestmark = pytest.mark.timeout(GET + BUILD + 300)

# Each setting with two values. Those of the second group decide the address, and would hide what others do to it.
BUNDLE = "@BUNDLE@"
GENERAL: Mapping[str, tuple[str, str]] = {
    "use_fips_endpoint": ("true", "false"),
    "use_dualstack_endpoint": ("true", "false"),
    "ca_bundle": (f"{BUNDLE}/one.pem", f"{BUNDLE}/two.pem"),
    "retry_mode": ("adaptive", "standard"),
    "max_attempts": ("7", "9"),
    "defaults_mode": ("standard", "mobile"),
    "output": ("table", "yaml"),
    "request_checksum_calculation": ("when_required", "when_supported"),
    "response_checksum_validation": ("when_required", "when_supported"),
    "account_id_endpoint_mode": ("disabled", "preferred"),
    "sigv4a_signing_region_set": ("us-west-2", "*"),
    "auth_scheme_preference": ("sigv4", "sigv4a"),
    "cli_pager": ("less", "more"),
    "cli_timestamp_format": ("iso8601", "wire"),
    "parameter_validation": ("false", "true"),
    "tcp_keepalive": ("true", "false"),
    "sdk_ua_app_id": ("one", "two"),
    "request_min_compression_size_bytes": ("4096", "8192"),
    "disable_request_compression": ("true", "false"),
    "s3_us_east_1_regional_endpoint": ("legacy", "regional"),
    "s3_disable_multiregion_access_points": ("true", "false"),
    "ec2_metadata_v1_disabled": ("true", "false"),
    "s3": ("\n    addressing_style = path\n    max_concurrent_requests = 3", "\n    addressing_style = virtual"),
}
ADDRESSES: Mapping[str, tuple[str, str]] = {
    "endpoint_url": ("http://127.0.0.1:4566", "http://127.0.0.1:4577"),
    "services": ("one", "two"),
}
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
PYTHON = """
import json
from botocore.session import Session
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as NAMES
session = Session()
places = {"profile", "config_file", "credentials_file", "metadata_service_timeout"}
said = {name: session.get_config_variable(name) for name in sorted({*NAMES} - places)}
clients = {
    name: session.create_client(name, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    for name in ("sts", "s3", "dynamodb")
}
said |= {f"address of {name}": client.meta.endpoint_url for name, client in clients.items()}
said["s3 of a client"] = str(clients["s3"].meta.config.s3)
said["retries of a client"] = str(clients["sts"].meta.config.retries)
said["trust"] = str(clients["sts"]._endpoint.http_session._verify)
print(json.dumps(said, default=str, sort_keys=True))
"""
JAVASCRIPT = """
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
const client = new STSClient({ credentials: { accessKeyId: "x", secretAccessKey: "x" } });
const of = client.config;
const said = {};
for (const name of ["region", "useFipsEndpoint", "useDualstackEndpoint", "maxAttempts", "retryMode", "defaultsMode",
    "userAgentAppId"]) {
  const one = of[name];
  said[name] = typeof one === "function" ? await one().catch(String) : one ?? null;
}
client.middlewareStack.add(
  () => async ({ request }) => {
    said.address = `${request.protocol}//${request.hostname}:${request.port ?? ""}`;
    throw new Error("nothing is sent");
  },
  { step: "finalizeRequest", priority: "high" },
);
await client.send(new GetCallerIdentityCommand({})).catch(() => null);
console.log(JSON.stringify(said));
"""
CASES = [
    (group, which)
    for group in ("general", "addresses")
    for which in ("default only", "profile only", "both, different")
]


def config(rig: Rig, group: str, which: str) -> str:
    """A config in which [default] and [profile prod] have these settings."""
    table = GENERAL if group == "general" else ADDRESSES
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
    folder = rig.desk.home("bundles")
    folder.mkdir(exist_ok=True)
    for name in ("one", "two"):
        shutil.copy(Path(botocore.__file__).with_name("cacert.pem"), folder / f"{name}.pem")
    return text.replace(BUNDLE, str(folder))


def asking(rig: Rig) -> Path:
    """A program that lets every client say what it resolves, a line each."""
    rig.write("ask.py", PYTHON)
    node = f"{shlex.quote(program('node'))} --input-type=module -e {shlex.quote(JAVASCRIPT)}"
    keys = "output cli_pager cli_timestamp_format s3.max_concurrent_requests"
    script = rig.write(
        "ask",
        "#!/bin/sh\n"
        "unset AWS_ENDPOINT_URL_STS\n"
        f"{shlex.quote(sys.executable)} -I {rig.desk.home('ask.py')} || echo null\n"
        f"(cd {shlex.quote(str(modules()))} && {node} 2>/dev/null) || echo null\n"
        f"{built('go')}/settings || echo null\n"
        f"printf '\"'; for key in {keys}; do printf %s, \"$({CLI_1} configure get $key)\"; done; echo '\"'\n",
    )
    script.chmod(0o700)
    return script


def said(text: str) -> dict[str, object]:
    """What the clients said."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == 4, text
    assert None not in lines, text
    return dict(zip(("Python", "JavaScript", "Go", "the AWS CLI"), lines, strict=True))


@pytest.mark.parametrize(("group", "which"), CASES)
def test_every_mode_resolves_what_the_profile_says(open_rig: Rig, group: str, which: str) -> None:
    """In each mode every client says for every setting what it says outside with AWS_PROFILE=prod."""
    path = open_rig.write("settings", config(open_rig, group, which))
    ask = str(asking(open_rig))
    env = {"AWS_CONFIG_FILE": str(path), "AWS_ENDPOINT_URL_STS": open_rig.sim.url}
    # Go wants to see the keys beneath the role, though nobody uses them here.
    keys = "[default]\naws_access_key_id = AKIANOBODY\naws_secret_access_key = x\n"
    out = {**env, "AWS_PROFILE": "prod", "AWS_SHARED_CREDENTIALS_FILE": str(open_rig.write("nobody", keys))}
    outside = subprocess.run([ask], env=open_rig.environment(out), capture_output=True, text=True, check=True)
    expected = said(outside.stdout)
    shell = f'eval "$({shlex.join([*COMMAND, "env", "prod"])})" && exec {shlex.quote(ask)}'
    runs = {
        "plain": open_rig.run("prod", "--", ask, env=env),
        "live": open_rig.run("--live", "prod", "--", ask, env=env),
        "server": open_rig.run("--server", "prod", "--", ask, env=env),
        "within another": open_rig.run("other", "--", *COMMAND, "prod", "--", ask, env=env),
        "env": open_rig.run("other", "--", "sh", "-c", shell, env=env),
    }
    for mode, done in runs.items():
        assert done.status == 0, (mode, done.err)
        assert said(done.out) == expected, mode
    several = open_rig.run("--output=json", "prod", "other", "--", ask, env=env)
    found = {one["profile"]: one for one in map(json.loads, several.out.splitlines())}
    assert said(found["prod"]["stdout"]) == expected
    if which != "both, different":
        return
    assert expected != said(found["other"]["stdout"])  # the settings are told apart by what is asked


def test_the_accounts_stay_right(open_rig: Rig) -> None:
    """Where settings go along, the run is still its account, `--profile` another, and AWS_PROFILE is the profile."""
    path = open_rig.write("settings", config(open_rig, "general", "both, different").replace("use_fips", "x_use_fips"))
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
