"""The partitions: as botocore has them."""

from botocore.loaders import create_loader

from trayexec.core.config.partitions import PARTITIONS, partition_of


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
