"""What the library answers when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from guildhall.core.addresses import address_of
from guildhall.core.hooks import listen
from guildhall.core.models import StoredFile
from guildhall.core.questions import (
    Kind,
    MenuEntry,
    documents_of_everything,
    file_visible,
    menu_entries,
    search_kinds,
    search_scopes,
    serving_began,
)
from guildhall.core.search import Document
from guildhall.core.ui.basics import figure
from guildhall.library import common_words, counting, demo
from guildhall.library.actions.experts import forget_invited_experts
from guildhall.library.films.transcripts import PASSAGE, describe_passages, everything_said
from guildhall.library.models import (
    Answer,
    Collection,
    Expert,
    ExpertGroup,
    Part,
    Resource,
    Review,
    Upload,
    Use,
    numbers_written_for,
)
from guildhall.library.rules import can_publish
from guildhall.library.search import PUBLIC, RESOURCE, describe_resources, everything, scope_of
from guildhall.people.hooks import (
    DemoStage,
    ErasureStep,
    PersonalData,
    RetentionRule,
    TodayAnswer,
    TodayEntry,
    demo_stages,
    erasure_of,
    personal_data_of,
    retention_rules,
    today_entries,
)
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation, User

SHOWN_TODAY = 10
FORGET_INVITED_EXPERTS_AFTER = timedelta(days=90)


@listen(serving_began)
def read_what_is_public() -> None:
    counting.image()  # the first question would wait for it: seconds where there are 200,000 resources


@listen(menu_entries)
def way_into_the_library(request: HttpRequest) -> list[MenuEntry]:
    way = MenuEntry(_("Library"), address_of("oer:resources"), "book", position=40)
    return [way if request.user.is_authenticated else replace(way, place="footer")]


@listen(search_scopes)
def what_is_public_and_the_drafts_of_ones_own(request: PersonRequest) -> list[str]:
    numbers = numbers_written_for(request.user) if request.user.is_authenticated else []
    return [PUBLIC, *[scope_of(number) for number in numbers]]


@listen(search_kinds)
def what_can_be_found() -> list[Kind]:
    return [
        Kind(RESOURCE, _("Library"), "book", describe=describe_resources, position=30),
        Kind(PASSAGE, _("What is said in films"), "play", describe=describe_passages, position=35),
    ]


@listen(documents_of_everything)
def the_whole_library() -> Iterator[Document]:
    yield from everything()
    yield from everything_said()
    common_words.forget()


@listen(file_visible)
def who_sees_a_resource_sees_its_files(request: PersonRequest, stored_file: StoredFile) -> bool:
    """Files of what is public are everybody's; others belong to those who may write in its name."""
    if stored_file.kept_for_type != Resource._meta.label_lower:
        return False
    parts = Part.objects.filter(file=stored_file)
    if parts.filter(versions__in=Resource.objects.public().values("current")).exists():
        return True
    mine = request.user.is_authenticated and Resource.objects.written_for(request.user).values("pk")
    return bool(mine) and parts.filter(resource__in=mine).exists()


@listen(today_entries)
def what_waits_to_be_published(user: User, organisation: Organisation | None, at: datetime) -> TodayAnswer | None:
    """What colleagues have handed in, for those who may publish it."""
    if organisation is None:
        return None
    if not can_publish(user, Resource(organisation=organisation)):
        return None
    waiting = Resource.objects.filter(organisation=organisation).waiting_for_review()
    named = waiting.select_related("submitted_by").only(
        "title", "submitted_at", "submitted_by__name", "submitted_by__email", "submitted_by__erased_at"
    )
    shown = list(named.order_by("submitted_at", "pk")[: SHOWN_TODAY + 1])
    return TodayAnswer(
        title=_("To be published"),
        entries=[
            TodayEntry(
                due=localtime(resource.submitted_at).date(),
                template="library/_today_resource.html",
                context={"resource": resource},
            )
            for resource in shown[:SHOWN_TODAY]
        ],
        count=len(shown) if len(shown) <= SHOWN_TODAY else waiting.count(),
        more_url=reverse("library:mine"),
        position=40,
    )


@listen(personal_data_of)
def what_the_library_holds(user: User) -> list[PersonalData]:
    resources = Resource.objects.filter(owner=user).order_by("created_at", "pk")
    reviews = Review.objects.filter(by=user).select_related("resource", "group").order_by("made_at", "pk")
    uses = Use.objects.filter(by=user).select_related("resource").order_by("made_at", "pk")
    collections = Collection.objects.filter(made_by=user).order_by("made_at", "pk")
    answers = Answer.objects.filter(by=user).select_related("prompt__film__resource").order_by("changed_at", "pk")
    uploads = Upload.objects.filter(by=user).order_by("began_at", "pk")
    places = Expert.objects.of(user).select_related("group").order_by("invited_at", "pk")
    groups = ExpertGroup.objects.filter(made_by=user).order_by("made_at", "pk")
    return [
        PersonalData(
            key="library.resources",
            title=_("Resources you look after"),
            why=_(
                "So that others know whom to ask. The names of authors are part of what was published, as its licence demands."
            ),
            columns={"created_at": _("Begun"), "title": _("Title"), "state": _("State")},
            rows=[
                {"created_at": resource.created_at, "title": resource.title, "state": resource.get_state_display()}
                for resource in resources
            ],
        ),
        PersonalData(
            key="library.reviews",
            title=_("Reviews you wrote"),
            why=_("They are public, with your name, so that others can judge a resource. You can take them back."),
            columns={
                "made_at": _("When"),
                "resource": pgettext("an opinion", "Of what"),
                "text": _("In words"),
                "group": _("For which expert group"),
                "signed_as": _("Under which name"),
            },
            rows=[
                {
                    "made_at": review.made_at,
                    "resource": str(review.resource),
                    "text": review.text,
                    "group": str(review.group or ""),
                    "signed_as": review.signed_as,
                }
                for review in reviews
            ],
        ),
        PersonalData(
            key="library.experts",
            title=_("Expert groups you are in or were invited to"),
            why=_("So that readers know who speaks as an expert. You agreed to the name; an invitation goes after 90 days."),
            columns={
                "invited_at": pgettext("people", "Invited"),
                "group": _("Expert group"),
                "email": _("E-mail address"),
                "accepted_at": _("In it since"),
                "name": _("Under which name"),
                "declined_at": _("Declined"),
            },
            rows=[
                {
                    "invited_at": place.invited_at,
                    "group": str(place.group),
                    "email": place.email,
                    "accepted_at": place.accepted_at,
                    "name": place.name,
                    "declined_at": place.declined_at,
                }
                for place in places
            ],
        ),
        PersonalData(
            key="library.expert_groups",
            title=_("Expert groups you began"),
            why=_("They belong to your organisation and stay with it."),
            columns={"made_at": _("When"), "name": _("Name")},
            rows=list(groups.values("made_at", "name")),
        ),
        PersonalData(
            key="library.uses",
            title=_("What you said you used"),
            why=_("It is public, with your name, so that others see what works. You can take it back."),
            columns={"made_at": _("When"), "resource": pgettext("an opinion", "Of what"), "sentence": _("How it went")},
            rows=[{"made_at": use.made_at, "resource": str(use.resource), "sentence": use.sentence} for use in uses],
        ),
        PersonalData(
            key="library.answers",
            title=_("What you thought at questions of films"),
            why=_("So that you find it again. Who else sees it you say yourself, at each answer."),
            columns={
                "changed_at": _("When"),
                "film": _("Film"),
                "visibility": _("Who sees it"),
                "value": _("Chosen"),
                "text": _("In words"),
            },
            rows=[
                {
                    "changed_at": answer.changed_at,
                    "film": str(answer.prompt.film),
                    "visibility": answer.get_visibility_display(),
                    "value": answer.value,
                    "text": answer.text,
                }
                for answer in answers
            ],
        ),
        PersonalData(
            key="library.uploads",
            title=_("Films you are sending"),
            why=_("So that you can go on where the line broke. After a week without a piece they are forgotten."),
            columns={"began_at": _("Begun"), "name": _("File")},
            rows=list(uploads.values("began_at", "name")),
        ),
        PersonalData(
            key="library.collections",
            title=_("Collections you began"),
            why=_("They belong to your organisation and stay with it."),
            columns={"made_at": _("When"), "title": _("Title")},
            rows=list(collections.values("made_at", "title")),
        ),
    ]


@listen(erasure_of)
def what_becomes_of_the_library(user: User) -> list[ErasureStep]:
    """Opinions go with the person; what an organisation published is its own and stays, its authors named as the licence asks."""
    said = [model.objects.filter(by=user) for model in (Review, Use, Answer, Upload)]
    opinions = sum(rows.count() for rows in said)
    resources = Resource.objects.filter(owner=user).count()
    places = list(Expert.objects.of(user).values_list("pk", flat=True))  # found by addresses, which may be gone by then

    def forget(at: datetime) -> None:
        for rows in said:
            rows.delete()

    return [
        ErasureStep(
            sentence=ngettext(
                "%(count)s opinion or answer in the library is deleted.",
                "%(count)s opinions and answers in the library are deleted.",
                opinions,
            )
            % {"count": figure(opinions)},
            count=opinions,
            carry_out=forget,
        ),
        ErasureStep(
            sentence=ngettext(
                "%(count)s place in an expert group, or invitation into one, is deleted.",
                "%(count)s places in expert groups, or invitations into one, are deleted.",
                len(places),
            )
            % {"count": figure(len(places))},
            count=len(places),
            carry_out=lambda at: Expert.objects.filter(pk__in=places).delete(),
        ),
        ErasureStep(
            sentence=ngettext(
                "%(count)s resource stays with the organisation; nobody looks after it any more.",
                "%(count)s resources stay with the organisation; nobody looks after them any more.",
                resources,
            )
            % {"count": figure(resources)},
            count=resources,
            carry_out=lambda at: Resource.objects.filter(owner=user).update(owner=None),
        ),
    ]


@listen(retention_rules)
def how_long_invitations_of_experts_are_kept() -> list[RetentionRule]:
    return [
        RetentionRule(
            key="library.expert_invitations",
            what=_("Invitations into expert groups that nobody answered, or that were declined"),
            why=_("The address of somebody who did not come is not ours to keep; who declined is not asked again so soon."),
            keep=FORGET_INVITED_EXPERTS_AFTER,
            overdue=lambda before: Expert.objects.unanswered_before(before).count(),
            delete=lambda before: forget_invited_experts(before=before, by=None),
        )
    ]


@listen(demo_stages)
def practice_cases() -> list[DemoStage]:
    return [demo.stage()]
