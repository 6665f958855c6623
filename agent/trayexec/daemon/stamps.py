"""Writes moments as `core/stamps.py` does, and remembers the last ones: a busy second asks for the same again."""

from functools import lru_cache

from trayexec.core import stamps

utc = lru_cache(maxsize=64)(stamps.utc)
