"""What a school and an employer can do together: the methodology's activities, and those a school added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from guildhall.engagement.models import Employer, Methodology, OwnActivity
from guildhall.engagement.models.activities import OWN
from guildhall.engagement.window import AREAS
from guildhall.people.models import Organisation

#: A kind's ``area`` and ``rung``, and the hours it takes, by its key.
Kinds = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class ActivityKind:
    """A kind of activity, in words of one language; hours are those one such activity typically takes of each side."""

    key: str
    name: str
    language: str
    area: str
    rung: int
    school_hours: float
    employer_hours: float
    #: Key and title of each paper that helps with it.
    tools: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All kinds a school knows, also those it can no longer choose; ``kinds`` is what calculations need of them."""

    kinds: Kinds
    by_key: Mapping[str, ActivityKind]
    retired: frozenset[str] = frozenset()

    def name(self, key: str) -> str:
        """What a kind is called; "" of plain contact and of what is not known any more."""
        return self.by_key[key].name if key in self.by_key else ""

    def offered(self, also: str = "") -> list[tuple[str, list[ActivityKind]]]:
        """The kinds one can choose, by the number of their area, the easiest first; ``also`` one that is chosen already."""
        kinds = [kind for kind in self.by_key.values() if kind.key not in self.retired or kind.key == also]
        kinds.sort(key=lambda kind: (kind.rung, kind.name.casefold()))
        return [(area, of_area) for area in AREAS if (of_area := [kind for kind in kinds if kind.area == area])]


def catalogue(languages: Iterable[str], *, methodology: Methodology | None, own: Iterable[OwnActivity] = ()) -> Catalogue:
    """Return the kinds of a version of the methodology, and a school's own ones."""
    kinds: dict[str, Mapping[str, Any]] = {}
    by_key: dict[str, ActivityKind] = {}
    if methodology is not None:
        kinds |= methodology.same()["activities"]
        by_key |= _kinds_in(methodology.digest, methodology.words_in(languages).language)
    retired = set()
    for one in own:
        kinds[one.key] = about_own(one)
        by_key[one.key] = ActivityKind(one.key, one.name, "", one.area, one.rung, one.school_hours, one.employer_hours)
        if one.retired_at is not None:
            retired.add(one.key)
    return Catalogue(kinds, by_key, frozenset(retired))


@lru_cache(maxsize=64)
def _kinds_in(digest: str, language: str) -> Mapping[str, ActivityKind]:
    """The kinds of a version of the methodology in one language, remembered as its content is. Not to be changed."""
    methodology = Methodology(digest=digest)
    words, kinds = methodology.words_in([language]), {}
    for key, about in methodology.same()["activities"].items():
        hours = about["school_hours"], about["employer_hours"]
        tools = tuple((tool, words["tools"][tool]["title"]) for tool in about["tools"])
        name = words["activities"][key]["name"]
        kinds[key] = ActivityKind(key, name, language, about["area"], about["rung"], *hours, tools)
    return kinds


def about_own(one: OwnActivity) -> dict[str, Any]:
    """What calculations need of a school's own kind."""
    return {"area": one.area, "rung": one.rung, "school_hours": one.school_hours, "employer_hours": one.employer_hours}


def catalogue_of(school: Organisation, languages: Iterable[str]) -> Catalogue:
    """Return what a school can choose from today."""
    return catalogue(languages, methodology=Methodology.objects.newest(), own=OwnActivity.objects.of_school(school))


def catalogue_for(employer: Employer, languages: Iterable[str]) -> Catalogue:
    """Return what the school of an employer can choose from, of an employer that was read ``for_page()``."""
    methodology = Methodology(digest=employer.methodology) if employer.methodology else None
    own = OwnActivity.objects.of_school(Organisation(pk=employer.school_id)) if employer.knows_own_activities else ()
    return catalogue(languages, methodology=methodology, own=own)


def kinds_of(school: Organisation) -> Kinds:
    """Return what calculations need of every kind a school may have written down."""
    methodology = Methodology.objects.newest()
    own = {one.key: about_own(one) for one in OwnActivity.objects.of_school(school)}
    return {**(methodology.same()["activities"] if methodology else {}), **own}


def kinds_among(keys: Iterable[str], school: int) -> Kinds:
    """Return what calculations need of these kinds; nothing is read that is not needed."""
    wanted = {key for key in keys if key}
    own = [int(number) for key in wanted if key.startswith(OWN) and (number := key.removeprefix(OWN)).isdecimal()]
    kinds: dict[str, Mapping[str, Any]] = {}
    if len(wanted) > len(own) and (methodology := Methodology.objects.newest()):
        kinds |= methodology.same()["activities"]
    if own:
        kinds |= {one.key: about_own(one) for one in OwnActivity.objects.filter(school=school, pk__in=own)}
    return kinds
