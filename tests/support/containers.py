"""Real containers, by podman and runc, where this machine lets one run: as root, on Linux, with cgroups it may use.

There is no image and no registry: a container has this machine's programs and the project, read-only, and nothing else.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]
LINKS = ("bin", "sbin", "lib", "lib64")  # to usr/…, as Debian has them


@dataclass(frozen=True, slots=True)
class Containers:
    """podman with all that is its own in a private folder."""

    folder: Path

    def argv(self, options: list[str], command: list[str]) -> list[str]:
        """The argv that runs a command in a new container; `options` are podman's, and docker's."""
        root = self.folder / "inside"
        (root / "usr").mkdir(parents=True, exist_ok=True)
        for name in LINKS:
            if not (root / name).is_symlink() and Path("/", name).is_symlink():
                (root / name).symlink_to(f"usr/{name}")
        return [
            *("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "none"),
            "--storage-driver=vfs",  # nothing is stored, and overlay would leave a mount behind
            *(f"--{place}={self.folder / place}" for place in ("root", "runroot", "tmpdir")),
            *("run", "--rm", "--network", "host"),  # the pretended AWS is on this machine's loopback
            *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"),  # its own are higher than all may ask for
            *(f"--volume={place}:{place}:ro" for place in _programs()),
            *options,
            *("--rootfs", str(root), *command),
        ]


def containers(folder: Path) -> Containers | None:
    """What runs containers with its files in `folder`; None where none can be run."""
    if not shutil.which("podman") or not shutil.which("runc"):
        return None
    found = Containers(folder)
    tried = subprocess.run(found.argv([], ["true"]), capture_output=True, timeout=60, check=False)
    return found if tried.returncode == 0 else None


def _programs() -> list[str]:
    """Where the programs of this machine and of the project are."""
    places = {"/usr", sys.base_prefix, sys.prefix, str(TOP)}
    return sorted(one for one in places if not any(one != other and one.startswith(f"{other}/") for other in places))
