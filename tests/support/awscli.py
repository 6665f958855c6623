"""The two AWS CLIs that tests use as clients: version 1 from the project's environment, version 2 from Debian."""

import sys
from pathlib import Path

import pytest

CLI_1 = str(Path(sys.executable).with_name("aws"))
CLI_2 = "/usr/bin/aws"  # Debian's package awscli
BOTH = pytest.mark.parametrize("aws", [CLI_1, CLI_2], ids=["v1", "v2"])
