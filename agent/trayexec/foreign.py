"""Variables by which an AWS SDK, or a tool that people wrap, could be somebody else than the profile. Light.

Whatever names other credentials, another profile, role, account or bearer token is here, and every mode of a run goes
by it. What only configures (endpoints, retries, CA bundles, output) is not. Who reads each of them is written down in
tests/cli/test_foreign.py.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    *("AWS_SSO", "AWS_SSO_SESSION_EXPIRATION", "AWS_OKTA_SESSION_EXPIRATION", "AWSU_PROFILE", "AWSU_EXPIRES"),
    *("AWSRUNAS_PROFILE", "GRANTED_SSO", "VAULTED_ENV"),
)
# Families that grow.
PREFIXES = (
    *("AWS_BEARER_TOKEN_", "AWS_CONTAINER_", "AWS_ROLE_", "AWS_WEB_IDENTITY_", "TF_AWS_ASSUME_ROLE_"),
    *("TERRAGRUNT_IAM_", "TG_IAM_", "RESTIC_AWS_ASSUME_ROLE_", "RCLONE_S3_ROLE_"),
    *("AWS_SSO_ROLE", "AWS_SSO_ACCOUNT", "AWS_OKTA_ASSUMED_ROLE", "AWSRUNAS_", "GRANTED_SSO_", "VAULTED_ENV_"),
)
# Serverless reads AWS_<STAGE>_PROFILE and the keys of a stage; other tools name their profiles in the same way.
STEM = "AWS_"
SUFFIXES = ("_ACCESS_KEY_ID", "_SECRET_ACCESS_KEY", "_SESSION_TOKEN", "_PROFILE")
# .NET programs take settings from variables, in any case: `AWS__Profile` is `AWS:Profile`.
DOTNET = "AWS__"
DOTNET_NAMES = ("PROFILE", "AWSPROFILENAME", "PROFILESLOCATION", "AWSPROFILESLOCATION", "SESSIONROLEARN", "ROLEARN")
# To set one of these on purpose is how a person says which profile is meant.
CHOICE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_FOREIGN = frozenset((*NAMES, *MARKERS))


def is_foreign(name: str) -> bool:
    """Whether a command of ours must not have this variable from its caller."""
    return (
        name in _FOREIGN
        or name.startswith(PREFIXES)
        or (name.startswith(STEM) and name.endswith(SUFFIXES))
        or (name[:5].upper() == DOTNET and name[5:].upper() in DOTNET_NAMES)
    )


def without(environ: "Mapping[str, str]") -> "dict[str, str]":
    """What a command may have of this environment."""
    return {name: value for name, value in environ.items() if not is_foreign(name)}


def in_the_way(names: "Iterable[str]") -> "list[str]":
    """Which of these variables would win over a profile that AWS_PROFILE names."""
    harmless = {*MARKERS, *CHOICE, "AWS_SDK_LOAD_CONFIG", "AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"}
    return [name for name in names if is_foreign(name) and name not in harmless]


def to_unset(environ: "Mapping[str, str]") -> "list[str]":
    """Every name that shell code has to unset: those that are known, and those of the families that are there."""
    others = [
        name for name in environ if name not in _FOREIGN and is_foreign(name) and name.isascii() and name.isidentifier()
    ]
    return [*NAMES, *MARKERS, *others]
