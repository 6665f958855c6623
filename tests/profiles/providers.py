"""Rows: credentials that others give (programs, tokens, Identity Center, the machine), and roles over them."""

from profiles.row import Row
from profiles.world import ALICE, BOB, SESSION

DEFAULT = f"[default]\nregion = eu-west-1\nmfa_serial = {ALICE}\n"
P = "[profile p]\nregion = eu-west-1\n"
PROGRAM = "credential_process = <folder>/program\n"
OVER = "[profile p]\nregion = eu-west-1\nrole_arn = arn:aws:iam::444444444444:role/Audit\nsource_profile = s\n"
PRINTS_KEYS = {"program": "#!/bin/sh\ncat <<'END'\n<printed keys of bob>\nEND\n"}
# Whose keys a program prints AWS is asked first, before a code is.
WHOSE = (
    "GetCallerIdentity by 666666666666:user/bob",
    "GetSessionToken 43200 code of bob by 666666666666:user/bob",
)
PRINTS = {"program": "#!/bin/sh\ncat <<'END'\n<document of bob>\nEND\n"}
IN_A_CONTAINER = {
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/creds",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
}
OWN_SESSION = {
    "AWS_ACCESS_KEY_ID": "ASIABOB2222222222222",
    "AWS_SECRET_ACCESS_KEY": "temporary-secret-of-bob",
    "AWS_SESSION_TOKEN": "token-of-bob",
}
BUILD = "role_arn = arn:aws:iam::444444444444:role/ci/Build\nweb_identity_token_file = <folder>/token\n"
TOKEN = {"token": "<token of repo:team/app>"}
CORP = "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
DEVELOPER = "sso_account_id = 444444444444\nsso_role_name = Developer\n"
OLD = "sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
# The SHA-1 of the session's name, and of the start URL where there is none.
SIGNED_IN = {
    ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json": "<signin>",
    ".aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json": "<signin>",
}
# The SHA-256 of the session's name.
LOGGED_IN = {
    ".aws/login/cache/b12398d11d3de132a573f2187ff5c1ca7848f44ba5d5f1e1a7212447b7218166.json": "<login of bob>",
}

ROWS = (
    # credential_process
    Row(
        says="a program",
        config=P + PROGRAM,
        files=PRINTS,
        who="666666666666:user/bob",
    ),
    Row(
        says="a program in the credentials file",
        config=P,
        shared=f"[p]\n{PROGRAM}",
        files=PRINTS,
        who="666666666666:user/bob",
    ),
    Row(
        says="a program with arguments in quotes",
        config=f'{P}credential_process = "<folder>/my program" "a b"\n',
        files={"my program": '#!/bin/sh\ntest "$1" = "a b" || exit 1\ncat <<\'END\'\n<document of bob>\nEND\n'},
        who="666666666666:user/bob",
    ),
    Row(
        says="a program, and keys of the config file: the program is meant",
        config=f"{P}{PROGRAM}<keys of robot>\n",
        files=PRINTS,
        who="666666666666:user/bob",
    ),
    Row(
        says="a program, and keys of the credentials file that are not stored",
        config=P + PROGRAM,
        shared="[p]\n<keys of robot>\n",
        files=PRINTS,
        refused="profile_mfa",
        differs={"who": ("777777777777:user/robot", "keys without a device are not served yet; never the program")},
        title="No mfa_serial is known for profile p, so no code can be asked for.",
    ),
    Row(
        says="a program, and stored keys",
        config=f"{P}{PROGRAM}mfa_serial = {ALICE}\n",
        stored={"p": "alice"},
        files=PRINTS,
        who="111111111111:user/alice",
        prompts=1,
        calls=(SESSION,),
    ),
    Row(
        says="a program that fails does not become [default]",
        config=f"{DEFAULT}{P}{PROGRAM}",
        files={"program": "#!/bin/sh\necho AKIASECRET >&2\nexit 3\n"},
        refused="source_failed",
        title="credential_process of profile p failed: <folder>/program: it ended with status 3",
    ),
    Row(
        says="a program that is not there",
        config=f"{DEFAULT}{P}{PROGRAM}",
        refused="source_failed",
        title="credential_process of profile p failed: <folder>/program: it could not be started (No such file or"
        " directory)",
    ),
    Row(
        says="a program that prints garbage",
        config=f"{DEFAULT}{P}{PROGRAM}",
        files={"program": "#!/bin/sh\necho garbage\n"},
        refused="source_garbled",
        title="Profile p is given no credentials by credential_process: no JSON object",
    ),
    Row(
        says="a program that prints a web page",
        config=f"{DEFAULT}{P}{PROGRAM}",
        files={"program": "#!/bin/sh\necho '<html>Sign in to the proxy</html>'\n"},
        refused="source_garbled",
        title="Profile p is given no credentials by credential_process: a web page, as a proxy sends it",
    ),
    Row(
        says="a program that prints Version 2",
        config=f"{DEFAULT}{P}{PROGRAM}",
        files={"program": "#!/bin/sh\necho '{\"Version\": 2}'\n"},
        refused="source_garbled",
        title="Profile p is given no credentials by credential_process: its Version is not 1",
    ),
    Row(
        says="a program that prints long-term keys",
        config=P + PROGRAM,
        files=PRINTS_KEYS,
        refused="source_keys",
        differs={"who": ("666666666666:user/bob", "long-term keys are never handed out (DESIGN 1.2)")},
        title="Profile p: its credential_process prints long-term keys, and no mfa_serial is known by which a code"
        " could be asked for.",
    ),
    Row(
        says="a program that prints long-term keys, and their device",
        config=f"{P}mfa_serial = {BOB}\n{PROGRAM}",
        files=PRINTS_KEYS,
        who="666666666666:user/bob",
        prompts=1,
        calls=WHOSE,
    ),
    Row(
        says="a program that prints long-term keys of another account than the device's",
        config=f"{DEFAULT}{P}mfa_serial = {ALICE}\n{PROGRAM}",
        files=PRINTS_KEYS,
        calls=WHOSE[:1],
        refused="keys_account",
        differs={"who": ("666666666666:user/bob", "another account's device is never sent (DESIGN 3.3)")},
        title="The keys of p are of account 666666666666, but the MFA device arn:aws:iam::111111111111:mfa/alice is of"
        " 111111111111: AWS would refuse each code.",
    ),
    Row(
        says="a program that prints long-term keys of another account than the device of [default]",
        config=f"{DEFAULT}{P}{PROGRAM}",
        files=PRINTS_KEYS,
        calls=WHOSE[:1],
        refused="keys_account",
        differs={"who": ("666666666666:user/bob", "another account's device is never sent (DESIGN 3.3)")},
        title="The keys of p are of account 666666666666, but the only mfa_serial for them is that of [default], whose"
        " account is 111111111111.",
    ),
    Row(
        says="a program that prints long-term keys of another account than the profile says",
        config=f"{P}mfa_serial = GAHT12345678\naws_account_id = 666666666666\n{PROGRAM}",
        files={"program": PRINTS_KEYS["program"].replace("bob", "alice")},
        calls=("GetCallerIdentity by 111111111111:user/alice",),
        refused="source_account",
        differs={"who": ("111111111111:user/alice", "nothing is served in another account than the profile says")},
        title="Profile p: its credential_process prints keys of account 111111111111, but the profile says"
        " 666666666666: they are not used.",
    ),
    Row(
        says="a role over a program that prints long-term keys, whose device stands under the role",
        config=f"[profile s]\nregion = eu-west-1\n{PROGRAM}[profile p]\nregion = eu-west-1\nsource_profile = s\n"
        f"role_arn = arn:aws:iam::666666666666:role/Own\nmfa_serial = {BOB}\n",
        files=PRINTS_KEYS,
        who="666666666666:role/Own",
        prompts=1,
        calls=(*WHOSE, "AssumeRole 666666666666:role/Own 3600 by 666666666666:user/bob"),
    ),
    Row(
        says="a program that starts us",
        config=f"{P}credential_process = /usr/bin/trayexec credential-process p\n",
        refused="profile_recursion",
        title="Profile p asks trayexec itself: its credential_process calls trayexec.",
    ),
    Row(
        says="a program with a quote that is not closed",
        config=f"{P}credential_process = '/bin/true\n",
        refused="source_failed",
        title="credential_process of profile p failed: : its line is empty, or a quote in it is not closed",
    ),
    Row(
        says="a role over a program",
        config=f"[profile s]\nregion = eu-west-1\n{PROGRAM}{OVER}",
        files=PRINTS,
        who="444444444444:role/Audit",
        calls=("AssumeRole 444444444444:role/Audit 3600 by 666666666666:user/bob",),
    ),
    Row(
        says="a role over a program, with the serial of [default]: no code is asked for",
        config=f"{DEFAULT}[profile s]\nregion = eu-west-1\n{PROGRAM}{OVER}",
        files=PRINTS,
        who="444444444444:role/Audit",
        calls=("AssumeRole 444444444444:role/Audit 3600 by 666666666666:user/bob",),
    ),
    # Web identity
    Row(
        says="a web identity",
        config=f"{P}{BUILD}role_session_name = build-7\n",
        files=TOKEN,
        who="444444444444:role/Build",
        calls=("AssumeRoleWithWebIdentity 444444444444:role/Build as build-7",),
    ),
    Row(
        says="a web identity beside a source_profile: the token is meant",
        config=f"{DEFAULT}{P}{BUILD}role_session_name = build-7\nsource_profile = default\n",
        files=TOKEN,
        who="444444444444:role/Build",
        calls=("AssumeRoleWithWebIdentity 444444444444:role/Build as build-7",),
    ),
    Row(
        says="a web identity without its file",
        config=DEFAULT + P + BUILD,
        refused="source_failed",
        title="The token of profile p cannot be read from <folder>/token: No such file or directory",
    ),
    Row(
        says="a web identity whose subject the role does not let in",
        config=DEFAULT + P + BUILD,
        files={"token": "<token of repo:others/app>"},
        refused="source_refused",
        title="AWS refused web_identity_token_file of profile p: AccessDenied",
        calls=("AssumeRoleWithWebIdentity 444444444444:role/Build -> AccessDenied",),
    ),
    Row(
        says="a web identity whose file has no absolute path",
        config=DEFAULT + P + BUILD.replace("<folder>/", ""),
        files=TOKEN,
        refused="profile_value",
        title="The web_identity_token_file of profile p is not an absolute path: token",
    ),
    Row(
        says="a web identity without a role",
        config=f"{DEFAULT}{P}web_identity_token_file = <folder>/token\n",
        files=TOKEN,
        refused="profile_role_arn",
        title='The role_arn of profile p is not the ARN of a role: ""',
    ),
    Row(
        says="a role over a web identity",
        config=f"[profile s]\nregion = eu-west-1\n{BUILD}role_session_name = build-7\n{OVER}",
        files=TOKEN,
        who="444444444444:role/Audit",
        calls=(
            "AssumeRoleWithWebIdentity 444444444444:role/Build as build-7",
            "AssumeRole 444444444444:role/Audit 3600 by 444444444444:role/Build",
        ),
    ),
    # The machine
    Row(
        says="a role over the machine",
        config=OVER.replace("source_profile = s", "credential_source = Ec2InstanceMetadata"),
        server="bob",
        who="444444444444:role/Audit",
        calls=("AssumeRole 444444444444:role/Audit 3600 by 666666666666:user/bob",),
    ),
    Row(
        says="a role over the machine where there is none",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = Ec2InstanceMetadata"),
        refused="source_absent",
        title="The instance metadata service gives profile p no credentials.",
    ),
    Row(
        says="a role over the environment",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = Environment"),
        env=OWN_SESSION,
        who="444444444444:role/Audit",
        calls=("AssumeRole 444444444444:role/Audit 3600 by 666666666666:user/bob",),
    ),
    Row(
        says="a role over the environment, which says when it ends",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = Environment"),
        env={**OWN_SESSION, "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z"},
        who="444444444444:role/Audit",
        calls=("AssumeRole 444444444444:role/Audit 3600 by 666666666666:user/bob",),
    ),
    Row(
        says="a role over an environment that has ended",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = Environment"),
        env={**OWN_SESSION, "AWS_CREDENTIAL_EXPIRATION": "2001-01-01T00:00:00Z"},
        refused="source_garbled",
        title="Profile p is given no credentials by Environment: they have ended already, or their Expiration is no"
        " date",
    ),
    Row(
        says="a role over half of an environment",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = Environment"),
        env={"AWS_ACCESS_KEY_ID": OWN_SESSION["AWS_ACCESS_KEY_ID"], "AWS_SESSION_TOKEN": "t"},
        refused="source_garbled",
        title="Profile p is given no credentials by Environment: AccessKeyId or SecretAccessKey is missing",
    ),
    Row(
        says="a role over a role over the environment",
        config=DEFAULT
        + OVER.replace("[profile p]", "[profile s]").replace("source_profile = s", "credential_source = Environment")
        + OVER.replace("444444444444:role/Audit", "444444444444:role/Audit"),
        env=OWN_SESSION,
        who="444444444444:role/Audit",
        calls=(
            "AssumeRole 444444444444:role/Audit 3600 by 666666666666:user/bob",
            "AssumeRole 444444444444:role/Audit 3600 by 444444444444:role/Audit",
        ),
    ),
    Row(
        says="a role over long-term keys in the environment",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = Environment"),
        env={"AWS_ACCESS_KEY_ID": "AKIABOB2222222222222", "AWS_SECRET_ACCESS_KEY": "secret-of-bob"},
        refused="caller_keys",
        differs={"who": ("444444444444:role/Audit", "long-term keys come from the keychain (DESIGN 1.2)")},
        title="Profile p: the credentials in the environment of whoever asks are long-term keys, without"
        " AWS_SESSION_TOKEN: they are not taken from there.",
    ),
    Row(
        says="a role over an environment that has none",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = Environment"),
        refused="caller_credentials",
        title="Profile p: its credentials are those in the environment of whoever asks (credential_source ="
        " Environment), and AWS_ACCESS_KEY_ID is not set there.",
    ),
    Row(
        says="what is in the environment of whoever asks, beside a profile that means its source",
        config=f"{DEFAULT}[profile s]\nregion = eu-west-1\n{PROGRAM}{OVER}",
        files={"program": PRINTS["program"].replace("bob", "alice")},
        env=OWN_SESSION,
        who="444444444444:role/Audit",
        calls=("AssumeRole 444444444444:role/Audit 3600 by 111111111111:user/alice",),
    ),
    Row(
        says="a role over a container",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = EcsContainer"),
        env={
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/creds",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
        },
        server="bob",
        who="444444444444:role/Audit",
        calls=("AssumeRole 444444444444:role/Audit 3600 by 666666666666:user/bob",),
    ),
    Row(
        says="a role over a container at an address that is nobody's",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = EcsContainer"),
        env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.9/creds"},
        server="bob",
        refused="source_absent",
        title="The container of whoever asks gives profile p no credentials.",
    ),
    Row(
        says="a role over a container outside of one",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = EcsContainer"),
        env=OWN_SESSION,
        refused="caller_credentials",
        title="Profile p: its credentials are those of the container of whoever asks (credential_source ="
        " EcsContainer), and neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is"
        " set there.",
    ),
    Row(
        says="a role over a source that nobody knows",
        config=DEFAULT + OVER.replace("source_profile = s", "credential_source = Ec2Instance"),
        refused="profile_source",
        title="Profile p has credential_source = Ec2Instance, which AWS's tools do not know.",
    ),
    Row(
        says="a credential_source without a role",
        config=f"{DEFAULT}{P}credential_source = Ec2InstanceMetadata\n",
        server="bob",
        refused="profile_unsupported",
        differs={"who": ("666666666666:user/bob", "nothing falls back to whoever the machine is (DESIGN 1.4)")},
        title="Profile p gets its credentials by credential_source; trayexec takes the keys of IAM users with MFA.",
    ),
    # IAM Identity Center
    Row(
        says="Identity Center by an sso-session",
        config=f"{CORP}{P}sso_session = corp\n{DEVELOPER}",
        files=SIGNED_IN,
        who="444444444444:role/AWSReservedSSO_Developer",
        calls=("get_role_credentials at portal.sso.eu-west-1.amazonaws.com",),
    ),
    Row(
        says="Identity Center, the settings in the profile",
        config=P + OLD + DEVELOPER,
        files=SIGNED_IN,
        who="444444444444:role/AWSReservedSSO_Developer",
        calls=("get_role_credentials at portal.sso.eu-west-1.amazonaws.com",),
    ),
    Row(
        says="Identity Center, the settings in both, and the same",
        config=f"{CORP}{P}sso_session = corp\n{OLD}{DEVELOPER}",
        files=SIGNED_IN,
        who="444444444444:role/AWSReservedSSO_Developer",
        calls=("get_role_credentials at portal.sso.eu-west-1.amazonaws.com",),
    ),
    Row(
        says="Identity Center, the settings in both, and others",
        config=f"{CORP}{P}sso_session = corp\n{OLD.replace('corp', 'other')}{DEVELOPER}",
        files=SIGNED_IN,
        refused="profile_sso",
        title="sso_start_url of profile p is another than that of its [sso-session corp].",
    ),
    Row(
        says="Identity Center, of another account",
        config=f"{CORP}{P}sso_session = corp\n{DEVELOPER.replace('444444444444', '555555555555')}",
        files=SIGNED_IN,
        who="555555555555:role/AWSReservedSSO_Developer",
        calls=("get_role_credentials at portal.sso.eu-west-1.amazonaws.com",),
    ),
    Row(
        says="Identity Center, a role that is nobody's",
        config=f"{DEFAULT}{CORP}{P}sso_session = corp\n{DEVELOPER.replace('Developer', 'Auditor')}",
        files=SIGNED_IN,
        refused="source_refused",
        title="AWS refused IAM Identity Center of profile p: ForbiddenException",
        calls=("get_role_credentials at portal.sso.eu-west-1.amazonaws.com",),
    ),
    Row(
        says="Identity Center before anybody has signed in",
        config=f"{DEFAULT}{CORP}{P}sso_session = corp\n{DEVELOPER}",
        refused="nobody",
        title="Nobody signed in to corp.",
    ),
    Row(
        says="Identity Center, and a token's file of brackets",
        config=f"{DEFAULT}{CORP}{P}sso_session = corp\n{DEVELOPER}",
        files=dict.fromkeys(SIGNED_IN, "[" * 5000),
        refused="nobody",
        alone="botocore ends in a RecursionError",
        title="Nobody signed in to corp.",
    ),
    Row(
        says="an sso_session that is not there",
        config=f"{DEFAULT}{P}sso_session = corp\n{DEVELOPER}",
        files=SIGNED_IN,
        refused="profile_sso",
        title="Profile p names the sso_session corp, and there is no section [sso-session corp].",
    ),
    Row(
        says="an sso-session without a region",
        config=f"{DEFAULT}[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n{P}sso_session = corp\n"
        f"{DEVELOPER}",
        files=SIGNED_IN,
        refused="profile_sso",
        title="Profile p gets its credentials by IAM Identity Center, and lacks sso_region.",
    ),
    Row(
        says="Identity Center without the role",
        config=f"{DEFAULT}{CORP}{P}sso_session = corp\nsso_account_id = 444444444444\n",
        files=SIGNED_IN,
        refused="profile_sso",
        title="Profile p gets its credentials by IAM Identity Center, and lacks sso_role_name.",
    ),
    Row(
        says="an sso_session alone",
        config=f"{DEFAULT}{CORP}{P}sso_session = corp\n",
        files=SIGNED_IN,
        refused="profile_sso",
        title="Profile p gets its credentials by IAM Identity Center, and lacks sso_account_id, sso_role_name.",
    ),
    Row(
        says="a start URL alone",
        config=f"{DEFAULT}{P}{OLD}",
        files=SIGNED_IN,
        refused="profile_sso",
        title="Profile p gets its credentials by IAM Identity Center, and lacks sso_account_id, sso_role_name.",
    ),
    Row(
        says="Identity Center and keys in the credentials file: Identity Center is meant",
        config=f"{CORP}{P}sso_session = corp\n{DEVELOPER}",
        shared="[p]\n<keys of bob>\n",
        files=SIGNED_IN,
        who="444444444444:role/AWSReservedSSO_Developer",
        calls=("get_role_credentials at portal.sso.eu-west-1.amazonaws.com",),
    ),
    Row(
        says="Identity Center and a program: Identity Center is meant",
        config=f"{CORP}{P}sso_session = corp\n{DEVELOPER}{PROGRAM}",
        files={**SIGNED_IN, **PRINTS},
        who="444444444444:role/AWSReservedSSO_Developer",
        calls=("get_role_credentials at portal.sso.eu-west-1.amazonaws.com",),
    ),
    Row(
        says="Identity Center beside a role: the role is meant",
        config=f"{DEFAULT}{CORP}{P}sso_session = corp\n{DEVELOPER}mfa_serial = {ALICE}\n"
        "role_arn = arn:aws:iam::222222222222:role/Deploy\nsource_profile = default\n",
        files=SIGNED_IN,
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a role over Identity Center",
        config=f"{DEFAULT}{CORP}[profile s]\nregion = eu-west-1\nsso_session = corp\n{DEVELOPER}{OVER}",
        files=SIGNED_IN,
        who="444444444444:role/Audit",
        calls=(
            "get_role_credentials at portal.sso.eu-west-1.amazonaws.com",
            "AssumeRole 444444444444:role/Audit 3600 by 444444444444:role/AWSReservedSSO_Developer",
        ),
    ),
    Row(
        says="a role over Identity Center, with a serial that no code is asked for",
        config=f"{DEFAULT}{CORP}[profile s]\nregion = eu-west-1\nsso_session = corp\n{DEVELOPER}{OVER}"
        f"mfa_serial = {ALICE}\n",
        files=SIGNED_IN,
        who="444444444444:role/Audit",
        differs={"who": (None, "botocore sends the device of a user along with the credentials of a role")},
        calls=(
            "get_role_credentials at portal.sso.eu-west-1.amazonaws.com",
            "AssumeRole 444444444444:role/Audit 3600 by 444444444444:role/AWSReservedSSO_Developer",
        ),
    ),
    # The sign-in of `aws login`
    Row(
        says="a login_session",
        config=f"{P}login_session = arn:aws:iam::666666666666:user/bob\n",
        files=LOGGED_IN,
        who="666666666666:user/bob",
    ),
    Row(
        says="a login_session that nobody has signed in to",
        config=f"{DEFAULT}{P}login_session = arn:aws:iam::111111111111:user/alice\n",
        refused="sign_in",
        title="Nobody is signed in for profile p (login_session), or the sign-in has ended.",
    ),
    Row(
        says="a login_session, and a program: the sign-in is meant",
        config=f"{P}login_session = arn:aws:iam::666666666666:user/bob\n{PROGRAM.replace('program', 'other')}",
        files={**LOGGED_IN, "other": "#!/bin/sh\ncat <<'END'\n<document of robot>\nEND\n"},
        who="666666666666:user/bob",
    ),
    Row(
        says="a role over a login_session",
        config=f"[profile s]\nregion = eu-west-1\nlogin_session = arn:aws:iam::666666666666:user/bob\n{OVER}",
        files=LOGGED_IN,
        who="444444444444:role/Audit",
        calls=("AssumeRole 444444444444:role/Audit 3600 by 666666666666:user/bob",),
    ),
    Row(
        says="a login_session, and keys in the credentials file: the keys are meant",
        config=f"{P}login_session = arn:aws:iam::666666666666:user/bob\nmfa_serial = {BOB}\n",
        stored={"p": "bob"},
        shared="[p]\n<keys of bob>\n",
        who="666666666666:user/bob",
        prompts=1,
        calls=("GetSessionToken 43200 code of bob by 666666666666:user/bob",),
    ),
)
