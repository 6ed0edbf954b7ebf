"""What other programs read of the library at once: a list of its pages, a list of its records, what is new.

All of it is about what was published here (``ResourceQuerySet.our_own``): what was taken from others they get from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from xml.sax.saxutils import escape

from django.db.models import Max
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from guildhall.core.addresses import addresses_of
from guildhall.library.amb import as_json, records_of, stamp, whole
from guildhall.library.cleaning import as_text
from guildhall.library.models import Resource, ResourceQuerySet

#: The sitemap protocol's own limit for one document.
MOST_ADDRESSES = 50_000
#: Records that are read and written at a time.
PORTION = 200
#: Of what is new, so many.
NEWEST = 50


def public_resources(since: datetime | None = None) -> ResourceQuerySet:
    """Public resources whose record changed at or after a moment; all without one."""
    return Resource.objects.our_own().public().public_since(since)


def last_change() -> datetime | None:
    """When the list of what is public changed last: something was published, or withdrawn."""
    return Resource.objects.our_own().aggregate(last=Max("public_at"))["last"]


def moment_of(text: str) -> datetime | None:
    """Read a moment as others write it: a day, which begins at midnight UTC, or ISO 8601 with a zone; None for anything else."""
    try:
        moment = parse_datetime(text) if "T" in text else None
        day = parse_date(text) if moment is None else None
    except ValueError:
        return None
    if moment is not None:
        return moment if moment.tzinfo else None
    return datetime.combine(day, time.min, UTC) if isinstance(day, date) else None


def sitemap(first: int = 0) -> Iterator[str]:
    """Write the pages of all public resources as a sitemap (sitemaps.org), from the one at place ``first`` on, at most 50,000.

    It is flat, for OERSI's reader follows no index. That reader asks again with ``from`` larger by what it got, until it gets
    nothing: so is ``first`` to be used.
    """
    address = addresses_of("oer:resource")
    rows = public_resources().order_by("pk").values_list("pk", "public_at")[first : first + MOST_ADDRESSES]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    for number, changed_at in rows.iterator(chunk_size=2000):
        yield f"<url><loc>{escape(whole(address(number)))}</loc><lastmod>{changed_at and stamp(changed_at)}</lastmod></url>\n"
    yield "</urlset>\n"


def record_list(since: datetime | None = None) -> Iterator[str]:
    """Write the records of public resources as one JSON array, as many as there are: only ``PORTION`` of them are in memory."""
    separator = "[\n"
    for record in _records(since):
        yield separator + record
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _records(since: datetime | None) -> Iterator[str]:
    # By number, not by an open cursor: whoever reads slowly holds nothing, and nothing is left out because it changed meanwhile.
    last = 0
    resources = public_resources(since).for_many_records().order_by("pk")
    while portion := list(resources.filter(pk__gt=last)[:PORTION]):
        yield from map(as_json, records_of(portion))
        last = portion[-1].pk


def newest(language: str = "") -> str:
    """Write what was published last, in one language or all, as a feed (Atom, RFC 4287)."""
    page = whole(reverse("oer:resources"))
    own = whole(reverse("oer:feed")) + (f"?language={language}" if language else "")
    feed = Atom1Feed(
        title=_("New in the library"),
        link=page,
        description=_("Open resources for learning at work."),
        feed_url=own,
        feed_guid=own,
        language=None,
    )
    resources = public_resources().select_related("current", "organisation").order_by("-public_at", "-pk")
    for resource in resources.filter(current__language=language)[:NEWEST] if language else resources[:NEWEST]:
        shown = resource.shown
        address = whole(resource.get_absolute_url())
        feed.add_item(
            title=as_text(shown.title),
            link=address,
            description=as_text(shown.summary),
            unique_id=address,
            author_name=as_text(", ".join(str(author.get("name", "")) for author in shown.authors) or str(resource.organisation)),
            categories=[as_text(str(word)) for word in shown.keywords],
            item_copyright=f"{shown.under.label} {shown.under.uri}",
            updateddate=resource.public_at,
            pubdate=resource.public_at,
        )
    return feed.writeString("utf-8")
