"""Who may import whom: dependencies point inwards. Each rule fails with its reason, as does one that rules nothing."""

import ast
import functools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import trayexec
from support.rig import COMMAND, Rig

ROOT = Path(trayexec.__file__).parent
STANDARD = sys.stdlib_module_names


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: in which module, of what, and where it stands."""

    importer: str
    imported: str
    place: str

    @property
    def top(self) -> str:
        """The top-level package that is imported."""
        return self.imported.partition(".")[0]


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@functools.cache
def tree(path: Path) -> ast.Module:
    """The parsed text of a file."""
    return ast.parse(path.read_text())


def called(call: ast.Call) -> str:
    """The last name of what is called: `Popen` of `subprocess.Popen(…)`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def imports_of(name: str) -> Iterator[Import]:
    """Every import in a module, wherever it stands."""
    path = MODULES[name]
    for node in ast.walk(tree(path)):
        place = f"{path.relative_to(ROOT.parent)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from (Import(name, alias.name, place) for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) == "import_module":
            named = node.args[0]
            if isinstance(named, ast.Constant):
                yield Import(name, str(named.value), place)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place}: relative imports hide who is meant"
            assert node.module is not None
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield Import(name, whole if whole in MODULES else node.module, place)


IMPORTS = [one for name in sorted(MODULES) for one in imports_of(name)]


def inside(name: str, package: str) -> bool:
    """Whether a module is this package or in it."""
    return name == package or name.startswith(f"{package}.")


# Core

PURE = {
    "_datetime": "the C part of datetime, without the Python that it takes the place of",
    "base64": "text to bytes",
    "binascii": "what base64 raises",
    "bisect": "search in sorted lists",
    "collections": "abstract types",
    "dataclasses": "values",
    "datetime": "stamps to text: no clock is asked",
    "difflib": "the name that was meant",
    "enum": "values",
    "hashlib": "a lease's path from its token",
    "hmac": "tokens compared in constant time",
    "fnmatch": "patterns of profile names; fnmatchcase only, which knows no platform",
    "json": "quoting in messages",
    "math": "infinity",
    "re": "syntax",
    "shlex": "a command line into words",
    "tomllib": "text to values",
    "typing": "types",
    "unicodedata": "how wide a letter is",
    "urllib": "urllib.parse: an endpoint's parts",
}


def test_the_core_is_pure() -> None:
    """The rules know pure parts of the standard library, errors, durations and themselves: nothing that acts."""
    used = set()
    for one in IMPORTS:
        if not inside(one.importer, "trayexec.core"):
            continue
        if one.top == "trayexec":
            allowed = ("trayexec.core", "trayexec.light.errors", "trayexec.light.durations")
            assert any(inside(one.imported, each) for each in allowed), (
                f"{one.place}: core must not know {one.imported}"
            )
        else:
            assert one.top in PURE, f"{one.place}: {one.imported} may do I/O, ask the clock or start threads"
            used.add(one.top)
    assert used == set(PURE), "the list names what the core no longer uses"
    assert not [one.place for one in IMPORTS if one.importer.startswith("trayexec.core") and one.imported == "urllib"]


def test_only_the_listed_calls_of_datetime_stand_in_the_core() -> None:
    """Time comes in as an argument."""
    for name, path in MODULES.items():
        if inside(name, "trayexec.core"):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Attribute):
                    assert node.attr not in {"now", "utcnow", "today"} or not (
                        isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}
                    ), f"{path}:{node.lineno} asks the clock"


# Daemon


def test_the_daemon_knows_ports_not_adapters() -> None:
    """Only the composition root knows adapters; the rest gets them as ports."""
    for one in IMPORTS:
        if inside(one.importer, "trayexec.daemon") and one.importer not in ROOTS:
            assert not inside(one.imported, "trayexec.adapters"), (
                f"{one.place}: {one.imported} comes in as a port, wired in app.py"
            )


ROOTS = {
    "trayexec.daemon.app": "the composition root",
}
WHO_KNOWS_DAEMON = {"trayexec.commands.agent": "`trayexec agent` is the agent"}


def test_the_roots_exist() -> None:
    """A root that is gone must go from the list."""
    assert set(ROOTS) <= set(MODULES)
    for name in ROOTS:
        assert any(one.importer == name and inside(one.imported, "trayexec.adapters") for one in IMPORTS), name


def test_nobody_knows_the_daemon() -> None:
    """The run path and the verbs talk to the agent over the socket; only `trayexec agent` loads it."""
    used = set()
    for one in IMPORTS:
        if inside(one.imported, "trayexec.daemon") and not inside(one.importer, "trayexec.daemon"):
            assert one.importer in WHO_KNOWS_DAEMON, f"{one.place}: only {set(WHO_KNOWS_DAEMON)} may load the agent"
            used.add(one.importer)
    assert used == set(WHO_KNOWS_DAEMON)


BELOW = {"trayexec.live.layout": "pure: which profiles have settings of their own is known where files are read"}


def test_adapters_know_no_daemon_and_no_verb() -> None:
    """An adapter knows core, its own kind, and the light modules that both ends share."""
    for one in IMPORTS:
        if one.imported in BELOW:
            continue
        if inside(one.importer, "trayexec.adapters"):
            for above in ("trayexec.daemon", "trayexec.commands", "trayexec.cli", "trayexec.live"):
                assert not inside(one.imported, above), f"{one.place}: an adapter must not know {above}"


# Other people's packages

# What is not ours to install: a program of ours finds it in the distribution's own Python, or does without.
SYSTEMS_OWN = {"gi": "GTK, for our own dialog"}
THIRD_PARTY = {
    "PIL": "glyphs",
    "PyObjCTools": "macOS: comes with pystray, for the main thread",
    "Xlib": "pystray's Xorg backend",
    "boto3": "STS",
    "botocore": "STS, config files, endpoints",
    "h11": "HTTP, for the container endpoint",
    "jeepney": "D-Bus",
    "keyring": "the keychain",
    "plyer": "notices",
    "prompt_toolkit": "the list of profiles on a terminal, in a process of its own",
    "pystray": "the tray",
    "secretstorage": "comes with keyring on Linux: is the keyring locked?",
    "urllib3": "comes with botocore: what its connections raise",
}


def test_other_peoples_packages_stay_in_the_adapters() -> None:
    """What holds keys has an audit surface: each package has a reason, and one place."""
    used = set()
    for one in IMPORTS:
        if one.top != "trayexec" and one.top not in STANDARD:
            assert inside(one.importer, "trayexec.adapters"), f"{one.place}: {one.top} belongs behind an adapter"
            assert one.top in THIRD_PARTY | SYSTEMS_OWN, f"{one.place}: {one.top} has no reason in the list"
            used.add(one.top)
    assert used == set(THIRD_PARTY | SYSTEMS_OWN), "the list names what is no longer used"


# Under which name a package is installed, where that is not the name it is imported by.
INSTALLED = {
    "PIL": "pillow",
    "PyObjCTools": "pyobjc-core",
    "Xlib": "python-xlib",
    "prompt_toolkit": "prompt-toolkit",
}


def test_other_peoples_packages_are_declared() -> None:
    """What is imported is declared with its oldest version, also where it comes with another package."""
    project = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text())["project"]
    declared = {re.match(r"[\w-]+", line)[0].lower() for line in project["dependencies"]}  # type: ignore[index]
    assert declared == {INSTALLED.get(name, name) for name in THIRD_PARTY}
    assert all(re.search(r">=\d", line) for line in project["dependencies"])


def test_other_peoples_packages_go_together() -> None:
    """In the versions that are installed, the oldest too, all can be imported that this system has."""
    names = sorted({one.imported for one in IMPORTS if one.top in set(THIRD_PARTY) - {"PyObjCTools"}})
    code = f"import importlib; [importlib.import_module(name) for name in {names}]"
    environ = {**os.environ, "PYSTRAY_BACKEND": "dummy"}  # the others want a display
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Ways that would break a promise

FORBIDDEN = {
    "pickle": "the wire and the keychain are JSON: unpickling runs code",
    "shelve": "it pickles",
    "marshal": "no secret goes to disk, and no code comes from there",
    "multiprocessing": "its connections pickle; it leaves semaphores behind",
    "tempfile": "no secret goes to a temporary file",
    "sqlite3": "no cache on disk",
    "pdb": "left over from a debugging session",
    "faulthandler": "it writes what is in memory",
}


def test_what_would_break_a_promise_is_nowhere() -> None:
    """No pickle, no temporary files, no debugger."""
    for one in IMPORTS:
        assert one.top not in FORBIDDEN, f"{one.place}: {one.imported}: {FORBIDDEN[one.top]}"
        assert one.top in STANDARD | set(THIRD_PARTY | SYSTEMS_OWN) | {"trayexec"}


def test_no_test_waits_for_a_child_without_end() -> None:
    """Whatever a test starts goes through `ended`, or a rig: when the test fails, it is not waited for any more."""
    for path in sorted(one for one in TESTS.rglob("test_*.py") if "Popen" in one.read_text()):
        calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        held = {ast.unparse(one) for call in calls if called(call) == "ended" for one in call.args}
        loose = {ast.unparse(one) for one in calls if called(one) == "Popen"} - held
        assert not loose, f"{path.relative_to(TESTS)} starts {loose}: put `ended(…)` around it"


def test_nobody_waits_by_select() -> None:
    """A descriptor above 1,023 raises ValueError there: all waits are in `ready`, or in asyncio."""
    calls = {
        f"{path}:{node.lineno}"
        for name, path in MODULES.items()
        if name != "trayexec.light.polling"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"select", "SelectSelector"}
        and ast.unparse(node) in {"select.select", "selectors.SelectSelector"}
    }
    assert calls == set()


# The run path

RUN_PATH = {
    "_json": "the protocol's C parts, without the package around them",
    "_signal": "give SIGPIPE back to the command",
    "_socket": "the private socket, without `socket` and its enums",
    "trayexec": "the package",
    "trayexec.cli": "the entry point",
    "trayexec.light": "the package of what every run pays for",
    "trayexec.light.agent_client": "the request, and what is said meanwhile",
    "trayexec.light.agent_connection": "the private socket: where it is, and whose",
    "trayexec.light.context": "what the request says of the caller",
    "trayexec.light.execution": "the program, its environment, and exec",
    "trayexec.light.peer": "whose socket is it?",
    "trayexec.light.run": "the run path itself",
    "trayexec.light.errors": "what went wrong",
    "trayexec.light.caller_variables": "what of the caller's environment a command must not have",
    "trayexec.light.paths": "where the socket is",
    "trayexec.light.protocol": "the protocol",
}


def loaded(rig: Rig, *argv: str) -> set[str]:
    """Every module that this interpreter imports on its way."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *argv],
        env=rig.env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines[1:]}


def test_a_warm_run_imports_what_is_listed(open_rig: Rig) -> None:
    """Each module costs every run: what a bare interpreter does not load is on the list, with a reason."""
    bare = loaded(open_rig, "-c", "pass")
    warm = loaded(open_rig, COMMAND[1], "account-a", "--", "true") - bare
    for name in sorted(warm - set(RUN_PATH)):
        pytest.fail(f"a run loads {name}: load it later, or give the reason in RUN_PATH")
    gone = set(RUN_PATH) - warm - bare
    assert not gone, f"the list names what a run no longer loads: {gone}"


# Each costs as much as a third of a bare interpreter, or more.
SLOW = {"ctypes", "dataclasses", "enum", "json", "re", "selectors", "signal", "subprocess", "threading", "typing"}
WAITED_FOR = [
    ("status", "--json"),
    ("status", "--format", "{profile} {left} {until}"),
    ("list", "--json"),
    ("env", "account-a"),
    ("account-a", "account-b", "--", "true"),
]


@pytest.mark.parametrize("words", WAITED_FOR, ids=" ".join)
def test_what_scripts_wait_for_loads_nothing_slow(open_rig: Rig, words: tuple[str, ...]) -> None:
    """A prompt asks how things stand, a shell's start for credentials; a run in two accounts is to beat a loop."""
    assert not loaded(open_rig, COMMAND[1], *words) & SLOW - loaded(open_rig, "-c", "pass")


# The light part

LIGHT = {
    "_json": "the protocol's C parts; `json` where there are none",
    "_locale": "how times are written, only for who is told one",
    "_signal": "give SIGPIPE back to the command",
    "_socket": "the private socket; `socket` where there is none",
    "errno": "which accident it was",
    "fcntl": "locks of files",
    "hashlib": "a file's name from a machine's",
    "json": "see _json",
    "os": "files, processes, exec",
    "pwd": "whose home it is where HOME does not say",
    "re": "Java's options, only where somebody has set them",
    "runpy": "the child of a bundle",
    "selectors": "waiting",
    "site": "whose packages are found: only to be sure that a child finds us",
    "socket": "see _socket",
    "stat": "kinds of files",
    "sys": "streams, platform",
    "time": "moments",
    "typing": "types",
    "unicodedata": "names in letters that combine, only where there are some",
}
# What the light part may call up, and when: none of it is loaded on a usual run.
CALLED = {
    "trayexec.core.stamps": "an agent of an older version leaves the margin of credential-process to us",
    "trayexec.commands.agent_start": "there is no agent yet",
    "trayexec.commands.countdown": "a person is waited for",
    "trayexec.commands.file_keys": "the profile's keys are in the user's own files",
    "trayexec.commands.narrowing": "with --policy, --read-only",
    "trayexec.commands.need_warning": "with --need",
    "trayexec.commands.run_options": "several profiles, --live, --server",
    "trayexec.commands.terminal": "a person is asked here",
    "trayexec.japanese": "for who reads it",
    "trayexec.live.overlay_files": "the options that only an overlay has for credential-process",
    "trayexec.live.overlay_origin": "within an overlay, or where AWS_CONFIG_FILE is set",
}


def test_the_light_part_stays_light() -> None:
    """What every run, credential-process and hook pay for knows only itself, and a few quick parts of Python."""
    used = set()
    for one in IMPORTS:
        if inside(one.importer, "trayexec.light") and not inside(one.imported, "trayexec.light"):
            known = one.top if one.top != "trayexec" else one.imported
            if one.imported.startswith(("_typeshed", "collections.abc")) or one.imported == "trayexec":
                continue  # types, and the version
            assert known in LIGHT or known in CALLED, f"{one.place}: {one.imported} makes every run wait"
            used.add(known)
    assert used == set(LIGHT) | set(CALLED), "a list names what the light part no longer uses"


def test_verbs_know_the_light_part_not_the_entry_point() -> None:
    """`cli` is the entry point and nobody's library."""
    for one in IMPORTS:
        assert not inside(one.imported, "trayexec.cli") or one.importer == "trayexec.__main__", one.place


# The whole tree


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import each other, by whatever way (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = lowest[name] = len(index)
        stack.append(name)
        for other in edges.get(name, ()):
            if other not in index:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], index[other])
        if lowest[name] == index[name]:
            circle = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            found.extend([sorted(circle)] if len(circle) > 1 else [])

    for name in edges:
        if name not in index:
            visit(name)
    return found


def test_there_is_no_circle() -> None:
    """No module needs itself by way of others, also where an import stands in a function or only types need it."""
    edges: dict[str, set[str]] = {name: set() for name in MODULES}
    for one in IMPORTS:
        if one.imported in MODULES and one.imported != one.importer:
            edges[one.importer].add(one.imported)

    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]
    assert circles(edges) == []


def classes(name: str) -> Iterator[str]:
    """The public classes that a module defines at its top."""
    for node in tree(MODULES[name]).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


# A platform's twin files: the same names by intent, chosen between in one place.
TWINS = {
    "trayexec.adapters.idle.elsewhere",
    "trayexec.adapters.screenlock.elsewhere",
    "trayexec.light.processes.elsewhere",
    "trayexec.light.processes.macos",
}


def test_a_class_has_a_name_of_its_own() -> None:
    """No two public classes share a name: who reads it knows which is meant."""
    homes: dict[str, list[str]] = {}
    for name in sorted(set(MODULES) - TWINS):
        for each in classes(name):
            homes.setdefault(each, []).append(name)
    assert {each: names for each, names in homes.items() if len(names) > 1} == {}


# Figures of speech that have been names here, each with the field's word for it.
FIGURES = {
    "book": "record",
    "door": "endpoint",
    "face": "state of the icon",
    "flight": "pending call",
    "gate": "server",
    "hand": "prompt channel",
    "knock": "connect",
    "lane": "queue",
    "neighbour": "other caller",
    "room": "folder, or budget",
    "setback": "failure",
    "sight": "marks of files",
    "stray": "misread section",
    "talk": "connection",
    "ticket": "token",
    "visit": "HTTP request",
    "visitor": "caller",
    "wish": "request, or option",
}


def test_a_name_is_the_fields_word() -> None:
    """No public class or function is called by a figure of speech: who knows the field need not ask what it is."""
    figures = {
        f"{name}.{node.name}": FIGURES[word]
        for name in MODULES
        for node in ast.walk(tree(MODULES[name]))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
        for word in (part.lower().removesuffix("s") for part in re.findall("[A-Z]?[a-z]+", node.name))
        if word in FIGURES
    }
    assert figures == {}


# Its tests

TESTS = Path(__file__).parent
WHOLE = {
    "awssim": "the doubles of AWS's services: tests of what tests stand on",
    "cookbook": "the recipes of the README and the cookbook",
    "desktop": "displays, panels, buses and keyrings",
    "hints": "what a person is told to type",
    "packaging": "what is built, and what builds it",
    "profiles": "what a profile comes to, from the files to the calls of AWS, beside botocore: the table",
    "sdks": "SDKs of compiled languages",
    "server": "`--server`, with the clients that it is for",
    "whole": "a real agent and real commands",
}
OF_ALL = {
    "test_architecture.py": "who may import whom",
    "test_hints.py": "each command in a sentence",
    "test_words.py": "each number in a sentence, and each option",
}


def mirrors(path: Path) -> bool:
    """Whether a test's file is called after a file or folder beside it in the package, or after its own folder."""
    words = path.stem.removeprefix("test_").split("_")
    names = {"_".join(words[: number + 1]) for number in range(len(words))}
    there = {
        one.stem for one in (ROOT / path.parent).iterdir() if one.suffix == ".py" or (one / "__init__.py").exists()
    }
    return bool(names & (there | {path.parent.name}))


def test_tests_mirror_the_source() -> None:
    """A test's file says which file or folder of the package it is about, or stands where whole behaviour is tested."""
    assert mirrors(Path("core/broker/test_roles.py"))
    assert mirrors(Path("adapters/test_aws_files_like_botocore.py"))
    assert mirrors(Path("live/test_live_sso.py"))
    assert not mirrors(Path("core/broker/test_laws.py"))
    files = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    assert {path.parts[0] for path in files} >= {*WHOLE, *OF_ALL}, "a list names what is no longer there"

    assert sorted(str(path) for path in files if path.parts[0] not in {*WHOLE, *OF_ALL} and not mirrors(path)) == []


# What is written about it

TOP = ROOT.parents[1]
PAGES = [TOP / "README.md", *(TOP / ".github" / f"{name}.md" for name in ("ARCHITECTURE", "CONTRIBUTING", "SECURITY"))]
WHERE = (TOP, ROOT.parent, ROOT, *(ROOT / name for name in ("core", "core/broker", "commands/doctor", "daemon")))
QUOTED = re.compile(r"`([^`\n]+)`")
DRAWN = re.compile(r"(?<![\w./`-])[\w/]+(?:\.py|/)(?![\w/])")  # in a picture
PATH = re.compile(r"[\w./-]+/|[\w./-]+/[\w.-]+|[\w-]+\.py")  # a folder, a path, a module
NAME = re.compile(r"([a-z_]+\.)*(_?[A-Z]\w*[a-z]\w*|[a-z_]+\.[A-Z_]{3,}|[a-z_]+\.[a-z_]+)(?:\(.*)?")
# Files of the user's or of the system's, and modules and names that are not ours.
OTHERS = {
    *("config.toml", "requests.jsonl", "stored-keys.json", "sitecustomize.py", "pyproject.toml"),
    *("agent.MACHINE", "http.server", "config.fish", "accounts.yaml"),
}


@functools.cache
def names_in(path: Path) -> set[str]:
    """Each name that a module defines at its top, and in its classes as `Class.name`."""
    found: set[str] = set()

    def add(body: list[ast.stmt], before: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(before + node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found.update(before + ast.unparse(one) for one in targets)
            if isinstance(node, ast.ClassDef):
                add(node.body, f"{before}{node.name}.")

    add(tree(path).body, "")
    return found


def is_there(word: str) -> bool:
    """Whether a path, a `path:name`, a class or a `module.name` that a page mentions exists; True for other words."""
    if word in OTHERS or word.startswith(("/", "~", "-", "$")):
        return True
    path, colon, name = word.partition(":")
    if PATH.fullmatch(path):
        places = [folder / path for folder in WHERE if (folder / path).exists()]
        return bool(places) and (not colon or any(name in names_in(one) for one in places))
    if not NAME.fullmatch(word):
        return True
    word = word.partition("(")[0]
    module, dot, name = word.rpartition(".")
    homes = [path for each, path in MODULES.items() if not dot or each.endswith(f".{module}")]
    return any(name in names_in(path) for path in homes)


def test_what_the_pages_mention_exists() -> None:
    """The map, the conventions and the promises name files, folders, classes and functions as they are."""
    assert is_there("core/broker/step.py:step")
    assert is_there("core.broker.step.step(broker, event, now)")
    for gone in ("core/broker/turn.py", "light/run.py:walk", "wire.AWS_VARIABLES", "Alone", "rooms/"):
        assert not is_there(gone), gone
    missing = [
        f"{page.name}: {word}" for page in PAGES for word in QUOTED.findall(page.read_text()) if not is_there(word)
    ]
    assert missing == []
    for page in PAGES[1:3]:
        drawn = [word for picture in page.read_text().split("```")[1::2] for word in DRAWN.findall(picture)]
        assert [word for word in drawn if not is_there(word)] == [], page.name
