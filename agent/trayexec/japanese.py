"""Every sentence in Japanese, by its English template. A test finds what is missing."""

SENTENCES: dict[str, str] = {}
