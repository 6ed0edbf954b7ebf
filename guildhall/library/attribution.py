"""The line by which whoever uses a resource names it: title, authors, source, licence, and what was changed.

Source: Creative Commons, "Recommended practices for attribution" (TASL),
https://wiki.creativecommons.org/wiki/Recommended_practices_for_attribution
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guildhall.library.amb import is_taken
from guildhall.library.licences import Licence
from guildhall.library.models import Resource, Source, Version

_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")


def attribution_text(shown: Version | Resource) -> str:
    """Return the line as text in the language that is active, each address in brackets behind what it is the address of.

    Whoever has read the sources of the resource already, with ``prefetch_related``, costs no query.
    """
    return " ".join(_sentences(shown, _Text()))


def attribution_html(shown: Version | Resource) -> SafeString:
    """Return the line as HTML in the language that is active: titles lead to their sources, licences to what they say."""
    return SafeString(" ".join(_sentences(shown, _Html())))


class _Text:
    """How the line is written where there are no links."""

    def fill(self, sentence: str, words: Mapping[str, str]) -> str:
        return sentence % words

    def join(self, words: Sequence[str]) -> str:
        return ", ".join(words)

    def lead(self, words: str, address: str, *, language: str = "", rel: str = "noopener") -> str:
        return f"{words} ({address})" if address else words

    def person(self, name: str, orcid: str) -> str:
        return name


class _Html(_Text):
    """How it is written on pages: whatever comes in is escaped here, so that whatever goes out is safe."""

    def fill(self, sentence: str, words: Mapping[str, str]) -> SafeString:
        return SafeString(conditional_escape(sentence) % {name: conditional_escape(word) for name, word in words.items()})

    def join(self, words: Sequence[str]) -> SafeString:
        return SafeString(", ".join(conditional_escape(word) for word in words))

    def lead(self, words: str, address: str, *, language: str = "", rel: str = "noopener") -> SafeString:
        spoken = format_html('<span lang="{}">{}</span>', language, words) if language else conditional_escape(words)
        return format_html('<a href="{}" rel="{}">{}</a>', address, rel, spoken) if address else spoken

    def person(self, name: str, orcid: str) -> SafeString:
        return self.lead(name, f"https://orcid.org/{orcid}" if _ORCID.fullmatch(orcid) else "")


def _sentences(shown: Version | Resource, manner: _Text) -> Iterator[str]:
    resource = shown.resource if isinstance(shown, Version) else shown
    is_elsewhere = bool(shown.link) and is_taken(resource)
    address = f"https://doi.org/{shown.doi}" if shown.doi else shown.link if is_elsewhere else _address_of(shown)
    words = {
        "title": _title(shown.title, address, shown.language, manner),
        "authors": _authors(shown.authors, manner),
        "licence": _licence(shown.under, manner),
    }
    if not words["authors"] and not shown.under.is_free_of_names:
        words["authors"] = manner.person(str(resource.organisation), "")
    if shown.under.is_free_of_names:
        named, unnamed = _("%(title)s by %(authors)s is marked with %(licence)s."), _("%(title)s is marked with %(licence)s.")
    else:
        named, unnamed = _("%(title)s by %(authors)s is licensed under %(licence)s."), ""
    yield manner.fill(named if words["authors"] else unnamed, words)
    for source in resource.sources_named():
        yield manner.fill(_made(source, resource), {"source": _source(source, manner)})
        if source.what_changed:
            yield manner.fill(_("What was changed: %(what)s"), {"what": source.what_changed.rstrip(". ") + "."})


def _made(source: Source, resource: Resource) -> str:
    if source.relation == Source.Relation.TRANSLATION and source.of_id == resource.work_id:
        return {
            Resource.Translated.HUMAN: _("Translated by people from %(source)s."),
            Resource.Translated.MACHINE: _("Translated by a machine from %(source)s; nobody has looked through it."),
            Resource.Translated.REVIEWED: _("Translated from %(source)s; people have looked through it."),
        }[Resource.Translated(resource.translated)]
    return {
        Source.Relation.BASED_ON: _("Based on %(source)s."),
        Source.Relation.REMIX: _("Mixed from %(source)s."),
        Source.Relation.TRANSLATION: _("Translated from %(source)s."),
        Source.Relation.NEW_VERSION: _("A new version of %(source)s."),
    }[Source.Relation(source.relation)]


def _source(source: Source, manner: _Text) -> str:
    if source.of is not None:
        of = source.of.shown
        title, authors = _title(of.title, _address_of(of), of.language, manner), _authors(of.authors, manner)
    else:
        title, authors = _title(source.title, source.address, "", manner), manner.person(source.author, "")
    words = {"title": title, "authors": authors, "licence": _licence(source.under, manner) if source.under else ""}
    if authors and source.under:
        return manner.fill(_("%(title)s by %(authors)s, %(licence)s"), words)
    if authors:
        return manner.fill(_("%(title)s by %(authors)s"), words)
    return manner.fill(_("%(title)s, %(licence)s"), words) if source.under else title


def _title(title: str, address: str, language: str, manner: _Text) -> str:
    return manner.lead(manner.fill(_("“%(title)s”"), {"title": title}), address, language=language)


def _licence(licence: Licence, manner: _Text) -> str:
    return manner.lead(str(licence.label), licence.uri, rel="license noopener")


def _authors(authors: Sequence[Mapping[str, Any]], manner: _Text) -> str:
    """Return all names: a licence that asks for names asks for each of them."""
    names = [manner.person(str(author["name"]), str(author.get("orcid") or "")) for author in authors if author.get("name")]
    if len(names) < 2:
        return manner.join(names)
    return manner.fill(_("%(names)s and %(last)s"), {"names": manner.join(names[:-1]), "last": names[-1]})


def _address_of(shown: Version | Resource) -> str:
    number = shown.resource_id if isinstance(shown, Version) else shown.pk
    return settings.BASE_URL + reverse("oer:resource", args=[number])
