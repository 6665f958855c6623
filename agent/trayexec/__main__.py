"""`python -m trayexec`: the same as the `trayexec` command."""

from trayexec.cli import main

main()
