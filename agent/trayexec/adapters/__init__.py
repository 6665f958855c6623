"""The outside world, a file or folder for each part of it: the only place for third-party imports."""
