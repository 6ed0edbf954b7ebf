"""What this room answers."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from guildhall.core.addresses import address_of
from guildhall.core.hooks import listen
from guildhall.core.questions import Finding, MenuEntry, bell_count, installation_findings, menu_entries
from guildhall.people import demo
from guildhall.people.actions.invitations import PURPOSE as INVITATION
from guildhall.people.erasure import erasure_in_people
from guildhall.people.hooks import (
    DemoStage,
    ErasureStep,
    Idea,
    PersonalData,
    RetentionRule,
    Scope,
    demo_stages,
    erasure_of,
    ideas_for_today,
    pass_destination,
    personal_data_of,
    retention_rules,
    token_scopes,
)
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Notice, Organisation, Pass, User
from guildhall.people.personal_data import held_in_people
from guildhall.people.retention import rules_in_people
from guildhall.people.rules import can_manage


@listen(menu_entries)
def ways_into_people(request: PersonRequest) -> list[MenuEntry]:
    if not request.user.is_authenticated:
        return []
    entries = [
        MenuEntry(_("My page"), address_of("people:me"), "person", position=10, place="account"),
        MenuEntry(_("Signing in"), address_of("mfa_index"), "key", position=15, place="account"),
        MenuEntry(_("What I agreed to"), address_of("people:consents"), "file", position=20, place="account"),
        MenuEntry(_("My data"), address_of("people:my_data"), "download", position=30, place="account"),
        MenuEntry(_("Sign out"), address_of("account_logout"), "sign-out", position=90, place="account", post=True),
    ]
    organisation = request.organisation
    if organisation and organisation.slug:
        # "School", "Employer": short enough for the bar of a phone, and what people call it.
        entries.append(MenuEntry(organisation.get_kind_display(), organisation.get_absolute_url(), "people", position=80))
    return entries


@listen(ideas_for_today)
def invite_somebody(user: User, organisation: Organisation | None, at: datetime) -> list[Idea]:
    """Who is alone in a new organisation can invite the others."""
    if organisation is None or not can_manage(user, organisation):
        return []
    if organisation.memberships.current().exclude(user=user).exists():
        return []
    return [
        Idea(
            title=_("Invite your colleagues"),
            sentence=_("They get a link by mail and see the same book."),
            button=_("Invite somebody"),
            url=reverse("people:member_invite", args=[organisation.slug]),
            icon="people",
            position=20,
        )
    ]


@listen(bell_count)
def unread_notices(request: PersonRequest) -> int:
    return Notice.objects.visible_to(request.user).unread().count()


@listen(pass_destination)
def page_of_an_invitation(held: Pass, token: str) -> str | None:
    return reverse("people:invitation", args=[token]) if held.purpose == INVITATION else None


@listen(personal_data_of)
def what_people_holds(user: User) -> list[PersonalData]:
    return held_in_people(user)


@listen(erasure_of)
def what_people_erases(user: User) -> list[ErasureStep]:
    return erasure_in_people(user)


@listen(retention_rules)
def what_people_lets_go() -> list[RetentionRule]:
    return rules_in_people()


@listen(token_scopes)
def what_programs_may_do_about_a_school() -> list[Scope]:
    return [Scope("webhooks", _("Tell other programs (webhooks)"))]


@listen(installation_findings)
def is_there_an_operator() -> list[Finding]:
    if User.objects.filter(is_operator=True, is_active=True).exists():
        return []
    return [
        Finding(
            "doubtful",
            "Nobody runs this installation: `guildhall createsuperuser --noinput --email …` makes an account that does.",
        )
    ]


@listen(demo_stages)
def who_is_in_the_demo() -> list[DemoStage]:
    return [demo.stage()]
