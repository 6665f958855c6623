"""The settings of AWS's files that are known, and what looks like a secret among all others. It must not know files.

Nothing secret is copied from the user's files to ours: of the credentials file only known settings are taken, and of
the config file none whose name or value looks like a secret, unless it is a known one.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches

from trayexec.core.config.inifile import Value
from trayexec.core.config.sources import SECRET

# Each name, and what reads it from these files: botocore (`configprovider`), the AWS CLI (its "config-vars" topic), the
# Go SDK (`shared_config.go`), or every SDK by the "AWS SDKs and Tools Reference Guide".
KNOWN: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("region", "endpoint_url", "services", "ignore_configured_endpoint_urls", "ca_bundle"),
            *("use_fips_endpoint", "use_dualstack_endpoint", "sts_regional_endpoints", "endpoint_discovery_enabled"),
            *("max_attempts", "retry_mode", "defaults_mode", "sdk_ua_app_id", "account_id_endpoint_mode"),
            *("request_checksum_calculation", "response_checksum_validation", "disable_request_compression"),
            *("request_min_compression_size_bytes", "auth_scheme_preference", "sigv4a_signing_region_set"),
            *("ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode", "ec2_metadata_v1_disabled"),
            *("metadata_service_timeout", "metadata_service_num_attempts", "s3_disable_express_session_auth"),
            *("s3_use_arn_region", "s3_disable_multiregion_access_points", "s3_us_east_1_regional_endpoint"),
        ),
        "the reference guide",
    ),
    **dict.fromkeys(
        (
            *("role_arn", "source_profile", "credential_source", "external_id", "role_session_name", "mfa_serial"),
            *("duration_seconds", "web_identity_token_file", "credential_process", "login_session", "aws_account_id"),
            *("sso_session", "sso_account_id", "sso_role_name", "sso_start_url", "sso_region"),
            "sso_registration_scopes",
        ),
        "the reference guide: where credentials come from",
    ),
    "aws_credential_scope": "the JavaScript SDK: the region of credentials, that is where they come from",
    "aws_endpoint_discovery_enabled": "the Java SDK",
    **dict.fromkeys(
        (
            *("api_versions", "data_path", "parameter_validation", "tcp_keepalive", "csm_enabled", "csm_host"),
            *("csm_port", "csm_client_id", "imds_use_ipv6", "disable_host_prefix_injection"),
        ),
        "botocore",
    ),
    **dict.fromkeys(
        (
            *("output", "cli_pager", "cli_binary_format", "cli_timestamp_format", "cli_follow_urlparam"),
            *("cli_history", "cli_auto_prompt", "cli_hide_error_output", "cli_error_format", "cli_help_output"),
            *("cli_endpoint_discovery_enabled",),
        ),
        "the AWS CLI",
    ),
    **dict.fromkeys(
        (
            *("session_tags", "transitive_session_tags", "source_identity", "include_profile", "mfa_process"),
            *("color", "tags", "aws_expiration"),
        ),
        "aws-vault and tools like it: no secret by what it means",
    ),
}
# Indented blocks, and what may stand in each.
BLOCKS: Mapping[str, frozenset[str]] = {
    "s3": frozenset(
        {
            *("addressing_style", "payload_signing_enabled", "use_accelerate_endpoint", "use_arn_region"),
            *("use_dualstack_endpoint", "us_east_1_regional_endpoint", "s3_disable_multiregion_access_points"),
            *("max_concurrent_requests", "max_queue_size", "multipart_threshold", "multipart_chunksize"),
            *("max_bandwidth", "io_chunksize", "preferred_transfer_client", "target_bandwidth", "endpoint_url"),
            *("should_stream", "disk_throughput", "signature_version"),
        }
    ),
    "emr": frozenset({"service_role", "instance_profile", "key_name", "key_pair_file", "log_uri", "enable_debugging"}),
    "proxies_config": frozenset({"proxy_ca_bundle", "proxy_client_cert", "proxy_use_forwarding_for_https"}),
}
# A block of names that are all services, each with the date of its API.
_VERSIONS = "api_versions"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAME = re.compile(
    r"secret|token|passw|passphrase|passcode|private|credential|access_?key|api_?key|(?:^|[_-])(?:key|pwd|pw|pin|otp|seed)s?$",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"  # an access key id
    r"|(?<![\w/+=-])(?=[\w/+]*[A-Z])(?=[\w/+]*[a-z])(?=[\w/+]*[0-9])[A-Za-z0-9/+]{40}(?![\w/+=-])"  # a secret key
    r"|[A-Za-z0-9/+=_-]{100,}"  # a session token
    r"|-----BEGIN ",
    re.ASCII,
)
# In a command line: an option or variable of such a name, with its value.
_ARGUMENT = re.compile(
    r"(?:secret\w*|\w*token|passw\w*|passphrase|api[_-]?key|access[_-]?key(?:[_-]?id)?)[\"']?\s*[ =:]\s*[^-\s]",
    re.IGNORECASE,
)
_CLOSE = 0.75  # how much of a name is one of a key with a slip in it
_LINE = re.compile(r"^\s*(?P<name>[^#;\[\s=:][^=:]*?)\s*[=:](?P<value>.*)$")
_LEFT_OUT = "(left out: it looks like a secret)"


def from_credentials(settings: Mapping[str, Value]) -> Mapping[str, Value]:
    """What may be taken from a section of the credentials file: known settings, and nothing that is a key."""
    kept: dict[str, Value] = {}
    for name, value in settings.items():
        if isinstance(value, str):
            if name in KNOWN and not _VALUE.search(value if name != "credential_process" else ""):
                kept[name] = value
        elif name == _VERSIONS:
            kept[name] = {key: one for key, one in value.items() if _DATE.fullmatch(one)}
        elif name in BLOCKS:
            kept[name] = {key: one for key, one in value.items() if key in BLOCKS[name]}
    return kept


def from_config(settings: Mapping[str, Value]) -> Mapping[str, Value]:
    """What may be taken from a section of the config file: all that does not look like a secret."""
    kept: dict[str, Value] = {}
    for name, value in settings.items():
        if isinstance(value, str):
            if not looks_secret(name, value):
                kept[name] = value
        else:
            kept[name] = {key: one for key, one in value.items() if not looks_secret(key, one)}
    return kept


def looks_secret(name: str, value: str) -> bool:
    """Whether a setting is a key, or none that is known and named or shaped like a secret."""
    if name in SECRET:
        return True
    if name in KNOWN:
        return False
    slip = get_close_matches(name.lower(), SECRET, n=1, cutoff=_CLOSE)
    return bool(slip) or _NAME.search(name) is not None or _VALUE.search(value) is not None


def holds_secret(command: str) -> bool:
    """Whether a command line seems to have a secret in it."""
    return _VALUE.search(command) is not None or _ARGUMENT.search(command) is not None


def without_secrets(text: str) -> str:
    """A text that was meant as a config, without what looks like a secret in any of its lines."""
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    found = _LINE.match(line)
    if found is None:
        return _VALUE.sub(_LEFT_OUT, line)
    name, value = found["name"].lower(), found["value"]
    secret = looks_secret(name, value) or (name == "credential_process" and holds_secret(value))
    return f"{found['name']} = {_LEFT_OUT}" if secret else line
