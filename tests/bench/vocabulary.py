"""Words to fill a library with: those of the starter content in six languages, made-up ones after them, drawn as often as words
are (Zipf's law); each with the tokens under which search keeps it, so that these are not made a hundred million times.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from guildhall.core.search import _drawer
from guildhall.core.search.words import fold, forms, near, words

CONTENT = Path(__file__).parents[2] / "content"
#: The languages of a library and how much of it is in each.
LANGUAGES = {"en": 35, "de": 25, "es": 13, "pl": 11, "pt": 10, "el": 6}
SIZE = 30_000
_WORD = re.compile(r"[^\W\d_]+")
_ONSETS = {
    "en": "b bl br c ch cl d dr f fl g gr h j l m n p pl pr qu r s sh sp st t th tr v w",
    "de": "b bl br d dr f fl g gr h k kl kr l m n p pf pr r s sch sp st t tr v w z",
    "es": "b br c ch d f fr g h j l ll m n ñ p pl qu r s t tr v z",
    "pl": "b br c ch cz d dz g k kr ł l m n p pr r rz s sz st t tr w z ż",
    "pt": "b br c ch d f fr g gr h j l lh m n nh p pr qu r s t tr v z",
    "el": "β γ γρ δ ζ θ κ κλ κρ λ μ ν ξ π πρ ρ σ στ τ τρ φ χ ψ",
}
_ENDS = {
    "en": "a e i o u ea ou er ing ed ion ment ly",
    "de": "a e i o u ä ö ü ei au en er ung heit lich",
    "es": "a e i o u ía ión ar er dad mente os as",
    "pl": "a e i o u y ą ę anie ość owy ami",
    "pt": "a e i o u ã ção ar er dade mente os as",
    "el": "α ε η ι ο υ ω ου αι ός ή ία ση μα ειν",
}


class Vocabulary:
    """The words of one language, the commonest first, and what search keeps of each in the drawer of a kind."""

    def __init__(self, language: str, kinds: list[str], size: int = SIZE) -> None:
        self.language = language
        self.chance = random.Random(language)  # noqa: S311 - the same words each time are what is wanted
        self.words = list(dict.fromkeys([*_real(language), *_made(language, self.chance, size)]))[:size]
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))
        self.number = {word: at for at, word in enumerate(self.words)}
        self.kept: dict[str, list[list[str]]] = {}
        self.near: dict[str, list[list[str]]] = {}
        plain = [words(word)[0] for word in self.words]
        kept, mistyped = [forms(word, (language,)) for word in plain], [near(fold(word)) for word in plain]
        for kind in kinds:
            drawer = _drawer(kind)
            self.kept[kind] = [[f"w{drawer}{form}" for form in those] for those in kept]
            self.near[kind] = [[f"n{drawer}{form}" for form in those] for those in mistyped]

    def draw(self, count: int) -> list[int]:
        """So many words, as their places in ``words``."""
        return self.chance.choices(range(len(self.words)), cum_weights=self._weights, k=count)

    def text(self, drawn: list[int]) -> str:
        return " ".join(map(self.words.__getitem__, drawn))

    def tokens(self, kind: str, drawn: list[int], against_typos: int) -> set[str]:
        """What search keeps of a text, the first so many words of which are held against typing errors."""
        kept = set[str]().union(*map(self.kept[kind].__getitem__, drawn))
        return kept.union(*map(self.near[kind].__getitem__, drawn[:against_typos]))


def _real(language: str) -> list[str]:
    """The words of the starter content, the commonest first."""
    counted = Counter[str]()
    for path in sorted(CONTENT.glob(f"*/*/{language}.yaml")):
        counted.update(word.group().lower() for word in _WORD.finditer(path.read_text()))
    return [word for word, _count in counted.most_common() if fold(word).isalpha()]


def _made(language: str, chance: random.Random, count: int) -> Iterator[str]:
    onsets, ends = _ONSETS[language].split(), _ENDS[language].split()
    for _ in range(count):
        yield "".join(chance.choice(onsets) + chance.choice(ends) for _ in range(chance.choice([2, 3, 3, 3, 4, 4])))
