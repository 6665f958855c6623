"""Every verb but the run path: loaded when asked for, so imports are free here."""
