"""Words every problem that a profile of the AWS files can have. It must not know when one is there."""

from collections.abc import Iterable, Sequence

from trayexec.core.config.sections import header, shown
from trayexec.core.config.sources import LONGEST_CHAIN
from trayexec.core.shell_words import argument
from trayexec.core.suggest import MOST
from trayexec.core.toml_lines import written_key
from trayexec.light.errors import Text, Trouble, trouble

OTHER_ACCOUNT = "keys_account"  # the code of keys that are of another account than the device

# What the ARN of something else than an MFA device is of.
KINDS = {"user": Text("an IAM user"), "role": Text("a role"), "group": Text("a group"), "assumed-role": Text("a role")}


# The way along the sources


def foreign_device(serial: str, of: str, account: str) -> Text:
    """A device that config.toml names for an identity is of another account, and so none of its user."""
    if not account:
        return Text(
            "the device {serial} is never asked of: it is of account {of}, the account of the identity is not known",
            serial=shown(serial),
            of=of,
        )
    return Text(
        "the device {serial} is never asked of: it is of account {of}, and the identity of account {account}",
        serial=shown(serial),
        of=of,
        account=account,
    )


def loop(names: Sequence[str]) -> Trouble:
    """Each of `names` has the next as its source, and the last has the first."""
    return trouble(
        "profile_loop",
        "Profile {profile} and its sources go round in a loop: {chain}",
        "One of them must have the keys: remove role_arn and source_profile from {section}, "
        "or let source_profile name the profile that your keys belong to.",
        profile=shown(names[0]),
        chain=_arrows((*names, names[0])),
        section=header(names[-1]),
    )


def too_long(profile: str) -> Trouble:
    """There are more than `LONGEST_CHAIN` roles on the way."""
    return trouble(
        "profile_too_long",
        "The chain of sources of profile {profile} is longer than {limit} roles.",
        "Let source_profile under {section} name a profile nearer to the keys.",
        profile=shown(profile),
        limit=LONGEST_CHAIN,
        section=header(profile),
    )


def of_a_source(profile: str, problem: Trouble, *, way: Iterable[str]) -> Trouble:
    """The problem is that of a profile which this one needs, at the end of `way`."""
    title = Text(
        "Profile {profile} needs a profile that has a problem ({chain}). {reason}",
        profile=shown(profile),
        chain=_arrows(way),
        reason=problem.title,
    )
    return Trouble(problem.code, title, problem.hint)


def no_source(profile: str, possible: Sequence[str]) -> Trouble:
    """A role without a source; `possible` are the profiles that may be meant."""
    if len(possible) == 1:
        return trouble(
            "profile_source",
            "Profile {profile} has a role_arn but no source_profile, so nobody can assume the role.",
            "Write source_profile = {source} under {section}, or the profile that your keys belong to.",
            profile=shown(profile),
            source=shown(possible[0]),
            section=header(profile),
        )
    return trouble(
        "profile_source",
        "Profile {profile} has a role_arn but no source_profile, so nobody can assume the role.",
        "Write source_profile under {section}, with the profile that your keys belong to: {sources}",
        profile=shown(profile),
        sources=", ".join(map(shown, possible[:MOST])),
        section=header(profile),
    )


def source_with_more(profile: str, source: str, *, bare: str) -> Trouble:
    """The source's name is there, with quotes or a comment around it."""
    return trouble(
        "profile_source",
        "Profile {profile} has source_profile = {source}, but there is no such profile.",
        "Write source_profile = {bare} under {section}, without quotes, and with nothing after it on the line, "
        "not even a comment.",
        profile=shown(profile),
        source=shown(source),
        bare=shown(bare),
        section=header(profile),
    )


def unknown_source(profile: str, source: str, *, near: str) -> Trouble:
    """There is no such source; `near` are the names that are like it, or nothing."""
    if near:
        return trouble(
            "profile_source",
            "Profile {profile} has source_profile = {source}, but there is no such profile.",
            "Correct source_profile under {section}. Did you mean {near}?",
            profile=shown(profile),
            source=shown(source),
            near=near,
            section=header(profile),
        )
    return trouble(
        "profile_source",
        "Profile {profile} has source_profile = {source}, but there is no such profile.",
        "Correct source_profile under {section}, or add a section {missing}.",
        profile=shown(profile),
        source=shown(source),
        section=header(profile),
        missing=header(source),
    )


def two_sources(profile: str) -> Trouble:
    """A role with a source_profile and a credential_source."""
    return trouble(
        "profile_source",
        "Profile {profile} has both source_profile and credential_source, and only one can be meant.",
        "Remove credential_source from {section}.",
        profile=shown(profile),
        section=header(profile),
    )


def source_without_role(profile: str) -> Trouble:
    """A source_profile where there is no role."""
    return trouble(
        "profile_role_arn",
        "Profile {profile} has a source_profile but no role_arn, so it is not clear whose rights it has.",
        "Write role_arn = arn:aws:iam::<account>:role/<name> under {section}, or remove source_profile.",
        profile=shown(profile),
        section=header(profile),
    )


# What a role's section says


def role_of_no_account(profile: str, arn: str) -> Trouble:
    """The ARN of a role, but for the account."""
    return trouble(
        "profile_role_arn",
        "The role_arn of profile {profile} has no account of twelve digits in it: {value}",
        "Write role_arn = arn:aws:iam::<account>:role/<name> under {section}, with all twelve digits of the "
        "account, zeros in front too.",
        profile=shown(profile),
        value=shown(arn),
        section=header(profile),
    )


def no_role(profile: str, arn: str) -> Trouble:
    """What is no ARN of a role."""
    return trouble(
        "profile_role_arn",
        "The role_arn of profile {profile} is not the ARN of a role: {value}",
        "Write role_arn = arn:aws:iam::<account>:role/<name> under {section}, "
        "with nothing after it on the line, not even a comment.",
        profile=shown(profile),
        value=shown(arn),
        section=header(profile),
    )


def other_partition(profile: str, *, role: str, keys: str) -> Trouble:
    """A role in another AWS partition than the keys."""
    return trouble(
        "profile_partition",
        "The role_arn of profile {profile} is in the partition {role}, but its keys are in {keys}: "
        "AWS has no way from one to the other.",
        "Correct role_arn, source_profile or mfa_serial under {section}.",
        profile=shown(profile),
        role=role,
        keys=shown(keys),
        section=header(profile),
    )


def region_in_other_partition(profile: str, region: str, *, there: str, keys: str) -> Trouble:
    """A region of another AWS partition than the keys."""
    return trouble(
        "profile_partition",
        "Profile {profile} has the region {region}, which is in the partition {there}, but its keys are in {keys}: "
        "nobody knows them there.",
        "Correct region under {section}.",
        profile=shown(profile),
        region=region,
        there=there,
        keys=shown(keys),
        section=header(profile),
    )


def role_in_other_partition(arn: str, *, role: str, keys: str) -> Trouble:
    """A role that is named by its ARN, in another AWS partition than its source."""
    return trouble(
        "profile_partition",
        "The role {arn} is in the partition {role}, but the keys of its source are in {keys}: "
        "AWS has no way from one to the other.",
        "Name a source of the role's partition with --source.",
        arn=shown(arn),
        role=role,
        keys=shown(keys),
    )


def not_allowed(profile: str, key: str) -> Trouble:
    """A value that the STS API does not take."""
    return trouble(
        "profile_value",
        "The {key} of profile {profile} has a length or a character that AWS does not allow.",
        "Correct {key} under {section}: no spaces, no comment after it on the line.",
        profile=shown(profile),
        key=key,
        section=header(profile),
    )


def no_duration(profile: str, value: str) -> Trouble:
    """What is no number of seconds that a role can have."""
    return trouble(
        "profile_value",
        "The duration_seconds of profile {profile} is not a number from 900 to 43200: {value}",
        "Correct duration_seconds under {section}, or remove the line: the default is 3600.",
        profile=shown(profile),
        value=shown(value),
        section=header(profile),
    )


def not_sent(profile: str, key: str) -> Trouble:
    """A setting of AssumeRole, where there is no role."""
    return trouble(
        "profile_unsupported",
        "Profile {profile} has {key}, but no role: only the session of a role has tags and a source identity.",
        "Remove {key} from {section}, or write it under the role.",
        profile=shown(profile),
        key=key,
        section=header(profile),
    )


def no_tags(profile: str, key: str, *, why: Text) -> Trouble:
    """Session tags that AWS would not take."""
    return trouble(
        "profile_value",
        "The {key} of profile {profile} cannot be sent: {why}.",
        "Correct it under {section}: session_tags = team=red,cost=7, and transitive_session_tags = team.",
        profile=shown(profile),
        key=key,
        why=why,
        section=header(profile),
    )


def include_loop(profile: str, way: Sequence[str]) -> Trouble:
    """What a profile includes includes one that is on the way already."""
    return trouble(
        "profile_loop",
        "The lines include_profile from {profile} on go round in a loop: {chain}",
        "Remove include_profile from {section}, or let it name a profile that includes none.",
        profile=shown(profile),
        chain=_arrows(way),
        section=header(way[-2]),
    )


def include_too_long(profile: str) -> Trouble:
    """There are more than `LONGEST_CHAIN` sections to be mixed in."""
    return trouble(
        "profile_too_long",
        "The lines include_profile from {profile} on go through more than {limit} profiles.",
        "Let include_profile under {section} name the profile that has the settings.",
        profile=shown(profile),
        limit=LONGEST_CHAIN,
        section=header(profile),
    )


def unknown_include(profile: str, named: str, *, near: str) -> Trouble:
    """There is no profile of the name that is included; `near` are those like it, or nothing."""
    if near:
        return trouble(
            "profile_include",
            "Profile {profile} has include_profile = {named}, but there is no such profile.",
            "Correct it under {section}. Did you mean {near}?",
            profile=shown(profile),
            named=shown(named),
            near=near,
            section=header(profile),
        )
    return trouble(
        "profile_include",
        "Profile {profile} has include_profile = {named}, but there is no such profile.",
        "Correct it under {section}, or remove the line.",
        profile=shown(profile),
        named=shown(named),
        section=header(profile),
    )


def included(profile: str, key: str, *, value: str, missed: Iterable[str]) -> Trouble:
    """A line by which aws-vault would add the settings `missed`."""
    return trouble(
        "profile_unsupported",
        "Profile {profile} has {key} = {value}, which only aws-vault understands: it would add {missed}.",
        "Copy these lines of {value} into {section} and remove {key}.",
        profile=shown(profile),
        key=key,
        value=shown(value),
        missed=", ".join(shown(one) for one in missed),
        section=header(profile),
    )


# Where the keys at the end come from


def from_elsewhere(profile: str, key: str) -> Trouble:
    """Credentials that are not keys of an IAM user."""
    return trouble(
        "profile_unsupported",
        "Profile {profile} gets its credentials by {key}; trayexec takes the keys of IAM users with MFA.",
        "Use this profile without trayexec, or write role_arn and source_profile instead under {section}.",
        profile=shown(profile),
        key=shown(key),
        section=header(profile),
    )


def none_in_environment(profile: str) -> Trouble:
    """A role over the caller's own credentials, which has said none."""
    return trouble(
        "caller_credentials",
        "Profile {profile}: its credentials are those in the environment of whoever asks (credential_source = "
        "Environment), and AWS_ACCESS_KEY_ID is not set there.",
        "Set what AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN are to be, or write source_profile in "
        "place of credential_source under {section}. Inside another run and --live they are taken out.",
        profile=shown(profile),
        section=header(profile),
    )


def keys_in_environment(profile: str) -> Trouble:
    """The caller's own credentials are long-term keys."""
    return trouble(
        "caller_keys",
        "Profile {profile}: the credentials in the environment of whoever asks are long-term keys, without "
        "AWS_SESSION_TOKEN: they are not taken from there.",
        "Store them with `trayexec keys add {word}`, and write source_profile = {profile} in place of "
        "credential_source under {section}.",
        profile=shown(profile),
        word=argument(profile),
        section=header(profile),
    )


def no_container(profile: str) -> Trouble:
    """A role over the credentials of the caller's container, which has said of none."""
    return trouble(
        "caller_credentials",
        "Profile {profile}: its credentials are those of the container of whoever asks (credential_source = "
        "EcsContainer), and neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is "
        "set there.",
        "AWS sets them in its containers, and in CloudShell. Elsewhere write source_profile in place of "
        "credential_source under {section}.",
        profile=shown(profile),
        section=header(profile),
    )


def no_credential_source(profile: str, source: str) -> Trouble:
    """What no SDK knows as a source."""
    return trouble(
        "profile_source",
        "Profile {profile} has credential_source = {source}, which AWS's tools do not know.",
        "Write Environment, EcsContainer or Ec2InstanceMetadata, or source_profile in its place, under {section}.",
        profile=shown(profile),
        source=shown(source),
        section=header(profile),
    )


def relative_token(profile: str, file: str) -> Trouble:
    """The file of a web identity's token, by a path that depends on the folder."""
    return trouble(
        "profile_value",
        "The web_identity_token_file of profile {profile} is not an absolute path: {value}",
        "Write it from / on under {section}: the AWS SDKs replace neither ~ nor variables.",
        profile=shown(profile),
        value=shown(file),
        section=header(profile),
    )


def no_sso_session(profile: str, session: str) -> Trouble:
    """An [sso-session] that is not there."""
    return trouble(
        "profile_sso",
        "Profile {profile} names the sso_session {session}, and there is no section [sso-session {session}].",
        "Write that section with sso_start_url and sso_region, or correct sso_session under {section}.",
        profile=shown(profile),
        session=shown(session),
        section=header(profile),
    )


def two_sso_sessions(profile: str, key: str, *, session: str) -> Trouble:
    """A setting that the profile and its session say differently: AWS's tools refuse that, too."""
    return trouble(
        "profile_sso",
        "{key} of profile {profile} is another than that of its [sso-session {session}].",
        "Remove {key} from {section}: the session says it for all its profiles.",
        profile=shown(profile),
        key=shown(key),
        session=shown(session),
        section=header(profile),
    )


def half_of_sso(profile: str, missing: Sequence[str]) -> Trouble:
    """Less than what IAM Identity Center needs."""
    return trouble(
        "profile_sso",
        "Profile {profile} gets its credentials by IAM Identity Center, and lacks {keys}.",
        "Write {keys} under {section}, or under its [sso-session].",
        profile=shown(profile),
        keys=", ".join(missing),
        section=header(profile),
    )


def by_ourselves(profile: str) -> Trouble:
    """Credentials that we are to give, by way of a program that asks us."""
    return trouble(
        "profile_recursion",
        "Profile {profile} asks trayexec itself: its credential_process calls trayexec.",
        "Ask for the profile that this line names, or write role_arn and source_profile under {section}.",
        profile=shown(profile),
        section=header(profile),
    )


# Profiles that are no identity


def temporary(profile: str) -> Trouble:
    """Keys that another program writes anew every few hours."""
    return trouble(
        "profile_temporary",
        "Profile {profile} has temporary credentials in your AWS files, which another program writes: they are no keys "
        "of its own.",
        "It works as it is, also under `trayexec shell`. If it has keys of its own, store them: `trayexec keys add "
        "{word}`; if a role is to use others, let source_profile name the profile that those belong to.",
        profile=shown(profile),
        word=argument(profile),
    )


def long_term(profile: str, base: str) -> Trouble:
    """The section in which aws-mfa keeps the key of `base`, which is not stored."""
    return trouble(
        "profile_longterm",
        "Profile {profile} is where aws-mfa keeps the access key of {base}: it is no identity of its own.",
        "Store that key as {base}: `trayexec keys import {word}`. aws-mfa is not needed then, nor this section.",
        profile=shown(profile),
        base=shown(base),
        word=argument(base),
    )


def long_term_of_stored(profile: str, base: str) -> Trouble:
    """The section in which aws-mfa keeps the key of `base`, which is stored."""
    return trouble(
        "profile_longterm",
        "Profile {profile} is where aws-mfa keeps the access key of {base}: it is no identity of its own.",
        "Keys are stored as {base}: neither aws-mfa nor this section is needed any more.",
        profile=shown(profile),
        base=shown(base),
    )


def settings_only(profile: str) -> Trouble:
    """A section with neither keys nor a role."""
    return trouble(
        "profile_settings",
        "Profile {profile} has settings only, neither keys nor a role.",
        "If it is to have keys, store them: `trayexec keys add {word}`; or write role_arn and source_profile under "
        "{section}.",
        profile=shown(profile),
        word=argument(profile),
        section=header(profile),
    )


# The MFA device


def no_serial(profile: str, keys: str) -> Trouble:
    """No device is named along the way from `profile` to the profile `keys`, nor in [default]."""
    return trouble(
        "profile_mfa",
        "No mfa_serial is known for profile {profile}, so no code can be asked for.",
        "Write mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}. If its keys need no code, write "
        "mfa = false under [identity.{table}] in config.toml.",
        profile=shown(profile),
        section=header(keys),
        table=shown(written_key(keys)),
    )


def no_serial_of_printed(keys: str) -> Trouble:
    """A program prints long-term keys, and no device is named for them."""
    return trouble(
        "source_keys",
        "Profile {profile}: its credential_process prints long-term keys, and no mfa_serial is known by which a code "
        "could be asked for.",
        "Write mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}. If its keys need no code, write "
        "mfa = false under [identity.{table}] in config.toml.",
        profile=shown(keys),
        section=header(keys),
        table=shown(written_key(keys)),
    )


def device_of_unasked(profile: str) -> Trouble:
    """A role that is marked as needing no code has a device in its own section."""
    return trouble(
        "profile_mfa",
        "Profile {profile} has an mfa_serial, and config.toml says mfa = false for it.",
        "Take out the one under {section} if the role needs no code, or the other.",
        profile=shown(profile),
        section=header(profile),
    )


def serial_at_aws_mfa(profile: str, *, aside: str, device: str) -> Trouble:
    """Only aws-mfa knows the device, in the section `aside`."""
    return trouble(
        "profile_mfa",
        "No mfa_serial is known for profile {profile}: aws-mfa has its device under [{aside}].",
        "Write it under {section}: mfa_serial = {device}",
        profile=shown(profile),
        aside=shown(aside),
        section=header(profile),
        device=shown(device),
    )


def serial_of_passkey(profile: str) -> Trouble:
    """A security key, or a passkey."""
    return trouble(
        "profile_mfa_fido",
        "The mfa_serial of profile {profile} is a security key or passkey: AWS takes those in a browser only.",
        "Add an authenticator app to the same IAM user in the AWS console, and write its "
        "mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}.",
        profile=shown(profile),
        section=header(profile),
    )


def serial_of_telephone(profile: str) -> Trouble:
    """A telephone that got codes by SMS."""
    return trouble(
        "profile_mfa",
        "The mfa_serial of profile {profile} is a telephone: AWS sends no codes by SMS any more.",
        "Add an authenticator app to the same IAM user in the AWS console, and write its "
        "mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}.",
        profile=shown(profile),
        section=header(profile),
    )


def serial_of_another_kind(profile: str, serial: str, *, kind: str, name: str) -> Trouble:
    """The ARN of `name`, which is of another kind (one of `KINDS`)."""
    beginning = serial.removesuffix(f"{kind}/{name}")
    return trouble(
        "profile_mfa",
        "The mfa_serial of profile {profile} is the ARN of {kind}, not of an MFA device: {value}",
        "A device's begins with {beginning}: write the one that the AWS console shows under IAM, Users, "
        "{user}, Security credentials, under {section}.",
        profile=shown(profile),
        kind=KINDS[kind],
        value=shown(serial),
        beginning=shown(f"{beginning}mfa/"),
        user=shown(name) if kind == "user" else Text("your user"),
        section=header(profile),
    )


def serial_of_no_account(profile: str, serial: str) -> Trouble:
    """The ARN of a device, but for the account."""
    return trouble(
        "profile_mfa",
        "The mfa_serial of profile {profile} has no account of twelve digits in it: {value}",
        "Write mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}, with the account and the device "
        "of your own: the AWS console shows it under IAM, Users, your user, Security credentials.",
        profile=shown(profile),
        value=shown(serial),
        section=header(profile),
    )


def no_device(profile: str, serial: str) -> Trouble:
    """What is no serial of a device."""
    return trouble(
        "profile_mfa",
        "The mfa_serial of profile {profile} is not one that AWS could have given out: {value}",
        "Write mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}, with nothing after it.",
        profile=shown(profile),
        value=shown(serial),
        section=header(profile),
    )


def device_of_default(keys: str, account: str, *, other: str) -> Trouble:
    """Keys of `account` inherit a device of the account `other` from [default]."""
    return trouble(
        OTHER_ACCOUNT,
        "The keys of {profile} are of account {account}, but the only mfa_serial for them is that of [default], "
        "whose account is {other}.",
        "Write their own under {section}: mfa_serial = arn:aws:iam::{account}:mfa/<device>",
        profile=shown(keys),
        account=account,
        other=other,
        section=header(keys),
    )


def device_of_another(keys: str, account: str, *, serial: str, other: str) -> Trouble:
    """Keys of `account` have a device of the account `other`."""
    return trouble(
        OTHER_ACCOUNT,
        "The keys of {profile} are of account {account}, but the MFA device {serial} is of {other}: AWS would refuse "
        "each code.",
        "Store keys of {other} with `trayexec keys add {word}`, or correct mfa_serial under {section}.",
        profile=shown(keys),
        account=account,
        serial=serial,
        other=other,
        word=argument(keys),
        section=header(keys),
    )


# The endpoint


def no_region(profile: str, value: str) -> Trouble:
    """What is no region's name."""
    return trouble(
        "profile_region",
        "The region of profile {profile} is not the name of a region: {value}",
        "Write it like region = eu-central-1 under {section}, with nothing after it on the line.",
        profile=shown(profile),
        value=shown(value),
        section=header(profile),
    )


def region_unknown(profile: str, partition: str) -> Trouble:
    """No region is named in a partition of which we know none."""
    return trouble(
        "profile_region",
        "Profile {profile} is in the AWS partition {partition} and names no region of it.",
        "Write region = … under {section}.",
        profile=shown(profile),
        partition=shown(partition),
        section=header(profile),
    )


def no_regional_choice(profile: str, value: str) -> Trouble:
    """A value of sts_regional_endpoints that AWS does not know."""
    return trouble(
        "profile_endpoint",
        "For profile {profile}, sts_regional_endpoints is {value}, which AWS does not know.",
        "Write sts_regional_endpoints = regional under {section}, or unset AWS_STS_REGIONAL_ENDPOINTS.",
        profile=shown(profile),
        value=shown(value),
        section=header(profile),
    )


def no_endpoint(profile: str, value: str) -> Trouble:
    """What is no web address."""
    return trouble(
        "profile_endpoint",
        "The endpoint of profile {profile} is not a web address: {value}",
        "Write it like endpoint_url = https://sts.example.com under {section}, "
        "or unset AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL.",
        profile=shown(profile),
        value=shown(value),
        section=header(profile),
    )


def no_services(profile: str, services: str) -> Trouble:
    """A section [services] that is not there, or says nothing of STS."""
    return trouble(
        "profile_endpoint",
        "Profile {profile} uses the section [services {services}], which is missing, empty or malformed.",
        "Write [services {services}] with an indented endpoint_url = … below sts =, or remove services from {section}.",
        profile=shown(profile),
        services=shown(services),
        section=header(profile),
    )


def _arrows(names: Iterable[str]) -> str:
    return " → ".join(shown(name) for name in names)
