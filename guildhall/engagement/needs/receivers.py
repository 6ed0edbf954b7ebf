"""What the needs interviews answer when the house asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guildhall.core.hooks import listen
from guildhall.core.ui.basics import figure
from guildhall.engagement import actions
from guildhall.engagement.actions.needs import NEEDS_LINK
from guildhall.engagement.models import NeedsInterview
from guildhall.people.hooks import (
    ErasureStep,
    PersonalData,
    RetentionRule,
    TodayAnswer,
    TodayEntry,
    erasure_of,
    pass_destination,
    personal_data_of,
    retention_rules,
    today_entries,
)
from guildhall.people.models import Organisation, Pass, User

#: What came of a link that was never taken over goes after so long, counted from the day it was made.
FORGET_LINKS_AFTER = timedelta(days=180)
#: The answers in full go with the people who gave them; the needs that came of them stay with the employer.
FORGET_ANSWERS_AFTER = timedelta(days=3 * 365)
SHOWN_TODAY = 5


@listen(pass_destination)
def questions_behind_a_link(held: Pass, token: str) -> str | None:
    return reverse("engagement:needs_link", args=[token]) if held.purpose == NEEDS_LINK else None


@listen(today_entries)
def answers_of_today(user: User, organisation: Organisation | None, at: datetime) -> TodayAnswer | None:
    """The answers of employers that wait to be taken into the book, the oldest first."""
    if organisation is None or organisation.kind != Organisation.Kind.SCHOOL:
        return None
    waiting = NeedsInterview.objects.visible_to(user).waiting_for(user).filter(employer__school=organisation)
    named = waiting.select_related("employer__organisation").only(
        "answered_at", "employer__organisation__name", "employer__organisation__trade_name"
    )
    shown = list(named.order_by("answered_at", "pk")[: SHOWN_TODAY + 1])
    if not shown:
        return None
    entries = [
        TodayEntry(
            due=interview.answered_at.date() if interview.answered_at else at.date(),
            template="engagement/_today_needs.html",
            context={"interview": interview},
        )
        for interview in shown[:SHOWN_TODAY]
    ]
    count = len(shown) if len(shown) <= SHOWN_TODAY else waiting.count()
    return TodayAnswer(title=_("Employers that told you what they need"), entries=entries, count=count, position=15)


@listen(personal_data_of)
def whom_somebody_asked(user: User) -> list[PersonalData]:
    asked = NeedsInterview.objects.filter(begun_by=user).select_related("employer__organisation", "person").order_by("-begun_at")
    return [
        PersonalData(
            key="engagement.needs_interviews",
            title=_("Employers you asked what they need"),
            why=_("So that the employer knows who asks, and colleagues know whom to turn to."),
            columns={"begun_at": _("When"), "employer": _("Employer"), "person": _("Person"), "state": _("State")},
            rows=[
                {
                    "begun_at": interview.begun_at,
                    "employer": str(interview.employer),
                    "person": str(interview.person or ""),
                    "state": interview.get_state_display(),
                }
                for interview in asked
            ],
        )
    ]


@listen(erasure_of)
def what_becomes_of_the_interviews(user: User) -> list[ErasureStep]:
    """They belong to the school, as the contacts do, and stay under "Erased person"."""
    count = NeedsInterview.objects.filter(begun_by=user).count()
    return [
        ErasureStep(
            sentence=ngettext(
                "%(count)s interview about what an employer needs stays with the school, without the name.",
                "%(count)s interviews about what employers need stay with the school, without the name.",
                count,
            )
            % {"count": figure(count)},
            count=count,
            carry_out=lambda at: None,  # the name goes with the account; nothing here repeats it
        )
    ]


@listen(retention_rules)
def how_long_answers_are_kept() -> list[RetentionRule]:
    return [
        RetentionRule(
            key="engagement.needs_links",
            what=_("What employers answered by a link and the school did not take into its book"),
            why=_("After half a year nobody will; what was answered by a link that is withdrawn goes at once."),
            keep=FORGET_LINKS_AFTER,
            overdue=lambda before: NeedsInterview.objects.of_links_begun_before(before).count(),
            delete=lambda before: actions.forget_needs_links(before=before, by=None),
        ),
        RetentionRule(
            key="engagement.needs_answers",
            what=_("What was said in full when employers were asked what they need"),
            why=_("It is kept as long as the people who said it; the needs themselves stay with the employer."),
            keep=FORGET_ANSWERS_AFTER,
            overdue=lambda before: NeedsInterview.objects.with_answers_from_before(before).count(),
            delete=lambda before: actions.forget_needs_answers(before=before, by=None),
        ),
    ]
