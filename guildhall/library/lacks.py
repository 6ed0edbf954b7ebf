"""What a resource lacks: without which it is not published, and without which others will not find it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from guildhall.library import kinds, licences
from guildhall.library.models import Described, Film, Resource


def obstacles(resource: Resource) -> list[str]:
    """Say what keeps the working copy from being published, the first thing to do first; nothing when nothing does."""
    said = []
    film = Film.objects.shown_with(resource).first()
    has_content = any(
        [
            resource.text.strip(),
            resource.link,
            any(resource.account.get(part) for part in kinds.CASE_PARTS),
            resource.parts.of_working_copy().exists(),
            film is not None and film.is_ready,
        ]
    )
    if not has_content:
        said.append(_("There is nothing in it yet: write something, add a file or give an address."))
    if film is not None and not film.is_ready:
        said.append(_("Its film cannot be watched yet. Wait until it is made, or take it out."))
    if not resource.summary.strip():
        said.append(_("Say in a few sentences what it is: it stands in every list."))
    if not resource.authors and not resource.under.is_free_of_names:
        said.append(_("Name who made it: this licence asks everybody to."))
    if resource.translated == Resource.Translated.MACHINE:
        said.append(_("A machine translated this. Somebody has to look through it first."))
    for source in resource.sources.for_page():
        under = source.under
        if under is not None and (problem := licences.obstacle(under, resource.under)):
            said.append(problem)
    return said


@dataclass(frozen=True)
class Lack:
    """Something that is missing, who misses it, and the field it would go into."""

    field: str
    sentence: str
    is_needed: bool
    """Whether OERSI asks for it, rather than showing or filtering less well without."""


def lacks_of(shown: Described) -> list[Lack]:
    """Say what a record lacks for the repositories that harvest it, what OERSI requires first.

    Source: OERSI's checklist for sources and the warnings of its monitoring (research notes, community.md 2.1).
    """
    checks = [
        (bool(shown.summary), Lack("summary", _("A few sentences that say what it is"), True)),
        (bool(shown.authors) or shown.under.is_free_of_names, Lack("authors", _("Who made it"), True)),
        (shown.under.is_open, Lack("licence", _("A licence that allows changes and every use"), True)),
        (shown.kind != "other", Lack("kind", _("What kind of thing it is"), True)),
        (bool(shown.isced), Lack("isced", _("The subject"), False)),
        (bool(shown.keywords), Lack("keywords", _("A few keywords"), False)),
        (bool(shown.audience), Lack("audience", _("For whom it is"), False)),
        (bool(shown.eqf), Lack("eqf", _("The level"), False)),
        (any(author.get("orcid") for author in shown.authors), Lack("authors", _("An author’s ORCID"), False)),
        (bool(shown.accessibility), Lack("accessibility", _("How accessible it is"), False)),
    ]
    return [lack for is_there, lack in checks if not is_there]
