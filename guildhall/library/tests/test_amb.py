"""What we say of our resources to other programs, and what we make of what they say: both by AMB's own schemas."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guildhall.core.models import StoredFile
from guildhall.library import actions, kinds, licences
from guildhall.library.amb import as_json, as_script, record_of, records_of
from guildhall.library.amb_reading import problems_of
from guildhall.library.models import Film, Resource, Version
from guildhall.library.tests.amb_schemas import INVALID, VALID, errors_of, example
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.library.views.open import described_by, shown_record
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db

ORCID = "0000-0002-3064-147X"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46b8"
    "0000000049454e44ae426082"
)


def everything(**more: Any) -> dict[str, Any]:
    """A resource described as fully as can be."""
    return {
        "kind": "worksheet",
        "language": "de",
        "title": "Das erste Gespräch",
        "summary": "Was man einen Betrieb am Telefon fragt.",
        "authors": [{"name": "Ada Example", "orcid": ORCID, "affiliation": "TH Uni"}, {"name": "Bo Beispiel"}],
        "keywords": ["Betrieb", "Telefon"],
        "skills": ["Telefonieren"],
        "audience": ["teacher", "trainer", "coordinator", "guidance", "learner"],
        "eqf": ["4", "6"],
        "isced": "0111",
        "nace": "F",
        "area": "1.3",
        "country": "DE",
        "project": "JOBS4ALL",
        "project_code": "2023-1-CZ01-KA220-VET-000152345",
        "is_erasmus": True,
        "doi": "10.5281/zenodo.1234",
        "accessibility": ["captions", "taggedPDF"],
        **more,
    }


class TestWriting:
    def test_a_resource_described_fully_says_all_of_it(self, settings):
        settings.BASE_URL = "https://guildhall.example"
        school = OrganisationFactory(name="Berufsschule", website="https://schule.example/")
        resource = published(organisation=school, **everything())
        record = record_of(resource)
        assert errors_of(record) == []
        page = f"https://guildhall.example/oer/{resource.pk}/"
        assert record["@context"][0] == "https://w3id.org/kim/amb/context.jsonld"
        assert record["@context"][-1] == {"@language": "de"}
        assert record["id"] == page
        assert record["type"] == ["LearningResource"]
        assert record["inLanguage"] == ["de"]
        assert record["license"] == {"id": "https://creativecommons.org/licenses/by/4.0/"}
        assert record["creator"][0] == {
            "type": "Person",
            "id": f"https://orcid.org/{ORCID}",
            "name": "Ada Example",
            "affiliation": {"type": "Organization", "name": "TH Uni"},
        }
        assert record["creator"][1] == {"type": "Person", "name": "Bo Beispiel"}
        assert record["learningResourceType"][0]["id"] == "https://w3id.org/kim/hcrt/worksheet"
        assert [each["id"] for each in record["about"]] == [
            "https://w3id.org/kim/hochschulfaechersystematik/n33",
            "https://w3id.org/kim/hochschulfaechersystematik/n270",
            "http://data.europa.eu/snb/isced-f/0111",
        ]
        assert [each["id"] for each in record["educationalLevel"]] == ["https://w3id.org/kim/educationalLevel/level_6"]
        assert [each["id"].rpartition("/")[2] for each in record["audience"]] == ["teacher", "mentor", "professional", "student"]
        assert record["funder"] == [{"type": "FundingScheme", "id": "https://erasmus-plus.ec.europa.eu/", "name": "Erasmus+"}]
        assert record["publisher"] == [{"type": "Organization", "id": "https://schule.example/", "name": "Berufsschule"}]
        assert record["conditionsOfAccess"]["id"] == "http://w3id.org/kim/conditionsOfAccess/no_login"
        assert record["isAccessibleForFree"] is True
        assert record["sameAs"] == ["https://doi.org/10.5281/zenodo.1234"]
        assert record["mainEntityOfPage"][0]["id"] == page
        assert record["mainEntityOfPage"][0]["provider"]["id"] == "https://guildhall.example/"
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record[name]) for name in ("dateCreated", "datePublished"))

    def test_dates_are_those_of_the_first_and_of_the_last_publication(self):
        resource = published()
        first = resource.current.published_at
        author = member_of(resource.organisation)
        actions.change_resource(resource, described={"summary": "Better"}, by=author, at=first)
        later = datetime(2031, 5, 1, 23, 30, tzinfo=UTC).astimezone()
        resource = actions.publish_resource(resource, by=author, at=later)
        record = record_of(resource)
        assert record["dateModified"] == "2031-05-01T23:30:00Z"
        assert record["datePublished"] == f"{first.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert record["description"] == "Better"

    @pytest.mark.parametrize("kind", kinds.KINDS)
    def test_each_kind_is_one_of_hcrt(self, kind):
        assert errors_of(record_of(published(kind=kind))) == []

    @pytest.mark.parametrize("licence", licences.LICENCES)
    def test_each_licence_that_can_be_chosen_is_one_of_amb(self, licence):
        assert errors_of(record_of(published(licence=licence))) == []

    @pytest.mark.parametrize(("language", "said"), [("pt-PT", ["pt"]), ("sr-Latn", ["sr"]), ("hsb", None)])
    def test_a_language_is_said_in_two_letters_or_not_at_all(self, language, said):
        record = _record_without_database({"title": "Call sheet", "language": language})
        assert record.get("inLanguage") == said
        assert errors_of(record) == []

    def test_without_a_subject_that_amb_knows_there_is_none(self):
        record = record_of(published(isced="0715"))
        assert "about" not in record
        assert errors_of(record) == []

    def test_what_it_was_made_from_is_named_here_and_elsewhere(self, settings):
        settings.BASE_URL = "https://guildhall.example"
        source = published(title="The original", licence="by-sa")
        draft = ResourceFactory(licence="by-sa")
        by = member_of(draft.organisation)
        actions.add_source(draft, relation="based_on", of=source, by=by, at=now())
        actions.add_source(
            draft,
            relation="remix",
            title="A book",
            author="Cy",
            address="https://books.example/1",
            licence="by",
            by=by,
            at=now(),
        )
        actions.add_source(draft, relation="remix", title="A talk", by=by, at=now())
        record = record_of(actions.publish_resource(draft, by=by, at=now()))
        assert errors_of(record) == []
        here, book, talk = record["isBasedOn"]
        assert (here["id"], here["name"]) == (f"https://guildhall.example/oer/{source.pk}/", "The original")
        assert here["license"] == {"id": "https://creativecommons.org/licenses/by-sa/4.0/"}
        assert (book["id"], book["creator"]) == ("https://books.example/1", [{"type": "Person", "name": "Cy"}])
        assert "id" not in talk

    def test_a_translation_is_based_on_its_original(self):
        original = published()
        by = member_of(OrganisationFactory())
        school = by.memberships.get().organisation
        given = {"organisation": school, "language": "de", "described": {"title": "Auf Deutsch"}}
        translation = actions.start_translation(original, **given, by=by, at=now())
        record = record_of(actions.publish_resource(translation, by=by, at=now()))
        assert errors_of(record) == []
        assert record["translationOfWork"]["id"] == record["isBasedOn"][0]["id"]
        assert record["inLanguage"] == ["de"]

    def test_its_files_can_be_fetched_and_checked(self, client, settings):
        draft = ResourceFactory()
        by = member_of(draft.organisation)
        for name, content in [("sheet.txt", b"Look up who decides."), ("call.png", PNG)]:
            actions.add_part(draft, upload=SimpleUploadedFile(name, content), by=by, at=now())
        record = record_of(actions.publish_resource(draft, by=by, at=now()))
        assert errors_of(record) == []
        sheet, picture = record["encoding"]
        assert sheet["encodingFormat"] == "text/plain"
        assert sheet["contentSize"] == "20"
        assert re.fullmatch(r"[0-9a-f]{64}", sheet["sha256"])
        assert record["image"] == picture["contentUrl"]
        fetched = client.get(sheet["contentUrl"].removeprefix(settings.BASE_URL))
        assert fetched.status_code == 200
        content = b"".join(fetched.streaming_content if fetched.streaming else [fetched.content])
        assert hashlib.sha256(content).hexdigest() == sheet["sha256"]

    def test_a_film_says_how_long_it_is_how_it_is_played_and_what_can_be_read_along_also_in_translation(self):
        original = published(kind="video")
        film = Film.objects.create(resource=original, state=Film.State.READY, duration_seconds=222.4, brought_at=now())
        kept = {"kept_for_type": "library.film", "kept_for_id": film.pk, "created_at": now()}
        file = StoredFile.objects.create(
            name="a.mp4", content_type="video/mp4", size=5, sha256="0" * 64, content="kept/aa/film", **kept
        )
        film.renditions.create(kind="720p", file=file, bits_per_second=1_650_600)
        film.poster = file
        film.save()
        for language, kind, source in [("de", "captions", "human"), ("el", "subtitles", "machine"), ("de", "chapters", "human")]:
            film.tracks.create(language=language, kind=kind, source=source, vtt="WEBVTT", changed_at=now())
        by = member_of(OrganisationFactory())
        school = by.memberships.get().organisation
        given = {"organisation": school, "language": "de", "described": {"title": "Auf Deutsch"}}
        translation = actions.start_translation(original, **given, by=by, at=now())
        translation = actions.publish_resource(translation, by=by, at=now())
        for resource in (original, translation):
            record = record_of(resource)
            assert errors_of(record) == []
            assert record["duration"] == "PT222S"
            assert record["type"] == ["LearningResource", "VideoObject"]
            assert record["image"].endswith(f"/oer/films/{film.pk}/poster.jpg")
            (encoding,) = record["encoding"]
            assert (encoding["bitrate"], encoding["contentSize"]) == ("1651", "5")
            assert encoding["contentUrl"].endswith(f"/oer/films/{film.pk}/720p.mp4")
            assert [(each["inLanguage"], each["encodingFormat"]) for each in record["caption"]] == [("de", "text/vtt")]
            assert record["caption"][0]["id"].endswith(f"/oer/films/{film.pk}/de-captions.vtt")

    def test_what_is_made_up_says_so_in_its_language(self):
        record = record_of(published(summary="A case.", is_illustration=True))
        assert record["description"] == "A case.\nAn illustration: made up, to show what such a thing looks like."

    def test_what_was_never_published_has_no_record(self):
        with pytest.raises(ValueError, match="never published"):
            record_of(ResourceFactory())

    @given(
        title=st.text(min_size=1, max_size=40),
        summary=st.text(max_size=80),
        keywords=st.lists(st.text(max_size=10), max_size=3),
        name=st.text(max_size=20),
        orcid=st.text(max_size=30) | st.just(ORCID),
        isced=st.sampled_from(["", "0111", "0923", "0715", "01"]),
        eqf=st.lists(st.sampled_from("12345678"), max_size=3),
        language=st.sampled_from(["en", "de", "el", "pt-PT", "hsb", "x"]),
        doi=st.sampled_from(["", "10.1234/5"]),
    )
    @settings(max_examples=200, deadline=None)
    def test_whatever_is_written_the_record_is_valid_and_comes_back_from_the_page(
        self, title, summary, keywords, name, orcid, isced, eqf, language, doi
    ):
        # Without the database: a record is made of what is read, whatever it says.
        described = {"title": title, "summary": summary, "keywords": keywords, "isced": isced, "eqf": eqf}
        described |= {"language": language, "doi": doi, "authors": [{"name": name, "orcid": orcid}]}
        record = _record_without_database(described)
        assert errors_of(record) == []
        page = f"<html><head><script type='application/ld+json'>{as_script(record)}</script></head></html>"
        assert json.loads(_script_of(page)) == record == json.loads(as_json(record))


def _record_without_database(described: dict[str, Any]) -> dict[str, Any]:
    moment = datetime(2026, 11, 30, tzinfo=UTC)
    organisation = OrganisationFactory.build(name="School")
    resource = Resource(pk=7, organisation=organisation, created_at=moment, public_at=moment, state="published")
    resource.current = Version(pk=8, resource=resource, number=1, published_at=moment, **described)
    resource.first_published_at = moment
    resource._prefetched_objects_cache = {"sources": Resource.objects.none()}
    resource.current._prefetched_objects_cache = {"parts": Resource.objects.none()}
    resource._state.fields_cache["harvested"] = None
    return next(records_of([resource]))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.is_inside = False

    def handle_starttag(self, tag, attrs):
        self.is_inside = tag == "script" and dict(attrs).get("type") == "application/ld+json"
        if self.is_inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.is_inside = False

    def handle_data(self, data):
        if self.is_inside:
            self.scripts[-1] += data


def _script_of(page: str) -> str:
    read = _Page()
    read.feed(page)
    assert len(read.scripts) == 1, "one script, for OERSI reads all of them as one document"
    return read.scripts[0]


class TestOnThePage:
    def test_the_page_carries_one_script_and_says_where_the_record_is(self, client, settings):
        resource = published(title="</script><script>alert(1)</script> & <!-- more")
        answer = client.get(resource.get_absolute_url())
        head = answer.content.decode().partition("</head>")[0]
        record = json.loads(_script_of(head))
        assert record == record_of(resource)
        assert record["name"] == "</script><script>alert(1)</script> & <!-- more"
        address = f"{settings.BASE_URL}/oer/{resource.pk}/record.json"
        assert answer["Link"] == f'<{address}>; rel="describedby"; type="application/ld+json"'
        assert f'<link rel="describedby" type="application/ld+json" href="{address}">' in head

    def test_what_is_not_public_has_none(self):
        draft = ResourceFactory()
        assert shown_record(draft) is None
        assert "Link" not in described_by(HttpResponse(), draft)

    def test_the_record_has_an_address_of_its_own(self, client):
        resource = published()
        answer = client.get(reverse("oer:record", args=[resource.pk]))
        assert answer["Content-Type"] == "application/ld+json"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert errors_of(answer.json()) == []

    def test_of_what_was_withdrawn_it_says_that_it_is_gone(self, client):
        resource = published()
        actions.withdraw_resource(resource, why="The law has changed.", by=member_of(resource.organisation), at=now())
        answer = client.get(reverse("oer:record", args=[resource.pk]))
        assert answer.status_code == 410
        assert answer.json()["detail"] == "The law has changed."

    def test_a_draft_has_none(self, client):
        assert client.get(reverse("oer:record", args=[ResourceFactory().pk])).status_code == 404

    @pytest.mark.parametrize("count", [1, 3])
    def test_many_records_cost_as_much_as_one(self, count, django_assert_num_queries):
        for _ in range(count):
            published(kind="video")
        with django_assert_num_queries(4):
            found = Resource.objects.our_own().public().for_records().order_by("pk")
            assert len(list(records_of(list(found)))) == count


class TestReading:
    @pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
    def test_nothing_is_wrong_with_ambs_valid_examples(self, path):
        assert list(problems_of(example(path))) == []
        assert errors_of(example(path)) == []

    @pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
    def test_each_of_ambs_invalid_examples_is_refused_with_a_sentence(self, path):
        problems = list(problems_of(example(path)))
        assert problems
        for problem in problems:
            sentence = str(problem.why.label) % problem.said
            assert "%(" not in sentence
        assert errors_of(example(path))

    @pytest.mark.parametrize("record", [None, [], "record", 7, {}, {"@context": {}}, {"@context": [[]], "type": [[]], "id": {}}])
    def test_what_is_no_record_at_all_is_refused(self, record):
        assert list(problems_of(record))

    @given(st.data())
    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_whatever_is_changed_in_an_example_we_and_the_schemas_agree(self, data):
        """Take a valid example, put something else in any place of it, or leave it out: both say yes, or both say no."""
        record = copy.deepcopy(example(data.draw(st.sampled_from(VALID))))
        places = list(_places(record))
        path = data.draw(st.sampled_from(places))
        other = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(_OTHERS) | st.just([]) | st.just({})
        _change(record, path, data.draw(st.just(_LEFT_OUT) | other | other.map(lambda value: [value])))
        assert bool(list(problems_of(record))) == bool(errors_of(record)), path


_LEFT_OUT = object()
_OTHERS = [
    "",
    "de",
    "xx",
    "Person",
    "LearningResource",
    "Course",
    "Concept",
    "https://example.org/x",
    "https://w3id.org/kim/hcrt/video",
    "http://w3id.org/kim/schulfaecher/s1",
    "https://creativecommons.org/licenses/by/4.0/",
    "https://w3id.org/kim/educationalLevel/level_C",
    "2020-02-30",
    "2020-02-28",
    "PT5M",
    "12",
    "video/mp4",
]


def _places(value: Any, before: tuple[Any, ...] = ()) -> Any:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*before, key)
        yield from _places(each, (*before, key))


def _change(record: Any, path: tuple[Any, ...], value: Any) -> None:
    *way, last = path
    for key in way:
        record = record[key]
    if value is _LEFT_OUT:
        del record[last]
    else:
        record[last] = value


def test_a_moment_ago_is_said_in_utc():
    resource = published()
    assert timedelta() <= now() - datetime.fromisoformat(record_of(resource)["dateModified"]) < timedelta(minutes=5)
