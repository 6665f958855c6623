"""Rows: roles, chains of roles, and what AssumeRole is asked for."""

from profiles.row import Row
from profiles.world import ALICE, SESSION

BASE = "[default]\nregion = eu-west-1\n"
SECTION = "[profile p]\nregion = eu-west-1\nrole_arn = arn:aws:iam::222222222222:role/Deploy\n"
ROLE = f"{BASE}{SECTION}source_profile = default\n"
DEPLOY = f"{ROLE}mfa_serial = {ALICE}\n"
LONG = DEPLOY.replace("role/Deploy", "role/Long")
AUDIT = DEPLOY.replace("222222222222:role/Deploy", "444444444444:role/Audit")
INHERITED = "the serial never has to be written twice (DESIGN 3.3): botocore reads none but the role's own"

ROWS = (
    Row(
        says="a role over [default]",
        config=DEPLOY,
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="the serial stands in the source",
        config=f"{BASE}mfa_serial = {ALICE}\n{SECTION}source_profile = default\n",
        who="222222222222:role/Deploy",
        differs={"who": (None, INHERITED)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="the serial stands in [default], which is not the source",
        config=f"{BASE}mfa_serial = {ALICE}\n[profile keys]\nregion = eu-west-1\n{SECTION}source_profile = keys\n",
        stored={"keys": "alice"},
        who="222222222222:role/Deploy",
        differs={"who": (None, INHERITED)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="the serial of [default] is of another account than the keys",
        config=f"{BASE}mfa_serial = {ALICE}\n[profile keys]\nregion = eu-west-1\n{SECTION}source_profile = keys\n",
        stored={"default": "alice", "keys": "bob"},
        refused="keys_account",
        title="Profile p needs a profile that has a problem (p → keys). The keys of keys are of account "
        "666666666666, but the only mfa_serial for them is that of [default], whose account is 111111111111.",
    ),
    Row(
        says="the serial of the role is of another account than the keys",
        config=ROLE + "mfa_serial = arn:aws:iam::666666666666:mfa/bob\n",
        refused="keys_account",
        title="The keys of default are of account 111111111111, but the MFA device "
        "arn:aws:iam::666666666666:mfa/bob is of 666666666666: AWS would refuse each code.",
    ),
    Row(
        says="the serial of the role comes before that of its source",
        config=f"{BASE}mfa_serial = {ALICE}\n{SECTION}source_profile = default\n"
        "mfa_serial = arn:aws:iam::111111111111:mfa/phone\n",
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of phone by 111111111111:user/alice",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
        ),
    ),
    Row(
        says="the serial of the first role comes before that of the second and of [default]",
        config=f"{BASE}mfa_serial = {ALICE}\n[profile a]\nregion = eu-west-1\nsource_profile = default\n"
        f"role_arn = arn:aws:iam::222222222222:role/Deploy\nmfa_serial = {ALICE}\n[profile p]\nregion = eu-west-1\n"
        "role_arn = arn:aws:iam::555555555555:role/Hop\nsource_profile = a\n"
        "mfa_serial = arn:aws:iam::111111111111:mfa/phone\n",
        who="555555555555:role/Hop",
        differs={"who": (None, "botocore sends the device of a user along with the credentials of a role")},
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of phone by 111111111111:user/alice",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
            "AssumeRole 555555555555:role/Hop 3600 by 222222222222:role/Deploy",
        ),
    ),
    Row(
        says="a hardware token's number",
        config=ROLE + "mfa_serial = GAHT12345678\n",
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of GAHT12345678 by 111111111111:user/alice",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
        ),
    ),
    Row(
        says="a passkey",
        config=ROLE + "mfa_serial = arn:aws:iam::111111111111:u2f/user/alice/key-ABC\n",
        refused="profile_mfa_fido",
        title="The mfa_serial of profile p is a security key or passkey: AWS takes those in a browser only.",
    ),
    Row(
        says="a telephone",
        config=ROLE + "mfa_serial = arn:aws:iam::111111111111:sms-mfa/alice\n",
        refused="profile_mfa",
        title="The mfa_serial of profile p is a telephone: AWS sends no codes by SMS any more.",
    ),
    Row(
        says="a user in place of the device",
        config=ROLE + "mfa_serial = arn:aws:iam::111111111111:user/alice\n",
        refused="profile_mfa",
        title="The mfa_serial of profile p is the ARN of an IAM user, not of an MFA device: "
        "arn:aws:iam::111111111111:user/alice",
    ),
    Row(
        says="a serial that is empty",
        config=ROLE + "mfa_serial =\n",
        refused="profile_mfa",
        title='The mfa_serial of profile p is not one that AWS could have given out: ""',
    ),
    Row(
        says="a serial with a comment behind it",
        config=f"{ROLE}mfa_serial = {ALICE} # my phone\n",
        refused="profile_mfa",
        title="The mfa_serial of profile p is not one that AWS could have given out: "
        "arn:aws:iam::111111111111:mfa/alice # my phone",
    ),
    Row(
        says="no serial anywhere",
        config=AUDIT.replace(f"mfa_serial = {ALICE}\n", ""),
        refused="profile_mfa",
        title="No mfa_serial is known for profile p, so no code can be asked for.",
        differs={"who": ("444444444444:role/Audit", "no code is asked for, as this role wants none: not served yet")},
    ),
    Row(
        says="a role that wants no MFA gets the session all the same",
        config=AUDIT,
        who="444444444444:role/Audit",
        prompts=1,
        calls=(SESSION, "AssumeRole 444444444444:role/Audit 3600 by 111111111111:user/alice"),
    ),
    # Chains
    Row(
        says="a role over a role",
        config=f"{DEPLOY.replace('profile p', 'profile a')}[profile p]\nregion = eu-west-1\nsource_profile = a\n"
        "role_arn = arn:aws:iam::555555555555:role/Hop\n",
        who="555555555555:role/Hop",
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
            "AssumeRole 555555555555:role/Hop 3600 by 222222222222:role/Deploy",
        ),
    ),
    Row(
        says="the second role wants MFA, which is lost on the way",
        config=f"{DEPLOY.replace('profile p', 'profile a')}[profile p]\nregion = eu-west-1\nsource_profile = a\n"
        "role_arn = arn:aws:iam::555555555555:role/Guarded\n",
        refused="role_denied",
        title="AWS refused the role arn:aws:iam::555555555555:role/Guarded, asked for from another role.",
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
            "AssumeRole 555555555555:role/Guarded 3600 by 222222222222:role/Deploy -> AccessDenied",
        ),
    ),
    Row(
        says="a role over three roles, each in its region",
        config=f"{DEPLOY.replace('profile p', 'profile a')}"
        "[profile b]\nregion = us-east-2\nsource_profile = a\nrole_arn = arn:aws:iam::555555555555:role/Hop\n"
        "[profile c]\nregion = eu-west-3\nsource_profile = b\nrole_arn = arn:aws:iam::444444444444:role/Audit\n"
        "[profile p]\nregion = eu-west-1\nsource_profile = c\nrole_arn = arn:aws:iam::444444444444:role/Audit\n",
        who="444444444444:role/Audit",
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
            "AssumeRole 555555555555:role/Hop 3600 by 222222222222:role/Deploy at sts.us-east-2.amazonaws.com",
            "AssumeRole 444444444444:role/Audit 3600 by 555555555555:role/Hop at sts.eu-west-3.amazonaws.com",
            "AssumeRole 444444444444:role/Audit 3600 by 444444444444:role/Audit",
        ),
    ),
    Row(
        says="a chain of sixteen roles",
        config=AUDIT.replace("profile p", "profile r1")
        + "".join(
            f"[profile {'p' if n == 16 else f'r{n}'}]\nregion = eu-west-1\nsource_profile = r{n - 1}\n"
            "role_arn = arn:aws:iam::444444444444:role/Audit\n"
            for n in range(2, 17)
        ),
        who="444444444444:role/Audit",
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 444444444444:role/Audit 3600 by 111111111111:user/alice",
            *15 * ("AssumeRole 444444444444:role/Audit 3600 by 444444444444:role/Audit",),
        ),
    ),
    Row(
        says="a chain of seventeen roles",
        config=AUDIT.replace("profile p", "profile r1")
        + "".join(
            f"[profile {'p' if n == 17 else f'r{n}'}]\nregion = eu-west-1\nsource_profile = r{n - 1}\n"
            "role_arn = arn:aws:iam::444444444444:role/Audit\n"
            for n in range(2, 18)
        ),
        refused="profile_too_long",
        title="The chain of sources of profile p is longer than 16 roles.",
        differs={"who": ("444444444444:role/Audit", "botocore has no limit; AWS advises against more than one")},
    ),
    Row(
        says="two roles that are each other's source",
        config="[profile p]\nrole_arn = arn:aws:iam::222222222222:role/Deploy\nsource_profile = q\n"
        "[profile q]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = p\n",
        refused="profile_loop",
        title="Profile p and its sources go round in a loop: p → q → p",
    ),
    Row(
        says="a loop further along",
        config=f"{SECTION}source_profile = q\n"
        "[profile q]\nrole_arn = arn:aws:iam::222222222222:role/Long\nsource_profile = r\n"
        "[profile r]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = q\n",
        refused="profile_loop",
        title="Profile p needs a profile that has a problem (p → q). Profile q and its sources go round in a loop: "
        "q → r → q",
    ),
    Row(
        says="a loop that begins at a profile with keys of its own",
        config=f"{SECTION}source_profile = q\nmfa_serial = {ALICE}\n"
        "[profile q]\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = p\n",
        shared="[p]\n<keys of alice>\n",
        stored={"p": "alice"},
        refused="profile_loop",
        title="Profile p and its sources go round in a loop: p → q → p",
    ),
    Row(
        says="a source that has half of an access key",
        config=f"{SECTION}source_profile = q\nmfa_serial = {ALICE}\n[profile q]\nregion = eu-west-1\n",
        shared="[q]\naws_access_key_id = AKIAALICE22222222222\n",
        stored={},
        refused="keys_missing",
        title="No keys are stored for q.",
    ),
    Row(
        says="one of many roles whose common source is not there",
        config=f"{SECTION}source_profile = mfa\n"
        + "".join(f"[profile r{n}]\n{SECTION.partition(']')[2]}source_profile = mfa\n" for n in range(300)),
        refused="profile_source",
        title="Profile p has source_profile = mfa, but there is no such profile.",
    ),
    Row(
        says="a loop that ends in the keys of one of its own",
        config=f"{SECTION}source_profile = q\nmfa_serial = {ALICE}\n"
        "[profile q]\nregion = eu-west-1\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = p\n",
        shared="[q]\n<keys of alice>\n",
        stored={"q": "alice"},
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a role over its own keys",
        config=f"{SECTION}source_profile = p\nmfa_serial = {ALICE}\n",
        stored={"p": "alice"},
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a role over itself, and no keys are stored",
        config=f"{SECTION}source_profile = p\nmfa_serial = {ALICE}\n",
        stored={},
        refused="keys_missing",
        title="No keys are stored for p.",
    ),
    Row(
        says="a role that names itself over a program",
        config=f"{SECTION}source_profile = p\nmfa_serial = {ALICE}\ncredential_process = /bin/true\n",
        stored={},
        refused="profile_loop",
        title="Profile p and its sources go round in a loop: p → p",
    ),
    Row(
        says="a source that has keys and a role: the keys are meant",
        config=f"{SECTION}source_profile = q\nmfa_serial = {ALICE}\n"
        "[profile q]\nregion = eu-west-1\nrole_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = default\n",
        shared="[q]\n<keys of alice>\n",
        stored={"q": "alice", "default": "bob"},
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a profile that has keys and a role: the role is meant",
        config=DEPLOY,
        shared="[p]\n<keys of bob>\n",
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    # Sources that are none
    Row(
        says="a source that is not there",
        config=f"{SECTION}source_profile = nowhere\n",
        refused="profile_source",
        title="Profile p has source_profile = nowhere, but there is no such profile.",
    ),
    Row(
        says="a source in quotes",
        config=f'{SECTION}source_profile = "default"\n',
        refused="profile_source",
        title='Profile p has source_profile = "default", but there is no such profile.',
    ),
    Row(
        says="a source with a comment behind it",
        config=f"{SECTION}source_profile = default # the keys\n",
        refused="profile_source",
        title="Profile p has source_profile = default # the keys, but there is no such profile.",
    ),
    Row(
        says="a source in other letters",
        config=f"{SECTION}source_profile = Default\n",
        refused="profile_source",
        title="Profile p has source_profile = Default, but there is no such profile.",
    ),
    Row(
        says="a source that is empty",
        config=f"{SECTION}source_profile =\n",
        refused="profile_source",
        title='Profile p has source_profile = "", but there is no such profile.',
    ),
    Row(
        says="a role without a source",
        config=BASE + SECTION,
        refused="profile_source",
        title="Profile p has a role_arn but no source_profile, so nobody can assume the role.",
    ),
    Row(
        says="a source without a role",
        config=f"{BASE}mfa_serial = {ALICE}\n[profile p]\nregion = eu-west-1\nsource_profile = default\n",
        refused="profile_role_arn",
        title="Profile p has a source_profile but no role_arn, so it is not clear whose rights it has.",
    ),
    Row(
        says="a source and a credential_source",
        config=f"{DEPLOY}credential_source = Ec2InstanceMetadata\n",
        server="bob",
        refused="profile_source",
        title="Profile p has both source_profile and credential_source, and only one can be meant.",
    ),
    Row(
        says="a source with settings alone",
        config=f"[profile s]\nregion = eu-west-1\n{SECTION}source_profile = s\nmfa_serial = {ALICE}\n",
        refused="keys_missing",
        title="No keys are stored for s.",
    ),
    # What is asked of AWS
    Row(
        says="an external id",
        config=DEPLOY.replace("222222222222:role/Deploy", "444444444444:role/Partner") + "external_id = ours-1\n",
        who="444444444444:role/Partner",
        prompts=1,
        calls=(SESSION, "AssumeRole 444444444444:role/Partner 3600 external id ours-1 by 111111111111:user/alice"),
    ),
    Row(
        says="another external id",
        config=DEPLOY.replace("222222222222:role/Deploy", "444444444444:role/Partner") + "external_id = theirs\n",
        refused="role_denied",
        title="AWS refused the role arn:aws:iam::444444444444:role/Partner.",
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 444444444444:role/Partner 3600 external id theirs by 111111111111:user/alice -> AccessDenied",
        ),
    ),
    Row(
        says="an external id with a blank in it",
        config=f"{DEPLOY}external_id = ours 1\n",
        refused="profile_value",
        title="The external_id of profile p has a length or a character that AWS does not allow.",
    ),
    Row(
        says="duration_seconds 900",
        config=f"{DEPLOY}duration_seconds = 900\n",
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 900 by 111111111111:user/alice"),
    ),
    Row(
        says="duration_seconds 3600",
        config=f"{DEPLOY}duration_seconds = 3600\n",
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="duration_seconds 7200: a session gives an hour",
        config=f"{LONG}duration_seconds = 7200\n",
        who="222222222222:role/Long",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Long 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="duration_seconds 7200 with delivery long: a code of its own",
        config=f"{LONG}duration_seconds = 7200\n",
        settings='[profile.p]\ndelivery = "long"\n',
        who="222222222222:role/Long",
        prompts=1,
        calls=("AssumeRole 222222222222:role/Long 7200 code of alice by 111111111111:user/alice",),
    ),
    Row(
        says="duration_seconds 7200 with delivery long, more than the role's maximum",
        config=f"{DEPLOY}duration_seconds = 7200\n",
        settings='[profile.p]\ndelivery = "long"\n',
        who="222222222222:role/Deploy",
        prompts=2,
        calls=(
            "AssumeRole 222222222222:role/Deploy 7200 code of alice by 111111111111:user/alice -> ValidationError",
            "AssumeRole 222222222222:role/Deploy 3600 code of alice by 111111111111:user/alice",
        ),
        differs={"who": (None, "botocore asks once, and is refused: we ask for less, with a second code")},
    ),
    Row(
        says="eight hours for this once",
        config=LONG,
        request={"long": 28800},
        who="222222222222:role/Long",
        prompts=1,
        calls=("AssumeRole 222222222222:role/Long 28800 code of alice by 111111111111:user/alice",),
    ),
    Row(
        says="eight hours of a role over a role",
        config=f"{DEPLOY.replace('profile p', 'profile a')}[profile p]\nregion = eu-west-1\nsource_profile = a\n"
        "role_arn = arn:aws:iam::555555555555:role/Hop\n",
        request={"long": 28800},
        refused="long",
        title="p is a role assumed from another role, and AWS gives it an hour at most.",
        differs={"who": ("555555555555:role/Hop", "botocore is not asked for more than the hour")},
    ),
    Row(
        says="duration_seconds 899",
        config=f"{DEPLOY}duration_seconds = 899\n",
        refused="profile_value",
        title="The duration_seconds of profile p is not a number from 900 to 43200: 899",
    ),
    Row(
        says="duration_seconds 43201",
        config=f"{DEPLOY}duration_seconds = 43201\n",
        refused="profile_value",
        title="The duration_seconds of profile p is not a number from 900 to 43200: 43201",
    ),
    Row(
        says="duration_seconds that is no number",
        config=f"{DEPLOY}duration_seconds = 1h\n",
        refused="profile_value",
        title="The duration_seconds of profile p is not a number from 900 to 43200: 1h",
        differs={"who": ("222222222222:role/Deploy", "botocore leaves out what is no number; we say that it is none")},
    ),
    Row(
        says="a session name",
        config=f"{DEPLOY}role_session_name = alice@example.com\n",
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 as alice@example.com by 111111111111:user/alice"),
    ),
    Row(
        says="a session name with placeholders",
        config=f"{DEPLOY}role_session_name = {{user}}@{{host}}-{{program}}\n",
        request={"program": "terraform"},
        who="222222222222:role/Deploy",
        differs={"who": (None, "placeholders are ours: STS takes no braces")},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 as alice@desk-terraform by 111111111111:user/alice"),
    ),
    Row(
        says="a session name with a blank",
        config=f"{DEPLOY}role_session_name = alice smith\n",
        refused="profile_value",
        title="The role_session_name of profile p has a length or a character that AWS does not allow.",
    ),
    Row(
        says="a session name of one letter",
        config=f"{DEPLOY}role_session_name = a\n",
        refused="profile_value",
        title="The role_session_name of profile p has a length or a character that AWS does not allow.",
    ),
    Row(
        says="tags, transitive ones, and a source identity",
        config=f"{DEPLOY}session_tags = team=red, cost=7\ntransitive_session_tags = team\nsource_identity = alice\n",
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(
            SESSION,
            (
                "AssumeRole 222222222222:role/Deploy 3600 identity alice team=red cost=7 transitive team "
                "by 111111111111:user/alice"
            ),
        ),
    ),
    Row(
        says="a transitive tag that is none of the tags",
        config=f"{DEPLOY}session_tags = team=red\ntransitive_session_tags = cost\n",
        refused="profile_value",
        title="The transitive_session_tags of profile p cannot be sent: cost is none of its session_tags.",
        differs={"who": ("222222222222:role/Deploy", "session tags are aws-vault's: botocore does not know them")},
    ),
    Row(
        says="tags of both roles of a chain",
        config=f"{DEPLOY.replace('profile p', 'profile a')}session_tags = team=red\n"
        "[profile p]\nregion = eu-west-1\nsource_profile = a\n"
        "role_arn = arn:aws:iam::555555555555:role/Hop\nsession_tags = cost=7\n",
        who="555555555555:role/Hop",
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 222222222222:role/Deploy 3600 team=red by 111111111111:user/alice",
            "AssumeRole 555555555555:role/Hop 3600 cost=7 by 222222222222:role/Deploy",
        ),
    ),
    Row(
        says="a policy for this once",
        config=DEPLOY,
        request={"op": "narrowed_credentials", "policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 222222222222:role/Deploy 3600 under ReadOnlyAccess by 111111111111:user/alice",
        ),
    ),
    Row(
        says="a policy in config.toml",
        config=DEPLOY,
        settings='[profile.p]\npolicy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]\n',
        who="222222222222:role/Deploy",
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 222222222222:role/Deploy 3600 under ReadOnlyAccess by 111111111111:user/alice",
        ),
    ),
    Row(
        says="a policy document in config.toml, and an ARN for this once",
        config=DEPLOY,
        settings='[profile.p]\npolicy = \'{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Action":"s3:*","Resource":"*"}]}\'\n',
        request={"op": "narrowed_credentials", "policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        refused="policy",
        title="config.toml narrows p already, and AWS would allow what either policy allows.",
        differs={"who": ("222222222222:role/Deploy", "botocore knows no session policies")},
    ),
    # The role's ARN
    Row(
        says="a role that does not exist",
        config=DEPLOY.replace("role/Deploy", "role/Nobody"),
        refused="role_denied",
        title="AWS refused the role arn:aws:iam::222222222222:role/Nobody.",
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Nobody 3600 by 111111111111:user/alice -> AccessDenied"),
    ),
    Row(
        says="an ARN without its account",
        config=DEPLOY.replace("222222222222", ""),
        refused="profile_role_arn",
        title="The role_arn of profile p has no account of twelve digits in it: arn:aws:iam:::role/Deploy",
    ),
    Row(
        says="an account without its leading zeros",
        config=DEPLOY.replace("222222222222", "22222222"),
        refused="profile_role_arn",
        title="The role_arn of profile p has no account of twelve digits in it: arn:aws:iam::22222222:role/Deploy",
    ),
    Row(
        says="a user's ARN for a role's",
        config=DEPLOY.replace("role/Deploy", "user/Deploy"),
        refused="profile_role_arn",
        title="The role_arn of profile p is not the ARN of a role: arn:aws:iam::222222222222:user/Deploy",
    ),
    Row(
        says="an ARN with a comment behind it",
        config=DEPLOY.replace("role/Deploy", "role/Deploy ; production"),
        refused="profile_role_arn",
        title="The role_arn of profile p is not the ARN of a role: arn:aws:iam::222222222222:role/Deploy ; production",
    ),
    Row(
        says="an ARN in quotes",
        config=DEPLOY.replace("arn:aws:iam::222222222222:role/Deploy", '"arn:aws:iam::222222222222:role/Deploy"'),
        refused="profile_role_arn",
        title='The role_arn of profile p is not the ARN of a role: "arn:aws:iam::222222222222:role/Deploy"',
    ),
    Row(
        says="an ARN that is empty",
        config=DEPLOY.replace("arn:aws:iam::222222222222:role/Deploy", ""),
        refused="profile_role_arn",
        title='The role_arn of profile p is not the ARN of a role: ""',
    ),
    Row(
        says="a role in another partition than the keys",
        config=DEPLOY.replace("arn:aws:iam::222222222222", "arn:aws-cn:iam::999999999999"),
        refused="profile_partition",
        title="The role_arn of profile p is in the partition aws-cn, but its keys are in aws: AWS has no way from "
        "one to the other.",
    ),
)
