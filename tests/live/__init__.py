"""`--live`, `shell`, `hook` and `credential-process`, with the real tools of the people who use them."""
