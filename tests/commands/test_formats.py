"""`env`'s formats: what a reader of each takes out is exactly what was put in. The readers are the real ones."""

import configparser
import json
import subprocess
from pathlib import Path

import pytest
from botocore.configloader import raw_config_parse
from hypothesis import given, settings
from hypothesis import strategies as st

from trayexec.commands.formats import FORMATS, Exported, dotenv, fish, ini, pwsh, sh
from trayexec.light import caller_variables
from trayexec.light.errors import TrayexecError

# How each shell takes the text in, and shows what a command of it would get.
SHELLS = {
    "sh": (sh, ["sh", "-c", 'eval "$(cat)"; exec env -0']),
    "bash": (sh, ["bash", "--norc", "-c", 'eval "$(cat)"; exec env -0']),
    "zsh": (sh, ["zsh", "-f", "-c", 'eval "$(cat)"; exec env -0']),
    "zsh with doubled quotes": (sh, ["zsh", "-f", "-o", "rc_quotes", "-c", 'eval "$(cat)"; exec env -0']),
    "fish": (fish, ["fish", "--no-config", "-c", "cat | source; exec env -0"]),
}
# Anything an environment can hold, with more of what quoting is about than chance would bring.
VALUES = st.lists(
    st.one_of(
        st.sampled_from(["'", '"', "\\", "\n", " ", "$", "`", "!", "#", "%", "~", "\N{LEFT SINGLE QUOTATION MARK}"]),
        st.sampled_from(["$(id)", "${HOME}", "\\'", "''", "\\n", "-e", "*", ";", "&", "|", "=", "]", "日本"]),
        st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=8),
    ),
    max_size=6,
).map("".join)
NAMES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "TRAYEXEC_PROFILE",
)
HANDFULS = st.lists(VALUES, min_size=len(NAMES), max_size=len(NAMES)).map(
    lambda values: Exported(values[-1], dict(zip(NAMES, values, strict=True)), {})
)
FOREIGN = dict.fromkeys((*caller_variables.NAMES, *caller_variables.MARKERS), "somebody else's")
USUAL = {
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a/b+c=",
    "AWS_SESSION_TOKEN": "IQoJ//+==",
    "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T21:07:09Z",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


def usual(profile: str, **more: str) -> Exported:
    """What there usually is to write, for this profile."""
    variables = {**USUAL, "TRAYEXEC_PROFILE": profile, **more}
    document = {
        "Version": 1,
        "AccessKeyId": variables["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": variables["AWS_SECRET_ACCESS_KEY"],
        "SessionToken": variables["AWS_SESSION_TOKEN"],
        "Expiration": variables["AWS_CREDENTIAL_EXPIRATION"],
        "Region": variables["AWS_REGION"],
    }
    return Exported(profile, variables, document)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A shell's home: fish writes into it, and makes it where there is none."""
    return str(tmp_path_factory.mktemp("home"))


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=25, deadline=None)
@given(handful=HANDFULS)
def test_shells_read_back_what_was_written(shell: str, home: str, handful: Exported) -> None:
    """A shell that takes the text in hands exactly these values to its commands, and none of the old ones."""
    write, argv = SHELLS[shell]
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": home, **FOREIGN}
    done = subprocess.run(argv, input=write(handful).text.encode(), env=environ, capture_output=True, check=True)
    seen = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0")[:-1])
    assert {name: seen.get(name) for name in NAMES} == handful.variables
    assert not set(seen) & (set(FOREIGN) - set(NAMES))
    assert not done.stderr


@settings(max_examples=25, deadline=None)
@given(handful=HANDFULS)
def test_fish_and_sh_say_nothing_where_nothing_was_set(home: str, handful: Exported) -> None:
    """To unset what was never set is no complaint and no failure, even where every failure ends the script."""
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": home}
    for write, argv in ((sh, ["sh", "-euc", 'eval "$(cat)"']), (fish, ["fish", "--no-config", "-c", "cat | source"])):
        done = subprocess.run(argv, input=write(handful).text.encode(), env=environ, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def powershell(text: str) -> dict[str, str]:
    """The assignments of a script as PowerShell's tokenizer reads them: a doubled quote, of any kind, is one."""
    quotes = "'\u2018\u2019\u201a\u201b"
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        if not text.startswith("$env:", at):
            end = text.index("\n", at)
            assert text[at:end].startswith("Remove-Item -ErrorAction Ignore -LiteralPath Env:")
            at = end + 1
            continue
        name, _, rest = text[at + len("$env:") :].partition(" = ")
        assert rest[0] in quotes
        place = len(text) - len(rest) + 1
        value = ""
        while True:
            if text[place] in quotes:
                if text[place + 1] not in quotes:
                    break
                place += 1
            value += text[place]
            place += 1
        assert text[place + 1] == "\n"
        found[name] = value
        at = place + 2
    return found


@given(handful=HANDFULS)
def test_powershell_would_read_back_what_was_written(handful: Exported) -> None:
    """By the rule of its single quotes, of which Unicode has five, every value ends where it should."""
    assert powershell(pwsh(handful).text) == handful.variables


@given(value=VALUES)
def test_dotenv_is_the_same_to_every_reader_or_is_not_written(value: str) -> None:
    """What docker takes literally and what a shell reads are the same; a profile's name that differs is left out."""
    page = dotenv(usual(value))
    literal = dict(line.split("=", 1) for line in page.text.splitlines())  # docker: all after the `=`
    assert literal.pop("TRAYEXEC_PROFILE", value) == value
    assert literal == USUAL
    assert ("TRAYEXEC_PROFILE" in page.text) != bool(page.remarks)
    assert not set(page.text) & set("'\"\\$`#&;|<>()!*? \t")


def test_dotenv_is_a_shells_too(tmp_path: Path) -> None:
    """`set -a; . ./file` reads the file as docker does."""
    file = tmp_path / "env"
    file.write_text(dotenv(usual("日本.prod/a+b=c:d@e%f,g-h_i")).text)
    done = subprocess.run(
        ["sh", "-c", 'set -a; . "$1"; exec env -0', "sh", str(file)],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    seen = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0")[:-1])
    assert {name: seen[name] for name in NAMES} == usual("日本.prod/a+b=c:d@e%f,g-h_i").variables


@given(value=VALUES)
def test_json_reads_back(value: str) -> None:
    """The credential_process document, with the profile's name."""
    handful = usual(value)
    assert json.loads(FORMATS["json"](handful).text) == {**handful.document, "Profile": value}


@given(profile=VALUES, region=VALUES)
def test_ini_reads_back_or_is_refused(tmp_path_factory: pytest.TempPathFactory, profile: str, region: str) -> None:
    """Botocore finds the section and every value; a name or region that INI cannot say is refused."""
    says = all(value.isprintable() and value.strip() == value for value in (profile, region))
    if not says or profile in {"", "DEFAULT"}:
        with pytest.raises(TrayexecError, match="ini"):
            ini(usual(profile, AWS_REGION=region))
        return
    page = ini(usual(profile, AWS_REGION=region))
    file = tmp_path_factory.getbasetemp() / "credentials"
    file.write_text(page.text)
    expected = {
        "aws_access_key_id": USUAL["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": USUAL["AWS_SECRET_ACCESS_KEY"],
        "aws_session_token": USUAL["AWS_SESSION_TOKEN"],
        "aws_credential_expiration": USUAL["AWS_CREDENTIAL_EXPIRATION"],
        "region": region,
    }
    assert raw_config_parse(str(file), parse_subsections=False) == {profile: expected}


@pytest.mark.parametrize("name", ["account-a", "a b", "a]b", "[x", "日本", "it's", "%(x)s", "-x", "#x", "a # b"])
def test_ini_says_any_ordinary_name(name: str) -> None:
    """Names that people do give their profiles are not refused."""
    parser = configparser.RawConfigParser()
    parser.read_string(ini(usual(name)).text)
    assert parser.sections() == [name]


@pytest.mark.parametrize("name", ["DEFAULT", "a\nb", " a", "a\tb"])
def test_ini_refuses_what_would_be_another_section(name: str) -> None:
    """`DEFAULT` would be every section's default; blanks and control characters would not come back."""
    with pytest.raises(TrayexecError, match="ini"):
        ini(usual(name))
