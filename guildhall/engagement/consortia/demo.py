"""What the demo shares: a consortium of its schools, hosted by the association, and one employer that both talk to."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from guildhall.engagement import actions
from guildhall.engagement.demo import day_of
from guildhall.engagement.models import Employer
from guildhall.people.hooks import DemoStage
from guildhall.people.models import Organisation, User

PLAN = Path(__file__).parent.parent / "data" / "demo_consortium.yaml"
_MOMENT = re.compile(r"(.+) (\d\d:\d\d)")


def stage() -> DemoStage:
    return DemoStage(position=25, sentence=_("A consortium in which schools see who else talks to an employer"), load=load)


def load(today: date) -> None:
    """Let the association invite both schools, these join, and share some of their employers, by the actions people use."""
    plan = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    head = _user(plan["by"])
    host, begun = Organisation.objects.get(name=plan["host"]), moment_of(plan["begun"], head, today)
    consortium = actions.begin_consortium(host, name=plan["name"], by=head, at=begun)
    for line in plan["members"]:
        school, manager = Organisation.objects.get(name=line["school"]), _user(line["by"])
        member = actions.invite_school(consortium, school=school, by=head, at=begun + timedelta(minutes=20))
        actions.accept_invitation(member, by=manager, at=moment_of(line["accepted"], manager, today))
    _write_down(plan["common"], today)
    for line in plan["shared"]:
        by = _user(line["by"])
        employer = _employer(line["employer"], Organisation.objects.run_by(by).get(kind=Organisation.Kind.SCHOOL))
        actions.share_employer(employer, consortium=consortium, by=by, at=moment_of(line["at"], by, today))


def _write_down(common: dict[str, Any], today: date) -> None:
    """Write an employer of one school into the book of another, which has its own story with it."""
    known = _employer(common["name"], Organisation.objects.get(name=common["first"])).organisation
    place = known.sites.earliest("pk")
    by, school = _user(common["owner"]), Organisation.objects.get(name=common["school"])
    contacts = [(next(iter(line)), line) for line in common["contacts"]]
    added_at = moment_of(contacts[0][1][contacts[0][0]], by, today) - timedelta(minutes=30)
    employer = actions.add_employer(
        school,
        name=known.name,
        country=known.country,
        nace=known.nace,
        size_band=known.size_band,
        site={name: getattr(place, name) for name in ("street", "postal_code", "town", "latitude", "longitude")},
        note=common["note"],
        owner=by,
        by=by,
        at=added_at,
    )
    title = common["person"].pop("title")
    position = {"title": title, "decides": True, "trains": True}
    held = actions.add_person(employer, person=common["person"], position=position, by=by, at=added_at)
    for kind, line in contacts:
        at = moment_of(line[kind], by, today)
        written_down_at = at + timedelta(minutes=15)
        actions.record_contact(
            employer, kind=kind, held_at=at, said=line["said"], people=[held.person], by=by, at=written_down_at
        )


def moment_of(words: str, user: User, today: date) -> datetime:
    """Return the moment meant by "-30w tue 11:00", on somebody's clock.

    Raises:
        ValueError: it is written otherwise.
    """
    said = _MOMENT.fullmatch(words)
    if said is None:
        raise ValueError(f"Not a moment: {words!r}")
    return datetime.combine(day_of(said[1], today), time.fromisoformat(said[2]), user.zone)


def _user(address: str) -> User:
    return User.objects.get(email=address)


def _employer(name: str, school: Organisation) -> Employer:
    return Employer.objects.select_related("organisation", "school").get(school=school, organisation__name=name)
