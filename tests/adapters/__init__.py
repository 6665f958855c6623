"""Every adapter, tested against the real thing it talks to."""
