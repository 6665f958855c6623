"""Tells which profiles without a role are an identity, and what the others are. It must not know files or botocore.

An identity has keys of its own and a device. Many sections have neither: temporary credentials that another program
keeps, the access key that aws-mfa sets aside, settings alone. They are named as what they are, and are no choice.
"""

from collections.abc import Set as AbstractSet

from trayexec.core.config import problems
from trayexec.core.config.sections import Sections, shown
from trayexec.core.config.sources import KEY, TOKENS, Source, is_role, without_role
from trayexec.core.shell_words import argument
from trayexec.light.errors import Text, Trouble

# aws-mfa keeps the long-term key of `default` in [default-long-term]; many articles teach [default-longterm]
# (https://github.com/broamski/aws-mfa, --long-term-suffix).
LONG_TERM = ("-longterm", "-long-term")
# Codes of what works without us as it is, so that nothing is wrong with it.
NO_IDENTITY = frozenset({"profile_temporary", "profile_longterm", "profile_settings"})


def is_temporary(sections: Sections, profile: str) -> bool:
    """Whether its credentials in the files have a token: another program writes them anew every few hours."""
    keys = sections.keys_of(profile)
    return any(KEY in names and not names.isdisjoint(TOKENS) for names in (keys.config, keys.shared))


def long_term_of(sections: Sections, profile: str) -> str | None:
    """The section in which aws-mfa keeps the long-term key of this profile, if there is one."""
    names = [name for suffix in LONG_TERM if (name := profile + suffix) in sections.profiles]
    return next((name for name in names if KEY in sections.keys_of(name).shared | sections.keys_of(name).config), None)


def sources(sections: Sections) -> AbstractSet[str]:
    """Every profile that a role names as its source."""
    found = (one.get("source_profile") for one in sections.profiles.values() if is_role(one))
    return {name for name in found if isinstance(name, str)}


def temporary(sections: Sections, profile: str) -> Trouble | None:
    """Why the keys at the end of a chain that has only an inherited serial are nobody's; None when they may be."""
    if profile in sections.stored or not is_temporary(sections, profile):
        return None
    if long_term_of(sections, profile) is not None:
        return None
    return problems.temporary(profile)


def no_identity(sections: Sections, profile: str, used: AbstractSet[str]) -> Trouble | None:
    """Why a profile without a role and without a serial of its own is no identity; None when it is one.

    `used` are the profiles that roles have as their source.
    """
    if profile in sections.stored or profile in used or profile == "default":
        return None
    base = next((profile.removesuffix(one) for one in LONG_TERM if profile.endswith(one)), None)
    if base:
        why = problems.long_term_of_stored if base in sections.stored else problems.long_term
        return why(profile, base)
    if without_role(sections.profiles.get(profile, {}), sections.keys_of(profile)) is Source.NOTHING:
        return problems.settings_only(profile)
    return None


def device_of_aws_mfa(sections: Sections, profile: str) -> Trouble | None:
    """The words for a profile whose device only aws-mfa knows; None where it does not either."""
    aside = long_term_of(sections, profile)
    device = sections.profiles.get(aside, {}).get("aws_mfa_device") if aside is not None else None
    if aside is None or not isinstance(device, str):
        return None
    return problems.serial_at_aws_mfa(profile, aside=aside, device=device)


def note(sections: Sections, profile: str) -> Text | None:
    """What a person should know of the keys at the end of a chain; None when there is nothing."""
    if profile in sections.by_command:
        return Text(
            "the keys of {profile} are those that its command in config.toml prints: they win over all others",
            profile=shown(profile),
        )
    if profile in sections.stored:
        if "credential_process" in sections.profiles.get(profile, {}):
            return Text("keys are stored for {profile}: they win over its credential_process", profile=shown(profile))
        if is_temporary(sections, profile):
            return Text(
                "keys are stored for {profile}: they win over the temporary credentials in your AWS files",
                profile=shown(profile),
            )
        return None
    aside = long_term_of(sections, profile)
    if aside is None:
        return None
    return Text(
        "no keys are stored for {profile} yet: `trayexec keys import {word}` takes those of [{section}]",
        profile=shown(profile),
        section=shown(aside),
        word=argument(profile),
    )
