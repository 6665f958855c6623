"""The dialogs that ask for an MFA code: one file per tool, each a child process; `choose.py` picks."""
