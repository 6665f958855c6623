"""Which profiles without a role are an identity, and what the others are. It must not know files or botocore.

An identity has keys of its own and a device. Many sections have neither: temporary credentials that another program
keeps, the access key that aws-mfa sets aside, settings alone. They are named as what they are, and are no choice.
"""

from collections.abc import Set as AbstractSet

from trayexec.core.config.sections import Sections, header, shown
from trayexec.core.config.sources import KEY, TOKENS, Source, is_role, without_role
from trayexec.core.shell_words import argument
from trayexec.light.errors import Text, Trouble, trouble

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
    return trouble(
        "profile_temporary",
        "Profile {profile} has temporary credentials in your AWS files, which another program writes: they are no keys "
        "of its own.",
        "It works as it is, also under `trayexec shell`. If it has keys of its own, store them: `trayexec keys add "
        "{word}`; if a role is to use others, let source_profile name the profile that those belong to.",
        profile=shown(profile),
        word=argument(profile),
    )


def no_identity(sections: Sections, profile: str, used: AbstractSet[str]) -> Trouble | None:
    """Why a profile without a role and without a serial of its own is no identity; None when it is one.

    `used` are the profiles that roles have as their source.
    """
    if profile in sections.stored or profile in used or profile == "default":
        return None
    base = next((profile.removesuffix(one) for one in LONG_TERM if profile.endswith(one)), None)
    if base:
        found = trouble(
            "profile_longterm",
            "Profile {profile} is where aws-mfa keeps the access key of {base}: it is no identity of its own.",
            "Store that key as {base}: `trayexec keys import {word}`. aws-mfa is not needed then, nor this section.",
            profile=shown(profile),
            base=shown(base),
            word=argument(base),
        )
        if base not in sections.stored:
            return found
        done = Text("Keys are stored as {base}: neither aws-mfa nor this section is needed any more.", base=shown(base))
        return Trouble(found.code, found.title, done)
    if without_role(sections.profiles.get(profile, {}), sections.keys_of(profile)) is Source.NOTHING:
        return trouble(
            "profile_settings",
            "Profile {profile} has settings only, neither keys nor a role.",
            "If it is to have keys, store them: `trayexec keys add {word}`; or write role_arn and source_profile under "
            "{section}.",
            profile=shown(profile),
            word=argument(profile),
            section=header(profile),
        )
    return None


def device_of_aws_mfa(sections: Sections, profile: str) -> Trouble | None:
    """The words for a profile whose device only aws-mfa knows; None where it does not either."""
    aside = long_term_of(sections, profile)
    device = sections.profiles.get(aside, {}).get("aws_mfa_device") if aside is not None else None
    if aside is None or not isinstance(device, str):
        return None
    return trouble(
        "profile_mfa",
        "No mfa_serial is known for profile {profile}: aws-mfa has its device under [{aside}].",
        "Write it under {section}: mfa_serial = {device}",
        profile=shown(profile),
        aside=shown(aside),
        section=header(profile),
        device=shown(device),
    )


def note(sections: Sections, profile: str) -> Text | None:
    """What a person should know of the keys at the end of a chain; None when there is nothing."""
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
