"""The command line as shells and people use it."""
