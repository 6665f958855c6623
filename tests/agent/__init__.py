"""Tests against running agents: real processes, a real keyring, the STS double, and no display."""
