"""The overlay's text: what carries over, what does not, and a command line that every SDK reads alike."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from trayexec.adapters.aws_parser import merge, parse
from trayexec.core.config.profiles import Catalogue
from trayexec.core.config.resolve import resolve
from trayexec.light import own_command
from trayexec.live.layout import overlay, process_line

CONFIG = """\
[default]
region = eu-central-1
mfa_serial = arn:aws:iam::111111111111:mfa/alice
[plugins]
endpoint = awscli_plugin_endpoint
[profile account-a]
role_arn = arn:aws:iam::222222222222:role/Deploy
source_profile = default
external_id = abc
duration_seconds = 3600
endpoint_url = https://example.com
services = local
retry_mode = adaptive
max_attempts = 7
ca_bundle = /etc/ca.pem
cli_pager =
output = json
x_custom = kept
s3 =
    max_concurrent_requests = 20
    addressing_style = path
[services local]
s3 =
    endpoint_url = http://127.0.0.1:9000
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
[profile by-sso]
sso_session = corp
sso_account_id = 444444444444
[profile other]
credential_process = /usr/bin/other
[profile static]
aws_access_key_id = AKIASTATIC
aws_secret_access_key = secret
source_profile = nowhere
"""
SHARED = (
    "[default]\noutput = text\n[shared]\naws_access_key_id = AKIASHARED\naws_secret_access_key = secret\nregion = r-1\n"
)
SHARED += "[needs-static]\nrole_arn = arn:aws:iam::222222222222:role/X\nsource_profile = by-sso\n"
US = ("/opt/bin/trayexec",)


def files(config: str = CONFIG, shared: str = SHARED) -> tuple[str, Catalogue]:
    """The overlay of these two files, and what they lead to."""
    parsed = parse(config, file="c"), parse(shared, file="s")
    catalogue = resolve(merge(*parsed, {}), session_name="s")
    return overlay(*parsed, catalogue, origin="/home/me/.aws/config", command=US), catalogue


def test_a_served_profile_keeps_all_that_is_not_about_credentials() -> None:
    """Every other key carries over as it is, nested ones too; credentials are asked of us, and of nobody else."""
    sections = parse(files()[0], file="o")
    assert sections["profile account-a"] == {
        "endpoint_url": "https://example.com",
        "services": "local",
        "retry_mode": "adaptive",
        "max_attempts": "7",
        "ca_bundle": "/etc/ca.pem",
        "cli_pager": "",
        "output": "json",
        "duration_seconds": "3600",
        "x_custom": "kept",
        "s3": {"max_concurrent_requests": "20", "addressing_style": "path"},
        "region": "eu-central-1",
        "credential_process": "/opt/bin/trayexec credential-process 'account-a'",
    }


def test_what_is_not_ours_stays_as_it_is() -> None:
    """Other sections and profiles of other kinds are as in the user's file; the order is the user's."""
    text = files()[0]
    own, sections = parse(CONFIG, file="c"), parse(text, file="o")
    for name in ("plugins", "services local", "sso-session corp", "profile by-sso"):
        assert sections[name] == own[name], name
    assert [name for name in sections if name in own] == list(own)


def test_another_program_is_asked_by_us_and_without_us_where_it_prints_long_term_keys() -> None:
    """Those we hand to nobody: then it is as outside."""
    line = "/opt/bin/trayexec credential-process --or-from-files 'other'"
    said = {"region": "eu-central-1", "credential_process": line}
    assert parse(files()[0], file="o")["profile other"] == said


def test_no_secret_is_in_it() -> None:
    """Static keys are left out, from whichever file they come; the rest of those profiles is there."""
    text = files()[0]
    for secret in ("AKIASTATIC", "AKIASHARED", "secret\n", "aws_access_key_id"):
        assert secret not in text


def test_keys_in_the_users_files_are_asked_of_us_where_we_do_not_serve() -> None:
    """Without a serial a profile with static keys is not ours: an SDK starts us to read them where they stand."""
    sections = parse(files(CONFIG.replace("mfa_serial", "x_serial"))[0], file="o")
    line = "/opt/bin/trayexec credential-process --from-files "
    assert sections["profile shared"] == {"region": "r-1", "credential_process": f"{line}'shared'"}
    assert sections["profile static"] == {"credential_process": f"{line}'static'"}


def test_keys_beside_the_serial_of_default_are_asked_of_us_if_we_have_none() -> None:
    """A profile with keys, to which only [default]'s serial reaches, may be none of ours; one with its own is ours."""
    sections = parse(files()[0], file="o")
    assert (
        sections["profile shared"]["credential_process"]
        == "/opt/bin/trayexec credential-process --or-from-files 'shared'"
    )
    assert "files" not in str(sections["default"]["credential_process"])
    sections = parse(files(shared=SHARED.replace("region = r-1", "mfa_serial = 123456789"))[0], file="o")
    assert sections["profile shared"]["credential_process"] == "/opt/bin/trayexec credential-process 'shared'"


def test_the_credentials_file_wins_as_with_botocore() -> None:
    """A setting in the credentials file beats the config file's."""
    assert parse(files()[0], file="o")["default"]["output"] == "text"


def test_keys_beside_a_role_are_walked_by_us() -> None:
    """A role that is its own source, and who depends on it: in the overlay a profile has one side only."""
    config = CONFIG.replace("mfa_serial", "x_serial")
    role = "role_arn = arn:aws:iam::222222222222:role/X\nsource_profile = itself\n"
    shared = f"{SHARED}[itself]\n{role}aws_access_key_id = AKIASELF\naws_secret_access_key = secret\n[by]\n{role}"
    sections = parse(files(config, shared)[0], file="o")
    line = "/opt/bin/trayexec credential-process --from-files "
    for name in ("itself", "by"):
        assert sections[f"profile {name}"] == {"credential_process": f"{line}'{name}'"}


def test_a_quoted_name_is_there_without_quotes_too() -> None:
    """The Go SDK takes no quotes off; botocore passes over the second section, and none is there twice."""
    served = "role_arn = arn:aws:iam::222222222222:role/X\nsource_profile = default\n"
    base = "[default]\nmfa_serial = arn:aws:iam::111111111111:mfa/alice\n"
    both = f"[profile 'a b']\n{served}[profile \"a'b\"]\n{served}[profile 'a #b']\n{served}"
    text, _ = files(both + base, "")
    line = process_line(US, "a b")
    assert text.count(f"credential_process = {line}\n") == 2
    assert [one for one in text.splitlines() if one.startswith("[profile")] == [
        "[profile 'a b']",
        "[profile a b]",
        '[profile "a\'b"]',
        "[profile a'b]",
        "[profile 'a #b']",
    ]
    text, _ = files(f"{both}[profile a b]\nregion = x\n{base}", "")
    assert text.count("[profile a b]") == 1


def test_of_two_sections_for_one_profile_botocores_choice_is_written() -> None:
    """`[profile x]` and `[profile "x"]`: the last one counts, once."""
    text, _ = files('[profile x]\nregion = eu-west-1\n[profile "x"]\nregion = eu-west-2\n', "")
    assert parse(text, file="o") == {'profile "x"': {"region": "eu-west-2"}}


@pytest.mark.parametrize(
    "name", ["a", "a b", "-x", "--", "日本", "a'b", "'", "x]y", "a #b", "a ; b", "$(x)", "a\\", '"']
)
def test_the_line_is_read_alike_by_shlex_and_sh(name: str) -> None:
    """Whatever the name, both see the same words, and no other SDK sees a comment begin."""
    line = process_line(("/opt/my bin/py'thon", "/opt/my bin/trayexec"), name)
    words = shlex.split(line)
    assert words[-1] == (f"--profile={name}" if name.startswith("-") else name)
    assert "--" not in words
    show = "import json, sys; print(json.dumps(sys.argv[1:]))"
    script = f"{shlex.quote(sys.executable)} -c {shlex.quote(show)} {line}"
    out = subprocess.run(["sh", "-c", script], capture_output=True, check=True, text=True).stdout
    assert json.loads(out) == words
    assert " #" not in line
    assert " ;" not in line


def test_we_start_from_a_folder_that_no_script_line_can_hold(tmp_path: Path) -> None:
    """A virtual environment in a folder with spaces and an apostrophe: Python is named, and it runs."""
    bin_ = tmp_path / "my o'folder" / "bin"
    bin_.mkdir(parents=True)
    home = Path(sys.executable).parents[1]
    (bin_.parent / "pyvenv.cfg").write_text((home / "pyvenv.cfg").read_text())
    (bin_.parent / "lib").symlink_to(home / "lib")
    (bin_ / "python").symlink_to(Path(sys.executable).resolve())
    (bin_ / "trayexec").write_text("#!/no/such/python\nfrom trayexec.cli import main\nmain()\n")
    (bin_ / "trayexec").chmod(0o755)
    command = own_command.command(str(bin_ / "python"))
    assert command == (str(bin_ / "python"), "-I", str(bin_ / "trayexec"))
    for argv in (shlex.split(shlex.join(command)), ["sh", "-c", f"{shlex.join(command)} version"]):
        done = subprocess.run(
            argv if argv[0] == "sh" else [*argv, "version"], env={"PATH": os.defpath}, capture_output=True, check=True
        )
        assert done.stdout.startswith(b"trayexec ")
    (bin_ / "trayexec").unlink()
    bare = own_command.command(str(bin_ / "python"))
    assert subprocess.run([*bare, "version"], env={}, capture_output=True, check=True).stdout.startswith(b"trayexec ")
