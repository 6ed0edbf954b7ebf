"""Words: the forms under which a text is found, made in the same way when it is kept and when it is asked for.

A *form* is one spelling of one word: ``-muller`` as written (case and accents away), ``~mull`` as the stem in its language. A
*token* is a form with the place it was found in before it, so that nothing somebody types can be taken for anything else:
``w`` anywhere, ``t`` in the title, ``=`` the title from its beginning, ``n`` near to it (a letter left out), and for what is no
word at all ``s`` a kind and a scope, ``l`` a language.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

import Stemmer
from rapidfuzz.distance import OSA

# About twenty pages. However strange the letters are, what is made of them fits into PostgreSQL's 1 MB for a document.
LONGEST_TEXT = 60_000
LONGEST_WORD = 40
LONGEST_START = 80
NEAR_FROM, NEAR_TO = 4, 7

# A combining mark left over belongs to its letter: "İ" is two characters in lower case.
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
#: What follows in a word.
_REST = r"[^\W_]*(?:[\u0300-\u036f]+[^\W_]*)*"
_UNMARKED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})

STEMMED = {
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hu": "hungarian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "sv": "swedish",
    "tr": "turkish",
}
#: In these a stem may begin otherwise than its word: Irish has mutations, Dutch participles, Greek and Turkish very short stems.
STEMMED_IN_FRONT = {"el", "ga", "nl", "tr"}


class _Stemmers(threading.local):
    """A stemmer keeps its own state: each thread has its own."""

    def __init__(self) -> None:
        self.known: dict[str, Stemmer.Stemmer] = {}

    def stem(self, word: str, language: str) -> str:
        if language not in self.known:
            self.known[language] = Stemmer.Stemmer(STEMMED[language])
        return self.known[language].stemWord(word)


_stemmers = _Stemmers()


def words(text: str, at_most: int | None = None) -> list[str]:
    """Return the words of a text in order, in lower case, as written otherwise; anything but letters and digits parts them."""
    normal = unicodedata.normalize("NFKC", text[:LONGEST_TEXT])[:LONGEST_TEXT].casefold()
    return [word.group()[:LONGEST_WORD] for word in islice(_WORD.finditer(normal), at_most)]


@lru_cache(maxsize=100_000)
def fold(word: str) -> str:
    """Take the accents away: ``ä`` is ``a``, ``ł`` is ``l``, a Greek tonos is gone; expects lower case."""
    plain = word.translate(_UNMARKED)
    if plain.isascii():
        return plain
    return "".join(letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter))


def beginning_of(form: str) -> str:
    """Return what every word begins with that has a form, in lower case without accents; see ``STEMMED_IN_FRONT``.

    A stem differs from the beginning of its words in the last two letters at most, a very short one in the last. Where it does
    otherwise, as "die" for "dying", the word is found all the same, but not marked.
    """
    return form[1 : max(3, len(form) - 2)] if form[0] == "~" else form.removeprefix("-")


def spellings(word: str) -> set[str]:
    """Return the word without accents, and as people write it who have no umlauts: ``müller`` is ``muller`` and ``mueller``."""
    return {word} if word.isascii() else {fold(word), fold(word.translate(_SPELLED_OUT))}


@lru_cache(maxsize=100_000)
def forms(word: str, languages: tuple[str, ...]) -> frozenset[str]:
    """Return the word as it may be written, and its stems in each of the languages that we can stem.

    The stem is taken with accents and without, as people type both.
    """
    stem = _stemmers.stem
    known = [language for language in languages if language in STEMMED]
    return frozenset(
        {
            *(f"-{spelling}" for spelling in spellings(word)),
            *(f"~{fold(stem(written, language))}" for language in known for written in {word, fold(word)}),
        }
    )


@lru_cache(maxsize=100_000)
def near(word: str) -> frozenset[str]:
    """Return what two words share when one is a mistyped form of the other: their beginning, each letter left out in turn.

    One letter too many, missing, wrong or swapped with its neighbour is bridged by leaving out at most one on either side
    (symmetric deletion, as in Wolf Garbe's SymSpell). Short words have too many neighbours.
    """
    if len(word) < NEAR_FROM:
        return frozenset()
    head = word[:NEAR_TO]
    return frozenset({head, *(head[:i] + head[i + 1 :] for i in range(len(head)))})


def starts(title: Iterable[str]) -> set[str]:
    """Return a title as one form that begins as it begins."""
    whole = list(title)
    if (written := "_".join(whole)).isascii():
        return {written[:LONGEST_START]}
    plain = "_".join(fold(word) for word in whole)
    spelled = "_".join(fold(word.translate(_SPELLED_OUT)) for word in whole)
    return {plain[:LONGEST_START], spelled[:LONGEST_START]}


def closest(word: str, candidates: Iterable[str], *, unfinished: bool) -> str | None:
    """Return the candidate that ``word`` is a mistyped form of, if there is one; an unfinished word is held to its beginning."""

    def distance(candidate: str) -> int:
        whole = fold(candidate.casefold())
        length = len(word)
        beginnings = {whole[:end] for end in (length - 1, length, length + 1)} if unfinished else {whole}
        return min(OSA.distance(own, beginning) for own in spellings(word) for beginning in beginnings)

    allowed = 1 if len(word) < 8 else 2
    best = min(candidates, key=distance, default=None)
    return best if best is not None and distance(best) <= allowed else None


def written(text: str, start: int = 0) -> Iterator[re.Match[str]]:
    """Yield the words of a text as they are written, each with its place."""
    return _WORD.finditer(text, start)


@lru_cache(maxsize=1_000)
def words_beginning(letters: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the words that begin with one of these letters, or with one that has an accent."""
    others = "".join(re.escape(letter) for letter in map(chr, range(128)) if letter.lower() not in letters)
    # Looking back from a letter that was found is several times as quick as from every letter.
    return re.compile(rf"[^{others}](?<=[^\W_])(?<![^\W_].)(?<![\u0300-\u036f].){_REST}")


@lru_cache(maxsize=1_000)
def words_near(asked: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the words that may be mistyped forms of some, their accents away.

    One letter left out of either, two words that are ``near`` begin alike. How a letter with an accent is typed nobody knows.
    """
    pairs = {pair for word in asked if len(word) >= NEAR_FROM for pair in (word[:2], word[1:3], word[0] + word[2])}
    begins = [re.escape(word[:2]) for word in asked if len(word) < NEAR_FROM]
    begins += [each for pair in pairs for each in (pair, rf"{pair[0]}[^\W_]{pair[1]}", rf"[^\W_]{pair}")]
    accent = r"[^\W_]{0,2}(?:[^\W_\x00-\x7f]|[\u0300-\u036f])"
    return re.compile(rf"(?<![^\W_])(?<![\u0300-\u036f])(?:{'|'.join(begins)}|{accent}){_REST}", re.IGNORECASE)


def is_inside(letter: str) -> bool:
    """Whether a letter belongs to the word before it."""
    return letter.isalnum() or "\u0300" <= letter <= "\u036f"
