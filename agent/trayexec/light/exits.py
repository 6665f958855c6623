"""How trayexec ends: the exit statuses of DESIGN 3.1. They are those of env(1) and of shells."""

TYPE_CHECKING = False


OK, USAGE, FAILED, NOT_EXECUTABLE, NOT_FOUND, INTERRUPTED = 0, 2, 125, 126, 127, 130
