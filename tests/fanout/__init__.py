"""One command over many profiles."""
