"""Variables by which an AWS SDK, or a tool that people wrap, could be somebody else than the profile. Light.

Whatever names other credentials, another profile, role, account or bearer token is here, and every mode of a run goes
by it. What only configures (endpoints, retries, CA bundles, output) is not. Who reads each of them is written down in
tests/light/test_caller_variables.py.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# These beat a profile in some SDK or tool, or are mixed with what we give.
NAMES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWSACCESSKEYID", "AWSSECRETACCESSKEY", "AWSSESSIONTOKEN"),
    *("AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY", "AMAZON_SESSION_TOKEN"),
    *("EC2_ACCESS_KEY", "EC2_SECRET_KEY", "EC2_SECURITY_TOKEN"),
    *("AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"),
    *("AWS_CREDENTIAL_FILE", "AWS_CREDENTIAL_PROFILES_FILE", "CPL_AWS_CREDENTIALS_FILE", "BOTO_CONFIG", "BOTO_PATH"),
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_EB_PROFILE", "AWS_SDK_LOAD_CONFIG"),
    *("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_MFA_SERIAL", "AWS_SESSION_TAGS", "AWS_TRANSITIVE_TAGS", "AWS_SOURCE_IDENTITY"),
    *("AWS_ACCOUNT_ID", "CDK_DEFAULT_ACCOUNT", "AWS_BEARER_TOKEN_BEDROCK"),
    *("CDK_PROFILE", "CDK_ROLE_ARN", "AWS_ASSUME_ROLE", "AWS_ASSUME_ROLE_ARN", "AWS_IAM_ROLE_ARN"),
    *("AWS_S3_ASSUME_ROLE_ARN", "AWS_S3_ROLE_SESSION_NAME", "AWS_TOKEN", "AWS_CREDENTIAL_SCOPE", "ECS_PROFILE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    *("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    *("TERRAGRUNT_IAM_ROLE", "TG_IAM_ASSUME_ROLE", "TERRAGRUNT_AUTH_PROVIDER_CMD", "TG_AUTH_PROVIDER_CMD"),
    *("RESTIC_AWS_ASSUME_ROLE_ARN", "RESTIC_AWS_ASSUME_ROLE_SESSION_NAME", "RESTIC_AWS_ASSUME_ROLE_EXTERNAL_ID"),
    *("RCLONE_S3_ACCESS_KEY_ID", "RCLONE_S3_SECRET_ACCESS_KEY", "RCLONE_S3_SESSION_TOKEN", "RCLONE_S3_PROFILE"),
    *("RCLONE_S3_SHARED_CREDENTIALS_FILE", "RCLONE_S3_ROLE_ARN"),
)
# What other credential tools, and an outer run of ours, leave for prompts and scripts: in here it names the wrong one.
MARKERS = (
    *("TRAYEXEC_PROFILE", "TRAYEXEC_ACCOUNT", "AWS_VAULT", "ASSUMED_ROLE"),
    *("AWSUME_PROFILE", "AWSUME_EXPIRATION", "AWSUME_COMMAND", "SAML2AWS_PROFILE", "SAML2AWS_ROLE"),
    *("AWS_SSO", "AWS_SSO_PROFILE", "AWS_SSO_SESSION_EXPIRATION", "AWS_OKTA_PROFILE", "AWS_OKTA_SESSION_EXPIRATION"),
    *("AWSU_PROFILE", "AWSU_EXPIRES", "AWSRUNAS_PROFILE", "GRANTED_SSO", "VAULTED_ENV"),
)
# Families that grow.
PREFIXES = (
    *("AWS_BEARER_TOKEN_", "AWS_CONTAINER_", "AWS_ROLE_", "AWS_WEB_IDENTITY_", "TF_AWS_ASSUME_ROLE_"),
    *("AWS_ASSUME_ROLE_", "AWS_IAM_ROLE_", "AWS_ACCESS_KEY_ID_", "AWS_SECRET_ACCESS_KEY_", "AWS_SESSION_TOKEN_"),
    *("TERRAGRUNT_IAM_", "TG_IAM_", "RESTIC_AWS_ASSUME_ROLE_", "RCLONE_S3_ROLE_"),
)
MARKER_PREFIXES = (*("AWS_SSO_ROLE", "AWS_SSO_ACCOUNT", "AWS_OKTA_ASSUMED_ROLE", "GRANTED_SSO_", "VAULTED_ENV_"),)
# What ends so says for how long something is good: aws-vault's AWS_ASSUME_ROLE_TTL is nobody's credentials.
LIFETIME = "_TTL"
# Serverless reads AWS_<STAGE>_PROFILE and the keys of a stage; other tools name their profiles in the same way.
STEM = "AWS_"
SUFFIXES = ("_ACCESS_KEY_ID", "_SECRET_ACCESS_KEY", "_SESSION_TOKEN", "_PROFILE", "_ASSUME_ROLE_ARN")
# .NET programs take settings from variables, in any case: `AWS__Profile` is `AWS:Profile`.
DOTNET = "AWS__"
DOTNET_NAMES = ("PROFILE", "AWSPROFILENAME", "PROFILESLOCATION", "AWSPROFILESLOCATION", "SESSIONROLEARN")
# Java programs and what starts them take options from these, and the SDKs of the JVM look at its system properties
# before any variable. Of such a variable only those options go.
JAVA = (
    *("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTS", "MAVEN_OPTS", "MAVEN_ARGS"),
    *("GRADLE_OPTS", "SBT_OPTS", "ANT_OPTS", "LEIN_JVM_OPTS", "JVM_OPTS", "CATALINA_OPTS"),
)
PROPERTY = "-Daws."
PROPERTIES = (
    *("accessKeyId", "secretAccessKey", "secretKey", "sessionToken", "accountId", "profile", "roleArn"),
    *("roleSessionName", "webIdentityTokenFile", "sharedCredentialsFile", "configFile"),
)
PROPERTY_PREFIXES = ("bearerToken", "container")
_PROPERTIES = rf"-Daws\.(?:{'|'.join(PROPERTIES)}|(?:{'|'.join(PROPERTY_PREFIXES)})\w*)"
_QUOTED = rf"""(["']){_PROPERTIES}(?:=(?:(?!\1).)*)?\1"""
_BARE = rf"""{_PROPERTIES}(?:=(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])*)?"""
_OPTION = rf"(?<!\S)(?:{_QUOTED}|{_BARE})(?!\S)\s*"
# To set one of these on purpose is how a person says which profile is meant.
CHOICE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
# These cannot win over a profile that AWS_PROFILE names. The last four are aws-vault's own.
HARMLESS = (
    *CHOICE,
    *MARKERS,
    *("AWS_SDK_LOAD_CONFIG", "AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"),
    *("AWS_MFA_SERIAL", "AWS_SESSION_TAGS", "AWS_TRANSITIVE_TAGS", "AWS_SOURCE_IDENTITY"),
)
_FOREIGN = frozenset((*NAMES, *MARKERS))


def is_foreign(name: str) -> bool:
    """Whether a command of ours must not have this variable from its caller."""
    return (
        name in _FOREIGN
        or (name.startswith((*PREFIXES, *MARKER_PREFIXES)) and not name.endswith(LIFETIME))
        or (name.startswith(STEM) and name.endswith(SUFFIXES))
        or (name[:5].upper() == DOTNET and name[5:].upper() in DOTNET_NAMES)
    )


def without(environ: "Mapping[str, str]") -> "dict[str, str]":
    """What a command may have of this environment."""
    env = {name: value for name, value in environ.items() if not is_foreign(name)}
    for name, kept in java(environ).items():
        if kept:
            env[name] = kept
        else:
            del env[name]
    return env


def java(environ: "Mapping[str, str]") -> "dict[str, str]":
    """The option variables of Java that would make an SDK somebody else, and what may stay of each: maybe nothing."""
    found = {}
    for name in JAVA:
        value = environ.get(name, "")
        if PROPERTY in value:
            import re  # noqa: PLC0415 — only for who has such an option

            kept = re.sub(_OPTION, "", value)
            if kept != value:
                found[name] = kept.rstrip()
    return found


def in_the_way(environ: "Mapping[str, str]") -> "list[str]":
    """Which variables would win over a profile that AWS_PROFILE names."""
    found = [
        name for name in environ if is_foreign(name) and name not in HARMLESS and not name.startswith(MARKER_PREFIXES)
    ]
    return [*found, *java(environ)]


def to_unset(environ: "Mapping[str, str]") -> "list[str]":
    """Every name that shell code has to unset: those that are known, and those of the families that are there."""
    others = [
        name for name in environ if name not in _FOREIGN and is_foreign(name) and name.isascii() and name.isidentifier()
    ]
    return [*NAMES, *MARKERS, *others, *(name for name, kept in java(environ).items() if not kept)]


def to_set(environ: "Mapping[str, str]") -> "dict[str, str]":
    """What shell code has to set anew: the option variables of Java of which a part may stay."""
    return {name: kept for name, kept in java(environ).items() if kept}
