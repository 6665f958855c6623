"""Another platform, as far as a program in Python can tell: what CPython lacks there is really absent.

What is absent is read from typeshed, which mypy brings along: a name that its stubs define on Linux and not on the
other system. The program runs in a Python of its own (`simulated.py`), and so does every Python that it starts.
"""

import ast
import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import mypy

TYPESHED = Path(mypy.__file__).parent / "typeshed" / "stdlib"
# Not `posix`: the import system itself stands on it.
LOOKED_AT = ("_socket", "fcntl", "grp", "os", "pwd", "resource", "select", "signal", "socket", "termios", "time")
SIMULATED = Path(__file__).with_name("simulated.py")


def python_of(platform: str, folder: Path) -> Path:
    """A program in `folder` that is Python as it would be on `platform`: `darwin`, `win32` or any other name."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = folder / f"{platform}.json"
    program = folder / f"python-{platform}"
    facts.write_text(json.dumps({"platform": platform, "python": str(program), "absent": absent(platform)}))
    words = shlex.join([sys.executable, "-I", str(SIMULATED), str(facts)])
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o755)
    return program


def absent(platform: str) -> Mapping[str, list[str]]:
    """The names of each module that Linux has and `platform` has not."""
    known = {module: (names(module, "linux"), names(module, platform)) for module in LOOKED_AT}
    return {module: sorted(here - there) for module, (here, there) in known.items() if here - there}


def names(module: str, platform: str) -> set[str]:
    """What a module has on a platform, as typeshed has it."""
    path = TYPESHED / f"{module}.pyi"
    path = path if path.exists() else TYPESHED / module / "__init__.pyi"
    return set(_names(ast.parse(path.read_text()).body, platform))


def _names(body: list[ast.stmt], platform: str) -> Iterator[str]:
    for node in body:
        match node:
            case ast.If():
                yield from _names(node.body if _holds(node.test, platform) else node.orelse, platform)
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
                if isinstance(node, ast.ClassDef) and module_level(node):
                    yield from _names(node.body, platform)
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name
            case ast.ImportFrom():
                yield from (alias.asname or alias.name for alias in node.names)
            case _:
                pass


def module_level(node: ast.ClassDef) -> bool:
    """Whether the members of a class are names of the module as well: those of `signal.Signals` are."""
    return any(ast.unparse(base) in {"IntEnum", "enum.IntEnum", "IntFlag"} for base in node.bases)


def _holds(test: ast.expr, platform: str) -> bool:
    """Whether a condition of a stub holds, for this version of Python."""
    code = compile(ast.Expression(test), "<typeshed>", "eval")
    facts = type("sys", (), {"platform": platform, "version_info": sys.version_info})
    return bool(eval(code, {"sys": facts, "TYPE_CHECKING": True}))  # noqa: S307 — a condition of typeshed's
