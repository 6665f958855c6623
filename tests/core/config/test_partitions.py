"""The partitions: as botocore has them."""

import pytest
from botocore.loaders import create_loader

from trayexec.core.config.partitions import PARTITIONS, is_elsewhere, partition_of


def test_the_table_is_botocores() -> None:
    """Every region that botocore knows is in the same partition here, and our first region is one of its own."""
    theirs = create_loader().load_data("endpoints")["partitions"]

    assert {one["partition"] for one in theirs} == set(PARTITIONS)
    for one in theirs:
        assert PARTITIONS[one["partition"]].first in one["regions"]
        assert {partition_of(region).name for region in one["regions"]} == {one["partition"]}


def test_a_partition_with_a_console_has_a_sign_in() -> None:
    """Where the console is known, so is where to sign in to it."""
    assert all((one.signin is None) is (one.console is None) for one in PARTITIONS.values())


@pytest.mark.parametrize(
    ("region", "partition", "elsewhere"),
    [
        ("eu-west-1", "aws", False),
        ("cn-north-1", "aws", True),
        ("eu-west-1", "aws-cn", True),
        ("moon-north-1", "aws-moon", False),
        ("cn-north-1", "aws-moon", True),
    ],
)
def test_a_region_is_elsewhere_where_that_is_sure(region: str, partition: str, *, elsewhere: bool) -> None:
    """A partition that is new since this release may have any name for its regions."""
    assert is_elsewhere(region, partition) == elsewhere
