"""What consortia answer when the house asks."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guildhall.core.addresses import address_of
from guildhall.core.hooks import listen
from guildhall.core.questions import MenuEntry, menu_entries
from guildhall.core.ui.basics import figure
from guildhall.engagement.actions.consortia import forget_consortia
from guildhall.engagement.consortia import demo
from guildhall.engagement.models import Consortium, ConsortiumMember, SharedEmployer
from guildhall.engagement.models.consortia import HOSTS
from guildhall.people.hooks import (
    DemoStage,
    ErasureStep,
    PersonalData,
    RetentionRule,
    demo_stages,
    erasure_of,
    personal_data_of,
    retention_rules,
)
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import STAFF_ROLES, User

#: Who was in a consortium is known as long as what else was done.
FORGET_CONSORTIA_AFTER = timedelta(days=3 * 365)


@listen(menu_entries)
def way_to_the_consortia(request: PersonRequest) -> list[MenuEntry]:
    ours = getattr(request, "organisation", None)
    if ours is None or ours.kind not in HOSTS or request.roles.isdisjoint(STAFF_ROLES):
        return []
    return [MenuEntry(_("Consortia"), address_of("engagement:consortia"), "people", position=27, place="account")]


@listen(personal_data_of)
def what_other_schools_see(user: User) -> list[PersonalData]:
    shared = SharedEmployer.objects.filter(Q(employer__owner=user) | Q(shared_by=user)).for_list().select_related("consortium")
    in_the_name = [one for one in shared if one.employer.owner_id == user.pk]
    switched_on = [one for one in shared if one.shared_by_id == user.pk]
    columns = {"employer": _("Employer"), "consortium": _("Consortium"), "shared_at": _("Since")}
    return [
        PersonalData(
            key="engagement.shown_to_schools",
            title=_("Employers for which other schools see your name"),
            why=_(
                "So that colleagues at member schools that share the same employer know whom to ask; "
                "only as long as you look after it and it is shared."
            ),
            columns=columns,
            rows=_rows(in_the_name),
        ),
        PersonalData(
            key="engagement.shared",
            title=_("Employers of which you told other schools"),
            why=_("So that your school knows who decided so."),
            columns=columns,
            rows=_rows(switched_on),
        ),
        PersonalData(
            key="engagement.consortia",
            title=_("What you did about consortia"),
            why=_("So that schools know who let them join, and who let them go."),
            columns={"at": _("When"), "consortium": _("Consortium"), "school": _("School"), "what": _("What")},
            rows=_deeds_of(user),
        ),
    ]


def _rows(shared: list[SharedEmployer]) -> list[dict[str, object]]:
    return [{"employer": str(one.employer), "consortium": str(one.consortium), "shared_at": one.shared_at} for one in shared]


def _deeds_of(user: User) -> list[dict[str, object]]:
    consortia = Consortium.objects.filter(Q(made_by=user) | Q(ended_by=user)).select_related("host").order_by("pk")
    members = ConsortiumMember.objects.filter(Q(invited_by=user) | Q(accepted_by=user) | Q(left_by=user))
    deeds: list[tuple[object, object, object, str, int | None]] = []
    for one in consortia:
        deeds += [
            (one.made_at, one, one.host, _("begun"), one.made_by_id),
            (one.ended_at, one, one.host, _("ended"), one.ended_by_id),
        ]
    for member in members.select_related("consortium", "school").order_by("pk"):
        deeds += [
            (member.invited_at, member.consortium, member.school, _("invited"), member.invited_by_id),
            (member.accepted_at, member.consortium, member.school, _("joined"), member.accepted_by_id),
            (member.left_at, member.consortium, member.school, _("left or declined"), member.left_by_id),
        ]
    return [
        {"at": at, "consortium": str(consortium), "school": str(school), "what": what}
        for at, consortium, school, what, by in deeds
        if by == user.pk
    ]


@listen(erasure_of)
def what_becomes_of_the_name(user: User) -> list[ErasureStep]:
    """Who looks after employers must hand them over first; then other schools see the heir. What was done stays, nameless."""
    shared = SharedEmployer.objects.filter(shared_by=user).count()
    return [
        ErasureStep(
            sentence=ngettext(
                "%(count)s employer of which you told other schools stays shared, without your name.",
                "%(count)s employers of which you told other schools stay shared, without your name.",
                shared,
            )
            % {"count": figure(shared)},
            count=shared,
            carry_out=lambda at: None,  # the name goes with the account; nothing here repeats it
        )
    ]


@listen(retention_rules)
def how_long_consortia_are_known() -> list[RetentionRule]:
    return [
        RetentionRule(
            key="engagement.consortia",
            what=_("Consortia that ended, and schools that left one or declined"),
            why=_("Three years is how long claims from most dealings can be brought. What was shared is forgotten at once."),
            keep=FORGET_CONSORTIA_AFTER,
            overdue=lambda before: (
                Consortium.objects.filter(ended_at__lt=before).count() + ConsortiumMember.objects.left_before(before).count()
            ),
            delete=lambda before: forget_consortia(before=before, by=None),
        )
    ]


@listen(demo_stages)
def what_the_demo_shares() -> list[DemoStage]:
    return [demo.stage()]
