"""The rules, pure: no I/O, no threads, no clock, no third-party import."""
