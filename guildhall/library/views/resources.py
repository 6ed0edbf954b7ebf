from __future__ import annotations

from functools import cache
from statistics import fmean
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Exists, F, OuterRef
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from guildhall.core.files.kinds import label as kind_of_file
from guildhall.core.fixed_sql import in_sql
from guildhall.core.http import page
from guildhall.library import kinds
from guildhall.library.amb import whole
from guildhall.library.attribution import attribution_html, attribution_text
from guildhall.library.finding import languages_read
from guildhall.library.hooks import WayOn, ways_with
from guildhall.library.markdown import render
from guildhall.library.models import WRITERS, Collected, ExpertGroup, Part, Resource, Review, Use, Version
from guildhall.library.orcid import orcid_from
from guildhall.library.rules import can_change, can_publish, can_review, can_write
from guildhall.library.views.films import film_context
from guildhall.library.views.open import described_by, shown_record
from guildhall.people.middleware import PersonRequest
from guildhall.skills import taxonomy

MOST_OPINIONS = 50
MOST_MADE = 20
MORE = 5
#: What of a version or a resource no list shows.
LONG = [f"{whose}{name}" for whose in ("", "current__") for name in ("text", "account")] + ["current__file_text"]


@login_not_required
@require_safe
def resource_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """All that is known of a resource: what it says, who made it, what one may do with it, what others think of it."""
    resource = _visible(request, pk)
    if resource.state == Resource.State.WITHDRAWN:
        return _gone(request, resource)
    shown = film_context(request, resource)
    film = shown["film"].film if shown["film"] else None
    context = {
        **_content(resource, resource.shown),
        **_around(request, resource),
        **_opinions(resource),
        **what_one_may_do(request, resource),
        **shown,
        "record": shown_record(resource, film=film if film and film.is_open else None),
        "ways": _ways(request, resource),
    }
    return described_by(page(request, "library/resource.html", context), resource)


@login_not_required
@require_safe
def version_detail(request: PersonRequest, pk: int, number: int) -> HttpResponse:
    """A resource as it was published then."""
    resource = _visible(request, pk)
    version = get_object_or_404(resource.versions, number=number)
    if resource.state == Resource.State.WITHDRAWN:
        return _gone(request, resource)
    is_old, canonical = version != resource.current, whole(resource.get_absolute_url())
    context = {**_content(resource, version), "is_old": is_old, "canonical": canonical}
    return page(request, "library/version.html", context)


@login_not_required
@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # it takes views with arguments as well
def resource_embed(request: HttpRequest, pk: int) -> HttpResponse:
    """A card of a public resource that stands in a frame on pages elsewhere: this page alone may be framed."""
    resource = get_object_or_404(Resource.objects.public().select_related("current", "organisation"), pk=pk)
    return page(request, "library/embed.html", {"resource": resource, "shown": resource.shown})


def _visible(request: PersonRequest, pk: int) -> Any:
    resources = Resource.objects.visible_to(request.user).for_records().select_related("harvested__harvest")
    if request.user.is_authenticated and request.organisation is None:
        # Who belongs to no organisation can speak as an expert all the same.
        resources = resources.annotate(is_for_experts=Exists(ExpertGroup.objects.open_to(request.user)))
    resource = get_object_or_404(resources.annotate(**_what_there_is()), pk=pk)
    if resource.current is not None:
        resource.current.resource = resource  # what is said about a version asks for it
    return resource


@cache
def _what_there_is() -> dict[str, RawSQL]:
    """Of what most resources have none nothing is read."""
    return in_sql(
        Resource,
        is_reviewed=Exists(Review.objects.filter(resource=OuterRef("pk"))),
        is_used=Exists(Use.objects.filter(resource__work=OuterRef("work"))),
        is_collected=Exists(Collected.objects.filter(resource=OuterRef("pk"))),
    )


def _gone(request: PersonRequest, resource: Resource) -> HttpResponse:
    """What is left of a resource that was withdrawn: its title, since when, and why."""
    others = Resource.objects.public().filter(work=resource.work_id).select_related("current")
    may = {"may_take_up_again": request.user.is_authenticated and can_publish(request.user, resource)}
    context = {"resource": resource, "shown": resource.shown, "others": others, **may}
    return page(request, "library/gone.html", context, status=410)


def _content(resource: Resource, shown: Version | Resource) -> dict[str, Any]:
    """What a version, or a draft, says."""
    if shown == resource.current:
        parts = list(shown.parts.all())
    else:
        kept = Part.objects.select_related("file")
        parts = list(kept.of_version(shown) if isinstance(shown, Version) else kept.filter(resource=shown).of_working_copy())
    account = [(label, shown.account[name]) for name, label in kinds.CASE_PARTS.items() if shown.account.get(name)]
    is_public = isinstance(shown, Version)
    return {
        "resource": resource,
        "shown": shown,
        "is_public": is_public,
        "text": render(shown.text),
        "account": [(label, render(text, level=3)) for label, text in account] if shown.is_case else [],
        "figures": shown.account.get("figures", []) if shown.is_case else [],
        "files": [(part, kind_of_file(part.file.content_type)) for part in parts],
        "authors": [(author, orcid_from(author.get("orcid", ""))) for author in shown.authors if author.get("name")],
        "audience": [kinds.AUDIENCES[key] for key in shown.audience if key in kinds.AUDIENCES],
        "levels": [taxonomy.label("eqf", str(level)) for level in shown.eqf],
        "accessibility": [kinds.ACCESSIBILITY[key] for key in shown.accessibility if key in kinds.ACCESSIBILITY],
        "disclaimer": _disclaimer(shown.language) if shown.is_erasmus else None,
        "attribution": attribution_html(shown) if is_public else "",
        "attribution_text": attribution_text(shown) if is_public else "",
        "versions": _versions(resource),
    }


def _ways(request: PersonRequest, resource: Resource) -> list[WayOn]:
    asked = ways_with.ask(request=request, resource=resource) if resource.is_public else []
    return [way for ways in asked for way in ways]


def _versions(resource: Resource) -> list[Version]:
    """All versions, the newest first, where there is more than one; without what they say."""
    if resource.current is None or resource.current.number == 1:
        return []
    return list(resource.versions.only("number", "what_changed", "published_at", "resource").order_by("-number"))


def _disclaimer(language: str) -> dict[str, str]:
    """What must stand on whatever Erasmus+ paid for, in the language of the resource where we have it, else in the page's.

    Source: model grant agreement of the EU programmes 2021 to 2027, article 17.2 and 17.3.
    """
    language = language if language in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
    with override(language):
        return {
            "language": language,
            "emblem": _("Co-funded by the European Union"),
            "sentence": _(
                "Views and opinions expressed are however those of the author(s) only and do not necessarily reflect those of "
                "the European Union or the granting authority. Neither the European Union nor the granting authority can be "
                "held responsible for them."
            ),
        }


def _around(request: PersonRequest, resource: Any) -> dict[str, Any]:
    """What else there is: in other languages, made from it, with it in a collection, about the same area."""
    beside = _beside(request, resource)
    renderings = sorted([other for other in beside if other.work_id == resource.work_id], key=lambda other: other.shown.language)
    original = next((other for other in renderings if other.pk == resource.work_id), None)
    newest = resource.current_id if resource.pk == resource.work_id else original.current_id if original else None
    collected = Collected.objects.filter(resource=resource, collection__is_public=True)
    return {
        "original": original,
        "original_has_changed": _is_behind(resource, newest),
        "renderings": [(other, _is_behind(other, newest)) for other in renderings],
        "sources": list(resource.sources.all()),
        "made": [other for other in beside if other.made_by is not None],
        "more": [other for other in beside if other not in renderings and other.made_by is None],
        "collected": list(collected.select_related("collection__organisation").order_by("collection__title", "pk"))
        if resource.is_collected
        else [],
        "alternates": [(other.shown.language, whole(other.get_absolute_url())) for other in renderings],
        "snippet": _snippet(resource),
    }


def _beside(request: PersonRequest, resource: Resource) -> list[Any]:
    """In one query: its other languages, what was made from it (``made_by`` says by which change), others on its area."""
    languages = languages_read(request.LANGUAGE_CODE, request.organisation)
    number, work, area = resource.pk, resource.work_id, resource.shown.area
    rank = f"CASE {{}}.language {' '.join(f'WHEN %s THEN {at}' for at in range(len(languages)))} ELSE {len(languages)} END"
    parts: list[tuple[str, list[Any]]] = [(_RENDERINGS, [work, number]), (_MADE, [number, work, MOST_MADE])]
    if area:
        more = _MORE.format(its=rank.format("version"), theirs=rank.format("others"))
        parts.append((more, [area, work, *languages, *languages, *languages, *languages, MORE]))
    numbers = RawSQL(" UNION ".join(sql for sql, _given in parts), [one for _sql, given in parts for one in given])  # noqa: S611
    made_by = RawSQL(_MADE_BY, [number, work])  # noqa: S611
    beside = Resource.objects.filter(pk__in=numbers).annotate(made_by=made_by)
    return list(beside.select_related("current", "organisation").defer(*LONG).order_by("-public_at", "-pk"))


#: Written out, for Django takes longer to write it than the database to answer. Each part goes by its own index: asked for with
#: OR, the database would look at every resource there is.
_RENDERINGS = "SELECT id FROM library_resource WHERE state = 'published' AND work_id = %s AND id <> %s"
_MADE = """
    SELECT id FROM (
        SELECT made.id FROM library_resource made JOIN library_source source ON source.resource_id = made.id
        WHERE source.of_id = %s AND made.state = 'published' AND made.work_id <> %s
        ORDER BY made.public_at DESC, made.id DESC LIMIT %s
    ) AS made
"""
_MORE = """
    SELECT id FROM (
        SELECT resource.id FROM library_resource resource JOIN library_version version ON version.id = resource.current_id
        WHERE resource.state = 'published' AND version.area = %s AND resource.work_id <> %s AND NOT EXISTS (
            SELECT 1 FROM library_resource other JOIN library_version others ON others.id = other.current_id
            WHERE other.state = 'published' AND other.work_id = resource.work_id
            AND ({theirs} < {its} OR ({theirs} = {its} AND other.id < resource.id))
        ) ORDER BY resource.public_at DESC, resource.id DESC LIMIT %s
    ) AS more
"""
_MADE_BY = """
    SELECT source.what_changed FROM library_source source
    WHERE source.resource_id = library_resource.id AND source.of_id = %s AND library_resource.work_id <> %s LIMIT 1
"""


def _is_behind(rendering: Resource, newest: int | None) -> bool:
    """Whether a translation renders an older version of its original than the one that is public."""
    return rendering.is_translation and newest is not None and rendering.translated_from_id != newest


def _snippet(resource: Resource) -> str:
    """What puts the card of a resource into a page elsewhere."""
    return format_html(
        '<iframe src="{}" title="{}" width="100%" height="260" style="border:0" loading="lazy"></iframe>',
        whole(reverse("oer:embed", args=[resource.pk])),
        resource.shown.title,
    )


def _opinions(resource: Any) -> dict[str, Any]:
    """What people think of it, in figures and in words, and who has used it, in whatever language."""
    reviewed = Review.objects.filter(resource=resource).select_related("by", "organisation", "group")
    reviews = list(reviewed.annotate(number=F("version__number")).order_by("-made_at", "-pk")) if resource.is_reviewed else []
    uses = Use.objects.filter(resource__work=resource.work_id).select_related("by", "organisation")
    experts = [review for review in reviews if review.group_id is not None]
    of_all, of_experts = (_("mean of all reviews"), reviews), (_("mean of expert reviews"), experts)
    return {
        "reviews": sorted(reviews, key=lambda review: review.group_id is None)[:MOST_OPINIONS],
        "review_count": len(reviews),
        "expert_count": len(experts),
        "questions": [str(question) for question in kinds.CRITERIA.values()],
        "means": [(label, _means(those)) for label, those in (of_all, of_experts) if those],
        "uses": list(uses.order_by("-made_at", "-pk")[:MOST_OPINIONS]) if resource.is_used else [],
    }


def _means(reviews: list[Any]) -> list[float]:
    """The mean of each of the five questions, from 1 to 5."""
    return [round(fmean(review.scores[key] for review in reviews), 1) for key in kinds.CRITERIA]


def what_one_may_do(request: PersonRequest, resource: Resource) -> dict[str, bool]:
    """What is offered to who reads it: whoever writes for an organisation may do more than read."""
    user = request.user
    writes = request.organisation is not None and can_write(user, request.organisation)
    speaks = writes or getattr(resource, "is_for_experts", False)
    is_public = resource.is_public
    return {
        "may_read_drafts": user.is_authenticated
        and any(held.organisation_id == resource.organisation_id for held in request.memberships if held.role in WRITERS),
        # What was harvested elsewhere is written there.
        "may_change": user.is_authenticated and not hasattr(resource, "harvested") and can_change(user, resource),
        "may_publish": user.is_authenticated and can_publish(user, resource),
        "may_translate": writes and is_public and resource.shown.under.is_to_be_changed,
        "may_review": speaks and is_public and can_review(user, resource),
        "may_use": writes and is_public,
    }
