"""The life of each artefact, run by `packaging/dev test --installed`; a plain run of pytest leaves them."""
