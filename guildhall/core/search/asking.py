"""What is asked: the words somebody typed, as groups of tokens of which a document must have one each.

The same groups find a document (``core/search``) and say why it was found (``reasons.py``).
"""

from __future__ import annotations

from guildhall.core.search.words import fold, forms, near, spellings, starts, words
from guildhall.core.tokens import Token

Group = list[Token]

_WORDS_ASKED = 12
_LONGEST_QUESTION = 400


def words_asked(text: str) -> list[str]:
    """Return the words of a question, each once; who types more than twelve is not understood better."""
    return list(dict.fromkeys(words(text[:_LONGEST_QUESTION], _WORDS_ASKED)))


def anywhere(asked: list[str], languages: tuple[str, ...]) -> list[Group]:
    """Ask for each word wherever it is. With a single letter nearly everything has a word that begins: alone it is only asked for
    as the beginning of a title, and after other words not until more of it is typed.
    """
    if len(asked[-1]) > 1:
        return spelled(asked, "w", languages)
    return spelled(asked, "w", languages)[:-1] or [beginning(asked)]


def spelled(asked: list[str], place: str, languages: tuple[str, ...]) -> list[Group]:
    """Return one group for each word: as written, or by its stem in any of the languages. The last may be unfinished."""
    return [
        [Token(place + form, prefix=word is asked[-1] and form[0] == "-") for form in sorted(forms(word, languages))]
        for word in asked
    ]


def beginning(asked: list[str]) -> Group:
    """Return the group of the titles that begin as asked."""
    return [Token(f"={start}", prefix=True) for start in starts(asked)]


def misspelled(asked: list[str]) -> list[Group]:
    """Return one group for each word: what a mistyped form of it shares with it; short words must be right."""
    return [
        [Token(f"n{form}", prefix=word is asked[-1]) for form in near(fold(word))]
        or [Token(f"w-{spelling}", prefix=word is asked[-1]) for spelling in spellings(word)]
        for word in asked
    ]
