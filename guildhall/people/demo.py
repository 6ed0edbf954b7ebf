"""The demo's organisations and the people with an account there, loaded through the actions people use."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from django.utils.translation import gettext as _

from guildhall.people import actions
from guildhall.people.actions.members import begin_membership
from guildhall.people.hooks import DemoStage
from guildhall.people.models import User

ORGANISATIONS = Path(__file__).parent / "data" / "demo" / "organisations.yaml"
#: Long enough that everything that is told of the last year was done by somebody who was there.
BEGAN_WEEKS_AGO = 104


def stage() -> DemoStage:
    return DemoStage(position=10, sentence=_("Two schools, an association, and who works there"), load=load)


def load(today: date) -> None:
    """Found the organisations two years before ``today``, each by its first person, and let the others join them."""
    for founded in yaml.safe_load(ORGANISATIONS.read_text(encoding="utf-8")):
        _found(founded, today - timedelta(days=today.weekday(), weeks=BEGAN_WEEKS_AGO))


def _found(founded: dict[str, Any], monday: date) -> None:
    people, sites = founded.pop("people"), founded.pop("sites")
    at = datetime.combine(monday, time(9), ZoneInfo(founded["time_zone"]))
    founder, *others = people
    head = _account(founder, founded["time_zone"], at)
    organisation = actions.create_organisation(by=head, at=at, **founded)
    for site in sites:
        actions.add_site(organisation, by=head, at=at, **{"country": founded["country"], **site})
    for number, person in enumerate(others, start=1):
        joined_at = at + timedelta(days=number, minutes=17 * number)
        member = _account(person, founded["time_zone"], joined_at)
        for role in person["roles"].split():
            begin_membership(organisation, member, role, at=joined_at)


def _account(person: dict[str, Any], time_zone: str, at: datetime) -> User:
    """Open an account, unless the person came here through another organisation already."""
    known = User.objects.filter(email=person["email"]).first()
    if known is not None:
        return known
    user = actions.open_account(email=person["email"], name=person["name"], language=person["language"], by=None, at=at)
    return actions.edit_profile(user, name=user.name, language=user.language, time_zone=time_zone, by=user, at=at)
