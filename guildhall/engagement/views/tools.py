"""The methodology's tools to read, to print and to change: as pages, as PDF and as Word documents."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from guildhall.core.http import download, page
from guildhall.core.ui.basics import own_name
from guildhall.engagement.methodology import typesetting
from guildhall.engagement.methodology.papers import Block, fill
from guildhall.engagement.methodology.tools import Tool, tool, tools, values_of
from guildhall.engagement.models import Employer, Methodology, PublishedTool
from guildhall.engagement.rules import can_read_methodology
from guildhall.library.finding import languages_read
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Kind


@require_safe
def tool_list(request: PersonRequest) -> HttpResponse:
    """All tools, by the area they belong to before others."""
    methodology = Methodology.objects.visible_to(request.user).newest()
    if methodology is None:
        if not any(can_read_methodology(request.user, organisation) for organisation in request.organisations):
            raise Http404
        return page(request, "engagement/methodology_missing.html", {})
    employer = _employer(request)
    languages = languages_read(request.LANGUAGE_CODE, request.organisation)
    areas = methodology.words_in(languages)["areas"]
    found = tools(languages, methodology=methodology)
    context = {
        "employer": employer,
        "query": _query(employer, ""),
        "count": len(found),
        "language": methodology.words_in(languages).language,
        "areas": [
            (areas[number]["title"], [(tool, [areas[other]["title"] for other in tool.areas[1:]]) for tool in listed])
            for number, listed in groupby(found, key=lambda tool: tool.area)
        ],
    }
    return page(request, "engagement/tool_list.html", context)


@require_safe
def tool_detail(request: PersonRequest, key: str) -> HttpResponse:
    """A tool as a page: how it is used, in which languages it is, and the paper itself."""
    opened = _opened(request, key)
    asked, address = request.GET.get("language", ""), reverse("engagement:tool", args=[key])
    languages = [
        (code, own_name(code), f"{address}{_query(opened.employer, code)}", code == opened.tool.language)
        for code, _name in settings.LANGUAGES
    ]
    query = _query(opened.employer, asked)
    in_library = PublishedTool.objects.there().filter(key=key, language=opened.tool.language).select_related("resource").first()
    context = {
        "tool": opened.tool,
        "blocks": opened.blocks,
        "employer": opened.employer,
        "school": opened.school,
        "languages": languages,
        "pdf": reverse("engagement:tool_pdf", args=[key]) + query,
        "docx": reverse("engagement:tool_docx", args=[key]) + query,
        "has_book": request.organisation is not None and request.organisation.kind == Kind.SCHOOL,
        "in_library": in_library.resource.get_absolute_url() if in_library else "",
        "list": reverse("engagement:tools") + _query(opened.employer, ""),
    }
    return page(request, "engagement/tool.html", context)


@require_safe
def tool_pdf(request: PersonRequest, key: str) -> HttpResponseBase:
    """A tool to print."""
    opened = _opened(request, key)
    shown = opened.tool
    pdf = typesetting.pdf(
        opened.blocks, title=shown.title, summary=shown.summary, school=opened.school, language=shown.language, at=now()
    )
    return download(pdf, opened.name, "pdf", typesetting.MEDIA_TYPE, as_attachment=False)


@require_safe
def tool_docx(request: PersonRequest, key: str) -> HttpResponseBase:
    """A tool to change."""
    from guildhall.engagement.methodology import documents  # takes a third of a second, which only this page is worth

    opened = _opened(request, key)
    shown = opened.tool
    docx = documents.docx(
        opened.blocks, title=shown.title, summary=shown.summary, school=opened.school, language=shown.language, at=now()
    )
    return download(docx, opened.name, "docx", documents.MEDIA_TYPE)


@dataclass(frozen=True)
class _Opened:
    """A tool somebody has opened, filled in for an employer or for none."""

    tool: Tool
    employer: Employer | None
    school: str
    blocks: list[Block]

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.tool.title} {self.employer or ''}".strip()


def _opened(request: PersonRequest, key: str) -> _Opened:
    """The tool as it was asked for.

    Raises:
        Http404: there is no such tool, the methodology is not for this person, or they see no such employer.
    """
    methodology = Methodology.objects.visible_to(request.user).newest()
    if methodology is None:
        raise Http404
    employer = _employer(request)
    languages = [request.GET.get("language", ""), *languages_read(request.LANGUAGE_CODE, request.organisation)]
    found = tool(key, languages, methodology=methodology)
    if found is None:
        raise Http404
    values = values_of(employer, language=found.language, at=now()) if employer else {}
    school = str(employer.school if employer else request.organisation or "")
    return _Opened(found, employer, school, fill(found.text, values))


def _employer(request: PersonRequest) -> Employer | None:
    """The employer that is named in the address, if one is."""
    number = request.GET.get("employer", "")
    if not number:
        return None
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Http404
    shown = Employer.objects.visible_to(request.user).select_related("organisation", "school", "owner")
    return get_object_or_404(shown, pk=int(number))


def _query(employer: Employer | None, language: str) -> str:
    asked = {"employer": employer.pk if employer else "", "language": language if language in dict(settings.LANGUAGES) else ""}
    given = urlencode({name: value for name, value in asked.items() if value})
    return f"?{given}" if given else ""
