"""What is done to many employers at once, and how the list is looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.actions import action, lock
from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.history import as_kept, change, noted
from guildhall.engagement.models import Employer, NextStep, SavedView, Tag
from guildhall.engagement.rules import can_change_view, can_hand_over, can_write_in_book
from guildhall.engagement.telling import tell_outside
from guildhall.people.models import Organisation, User
from guildhall.people.notices import tell
from guildhall.people.rules import can_work_for

#: More at once than this is done in portions by whoever needs it: a transaction holds its locks until the end.
MOST_AT_ONCE = 5000


@action
def hand_over_employers(
    school: Organisation, *, employers: QuerySet[Employer], owner: User, by: User, at: datetime
) -> Organisation:
    """Put many employers, and their former owners' open next steps with them, into a colleague's hands.

    Raises:
        NotAllowed: ``by`` may not hand over one of them.
        Refused: the new owner does not work for the school.
    """
    chosen = _locked(school, employers, by)
    if not can_work_for(owner, school):
        raise Refused(_("%(person)s does not work for %(school)s.") % {"person": owner, "school": school})
    kept = [employer for employer in chosen if not can_hand_over(by, employer)]
    if kept:
        sentence = _(
            "Colleagues look after some of these, %(employer)s among them. They, a manager or a coordinator can hand them over."
        )
        raise NotAllowed(sentence % {"employer": kept[0]})
    given = [employer for employer in chosen if employer.owner_id != owner.pk]
    for former in {employer.owner_id for employer in given} - {None}:
        theirs = [employer.pk for employer in given if employer.owner_id == former]
        give(NextStep.objects.open().filter(employer__in=theirs, owner=former), owner)
    give(Employer.objects.filter(pk__in=[employer.pk for employer in given]), owner)
    tell_outside(school, "employer.changed", given, at=at)
    if given and owner != by:
        tell(
            owner,
            kind="engagement.handed_over_many",
            sentence=gettext_noop("%(person)s handed employers over to you: %(employers)s."),
            params={"person": str(by), "employers": _some_of(given)},
            url=f"/engagement/?owner={owner.pk}",
            by=by,
            at=at,
        )
    return school


@action
def tag_employers(school: Organisation, *, employers: QuerySet[Employer], name: str, by: User, at: datetime) -> Tag:
    """Put a tag on employers; a new word makes a new tag.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the word is empty.
    """
    chosen = _locked(school, employers, by)
    name = " ".join(name.split())
    if not name:
        raise Refused(_("Give the tag a word."))
    tag = Tag.objects.filter(school=school, name__iexact=name).first() or Tag.objects.create(school=school, name=name[:40])
    tag.employers.add(*chosen)
    tell_outside(school, "employer.changed", chosen, at=at)
    return tag


@action
def untag_employers(tag: Tag, *, employers: QuerySet[Employer], by: User, at: datetime) -> Tag:
    """Take a tag off employers; a tag that nobody carries any more is gone.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    chosen = _locked(tag.school, employers, by)
    tag.employers.remove(*chosen)
    tell_outside(tag.school, "employer.changed", chosen, at=at)
    if not tag.employers.exists():
        Tag.objects.filter(pk=tag.pk).delete()
    return tag


@action
def plan_for_employers(
    school: Organisation, *, employers: QuerySet[Employer], what: str, due_on: date, owner: User | None, by: User, at: datetime
) -> Organisation:
    """Promise the same next step for many employers; without an owner each goes to who looks after that employer, else to ``by``.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the owner does not work for the school.
    """
    chosen = _locked(school, employers, by)
    if owner is not None and not can_work_for(owner, school):
        raise Refused(_("%(person)s does not work for %(school)s.") % {"person": owner, "school": school})
    planned = NextStep.objects.bulk_create(
        [
            NextStep(
                employer=employer,
                what=what.strip(),
                due_on=due_on,
                owner_id=owner.pk if owner else employer.owner_id or by.pk,
                added_at=at,
                added_by=by,
            )
            for employer in chosen
        ],
        batch_size=500,
    )
    tell_outside(school, "step.set", planned, at=at)
    return school


@action
def rest_employers(
    school: Organisation, *, employers: QuerySet[Employer], until: date | None, why: str = "", by: User, at: datetime
) -> Organisation:
    """Leave employers in peace until a day, that included; None wakes them.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the day is over.
    """
    if until is not None and until < at.date():
        raise Refused(_("This day is over. Say a day to come."))
    chosen = _locked(school, employers, by)
    values: dict[str, Any] = {"resting_until": until, "resting_why": why.strip() if until else ""}
    for employer in chosen:
        before = {name: as_kept(employer, name) for name in values}
        employer.resting_until, employer.resting_why = values["resting_until"], values["resting_why"]
        noted(employer, before)
    Employer.objects.filter(pk__in=[employer.pk for employer in chosen]).update(**values)
    tell_outside(school, "employer.changed", chosen, at=at)
    return school


@action
def save_view(school: Organisation, *, name: str, query: str, is_shared: bool = False, by: User, at: datetime) -> SavedView:
    """Keep a way of looking at the list under a name; the same name again is the same view, changed.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    can_write_in_book.require(by, school)
    view = SavedView.objects.filter(school=school, owner=by, name__iexact=name.strip()).first()
    if view is None:
        return SavedView.objects.create(school=school, owner=by, name=name.strip(), query=query, is_shared=is_shared)
    change(view, query=query, is_shared=is_shared)
    return view


@action
def remove_view(view: SavedView, *, by: User, at: datetime) -> Organisation:
    """Forget a way of looking at the list.

    Raises:
        NotAllowed: it is somebody else's.
    """
    view = lock(view)
    can_change_view.require(by, view)
    school = view.school
    view.delete()
    return school


def give(things: QuerySet[Any], owner: User) -> list[Any]:
    """Put employers or next steps into somebody's hands, note whose they were, and return them."""
    given = list(things.select_for_update())
    for thing in given:
        former, thing.owner = as_kept(thing, "owner"), owner
        noted(thing, {"owner": former})
    things.model._default_manager.filter(pk__in=[thing.pk for thing in given]).update(owner=owner)
    return given


def _locked(school: Organisation, employers: QuerySet[Employer], by: User) -> list[Employer]:
    can_write_in_book.require(by, school)
    chosen = list(employers.filter(school=school).select_for_update(of=("self",)).select_related("organisation").order_by("pk"))
    if len(chosen) > MOST_AT_ONCE:
        raise Refused(_("This is too much at once: choose fewer than %(count)d.") % {"count": MOST_AT_ONCE})
    for employer in chosen:
        employer.school = school
    return chosen


def _some_of(employers: Collection[Employer]) -> str:
    names: Iterable[str] = [str(employer) for employer in list(employers)[:3]]
    return ", ".join(names) + (" …" if len(employers) > 3 else "")
