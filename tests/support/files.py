"""Files as tests leave them for who reads them."""

import os
import time
from pathlib import Path

LONG = 3600.0  # seconds


def at_rest(path: Path) -> Path:
    """Date a file and its folder back, as of somebody who has written it long ago.

    What was written a moment ago may not be whole yet: who reads it waits for up to half a second until it rests.
    """
    then = time.time() - LONG
    for one in (path, path.parent):
        os.utime(one, (then, then))
    return path
