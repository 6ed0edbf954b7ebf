"""What the mails of the book answer when the house asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guildhall.core.addresses import address_of
from guildhall.core.hooks import listen
from guildhall.core.models import StoredFile
from guildhall.core.questions import Finding, MenuEntry, file_visible, installation_findings, menu_entries
from guildhall.core.ui.basics import figure
from guildhall.engagement import actions
from guildhall.engagement.actions.mail import files_without_mail
from guildhall.engagement.models import CapturedMail, MailAddress
from guildhall.people.hooks import (
    Belongings,
    ErasureStep,
    PersonalData,
    RetentionRule,
    TodayAnswer,
    TodayEntry,
    belongings_of,
    erasure_of,
    personal_data_of,
    retention_rules,
    today_entries,
)
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import STAFF_ROLES, Organisation, User

#: A mail that was dropped, or that nobody files, goes after so long.
FORGET_UNFILED_AFTER = timedelta(days=30)
#: Quoted text and addresses are of no use any longer than the people they belong to are kept.
FORGET_QUOTES_AFTER = timedelta(days=3 * 365)
SHOWN_TODAY = 5


@listen(menu_entries)
def way_to_the_mail_address(request: PersonRequest) -> list[MenuEntry]:
    school = getattr(request, "organisation", None)
    if school is None or school.kind != Organisation.Kind.SCHOOL or request.roles.isdisjoint(STAFF_ROLES):
        return []
    return [MenuEntry(_("My mail address"), address_of("engagement:mail_address"), "mail", position=25, place="account")]


@listen(today_entries)
def mails_of_today(user: User, organisation: Organisation | None, at: datetime) -> TodayAnswer | None:
    """The mails of which nobody could tell whose they are, the oldest first."""
    if organisation is None or organisation.kind != Organisation.Kind.SCHOOL:
        return None
    waiting = CapturedMail.objects.visible_to(user).of(user).to_file().filter(school=organisation)
    shown = list(waiting.order_by("waits_since", "pk")[: SHOWN_TODAY + 1])
    if not shown:
        return None
    return TodayAnswer(
        title=_("Mails to file"),
        entries=[
            TodayEntry(
                due=localtime(mail.waits_since).date(),
                template="engagement/_today_mail.html",
                context={"mail": mail, "suggested": []},
            )
            for mail in shown[:SHOWN_TODAY]
        ],
        count=len(shown) if len(shown) <= SHOWN_TODAY else waiting.count(),
        more_url=reverse("engagement:mails"),
        position=20,
    )


@listen(file_visible)
def who_sees_a_mail_sees_its_attachments(request: PersonRequest, stored_file: StoredFile) -> bool:
    if stored_file.kept_for_type != CapturedMail._meta.label_lower or not request.user.is_authenticated:
        return False
    return CapturedMail.objects.visible_to(request.user).filter(pk=stored_file.kept_for_id).exists()


@listen(belongings_of)
def mails_to_file(user: User, organisation: Organisation) -> Belongings | None:
    waiting = CapturedMail.objects.of(user).to_file().filter(school=organisation).count()
    if not waiting:
        return None
    return Belongings(
        sentence=ngettext("%(count)s mail to file", "%(count)s mails to file", waiting) % {"count": figure(waiting)},
        count=waiting,
        hand_over=lambda heir, by, at: actions.hand_over_mails(organisation, of=user, heir=heir, by=by, at=at),
    )


@listen(personal_data_of)
def mails_of_somebody(user: User) -> list[PersonalData]:
    mails = CapturedMail.objects.of(user).order_by("-received_at")
    return [
        PersonalData(
            key="engagement.mail_addresses",
            title=_("Your secret mail address"),
            why=_("So that mails you forward come into the employer book."),
            columns={"school": _("School"), "address": _("Address"), "made_at": _("Since")},
            rows=[
                {"school": str(address.school), "address": str(address), "made_at": address.made_at}
                for address in MailAddress.objects.filter(owner=user).select_related("school").order_by("pk")
            ],
        ),
        PersonalData(
            key="engagement.mails",
            title=_("Mails you forwarded into the book"),
            why=_("So that colleagues know what was written with an employer. What is not filed goes after 30 days."),
            columns={"sent_at": _("Sent"), "other": _("With whom"), "subject": _("Subject"), "said": _("What was said")},
            rows=[{"sent_at": mail.sent_at, "other": mail.other, "subject": mail.subject, "said": mail.said} for mail in mails],
        ),
    ]


@listen(erasure_of)
def what_becomes_of_mails(user: User) -> list[ErasureStep]:
    """What waits to be filed goes with its owner; what is on a timeline is part of the book."""
    unfiled = CapturedMail.objects.of(user).filter(contact__isnull=True).count()
    addresses = MailAddress.objects.filter(owner=user).count()
    return [
        ErasureStep(
            sentence=ngettext(
                "Your secret mail address and %(count)s mail that is not filed are deleted.",
                "Your secret mail address and %(count)s mails that are not filed are deleted.",
                unfiled,
            )
            % {"count": figure(unfiled)},
            count=unfiled + addresses,
            carry_out=lambda at: actions.forget_mail_of(user, by=None, at=at),
        )
    ]


@listen(retention_rules)
def how_long_mails_are_kept() -> list[RetentionRule]:
    return [
        RetentionRule(
            key="engagement.unfiled_mails",
            what=_("Mails that were dropped, or that nobody filed"),
            why=_("They concern no employer as far as anybody knows, so the book has no use for them."),
            keep=FORGET_UNFILED_AFTER,
            overdue=lambda before: CapturedMail.objects.unfiled_since_before(before).count() + files_without_mail().count(),
            delete=lambda before: actions.forget_unfiled_mails(before=before, by=None),
        ),
        RetentionRule(
            key="engagement.mail_quotes",
            what=_("Quoted text and addresses of mails on timelines"),
            why=_("After three years what was said is enough; whom else it quoted is nobody’s business any more."),
            keep=FORGET_QUOTES_AFTER,
            overdue=lambda before: CapturedMail.objects.with_quotes_from_before(before).count(),
            delete=lambda before: actions.forget_quotes(before=before, by=None),
        ),
    ]


@listen(installation_findings)
def a_mailbox_needs_a_domain() -> list[Finding]:
    if settings.MAIL_IN_IMAP and not settings.MAIL_IN_DOMAIN:
        return [Finding("wrong", "MAIL_IN_IMAP is set, but not MAIL_IN_DOMAIN: nobody has an address, and no mail is fetched.")]
    return []
