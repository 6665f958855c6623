"""What SDKs and CLIs resolve for every setting: each client is one process, and is asked for many environments in turn.

So a mode of a run is asked in two steps: the environment that its command has is written down, and all clients are then
asked in it, while the files that it names are there. Their keys are nobody's, and nothing is sent.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import awscli  # type: ignore[import-untyped]
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, DEFAULT_S3_CONFIG_VARS

from support.desktop import DesktopError, program
from support.node import modules
from support.sdks import SOURCES as SDK_SOURCES
from support.sdks import built, settings_of

Said = Mapping[str, Any]
ASKING = 240  # seconds

# botocore, and both versions of the AWS CLI, which bring one each: a session is asked as their commands ask it.
PYTHON = """
import json, os, sys
@SESSION@
loaders = []
def resolved(keys):
    session = fresh()
    if not loaders:
        loaders.append(session.get_component("data_loader"))
    session.register_component("data_loader", loaders[0])  # to read the services' models once is enough
    store = session.get_component("config_store")
    places = {"profile", "config_file", "credentials_file"}
    said = {f"value of {name}": session.get_config_variable(name) for name in sorted({*store._mapping} - places)}
    scoped = session.get_scoped_config()
    said |= {f"get {key}": scoped.get(key) for key in keys}
    for name in ("sts", "s3", "dynamodb"):
        try:
            client = session.create_client(name, aws_access_key_id="x", aws_secret_access_key="x")
        except Exception as error:
            said[f"address of {name}"] = repr(error)
            continue
        said[f"address of {name}"] = client.meta.endpoint_url
        said[f"retries of {name}"] = str(client.meta.config.retries)
        said[f"trust of {name}"] = str(client._endpoint.http_session._verify)
        if name == "s3":
            said["s3 of a client"] = str(client.meta.config.s3)
    return said | more(session)
for line in sys.stdin:
    environment = json.loads(line)
    keys = environment.pop("")
    os.environ.clear()
    os.environ.update(environment)
    try:
        said = resolved(keys)
    except Exception as error:
        said = {"error": type(error).__name__}
    print(json.dumps(said, default=str, sort_keys=True), flush=True)
"""
BOTOCORE = """
from botocore.session import Session as fresh
def more(session):
    return {}
"""
CLI = """
from awscli.clidriver import create_clidriver
from awscli.customizations.s3.transferconfig import RuntimeConfig
def fresh():
    return create_clidriver().session
def more(session):
    return {"s3 commands": str(RuntimeConfig().build_config(**session.get_scoped_config().get("s3", {})))}
"""
JAVASCRIPT = """
import { createInterface } from "node:readline";
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { loadSharedConfigFiles, getProfileName } from "@smithy/shared-ini-file-loader";
for await (const line of createInterface({ input: process.stdin })) {
  const { "": keys, ...environment } = JSON.parse(line);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environment);
  const said = {};
  const files = await loadSharedConfigFiles();
  const name = getProfileName({});
  const profile = { ...files.configFile[name], ...files.credentialsFile[name] };
  for (const key of keys) {
    const inner = Object.entries(profile).filter(([one]) => one === key || one.startsWith(`${key}.`));
    said[`get ${key}`] = JSON.stringify(inner.sort());
  }
  const client = new STSClient({ credentials: { accessKeyId: "x", secretAccessKey: "x" } });
  for (const [one, value] of Object.entries(client.config)) {
    if (/^(region|use\\w+Endpoint|maxAttempts|retryMode|defaultsMode|userAgentAppId|authSchemePreference)$/.test(one)) {
      said[one] = typeof value === "function" ? await value().catch(String) : value ?? null;
    }
  }
  client.middlewareStack.add(
    () => async ({ request }) => {
      said.address = `${request.protocol}//${request.hostname}:${request.port ?? ""}`;
      said.agent = request.headers["user-agent"];
      throw new Error("nothing is sent");
    },
    { step: "finalizeRequest", priority: "high" },
  );
  await client.send(new GetCallerIdentityCommand({})).catch((error) => { said.address ??= String(error); });
  console.log(JSON.stringify(said));
}
"""


def _python(session: str) -> str:
    return PYTHON.replace("@SESSION@", session)


CLIENTS: Mapping[str, Callable[[], list[str]]] = {
    "botocore": lambda: [sys.executable, "-I", "-c", _python(BOTOCORE)],
    "the AWS CLI 1": lambda: [sys.executable, "-I", "-c", _python(CLI)],
    "the AWS CLI 2": lambda: ["/usr/bin/python3", "-I", "-c", _python(CLI)],
    "JavaScript 3": lambda: [program("node"), "--input-type=module", "-e", JAVASCRIPT],
    "Go 2": lambda: settings_of("go"),
    "Java 2": lambda: settings_of("java"),
}


def resolved(client: str, environments: Sequence[Mapping[str, str]], keys: Iterable[str], folder: Path) -> list[Said]:
    """What this client resolves in each of these environments, for a profile's `keys` and as a whole.

    `folder` is where it runs: relative paths begin there. Raises DesktopError when it cannot be asked.
    """
    names = list(keys)
    asked = [json.dumps({**one, "": names}, sort_keys=True) for one in environments]
    each = list(dict.fromkeys(asked))  # several modes lead to the same environment
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            CLIENTS[client](),
            cwd=modules() if client == "JavaScript 3" else folder,
            input="".join(f"{line}\n" for line in each),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            timeout=ASKING,
            check=False,
        )
        errors.seek(0)
        said = [json.loads(line) for line in done.stdout.splitlines()]
        if len(said) != len(each):
            raise DesktopError(f"{client} answered {len(said)} of {len(each)} times: {errors.read()[-3000:]}")
    answers = dict(zip(each, said, strict=True))
    return [answers[line] for line in asked]


def known(client: str) -> frozenset[str]:
    """The names of the settings that this client reads from a profile, as its own sources say them."""
    found = SOURCES[client]()
    if not found:
        raise DesktopError(f"the sources of {client} say no setting in the way that we look for")
    return frozenset(found)


def _of_botocore() -> set[str]:
    tables = (*BOTOCORE_DEFAUT_SESSION_VARIABLES.values(), *DEFAULT_S3_CONFIG_VARS.values())
    names = (names if isinstance(names, list) else [names] for names, *_ in tables)
    return {name for several in names for name in several if isinstance(name, str)} | {"s3", "proxies_config"}


def _of_cli(package: Path) -> set[str]:
    files = (package / "__init__.py", package / "clidriver.py", *(package / "customizations").rglob("*.py"))
    read = r"(?:scoped_config|get_scoped_config\(\))\.get\(\s*['\"]([a-z0-9_]+)|config_var_name=['\"]([a-z0-9_]+)"
    # The table of general options: variable, option, entry, variable.
    table = r"^[a-z_0-9]+ +(?:--[a-z-]+|N/A) +([a-z_0-9]+) +\S+ "
    found = {a or b for file in files for a, b in re.findall(read, file.read_text())}
    return found | set(re.findall(table, (package / "topics" / "config-vars.rst").read_text(), re.MULTILINE))


def _of_javascript() -> set[str]:
    folder = modules() / "node_modules"
    files = (file for scope in ("@aws-sdk", "@smithy") for file in folder.glob(f"{scope}/*/dist-cjs/**/*.js"))
    text = "".join(file.read_text() for file in files)
    named = re.findall(r"(?:profile|profileData)\.([a-z0-9]+_[a-z0-9_]+)", text)
    indexed = re.findall(r"(?:profile|profileData)\[(\w+)\]", text)
    values = dict(re.findall(r"(?:const|let|var)?\s*([A-Z][A-Z0-9_]+) = \"([a-z0-9_]+)\"", text))
    selected = [name for name in values if name.startswith("CONFIG_")]  # what is selected by its kind, not by its name
    return {*named, *(values[name] for name in (*indexed, *selected) if name in values)}


def _of_go() -> set[str]:
    argv = ["go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/config"]
    env = {**os.environ, "GOFLAGS": "-mod=readonly", "GOPROXY": "off", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    built("go")
    done = subprocess.run(argv, cwd=SDK_SOURCES / "go", env=env, capture_output=True, text=True, timeout=60, check=True)
    text = (Path(done.stdout.strip()) / "shared_config.go").read_text()
    names = text.partition("// Static Credentials group")[2].partition("\n)")[0]
    return set(re.findall(r"^\s+\w+\s+= [`\"]([a-z0-9_]+)[`\"]", names, re.MULTILINE)) - {"default"}


def _of_java() -> set[str]:
    done = subprocess.run([*settings_of("java"), "known"], capture_output=True, text=True, timeout=ASKING, check=True)
    return set(done.stdout.split())


SOURCES: Mapping[str, Callable[[], set[str]]] = {
    "botocore": _of_botocore,
    "the AWS CLI 1": lambda: _of_cli(Path(awscli.__file__).parent),
    "the AWS CLI 2": lambda: _of_cli(Path("/usr/lib/python3/dist-packages/awscli")),
    "JavaScript 3": _of_javascript,
    "Go 2": _of_go,
    "Java 2": _of_java,
}
