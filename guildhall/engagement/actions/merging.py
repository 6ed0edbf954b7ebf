"""Two entries of the book become one, and two again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.undoing import Deeds
from guildhall.engagement.actions.alike import look_again
from guildhall.engagement.actions.sharing import drop_second_shares
from guildhall.engagement.actions.standing import settle_contacts
from guildhall.engagement.likeness.book import people_of
from guildhall.engagement.likeness.people import Human
from guildhall.engagement.likeness.sites import same_sites
from guildhall.engagement.models import (
    AlikeEmployers,
    AlikePair,
    AlikePeople,
    Contact,
    Employer,
    LikenessKey,
    Merge,
    Person,
    Position,
    sort_key_of,
)
from guildhall.engagement.rules import can_merge
from guildhall.engagement.search import EMPLOYER, contact_documents, employer_documents
from guildhall.engagement.telling import tell_outside
from guildhall.people.actions import fold_consents, fold_kept_organisation, repeat_refusals
from guildhall.people.models import Organisation, User

_DOES = ("decides", "signs", "trains", "handles_personnel")


@action
def merge_employers(
    pair: AlikeEmployers, *, facts: dict[str, Any], note: str, owner: User | None, by: User, at: datetime
) -> Merge:
    """Make two employers of a book one: the one that was there first stays, all that belongs to the other one moves to it.

    Sites at the same address become one, and so do people of the same name with the same mail address or telephone. Who asked
    not to be written to is not written to. Of two rests the longer one holds.

    Args:
        facts: what is said of both from now on: fields of ``Organisation``.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: somebody said that they are two, or one keeps its own record.
    """
    pair = _open_pair(pair, by)
    kept, gone = lock(pair.first), lock(pair.second)
    deeds = Deeds()
    together = _fold_people_at(kept, gone, deeds, by, at)
    _retire_pairs(AlikeEmployers, kept.pk, gone.pk, deeds)
    LikenessKey.objects.filter(employer=gone).delete()
    drop_second_shares(kept, gone)
    _fold_positions_at(kept, gone, deeds)
    contacts = list(gone.contacts.values_list("pk", flat=True))
    deeds.lead_elsewhere(gone, kept)
    deeds.remove(gone)
    sites = same_sites(kept.organisation.sites.order_by("pk"), gone.organisation.sites.order_by("pk"))
    kept.organisation = fold_kept_organisation(
        kept.organisation, gone=gone.organisation, facts=facts, same_sites=sites, deeds=deeds, by=by, at=at
    )
    rests = max((kept, gone), key=lambda one: one.resting_until or date.min)
    deeds.change(
        kept,
        note=note.strip(),
        owner=owner,
        resting_until=rests.resting_until,
        resting_why=rests.resting_why,
        added_at=min(kept.added_at, gone.added_at),
    )
    merge = Merge.objects.create(
        school=pair.school,
        employer=kept,
        gone_number=gone.pk,
        gone_name=str(gone.organisation),
        deeds={"kept": kept.pk, "done": deeds.kept, "people": together},
        made_at=at,
        made_by=by,
    )
    merge.people.set([stays for stays, _goes in together])
    search.remove(EMPLOYER, gone.pk)
    _settle([kept], contacts, at)
    _tell_of(merge, at)
    return merge


@action
def merge_people(pair: AlikePeople, *, person: dict[str, Any], by: User, at: datetime) -> Merge:
    """Make two people of a book one: positions, contacts and all that belongs to the second moves to the first.

    Args:
        person: what is said of both from now on: fields of ``Person``.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: somebody said that they are two.
    """
    pair = _open_pair(pair, by)
    kept, gone = lock(pair.first), lock(pair.second)
    deeds = Deeds()
    _fold_person(kept, gone, person, deeds, by, at)
    merge = Merge.objects.create(
        school=pair.school,
        person=kept,
        gone_number=gone.pk,
        gone_name=gone.name,
        deeds={"kept": kept.pk, "done": deeds.kept, "people": [[kept.pk, gone.pk]]},
        made_at=at,
        made_by=by,
    )
    _settle(Employer.objects.filter(positions__person=kept).distinct(), [], at)
    _tell_of(merge, at)
    return merge


@action
def undo_merge(merge: Merge, *, by: User, at: datetime) -> Merge:
    """Make two again of what became one, each as it was; what came since stays where it is.

    Who asked not to be written to since then is not written to as either.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: it was undone already, lies too far back, or something was changed since that it would overwrite.
    """
    merge = lock(merge)
    can_merge.require(by, merge.school)
    if merge.undone_at is not None:
        raise Refused(_("This was undone already."))
    if merge.deeds is None:
        raise Refused(_("It is no longer known how to undo this: what is needed for it is kept for a while only."))
    if merge.deeds["kept"] != (merge.employer_id or merge.person_id):
        words = {"kept": merge.employer or merge.person}
        raise Refused(_("What this was merged with is by now merged with %(kept)s. Undo that first.") % words)
    together = merge.deeds["people"]
    repeat_refusals(Person, {comes_back: [stays] for stays, comes_back in together}, since=merge.made_at)
    Deeds(merge.deeds["done"]).take_back()
    for stays, comes_back in together:
        asked_since = Person.objects.filter(pk=stays, asked_not_to_be_written_at__gt=merge.made_at).first()
        if asked_since is not None:
            again = Person.objects.filter(pk=comes_back, asked_not_to_be_written_at__isnull=True)
            again.update(asked_not_to_be_written_at=asked_since.asked_not_to_be_written_at)
    merge.undone_at, merge.undone_by, merge.deeds = at, by, None
    merge.save(update_fields=["undone_at", "undone_by", "deeds"])
    if merge.employer_id:
        both = [merge.employer_id, merge.gone_number]
        _settle(Employer.objects.filter(pk__in=both), Contact.objects.filter(employer__in=both).values_list("pk", flat=True), at)
    else:
        _settle(Employer.objects.filter(positions__person__in=[merge.person_id, merge.gone_number]).distinct(), [], at)
    _tell_of(merge, at)
    return merge


@action
def forget_merges(*, before: datetime, by: User | None) -> int:
    """Delete what was known about those that became one with somebody before a moment; returns of how many merges.

    They cannot be undone any more. Their old addresses still lead to the one that is kept.
    """
    return _forget(Merge.objects.made_before(before))


def forget_merges_of(people: Any) -> None:
    """Delete what merges hold about people who must be forgotten. From inside an action."""
    _forget(Merge.objects.about_people(people))


def keep_wishes(people: Iterable[Person]) -> None:
    """Let those just saved have said no to whatever somebody of their address said no to before. From inside an action.

    Whoever is written down a second time, by hand or by an import, has asked not to be written to all the same.
    """
    by_address: dict[str, list[Person]] = {}
    for one in people:
        if one.email:
            by_address.setdefault(one.email.lower(), []).append(one)
    schools = {one.school_id for those in by_address.values() for one in those}
    said_no = Person.objects.filter(school__in=schools).who_said_no().annotate(address=Lower("email"))
    from_whom: dict[int, list[int]] = {}
    for other, address, asked_at in said_no.filter(address__in=by_address).values_list(
        "pk", "address", "asked_not_to_be_written_at"
    ):
        for somebody in by_address[address]:
            from_whom.setdefault(somebody.pk, []).append(other)
            if asked_at and somebody.asked_not_to_be_written_at is None:
                somebody.asked_not_to_be_written_at = asked_at
                somebody.save(update_fields=["asked_not_to_be_written_at"])
    if from_whom:
        repeat_refusals(Person, from_whom)


def _tell_of(merge: Merge, at: datetime) -> None:
    """Tell other programs of both: the one that is kept, and the one that went or came back."""
    if merge.employer_id:
        tell_outside(merge.school, "employer.merged", [Employer(pk=merge.employer_id), Employer(pk=merge.gone_number)], at=at)
    else:
        tell_outside(merge.school, "person.merged", [Person(pk=merge.person_id), Person(pk=merge.gone_number)], at=at)


def _forget(merges: Any) -> int:
    numbers = list(merges.values_list("pk", flat=True))
    Merge.objects.filter(pk__in=numbers, person__isnull=False).update(gone_name="")
    return Merge.objects.filter(pk__in=numbers).update(deeds=None)


def _open_pair(pair: Any, by: User) -> Any:
    pair = lock(pair)
    can_merge.require(by, pair.school)
    # One at a time for each school, as an import does: it knows employers by their numbers for as long as it runs.
    Organisation.objects.select_for_update(no_key=True).get(pk=pair.school_id)
    if pair.state != AlikePair.State.OPEN:
        raise Refused(_("Somebody has said that these are two different ones. Take that back first."))
    return pair


def _fold_people_at(kept: Employer, gone: Employer, deeds: Deeds, by: User, at: datetime) -> list[list[int]]:
    """Make one of people who are surely the same: name and mail address or telephone. Returns the pairs of numbers."""
    here, there = (
        {one.pk: one for one in people_of(kept.school, list(each.positions.values_list("person", flat=True)))}
        for each in (kept, gone)
    )
    together = []
    for number, one in there.items():
        if number in here:
            continue
        same = next((pk for pk, other in here.items() if _is_surely(one, other)), None)
        if same is not None:
            stays, goes = lock(Person(pk=same)), lock(Person(pk=number))
            filled = {name: getattr(stays, name) or getattr(goes, name) for name in ("email", "phone", "language")}
            _fold_person(stays, goes, filled, deeds, by, at)
            together.append([stays.pk, goes.pk])
            del here[same]  # once is enough
    return together


def _is_surely(one: Human, other: Human) -> bool:
    return one.words == other.words and (one.mail == other.mail != "" or one.phone == other.phone != "")


def _fold_person(kept: Person, gone: Person, values: dict[str, Any], deeds: Deeds, by: User, at: datetime) -> None:
    _retire_pairs(AlikePeople, kept.pk, gone.pk, deeds)
    here = {held.employer_id: held for held in kept.positions.filter(until__isnull=True)}
    for held in gone.positions.filter(until__isnull=True, employer__in=here):
        _fold_position(here[held.employer_id], held, deeds)
    fold_consents(kept, gone=gone, deeds=deeds, by=by, at=at)
    deeds.lead_elsewhere(gone, kept)
    deeds.remove(gone)
    asked = [one.asked_not_to_be_written_at for one in (kept, gone) if one.asked_not_to_be_written_at]
    deeds.change(kept, **values, **_returns(kept, gone, values), asked_not_to_be_written_at=min(asked, default=None))


def _returns(kept: Person, gone: Person, values: dict[str, Any]) -> dict[str, Any]:
    """What is known of letters that came back from the address that both have from now on."""
    address = values.get("email", kept.email).lower()
    known = next((one for one in (kept, gone) if address and one.bounced_address == address), kept)
    return {"bounced_address": known.bounced_address, "bounced_at": known.bounced_at}


def _fold_positions_at(kept: Employer, gone: Employer, deeds: Deeds) -> None:
    """Make one of what a person does at both employers today."""
    here = {held.person_id: held for held in kept.positions.filter(until__isnull=True)}
    for held in gone.positions.filter(until__isnull=True, person__in=here):
        _fold_position(here[held.person_id], held, deeds)


def _fold_position(stays: Position, goes: Position, deeds: Deeds) -> None:
    deeds.lead_elsewhere(goes, stays)
    deeds.remove(goes)
    begun = [held.since for held in (stays, goes) if held.since]
    does = {name: getattr(stays, name) or getattr(goes, name) for name in _DOES}
    site = stays.site_id or goes.site_id
    deeds.change(stays, title=stays.title or goes.title, site_id=site, since=min(begun, default=None), **does)


def _retire_pairs(model: Any, kept: int, gone: int, deeds: Deeds) -> None:
    """Take the pairs of the one that goes away; whom it is not, the one that stays is not either."""
    for pair in model.objects.of(gone):
        other = pair.second_id if pair.first_id == gone else pair.first_id
        deeds.remove(pair)
        if other == kept or pair.state == AlikePair.State.OPEN:
            continue
        first, second = sorted((kept, other))
        known = model.objects.filter(first=first, second=second).first()
        if known is not None and known.state != AlikePair.State.OPEN:
            continue
        if known is not None:
            deeds.remove(known)
        told = {name: getattr(pair, name) for name in ("school_id", "score", "reasons", "state", "found_at", "decided_at")}
        deeds.add(model(first_id=first, second_id=second, decided_by_id=pair.decided_by_id, **told))


def _settle(employers: Iterable[Employer], contacts: Iterable[int], at: datetime) -> None:
    """Bring up to date what is kept beside employers, after their things have moved."""
    employers = list(Employer.objects.filter(pk__in=[one.pk for one in employers]).select_related("organisation", "school"))
    for employer in employers:
        employer.sort_key = sort_key_of(str(employer.organisation))
        employer.save(update_fields=["sort_key"])
        settle_contacts(employer, at=at)
        look_again(employer, at=at)
    search.index_many(employer_documents(employers))
    moved = Contact.objects.filter(pk__in=list(contacts)).select_related("employer__organisation", "by")
    search.index_many(contact_documents(moved))
