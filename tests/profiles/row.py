"""One row of the table: files, a profile, and what must happen. The modules beside it are rows, by what they are about.

In a row's texts stand, in angle brackets, what is made for each run:

    <keys of alice>       two lines with alice's access key (`PEOPLE` in world.py)
    <session of bob>      three lines with temporary credentials of bob's
    <document of bob>     the same as a credential_process prints it
    <printed keys of bob> bob's access key, as one prints that
    <folder>              where the row's `files` are, and HOME

Who somebody is, is written ACCOUNT:user/NAME or ACCOUNT:role/NAME. A call is written as OPERATION SECONDS and what else
it says: `GetSessionToken 43200 code of alice by 111111111111:user/alice`, `AssumeRole 222222222222:role/Deploy 3600 by
111111111111:user/alice`. A session name stands there unless it is the usual one, and a place unless it is the row's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What stands in the files, what is asked for, and what must come of it.

    `stored` are the keys that are in the keychain: for botocore, which has none, they are put into its copy of the
    credentials file. `env` are the caller's variables, `request` what else it says on the wire, `settings` is
    config.toml, `files` are others in the folder, by path. `server` is what the instance metadata service has.

    `region` is the answer's, `endpoint` the host that STS is asked at (`HOST as REGION` where the name does not tell
    for which region the call is signed). `refused` is the code of the error, and `title` its title. `differs` is by
    aspect (`who`, `region`, `endpoint`) what botocore comes to instead, and why; `alone` why it cannot be asked at all.
    """

    says: str
    config: str = ""
    shared: str = ""
    profile: str = "p"
    stored: Mapping[str, str] = field(default_factory=lambda: {"default": "alice"})
    env: Mapping[str, str] = field(default_factory=dict)
    request: Mapping[str, object] = field(default_factory=dict)
    settings: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    server: str = ""

    prompts: int = 0
    calls: tuple[str, ...] = ()
    who: str | None = None
    region: str | None = "eu-west-1"
    endpoint: str | None = "sts.eu-west-1.amazonaws.com"
    refused: str | None = None
    title: str = ""

    differs: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)
    alone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a row: for us, or for botocore."""

    who: str | None
    region: str | None
    endpoint: str | None
    prompts: int
    calls: tuple[str, ...]
    refused: str | None = None
    title: str = ""
