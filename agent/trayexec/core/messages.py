"""Words every refusal that the rules decide on. It must not know when one is due."""

import re
from collections.abc import Iterable, Mapping

from trayexec.core.config.profiles import Catalogue, Identity, MisreadSection, Profile, Provider, Role, SignIn, Unserved
from trayexec.core.config.sections import header, shown
from trayexec.core.other_words import ours
from trayexec.core.ports import Verdict
from trayexec.core.shell_words import argument
from trayexec.core.suggest import near, told
from trayexec.core.toml_lines import written_key
from trayexec.light.durations import format_duration, parse_duration, spoken
from trayexec.light.errors import Text, Trouble, trouble

DENIED = "denied"  # a person has said no
UNCONFIRMED = "unconfirmed"  # nobody has said anything
_MEANT_AS_A_ROLE = re.compile(r"[0-9]+:.")


def spent() -> Text:
    """A dialog's reason: AWS takes each code once."""
    return Text("That code has been used already. Wait for the next one.")


def next_code(seconds: int) -> Text:
    """Why a command is started only when the device shows its next code."""
    return Text("The code that the device shows now has been used already: the next one comes in {n} s.", n=seconds)


def other_length(count: int) -> Text:
    """A dialog's reason: so many digits are no code."""
    return Text("A code has six digits, this one has {count}.", count=count)


def no_digits() -> Text:
    """A dialog's reason: what was typed are not digits."""
    return Text("A code has six digits (0 to 9) and nothing else.")


def code_allows(profile: str, verdict: Verdict, holds: int) -> Text:
    """What a code that is entered for a program that is named also allows it."""
    match verdict:
        case Verdict.UNTIL_LOCKED:
            return Text("The code also allows it to use {profile} until locked", profile=profile)
        case Verdict.FOR_A_TIME:
            return Text("The code also allows it to use {profile} for {time}", profile=profile, time=spoken(holds))
        case _:
            return Text("The code also allows this use of {profile}", profile=profile)


def asked_first(confirm: str) -> Text:
    """That a person is asked before a program gets a profile's credentials, by the word of `confirm`."""
    if confirm == "always":
        return Text("asks you before each use")
    if confirm == "session":
        return Text("asks you, until locked once for each program")
    return Text("asks you, once in {time} for each program", time=spoken(parse_duration(confirm)))


def answered(verdict: Verdict | None, holds: int) -> Text:
    """What a person said to a use; nothing, where nobody did."""
    match verdict:
        case None:
            return Text("nobody answered")
        case Verdict.ONCE:
            return Text("allowed once")
        case Verdict.FOR_A_TIME:
            return Text("allowed for {time}", time=spoken(holds))
        case Verdict.UNTIL_LOCKED:
            return Text("allowed until locked")
        case Verdict.DENY:
            return Text("denied")


def denied(profile: str, pause: int) -> Trouble:
    """A person has said no, and nobody is asked again for so many seconds."""
    return trouble(
        DENIED,
        "The use of {profile} was denied.",
        "If that was a slip, run it again in {pause} s.",
        profile=profile,
        pause=pause,
    )


def unconfirmed(profile: str) -> Trouble:
    """Nobody has allowed it in time, or nobody was to be asked."""
    return trouble(
        UNCONFIRMED,
        "Nobody has allowed the use of {profile}.",
        "Run it again and choose in the dialog; --wait says how long it waits for you.",
        profile=profile,
    )


def no_place_to_confirm(profile: str, why: Trouble | None) -> Trouble:
    """The settings want a person asked, and there is no place to ask one: no is the safe answer."""
    title = Text("{profile} is used only when a person allows it, and there is no place to ask one.", profile=profile)
    hint = Text(
        "Run it in the foreground of a terminal, or start the agent on a desktop; "
        'or set confirm = "never" for it in config.toml.'
    )
    if why is not None:
        title = Text("{title} {why}", title=title, why=why.title)
    return Trouble("no_confirmation", title, hint)


def locked(identity: Identity) -> Trouble:
    """Nobody is to be asked, and there is no session."""
    if identity.role is not None:
        return long_locked(identity)
    return trouble(
        "locked",
        "Identity {identity} is locked.",
        "Unlock it with `trayexec auth {word}`, or in the tray.",
        identity=identity.name,
        word=argument(identity.name),
    )


def not_enough(identity: Identity) -> Trouble:
    """Nobody is to be asked, and the session is too short."""
    return trouble(
        "locked",
        "The session of identity {identity} has less time left than was asked for with --need.",
        "Renew it with `trayexec auth {word} --force`.",
        identity=identity.name,
        word=argument(identity.name),
    )


def locked_meanwhile(identity: Identity) -> Trouble:
    """Locked while the request waited."""
    return trouble(
        "locked",
        "Identity {identity} was locked while this waited.",
        "Unlock it with `trayexec auth {word}`, or in the tray.",
        identity=identity.name,
        word=argument(identity.name),
    )


def forgotten_meanwhile(provider: Provider) -> Trouble:
    """What a provider gave was to be forgotten while the request waited."""
    return trouble(
        "locked",
        "The credentials of {profile} were locked while this waited.",
        "Run the command again: they are asked for anew.",
        profile=provider.name,
    )


def not_signed_in(sign_in: SignIn) -> Trouble:
    """Nobody has signed in, and this request does not wait for it."""
    return trouble(
        "sign_in",
        "Nobody is signed in to {name} (IAM Identity Center).",
        "Sign in with `trayexec auth {word}`.",
        name=sign_in.name,
        word=argument(sign_in.session or sign_in.profile),
    )


def no_code_there(sign_in: SignIn) -> Trouble:
    """A code for what is no identity of ours."""
    return trouble(
        "bad_request",
        "{name} is a sign-in at IAM Identity Center, which takes no code from here.",
        "Sign in with `trayexec auth {word}`: the page asks for whatever your organisation wants.",
        name=sign_in.name,
        word=argument(sign_in.session or sign_in.profile),
    )


def nobody_signed_in(sign_in: SignIn) -> Trouble:
    """The page is open, and nobody has signed in on it in time."""
    return trouble(
        "timed_out",
        "Nobody signed in to {name} in time.",
        "The page may still be open: sign in there and run the command again, or begin anew with "
        "`trayexec auth {word}`.",
        name=sign_in.name,
        word=argument(sign_in.session or sign_in.profile),
    )


def sign_in_locked(sign_in: SignIn) -> Trouble:
    """The attempt was ended while a request waited for it."""
    return trouble(
        "locked",
        "The sign-in {name} was ended while this waited.",
        "Begin anew with `trayexec auth {word}`.",
        name=sign_in.name,
        word=argument(sign_in.session or sign_in.profile),
    )


def cancelled(identity: Identity, pause: int) -> Trouble:
    """A person said no."""
    return trouble(
        "cancelled",
        "The MFA dialog of identity {identity} was cancelled.",
        "Run the command again in {seconds} s, or unlock now with `trayexec auth {word}`.",
        identity=identity.name,
        word=argument(identity.name),
        seconds=pause,
    )


def paused(identity: Identity, seconds: int) -> Trouble:
    """A person said no a moment ago."""
    return trouble(
        "cancelled",
        "The MFA dialog of identity {identity} was cancelled a moment ago: for {seconds} s no command brings it back.",
        "Run the command again after that, or unlock now with `trayexec auth {word}`.",
        identity=identity.name,
        word=argument(identity.name),
        seconds=seconds,
    )


def nobody(identity: Identity) -> Trouble:
    """A person said nothing."""
    return trouble(
        "timed_out",
        "Nobody entered the MFA code of identity {identity} in time.",
        "Run the command again, or unlock with `trayexec auth {word}`.",
        identity=identity.name,
        word=argument(identity.name),
    )


def not_a_code(reason: Text) -> Trouble:
    """What came is no code, too often."""
    return Trouble("bad_code", reason, Text("Enter the six digits that your MFA device shows now."))


def already_used(seconds: int) -> Trouble:
    """This very code was sent before."""
    return trouble(
        "spent_code",
        "That code has been used already.",
        "AWS takes each code once: the next one appears in {seconds} second."
        if seconds == 1
        else "AWS takes each code once: the next one appears in {seconds} seconds.",
        seconds=seconds,
    )


def too_many(seconds: int) -> Trouble:
    """So many codes have been sent that another one would not be looked at yet."""
    return trouble(
        "too_many_codes",
        "Too many MFA codes in three minutes.",
        "AWS stops listening after a few: wait {seconds} second, then try again. If the codes are right, check that "
        "mfa_serial in your AWS config is your own device."
        if seconds == 1
        else "AWS stops listening after a few: wait {seconds} seconds, then try again. If the codes are right, check "
        "that mfa_serial in your AWS config is your own device.",
        seconds=seconds,
    )


def screen_locked() -> Trouble:
    """Nobody is looking."""
    return trouble(
        "screen_locked",
        "The screen is locked, so no credentials are handed out.",
        "Unlock the screen; if it is unlocked and the desktop has not said so, lock and unlock it once. Or set "
        'on_lock = "keep" under [screen] in config.toml.',
    )


def installed_fails(why: str) -> Trouble:
    """What is installed now is no agent that would start."""
    return trouble(
        "installed_fails",
        "The trayexec that is installed now does not start: {why}",
        "Install it again. This agent goes on meanwhile.",
        why=shown(why),
    )


def busy(waiting: int) -> Trouble:
    """Somebody waits for an answer that only this agent can give."""
    return trouble(
        "busy",
        "Somebody waits for an answer of this agent ({count}).",
        "Try again once they have it, or end the agent, which forgets everything: `trayexec agent stop`",
        count=waiting,
    )


def too_much() -> Trouble:
    """More is open than can be handed over."""
    return trouble(
        "too_much",
        "More sessions are open than can be handed over.",
        "Lock those that you do not need: `trayexec lock`",
    )


def too_little(left: float) -> Trouble:
    """Not even a new session has what was asked for."""
    minutes = int(left // 60)
    return trouble(
        "too_little_time",
        "The new session ends in {minutes} minute, and more was asked for."
        if minutes == 1
        else "The new session ends in {minutes} minutes, and more was asked for.",
        "Ask for less with --need, or raise duration under [session] in config.toml (36h at most).",
        minutes=minutes,
    )


def keys_aside(identity: Identity) -> Trouble:
    """No keys are stored, but another program has them in the AWS files."""
    return trouble(
        "keys_missing",
        "No keys are stored for {name}.",
        "Take them from [{aside}] in your AWS files: `trayexec keys import {word}`",
        name=shown(identity.keys),
        aside=shown(identity.aside),
        word=argument(identity.keys),
    )


def keyring_unasked() -> Trouble:
    """The keychain has a question before it gives the keys, and nobody is to be asked for anything."""
    return trouble(
        "keychain_locked",
        "Your keyring is locked.",
        "Unlock it in its password manager.",
    )


def keys_from_elsewhere() -> Trouble:
    """Keys to hold that came over a socket which was lent to another machine."""
    return trouble(
        "elsewhere",
        "The agent takes no keys over a socket that was lent.",
        "Give them to it on its own machine, where its socket is.",
    )


def no_code_needed(identity: Identity) -> Trouble:
    """A code was handed in for an identity that is opened without one."""
    return trouble(
        "no_code",
        "Identity {identity} needs no code: config.toml says mfa = false for it.",
        "Leave the code out, or take that line out.",
        identity=identity.name,
    )


def printed(why: Trouble, identity: Identity) -> Trouble:
    """What is wrong with keys, of those that a program has printed: they are not to be stored with us."""
    if identity.program is not None:
        hint = Text(
            "These are printed by the credential_process under {section}: correct it, or what it finds.",
            section=header(identity.keys),
        )
        return Trouble(why.code, why.title, hint)
    hint = Text(
        "The command that stands as keys under [identity.{table}] in config.toml prints these: correct it, or what it "
        "finds.",
        table=shown(written_key(identity.keys)),
    )
    return Trouble(why.code, why.title, hint)


def no_keys_any_more(provider: Provider) -> Trouble:
    """A program that printed long-term keys prints a session's."""
    return trouble(
        "source_changed",
        "Profile {profile}: its credential_process printed long-term keys before, and prints temporary credentials "
        "now.",
        "Run the command again: those are used as they are, without a code.",
        profile=provider.name,
    )


def printed_of_another(provider: Provider, account: str) -> Trouble:
    """The keys that a program prints are of another account than the profile says."""
    return trouble(
        "source_account",
        "Profile {profile}: its credential_process prints keys of account {given}, but the profile says {account}: "
        "they are not used.",
        "Correct aws_account_id under {section}, or what it is that prints them.",
        profile=provider.name,
        given=account,
        account=provider.account,
        section=header(provider.profile),
    )


def slow_command(identity: Identity) -> Text:
    """The command that gives an identity's code did not end in time."""
    return Text("The command for the code of identity {identity} did not end in time.", identity=identity.name)


def of_device(why: Trouble, serial: str) -> Trouble:
    """A code was refused, and the person has several devices: for which one it was sent."""
    title = Text("{what} It was sent as a code of the device {serial}.", what=why.title, serial=shown(serial))
    return Trouble(why.code, title, why.hint)


def closed_device(serial: str, seconds: int) -> Text:
    """A device takes no code for a while, and so one of another device is asked for."""
    return Text(
        "Too many codes of the device {serial} were sent: AWS takes none of it for {seconds} s. Another one will do.",
        serial=shown(serial),
        seconds=seconds,
    )


def doubtful_device(identity: Identity, serial: str) -> Trouble:
    """AWS could not look at a code, though few were sent: most likely the device is not this user's."""
    return trouble(
        "serial_refused",
        "AWS could not check the code: the MFA device {serial} does not seem to belong to the keys of {identity}.",
        "Compare mfa_serial with what the AWS console shows under IAM, Users, your user, Security credentials, "
        "and correct it under {section}. If it is right, other programs have sent too "
        "many codes: wait three minutes, and try once.",
        serial=shown(serial),
        identity=identity.name,
        section=header(identity.keys),
    )


def session_over(identity: Identity) -> Trouble:
    """A new session that is over already."""
    return trouble(
        "too_short",
        "AWS gave a session for identity {identity} that has already ended by the clock of this machine.",
        "Check the clock of this machine; if it is right, try again.",
        identity=identity.name,
        word=argument(identity.name),
    )


def too_short(role: Role) -> Trouble:
    """AWS gave a role next to no time."""
    return trouble(
        "too_short",
        "AWS gave credentials for {role} that end within a minute.",
        "Check the clock of this machine; if it is right, try again.",
        role=role.arn,
    )


def provided_too_short(provider: Provider) -> Trouble:
    """What a provider gave is next to no time good."""
    return trouble(
        "too_short",
        "Profile {profile} was given credentials by {source} that have ended, or end within a minute.",
        "Renew them where they come from, and check the clock of this machine.",
        source=provider.by,
        profile=provider.name,
    )


def unknown_profile(name: str, catalogue: Catalogue) -> Trouble:
    """Nothing in the files is called so: say what is there under another spelling, or what is near."""
    if not name:
        return trouble(
            "unknown_profile",
            "The name of the profile is empty.",
            "Look at the variable that is to hold it; `trayexec list` shows the profiles there are.",
        )
    for misread in catalogue.misread:
        if misread.name.casefold() == name.casefold():
            return misplaced(name, misread)
    accounts = {one: account_of(found) for one, found in catalogue.profiles.items()}
    return no_such_profile(name, accounts, catalogue.files[0])


def misplaced(name: str, misread: MisreadSection) -> Trouble:
    """The profile is there, in a section that no SDK reads as one."""
    return trouble(
        "unknown_profile",
        "There is no profile {profile}, but {file} has a section [{section}], which AWS's tools take for none.",
        "Write {meant} in its place.",
        profile=shown(name),
        file=misread.file,
        section=shown(misread.section),
        meant=f"[{shown(misread.name)}]" if misread.bare else header(misread.name),
    )


def no_such_profile(name: str, accounts: Mapping[str, str | None], config: str = "") -> Trouble:
    """No profile of these, whose accounts are given where they are known, is called so in the file `config`."""
    meant = near(name, accounts)
    line = ours(name)
    if line is not None and name.casefold() not in map(str.casefold, meant):
        return trouble(
            "unknown_profile",
            "There is no profile {profile} in the AWS config.",
            "{line} `trayexec list` shows the profiles there are.",
            profile=shown(name),
            line=line,
        )
    if not meant and _MEANT_AS_A_ROLE.match(name):
        return trouble(
            "unknown_profile",
            "There is no profile {profile} in the AWS config.",
            "If a role is meant: write all 12 digits of its account, as in 123456789012:Deploy.",
            profile=shown(name),
        )
    if len(meant) == 1:
        return trouble(
            "unknown_profile",
            "There is no profile {profile} in the AWS config.",
            "Did you mean {near}? `trayexec list` shows all of them.",
            profile=shown(name),
            near=told(meant, accounts),
        )
    if meant:
        return trouble(
            "unknown_profile",
            "There is no profile {profile} in the AWS config.",
            "Did you mean one of these: {near}? `trayexec list` shows all of them.",
            profile=shown(name),
            near=told(meant, accounts),
        )
    return trouble(
        "unknown_profile",
        "There is no profile {profile} in the AWS config.",
        "`trayexec list` shows the profiles there are; a new one is a section {section} in {file}.",
        profile=shown(name),
        section=header(name),
        file=config or Text("your AWS config"),
    )


def account_of(found: Profile | Unserved) -> str | None:
    """The account that a profile leads to, as far as the files say."""
    if isinstance(found, Profile):
        return found.account or None
    parts = (found.role_arn or "").split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else None  # noqa: PLR2004 — an ARN's parts


def no_code(profile: str, provider: Provider) -> Trouble:
    """What is to be unlocked is served without a code."""
    return trouble(
        "no_code",
        "Profile {profile} needs no code: its credentials come from {source}.",
        "Run a command with it: they are asked for then.",
        profile=shown(profile),
        source=provider.by,
    )


def unknown_identity(name: str, catalogue: Catalogue) -> Trouble:
    """No identity is called so."""
    accounts = {one.name: one.account or None for one in catalogue.identities}
    meant = near(name, accounts)
    if meant:
        return trouble(
            "unknown_identity",
            "There is no identity {name}.",
            "Did you mean {near}? `trayexec status` shows the identities there are.",
            name=shown(name),
            near=told(meant, accounts),
        )
    return trouble(
        "unknown_identity",
        "There is no identity {name}.",
        "`trayexec status` shows the identities there are.",
        name=shown(name),
    )


def no_identity(catalogue: Catalogue) -> Trouble:
    """No profile is served, so there is nobody to unlock: the way out is that of a profile's own problem, if any."""
    problems = [one.problem for one in catalogue.profiles.values() if isinstance(one, Unserved)]
    if problems:
        return Trouble(
            "no_identity",
            Text("No profile of {file} can be used. {why}", file=catalogue.files[0], why=problems[0].title),
            Text("{hint} `trayexec list` says more.", hint=problems[0].hint),
        )
    return trouble(
        "no_identity",
        "No profile in {file} leads to an identity with an MFA device.",
        "`trayexec setup` leads you to one.",
        file=catalogue.files[0],
    )


def no_source() -> Trouble:
    """A role is named by its ARN, and no identity of ours could assume it; other profiles might."""
    return trouble(
        "no_identity",
        "No profile leads to an identity with an MFA device that could assume the role.",
        "Say with --source which profile it is to be assumed from.",
    )


def several_sources(names: Iterable[str]) -> Trouble:
    """A role that is named by its ARN could be assumed by any of these identities."""
    return trouble(
        "ambiguous",
        "There are several identities that could assume the role: {names}.",
        "Say which one with --source, or name the profile it is to be assumed from.",
        names=", ".join(names),
    )


def no_role_for_long(profile: Profile) -> Trouble:
    """A long session is asked for, and there is no role that a code could open."""
    if isinstance(profile.root, Provider):
        return trouble(
            "long",
            "{profile} has no role that a code could open for longer.",
            "Leave --long out. How long its credentials last is decided where they come from: {source}.",
            profile=shown(profile.name),
            source=profile.root.by,
        )
    return trouble(
        "long",
        "{profile} has no role that a code could open for longer.",
        "Leave --long out. How long the session of an identity lasts is duration under [session] in config.toml.",
        profile=shown(profile.name),
    )


def chained_for_long(profile: str) -> Trouble:
    """A long session is asked for, of a role over a role."""
    return trouble(
        "long",
        "{profile} is a role assumed from another role, and AWS gives it an hour at most.",
        "Leave --long out, or let source_profile name the profile of the keys.",
        profile=shown(profile),
    )


def long_locked(identity: Identity) -> Trouble:
    """Nobody is to be asked, and the role that a code is to open is not open."""
    return trouble(
        "locked",
        "The long session of {identity} needs a code of its own.",
        "Run the command without --no-wait: it asks for the code.",
        identity=identity.name,
    )


def shorter(role: Role, seconds: int, then: int) -> Text:
    """A question's reason: the role may not last as long as was asked for, so the next code asks for less."""
    return Text(
        "AWS does not let the role {role} last {duration}: the next code asks for {less}.",
        role=shown(role.arn.rpartition(":")[2].removeprefix("role/")),
        duration=format_duration(seconds),
        less=format_duration(then),
    )


def clamped(profile: str, seconds: int, given: int) -> Text:
    """A note: a long session is shorter than what was asked for."""
    return Text(
        "{profile} gets {given} in place of {wanted}: its role may last no longer",
        profile=shown(profile),
        given=format_duration(given),
        wanted=format_duration(seconds),
    )


def own_code(role: Role) -> Text:
    """A question's reason: why there is one although the identity is open."""
    return Text(
        "To have the role {role} for {duration}, a code of its own is needed.",
        role=shown(role.arn.rpartition(":")[2].removeprefix("role/")),
        duration=format_duration(role.seconds),
    )


def narrowed_differently(role: str) -> Trouble:
    """The settings have several policies for the profiles of a role that is named by its ARN."""
    return trouble(
        "policy",
        "config.toml narrows the profiles of the role {role} in different ways.",
        "Name one of the profiles in place of the role.",
        role=role,
    )


def source_of_a_profile(name: str) -> Trouble:
    """A source was told, for what is no role's ARN."""
    return trouble(
        "usage",
        "--source is for a role that is named by its ARN or as 123456789012:Name, and {profile} is not.",
        "Leave --source out: a profile has its source in the AWS config.",
        profile=shown(name),
    )


def no_role_arn(name: str) -> Trouble:
    """Neither a profile nor the ARN of a role, though it begins like one."""
    return trouble(
        "unknown_profile",
        "{arn} is neither a profile of the AWS config nor the ARN of a role.",
        "A role's is written arn:aws:iam::<account>:role/<name>, with all twelve digits of the account.",
        arn=shown(name),
    )


def elsewhere(path: str) -> Trouble:
    """The caller has a file of that name, and it is not the agent's."""
    return trouble(
        "elsewhere",
        "{file} is another file here than where the agent runs, and the agent reads its own.",
        "Name the agent's socket with TRAYEXEC_SOCKET, and unset AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE: then "
        "the profiles are those of the agent's files. Or run an agent here.",
        file=path,
    )
