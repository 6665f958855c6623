"""Lists AWS's partitions, with their regions, sign-in hosts and consoles. It must not know botocore.

Names, prefixes and first regions are those of botocore's data/endpoints.json and data/partitions.json; a test compares.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partition:
    """One of AWS's separate clouds: `prefix` begins the names of its regions, `first` is taken where none is named.

    STS cannot be switched off in `first` (AWS General Reference, STS). `signin` is the host of the federation
    endpoint, `console` the domain of the console; None where they are not known.
    """

    name: str
    prefix: str
    first: str
    signin: str | None = None
    console: str | None = None


_COMMERCIAL = Partition("aws", "", "us-east-1", "signin.aws.amazon.com", "console.aws.amazon.com")
_OTHERS = (
    Partition("aws-cn", "cn-", "cn-north-1", "signin.amazonaws.cn", "console.amazonaws.cn"),
    Partition(
        *("aws-us-gov", "us-gov-", "us-gov-west-1"),
        *("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
    ),
    Partition("aws-iso", "us-iso-", "us-iso-east-1"),
    Partition("aws-iso-b", "us-isob-", "us-isob-east-1"),
    Partition("aws-iso-e", "eu-isoe-", "eu-isoe-west-1"),
    Partition("aws-iso-f", "us-isof-", "us-isof-south-1"),
    Partition(
        *("aws-eusc", "eusc-", "eusc-de-east-1"),
        *("eusc-de-east-1.signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu"),
    ),
)
_PREFIXES = tuple(one.prefix for one in _OTHERS)
PARTITIONS = {one.name: one for one in (_COMMERCIAL, *_OTHERS)}


def partition_of(region: str) -> Partition:
    """The partition that a region belongs to: one with no prefix that we know is the commercial one's."""
    if not region.startswith(_PREFIXES):
        return _COMMERCIAL
    return next(one for one in _OTHERS if region.startswith(one.prefix))


def is_elsewhere(region: str, partition: str) -> bool:
    """Whether a region is surely not in that partition: of one that we do not know nobody can tell by the name."""
    there = partition_of(region).name
    return there != partition and (partition in PARTITIONS or there != _COMMERCIAL.name)
