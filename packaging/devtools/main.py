"""The sub-commands of `packaging/dev`, and their options."""

import argparse
import signal
import sys
from collections.abc import Sequence

from devtools import bench, checks, coverage, demo, desktops, lock, pictures, signals, tiers
from devtools.machine import NotReadyError

INTERRUPTED = 130
TESTS = {
    "all": checks.test,
    "fast": tiers.fast,
    "pythons": tiers.pythons,
    "oldest": tiers.oldest,
    "coverage": coverage.test,
    "desktops": desktops.test,
}


def main(arguments: Sequence[str]) -> int:
    """Do what the first word says. Returns the exit status."""
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command != "test":
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    for number in {signal.SIGTERM, signal.SIGHUP} - signals.ignored():
        signal.signal(number, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that what was started is ended
    try:
        return _do(options, rest)
    except NotReadyError as error:
        sys.stderr.write(f"packaging/dev: {error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _do(options: argparse.Namespace, rest: Sequence[str]) -> int:
    if options.command == "test":
        return TESTS[options.part](rest)
    if options.command == "lint":
        return checks.lint()
    signals.put_back()
    match options.command:
        case "demo":
            return demo.show(demo.Mode.AUTO if options.auto else demo.Mode.ASKING)
        case "screenshots":
            return pictures.take()
        case "lock":
            return lock.renew()
        case _:
            return bench.measure(
                bench.Pace.QUICK if options.quick else bench.Pace.FULL,
                bench.Form.JSON if options.json else bench.Form.TABLE,
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="packaging/dev", description="Test, show and measure trayexec.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    tested = commands.add_parser(
        "test",
        help="lint, check types and run the tests; what follows goes to pytest. Without it, a skipped test fails",
        usage="packaging/dev test [--fast | --pythons | --oldest | --coverage | --desktops] [PYTEST ARGUMENT…]",
    )
    part = tested.add_mutually_exclusive_group()
    for name, what in (
        ("fast", "lint, and the tests of rules, protocol and files: under a minute, without root or Debian packages"),
        ("pythons", "those tests with each Python of the classifiers that is at hand"),
        ("oldest", "those tests with the oldest dependencies that pyproject.toml allows"),
        ("coverage", "all tests, to see which lines they run; names the files below the floor of pyproject.toml"),
        ("desktops", f"the tray by click and key on {', '.join(desktops.DESKTOPS)}, in a Debian of their own, as root"),
    ):
        part.add_argument(f"--{name}", dest="part", action="store_const", const=name, default="all", help=what)
    commands.add_parser("lint", help="lint and check types only")
    shown = commands.add_parser("demo", help="the main job, against a pretended AWS in a throw-away home")
    shown.add_argument("--auto", action="store_true", help="give the codes itself, and end by itself")
    commands.add_parser("screenshots", help="take the pictures of assets/ from the running program")
    commands.add_parser("lock", help="renew packaging/lock: what ships and what builds it, by version and hash")
    measured = commands.add_parser("bench", help="speed and memory, against their goals")
    measured.add_argument("--json", action="store_true", help="for a script")
    measured.add_argument("--quick", action="store_true", help="fewer repetitions, 10 s of idling instead of 60")
    return parser
