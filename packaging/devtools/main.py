"""The sub-commands of `packaging/dev`, and their options."""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devtools import bench, checks, coverage, demo, desktops, installed, lock, pictures, release, signals, tiers
from devtools.artefacts import ARTEFACTS
from devtools.machine import NotReadyError

INTERRUPTED = 130
TESTS = {
    "all": checks.test,
    "fast": tiers.fast,
    "pythons": tiers.pythons,
    "oldest": tiers.oldest,
    "coverage": coverage.test,
    "desktops": desktops.test,
    "installed": installed.test,
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
    return DOING[options.command](options)


def _build(names: Sequence[str], out: Path) -> int:
    for name in names:
        for made in ARTEFACTS[name](out.absolute()):
            print(made, flush=True)
    return 0


def _release(options: argparse.Namespace) -> int:
    make = release.compare if options.compare else release.make
    return make(options.tag, options.only or (), Path(options.out))


def _bench(options: argparse.Namespace) -> int:
    return bench.measure(
        bench.Pace.QUICK if options.quick else bench.Pace.FULL,
        bench.Form.JSON if options.json else bench.Form.TABLE,
    )


DOING: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "demo": lambda options: demo.show(demo.Mode.AUTO if options.auto else demo.Mode.ASKING),
    "screenshots": lambda _: pictures.take(),
    "lock": lambda _: lock.renew(),
    "build": lambda options: _build(options.names or list(ARTEFACTS), Path(options.out)),
    "release": _release,
    "bench": _bench,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="packaging/dev", description="Test, show and measure trayexec.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    tested = commands.add_parser(
        "test",
        help="lint, check types and run the tests; what follows goes to pytest. Without it, a skipped test fails",
        usage=f"packaging/dev test [{' | '.join(f'--{name}' for name in TESTS if name != 'all')}] [PYTEST ARGUMENT…]",
    )
    part = tested.add_mutually_exclusive_group()
    for name, what in (
        ("fast", "lint, and the tests of rules, protocol and files: under a minute, without root or Debian packages"),
        ("pythons", "those tests with each Python of the classifiers that is at hand"),
        ("oldest", "those tests with the oldest dependencies that pyproject.toml allows"),
        ("coverage", "all tests, to see which lines they run; names the files below the floor of pyproject.toml"),
        ("desktops", f"the tray by click and key on {', '.join(desktops.DESKTOPS)}, in a Debian of their own, as root"),
        (
            "installed",
            "each artefact in a clean Debian: installed, at work, upgraded with an open session, removed; as root",
        ),
    ):
        part.add_argument(f"--{name}", dest="part", action="store_const", const=name, default="all", help=what)
    commands.add_parser("lint", help="lint and check types only")
    shown = commands.add_parser("demo", help="the main job, against a pretended AWS in a throw-away home")
    shown.add_argument("--auto", action="store_true", help="give the codes itself, and end by itself")
    commands.add_parser("screenshots", help="take the pictures of assets/ from the running program")
    released = commands.add_parser("release", help="make all that a release has, from a tag, in a clone of it")
    released.add_argument("tag", nargs="?", metavar="TAG", help="as v1.2.3 (default: that of this version)")
    released.add_argument("--compare", action="store_true", help="make it twice, and say what differs")
    released.add_argument("--only", action="append", choices=ARTEFACTS, metavar="NAME", help="of these artefacts only")
    released.add_argument("--out", default="dist", help="the folder for it (default: dist)")
    commands.add_parser("lock", help="renew packaging/lock: what ships and what builds it, by version and hash")
    built = commands.add_parser("build", help="make what people install: all, or what is named")
    built.add_argument("names", nargs="*", metavar="NAME", choices=[[], *ARTEFACTS], help=", ".join(ARTEFACTS))
    built.add_argument("--out", default="dist", help="the folder for it (default: dist)")
    measured = commands.add_parser("bench", help="speed and memory, against their goals")
    measured.add_argument("--json", action="store_true", help="for a script")
    measured.add_argument("--quick", action="store_true", help="fewer repetitions, 10 s of idling instead of 60")
    return parser
