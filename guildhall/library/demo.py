"""What the library brings to the demo: the practice cases, published by the association whose members the schools are."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from guildhall.library.starter import cases_in, publish_case
from guildhall.people.hooks import DemoStage
from guildhall.people.models import Kind, Membership


def stage() -> DemoStage:
    return DemoStage(position=30, sentence=_("Practice cases in six languages"), load=load)


def load(today: date) -> None:
    """Publish a case a week, the last one a week ago."""
    manager = Membership.objects.managing().filter(organisation__kind=Kind.ASSOCIATION).select_related("user").earliest("pk")
    cases = list(cases_in(settings.CONTENT / "cases"))
    for weeks, case in enumerate(reversed(cases), start=1):
        at = datetime.combine(today - timedelta(weeks=weeks), time(10, 20), manager.user.zone)
        publish_case(case, organisation=manager.organisation, by=manager.user, at=at)
