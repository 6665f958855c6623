"""The JavaScript SDKs for tests: installed once, by npm, into the checkout's own cache folder."""

import fcntl
import json
import subprocess
from pathlib import Path

from support.desktop import program

SDK = {"@aws-sdk/client-sts": "3.893.0", "aws-sdk": "2.1692.0"}  # they run on node 18, which Debian 12 has
FOLDER = Path(__file__).parents[2] / ".cache" / "node"


def modules() -> Path:
    """The folder to run node in. Raises CalledProcessError when npm cannot install."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = json.dumps({"private": True, "type": "module", "dependencies": SDK})
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        package = FOLDER / "package.json"
        done = FOLDER / "installed"
        if not done.exists() or done.read_text() != wanted:
            package.write_text(wanted)
            subprocess.run([program("npm"), "install", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, check=True)
            done.write_text(wanted)
    return FOLDER
