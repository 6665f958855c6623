"""No secret anywhere it was not asked for: the files, arguments and environments of a whole day are searched."""

import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

from awssim import Kind
from support.desktop import private_desktop
from support.others import needs_root
from support.rig import Rig, rig_on
from trayexec.light import agent_record


class Watch:
    """Reads the argv and environment of every process that appears while it runs, many times a second."""

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch")
        self.seen: dict[tuple[int, bytes], bytes] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.005):
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    with contextlib.suppress(OSError):
                        argv, environ = ((entry / name).read_bytes() for name in ("cmdline", "environ"))
                        # A process that becomes another program in between, or ends, has an argv of one and the
                        # environment of the other: it is looked at the next time.
                        if self._mark in environ and argv and argv == (entry / "cmdline").read_bytes():
                            self.seen[int(entry.name), argv] = environ


def needles(rig: Rig, *more: str) -> list[bytes]:
    """Every secret there ever was, as it is and as encodings would show it."""
    return [secret.encode() for secret in (*rig.sim.issued_secrets(), *more)]


def hits(place: str, content: bytes, secrets: list[bytes]) -> list[str]:
    """The places where one of the secrets stands."""
    return [f"{place}: {secret[:6].decode()}…" for secret in secrets if secret in content]


@needs_root  # to see every process's environment
def test_a_whole_day_leaves_no_secret_behind() -> None:
    """Keys, wrong codes, roles, errors, lock, stop: only the command that asked has its credentials."""
    with private_desktop() as desk, rig_on(desk) as rig, Watch(str(desk.folder)) as watch:
        rig.env["TRAYEXEC_DEBUG"] = ""
        rig.store_keys()
        said = [rig.run("keys", "list", "--json"), rig.run("keys", "add", "default", "--env", env={})]
        wrong = rig.sim.wrong_code()
        said += [rig.auth(wrong), rig.auth("12345"), rig.auth("nonsense")]
        rig.sim.fault(Kind.DROP_AFTER, "GetSessionToken")
        said += [rig.auth()]
        rig.sim.fault(Kind.TRUNCATE, "GetSessionToken")
        said += [rig.auth(), rig.auth()]
        said += [rig.run("account-a", "--", "true"), rig.run("account-b", "--need", "59m", "--", "true")]
        several = ("account-a", "account-b")
        said += [rig.run(*several, "--output", "grouped", "--", "true"), rig.run("--live", "account-a", "--", "true")]
        said += [rig.run("--server", "account-a", "--", "true"), rig.run("log"), rig.run("why", "account-a")]
        assert rig.run("credential-process", "account-a").status == 0  # its output is for the SDK, and full of secrets
        rig.sim.fault(Kind.TRUNCATE, "AssumeRole", count=9)
        said += [rig.run("account-b", "--region", "us-east-1", "--", "true")]
        rig.sim.script.clear()
        rig.sim.world.roles.clear()
        rig.write("home/.aws/config", rig.desk.home("home/.aws/config").read_text() + "external_id = other\n")
        said += [
            rig.run("account-b", "--", "true"),
            rig.run("nobody", "--", "true"),
            rig.run("status"),
            rig.run("list"),
        ]
        asked = rig.start("account-a", "--", "sleep", "0.2")
        asked.communicate(timeout=30)
        said += [rig.run("lock"), rig.run("account-a", "--no-wait", "--", "true"), rig.run("agent", "stop")]
        assert rig.sim.count("GetSessionToken") >= 4
        assert len(rig.sim.issued_secrets()) > 6
        codes = sorted(rig.sim.codes_used())
        assert len(codes) >= 4
        assert rig.desk.home("home/.local/state/trayexec/requests.jsonl").stat().st_size > 500
        secrets = needles(rig, *codes)
        # the keyring's own file is where the keys belong, and it is encrypted: it is searched like all others
        found = []
        for path in desk.folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                found += hits(str(path), path.read_bytes(), secrets)
        for number, done in enumerate(said):
            found += hits(f"output {number}", f"{done.out}{done.err}".encode(), secrets)
        found += [hit for (pid, argv) in watch.seen for hit in hits(f"argv of {pid}", argv, secrets)]
        assert not found
        long_lived = needles(rig)
        kinds = {"agent": 0, "child": 0, "command": 0}
        for (pid, argv), environ in watch.seen.items():
            words = argv.split(b"\0")
            inside = hits(f"environment of {pid} {words}", environ, long_lived)
            if words[0] in {b"sleep", b"true"}:
                kinds["command"] += bool(inside)
            elif b"keys" in words and b"add" in words:
                continue  # it was given the keys in its environment, and says to unset them
            else:
                kinds["agent"] += b"agent" in words
                kinds["child"] += any(b"trayexec.adapters.keychain.child" in word for word in words)
                assert not inside
        assert all(kinds.values()), f"each kind of process was seen: {kinds}"


@needs_root
def test_the_watch_sees_what_it_looks_for(rig: Rig) -> None:
    """The search above would find a secret in a file, an argument or an environment."""
    secret = rig.sim.world.user_key().secret
    with Watch(str(rig.desk.folder)) as watch:
        argv = [sys.executable, "-c", "import time; time.sleep(1)", secret]
        subprocess.run(argv, env={**rig.env, "LEAK": secret}, check=True, timeout=30)
    secrets = needles(rig)
    assert any(hits("argv", argv, secrets) for _, argv in watch.seen)
    assert any(hits("environ", environ, secrets) for environ in watch.seen.values())


def test_nothing_is_written_beside_what_is_known(rig: Rig) -> None:
    """It touches the socket's folder, the log, the ledger, whose keys are stored, where the agent is; no cache."""
    before = set(rig.desk.folder.rglob("*"))
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0
    assert rig.run("status").status == 0
    new = {str(path.relative_to(rig.desk.folder)) for path in rig.desk.folder.rglob("*")} - {
        str(path.relative_to(rig.desk.folder)) for path in before
    }
    assert new == {
        "home/.local/state/trayexec",
        str(Path(agent_record.record(rig.env)).relative_to(rig.desk.folder)),
        "home/.local/state/trayexec/agent.log",
        "home/.local/state/trayexec/requests.jsonl",
        "home/.local/state/trayexec/stored-keys.json",
        "run/trayexec",
        "run/trayexec/agent.lock",
        "run/trayexec/agent.sock",
    }


def test_debugging_shows_no_secret(rig: Rig) -> None:
    """With TRAYEXEC_DEBUG, botocore's and Python's own switches, neither output nor log tell secrets."""
    loud = {
        "TRAYEXEC_DEBUG": "1",
        "PYTHONDEVMODE": "1",
        "BOTO_DEBUG": "1",
        "AWS_DEBUG": "1",
        "PYTHONWARNINGS": "always",
    }
    code = rig.fresh_code()
    done = [rig.run("auth", "--code-stdin", stdin=f"{code}\n", env=loud)]
    done += [rig.run("account-a", "--", "true", env=loud), rig.run("nobody", "--", "true", env=loud)]
    said = rig.log + "".join(f"{one.out}{one.err}" for one in done)
    assert not hits("output", said.encode(), needles(rig, code))
    assert [one.status for one in done] == [0, 0, 125], said
