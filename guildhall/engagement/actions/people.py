from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change, forget
from guildhall.engagement.actions.alike import look_again
from guildhall.engagement.actions.mailings import forget_letters_of
from guildhall.engagement.actions.merging import forget_merges_of, keep_wishes
from guildhall.engagement.models import Employer, Person, Position
from guildhall.engagement.rules import can_write_in_book
from guildhall.engagement.search import employer_documents
from guildhall.engagement.telling import tell_outside
from guildhall.people.models import ConsentRecord, Organisation, User


@action
def add_person(employer: Employer, *, person: dict[str, Any], position: dict[str, Any], by: User, at: datetime) -> Position:
    """Write down somebody who works at an employer; the dicts hold the fields of ``Person`` and ``Position``.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    can_write_in_book.require(by, employer.school)
    somebody = Person(school=employer.school, **person)
    somebody.save()
    keep_wishes([somebody])
    held = Position.objects.create(person=somebody, employer=employer, **position)
    search.index_many(employer_documents([employer]))
    look_again(employer, at=at)
    tell_outside(employer.school, "person.added", somebody, at=at)
    return held


@action
def change_person(held: Position, *, person: dict[str, Any], position: dict[str, Any], by: User, at: datetime) -> Position:
    """Correct what is known about somebody and their position.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    held = lock(held)
    can_write_in_book.require(by, held.employer.school)
    held.person = lock(held.person)
    change(held.person, **person)
    change(held, **position)
    search.index_many(employer_documents([held.employer]))
    look_again(held.employer, at=at)
    tell_outside(held.employer.school, "person.changed", held.person, at=at)
    return held


@action
def end_position(held: Position, *, until: date, by: User, at: datetime) -> Position:
    """Note that somebody does not work at an employer any more.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    held = lock(held)
    can_write_in_book.require(by, held.employer.school)
    change(held, until=until, since=min(held.since, until) if held.since else None)
    tell_outside(held.employer.school, "person.changed", held.person, at=at)
    return held


@action
def move_person(held: Position, *, to: Employer, stays: bool, title: str = "", on: date, by: User, at: datetime) -> Position:
    """Note that somebody works at another employer from a day on, besides the old one (``stays``) or instead of it.

    What the school knows of them goes along: their history, and that they asked not to be written to.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the employer is in another school's book, or they work there already.
    """
    held = lock(held)
    can_write_in_book.require(by, held.employer.school)
    if to.school_id != held.employer.school_id:
        raise Refused(_("%(employer)s is not in your book.") % {"employer": to})
    if held.person.positions.current(on).filter(employer=to).exists():
        raise Refused(_("%(person)s works at %(employer)s already.") % {"person": held.person, "employer": to})
    if not stays:
        until = on - timedelta(days=1)
        change(held, until=until, since=min(held.since, until) if held.since else None)
    moved = Position.objects.create(person=held.person, employer=to, title=title.strip(), since=on)
    search.index_many(employer_documents([held.employer, to]))
    tell_outside(to.school, "person.changed", held.person, at=at)
    return moved


@action
def forbid_writing(somebody: Person, *, by: User | None, at: datetime) -> Person:
    """Note that somebody asked not to be written to. From then on nothing is sent to them.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    return _set_writing(somebody, at, by, at)


@action
def allow_writing(somebody: Person, *, by: User, at: datetime) -> Person:
    """Note that somebody agreed to be written to again.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    return _set_writing(somebody, None, by, at)


@action
def forget_people(*, before: datetime, by: User | None) -> int:
    """Delete the people noted before a moment with whom nobody has spoken since; returns how many.

    What was said stays, without whom it was said to.
    """
    employers = list(Employer.objects.filter(positions__person__in=Person.objects.forgettable(before)).distinct())
    numbers = list(Person.objects.forgettable(before).values_list("pk", flat=True))
    for school in Organisation.objects.filter(has_webhooks=True):
        tell_outside(school, "person.forgotten", list(Person.objects.filter(school=school, pk__in=numbers)), at=None)
    forget(Position, list(Position.objects.filter(person__in=numbers).values_list("pk", flat=True)))
    forget(Person, numbers)
    forget_merges_of(numbers)
    forget_letters_of(numbers)
    ConsentRecord.objects.filter(person_type=Person._meta.label_lower, person_id__in=numbers).delete()
    count = Person.objects.forgettable(before).delete()[1].get("engagement.Person", 0)
    search.index_many(employer_documents(employers))
    return count


def _set_writing(somebody: Person, asked_not_to_at: datetime | None, by: User | None, at: datetime) -> Person:
    somebody = lock(somebody)
    if by is not None:
        can_write_in_book.require(by, somebody.school)
    change(somebody, asked_not_to_be_written_at=asked_not_to_at)
    tell_outside(somebody.school, "person.wish_changed", somebody, at=at)
    return somebody
