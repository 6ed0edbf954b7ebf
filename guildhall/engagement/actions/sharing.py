"""Telling the other members of a consortium that a school talks to an employer, and finding out who else does.

Off by default, for each employer. What the others see is in ``consortia.others``. They see it only of employers which they
share themselves, and whoever shares one is seen by them in turn: with the names of a whole town in its book, a school learns
nothing. Nor does it learn anything unseen by sharing what it does not talk to: it must have talked to an employer before it
shares it, and whoever looks after the others' entries is told at once which school joined in. Nothing is shown of which they were
not told (``CommonEmployer``), so giving an entry another name afterwards is no way around that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.actions import action, lock
from guildhall.core.errors import NotAllowed, Refused
from guildhall.engagement.actions.consortia import hold
from guildhall.engagement.consortia.others import TALKS_FOR, talked_since
from guildhall.engagement.likeness.across import Entry, entries, is_same
from guildhall.engagement.likeness.blocking import LARGEST
from guildhall.engagement.likeness.firms import keys_of
from guildhall.engagement.models import CommonEmployer, Consortium, Employer, LikenessKey, SharedEmployer
from guildhall.engagement.rules import can_share_employer
from guildhall.people.models import Organisation, User
from guildhall.people.notices import tell

#: More at once would keep everybody else in the consortium waiting.
MOST_AT_ONCE = 1000
#: Employers whose likeness keys are asked for at a time.
PORTION = 50
#: Names in a notice that tells of several.
NAMED = 3
#: An employer of ours and one of theirs, by their numbers.
Pair = tuple[int, int]


@action
def share_employer(employer: Employer, *, consortium: Consortium, by: User, at: datetime) -> SharedEmployer:
    """Tell the other members of a consortium that the school talks to an employer; again changes nothing.

    Raises:
        NotAllowed: ``by`` neither looks after it nor coordinates.
        Refused: nobody has talked to it lately, the school is no member, or the consortium has ended.
    """
    employer = lock(employer)
    can_share_employer.require(by, employer)
    if not talked_since(employer, at):
        raise Refused(_("Nobody at your school has talked to them in the last two years. Write the contact down first."))
    _share([employer], employer.school, consortium, by, at)
    return SharedEmployer.objects.get(consortium=consortium, employer=employer)


@action
def share_employers(
    school: Organisation, *, employers: QuerySet[Employer], consortium: Consortium, by: User, at: datetime
) -> list[Employer]:
    """Tell the other members of a consortium that the school talks to these; those nobody talked to lately are left out.

    Returns those that are shared now and were not before.

    Raises:
        NotAllowed: ``by`` neither looks after one of them nor coordinates.
        Refused: they are too many at once, the school is no member, or the consortium has ended.
    """
    chosen = [one for one in _locked(school, employers, by) if talked_since(one, at)]
    return _share(chosen, school, consortium, by, at)


@action
def unshare_employer(employer: Employer, *, consortium: Consortium, by: User, at: datetime) -> Employer:
    """Tell the other members of a consortium no longer that the school talks to an employer.

    Raises:
        NotAllowed: ``by`` neither looks after it nor coordinates.
        Refused: the consortium has ended.
    """
    employer = lock(employer)
    can_share_employer.require(by, employer)
    _unshare([employer.pk], hold(consortium))
    return employer


@action
def unshare_employers(
    school: Organisation, *, employers: QuerySet[Employer], consortium: Consortium, by: User, at: datetime
) -> Organisation:
    """Tell the other members of a consortium no longer that the school talks to these.

    Raises:
        NotAllowed: ``by`` neither looks after one of them nor coordinates.
        Refused: they are too many at once, or the consortium has ended.
    """
    chosen = _locked(school, employers, by)
    _unshare([employer.pk for employer in chosen], hold(consortium))
    return school


def find_common(employers: Collection[int], *, at: datetime) -> None:
    """Find out anew who shares the same as some employers of one book, and tell who looks after those. From inside an action.

    It is called when what is known of an employer has changed, or somebody talked to it again after a long time; for those that
    are not shared it costs one question.
    """
    shared = SharedEmployer.objects.filter(employer__in=employers).order_by("consortium", "employer")
    by_consortium: dict[int, list[int]] = defaultdict(list)
    for consortium, employer in shared.values_list("consortium", "employer"):
        by_consortium[consortium].append(employer)
    for consortium, numbers in by_consortium.items():
        _find_in(hold(Consortium(pk=consortium)), numbers, at)


def drop_second_shares(kept: Employer, gone: Employer) -> None:
    """Before two employers become one: what both share in one consortium is shared once. From inside an action.

    Should they become two again, the second is not shared: what somebody may have switched off in between stays off.
    """
    SharedEmployer.objects.filter(employer=gone, consortium__in=kept.shares.values("consortium")).delete()


def _share(employers: list[Employer], school: Organisation, consortium: Consortium, by: User, at: datetime) -> list[Employer]:
    consortium = hold(consortium)
    if not consortium.members.current().filter(school=school).exists():
        raise Refused(_("%(school)s is not a member of %(consortium)s.") % {"school": school, "consortium": consortium})
    known = set(consortium.shared.filter(employer__in=employers).values_list("employer", flat=True))
    new = [employer for employer in employers if employer.pk not in known]
    SharedEmployer.objects.bulk_create(
        (SharedEmployer(consortium=consortium, employer=one, shared_at=at, shared_by=by) for one in new), batch_size=500
    )
    _find_in(consortium, [employer.pk for employer in new], at)
    _tell_owners(new, consortium, by, at)
    return new


def _unshare(employers: Collection[int], consortium: Consortium) -> None:
    SharedEmployer.objects.filter(consortium=consortium, employer__in=employers).delete()
    CommonEmployer.objects.filter(consortium=consortium).of(*employers).delete()


def _locked(school: Organisation, employers: QuerySet[Employer], by: User) -> list[Employer]:
    numbers = employers.filter(school=school).select_for_update(of=("self",)).select_related("organisation").order_by("pk")
    chosen = list(numbers[: MOST_AT_ONCE + 1])
    if len(chosen) > MOST_AT_ONCE:
        raise Refused(_("This is too much at once: choose at most %(count)d.") % {"count": MOST_AT_ONCE})
    for employer in chosen:
        employer.school = school
        if not can_share_employer(by, employer):
            sentence = _(
                "Colleagues look after some of these, %(employer)s among them. They, a manager or a coordinator can say whether "
                "other schools are told."
            )
            raise NotAllowed(sentence % {"employer": employer})
    return chosen


# --- Who else shares the same --------------------------------------------------------------------------------------


def _find_in(consortium: Consortium, numbers: Collection[int], at: datetime) -> None:
    """Bring up to date which employers of others are the same as these, which are shared in a consortium that is held."""
    if not numbers:
        return
    found = set(_same(consortium, numbers, at))
    both_ways = found | {(theirs, ours) for ours, theirs in found}
    pairs = CommonEmployer.objects.filter(consortium=consortium)
    known = {(ours, theirs): pk for pk, ours, theirs in pairs.of(*numbers).values_list("pk", "ours", "theirs")}
    pairs.filter(pk__in=[pk for pair, pk in known.items() if pair not in both_ways]).delete()
    new = sorted(both_ways - known.keys())
    CommonEmployer.objects.bulk_create(
        (CommonEmployer(consortium=consortium, ours_id=ours, theirs_id=theirs, found_at=at) for ours, theirs in new),
        batch_size=500,
    )
    _tell_others([pair for pair in new if pair in found], at)


def _same(consortium: Consortium, numbers: Collection[int], at: datetime) -> Iterator[Pair]:
    """Yield each employer of ours with each of others that is surely the same, where both schools talk to it."""
    talked = Employer.objects.filter(last_contact_at__gte=at - TALKS_FOR)
    ours = entries(talked.filter(pk__in=numbers).values_list("pk", flat=True))
    schools = Employer.objects.filter(pk__in=numbers).values("school")
    theirs = consortium.shared.filter(employer__in=talked.values("pk")).exclude(employer__school__in=schools)
    near = _near(ours, theirs)
    others = entries({number for group in near.values() for number in group})
    for number, group in near.items():
        yield from ((number, other) for other in sorted(group) if is_same(ours[number], others[other]))


def _near(ours: dict[int, Entry], theirs: QuerySet[SharedEmployer]) -> dict[int, set[int]]:
    """For each of our employers those of others that are worth comparing: of one record, or with something in common."""
    near: dict[int, set[int]] = defaultdict(set)
    by_record: dict[int, list[int]] = defaultdict(list)
    for number, entry in ours.items():
        by_record[entry.organisation].append(number)
    same_record = theirs.filter(employer__organisation__in=by_record).values_list("employer", "employer__organisation")
    for other, organisation in same_record:
        for number in by_record[organisation]:
            near[number].add(other)
    those = LikenessKey.objects.filter(employer__in=theirs.values("employer"))
    left = list(ours)
    for start in range(0, len(left), PORTION):
        by_key: dict[int, set[int]] = defaultdict(set)
        of_each = {number: keys_of(ours[number].firm) for number in left[start : start + PORTION]}
        all_keys = {key for keys in of_each.values() for key in keys}
        for key, other in those.filter(key__in=all_keys).values_list("key", "employer"):
            by_key[key].add(other)
        for number, keys in of_each.items():
            # What so many have in common says nothing of any of them.
            near[number].update(other for key in keys if len(by_key[key]) <= LARGEST for other in by_key[key])
    return near


# --- Telling those whom it concerns --------------------------------------------------------------------------------


def _tell_others(pairs: Iterable[Pair], at: datetime) -> None:
    """Tell those who look after the others' entries that a further school shares the same."""
    pairs = list(pairs)
    numbers = {number for pair in pairs for number in pair}
    named = Employer.objects.select_related("organisation", "owner", "school").in_bulk(numbers)
    news: dict[tuple[User, Organisation], list[Pair]] = defaultdict(list)
    for ours, theirs in pairs:
        if owner := named[theirs].owner:
            news[owner, named[ours].school].append((ours, theirs))
    for (owner, school), of_them in news.items():
        if len(of_them) == 1:
            theirs_too = named[of_them[0][1]]
            sentence = gettext_noop("%(school)s talks to %(employer)s, too. You see on its page whom to ask.")
            words = {"school": str(school), "employer": str(theirs_too)}
            url = f"{theirs_too.get_absolute_url()}#others"
        else:
            sentence = gettext_noop("%(school)s talks to employers that you look after, too: %(employers)s.")
            words, url = {"school": str(school), "employers": _names(named[number] for _ours, number in of_them)}, ""
        tell(owner, kind="engagement.shared_too", sentence=sentence, params=words, url=url, at=at)


def _tell_owners(employers: Iterable[Employer], consortium: Consortium, by: User, at: datetime) -> None:
    """Tell colleagues that other schools see their name now, where it was not they who decided so."""
    of_each: dict[User, list[Employer]] = defaultdict(list)
    for employer in employers:
        if employer.owner is not None and employer.owner_id != by.pk:
            of_each[employer.owner].append(employer)
    for owner, theirs in of_each.items():
        sentence = gettext_noop(
            "%(person)s tells the schools of %(consortium)s that you talk to %(employers)s. "
            "Those that talk to the same employer see your name as the one to ask."
        )
        words = {"person": str(by), "consortium": str(consortium), "employers": _names(theirs)}
        url = theirs[0].get_absolute_url() if len(theirs) == 1 else ""
        tell(owner, kind="engagement.shared_for_you", sentence=sentence, params=words, url=url, by=by, at=at)


def _names(employers: Iterable[Employer]) -> str:
    names = [str(employer) for employer in employers]
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
