from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.engagement.actions.alike import look_again
from guildhall.engagement.actions.book import give
from guildhall.engagement.actions.plan_steps import give_plan_steps
from guildhall.engagement.models import Employer, NextStep, sort_key_of
from guildhall.engagement.rules import can_hand_over, can_write_in_book
from guildhall.engagement.search import employer_documents
from guildhall.engagement.telling import tell_outside
from guildhall.people.actions import kept
from guildhall.people.models import Organisation, Site, User
from guildhall.people.notices import tell
from guildhall.people.rules import can_coordinate, can_work_for


@action
def add_employer(
    school: Organisation,
    *,
    name: str,
    country: str,
    trade_name: str = "",
    register_number: str = "",
    nace: str = "",
    size_band: str = "",
    website: str = "",
    site: dict[str, Any] | None = None,
    note: str = "",
    owner: User | None = None,
    by: User,
    at: datetime,
) -> Employer:
    """Write an employer into a school's book, with its first site (a dict of the fields of ``Site``) if one is given.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the book already has an employer with this register number.
    """
    can_write_in_book.require(by, school)
    facts = {
        "name": name,
        "trade_name": trade_name,
        "country": country,
        "register_number": register_number,
        "nace": nace,
        "size_band": size_band,
        "website": website,
    }
    try:
        with transaction.atomic():
            organisation = kept.keep_organisation(school, facts=facts, site=site, by=by, at=at)
    except IntegrityError:
        raise Refused(
            _("The book already has an employer with the register number %(number)s.") % {"number": register_number}
        ) from None
    employer = Employer.objects.create(
        school=school,
        organisation=organisation,
        sort_key=sort_key_of(str(organisation)),
        owner=owner,
        note=note.strip(),
        added_at=at,
        added_by=by,
    )
    _index(employer, at)
    tell_outside(school, "employer.added", employer, at=at)
    return employer


@action
def change_employer(employer: Employer, *, facts: dict[str, Any], note: str, by: User, at: datetime) -> Employer:
    """Correct what the book says about an employer; ``facts`` are fields of the organisation the school keeps.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the employer keeps its own record, or another employer has this register number.
    """
    employer = lock(employer)
    can_write_in_book.require(by, employer.school)
    try:
        with transaction.atomic():
            organisation = kept.change_kept_organisation(employer.organisation, facts=facts, by=by, at=at)
    except IntegrityError:
        raise Refused(_("Another employer in the book has this register number.")) from None
    employer.organisation = organisation
    change(employer, note=note.strip())
    employer.sort_key = sort_key_of(str(organisation))
    employer.save(update_fields=["sort_key"])
    _index(employer, at)
    tell_outside(employer.school, "employer.changed", employer, at=at)
    return employer


@action
def add_site(employer: Employer, *, site: dict[str, Any], by: User, at: datetime) -> Site:
    """Add a place where an employer works; ``site`` holds the fields of ``Site``."""
    can_write_in_book.require(by, employer.school)
    added = kept.add_kept_site(employer.organisation, site=site, by=by, at=at)
    _index(employer, at)
    tell_outside(employer.school, "employer.changed", employer, at=at)
    return added


@action
def change_site(employer: Employer, *, which: Site, site: dict[str, Any], by: User, at: datetime) -> Site:
    """Correct a place where an employer works; ``site`` holds the fields of ``Site``."""
    can_write_in_book.require(by, employer.school)
    changed = kept.change_kept_site(which, site=site, by=by, at=at)
    _index(employer, at)
    tell_outside(employer.school, "employer.changed", employer, at=at)
    return changed


@action
def close_site(employer: Employer, *, which: Site, closed_on: date, by: User, at: datetime) -> Site:
    """Note that an employer does not work at a place any more."""
    return change_site(employer, which=which, site={"closed_on": closed_on}, by=by, at=at)


@action
def hand_over_employer(employer: Employer, *, owner: User | None, by: User, at: datetime) -> Employer:
    """Put an employer, and its open next steps of the former owner, into a colleague's hands.

    Raises:
        NotAllowed: ``by`` neither looks after it nor coordinates.
        Refused: the new owner does not work for the school.
    """
    employer = lock(employer)
    can_hand_over.require(by, employer)
    if owner is not None and not can_work_for(owner, employer.school):
        raise Refused(_("%(person)s does not work for %(school)s.") % {"person": owner, "school": employer.school})
    former = employer.owner
    change(employer, owner=owner)
    if owner is not None and former is not None:
        give(NextStep.objects.open().filter(employer=employer, owner=former), owner)
    tell_outside(employer.school, "employer.changed", employer, at=at)
    if owner is not None and owner != by:
        tell(
            owner,
            kind="engagement.handed_over",
            sentence=gettext_noop("%(person)s handed %(employer)s over to you."),
            params={"person": str(by), "employer": str(employer)},
            url=employer.get_absolute_url(),
            by=by,
            at=at,
        )
    return employer


@action
def hand_over_work(
    school: Organisation, *, of: User, heir: User, letter: str = "", by: User | None, at: datetime
) -> Organisation:
    """Put all employers, open next steps and open steps of the plan of a colleague at a school into another one's hands.

    ``letter`` is the address of what the heir should read about them; with it they are told.

    Raises:
        NotAllowed: ``by`` is neither that colleague nor a coordinator.
        Refused: the heir does not work for the school.
    """
    if by is not None and by != of:
        can_coordinate.require(by, school)
    if not can_work_for(heir, school):
        raise Refused(_("%(person)s does not work for %(school)s.") % {"person": heir, "school": school})
    tell_outside(school, "employer.changed", give(Employer.objects.in_book_of(school).looked_after_by(of), heir), at=at)
    give(NextStep.objects.open().of(of).filter(employer__school=school), heir)
    give_plan_steps(school, of=of, heir=heir)
    if letter and heir != by:
        tell(
            heir,
            kind="engagement.work_handed_over",
            sentence=gettext_noop("The employers that %(person)s looked after are yours now. A letter says what is open."),
            params={"person": str(of)},
            url=letter,
            by=by,
            at=at,
        )
    return school


def _index(employer: Employer, at: datetime) -> None:
    search.index_many(employer_documents([employer]))
    look_again(employer, at=at)
