"""What has changed between two states of a resource, in words: what is gone and what is new."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal, NamedTuple

from django.db.models import Field
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from guildhall.library import kinds
from guildhall.library.models import DESCRIBED, Described

#: A paragraph of more words is shown as a whole instead of word by word: comparing takes as long as the product of both.
_MOST_WORDS = 3_000
_WORD = re.compile(r"\s*\S+")
_BETWEEN_PARAGRAPHS = re.compile(r"\n\s*\n")


class Piece(NamedTuple):
    """Some words that stayed, are gone, or are new."""

    text: str
    state: Literal["same", "gone", "new"] = "same"


@dataclass(frozen=True)
class Difference:
    """A field that says something else than before: its paragraphs that have changed, None where others were left out."""

    label: str
    paragraphs: list[list[Piece] | None]


def differences(before: Described, after: Described, names: Sequence[str] = tuple(DESCRIBED)) -> list[Difference]:
    """Compare what two states say, field by field; nothing for those that say the same."""
    said_after = dict(_said(after, names))
    said_before = dict(_said(before, names))
    labels = [*said_after, *(label for label in said_before if label not in said_after)]
    compared = [(label, said_before.get(label, ""), said_after.get(label, "")) for label in labels]
    return [Difference(label, paragraphs(old, new)) for label, old, new in compared if old != new]


def paragraphs(before: str, after: str) -> list[list[Piece] | None]:
    """Compare two texts by paragraphs, and within a paragraph that was changed by words."""
    old, new = _BETWEEN_PARAGRAPHS.split(before), _BETWEEN_PARAGRAPHS.split(after)
    told: list[list[Piece] | None] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            told.append(None)
            continue
        told += [_words(one, other) for one, other in zip_longest(old[i:j], new[k:m], fillvalue="")]
    return [paragraph for paragraph in told if paragraph is None or paragraph]


def _words(before: str, after: str) -> list[Piece]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    if not old or not new or max(len(old), len(new)) > _MOST_WORDS:
        return [Piece(text, state) for text, state in ((before, "gone"), (after, "new")) if text.strip()]  # type: ignore[arg-type]
    matcher = SequenceMatcher(None, [word.strip() for word in old], [word.strip() for word in new], autojunk=False)
    return list(_pieces(matcher, old, new))


def _pieces(matcher: SequenceMatcher[str], old: list[str], new: list[str]) -> Iterator[Piece]:
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            yield Piece("".join(new[k:m]))
            continue
        if i < j:
            yield Piece("".join(old[i:j]), "gone")
        if k < m:
            yield Piece("".join(new[k:m]), "new")


def _said(described: Described, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What each field says, under the word for it."""
    for name in names:
        value = getattr(described, name)
        if name == "account":
            yield from _account(value)
            continue
        field: Field[Any, Any] = Described._meta.get_field(name)  # type: ignore[assignment]
        yield str(capfirst(field.verbose_name)), _in_words(described, name, value)


def _account(account: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for part, label in kinds.CASE_PARTS.items():
        yield str(label), str(account.get(part, ""))
    figures = account.get("figures") or []
    yield _("Figures"), "\n\n".join(f"{figure.get('value', '')} {figure.get('label', '')}" for figure in figures)


def _in_words(described: Described, name: str, value: Any) -> str:
    if name == "authors":
        return "\n\n".join(
            ", ".join(filter(None, [author.get(key, "") for key in ("name", "orcid", "affiliation")])) for author in value
        )
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        words: dict[str, Any] = {**kinds.AUDIENCES, **kinds.ACCESSIBILITY}
        return "\n\n".join(str(words.get(each, each)) for each in value)
    display = getattr(described, f"get_{name}_display", None)
    return str(display() if display else value).replace("\r\n", "\n")
