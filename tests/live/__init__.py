"""`--live`, `shell` and `hook`, with the real tools of the people who use them."""
