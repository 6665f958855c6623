"""The table of foreign variables: who reads each of them, and that none reaches a command in any mode."""

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from support.desktop import program
from support.rig import COMMAND, Rig
from trayexec.light import caller_variables


class Row(NamedTuple):
    """A variable that names credentials, a profile, a role, an account or a token, who reads it, and where that is."""

    name: str
    read_by: str
    where: str


ROWS = (
    Row(
        "AWS_ACCESS_KEY_ID",
        "every SDK",
        "https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html",
    ),
    Row("AWS_SECRET_ACCESS_KEY", "every SDK", "the same page"),
    Row("AWS_SESSION_TOKEN", "every SDK", "the same page"),
    Row("AWS_SECURITY_TOKEN", "botocore, boto 2, Ansible", "botocore/credentials.py, EnvProvider.TOKENS"),
    Row(
        "AWS_ACCESS_KEY",
        "Go 1 and 2, Java 1, Ruby, Ansible, s3cmd, minio-go",
        "aws-sdk-go-v2 config/env_config.go",
    ),
    Row(
        "AWS_SECRET_KEY",
        "Java 1 (before AWS_SECRET_ACCESS_KEY), Go 1 and 2, Ruby, .NET, Ansible",
        "aws-sdk-net EnvironmentVariablesAWSCredentials.cs",
    ),
    Row(
        "AMAZON_ACCESS_KEY_ID",
        "JavaScript 2, Ruby",
        "aws/aws-sdk-ruby …/aws-sdk-core/credential_provider_chain.rb; aws/aws-sdk-js lib/node_loader.js",
    ),
    Row("AMAZON_SECRET_ACCESS_KEY", "JavaScript 2, Ruby", "the same"),
    Row("AMAZON_SESSION_TOKEN", "JavaScript 2, Ruby", "the same"),
    Row("EC2_ACCESS_KEY", "Ansible", "ansible-collections/amazon.aws CHANGELOG.rst: read until release 10"),
    Row("EC2_SECRET_KEY", "Ansible", "the same"),
    Row("EC2_SECURITY_TOKEN", "Ansible", "the same; saml2aws sets it"),
    Row("AWSACCESSKEYID", "s3fs", "s3fs-fuse/s3fs-fuse src/s3fs_cred.cpp; in the program of Debian 12 (1.90)"),
    Row("AWSSECRETACCESSKEY", "s3fs", "s3fs-fuse/s3fs-fuse src/s3fs_cred.cpp; in the program of Debian 12 (1.90)"),
    Row("AWSSESSIONTOKEN", "s3fs", "s3fs-fuse/s3fs-fuse src/s3fs_cred.cpp; in the program of Debian 12 (1.90)"),
    Row("AWS_CREDENTIAL_EXPIRATION", "botocore, rusoto", "botocore/credentials.py, EnvProvider.EXPIRY_TIME"),
    Row("AWS_SESSION_EXPIRATION", "granted, aws-vault 6, prompts", "common-fate/granted scripts/assume"),
    Row("AWS_CREDENTIAL_FILE", "botocore, boto 2", "botocore/credentials.py, OriginalEC2Provider.CRED_FILE_ENV"),
    Row("AWS_CREDENTIAL_PROFILES_FILE", "Java 1", "Java SDK migration guide, ProfileCredentialsProvider"),
    Row("CPL_AWS_CREDENTIALS_FILE", "GDAL", "gdal port/cpl_aws.cpp"),
    Row("BOTO_CONFIG", "botocore, boto 2", "botocore/credentials.py, BotoProvider.BOTO_CONFIG_ENV"),
    Row("BOTO_PATH", "boto 2", "boto/boto boto/pyami/config.py"),
    Row("AWS_PROFILE", "every SDK", "https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html"),
    Row(
        "AWS_DEFAULT_PROFILE",
        "Python, CLI, Go, Ruby; C++ before AWS_PROFILE",
        "botocore/session.py; aws/aws-sdk-cpp src/aws-cpp-sdk-core/source/auth/AWSCredentialsProvider.cpp",
    ),
    Row(
        "AWS_EB_PROFILE",
        "EB CLI, oh-my-zsh's asp sets it",
        "aws/aws-elastic-beanstalk-cli ebcli/lib/aws.py, _profile_env_var",
    ),
    Row("AWS_SDK_LOAD_CONFIG", "Go 1, JavaScript 2", "aws-sdk-go aws/session/env_config.go"),
    Row(
        "AWS_ROLE_ARN",
        "every SDK: web identity",
        "https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html",
    ),
    Row("AWS_ROLE_SESSION_NAME", "every SDK: web identity", "the same page"),
    Row("AWS_WEB_IDENTITY_TOKEN_FILE", "every SDK", "the same page"),
    Row("AWS_WEB_IDENTITY_TOKEN", "providers of Terraform and Pulumi", "a family: AWS_WEB_IDENTITY_"),
    Row("AWS_ROLE_EXTERNAL_ID", "GDAL", "gdal port/cpl_aws.cpp; a family: AWS_ROLE_"),
    Row("AWS_MFA_SERIAL", "aws-vault", "99designs/aws-vault vault/config.go"),
    Row("AWS_SESSION_TAGS", "aws-vault", "99designs/aws-vault vault/config.go"),
    Row("AWS_TRANSITIVE_TAGS", "aws-vault", "99designs/aws-vault vault/config.go"),
    Row("AWS_SOURCE_IDENTITY", "aws-vault", "99designs/aws-vault vault/config.go"),
    Row(
        "AWS_ACCOUNT_ID",
        "botocore, Go 2, Java 2, JavaScript 3, Ruby, .NET, C++, Swift",
        "https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html; "
        "awslabs/aws-sdk-swift …/EnvironmentAWSCredentialIdentityResolver.swift",
    ),
    Row(
        "CDK_DEFAULT_ACCOUNT",
        "CDK programs",
        "aws/aws-cdk-cli packages/@aws-cdk/toolkit-lib/lib/api/cloud-assembly/environment.ts",
    ),
    Row(
        "CDK_PROFILE",
        "the CDK CLI, as --profile",
        "aws/aws-cdk-cli packages/aws-cdk/lib/cli/parse-command-line-arguments.ts, .env('CDK')",
    ),
    Row("CDK_ROLE_ARN", "the CDK CLI, as --role-arn", "the same"),
    Row("AWS_ASSUME_ROLE", "envassume", "https://pypi.org/project/envassume/"),
    Row("AWS_ASSUME_ROLE_ARN", "deployment tools, wrappers of assume-role", "README files in public repositories"),
    Row("AWS_ASSUME_ROLE_EXTERNAL_ID", "the same", "a family: AWS_ASSUME_ROLE_"),
    Row("AWS_IAM_ROLE_ARN", "delta-rs, deltalake, Polars", "delta-io/delta-rs crates/aws/src/constants.rs"),
    Row("AWS_IAM_ROLE_SESSION_NAME", "the same", "the same"),
    Row("AWS_S3_ASSUME_ROLE_ARN", "the same", "the same"),
    Row("AWS_S3_ROLE_SESSION_NAME", "the same", "the same"),
    Row("AWS_BEDROCK_ASSUME_ROLE_ARN", "clients of Bedrock", "a family: AWS_…_ASSUME_ROLE_ARN"),
    Row("AWS_ACCESS_KEY_ID_DYNAMODB", "delta-rs", "delta-io/delta-rs crates/aws/src/constants.rs"),
    Row("AWS_SECRET_ACCESS_KEY_DYNAMODB", "delta-rs", "the same"),
    Row("AWS_SESSION_TOKEN_DYNAMODB", "delta-rs", "the same"),
    Row(
        "AWS_TOKEN",
        "object_store of Arrow, Polars",
        "apache/arrow-rs-object-store src/aws/builder.rs, AmazonS3ConfigKey::Token",
    ),
    Row("AWS_CREDENTIAL_SCOPE", "JavaScript 3", "aws-sdk-js-v3 credential-provider-env, fromEnv"),
    Row("ECS_PROFILE", "ECS CLI", "aws/amazon-ecs-cli ecs-cli/modules/commands/flags/flags.go, ECSProfileEnvVar"),
    Row(
        "AWS_BEARER_TOKEN_BEDROCK",
        "botocore, Java 2, JavaScript 3, Go 2",
        "botocore/tokens.py; https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html",
    ),
    Row(
        "AWS_BEARER_TOKEN_ANY_SERVICE",
        "the same, for each signing name",
        "botocore/utils.py",
    ),
    Row(
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "every SDK",
        "https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html",
    ),
    Row("AWS_CONTAINER_CREDENTIALS_FULL_URI", "every SDK", "the same page"),
    Row("AWS_CONTAINER_AUTHORIZATION_TOKEN", "every SDK", "the same page"),
    Row("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "every SDK", "the same page"),
    Row("TERRAGRUNT_IAM_ROLE", "Terragrunt", "terragrunt docs, --iam-assume-role"),
    Row("TERRAGRUNT_IAM_ASSUME_ROLE_SESSION_NAME", "Terragrunt", "the same page"),
    Row("TG_IAM_ASSUME_ROLE", "Terragrunt", "the same page"),
    Row("TG_IAM_ASSUME_ROLE_WEB_IDENTITY_TOKEN", "Terragrunt", "the same page"),
    Row("TERRAGRUNT_AUTH_PROVIDER_CMD", "Terragrunt", "terragrunt docs, --auth-provider-cmd"),
    Row("TG_AUTH_PROVIDER_CMD", "Terragrunt", "terragrunt docs, --auth-provider-cmd"),
    Row("TF_AWS_ASSUME_ROLE_ARN", "the AWS provider's own tests", "terraform-provider-aws docs, running sweepers"),
    Row("RESTIC_AWS_ASSUME_ROLE_ARN", "restic", "restic internal/backend/s3/s3.go"),
    Row("RESTIC_AWS_ASSUME_ROLE_SESSION_NAME", "restic", "the same"),
    Row("RESTIC_AWS_ASSUME_ROLE_EXTERNAL_ID", "restic", "the same"),
    Row("RESTIC_AWS_ASSUME_ROLE_POLICY", "restic", "the same"),
    Row("RCLONE_S3_ACCESS_KEY_ID", "rclone", "https://rclone.org/s3/"),
    Row("RCLONE_S3_SECRET_ACCESS_KEY", "rclone", "the same page"),
    Row("RCLONE_S3_SESSION_TOKEN", "rclone", "the same page"),
    Row("RCLONE_S3_PROFILE", "rclone", "the same page"),
    Row("RCLONE_S3_SHARED_CREDENTIALS_FILE", "rclone", "the same page"),
    Row("RCLONE_S3_ROLE_ARN", "rclone", "the same page"),
    Row("RCLONE_S3_ROLE_EXTERNAL_ID", "rclone", "the same page"),
    Row(
        "AWS_PROD_PROFILE",
        "Serverless: that of the stage",
        "serverless/serverless lib/plugins/aws/provider.js (before version 4), addEnvironmentProfile",
    ),
    Row("AWS_PROD_ACCESS_KEY_ID", "Serverless", "the same"),
    Row("AWS_PROD_SECRET_ACCESS_KEY", "Serverless", "the same"),
    Row("AWS_PROD_SESSION_TOKEN", "Serverless", "the same"),
    Row(
        "AWS__Profile",
        ".NET programs",
        "aws/aws-sdk-net extensions/src/AWSSDK.Extensions.NETCore.Setup/ConfigurationExtensions.cs",
    ),
    Row("aws__awsprofilename", ".NET programs, in any case", "the same"),
    Row("AWS__ProfilesLocation", ".NET programs", "the same"),
    Row("AWS__AWSProfilesLocation", ".NET programs", "the same"),
    Row("AWS__SessionRoleArn", ".NET programs", "the same"),
    Row("TRAYEXEC_PROFILE", "scripts: that of an outer run", "trayexec(1)"),
    Row("TRAYEXEC_ACCOUNT", "scripts: that of an outer run", "trayexec(1)"),
    Row("AWS_VAULT", "aws-vault, starship, powerlevel10k", "starship src/modules/aws.rs"),
    Row("ASSUMED_ROLE", "assume-role", "remind101/assume-role main.go"),
    Row("AWSUME_PROFILE", "awsume, starship, powerlevel10k", "starship src/modules/aws.rs"),
    Row("AWSUME_EXPIRATION", "awsume, starship", "trek10inc/awsume shell_scripts/awsume"),
    Row("AWSUME_COMMAND", "awsume", "trek10inc/awsume shell_scripts/awsume"),
    Row("SAML2AWS_PROFILE", "saml2aws", "Versent/saml2aws cmd/saml2aws/commands/script.go"),
    Row("SAML2AWS_ROLE", "saml2aws", "Versent/saml2aws README.md, login --role"),
    Row("AWS_SSO", "aws-sso-cli", "aws-sso-cli docs, environment variables"),
    Row("AWS_SSO_PROFILE", "aws-sso-cli, powerlevel10k", "the same"),
    Row("AWS_SSO_ROLE_ARN", "aws-sso-cli", "the same"),
    Row("AWS_SSO_ROLE_NAME", "aws-sso-cli", "the same"),
    Row("AWS_SSO_ACCOUNT_ID", "aws-sso-cli", "the same"),
    Row("AWS_SSO_ACCOUNTID", "aws-sso-cli", "the same"),
    Row("AWS_SSO_SESSION_EXPIRATION", "aws-sso-cli", "the same"),
    Row("AWS_OKTA_PROFILE", "aws-okta", "segmentio/aws-okta cmd/exec.go"),
    Row("AWS_OKTA_ASSUMED_ROLE", "aws-okta", "the same"),
    Row("AWS_OKTA_ASSUMED_ROLE_ARN", "aws-okta", "the same"),
    Row("AWS_OKTA_SESSION_EXPIRATION", "aws-okta", "the same"),
    Row("AWSU_PROFILE", "awsu, starship", "kreuzwerker/awsu strategy/credentials/credentials.go"),
    Row("AWSU_EXPIRES", "awsu", "the same"),
    Row("AWSRUNAS_PROFILE", "aws-runas", "mmmorris1975/aws-runas cli/app.go"),
    Row("GRANTED_SSO", "granted", "common-fate/granted scripts/assume"),
    Row("GRANTED_SSO_ROLE_NAME", "granted", "the same"),
    Row("GRANTED_SSO_ACCOUNT_ID", "granted", "the same"),
    Row("VAULTED_ENV", "vaulted", "miquella/vaulted doc/man/vaulted-env.1"),
    Row("VAULTED_ENV_EXPIRATION", "vaulted", "the same"),
    Row("VAULTED_ENV_ROLE_ARN", "vaulted", "the same"),
    Row("VAULTED_ENV_ROLE_ACCOUNT_ID", "vaulted", "the same"),
)
# What looks like one and stays, with the reason.
KEPT: Mapping[str, str] = {
    "AWS_CA_BUNDLE": "configures",
    "AWS_ENDPOINT_URL": "configures: it wins outside as well",
    "AWS_ENDPOINT_URL_DYNAMODB": "configures",
    "AWS_USE_FIPS_ENDPOINT": "configures",
    "AWS_MAX_ATTEMPTS": "configures",
    "AWS_RETRY_MODE": "configures",
    "AWS_PAGER": "configures",
    "AWS_DEFAULT_OUTPUT": "configures",
    "AWS_DATA_PATH": "configures",
    "AWS_EC2_METADATA_DISABLED": "keeps SDKs from the machine's role",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "configures",
    "AWS_SIGV4A_SIGNING_REGION_SET": "configures",
    "AWS_LOGIN_CACHE_DIRECTORY": "where a cache is",
    "AWS_SSO_CONFIG": "where the settings of aws-sso-cli are",
    "AWS_ASSUME_ROLE_TTL": "for how long aws-vault asks",
    "AWS_SESSION_TOKEN_TTL": "for how long aws-vault asks",
    "AWS_VAULT_BACKEND": "where the keys of aws-vault are",
    "AWS_OKTA_MFA_PROVIDER": "configures",
    "AWS__Region": "configures",
    "AWS__Logging__LogTo": "configures",
    "_AWS_CLI_PROFILE_CHAIN": "the CLI's own guard against a profile that asks for itself",
    "RCLONE_CONFIG_MINIO_ACCESS_KEY_ID": "belongs to a remote by name, which need not be AWS",
    "MINIO_ROOT_USER": "belongs to another service",
    "TF_VAR_role_arn": "an input of the person's own",
    "DEPLOY_ROLE_ARN": "an input of the person's own",
    "DEFAULT_ROLE": "aws-iam-authenticator's, and a word that anybody's program may use",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "asked last of all, as outside",
    "AWS_PROFILE_REGION": "what oh-my-zsh shows",
}
STRANGE = {row.name: "somebody-else" for row in ROWS}
MODES = {
    "plain": ("account-a", "--"),
    "live": ("--live", "account-a", "--"),
    "live without a profile": ("--live", "--"),
    "server": ("--server", "account-a", "--"),
    "fan-out": ("account-a", "account-b", "--output=grouped", "--"),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_foreign(row: Row) -> None:
    """Whatever the table names is removed."""
    assert caller_variables.is_foreign(row.name)
    assert row.read_by
    assert row.where


@pytest.mark.parametrize("name", KEPT)
def test_what_configures_stays(name: str) -> None:
    """A setting is not somebody else's credentials."""
    assert not caller_variables.is_foreign(name)


def test_every_rule_has_a_row() -> None:
    """Nothing is removed of which nobody knows who reads it: each name, prefix and suffix of the code has its row."""
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert {*caller_variables.NAMES, *caller_variables.MARKERS} <= set(names)
    assert {*caller_variables.HARMLESS} <= set(names)
    others = [name for name in names if name not in {*caller_variables.NAMES, *caller_variables.MARKERS}]
    for prefix in (*caller_variables.PREFIXES, *caller_variables.MARKER_PREFIXES):
        assert [name for name in names if name.startswith(prefix)], prefix
    for suffix in caller_variables.SUFFIXES:
        assert [name for name in others if name.startswith(caller_variables.STEM) and name.endswith(suffix)], suffix
    said = {
        name[len(caller_variables.DOTNET) :].upper()
        for name in names
        if name.upper().startswith(caller_variables.DOTNET)
    }
    assert said == set(caller_variables.DOTNET_NAMES)


@pytest.mark.parametrize("mode", MODES)
def test_no_mode_lets_one_through(open_rig: Rig, mode: str) -> None:
    """Not one of them has the caller's value in the command."""
    caller = {**STRANGE, **dict.fromkeys(KEPT, "as it was"), "AWS_CA_BUNDLE": ""}
    del caller["AWS_ENDPOINT_URL"], caller["AWS_USE_FIPS_ENDPOINT"]
    if mode == "live without a profile":
        for name in caller_variables.CHOICE:  # they choose one
            del caller[name]
    done = open_rig.run(*MODES[mode], "env", env=caller)
    assert done.status == 0, done.err
    assert "somebody-else" not in done.out
    assert "AWS_PAGER=as it was" in done.out


def test_a_shell_lets_none_through(open_rig: Rig) -> None:
    """`trayexec shell` likewise."""
    shell = open_rig.write("shell", "#!/bin/sh\nenv\n")
    shell.chmod(0o700)
    done = open_rig.run("shell", "account-a", env={**STRANGE, "SHELL": str(shell)})
    assert done.status == 0, done.err
    assert "somebody-else" not in done.out


@pytest.mark.parametrize("words", [("env", "account-a"), ("hook", "sh", "account-a")])
def test_shell_code_unsets_them(open_rig: Rig, words: tuple[str, ...]) -> None:
    """After the eval of `env`, or of the hook's code for a profile, none is left that a shell can name."""
    line = f'eval "$({shlex.join([*COMMAND, *words])})" && exec env'
    env = open_rig.environment(STRANGE)
    done = subprocess.run([program("bash"), "--norc", "-c", line], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "somebody-else" not in done.stdout


def test_the_account_is_the_profiles(open_rig: Rig) -> None:
    """AWS_ACCOUNT_ID is that of the role, and stands in the documents that SDKs read."""
    stale = {"AWS_ACCOUNT_ID": "999999999999"}
    for words in (["account-a"], ["--server", "account-a"]):
        done = open_rig.run(*words, "--", "printenv", "AWS_ACCOUNT_ID", env=stale)
        assert (done.status, done.out) == (0, "222222222222\n"), done.err
    assert open_rig.run("credential-process", "account-a").json["AccountId"] == "222222222222"
    assert open_rig.run("env", "account-b", "--format", "json").json["AccountId"] == "333333333333"
    # A device is its user's own, so AWS has said whose keys these are when it took the code.
    assert open_rig.run("credential-process", "default").json["AccountId"] == "111111111111"


PROPERTIES = (
    *("accessKeyId", "secretAccessKey", "secretKey", "sessionToken", "accountId", "profile", "roleArn"),
    *("roleSessionName", "webIdentityTokenFile", "sharedCredentialsFile", "configFile", "bearerTokenBedrock"),
    *("containerCredentialsPath", "containerAuthorizationToken"),
)


@pytest.mark.parametrize("name", caller_variables.JAVA)
def test_javas_options_lose_what_is_somebody_else(name: str) -> None:
    """SDK 2 asks system properties before any variable (SystemPropertyCredentialsProvider); other options stay."""
    for one in PROPERTIES:
        for said in (f"-Daws.{one}=bob", f'-Daws.{one}="bob the second"', f'"-Daws.{one}=bob the second"'):
            value = f"-Xmx2g {said} -Daws.region=eu-west-1"
            assert caller_variables.without({name: value}) == {name: "-Xmx2g -Daws.region=eu-west-1"}
            assert caller_variables.without({name: f"-Da=b {said}"}) == {name: "-Da=b"}
            assert caller_variables.without({name: said}) == {}
            assert name in caller_variables.to_unset({name: said})
            assert name not in caller_variables.to_unset({name: value})
            assert caller_variables.to_set({name: value}) == caller_variables.without({name: value})
            assert caller_variables.in_the_way({name: value}) == [name]
    for kept in ("-Daws.region=eu-west-1  -Xmx2g ", "-Daws.profileless=x", "-Dx=-Daws.profile=bob", ""):
        assert caller_variables.without({name: kept}) == {name: kept}


@pytest.mark.parametrize("mode", MODES)
def test_no_mode_lets_javas_properties_through(open_rig: Rig, mode: str) -> None:
    """Neither does any mode."""
    done = open_rig.run(*MODES[mode], "env", env={"JAVA_TOOL_OPTIONS": "-Daws.profile=somebody-else -Xmx2g"})
    assert done.status == 0, done.err
    assert "somebody-else" not in done.out
    assert "JAVA_TOOL_OPTIONS=-Xmx2g" in done.out


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("bash", ("env", "account-a")),
        ("bash", ("hook", "sh", "account-a")),
        ("fish", ("env", "account-a", "--format", "fish")),
    ],
)
def test_shell_code_leaves_what_a_run_leaves(open_rig: Rig, shell: str, words: tuple[str, ...]) -> None:
    """Of an option variable of Java only what is somebody else goes, and with nothing left the variable."""
    odd = """-Da='b c' -Dd="e\\f" $(g) `h` -Di=\'"""
    stale = {f"-Daws.profile=somebody-else {odd}": "JAVA_TOOL_OPTIONS", "-Daws.roleArn=x": "MAVEN_OPTS"}
    env = open_rig.environment({name: value for value, name in stale.items()})
    python = shlex.join([sys.executable, "-c", "import os, json; print(json.dumps(dict(os.environ)))"])
    code = shlex.join([*COMMAND, *words])
    line = f"{code} | source; {python}" if shell == "fish" else f'eval "$({code})"; {python}'
    done = subprocess.run([program(shell), "-c", line], env=env, capture_output=True, text=True, check=True)
    left = json.loads(done.stdout)
    assert (left.get("JAVA_TOOL_OPTIONS"), left.get("MAVEN_OPTS")) == (odd, None)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_hook_names_what_doctor_names(open_rig: Rig, shell: str) -> None:
    """The patterns that a shell goes by say the same as the rule: every row, and no setting; values of Java, too."""
    named = {row.name: "bob" for row in ROWS if row.name.isidentifier()}
    stale = {
        **named,
        **dict.fromkeys(KEPT, "x"),
        **dict.fromkeys(caller_variables.JAVA, "-Xmx2g -Dx=-Daws.profile=bob"),
    }
    for name in ("AWS_PROFILE", "AWS_EB_PROFILE", "AWS_DEFAULT_PROFILE"):
        stale[name] = "account-a"  # the same one everywhere, as oh-my-zsh's `asp` sets it
    for name in ("TRAYEXEC_PROFILE", "AWS_ENDPOINT_URL", "AWS_CREDENTIAL_PROFILES_FILE"):
        del stale[name]
    stale |= dict(zip(caller_variables.JAVA, (f"-Xmx2g -Daws.{one}=bob" for one in PROPERTIES[3:]), strict=False))
    stale |= {caller_variables.JAVA[-1]: "'-Daws.roleArn=a b'", caller_variables.JAVA[-2]: "-Daws.profileless=x"}
    hook = shlex.join([*COMMAND, "hook", shell])
    line = f"{hook} | source" if shell == "fish" else f'eval "$({hook})"'
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [program(shell), *options, "-c", line],
        env=open_rig.environment(stale),
        capture_output=True,
        text=True,
        check=False,
    )
    (said,) = done.stderr.splitlines()
    wanted = {*caller_variables.in_the_way(stale)} - {"AWS_EB_PROFILE"}
    assert {*said.rpartition(": ")[2].split()} == wanted
    assert {
        "AWS_BEARER_TOKEN_ANY_SERVICE",
        "AWS_PROD_PROFILE",
        "aws__awsprofilename",
        caller_variables.JAVA[-1],
    } <= wanted


def test_doctor_names_what_would_win(open_rig: Rig) -> None:
    """One that beats AWS_PROFILE fails doctor, by its name; what only a prompt reads does not."""
    stale = {"AWS_ACCESS_KEY": "AKIAOLD", "AWS_BEARER_TOKEN_BEDROCK": "x", "AWS_VAULT": "old"}
    findings = open_rig.run("doctor", "--json", env=stale).json
    text = str(findings)
    java = open_rig.run("doctor", "--json", env={"MAVEN_OPTS": "-Daws.profile=old"}).json
    assert "MAVEN_OPTS would be used" in str(java)
    assert "AWS_ACCESS_KEY AWS_BEARER_TOKEN_BEDROCK would be used" in text
    assert "AWS_VAULT" not in text
