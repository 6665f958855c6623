"""The container endpoint of --server, and the parent that stays with its command."""
