"""The same files mean to us what they mean to botocore: parsing, endpoints and chains of roles."""

import configparser
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import botocore.configloader
import botocore.exceptions
import botocore.session
import pytest
from botocore.config import Config
from botocore.loaders import create_loader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trayexec.adapters import aws_parser
from trayexec.adapters.aws_files import AwsFiles
from trayexec.adapters.aws_parser import merge, parse
from trayexec.core.config.profiles import Identity, Profile, Role, StsEndpoint
from trayexec.light.errors import TrayexecError

PHONE = "arn:aws:iam::111111111111:mfa/phone"
LOADER = create_loader()  # reading botocore's data once is enough


class Folder:
    """A config and a credentials file in a folder, and botocore made to see those two and nothing else."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Use files in `folder`; `environment` is all of AWS that both sides see."""
        self.config, self.shared = folder / "config", folder / "credentials"
        self.environment = {
            **environment,
            "AWS_CONFIG_FILE": str(self.config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.shared),
            "HOME": str(folder),
        }

    def write(self, config: str, shared: str = "") -> None:
        """Fill the files."""
        self.config.write_text(config)
        self.shared.write_text(shared)
        for path in (self.config, self.shared, self.config.parent):
            os.utime(path, (1, 1))  # nobody is writing it just now

    def session(self, profile: str | None) -> Any:
        """A botocore session for the profile."""
        session = botocore.session.Session(profile=profile)
        session.register_component("data_loader", LOADER)
        return session

    def ours(self, profile: str) -> Any:
        """What we make of the profile."""
        return AwsFiles(self.environment, session_name="trayexec-alice").load().profiles[profile]

    def __enter__(self) -> Self:
        self._patch = pytest.MonkeyPatch()
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            self._patch.delenv(name)
        for name, value in self.environment.items():
            self._patch.setenv(name, value)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


def url_of(endpoint: StsEndpoint) -> str:
    """Where a botocore client goes that is made from our endpoint and knows no files."""
    session = botocore.session.Session(session_vars={"config_file": (None, None, os.devnull, None)})
    session.register_component("data_loader", LOADER)
    session.set_config_variable("sts_regional_endpoints", endpoint.sts_regional_endpoints)
    client = session.create_client(
        "sts",
        region_name=endpoint.region,
        endpoint_url=endpoint.url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(use_fips_endpoint=endpoint.use_fips, use_dualstack_endpoint=endpoint.use_dualstack),
    )
    return str(client.meta.endpoint_url)


SERVICES = "[services local]\nsts =\n  endpoint_url = http://127.0.0.1:7\n"
REGION = "region = eu-west-1\n"


@pytest.mark.parametrize(
    ("lines", "environment"),
    [
        (REGION, {}),
        ("region = us-east-1\n", {}),
        ("region = us-gov-west-1\n", {}),
        ("region = cn-north-1\n", {}),
        ("region = nonsense-1\n", {}),
        ("region = us-east-1\nsts_regional_endpoints = legacy\n", {}),
        ("region = us-east-1\nsts_regional_endpoints = legacy\n", {"AWS_STS_REGIONAL_ENDPOINTS": "regional"}),
        ("region = us-east-1\n", {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}),
        (REGION + "use_fips_endpoint = TRUE\n", {}),
        (REGION + "use_fips_endpoint = 1\n", {}),
        (REGION + "use_fips_endpoint = true\n", {"AWS_USE_FIPS_ENDPOINT": "false"}),
        (REGION + "use_fips_endpoint = true\n", {"AWS_USE_FIPS_ENDPOINT": ""}),
        (REGION, {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}),
        (REGION + "use_dualstack_endpoint = true\n", {}),
        (REGION + "endpoint_url = http://127.0.0.1:5\n", {}),
        (REGION + "endpoint_url = http://127.0.0.1:5\nuse_fips_endpoint = true\n", {}),
        (REGION + "endpoint_url = http://127.0.0.1:5\nservices = local\n", {}),
        (REGION + "endpoint_url = http://127.0.0.1:5\nservices = local\nignore_configured_endpoint_urls = true\n", {}),
        (REGION + "endpoint_url = http://127.0.0.1:5\n", {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}),
        (REGION + "ignore_configured_endpoint_urls = true\n", {"AWS_ENDPOINT_URL": "http://127.0.0.1:6"}),
        (REGION + "services = local\n", {"AWS_ENDPOINT_URL": "http://127.0.0.1:6"}),
        (REGION + "services = missing\n", {"AWS_ENDPOINT_URL": "http://127.0.0.1:6"}),
        (
            REGION,
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:6", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:8"},
        ),
        (REGION + "services = local\n", {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_STS": ""}),
    ],
)
def test_sts_is_reached_where_botocore_reaches_it(tmp_path: Path, lines: str, environment: dict[str, str]) -> None:
    """Files and variables, with botocore's own precedence."""
    with Folder(tmp_path, environment) as folder:
        folder.write(f"[profile a]\nmfa_serial = GAHT12345678\n{lines}{SERVICES}", "[a]\naws_access_key_id = x\n")
        client = folder.session("a").create_client("sts", aws_access_key_id="x", aws_secret_access_key="x")
        theirs = client.meta.endpoint_url
        profile = folder.ours("a")
    with Folder(tmp_path, {}):
        assert isinstance(profile, Profile), profile
        assert profile.identity is not None
        assert url_of(profile.identity.endpoint) == theirs


@pytest.mark.parametrize(
    "lines", ["services = missing\n", "sts_regional_endpoints = odd\n", "endpoint_url = rubbish\n", "region = a b\n"]
)
def test_what_botocore_refuses_we_refuse(tmp_path: Path, lines: str) -> None:
    """As a problem of the profile."""
    with Folder(tmp_path, {}) as folder:
        folder.write(f"[profile a]\nmfa_serial = {PHONE}\n{REGION if 'region =' not in lines else ''}{lines}")
        with pytest.raises((botocore.exceptions.BotoCoreError, ValueError)):
            folder.session("a").create_client("sts", aws_access_key_id="x", aws_secret_access_key="x")
        assert not isinstance(folder.ours("a"), Profile)


class Recorder:
    """Stands where botocore creates its STS client; it notes who assumes what."""

    def __init__(self) -> None:
        """Nothing was called yet."""
        self.calls: list[tuple[str, str]] = []

    def __call__(self, _service: str, **by: str) -> Self:
        """The client, in the name of who makes it."""
        self._by = by["aws_access_key_id"]
        return self

    def assume_role(self, **request: Any) -> Mapping[str, Any]:
        """Note the call; the role's ARN serves as the access key that the next call shows."""
        arn = request["RoleArn"]
        self.calls.append((self._by, arn))
        until = datetime.now(UTC) + timedelta(hours=1)
        issued = {"AccessKeyId": arn, "SecretAccessKey": "x", "SessionToken": "x", "Expiration": until}
        return {"Credentials": issued, "AssumedRoleUser": {"Arn": arn}}


def their_chain(folder: Folder, profile: str) -> list[tuple[str, str]] | None:
    """Who assumes what when botocore resolves the profile; None when it refuses."""
    recorder = Recorder()
    provider = folder.session(profile).get_component("credential_provider").get_provider("assume-role")
    provider._client_creator = recorder
    provider._prompter = lambda _: "123456"
    try:
        credentials = provider.load()
        if credentials is not None:
            credentials.get_frozen_credentials()
    except botocore.exceptions.BotoCoreError:
        return None
    return recorder.calls


def our_chain(found: Any) -> list[tuple[str, str]] | None:
    """The same from our resolution, the keys by the name of their profile."""
    if not isinstance(found, Profile):
        return None
    roles: list[Role] = []
    target = found.target
    while isinstance(target, Role):
        roles.insert(0, target)
        target = target.source
    end = target.keys if isinstance(target, Identity) else target.profile
    names = [end, *(role.arn for role in roles)]
    return [(by, role.arn) for by, role in zip(names, roles, strict=False)]


NAMES = st.sampled_from(["default", "a", "b", "c", "d"])
SHAPES = st.dictionaries(
    NAMES,
    st.tuples(st.sampled_from(["role", "role", "role+keys", "role only", "keys", "keys+source"]), NAMES),
    min_size=1,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SHAPES)
def test_a_chain_of_roles_is_the_one_botocore_walks(shapes: dict[str, tuple[str, str]]) -> None:
    """The same roles by the same keys, and what it refuses is a problem. Keys are in the files, for botocore's sake."""
    config, shared = "", ""
    for name, (shape, source) in shapes.items():
        config += f"[profile {name}]\nmfa_serial = {PHONE}\n"
        config += f"role_arn = arn:aws:iam::222222222222:role/{name}\n" if "role" in shape else ""
        config += f"source_profile = {source}\n" if shape in {"role", "role+keys", "keys+source"} else ""
        # A profile that names itself has its keys in the keychain at least: in a file, for botocore to see them.
        if "keys" in shape or (source == name and shape == "role"):
            shared += f"[{name}]\naws_access_key_id = {name}\naws_secret_access_key = x\n"
    if "default" not in shapes:
        shared += "[default]\naws_access_key_id = default\naws_secret_access_key = x\n"
    with tempfile.TemporaryDirectory() as name, Folder(Path(name), {}) as folder:
        folder.write(config, shared)
        for profile in shapes:
            assert our_chain(folder.ours(profile)) == their_chain(folder, profile)


FILES = {
    "usual": "[default]\nregion = eu-west-1\n[profile a]\nrole_arn: x\n; c\n# d\nREGION = y # kept\n",
    "quoted": "[profile \"a b\"]\nregion = x\n[profile a b]\nregion = y\n[profilex y]\nregion = z\n[profile  'c']\n",
    "capitals": "[DEFAULT]\nregion = x\n[profile a]\noutput = json\n[default]\n",
    "nested": "[profile a]\ns3 =\n  a = b\n  c = d = e\nregion = x\n[services s]\nsts =\n  endpoint_url = u\n",
    "multi-line": "[profile a]\nregion = x\n  y\n",
    "twice": "[profile a]\nregion = x\n[profile 'a']\noutput = y\n",
    "open quote": "[profile 'a]\nregion = x\n[sso-session s]\nsso_region = x\n[other]\na = b\n",
    "carriage returns": "[default]\r\nregion = x\r\n\r\n[profile a]\r\ns3 =\r\n  a = b\r\n",
    "old Mac": "[default]\rregion = x\r",
    "separators": "[default]\nregion = a\x0bb\x0cc\x1cd\x85e\u2028f\n",
    "empty": "",
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_parsed_as_botocore_parses_it(tmp_path: Path, name: str) -> None:
    """Both as a config and as a credentials file; only the values of keys are not kept."""
    with Folder(tmp_path, {}) as folder:
        folder.config.write_bytes(FILES[name].encode())
        folder.shared.write_text("[a]\nregion = z\naws_secret_access_key = s3cret\n[profile a]\nx = y\n")
        theirs = folder.session(None).full_config
        theirs["profiles"]["a"]["aws_secret_access_key"] = ""
        with folder.config.open(encoding="utf-8") as file:
            ours = merge(parse(file.read(), file="x"), parse(folder.shared.read_text(), file="y"), {})
    assert ours.profiles == theirs["profiles"]
    assert list(ours.profiles) == list(theirs["profiles"])
    assert ours.services == theirs["services"]


TEXTS = st.lists(
    st.sampled_from(
        [
            "[a]",
            "[profile a]",
            "[default]",
            "[DEFAULT]",
            "[",
            "]",
            "\n",
            "\n",
            "\n ",
            "k",
            "=",
            ":",
            " ",
            "#",
            "v",
            "\r",
            "k = v\n",
            "x: y\n",
            "\n  s3 =\n    q = 1\n",
            " [b]\n",
            "[[a]#",
            "\u2028",
        ]
    ),
    max_size=30,
).map("".join)


@settings(deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_a_text_that_is_read_the_fast_way_says_the_same_to_the_standard_parser(text: str) -> None:
    """Sections, keys and values, and their order."""
    plain = aws_parser._plain(text)
    if plain is None:
        return
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    theirs = [(one, [(key, parser.get(one, key)) for key in parser.options(one)]) for one in parser.sections()]
    whole = [(one, [(key, aws_parser._nested(value)) for key, value in pairs]) for one, pairs in theirs]
    assert [(one, list(said.items())) for one, said in plain.items()] == whole


def test_a_usual_text_is_read_the_fast_way() -> None:
    """Comments, blank lines, an indented block, and lines that end as on Windows."""
    text = "# c\n[default]\nregion = eu-west-1\n\n[profile a]\ns3 =\n  a = b\nrole_arn: x\n; c\n"
    for one in (text, text.replace("\n", "\r\n")):
        assert aws_parser._plain(one) == {
            "default": {"region": "eu-west-1"},
            "profile a": {"s3": {"a": "b"}, "role_arn": "x"},
        }


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS | st.text(max_size=50))
def test_any_text_is_accepted_or_refused_as_botocore_does(text: str) -> None:
    """And nothing else is raised."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "config")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            theirs = botocore.configloader.raw_config_parse(str(path))
        except botocore.exceptions.ConfigParseError:
            theirs = None
        try:
            with path.open(encoding="utf-8") as file:
                ours: object = parse(file.read(), file="x")
        except (TrayexecError, UnicodeDecodeError):
            ours = None
    assert ours == theirs
