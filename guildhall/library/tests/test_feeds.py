"""What other programs read of the library at once: a flat sitemap, a list of records, a feed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.robotparser import RobotFileParser

import pytest
from defusedxml.ElementTree import fromstring
from django.urls import reverse
from django.utils.timezone import now

from guildhall.library import actions, feeds
from guildhall.library.models import Harvest, Harvested, Resource
from guildhall.library.tests.amb_schemas import errors_of
from guildhall.library.tests.factories import ResourceFactory, member_of, published

pytestmark = pytest.mark.django_db

SITEMAP, RECORDS, FEED = "/oer/sitemap.xml", "/oer/amb.json", "/oer/feed.xml"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def text_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def locations(client: Any, query: str = "") -> list[str]:
    root = fromstring(text_of(client.get(f"{SITEMAP}{query}")))
    return [loc.text or "" for loc in root.iter(LOC)]


def withdrawn(**fields: Any) -> Resource:
    resource = published(**fields)
    return actions.withdraw_resource(resource, why="Too old.", by=member_of(resource.organisation), at=now())


def taken_from_elsewhere(**fields: Any) -> Resource:
    resource = published(link="https://elsewhere.example/1", **fields)
    place = Harvest.objects.create(
        organisation=resource.organisation, name="Elsewhere", address="https://e.example", added_at=now()
    )
    Harvested.objects.create(harvest=place, identifier="1", resource=resource, seen_at=now())
    return resource


def test_the_sitemap_names_each_public_page_once_flat_with_its_date(client, settings):
    settings.BASE_URL = "https://guildhall.example"
    resource = published()
    ResourceFactory()
    withdrawn()
    taken_from_elsewhere()
    answer = client.get(SITEMAP)
    assert answer["Content-Type"] == "application/xml"
    written = text_of(answer)
    assert f"<loc>https://guildhall.example/oer/{resource.pk}/</loc>" in written
    assert f"<lastmod>{resource.public_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>" in written
    assert locations(client) == [f"https://guildhall.example/oer/{resource.pk}/"]
    assert "sitemapindex" not in written


def test_a_sitemap_that_is_too_long_goes_on_as_oersis_reader_asks(client, monkeypatch):
    """Metafacture's SitemapReader asks with ``from`` raised by what it got, until it gets nothing."""
    monkeypatch.setattr(feeds, "MOST_ADDRESSES", 2)
    for _ in range(5):
        published()
    got: list[str] = []
    first = 0
    while portion := locations(client, f"?from={first}"):
        got += portion
        first += len(portion)
    assert len(got) == len(set(got)) == 5
    assert locations(client, "?from=many") == got[:2]


def test_the_list_of_records_is_one_array_of_valid_records(client):
    resources = [published(), published(language="de"), published(kind="video")]
    ResourceFactory()
    withdrawn()
    taken_from_elsewhere()
    answer = client.get(RECORDS)
    assert answer["Content-Type"] == "application/json"
    records = json.loads(text_of(answer))
    assert [record["id"].rstrip("/").rpartition("/")[2] for record in records] == [str(each.pk) for each in resources]
    assert [errors_of(record) for record in records] == [[], [], []]


@pytest.mark.parametrize("address", [SITEMAP, RECORDS])
def test_who_asks_only_for_the_head_has_nothing_written(client, address, django_assert_max_num_queries):
    published()
    with django_assert_max_num_queries(3):
        answer = client.head(address)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["ETag"] == client.get(address)["ETag"]


def test_an_empty_list_is_an_array_too(client):
    assert json.loads(text_of(client.get(RECORDS))) == []


@pytest.mark.parametrize("asked", ["2026-03-02", "2026-03-02T00:00:00Z", "2026-03-02T01:00:00%2B01:00"])
def test_one_can_ask_for_what_has_changed_since(client, asked):
    early, late = published(), published()
    Resource.objects.filter(pk=early.pk).update(public_at=datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    Resource.objects.filter(pk=late.pk).update(public_at=datetime(2026, 3, 2, tzinfo=UTC))
    records = json.loads(text_of(client.get(f"{RECORDS}?modified_since={asked}")))
    assert [record["name"] for record in records] == [late.title]


@pytest.mark.parametrize("asked", ["yesterday", "2026-13-01", "2026-03-02T00:00:00", "2026-02-30", "T"])
def test_a_moment_that_is_none_is_said_to_be_none(client, asked):
    answer = client.get(RECORDS, {"modified_since": asked})
    assert answer.status_code == 400
    assert "modified_since" in answer.json()["detail"]


@pytest.mark.parametrize("address", [SITEMAP, RECORDS, FEED])
def test_who_has_the_newest_already_is_told_so_and_who_has_not_gets_it(client, address):
    resource = published()
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    actions.withdraw_resource(resource, why="Too old.", by=member_of(resource.organisation), at=now() + timedelta(minutes=1))
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert client.get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_records_costs_the_same_for_one_and_for_three(client, count, django_assert_num_queries):
    for _ in range(count):
        published()
    with django_assert_num_queries(7):
        assert len(json.loads(text_of(client.get(RECORDS)))) == count


def test_a_long_list_is_read_in_portions_and_misses_nothing_that_changes_meanwhile(monkeypatch):
    monkeypatch.setattr(feeds, "PORTION", 2)
    resources = [published() for _ in range(5)]
    pieces = feeds.record_list()
    written = next(pieces)
    last = resources[-1]
    author = member_of(last.organisation)
    actions.change_resource(last, described={"summary": "Changed meanwhile"}, by=author, at=now())
    actions.publish_resource(last, by=author, at=now())
    records = json.loads(written + "".join(pieces))
    assert len({record["id"] for record in records}) == 5
    assert records[-1]["description"] == "Changed meanwhile"


def test_the_feed_tells_what_is_new_newest_first(client):
    for title in ("One", "Two & <three>\x0b"):
        published(title=title, keywords=["calls"])
    taken_from_elsewhere(title="Theirs")
    atom = "{http://www.w3.org/2005/Atom}"
    answer = client.get(FEED)
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = fromstring(text_of(answer))
    assert [entry.findtext(f"{atom}title") for entry in root.iter(f"{atom}entry")] == ["Two & <three>", "One"]
    entry = next(root.iter(f"{atom}entry"))
    assert entry.find(f"{atom}category").get("term") == "calls"
    assert entry.findtext(f"{atom}rights") == "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"


def test_the_feed_can_be_had_in_one_language_and_speaks_it(client):
    published(title="Sheet")
    published(title="Blatt", language="de")
    assert "Blatt" not in text_of(client.get(f"{FEED}?language=en"))
    german = text_of(client.get(f"{FEED}?language=de"))
    assert "Blatt" in german
    assert "Sheet" not in german
    assert german == text_of(client.get(f"{FEED}?language=de", headers={"Accept-Language": "pl"}))


@pytest.mark.parametrize("name", ["sitemap", "records", "feed", "oai"])
def test_no_sign_in_is_asked_for_and_other_sites_pages_may_read_it(client, name):
    answer = client.get(reverse(f"oer:{name}"))
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_robots_are_let_in_and_told_where_the_list_is(client, settings):
    settings.BASE_URL = "https://guildhall.example"
    said = client.get("/robots.txt").content.decode()
    assert "Sitemap: https://guildhall.example/oer/sitemap.xml" in said
    robots = RobotFileParser()
    robots.parse(said.splitlines())
    assert robots.can_fetch("Googlebot", f"https://guildhall.example{published().get_absolute_url()}")
