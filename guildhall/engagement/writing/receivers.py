"""What letters to employers answer when the house asks."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guildhall.core.hooks import listen
from guildhall.core.questions import Finding, installation_findings
from guildhall.core.ui.basics import figure
from guildhall.engagement import actions
from guildhall.engagement.actions.posting import LETTER
from guildhall.engagement.models import Letter, LetterTemplate, Mailing
from guildhall.people.hooks import (
    Belongings,
    ErasureStep,
    PersonalData,
    RetentionRule,
    belongings_of,
    erasure_of,
    pass_destination,
    personal_data_of,
    retention_rules,
)
from guildhall.people.models import Organisation, Pass, User

#: What letters said is of no use any longer than what is known of the people they went to.
FORGET_WORDS_AFTER = timedelta(days=2 * 365)
FORGET_DRAFTS_AFTER = timedelta(days=180)


@listen(pass_destination)
def answer_to_a_letter(held: Pass, token: str) -> str | None:
    return reverse("engagement:letter_answer", args=[token]) if held.purpose == LETTER else None


@listen(belongings_of)
def letters_not_done_with(user: User, organisation: Organisation) -> Belongings | None:
    count = Mailing.objects.in_book_of(organisation).of(user).unfinished().count()
    if not count:
        return None
    sentence = ngettext(
        "%(count)s letter that is a draft or on its way", "%(count)s letters that are drafts or on their way", count
    )
    return Belongings(
        sentence=sentence % {"count": figure(count)},
        count=count,
        hand_over=lambda heir, by, at: actions.hand_over_mailings(organisation, of=user, heir=heir, by=by, at=at),
    )


@listen(personal_data_of)
def letters_of_somebody(user: User) -> list[PersonalData]:
    mailings = Mailing.objects.of(user).order_by("-made_at")
    templates = LetterTemplate.objects.filter(changed_by=user).order_by("-changed_at")
    return [
        PersonalData(
            key="engagement.mailings",
            title=_("Letters to employers in your name"),
            why=_("So that colleagues know what was written to an employer, and who answers for it."),
            columns={"made_at": _("Begun"), "name": _("Letter"), "state": _("State")},
            rows=[
                {"made_at": mailing.made_at, "name": mailing.name, "state": mailing.get_state_display()} for mailing in mailings
            ],
        ),
        PersonalData(
            key="engagement.letter_templates",
            title=_("Letter templates you changed last"),
            why=_("So that colleagues know whom to ask."),
            columns={"changed_at": _("Changed"), "name": _("Letter")},
            rows=list(templates.values("changed_at", "name")),
        ),
    ]


@listen(erasure_of)
def what_becomes_of_letters(user: User) -> list[ErasureStep]:
    """What was sent belongs to the school; a draft goes with its writer, and what is on its way must come to its end first."""
    drafts = Mailing.objects.of(user).filter(state=Mailing.State.DRAFT).count()
    under_way = Mailing.objects.of(user).filter(state__in=[Mailing.State.SENDING, Mailing.State.STOPPED]).count()
    return [
        ErasureStep(
            sentence=ngettext(
                "%(count)s draft of a letter is deleted; letters that were sent stay with the school, without the name.",
                "%(count)s drafts of letters are deleted; letters that were sent stay with the school, without the name.",
                drafts,
            )
            % {"count": figure(drafts)},
            count=drafts,
            carry_out=lambda at: actions.forget_drafts_of(user, by=None, at=at),
            obstacle=_("Letters that are on their way must have gone out, or be handed over, first.") if under_way else "",
        )
    ]


@listen(retention_rules)
def how_long_letters_are_kept() -> list[RetentionRule]:
    return [
        RetentionRule(
            key="engagement.letters",
            what=_("What letters to employers said, to which address, and what was answered in words"),
            why=_("After two years it is enough to know that a letter was sent, and whether they said yes or no."),
            keep=FORGET_WORDS_AFTER,
            overdue=lambda before: Letter.objects.with_words_from_before(before).count(),
            delete=lambda before: actions.forget_letter_words(before=before, by=None),
        ),
        RetentionRule(
            key="engagement.letter_drafts",
            what=_("Letters to employers that were begun and never sent"),
            why=_("What was not sent for half a year will not be."),
            keep=FORGET_DRAFTS_AFTER,
            overdue=lambda before: Mailing.objects.drafts_from_before(before).count(),
            delete=lambda before: actions.forget_drafts(before=before, by=None),
        ),
    ]


@listen(installation_findings)
def letters_need_a_pace() -> list[Finding]:
    if settings.MAILS_PER_MINUTE < 1:
        return [Finding("wrong", "MAILS_PER_MINUTE is less than 1: no letter to an employer ever goes out.")]
    return []
