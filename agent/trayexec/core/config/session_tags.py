"""Reads the tags that the session of a role gets, as aws-vault has them written. It must not know files or AWS.

`session_tags = team=red,cost=7`, `transitive_session_tags = team` and `source_identity = alice` stand in the role's own
section (https://github.com/99designs/aws-vault/blob/master/USAGE.md). What STS takes: API_AssumeRole (Tags,
TransitiveTagKeys, SourceIdentity) and API_Tag.
"""

import re
import unicodedata

from trayexec.core.config import problems
from trayexec.core.config.profiles import SessionTags
from trayexec.core.config.sections import ProfileError, Sections, shown
from trayexec.light.errors import Text

MOST, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256

_NONE = SessionTags()
_KEYS = frozenset({"session_tags", "transitive_session_tags", "source_identity"})
_IDENTITY = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_SIGNS = frozenset("_.:/=+-@")
_CLASSES = frozenset("LNZ")  # of Unicode: letters, numbers, blanks


def tags_of(sections: Sections, profile: str) -> SessionTags:
    """What the section of a role says. Raises ProfileError for what AWS would not take."""
    if _KEYS.isdisjoint(sections.profiles.get(profile, {})):
        return _NONE
    tags = tuple(_tag(profile, one) for one in _words(sections, profile, "session_tags"))
    if len(tags) > MOST:
        raise _fault(profile, "session_tags", Text("there are more than {most}", most=MOST))
    keys = [key.casefold() for key, _ in tags]
    for key in keys:
        if keys.count(key) > 1:
            raise _fault(profile, "session_tags", Text("there are two of {tag}", tag=shown(key)))
    transitive = tuple(dict.fromkeys(_words(sections, profile, "transitive_session_tags")))
    for key in transitive:
        if key not in dict(tags):
            why = Text("{tag} is none of its session_tags", tag=shown(key))
            raise _fault(profile, "transitive_session_tags", why)
    identity = sections.text(profile, "source_identity")
    if identity is not None and not _IDENTITY.fullmatch(identity):
        raise ProfileError(profile, problems.not_allowed(profile, "source_identity"))
    return SessionTags(tags, transitive, identity)


def _words(sections: Sections, profile: str, key: str) -> list[str]:
    """The parts between the commas of a setting, none where it is empty or not there."""
    value = sections.text(profile, key) or ""
    return [one.strip() for one in value.split(",")] if value.strip() else []


def _tag(profile: str, word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    key, value = key.strip(), value.strip()
    if not equals or not key:
        raise _fault(profile, "session_tags", Text("{tag} is not written as key=value", tag=shown(word)))
    too_long = len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE
    if too_long or key.casefold().startswith("aws:") or not all(map(_is_allowed, key + value)):
        why = Text("{tag} has a length or a character that AWS does not allow", tag=shown(key))
        raise _fault(profile, "session_tags", why)
    return key, value


def _is_allowed(sign: str) -> bool:
    return sign in _SIGNS or unicodedata.category(sign)[0] in _CLASSES


def _fault(profile: str, key: str, why: Text) -> ProfileError:
    return ProfileError(profile, problems.no_tags(profile, key, why=why))
