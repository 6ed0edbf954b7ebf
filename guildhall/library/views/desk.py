"""What the pages of the workroom have in common: for whom one writes, what is on the desk, and a no that keeps what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.forms import BaseForm
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guildhall.core.errors import Refused
from guildhall.library.kinds import VIDEO
from guildhall.library.models import Resource
from guildhall.library.rules import can_change, can_publish, can_write
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation


@dataclass(frozen=True)
class Tab:
    """One of the pages on which a resource is worked on."""

    label: str
    href: str
    is_current: bool
    count: int | None = None


class Stand(NamedTuple):
    """How a resource stands, for those who work on it: in a word, its tone, and whether what it translates has changed since."""

    words: str
    tone: str
    is_behind: bool


def my_organisation(request: PersonRequest) -> Organisation:
    """The organisation in whose name this person writes; who writes for none has no workroom, and there is no such page."""
    organisation = writes_for(request)
    if organisation is None:
        raise Http404
    return organisation


def writes_for(request: PersonRequest) -> Organisation | None:
    """The organisation in whose name this person writes, if any."""
    organisation = request.organisation
    return organisation if organisation is not None and can_write(request.user, organisation) else None


def on_desk(request: PersonRequest, pk: int, *, with_harvested: bool = False) -> Resource:
    """A resource of an organisation in whose name this person may write; only to be looked at unless the rule says more.

    What was harvested elsewhere is written there: here it can be withdrawn, nothing else.
    """
    resources: Any = Resource.objects.written_for(request.user)
    if not with_harvested:
        resources = resources.filter(harvested__isnull=True)
    return get_object_or_404(
        resources.select_related("current", "organisation", "owner", "submitted_by", "work__current", "translated_from"), pk=pk
    )


def desk(request: PersonRequest, resource: Resource, tab: str) -> dict[str, Any]:
    """What the frame of each of these pages shows: title, state, and the other pages."""
    return {
        "resource": resource,
        "tabs": _tabs(resource, tab),
        "state": stand_of(resource),
        "may_change": can_change(request.user, resource),
        "may_publish": can_publish(request.user, resource),
    }


def _tabs(resource: Resource, current: str) -> list[Tab]:
    def tab(name: str, label: str, count: int | None = None) -> Tab:
        return Tab(label, reverse(f"library:{name}", args=[resource.pk]), name == current, count)

    is_film = resource.kind == VIDEO and not resource.is_translation
    return [
        *([tab("translating", _("Beside the original"))] if resource.is_translation else []),
        tab("change", pgettext("of a practice case", "Account") if resource.is_case else pgettext("of a resource", "Text")),
        *([tab("film", _("Film"))] if is_film else []),
        tab("parts", _("Files"), resource.parts.of_working_copy().count()),
        tab("sources", _("Sources"), resource.sources.count()),
        tab("publish", _("Publish")),
    ]


def stand_of(resource: Resource) -> Stand:
    """Say how a resource stands; of a translation ``work`` must be at hand."""
    is_behind = resource.is_translation and resource.work is not None and resource.work.current_id != resource.translated_from_id
    if resource.state == Resource.State.WITHDRAWN:
        return Stand(pgettext("a resource", "withdrawn"), "wrong", is_behind)
    if resource.submitted_at is not None:
        return Stand(_("handed in"), "waits", is_behind)
    if resource.state == Resource.State.DRAFT:
        return Stand(pgettext("a resource", "draft"), "plain", is_behind)
    if resource.has_changes:
        return Stand(_("published, with changes"), "brass", is_behind)
    return Stand(pgettext("a resource", "published"), "done", is_behind)


@contextmanager
def said_on(form: BaseForm) -> Iterator[None]:
    """Put the sentence of a refusal above the form, so that nothing of what was typed is lost."""
    try:
        yield
    except Refused as no:
        form.add_error(None, str(no))
