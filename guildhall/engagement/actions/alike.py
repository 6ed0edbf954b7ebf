"""Finding out who may be in the book twice, and saying that two are two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.progress import start_progress
from guildhall.engagement.actions.sharing import find_common
from guildhall.engagement.likeness import firms, people
from guildhall.engagement.likeness.blocking import LARGEST
from guildhall.engagement.likeness.book import firms_of, people_of
from guildhall.engagement.likeness.reasons import Likeness
from guildhall.engagement.models import (
    AlikeEmployers,
    AlikePair,
    AlikePeople,
    DuplicateSearch,
    Employer,
    LikenessKey,
    Person,
    Position,
    SharedEmployer,
)
from guildhall.engagement.rules import can_write_in_book
from guildhall.people.models import Organisation, User
from guildhall.people.notices import tell

T = TypeVar("T")
#: Two numbers, the smaller first, and how likely they are one.
Found = dict[tuple[int, int], Likeness]
#: Two numbers, and how likely they are one; None for not likely enough.
Compared = tuple[int, int, Likeness | None]

#: Nobody wants to look at more than so many pairs of one employer: they share a name that says nothing.
MOST_OF_ONE = 10
#: So many are looked at when one employer was changed; the search of the whole book looks at all.
MOST_AT_ONCE = 200


@action
def search_duplicates(school: Organisation, *, by: User, at: datetime) -> DuplicateSearch:
    """Search a school's whole book for who may be in it twice. A task does it.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: a search is under way.
    """
    can_write_in_book.require(by, school)
    search = _locked_search(school)
    if search.is_under_way:
        raise Refused(_("The book is being searched already."))
    return _begin(search, by=by)


def search_after_import(school: Organisation, *, by: User, at: datetime) -> None:
    """Search the book for whom an import may have brought a second time. From inside an action."""
    if not can_write_in_book(by, school):
        return
    search = _locked_search(school)  # before it is asked: two imports may end at the same moment
    if not search.is_under_way:
        _begin(search, by=by)


def _locked_search(school: Organisation) -> DuplicateSearch:
    return lock(DuplicateSearch.objects.get_or_create(school=school)[0])


def _begin(search: DuplicateSearch, *, by: User) -> DuplicateSearch:
    search.progress = start_progress(
        "engagement.search_duplicates",
        by=by,
        doing=gettext_noop("Reading the book"),
        then="/engagement/duplicates/",
        school_id=search.school_id,
    )
    search.save(update_fields=["progress"])
    return search


@action
def keep_search(
    school: Organisation,
    *,
    employers: Found,
    people: Found,
    keys: Mapping[int, Collection[int]],
    by: User | None,
    at: datetime,
) -> Organisation:
    """Keep what a search of a school's whole book has found: new pairs, and no longer those that are not alike any more.

    Args:
        employers: the pairs of employers.
        people: the pairs of people.
        keys: of each employer, by which it is found again when another one comes.
    """
    search = _locked_search(school)
    there = set(Employer.objects.in_book_of(school).values_list("pk", flat=True))  # some may have gone during the search
    LikenessKey.objects.filter(school=school).delete()
    _write_keys(school, {employer: of_one for employer, of_one in keys.items() if employer in there})
    new = _keep(AlikeEmployers, school, employers, there, AlikeEmployers.objects.in_book_of(school), at)
    known = set(Person.objects.filter(school=school).values_list("pk", flat=True))
    new += _keep(AlikePeople, school, people, known, AlikePeople.objects.in_book_of(school), at)
    find_common(list(SharedEmployer.objects.by_school(school).values_list("employer", flat=True)), at=at)
    search.finished_at = at
    search.save(update_fields=["finished_at"])
    if new and by is not None:
        tell(
            by,
            kind="engagement.duplicates_found",
            sentence=gettext_noop("Pairs that look as if they were in the book twice: %(count)s."),
            params={"count": str(new)},
            url="/engagement/duplicates/",
            at=at,
        )
    return school


def look_again(employer: Employer, *, at: datetime) -> None:
    """Find out to whom one employer and its people are alike, after it was written down or changed. From inside an action."""
    school = employer.school
    for one in firms_of(school, [employer.pk]):
        keys = firms.keys_of(one)
        LikenessKey.objects.filter(employer=employer).delete()
        _write_keys(school, {employer.pk: keys})
        others = LikenessKey.objects.filter(school=school, key__in=keys).exclude(employer=employer)
        small = others.values("key").annotate(count=Count("pk")).filter(count__lt=LARGEST).values("key")
        near = others.filter(key__in=small).values_list("employer", flat=True).distinct()[:MOST_AT_ONCE]
        before = list(AlikeEmployers.objects.of(employer.pk))
        among = {employer.pk, *near, *_numbers(before)}
        found = likest((one.pk, other.pk, firms.likeness(one, other)) for other in firms_of(school, among - {employer.pk}))
        _keep(AlikeEmployers, school, found, among, before, at)
    for somebody in people_of(school, list(employer.positions.values_list("person", flat=True))):
        look_again_at(somebody, school, at)
    find_common([employer.pk], at=at)


def look_again_at(somebody: people.Human, school: Organisation, at: datetime) -> None:
    """Find out to whom somebody is alike among those at the same employers or with the same mail address."""
    same = Q(pk__in=Position.objects.filter(employer__in=somebody.employers).values("person"))
    if somebody.mail:
        same |= Q(email__in=[somebody.mail, somebody.mail.capitalize()])
    near = Person.objects.filter(same, school=school).exclude(pk=somebody.pk)
    before = list(AlikePeople.objects.of(somebody.pk))
    among = {somebody.pk, *near.values_list("pk", flat=True)[:MOST_AT_ONCE], *_numbers(before)}
    found = likest(
        (somebody.pk, other.pk, people.likeness(somebody, other)) for other in people_of(school, among - {somebody.pk})
    )
    _keep(AlikePeople, school, found, among, before, at)


def _numbers(pairs: Iterable[Any]) -> set[int]:
    """The numbers of all in these pairs."""
    return {number for pair in pairs for number in (pair.first_id, pair.second_id)}


def likest(compared: Iterable[Compared]) -> Found:
    """Return the pairs that are likely enough, of each entry the likeliest ones."""
    found = sorted(
        ((alike.score, min(one, other), max(one, other), alike) for one, other, alike in compared if alike),
        key=lambda each: (-each[0], each[1:3]),
    )
    seen: dict[int, int] = defaultdict(int)
    kept: Found = {}
    for _score, first, second, alike in found:
        if seen[first] < MOST_OF_ONE and seen[second] < MOST_OF_ONE:
            seen[first] += 1
            seen[second] += 1
            kept[first, second] = alike
    return kept


@action
def tell_apart(pair: AlikePair, *, by: User, at: datetime) -> AlikePair:
    """Say that two who look alike are two. Nobody is asked about them again.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    pair = lock(pair)
    can_write_in_book.require(by, pair.school)
    if pair.state == AlikePair.State.OPEN:
        pair.state, pair.decided_at, pair.decided_by = AlikePair.State.DIFFERENT, at, by
        pair.save(update_fields=["state", "decided_at", "decided_by"])
    return pair


@action
def doubt_again(pair: AlikePair, *, by: User, at: datetime) -> AlikePair:
    """Take back that two are two.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    pair = lock(pair)
    can_write_in_book.require(by, pair.school)
    pair.state, pair.decided_at, pair.decided_by = AlikePair.State.OPEN, None, None
    pair.save(update_fields=["state", "decided_at", "decided_by"])
    return pair


def _write_keys(school: Organisation, keys: Mapping[int, Collection[int]]) -> None:
    # By hand: there are a dozen for each employer, and making a model of each takes longer than the whole comparison.
    table = connection.ops.quote_name(LikenessKey._meta.db_table)
    rows = ((school.pk, employer, key) for employer, of_one in keys.items() for key in of_one)
    with connection.cursor() as cursor:
        for portion in _portions(rows, 5000):
            cursor.executemany(f"INSERT INTO {table} (school_id, employer_id, key) VALUES (%s, %s, %s)", portion)  # noqa: S608


def _keep(model: Any, school: Organisation, found: Found, there: set[int], before: Any, at: datetime) -> int:
    """Make the open pairs those that were found, and return how many are new; what somebody has decided stays as it is."""
    known: dict[tuple[int, int], Any] = {(pair.first_id, pair.second_id): pair for pair in before}
    gone = [pair.pk for numbers, pair in known.items() if pair.state == AlikePair.State.OPEN and numbers not in found]
    for portion in _portions(gone, 500):
        model.objects.filter(pk__in=portion).delete()
    new, changed = [], []
    for numbers, alike in found.items():
        if not there.issuperset(numbers):
            continue
        reasons = [list(reason) for reason in alike.reasons]
        if numbers not in known:
            first, second = numbers
            new.append(model(school=school, first_id=first, second_id=second, score=alike.score, reasons=reasons, found_at=at))
        elif (known[numbers].score, known[numbers].reasons) != (alike.score, reasons):
            known[numbers].score, known[numbers].reasons = alike.score, reasons
            changed.append(known[numbers])
    model.objects.bulk_create(new, batch_size=500)
    model.objects.bulk_update(changed, ["score", "reasons"], batch_size=200)
    return len(new)


def _portions(things: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    portion: list[T] = []
    for thing in things:
        portion.append(thing)
        if len(portion) == size:
            yield portion
            portion = []
    if portion:
        yield portion
