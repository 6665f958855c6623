"""The config file that commands see under `--live`: every served profile, its credentials asked of trayexec.

It is the user's own file, section by section, with nothing in it that is secret: where the user's files hold the keys
of a profile that we do not serve, trayexec is asked to go there as botocore would. Of several sources of credentials
only the one that botocore takes is left, so that all SDKs take it. It must not know files or botocore.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trayexec.core.config.inifile import Parsed, Value, emitted, profile_of, section_for
from trayexec.core.config.profiles import Catalogue, Profile, Provider
from trayexec.core.config.sources import (
    IN_FILES,
    SECRET,
    SETTINGS,
    STATIC_KEYS,
    TOKENS,
    KeyNames,
    Source,
    as_source,
    names_in,
    source,
)
from trayexec.light import shell_quotes
from trayexec.live.overlay_files import FROM_FILES, OR_FROM_FILES
from trayexec.live.setting_names import from_config, from_credentials, holds_secret

# `mfa_serial` and `duration_seconds` are of no source: beside a credential_process no SDK minds them (but that of .NET,
# which wants no mfa_serial there), and scripts ask for them.
# Beside credentials that we give, these would contradict them.
_OF_CREDENTIALS = frozenset(
    {"aws_account_id", "aws_credential_scope", "aws_expiration", "include_profile", "mfa_process"}
)
# What a profile has not that keeps one source of credentials, or none.
_ALL = (SECRET | _OF_CREDENTIALS).union(*SETTINGS.values())
_GONE: Mapping[Source | None, frozenset[str]] = {kind: _ALL - SETTINGS.get(kind, frozenset()) for kind in Source} | {
    None: _ALL
}
_NOTE = """\
# Written by trayexec from {config}
# {fate}
"""
_CARRIED = """\
What you add or change here (as `aws configure` does) is carried over to that file; then this one is written anew.
# What you remove here, and comments, are not."""
_REFUSED = "It is for reading: make your changes there, outside of --server."


# Which settings do not make a profile's differ from those of another: the variables of a run say the region.
_NO_SETTING = frozenset({"region", "mfa_serial", "duration_seconds"})


def apart(profiles: Mapping[str, Mapping[str, Value]]) -> frozenset[str]:
    """The profiles whose settings are others than those of [default]; both files are merged in `profiles` already."""
    usual = _no_credentials(profiles.get("default", {}))
    return frozenset(name for name, settings in profiles.items() if _no_credentials(settings) != usual)


def _no_credentials(settings: Mapping[str, Value]) -> Mapping[str, Value]:
    return {key: value for key, value in _settings(settings).items() if key not in _NO_SETTING}


def overlay(config: Parsed, shared: Parsed, catalogue: Catalogue, *, origin: str, command: Sequence[str]) -> str:
    """The text of the overlay of these two parsed files.

    `origin` names the user's config file in a comment, `command` is what starts trayexec, with an absolute path.
    """
    note = _NOTE.format(config=ascii(origin)[1:-1], fate=_CARRIED)
    files = _Files.of(config, shared)
    return _text(config, shared, note, lambda name, settings: _profile(name, settings, files, catalogue, command))


def for_server(
    parsed: tuple[Parsed, Parsed], catalogue: Catalogue, profile: str, *, origin: str, command: Sequence[str]
) -> str:
    """The same for `--server`: `[default]` and `profile` have the profile's settings but no credentials.

    So SDKs look on and find the endpoint, or take the keys that are in their environment.
    """
    config, shared = parsed
    files = _Files.of(config, shared)
    if "default" not in files.config and "default" not in shared:
        config = {**config, "default": {}}
    found = catalogue.profiles.get(profile)
    region = {"region": found.region} if isinstance(found, Profile) and found.region else {}
    own = {**from_config(files.config.get(profile, {})), **from_credentials(shared.get(profile, {}))}

    def said(name: str, settings: Mapping[str, Value]) -> Mapping[str, Value]:
        if name in {"default", profile}:
            return {**_settings(own), **region}
        return _profile(name, settings, files, catalogue, command)

    return _text(config, shared, _NOTE.format(config=ascii(origin)[1:-1], fate=_REFUSED), said)


def refusing(before: Parsed, leave: str | None = None, *, origin: str, command: Sequence[str]) -> str:
    """The text of an overlay while nobody can tell what the user's files say, as AWS's tools cannot outside.

    `before` are the sections of the overlay as it was: each profile asks us, and we say what is wrong. `leave` is left
    without credentials, and so is `[default]` then.
    """
    parts = [_NOTE.format(config=ascii(origin)[1:-1], fate=_CARRIED)]
    for section, settings in {"default": {}, **before}.items():
        name = profile_of(section) or (section[8:] if section.startswith("profile ") else None)
        said = settings if name is None else _settings(settings)
        if name is not None and (leave is None or name not in {"default", leave}):
            said = {**said, "credential_process": process_line(command, str(name))}
        parts.append(_part(section, said))
    return "\n".join(parts)


def _text(
    config: Parsed, shared: Parsed, note: str, profile: Callable[[str, Mapping[str, Value]], Mapping[str, Value]]
) -> str:
    winners = {name: section for section in config if (name := profile_of(section)) is not None}
    parts = [note]
    for section, settings in config.items():
        name = profile_of(section)
        if name is None:
            parts.append(_part(section, from_config(settings)))
        elif winners[name] == section:  # of two sections for one profile, botocore takes the last
            said = profile(name, {**from_config(settings), **from_credentials(shared.get(name, {}))})
            parts.append(_part(section, said))
            bare = f"profile {name}"
            if bare not in config and _only_unquoted(bare):
                parts.append(_part(bare, said))
    for name, settings in shared.items():
        if name not in winners:
            parts.append(_part(section_for(name), profile(name, from_credentials(settings))))
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
    line = " ".join((shlex.join(command), "credential-process", *options, shell_quotes.posix(name)))
    # Many SDKs take ` #` and ` ;` for the beginning of a comment, even within quotes.
    return re.sub(r"(\s)(?=[#;])", r"\1''", line)


def may_be_no_identity(settings: Mapping[str, Value]) -> bool:
    """Whether a profile that has its keys in these settings has only [default]'s serial.

    Then it may be none of ours: a key of LocalStack's has no device.
    """
    return settings.keys() >= STATIC_KEYS and "mfa_serial" not in settings


@dataclass(frozen=True, slots=True)
class _Files:
    """What the two files say of each profile, by its bare name."""

    config: Parsed
    shared: Parsed

    @classmethod
    def of(cls, config: Parsed, shared: Parsed) -> "_Files":
        """Of two sections for one profile the last one counts, as with botocore."""
        return cls(
            {name: said for section, said in config.items() if (name := profile_of(section)) is not None}, shared
        )

    def settings(self, profile: str) -> Mapping[str, Value]:
        """Both in one: the credentials file wins."""
        return {**self.config.get(profile, {}), **self.shared.get(profile, {})}

    def keys(self, profile: str) -> KeyNames:
        """Where its keys stand."""
        return names_in(self.config.get(profile, {}), self.shared.get(profile, {}))

    def alone(self, profile: str) -> Source:
        """What its credentials are."""
        return source(self.settings(profile), self.keys(profile))

    def beneath(self, profile: str) -> Source:
        """What it gives to a role that names it as its source."""
        return as_source(self.settings(profile), self.keys(profile))

    def tells_secrets(self, profile: str) -> bool:
        """Whether a secret stands in the command line of another program that gives its credentials."""
        line = self.settings(profile).get("credential_process")
        return isinstance(line, str) and holds_secret(line)

    def needs_another_side(self, profile: str) -> bool:
        """Whether a source along its way gives to roles what it is not by itself: keys beside a role of its own.

        In the overlay each profile has one side only, so an SDK cannot walk this way there.
        """
        way = [profile]
        while self.alone(way[-1]) is Source.ROLE:
            named = self.settings(way[-1]).get("source_profile")
            if not isinstance(named, str):
                return False
            if self.beneath(named) is not self.alone(named):
                return True
            if named in way:
                return False
            way.append(named)
        return False


def _profile(
    name: str, settings: Mapping[str, Value], files: _Files, catalogue: Catalogue, command: Sequence[str]
) -> Mapping[str, Value]:
    found = catalogue.profiles.get(name)
    if isinstance(found, Profile) and not _signs_in(found):
        kept = dict(_settings(settings))
        if found.region:
            kept["region"] = found.region  # its own or an inherited one: what `trayexec PROFILE -- CMD` would set
        return {**kept, "credential_process": process_line(command, name, *_without_us(found, files))}
    kind = files.alone(name)
    if kind in IN_FILES or files.needs_another_side(name) or (kind is Source.PROCESS and files.tells_secrets(name)):
        return {**_settings(settings), "credential_process": process_line(command, name, FROM_FILES)}
    return _settings(settings, kind)


def _signs_in(profile: Profile) -> bool:
    """Whether the AWS CLI signs it in: it works as it is, and `aws sso login` and `aws login` need its settings."""
    return isinstance(profile.target, Provider) and profile.target.kind in {Source.SSO, Source.LOGIN}


def _without_us(profile: Profile, files: _Files) -> tuple[str, ...]:
    """Keys that stand in the user's files, and to which only [default]'s serial reaches, may be no identity of ours.

    Nor may be those that another program renews. Then it is as outside, unless keys are stored: the agent knows.
    """
    root = profile.root
    if isinstance(root, Provider):  # a program may print long-term keys, which without a device are none of ours
        return (OR_FROM_FILES,) if root.kind is Source.PROCESS else ()
    if root.program is not None:
        return (OR_FROM_FILES,)
    keys = root.keys
    end = files.alone(keys) if profile.role_arn is None else files.beneath(keys)
    names = files.keys(keys)
    renewed = not (names.config | names.shared).isdisjoint(TOKENS)
    return (OR_FROM_FILES,) if (profile.inherits_serial or renewed) and end in IN_FILES else ()


def _settings(settings: Mapping[str, Value], kind: Source | None = None) -> Mapping[str, Value]:
    """What is not about credentials, and of what is, that of one kind; all but secrets where there is no source."""
    if kind is Source.NOTHING:
        return {key: value for key, value in settings.items() if key not in SECRET}
    gone = _GONE[kind]
    sso = kind is Source.SSO
    return {key: value for key, value in settings.items() if key not in gone and (sso or not key.startswith("sso_"))}


def _part(section: str, settings: Mapping[str, Value]) -> str:
    return f"[{section}]\n" + "".join(emitted(key, value) for key, value in settings.items())
