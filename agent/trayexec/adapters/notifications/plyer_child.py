"""Shows one notification by plyer: reads its title and message as JSON on stdin, exits with 0 when plyer took it."""

import json
import sys
import warnings


def main() -> None:
    """Read and show. Exits with 1 and plyer's own words on stderr when that fails."""
    note = json.load(sys.stdin)
    warnings.simplefilter("ignore")
    from plyer import notification  # noqa: PLC0415 — after its warnings are off

    try:
        notification.notify(title=note["title"], message=note["message"], app_name="trayexec", timeout=10)
    except Exception as error:  # noqa: BLE001 — whatever it is: the parent goes on to the next way
        sys.exit(repr(error))


if __name__ == "__main__":
    main()
