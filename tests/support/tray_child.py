"""A tray in a process of its own, as the agent has it: `python -m support.tray_child`.

Prints `tray NAME` when it changes, and each action that is clicked; TERM and INT stop it the way they stop the agent.
"""

import os
import signal
import sys
import threading

from support.trays import kept, view
from trayexec.adapters.bus.buses import buses_of
from trayexec.adapters.tray.choose import choose


def main() -> None:
    """Choose, show, run."""
    tray = choose(os.environ, buses_of(os.environ).session)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: tray.stop())
    done = threading.Event()

    def watch() -> None:
        name = ""
        while not done.wait(0.02):
            if tray.name != name:
                name = tray.name
                _say("tray", name)

    if "--quiet" not in sys.argv:
        threading.Thread(target=watch, daemon=True).start()
    tray.show(view())
    with kept(tray):
        tray.run(lambda action: _say("clicked", action))
    done.set()
    _say("ended")


def _say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
