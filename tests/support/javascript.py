"""The AWS SDK for JavaScript, version 3, from npm: installed once into the virtual environment that runs the tests."""

import fcntl
import json
import subprocess
import sys
from pathlib import Path

PACKAGE, VERSION = "@aws-sdk/client-sts", "3.1169.0"

# Says who it is, by the default chain of the SDK; then once more after each line of its input.
WHO = """\
import { createInterface } from "node:readline";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
const sts = new STSClient({ endpoint: process.argv[2] });
const say = async () => console.log((await sts.send(new GetCallerIdentityCommand({}))).Arn);
await say();
for await (const line of createInterface({ input: process.stdin })) await say();
"""


def who() -> Path:
    """A program for node that prints the ARN it acts as; its argument is the address of STS."""
    folder = Path(sys.prefix) / "javascript"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = folder / "node_modules" / PACKAGE / "package.json"
        if not installed.exists() or json.loads(installed.read_text())["version"] != VERSION:
            (folder / "package.json").write_text('{"private": true}')
            npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"{PACKAGE}@{VERSION}"]
            subprocess.run(npm, cwd=folder, check=True, capture_output=True, timeout=100)
        program = folder / "who.mjs"
        if not program.exists() or program.read_text() != WHO:
            program.write_text(WHO)
    return program
