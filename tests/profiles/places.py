"""Rows: regions, endpoints and partitions: where STS is asked, and which region a command gets."""

from profiles.row import Row
from profiles.world import ALICE, SESSION

ROLE = f"role_arn = arn:aws:iam::222222222222:role/Deploy\nmfa_serial = {ALICE}\n"
P = f"[profile p]\n{ROLE}source_profile = default\n"
BASE = "[default]\nregion = eu-west-1\n"
HERE = f"{BASE}{P}region = eu-west-1\n"
EAST = HERE.replace("eu-west-1", "us-east-1")
IN_GOV, IN_CHINA = "arn:aws-us-gov:iam::888888888888", "arn:aws-cn:iam::999999999999"
GOV = f"role_arn = {IN_GOV}:role/Deploy\nmfa_serial = {IN_GOV}:mfa/gloria\n"
CHINA = f"role_arn = {IN_CHINA}:role/Deploy\nmfa_serial = {IN_CHINA}:mfa/chen\n"
INHERITS = "a region is inherited from the sources, and last from [default] (DESIGN 3.2): botocore has none"
THEIRS = "the profile's region comes before a variable, which may be left over from an outer command (DESIGN 3.2)"
ALWAYS = "there is always a region to reach STS at: the tokens of the global endpoint do not work everywhere"
CALLERS = "no region is told: the command has the caller's variable (DESIGN 3.2)"
GLOBAL = "botocore asks the global endpoint, which knows no keys of other partitions"
DEPLOY = "222222222222:role/Deploy"
SERVICES = "[services local]\nsts =\n  endpoint_url = https://services.example.com\n"

ROWS = (
    # Regions
    Row(
        says="the region of the profile, and another of [default]",
        config=HERE.replace("[default]\nregion = eu-west-1", "[default]\nregion = us-east-2"),
        who=DEPLOY,
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of alice by 111111111111:user/alice at sts.us-east-2.amazonaws.com",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
        ),
    ),
    Row(
        says="the region of the source",
        config=f"[profile k]\nregion = eu-west-3\n[default]\nregion = us-east-2\n{P.replace('= default', '= k')}",
        stored={"k": "alice"},
        who=DEPLOY,
        differs={"region": (None, INHERITS), "endpoint": ("sts.amazonaws.com as us-east-1", ALWAYS)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="eu-west-3",
        endpoint="sts.eu-west-3.amazonaws.com",
    ),
    Row(
        says="the region of the source's source",
        config=f"[profile k]\nregion = eu-west-3\n[profile a]\nsource_profile = k\n{ROLE}"
        "[profile p]\nsource_profile = a\nrole_arn = arn:aws:iam::555555555555:role/Hop\n",
        stored={"k": "alice"},
        who="555555555555:role/Hop",
        differs={"region": (None, INHERITS), "endpoint": ("sts.amazonaws.com as us-east-1", ALWAYS)},
        prompts=1,
        calls=(
            SESSION,
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
            "AssumeRole 555555555555:role/Hop 3600 by 222222222222:role/Deploy",
        ),
        region="eu-west-3",
        endpoint="sts.eu-west-3.amazonaws.com",
    ),
    Row(
        says="the region of [default], which is not the source",
        config=f"[profile k]\noutput = json\n[default]\nregion = us-east-2\n{P.replace('= default', '= k')}",
        stored={"k": "alice"},
        who=DEPLOY,
        differs={"region": (None, INHERITS), "endpoint": ("sts.amazonaws.com as us-east-1", ALWAYS)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="us-east-2",
        endpoint="sts.us-east-2.amazonaws.com",
    ),
    Row(
        says="no region anywhere",
        config=P,
        who=DEPLOY,
        differs={"endpoint": ("sts.amazonaws.com as us-east-1", ALWAYS)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region=None,
        endpoint="sts.us-east-1.amazonaws.com",
    ),
    Row(
        says="no region in the files, one in AWS_DEFAULT_REGION",
        config=P,
        env={"AWS_DEFAULT_REGION": "eu-west-3"},
        who=DEPLOY,
        differs={"region": ("eu-west-3", CALLERS)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region=None,
        endpoint="sts.eu-west-3.amazonaws.com",
    ),
    Row(
        says="no region in the files, one in AWS_REGION",
        config=P,
        env={"AWS_REGION": "eu-west-3"},
        who=DEPLOY,
        differs={"endpoint": ("sts.amazonaws.com as us-east-1", "botocore does not read AWS_REGION")},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region=None,
        endpoint="sts.eu-west-3.amazonaws.com",
    ),
    Row(
        says="a region in the profile, another in AWS_DEFAULT_REGION",
        config=HERE,
        env={"AWS_DEFAULT_REGION": "eu-west-3"},
        who=DEPLOY,
        differs={"region": ("eu-west-3", THEIRS), "endpoint": ("sts.eu-west-3.amazonaws.com", THEIRS)},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a region that is empty",
        config=f"{BASE}{P}region =\n",
        who=DEPLOY,
        differs={"who": (None, "botocore makes a host without a region of it")},
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a region with a comment behind it",
        config=HERE + "# here\n" + "[profile q]\n",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="a region with a comment on its line",
        config=f"{BASE}{P}region = eu-west-1 # Ireland\n",
        refused="profile_region",
        title="The region of profile p is not the name of a region: eu-west-1 # Ireland",
    ),
    Row(
        says="a region that is a number",
        config=f"{BASE}{P}region = 1234\n",
        refused="profile_region",
        title="The region of profile p is not the name of a region: 1234",
    ),
    Row(
        says="a region that does not exist",
        config=f"{BASE}{P}region = eu-nowhere-9\n",
        refused="sts_region",
        title="AWS does not take the region eu-nowhere-9 at AWS STS in eu-nowhere-9.",
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of alice by 111111111111:user/alice at sts.eu-west-1.amazonaws.com",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice -> SignatureDoesNotMatch",
        ),
        endpoint="sts.eu-nowhere-9.amazonaws.com",
    ),
    Row(
        says="a region of China for keys of the other partition",
        config=f"{BASE}{P}region = cn-north-1\n",
        refused="profile_partition",
        title="Profile p has the region cn-north-1, which is in the partition aws-cn, but its keys are in aws: "
        "nobody knows them there.",
    ),
    Row(
        says="a region of China in the source of a role",
        config=f"[profile k]\nregion = cn-north-1\n{P.replace('= default', '= k')}region = eu-west-1\n",
        stored={"k": "alice"},
        who=DEPLOY,
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of alice by 111111111111:user/alice at sts.us-east-1.amazonaws.com",
            "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice",
        ),
    ),
    Row(
        says="an inherited region of another partition is passed over",
        config=f"[default]\nregion = eu-west-1\n[profile k]\noutput = json\n[profile p]\n{GOV}source_profile = k\n",
        stored={"k": "gloria"},
        who="888888888888:role/Deploy",
        differs={"who": (None, GLOBAL)},
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of gloria by 888888888888:user/gloria",
            "AssumeRole 888888888888:role/Deploy 3600 by 888888888888:user/gloria",
        ),
        region=None,
        endpoint="sts.us-gov-west-1.amazonaws.com",
    ),
    # Partitions
    Row(
        says="GovCloud",
        config=f"[profile k]\nregion = us-gov-west-1\n[profile p]\nregion = us-gov-west-1\n{GOV}source_profile = k\n",
        stored={"k": "gloria"},
        who="888888888888:role/Deploy",
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of gloria by 888888888888:user/gloria",
            "AssumeRole 888888888888:role/Deploy 3600 by 888888888888:user/gloria",
        ),
        region="us-gov-west-1",
        endpoint="sts.us-gov-west-1.amazonaws.com",
    ),
    Row(
        says="China",
        config=f"[profile k]\nregion = cn-north-1\n[profile p]\nregion = cn-north-1\n{CHINA}source_profile = k\n",
        stored={"k": "chen"},
        who="999999999999:role/Deploy",
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of chen by 999999999999:user/chen",
            "AssumeRole 999999999999:role/Deploy 3600 by 999999999999:user/chen",
        ),
        region="cn-north-1",
        endpoint="sts.cn-north-1.amazonaws.com.cn",
    ),
    Row(
        says="China without a region",
        config=f"[profile k]\noutput = json\n[profile p]\n{CHINA}source_profile = k\n",
        stored={"k": "chen"},
        who="999999999999:role/Deploy",
        differs={"who": (None, GLOBAL)},
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of chen by 999999999999:user/chen",
            "AssumeRole 999999999999:role/Deploy 3600 by 999999999999:user/chen",
        ),
        region=None,
        endpoint="sts.cn-north-1.amazonaws.com.cn",
    ),
    Row(
        says="GovCloud by FIPS",
        config=f"[profile k]\nregion = us-gov-west-1\nuse_fips_endpoint = true\n[profile p]\nregion = us-gov-west-1\n"
        f"use_fips_endpoint = true\n{GOV}source_profile = k\n",
        stored={"k": "gloria"},
        who="888888888888:role/Deploy",
        prompts=1,
        calls=(
            "GetSessionToken 43200 code of gloria by 888888888888:user/gloria",
            "AssumeRole 888888888888:role/Deploy 3600 by 888888888888:user/gloria",
        ),
        region="us-gov-west-1",
        endpoint="sts.us-gov-west-1.amazonaws.com",
    ),
    # Endpoints
    Row(
        says="us-east-1 is regional",
        config=EAST,
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="us-east-1",
        endpoint="sts.us-east-1.amazonaws.com",
    ),
    Row(
        says="us-east-1 by the legacy rule",
        config=f"[default]\nregion = us-east-1\nsts_regional_endpoints = legacy\n{P}region = us-east-1\n"
        "sts_regional_endpoints = legacy\n",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="us-east-1",
        endpoint="sts.amazonaws.com as us-east-1",
    ),
    Row(
        says="us-east-1, legacy by the variable",
        config=EAST,
        env={"AWS_STS_REGIONAL_ENDPOINTS": "legacy"},
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="us-east-1",
        endpoint="sts.amazonaws.com as us-east-1",
    ),
    Row(
        says="a region that has always been regional, by the legacy rule",
        config=f"[default]\nregion = me-south-1\n{P}region = me-south-1\nsts_regional_endpoints = legacy\n",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="me-south-1",
        endpoint="sts.me-south-1.amazonaws.com",
    ),
    Row(
        says="neither regional nor legacy",
        config=f"{HERE}sts_regional_endpoints = global\n",
        refused="profile_endpoint",
        title="For profile p, sts_regional_endpoints is global, which AWS does not know.",
    ),
    Row(
        says="FIPS",
        config=f"[default]\nregion = us-east-2\nuse_fips_endpoint = true\n{P}region = us-east-2\n"
        "use_fips_endpoint = true\n",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="us-east-2",
        endpoint="sts-fips.us-east-2.amazonaws.com",
    ),
    Row(
        says="FIPS in capitals, switched off by the variable",
        config=f"{HERE}use_fips_endpoint = TRUE\n",
        env={"AWS_USE_FIPS_ENDPOINT": "false"},
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="FIPS by the variable",
        config=HERE.replace("eu-west-1", "us-east-2"),
        env={"AWS_USE_FIPS_ENDPOINT": "true"},
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="us-east-2",
        endpoint="sts-fips.us-east-2.amazonaws.com",
    ),
    Row(
        says="dual stack",
        config=f"[default]\nregion = eu-west-1\nuse_dualstack_endpoint = true\n{P}region = eu-west-1\n"
        "use_dualstack_endpoint = true\n",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        endpoint="sts.eu-west-1.api.aws",
    ),
    Row(
        says="FIPS and dual stack",
        config=HERE.replace("eu-west-1", "us-east-2"),
        env={"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        region="us-east-2",
        endpoint="sts-fips.us-east-2.api.aws",
    ),
    Row(
        says="an endpoint_url of the profile's",
        config=f"{HERE}endpoint_url = https://own.example.com\n",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        endpoint="own.example.com as eu-west-1",
    ),
    Row(
        says="an endpoint_url of [default] is not the profile's",
        config=f"[default]\nregion = eu-west-1\nendpoint_url = https://default.example.com\n{P}region = eu-west-1\n",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="an endpoint_url of the source is not the profile's",
        config=f"[profile k]\nregion = eu-west-1\nendpoint_url = https://k.example.com\n{P.replace('= default', '= k')}"
        "region = eu-west-1\n",
        stored={"k": "alice"},
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="an endpoint of services",
        config=f"{HERE}services = local\nendpoint_url = https://own.example.com\n{SERVICES}",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        endpoint="services.example.com as eu-west-1",
    ),
    Row(
        says="an endpoint of services that has another service",
        config=f"{HERE}services = local\nendpoint_url = https://own.example.com\n{SERVICES.replace('sts', 's3')}",
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        endpoint="own.example.com as eu-west-1",
    ),
    Row(
        says="services that are not there",
        config=f"{HERE}services = nowhere\n",
        refused="profile_endpoint",
        title="Profile p uses the section [services nowhere], which is missing, empty or malformed.",
    ),
    Row(
        says="AWS_ENDPOINT_URL before the profile's",
        config=f"{HERE}endpoint_url = https://own.example.com\n",
        env={"AWS_ENDPOINT_URL": "https://all.example.com"},
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        endpoint="all.example.com as eu-west-1",
    ),
    Row(
        says="AWS_ENDPOINT_URL_STS before all others",
        config=f"{HERE}services = local\nendpoint_url = https://own.example.com\n{SERVICES}",
        env={"AWS_ENDPOINT_URL": "https://all.example.com", "AWS_ENDPOINT_URL_STS": "https://sts.example.com:8443"},
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
        endpoint="sts.example.com:8443 as eu-west-1",
    ),
    Row(
        says="endpoints that are to be passed over",
        config=f"{HERE}ignore_configured_endpoint_urls = true\nendpoint_url = https://own.example.com\n",
        env={"AWS_ENDPOINT_URL_STS": "https://sts.example.com"},
        who=DEPLOY,
        prompts=1,
        calls=(SESSION, "AssumeRole 222222222222:role/Deploy 3600 by 111111111111:user/alice"),
    ),
    Row(
        says="an endpoint that is none",
        config=f"{HERE}endpoint_url = own.example.com\n",
        refused="profile_endpoint",
        title="The endpoint of profile p is not a web address: own.example.com",
    ),
    Row(
        says="an endpoint of another's, and a CA bundle that is not there",
        config=f"{HERE}endpoint_url = https://own.example.com\nca_bundle = <folder>/nowhere.pem\n",
        refused="sts_ca_bundle",
        alone="the double is reached without TLS",
        title="The certificate bundle <folder>/nowhere.pem cannot be read.",
    ),
)
