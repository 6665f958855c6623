"""What macOS tells of a process: nothing yet."""


def stat_of(pid: int) -> tuple[str, int, int]:
    """Its name, the process that started it, and when: none of these is looked up here."""
    return f"pid {pid}", 0, 0


def names_from(_pid: int) -> tuple[str, ...]:
    """They are not looked up here."""
    return ()


def lineage(_pid: int) -> tuple[tuple[str, int, int], ...]:
    """They are not looked up here."""
    return ()


def executable(_pid: int) -> str:
    """It is not looked up here."""
    return ""


def variables(_pid: int) -> frozenset[str]:
    """They are not looked up here."""
    return frozenset()


def started(_pid: int) -> int:
    """It is not looked up here."""
    return 0


def since_boot(_started: int) -> float | None:
    """It is not looked up here."""
    return None
