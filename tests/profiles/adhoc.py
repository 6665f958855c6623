"""Rows: roles that are named by their ARN, what aws-vault includes, and our own settings that change a profile."""

from profiles.row import Row
from profiles.world import ALICE, BOB, SESSION

BASE = f"[default]\nregion = eu-west-1\nmfa_serial = {ALICE}\n"
SECOND = f"[profile bob]\nregion = eu-west-3\nmfa_serial = {BOB}\n"
DEPLOY = "222222222222:role/Deploy"
ARN = f"arn:aws:iam::{DEPLOY}"
ROLE = f"region = eu-west-1\nrole_arn = {ARN}\nsource_profile = default\nmfa_serial = {ALICE}\n"
NAMELESS = "botocore takes no role without a profile"
INCLUDES = "include_profile is aws-vault's: botocore does not know it"

ROWS = (
    Row(
        says="a role by its ARN",
        config=BASE,
        profile=ARN,
        who=DEPLOY,
        alone=NAMELESS,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a role by its account and name",
        config=BASE,
        profile="222222222222:Deploy",
        who=DEPLOY,
        alone=NAMELESS,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a role by its ARN, over another identity",
        config=BASE + SECOND,
        stored={"default": "alice", "bob": "bob"},
        profile="arn:aws:iam::666666666666:role/Own",
        request={"source": "bob"},
        who="666666666666:role/Own",
        alone=NAMELESS,
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of bob by 666666666666:user/bob",
            "AssumeRole 666666666666:role/Own 3600 by 666666666666:user/bob",
        ),
        region="eu-west-3",
        endpoint="sts.eu-west-3.amazonaws.com",
    ),
    Row(
        says="a role by its ARN, and two identities: neither is taken",
        config=BASE + SECOND,
        stored={"default": "alice", "bob": "bob"},
        profile=ARN,
        refused="ambiguous",
        alone=NAMELESS,
        title="There are several identities that could assume the role: default, bob.",
    ),
    Row(
        says="a role by its ARN over a profile with a role",
        config=f"{BASE}[profile p]\n{ROLE}",
        profile="arn:aws:iam::555555555555:role/Hop",
        request={"source": "p"},
        who="555555555555:role/Hop",
        alone=NAMELESS,
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
            "AssumeRole 555555555555:role/Hop 3600 by 222222222222:role/Deploy",
        ),
    ),
    Row(
        says="a role by its ARN over a source that is not there",
        config=BASE,
        profile=ARN,
        request={"source": "nowhere"},
        refused="unknown_profile",
        alone=NAMELESS,
        title="There is no profile nowhere in the AWS config.",
    ),
    Row(
        says="a role by its ARN of another partition",
        config=BASE,
        profile="arn:aws-cn:iam::999999999999:role/Deploy",
        refused="profile_partition",
        alone=NAMELESS,
        title="The role arn:aws-cn:iam::999999999999:role/Deploy is in the partition aws-cn, but the keys of its "
        "source are in aws: AWS has no way from one to the other.",
    ),
    Row(
        says="a role by an ARN that is none",
        config=BASE,
        profile="arn:aws:iam::22222222:role/Deploy",
        refused="unknown_profile",
        alone=NAMELESS,
        title="arn:aws:iam::22222222:role/Deploy is neither a profile of the AWS config nor the ARN of a role.",
    ),
    Row(
        says="a profile that is called like a role",
        config=f'{BASE}[profile "222222222222:Deploy"]\n{ROLE.replace("222222222222", "333333333333")}',
        profile="222222222222:Deploy",
        who="333333333333:role/Deploy",
        prompts=1,
        calls=(SESSION, "AssumeRole 333333333333:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a role that a profile has under a rule: the rule holds for its ARN, too",
        config=f"{BASE}[profile prod]\n{ROLE}",
        settings='[profile."prod"]\npolicy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]\n',
        profile=ARN,
        who=DEPLOY,
        alone=NAMELESS,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 under ReadOnlyAccess by 111111111111:user/alice"),
    ),
    Row(
        says="a source for a profile that has one",
        config=f"{BASE}{SECOND}[profile p]\n{ROLE}",
        stored={"default": "alice", "bob": "bob"},
        request={"source": "bob"},
        refused="usage",
        alone="botocore is told no source",
        title="--source is for a role that is named by its ARN or as 123456789012:Name, and p is not.",
    ),
    Row(
        says="a role by its ARN while no profile is an identity",
        config="[profile p]\nregion = eu-west-1\n",
        stored={},
        profile=ARN,
        refused="no_identity",
        alone=NAMELESS,
        title="No profile of <folder>/config can be used. Profile p has settings only, neither keys nor a role.",
    ),
    # What is included
    Row(
        says="a role whose source is included",
        config=f"{BASE}[profile common]\nsource_profile = default\nexternal_id = ours-1\n[profile p]\n"
        "region = eu-west-1\nrole_arn = arn:aws:iam::444444444444:role/Partner\ninclude_profile = common\n",
        who="444444444444:role/Partner",
        differs={"who": (None, INCLUDES)},
        prompts=1,
        calls=(SESSION, "AssumeRole 444444444444:role/Partner 3600 external id ours-1 by 111111111111:user/alice"),
    ),
    Row(
        says="a role whose source is included by the older word",
        config=f"{BASE}[profile common]\nsource_profile = default\n[profile p]\nregion = eu-west-1\nrole_arn = {ARN}\n"
        "parent_profile = common\n",
        who=DEPLOY,
        differs={"who": (None, INCLUDES)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="what a profile says itself comes before what it includes",
        config=f"{BASE}[profile common]\nsource_profile = nowhere\nrole_session_name = theirs\n"
        f"[profile p]\n{ROLE}role_session_name = ours\ninclude_profile = common\n",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 as ours by 111111111111:user/alice"),
    ),
    Row(
        says="an included profile that includes one",
        config=f"{BASE}[profile a]\nsource_profile = default\n[profile b]\nregion = eu-west-3\ninclude_profile = a\n"
        f"[profile p]\nrole_arn = {ARN}\ninclude_profile = b\n",
        who=DEPLOY,
        differs={"who": (None, INCLUDES)},
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of alice by 111111111111:user/alice at sts.eu-west-1.amazonaws.com",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
        ),
        region="eu-west-3",
        endpoint="sts.eu-west-3.amazonaws.com",
    ),
    Row(
        says="profiles that include each other",
        config=f"{BASE}[profile a]\ninclude_profile = p\n[profile p]\n{ROLE}include_profile = a\n",
        refused="profile_loop",
        differs={"who": (DEPLOY, INCLUDES)},
        title="The lines include_profile from p on go round in a loop: p → a → p",
    ),
    Row(
        says="a profile that includes itself",
        config=f"{BASE}[profile p]\n{ROLE}include_profile = p\n",
        refused="profile_loop",
        differs={"who": (DEPLOY, INCLUDES)},
        title="The lines include_profile from p on go round in a loop: p → p",
    ),
    Row(
        says="a profile that is included and not there",
        config=f"{BASE}[profile p]\n{ROLE}include_profile = nowhere\n",
        refused="profile_include",
        differs={"who": (DEPLOY, INCLUDES)},
        title="Profile p has include_profile = nowhere, but there is no such profile.",
    ),
    Row(
        says="a whole role that is included",
        config=f"{BASE}[profile a]\n{ROLE}[profile p]\ninclude_profile = a\n",
        who=DEPLOY,
        differs={"who": (None, INCLUDES)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="keys that are included are not taken",
        config=f"{BASE}[profile a]\nregion = eu-west-1\n[profile p]\nregion = eu-west-1\ninclude_profile = a\n",
        shared="[a]\n<keys of bob>\n",
        refused="profile_unsupported",
        title="Profile p has include_profile = a, which only aws-vault understands: it would add "
        "aws_access_key_id, aws_secret_access_key.",
    ),
    # config.toml
    Row(
        says="an hour's session",
        config=f"{BASE}[profile p]\n{ROLE}",
        settings='[session]\nduration = "1h"\n',
        who=DEPLOY,
        prompts=1,
        calls=(
            "GetSessionToken 3600 code of alice by 111111111111:user/alice",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
        ),
    ),
    Row(
        says="a day and a half's session",
        config=f"{BASE}[profile p]\n{ROLE}",
        settings='[session]\nduration = "36h"\n',
        who=DEPLOY,
        prompts=1,
        calls=(
            "GetSessionToken 129600 code of alice by 111111111111:user/alice",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
        ),
    ),
    Row(
        says="two rules for one profile: the exact name's is meant",
        config=f"{BASE}[profile prod]\n{ROLE}",
        settings='[profile."pro*"]\npolicy_arns = ["arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"]\n'
        '[profile.prod]\npolicy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]\n',
        profile="prod",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 under ReadOnlyAccess by 111111111111:user/alice"),
    ),
)
