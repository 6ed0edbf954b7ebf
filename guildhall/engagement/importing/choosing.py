"""What only a person can say of a row: what it asks, who or what may be meant, and the answer that was given.

An answer holds as long as it answers what is asked: who was chosen may be gone from the book by now, and somebody may have come
into it of whom the person knew nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol, TypeVar

from django.utils.translation import gettext as _

from guildhall.engagement.importing.understanding import Row


class Question(StrEnum):
    """Which employer is it? Which of its sites? Does the row hold, or what an earlier one says? Nothing: it must stay out."""

    FIRM = "firm"
    SITE = "site"
    VALUE = "value"
    NONE = "none"


#: Answers that name nobody: another than all that may be meant; what the row says holds; the row stays out.
NEW, TAKE, LEAVE = "new", "take", "leave"
#: What may be answered, beside one of those that may be meant.
ANSWERS = {Question.FIRM: (NEW, LEAVE), Question.SITE: (NEW, LEAVE), Question.VALUE: (TAKE, LEAVE), Question.NONE: (LEAVE,)}


class Meant(Protocol):
    """A firm or a site that a row may mean."""

    pk: int | None
    told: dict[str, int]


Choice = TypeVar("Choice", bound=Meant)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was chosen, and among which (``names_of``) it was."""

    chosen: str
    among: frozenset[str] = frozenset()


#: What was answered about one row, by what was asked.
Answers = Mapping[str, Answer]


class Unclear(Exception):
    """A row of which only a person can say what it is about: the sentence, what is asked, and who or what may be meant."""

    def __init__(self, sentence: str, question: Question, among: Sequence[Any] = ()) -> None:
        super().__init__(sentence)
        self.question = question
        self.among = among


def names_of(meant: Meant) -> list[str]:
    """Return by what a firm or site is known from one look at the file to the next: its number in the book, if it is there, and
    the first row that told of it."""
    in_book = [f"book:{meant.pk}"] if meant.pk is not None else []
    return in_book + ([f"row:{meant.told['name']}"] if "name" in meant.told else [])


def settled(answers: Answers, sentence: str, question: Question, among: Sequence[Choice]) -> Choice | None:
    """Return which one was chosen; None for a new one, or where it was the row itself.

    Raises:
        Unclear: nobody has answered yet, or what was answered does not hold any more.
    """
    answer = answers.get(question)
    if answer is None:
        raise Unclear(sentence, question, among)
    if answer.chosen in (NEW, TAKE):
        # Those that rows of the file have told of were known to whoever looked at it.
        if any("name" not in one.told and answer.among.isdisjoint(names_of(one)) for one in among):
            since = _("There are more that may be meant than when this was decided.")
            raise Unclear(f"{since} {sentence}", question, among)
        return None
    for one in among:
        if answer.chosen in names_of(one):
            return one
    gone = _("What was chosen is not in the book any more, or is called something else by now.")
    raise Unclear(f"{gone} {sentence}", question, among)


def is_left_out(answers: Answers) -> bool:
    """Whether somebody has said that the row stays out, whatever is asked by now."""
    return any(answer.chosen == LEAVE for answer in answers.values())


def identity_of(row: Row) -> str:
    """Return what a row must go on saying for a decision about it to hold, as a digest."""
    said = (row.country, row.name, row.trade_name, row.firm_number, row.site_number, row.site_name, row.street, row.postal_code)
    return sha256("\x1f".join((*said, row.town)).encode()).hexdigest()


def answers_in(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, Answer]:
    """Return answers as they were kept (``as_kept``)."""
    return {question: Answer(answer["chosen"], frozenset(answer["among"])) for question, answer in kept.items()}


def as_kept(chosen: str, among: Collection[Mapping[str, Any]]) -> dict[str, Any]:
    """Return an answer as it is kept; ``among`` is what may be meant, as ``ImportRow`` has it."""
    return {"chosen": chosen, "among": sorted(name for one in among for name in one["is"])}
