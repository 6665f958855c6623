"""The config file that commands see under `--live`: every served profile, its credentials asked of trayexec.

It is the user's own file, section by section, with nothing in it that is secret: where the user's files hold keys of
a profile that we do not serve, trayexec is asked to read them there. It must not know files or botocore.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence

from trayexec.core.inifile import Parsed, Value, emitted, profile_of, section_for
from trayexec.core.profiles import Catalogue, Identity, Profile, Unserved
from trayexec.errors import Text

KEYS = frozenset({"aws_access_key_id", "aws_secret_access_key"})
SECRET = KEYS | {"aws_session_token", "aws_security_token"}
FROM_FILES = "--from-files"
OR_FROM_FILES = "--or-from-files"

# Whatever says where credentials come from: an SDK that sees one of these does not ask credential_process.
_CREDENTIAL = SECRET | {
    *("role_arn", "source_profile", "credential_source", "mfa_serial", "external_id", "role_session_name"),
    *("duration_seconds", "web_identity_token_file", "credential_process", "login_session", "aws_account_id"),
    *("session_tags", "transitive_session_tags", "source_identity", "include_profile", "mfa_process"),
    "aws_expiration",
}
_NOTE = """\
# Written by trayexec from {config}
# {fate}
"""
_CARRIED = """\
What you add or change here (as `aws configure` does) is carried over to that file; then this one is written anew.
# What you remove here, and comments, are not."""
_REFUSED = "It is for reading: make your changes there, outside of --server."


def overlay(config: Parsed, shared: Parsed, catalogue: Catalogue, *, origin: str, command: Sequence[str]) -> str:
    """The text of the overlay of these two parsed files.

    `origin` names the user's config file in a comment, `command` is what starts trayexec, with an absolute path.
    """
    note = _NOTE.format(config=ascii(origin)[1:-1], fate=_CARRIED)
    return _text(config, shared, note, lambda name, settings: _profile(name, settings, catalogue, command))


def without_default(
    config: Parsed, shared: Parsed, catalogue: Catalogue, *, origin: str, command: Sequence[str]
) -> str:
    """The same for `--server`: `[default]` has settings but no credentials, so SDKs look on and find the endpoint."""

    def profile(name: str, settings: Mapping[str, Value]) -> Mapping[str, Value]:
        return _settings(settings) if name == "default" else _profile(name, settings, catalogue, command)

    return _text(config, shared, _NOTE.format(config=ascii(origin)[1:-1], fate=_REFUSED), profile)


def _text(
    config: Parsed, shared: Parsed, note: str, profile: Callable[[str, Mapping[str, Value]], Mapping[str, Value]]
) -> str:
    winners = {name: section for section in config if (name := profile_of(section)) is not None}
    parts = [note]
    for section, settings in config.items():
        name = profile_of(section)
        if name is None:
            parts.append(_part(section, settings))
        elif winners[name] == section:  # of two sections for one profile, botocore takes the last
            said = profile(name, {**settings, **shared.get(name, {})})
            parts.append(_part(section, said))
            bare = f"profile {name}"
            if bare not in config and _only_unquoted(bare):
                parts.append(_part(bare, said))
    for name, settings in shared.items():
        if name not in winners:
            parts.append(_part(section_for(name), profile(name, settings)))
    return "\n".join(parts)


def _only_unquoted(section: str) -> bool:
    """Whether botocore passes over this section, and the Go SDK reads it: that takes no quotes off a profile's name."""
    return profile_of(section) is None and not re.search(r"[]\[#;\r\n]", section)


def served(catalogue: Catalogue) -> tuple[str, ...]:
    """The profiles that get credentials in there."""
    return tuple(name for name, profile in catalogue.profiles.items() if isinstance(profile, Profile))


def process_line(command: Sequence[str], profile: str, *options: str) -> str:
    """The `credential_process` of a profile, read alike by `shlex.split` (botocore) and `sh -c` (all other SDKs)."""
    name = f"--profile={profile}" if profile.startswith("-") else profile
    quoted = "'" + name.replace("'", "'\"'\"'") + "'"
    line = " ".join((shlex.join(command), "credential-process", *options, quoted))
    # Many SDKs take ` #` and ` ;` for the beginning of a comment, even within quotes.
    return re.sub(r"(\s)(?=[#;])", r"\1''", line)


def unreachable(config: Parsed, shared: Parsed, catalogue: Catalogue) -> Mapping[str, Text]:
    """The profiles that cannot work under `--live`, and why.

    A role that is its own source: SDKs want its keys beside it, and the overlay must not hold them.
    """
    sections = {name: settings for section, settings in config.items() if (name := profile_of(section)) is not None}
    found: dict[str, Text] = {}
    for name, profile in catalogue.profiles.items():
        if not isinstance(profile, Unserved):
            continue
        way = _sources(name, sections, shared)
        keys = next((one for one in way if SECRET & {*sections.get(one, {}), *shared.get(one, {})}), None)
        if keys is None or isinstance(catalogue.profiles.get(keys), Profile):
            continue
        if "role_arn" in {*sections.get(keys, {}), *shared.get(keys, {})}:
            found[name] = Text(
                "the profile {keys} has a role and the access key for it in one, and keys are left out under --live: "
                "move them to a profile of their own, and name that as its source_profile",
                keys=keys,
            )
    return found


def may_be_no_identity(settings: Mapping[str, Value]) -> bool:
    """Whether a profile that has its keys in these settings has only [default]'s serial.

    Then it may be none of ours: a key of LocalStack's has no device.
    """
    return settings.keys() >= KEYS and "mfa_serial" not in settings


def _sources(name: str, sections: Parsed, shared: Parsed) -> list[str]:
    way = [name]
    while True:
        settings = {**sections.get(way[-1], {}), **shared.get(way[-1], {})}
        source = settings.get("source_profile")
        if not isinstance(source, str) or source in way:
            return way
        way.append(source)


def _profile(
    name: str, settings: Mapping[str, Value], catalogue: Catalogue, command: Sequence[str]
) -> Mapping[str, Value]:
    found = catalogue.profiles.get(name)
    if not isinstance(found, Profile):
        kept = {key: value for key, value in settings.items() if key not in SECRET}
        if settings.keys() >= KEYS:
            kept["credential_process"] = process_line(command, name, FROM_FILES)
        return kept
    kept = dict(_settings(settings))
    if found.region:
        kept["region"] = found.region  # its own or an inherited one: what `trayexec PROFILE -- CMD` would set
    perhaps = isinstance(found.target, Identity) and may_be_no_identity(settings)
    return {**kept, "credential_process": process_line(command, name, *([OR_FROM_FILES] if perhaps else []))}


def _settings(settings: Mapping[str, Value]) -> Mapping[str, Value]:
    return {key: value for key, value in settings.items() if key not in _CREDENTIAL and not key.startswith("sso_")}


def _part(section: str, settings: Mapping[str, Value]) -> str:
    return f"[{section}]\n" + "".join(emitted(key, value) for key, value in settings.items())
