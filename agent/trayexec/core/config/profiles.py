"""Defines profiles and what they resolve to: identity, roles, endpoint. It must not know files or botocore."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trayexec.core.config import serials
from trayexec.core.config.partitions import partition_of
from trayexec.core.config.sources import Source
from trayexec.light.errors import Text, Trouble, shown

_PROVIDED_BY = {
    Source.PROCESS: "credential_process",
    Source.WEB_IDENTITY: "web_identity_token_file",
    Source.SSO: "IAM Identity Center",
    Source.LOGIN: "login_session",
    Source.INSTANCE: "Ec2InstanceMetadata",
    Source.ENVIRONMENT: "Environment",
    Source.CONTAINER: "EcsContainer",
}


@dataclass(frozen=True, slots=True)
class StsEndpoint:
    """How botocore is to reach STS for one profile; every field is what botocore calls it.

    `region` is never empty (a profile without one gets its partition's default), `url` overrides the host,
    `sts_regional_endpoints` is `regional` or `legacy`. `proxy` is on the way, unless `no_proxy` names the host.
    """

    region: str
    url: str | None = None
    use_fips: bool = False
    use_dualstack: bool = False
    sts_regional_endpoints: str = "regional"
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)  # a password may stand in it
    no_proxy: str = ""


@dataclass(frozen=True, slots=True)
class CodeProcess:
    """The `mfa_process` of a profile, which prints the codes of its device; `files` are those it is read from.

    A shell runs the line, as with aws-vault (its vault/mfa.go, ProcessMfaProvider).
    """

    line: str = field(repr=False)  # a secret may stand in it
    profile: str
    files: tuple[str, str]

    @property
    def argv(self) -> tuple[str, ...]:
        """The program that is started, and its words."""
        return ("/bin/sh", "-c", self.line)


@dataclass(frozen=True, slots=True)
class Identity:
    """One set of long-term keys and its MFA device; equal when they are the same keys, device and place.

    `keys` names the keychain item, `name` is for people: the same word unless one key has several devices. The place is
    who answers for AWS: another endpoint, by the caller's own word (`trust`) whoever has such a certificate, or without
    TLS the proxy on the way (`way`), which then reads the code. Else any proxy will do: it sees nothing. `owner` is the
    account of the stored keys, and `user` whose they are there, where that is known; `role` is one that the code opens
    in place of a session, for longer than the hour that a session gives: what is kept and handed out are its
    credentials. Without a `mfa_serial` it is opened without a code.
    `inherited` says that no profile on the way to these keys has
    this serial, but [default] alone: then it may be somebody else's. `aside` is the section in which another program
    keeps the long-term keys, if there is one. `code` prints the device's codes, as the profile says that leads here.
    `program` prints the keys: a credential_process that was found to print such, and no session's.
    """

    keys: str
    mfa_serial: str
    endpoint_url: str | None
    name: str = field(compare=False)
    endpoint: StsEndpoint = field(compare=False)
    trust: str | None = None
    way: str | None = field(default=None, repr=False)
    role: "Role | None" = None
    program: "Provider | None" = None
    owner: str = field(default="", compare=False)
    user: str = field(default="", compare=False)
    inherited: bool = field(default=False, compare=False)
    aside: str = field(default="", compare=False)
    code: CodeProcess | None = field(default=None, compare=False)

    @property
    def account(self) -> str:
        """The account of the keys, or else of their own device; nothing where neither tells. Of a role, the role's."""
        if self.role is not None:
            return self.role.account
        return self.owner or ("" if self.inherited else serials.account_of(self.mfa_serial))

    @property
    def whose(self) -> Text | str:
        """The identity in a person's words: the user and the account, as far as they are known."""
        return Text("{user} in {account}", user=self.who, account=self.account) if self.account else self.who

    @property
    def who(self) -> str:
        """The same where there is no room for the account."""
        return self.name if self.role is not None else self.user or self.name

    @property
    def needs_code(self) -> bool:
        """Whether somebody is asked for a code before it opens."""
        return bool(self.mfa_serial)

    @property
    def partition(self) -> str:
        """The AWS partition of the device, or else of the region: aws, aws-cn, aws-us-gov and so on."""
        return serials.partition_of(self.mfa_serial) or partition_of(self.endpoint.region).name


@dataclass(frozen=True, slots=True)
class SessionTags:
    """What the session of a role carries: tags, those of them that go on to further roles, and who set it up."""

    tags: tuple[tuple[str, str], ...] = ()
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person's sign-in at IAM Identity Center, on whose token the credentials of its profiles live.

    `session` is the name of its [sso-session]; empty for profiles that say their start URL themselves. Under the one or
    the other the AWS CLI keeps the token, so two equal ones share it. `profile` is one that uses it: botocore is asked
    for the way to AWS of that one, with the caller's `variables`.
    """

    session: str
    start_url: str
    region: str
    scopes: tuple[str, ...]
    profile: str = field(compare=False)
    files: tuple[str, str] = field(compare=False)
    variables: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)  # of proxies, as above

    @property
    def name(self) -> str:
        """What people call it: the session's name, or the host of the start URL."""
        return shown(self.session or self.start_url.partition("://")[2].partition("/")[0] or self.start_url)


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a profile's credentials come from when no key of ours is behind them: botocore's provider of that kind.

    Two equal ones share credentials: the same kind, settings and files, and the same said by the caller's variables.
    `profile` is the one that has the `settings`, which botocore is asked for and no other. `account` is the account
    that they name, where they name one; `endpoint` is where the profile reaches STS.
    """

    kind: Source
    profile: str
    settings: tuple[tuple[str, str], ...] = field(repr=False)  # a command line may have a secret in it
    files: tuple[str, str]
    endpoint: StsEndpoint = field(compare=False)
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # passwords of proxies stand in them
    account: str = field(default="", compare=False)
    sign_in: SignIn | None = None  # that it cannot do without

    @property
    def root(self) -> "Provider":
        """Itself: it needs nothing else first."""
        return self

    @property
    def name(self) -> str:
        """What people call it: the profile's name."""
        return shown(self.profile)

    @property
    def locked_by(self) -> tuple[str, ...]:
        """The names by which what it gave is locked: its profile's, and its sign-in's."""
        return (self.profile,) if self.sign_in is None else (self.profile, self.sign_in.name)

    @property
    def partition(self) -> str:
        """The AWS partition of its region."""
        return partition_of(self.endpoint.region).name

    @property
    def role(self) -> str:
        """The role's name where it stands in the settings, or nothing: Identity Center knows its ARN, and we do not."""
        settings = dict(self.settings)
        return settings.get("sso_role_name", "") or settings.get("role_arn", "").partition("/")[2]

    @property
    def by(self) -> str:
        """What gives the credentials, as people call it."""
        return _PROVIDED_BY[self.kind]


@dataclass(frozen=True, slots=True)
class Role:
    """A role and everything that decides what AssumeRole returns for it: two equal roles share credentials.

    `seconds` is what the profile asks for; AWS allows 3600 from a session (facts of role chaining), the adapter clamps.
    `policy` (JSON) and `policy_arns` are session policies: with any, less is allowed than to the role itself.
    """

    arn: str
    source: "Identity | Provider | Role"
    session_name: str
    external_id: str | None
    seconds: int
    endpoint: StsEndpoint
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: SessionTags = SessionTags()

    @property
    def account(self) -> str:
        """The account number in the role's ARN."""
        return self.arn.split(":")[4]

    @property
    def root(self) -> Identity | Provider:
        """The identity or the provider at the end of the chain."""
        source = self.source
        while isinstance(source, Role):
            source = source.source
        return source


@dataclass(frozen=True, slots=True)
class Profile:
    """A served profile: `target` is the role it assumes, or the identity or the provider that it is.

    `inherits_region`: nothing on the way but [default] says a region, so the caller's own is better.
    `inherits_serial`: neither it nor a source of it says a serial, so that [default]'s is meant, if the keys are of its
    account. `notes` are what a person should know of how it resolves. `settings_of` is the profile whose settings a
    command has under it, where that is another one: a role that its ARN names has none of its own.
    """

    name: str
    region: str | None
    target: Identity | Provider | Role
    inherits_serial: bool = False
    notes: tuple[Text, ...] = field(default=(), compare=False)
    inherits_region: bool = False
    settings_of: str = field(default="", compare=False)

    @property
    def root(self) -> Identity | Provider:
        """Whose session serves it, or what provides its credentials."""
        return self.target.root if isinstance(self.target, Role) else self.target

    @property
    def identity(self) -> Identity | None:
        """Whose session serves it; None where none is needed."""
        root = self.root
        return root if isinstance(root, Identity) else None

    @property
    def account(self) -> str:
        """The account number it leads to."""
        return self.target.account

    @property
    def endpoints(self) -> tuple[StsEndpoint, ...]:
        """Where STS is asked for it: from the role that it is down to its keys, or to what provides its credentials."""
        at, found = self.target, []
        while isinstance(at, Role):
            found.append(at.endpoint)
            at = at.source
        return (*found, at.endpoint)

    @property
    def role_arn(self) -> str | None:
        """The role's ARN, or nothing for a profile that assumes none."""
        match self.target:
            case Role():
                return self.target.arn
            case Provider(kind=Source.WEB_IDENTITY):
                return dict(self.target.settings)["role_arn"]
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Unserved:
    """A profile we cannot serve, and why; what is known of it is kept for the list, `notes` for who looks closer.

    `endpoint` is where keys of its own would be asked about: they may be what it lacks, or all that it has.
    """

    name: str
    problem: Trouble
    region: str | None = None
    role_arn: str | None = None
    notes: tuple[Text, ...] = field(default=(), compare=False)
    endpoint: StsEndpoint | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class MisreadSection:
    """A section that no SDK reads as a profile, though somebody meant it as the profile `name`.

    `bare`: in that file a profile's section has just its name.
    """

    file: str
    section: str
    name: str
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything one pair of config files says: every profile, served or not, in the order of the file.

    `files` are where the config and the credentials are, `misread` the sections in them that were meant as profiles and
    are none. `apart` are the profiles whose settings, credentials and region aside, are others than those of [default],
    `session_name` is that of a role which names none.
    """

    profiles: Mapping[str, Profile | Unserved]
    files: tuple[str, str] = field(default=("~/.aws/config", "~/.aws/credentials"), compare=False)
    misread: tuple[MisreadSection, ...] = field(default=(), compare=False)
    apart: frozenset[str] = field(default=frozenset(), compare=False)
    session_name: str = field(default="trayexec", compare=False)
    identities: tuple[Identity, ...] = field(init=False, compare=False)
    providers: tuple[Provider, ...] = field(init=False, compare=False)
    sign_ins: tuple[SignIn, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Note all that served profiles end in, once each, in order: they are asked for at each look."""
        served = (profile for profile in self.profiles.values() if isinstance(profile, Profile))
        ends = (profile.root for profile in served)
        roots = tuple({id(end): end for end in ends}.values())  # hundreds of profiles have one and the same
        identities: dict[Identity, Identity] = {}
        for one in roots:
            if isinstance(one, Identity) and (one not in identities or identities[one].code is None):
                identities[one] = one  # its codes come as the first profile says that says anything of them
        object.__setattr__(self, "identities", tuple(identities.values()))
        object.__setattr__(self, "providers", tuple(dict.fromkeys(one for one in roots if isinstance(one, Provider))))
        sign_ins = dict.fromkeys(one.sign_in for one in self.providers if one.sign_in is not None)
        object.__setattr__(self, "sign_ins", tuple(sign_ins))
