from __future__ import annotations

from datetime import date, datetime
from typing import Any

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.engagement.models import Employer, Person, Position
from guildhall.engagement.rules import can_write_in_book
from guildhall.engagement.search import employer_documents
from guildhall.people.models import User


@action
def add_person(employer: Employer, *, person: dict[str, Any], position: dict[str, Any], by: User, at: datetime) -> Position:
    """Write down somebody who works at an employer; the dicts hold the fields of ``Person`` and ``Position``.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    can_write_in_book.require(by, employer.school)
    somebody = Person.objects.create(school=employer.school, **person)
    held = Position.objects.create(person=somebody, employer=employer, **position)
    search.index_many(employer_documents([employer]))
    return held


@action
def change_person(held: Position, *, person: dict[str, Any], position: dict[str, Any], by: User, at: datetime) -> Position:
    """Correct what is known about somebody and their position.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    held = lock(held)
    can_write_in_book.require(by, held.employer.school)
    _write(lock(held.person), person)
    _write(held, position)
    search.index_many(employer_documents([held.employer]))
    return held


@action
def end_position(held: Position, *, until: date, by: User, at: datetime) -> Position:
    """Note that somebody does not work at an employer any more.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    held = lock(held)
    can_write_in_book.require(by, held.employer.school)
    _write(held, {"until": until, "since": min(held.since, until) if held.since else None})
    return held


@action
def forbid_writing(somebody: Person, *, by: User | None, at: datetime) -> Person:
    """Note that somebody asked not to be written to. From then on nothing is sent to them.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    return _set_writing(somebody, at, by)


@action
def allow_writing(somebody: Person, *, by: User, at: datetime) -> Person:
    """Note that somebody agreed to be written to again.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    return _set_writing(somebody, None, by)


@action
def forget_people(*, before: datetime, by: User | None) -> int:
    """Delete the people noted before a moment with whom nobody has spoken since; returns how many.

    What was said stays, without whom it was said to.
    """
    employers = list(Employer.objects.filter(positions__person__in=Person.objects.forgettable(before)).distinct())
    count = Person.objects.forgettable(before).delete()[1].get("engagement.Person", 0)
    search.index_many(employer_documents(employers))
    return count


def _set_writing(somebody: Person, asked_not_to_at: datetime | None, by: User | None) -> Person:
    somebody = lock(somebody)
    if by is not None:
        can_write_in_book.require(by, somebody.school)
    _write(somebody, {"asked_not_to_be_written_at": asked_not_to_at})
    return somebody


def _write(thing: Person | Position, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(thing, name, value)
    thing.save(update_fields=list(values))
