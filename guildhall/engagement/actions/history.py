from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import as_kept, change, value_of
from guildhall.core.models import Change
from guildhall.engagement.actions.standing import settle_contacts
from guildhall.engagement.history import PUT_BACK, model_of
from guildhall.engagement.models import Contact, Employer, NextStep, Person, Position, sort_key_of
from guildhall.engagement.rules import can_change_contact, can_hand_over, can_write_in_book
from guildhall.engagement.search import contact_documents, employer_documents
from guildhall.engagement.telling import tell_outside
from guildhall.people.actions import kept
from guildhall.people.models import Organisation, Site, User


@action
def put_back(employer: Employer, *, which: Change, by: User, at: datetime) -> Employer:
    """Give a field about an employer the value it had before a change.

    Raises:
        NotAllowed: ``by`` does not work for the school, or may not change this.
        Refused: it reads otherwise by now, the value does not fit any more, or this cannot be put back.
    """
    can_write_in_book.require(by, employer.school)
    model = model_of(which)
    thing: Any = model._default_manager.filter(pk=which.thing_id).first()
    if thing is None or which.field not in PUT_BACK.get(model, set()):
        raise Refused(_("This cannot be put back."))
    thing = lock(thing)
    if as_kept(thing, which.field) != which.after:
        raise Refused(_("Somebody changed this again in the meantime. Look at the newest line."))
    if which.field == "owner" and isinstance(thing, Employer):
        can_hand_over.require(by, thing)
    if isinstance(thing, Contact):
        can_change_contact.require(by, thing)
    field: Any = model._meta.get_field(which.field)
    try:
        with transaction.atomic():
            _write(thing, field.attname, value_of(model, which.field, which.before), by=by, at=at)
    except IntegrityError:
        raise Refused(_("What it was before does not fit any more: something else has taken its place.")) from None
    employer = Employer.objects.select_related("organisation", "school").get(pk=employer.pk)
    employer.sort_key = sort_key_of(str(employer.organisation))
    employer.save(update_fields=["sort_key"])
    search.index_many([*employer_documents([employer]), *(contact_documents([thing]) if isinstance(thing, Contact) else [])])
    _tell_of(employer, thing, at)
    return employer


def _tell_of(employer: Employer, thing: Any, at: datetime) -> None:
    match thing:
        case Contact():
            tell_outside(employer.school, "contact.changed", thing, at=at)
        case NextStep():
            tell_outside(employer.school, "step.changed", thing, at=at)
        case Person() | Position():
            tell_outside(employer.school, "person.changed", thing.person if isinstance(thing, Position) else thing, at=at)
        case _:
            tell_outside(employer.school, "employer.changed", employer, at=at)


def _write(thing: Any, name: str, value: Any, *, by: User, at: datetime) -> None:
    match thing:
        case Organisation():
            kept.change_kept_organisation(thing, facts={name: value}, by=by, at=at)
        case Site():
            kept.change_kept_site(thing, site={name: value}, by=by, at=at)
        case _:
            change(thing, **{name: value})
            if name in ("held_at", "activity"):
                settle_contacts(thing.employer, at=at)
