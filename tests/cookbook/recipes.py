"""The recipes: code blocks of the Markdown files, each behind a comment with its name."""

import re
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).parents[2]
PAGES = (TOP / "README.md", TOP / ".github" / "COOKBOOK.md")
_RECIPE = re.compile(r"^<!-- recipe: (\S+) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "<!-- recipe:"


def recipes() -> dict[str, str]:
    """The code of each, by its name. Raises ValueError when one has no code block, or shares its name."""
    found: dict[str, str] = {}
    for page in PAGES:
        text = page.read_text()
        blocks = _RECIPE.findall(text)
        names = {name for name, _ in blocks}
        if not len(names) == len(blocks) == text.count(_MARK) or names & set(found):
            raise ValueError(f"{page.name}: a recipe has no code block, or has another's name")
        found |= dict(blocks)
    return found


def recipe(name: str, places: Mapping[str, object] | None = None) -> str:
    """The code of one, word for word but for `places`: what is a person's own in it, and what it is here.

    Raises KeyError for a recipe that there is not, and ValueError for a place that it does not name.
    """
    code = recipes()[name]
    for old, new in (places or {}).items():
        if old not in code:
            raise ValueError(f"the recipe {name} does not say {old}")
        code = code.replace(old, str(new))
    return code
