"""What config.toml has to do with a profile, for `why`: where its codes come from, what narrows its role; by line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trayexec.adapters import file_trust, plain_file, settings_file
from trayexec.core import messages
from trayexec.core.config import adhoc, problems
from trayexec.core.config.places import Place
from trayexec.core.config.profiles import Catalogue, CodeProcess, Identity, Profile, Role, Unserved
from trayexec.core.config.rules import policy_of, rules_of
from trayexec.core.config.sections import shown
from trayexec.core.config.serials import account_of, is_foreign
from trayexec.core.config.session_policy import narrowed
from trayexec.core.settings import Delivery, Settings
from trayexec.core.toml_lines import Path, line_of
from trayexec.light import paths
from trayexec.light.errors import Text, TrayexecError

Said = tuple[Text, Place | None]


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """Our config.toml: where it is, its text, and what that sets; `wrong` is why it sets nothing."""

    file: str
    text: str
    settings: Settings
    wrong: Text | None = None

    def line(self, path: Path) -> Place:
        """Where a setting stands."""
        return Place(self.file, line_of(self.text, path))


def read(environ: Mapping[str, str]) -> OwnSettings:
    """The config.toml of this environment."""
    file = paths.settings_path(environ)
    try:
        settings = settings_file.load(file)
        content = plain_file.read(file, limit=settings_file.LONGEST_FILE)
    except TrayexecError as error:
        return OwnSettings(file, "", Settings(), error.trouble.title)
    return OwnSettings(file, content.text.removeprefix(plain_file.BYTE_ORDER_MARK) if content else "", settings)


def applied(own: OwnSettings, found: Profile | Unserved, catalogue: Catalogue) -> Profile | Unserved:
    """The profile with its role narrowed by the rules for it, or why that cannot be."""
    if isinstance(found, Unserved):
        return found
    try:
        return narrowed(found, policy_of(found, rules_of(found, own.settings, catalogue)))
    except TrayexecError as error:
        return Unserved(found.name, error.trouble, found.region, found.role_arn, found.notes)


def narrowing(own: OwnSettings, profile: Profile, catalogue: Catalogue) -> Iterator[Said]:
    """The session policies of the profile's role, and the line of the rule that wants them."""
    names = (profile.name, *adhoc.namesakes(profile, catalogue))
    rules = [one for name in names for one in own.settings.matching(name) if one.policy is not None]
    role = profile.target
    if not rules or not isinstance(role, Role):
        return
    rule = ("profile", rules[-1].pattern)
    if role.policy is not None:
        said = Text("its role may do no more than this session policy allows: {policy}", policy=role.policy)
        yield said, own.line((*rule, "policy"))
    if role.policy_arns:
        arns = ", ".join(role.policy_arns)
        said = (
            Text("its role may do no more than these session policies allow: {arns}", arns=arns)
            if role.policy is None
            else Text("or than these session policies allow: {arns}", arns=arns)
        )
        yield said, own.line((*rule, "policy_arns"))


def asking(own: OwnSettings, profile: Profile, catalogue: Catalogue) -> Iterator[Said]:
    """That a person is asked first, and the line of the rule that wants it."""
    for name in (profile.name, *adhoc.namesakes(profile, catalogue)):
        rules = [one for one in own.settings.matching(name) if one.confirm is not None]
        rule = rules[-1].confirm if rules else None
        if rule is not None and rule.every is not None:
            yield messages.asked_first(rule.word), own.line(("profile", rules[-1].pattern, "confirm"))


def long(own: OwnSettings, profile: str) -> Place | None:
    """The rule by which the profile's role is opened by a code of its own; None for none."""
    if own.settings.rule(profile).delivery is not Delivery.LONG:
        return None
    pattern = [one.pattern for one in own.settings.matching(profile) if one.delivery is not None][-1]
    return own.line(("profile", pattern, "delivery"))


def code(own: OwnSettings, identity: Identity, process: Place | None, catalogue: Catalogue) -> Iterator[Said]:
    """What prints the identity's codes, where a program does; `process` is the line of its mfa_process."""
    yield from _code(own, identity, process)
    if not own.settings.renews(identity.keys):
        return
    line = own.line(("identity", identity.keys, "renew"))
    renewing = next((one.code for one in catalogue.identities if one == identity), None)
    if own.settings.code_command(identity.keys) is not None:
        yield Text("and by which its session is renewed before it ends"), line
    elif renewing is not None:
        name = shown(renewing.profile)
        yield Text("its session is renewed before it ends, by mfa_process of profile {profile}", profile=name), line
    else:
        yield Text("its session is not renewed before it ends: neither code nor an mfa_process prints its codes"), line


def devices(own: OwnSettings, identity: Identity, catalogue: Catalogue) -> Iterator[Said]:
    """The other MFA devices that config.toml names for the identity, and which of them are left out."""
    account = account_of(identity.mfa_serial) or identity.account
    printed = own.settings.code_command(identity.keys) or any(
        one.code for one in catalogue.identities if one == identity
    )
    for serial in own.settings.devices(identity.keys):
        if is_foreign(serial, account):
            said = problems.foreign_device(serial, account_of(serial), account)
        elif printed:
            said = Text("the device {serial} is never asked of: a program prints the codes", serial=shown(serial))
        else:
            said = Text("or of the device {serial}", serial=shown(serial))
        yield said, own.line(("identity", identity.keys, "devices"))


def _code(own: OwnSettings, identity: Identity, process: Place | None) -> Iterator[Said]:
    own_command = own.settings.code_command(identity.keys) is not None
    if own_command:
        said = Text("whose codes are printed by the command of [identity.{name}]", name=shown(identity.keys))
        yield said, own.line(("identity", identity.keys, "code"))
    if identity.code is None:
        return
    if own_command:
        yield Text("its mfa_process is passed over: config.toml comes first"), process
        return
    yield (
        Text("whose codes are printed by mfa_process of profile {profile}", profile=shown(identity.code.profile)),
        process,
    )
    doubt = untrusted(identity.code)
    if doubt is not None:
        yield doubt, None


def without_code(own: OwnSettings, identity: Identity, names: Sequence[str]) -> Place:
    """The line that marks the profile, the first of these names, or else the identity, as one that needs no code."""
    marked = [one for name in names[:1] for one in own.settings.matching(name) if one.mfa is not None]
    if marked and marked[-1].mfa is False:
        return own.line(("profile", marked[-1].pattern, "mfa"))
    return own.line(("identity", identity.keys, "mfa"))


def keys(own: OwnSettings, identity: Identity) -> Iterator[Said]:
    """Where the identity's keys are. Of a command its program is told: a secret may stand in its arguments."""
    command = own.settings.keys_command(identity.keys)
    if command is None:
        yield Text("and with the keys that the keychain is to have as {keys}", keys=identity.keys), None
        return
    said = Text("and with the keys that are printed by the command {program}", program=shown(command.argv[0]))
    yield said, own.line(("identity", identity.keys, "keys"))


def untrusted(process: CodeProcess) -> Text | None:
    """Why a profile's mfa_process is not run: somebody else could have written it."""
    found = ((file, file_trust.doubt(file)) for file in dict.fromkeys(process.files))
    return next(
        (
            Text("it is not run, and a person is asked: {file} cannot be trusted: {why}", file=file, why=why)
            for file, why in found
            if why is not None
        ),
        None,
    )
