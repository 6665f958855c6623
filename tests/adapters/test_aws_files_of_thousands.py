"""The work that files with thousands of profiles take: counted, not timed, and twice as much for twice as many."""

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from trayexec.adapters.aws_files import AwsFiles
from trayexec.core.config.profiles import Catalogue, Profile
from trayexec.light.errors import TrayexecError

MANY = 400
ROLE = "role_arn = arn:aws:iam::222222222222:role/Deploy\n"
DEFAULT = "[default]\nregion = eu-west-1\nmfa_serial = arn:aws:iam::111111111111:mfa/alice\n"


def role(number: int, lines: str) -> str:
    """A role of its own, with more lines."""
    return f"[profile role-{number}]\nrole_arn = arn:aws:iam::{222222222222 + number}:role/Deploy\n{lines}"


# What stands in the section of a profile, by its number; `last` is how many there are.
SHAPES: Mapping[str, Callable[[int, int], str]] = {
    "roles over one source": lambda n, _: role(n, "source_profile = default\n"),
    "serials over one key": lambda n, _: role(
        n, f"source_profile = default\nmfa_serial = arn:aws:iam::111111111111:mfa/a{n}\n"
    ),
    "a chain of roles": lambda n, _: role(n, f"source_profile = {f'role-{n - 1}' if n else 'default'}\n"),
    "a ring of roles": lambda n, last: role(n, f"source_profile = role-{(n + 1) % last}\n"),
    "sources that are not there": lambda n, _: role(n, f"source_profile = roles-{n}\n"),
    "one source that is not there": lambda n, _: role(n, "source_profile = role\n"),
    "no sources": lambda n, _: role(n, ""),
    "endpoints over one key": lambda n, _: role(n, f"source_profile = default\nendpoint_url = https://x{n}.test\n"),
    "one section that all include": lambda n, _: role(n, "source_profile = default\ninclude_profile = default\n"),
    "a chain of what is included": lambda n, _: role(
        n, f"source_profile = default\ninclude_profile = {f'role-{n - 1}' if n else 'default'}\n"
    ),
    "a ring of what is included": lambda n, last: role(n, f"include_profile = role-{(n + 1) % last}\n"),
    "what is included and not there": lambda n, _: role(n, f"source_profile = default\ninclude_profile = rol-{n}\n"),
    "keys": lambda n, _: f"[profile k{n}]\nmfa_serial = arn:aws:iam::{222222222222 + n}:mfa/a\n",
    "programs": lambda n, _: f"[profile p{n}]\ncredential_process = /bin/program {n}\n",
    "accounts of one sign-in": lambda n, _: (
        ("[sso-session corp]\nsso_start_url = https://corp.test\nsso_region = eu-west-1\n" if n == 0 else "")
        + f"[profile s{n}]\nsso_session = corp\nsso_account_id = {222222222222 + n}\nsso_role_name = Dev\n"
    ),
    "blocks": lambda n, _: role(n, "source_profile = default\ns3 =\n  addressing_style = path\n"),
    "sections that are no profiles": lambda n, _: f"[role-{n}]\n{ROLE}source_profile = default\n",
}


def read(folder: Path, text: str) -> tuple[Catalogue, int]:
    """What the files say, and how many calls it took to read that, of Python's functions and of C's."""
    config = folder / "config"
    config.write_text(text)
    for path in (config, folder):
        os.utime(path, (1, 1))  # nobody is writing it just now
    environment = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    files = AwsFiles({**environment, "HOME": str(folder)}, session_name="s")
    calls = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        catalogue = files.load()
    finally:
        sys.setprofile(before)
    return catalogue, calls


def config(shape: str, many: int) -> str:
    """A config of so many profiles of this shape."""
    return DEFAULT + "".join(SHAPES[shape](number, many) for number in range(many))


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_as_many_profiles_are_twice_the_work(shape: str, tmp_path: Path) -> None:
    """However they hang together, and whatever is wrong with them."""
    _, once = read(tmp_path, config(shape, MANY))
    _, twice = read(tmp_path, config(shape, 2 * MANY))
    assert twice < 2.3 * once


def test_a_thousand_roles_take_so_many_calls(tmp_path: Path) -> None:
    """A bound for each profile: this is what a changed file costs the next request."""
    catalogue, calls = read(tmp_path, config("roles over one source", 1000))
    assert sum(isinstance(one, Profile) for one in catalogue.profiles.values()) == 1001
    assert calls / 1000 < 300


@pytest.mark.parametrize("line", ["a{}", "a{}b", "a{}b{}= c", "[{}", "[profile{}x", "# {}", "mfa_serial = a{}b"])
def test_a_line_of_blanks_takes_no_time(tmp_path: Path, line: str) -> None:
    """The standard library's parser would look at each blank once for every other one; it hangs for minutes."""
    for indent in ("", "  "):
        with contextlib.suppress(TrayexecError):
            read(tmp_path, f"{DEFAULT}{indent}{line.replace('{}', ' ' * 100_000)}\n")
