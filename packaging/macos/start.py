"""What `trayexec.app` runs: the agent when it is opened as an app, `trayexec` when it is called as a command."""

import os
import sys

from trayexec.cli import main, main_agent

LAUNCHD = 1  # the parent of what the Finder or a login opens

if len(sys.argv) == 1 and os.getppid() == LAUNCHD:
    main_agent()
main()
