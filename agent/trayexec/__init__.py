"""trayexec: one MFA code in the morning, every AWS account all day, and no key on disk."""

# A literal: asking the package metadata costs more than the whole run path.
__version__ = "0.1.0"
