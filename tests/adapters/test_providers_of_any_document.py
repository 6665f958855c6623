"""Whatever a credential_process prints: credentials as botocore has them, or a reason in words of ours alone."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import ProcessProvider
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trayexec.adapters.clock import SystemClock
from trayexec.adapters.providers import BotoProviders, child, failures
from trayexec.core.config.profiles import Provider, StsEndpoint
from trayexec.core.config.sources import Source
from trayexec.core.credentials import LongTermKeys
from trayexec.core.ports import ProviderError

SECRET = "s3cretSAUCE"
LINE = "/opt/program"
WORDS = st.sampled_from(["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId", "x"])
VALUES = st.one_of(
    st.sampled_from([1, 2, "1", SECRET, "ASIAX", "", None, "2099-01-01T00:00:00Z", "2001-01-01T00:00:00Z", "soon"]),
    st.lists(st.just(SECRET), max_size=1),
    st.dictionaries(st.just("a"), st.just(SECRET)),
    st.booleans(),
    st.floats(),
)
WHOLE = {"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": SECRET, "SessionToken": SECRET}
DOCUMENTS = st.one_of(
    st.dictionaries(WORDS, VALUES, max_size=7).map(lambda said: json.dumps({**WHOLE, **said}).encode()),
    st.dictionaries(WORDS, VALUES, max_size=7).map(lambda said: json.dumps(said).encode()),
    st.sampled_from([b"", b"null", b"[]", b"{", b"<html>", b"\xff\xfe", b"1" * 5000, b"[" * 5000, b'{"Version":1}{}']),
    st.binary(max_size=30),
)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A config with that program, and an environment with nothing else."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "config").write_text(f"[profile p]\ncredential_process = {LINE}\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
        yield folder


class Printed:
    """A program that has printed this and ended."""

    def __init__(self, said: bytes) -> None:
        """Keep it."""
        self.said, self.returncode = said, 0

    def __call__(self, *_: object, **_pipes: object) -> "Printed":
        """Where it would be started."""
        return self

    start = __call__

    def communicate(self) -> tuple[bytes, bytes]:
        """What it says."""
        return self.said, b""


def theirs(said: bytes) -> tuple[Any, ...] | None:
    """What botocore makes of it; None where it refuses."""
    config = {"profiles": {"p": {"credential_process": LINE}}}
    try:
        found = ProcessProvider("p", lambda: config, popen=Printed(said)).load()
        keys = found.get_frozen_credentials()
    except Exception:  # noqa: BLE001 — it has no words for most of this
        return None
    return keys.access_key, keys.secret_key, keys.token


def ours(said: bytes) -> dict[str, Any]:
    """What our child answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "Program", lambda: Printed(said))
        return child._answer("custom-process", {"profile": "p", "settings": {"credential_process": LINE}})


def told(found: dict[str, Any]) -> tuple[str, ...] | str:
    """What the agent makes of that answer: key, secret and token, or the words of an error."""
    provider = Provider(Source.PROCESS, "p", (("credential_process", LINE),), ("c", "s"), StsEndpoint("eu-west-1"))
    if "failed" in found:
        why = failures.why(provider, found["failed"], found["detail"])
        return f"{why.title} {why.hint}"
    try:
        given = BotoProviders({}, SystemClock())._credentials(provider, found)
    except ProviderError as error:
        return f"{error.trouble.title} {error.trouble.hint}"
    if isinstance(given, LongTermKeys):
        return "SessionToken is missing"
    return given.access_key_id, given.secret_access_key.reveal(), given.session_token.reveal()


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_any_document_gives_what_botocore_gives_or_a_reason(said: bytes) -> None:
    """And no reason has a word of it."""
    found = told(ours(said))
    if isinstance(found, str):
        assert SECRET not in found
    else:
        assert found == tuple(str(one) for one in theirs(said) or ())
