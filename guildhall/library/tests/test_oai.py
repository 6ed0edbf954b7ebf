"""OAI-PMH 2.0 as it is answered, word for word, and as two clients that are not ours harvest it while things change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import oaipmh_scythe
import pytest
import sickle
from defusedxml.ElementTree import fromstring
from django.test import Client
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sickle.oaiexceptions import NoRecordsMatch

from guildhall.library import actions, oai
from guildhall.library.models import Resource
from guildhall.library.tests.amb_schemas import errors_of
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.library.tests.test_feeds import taken_from_elsewhere, withdrawn
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

OAI = "{http://www.openarchives.org/OAI/2.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
AMB = "{urn:x-guildhall:oai-amb}"
ADDRESS = "/oer/oai"
SECOND = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture(autouse=True)
def _called_guildhall(settings: Any) -> None:
    settings.BASE_URL = "https://guildhall.example"


def asked(client: Client, method: str = "get", **arguments: Any) -> Any:
    """Ask, with ``from`` as ``since``, and return the answer as XML."""
    if "since" in arguments:
        arguments["from"] = arguments.pop("since")
    answer = getattr(client, method)(ADDRESS, arguments)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    return fromstring(answer.content)


def error_of(client: Client, **arguments: Any) -> str:
    error = asked(client, **arguments).find(f"{OAI}error")
    assert error is not None
    assert error.text
    return error.get("code")


def identifiers(root: Any) -> list[str]:
    return [each.text for each in root.iter(f"{OAI}identifier")]


def listed(client: Client, verb: str = "ListIdentifiers", **arguments: Any) -> list[str]:
    """All identifiers of a list, however many answers it takes."""
    root = asked(client, verb=verb, metadataPrefix="oai_dc", **arguments)
    found = identifiers(root)
    while token := root.findtext(f".//{OAI}resumptionToken"):
        root = asked(client, verb=verb, resumptionToken=token)
        found += identifiers(root)
    return found


def name_of(resource: Resource) -> str:
    return f"oai:guildhall.example:{resource.pk}"


def at(resource: Resource, moment: datetime) -> Resource:
    Resource.objects.filter(pk=resource.pk).update(public_at=moment)
    return resource


class TestVerbs:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_identify(self, client, method, settings):
        settings.DEFAULT_FROM_EMAIL = "The library <library@guildhall.example>"
        at(published(), datetime(2026, 3, 1, 12, 0, 0, 999, tzinfo=UTC))
        root = asked(client, method, verb="Identify")
        said = {each.tag.removeprefix(OAI): each.text for each in root.find(f"{OAI}Identify")}
        assert said == {
            "repositoryName": "Guildhall",
            "baseURL": "https://guildhall.example/oer/oai",
            "protocolVersion": "2.0",
            "adminEmail": "library@guildhall.example",
            "earliestDatestamp": "2026-03-01T12:00:00Z",
            "deletedRecord": "persistent",
            "granularity": "YYYY-MM-DDThh:mm:ssZ",
        }
        assert re.fullmatch(SECOND, root.findtext(f"{OAI}responseDate"))
        request = root.find(f"{OAI}request")
        assert (request.text, request.attrib) == ("https://guildhall.example/oer/oai", {"verb": "Identify"})

    def test_a_harvester_needs_no_token_to_post(self):
        assert asked(Client(enforce_csrf_checks=True), "post", verb="Identify").find(f"{OAI}Identify") is not None

    def test_list_metadata_formats(self, client):
        resource = published()
        for arguments in ({}, {"identifier": name_of(resource)}):
            root = asked(client, verb="ListMetadataFormats", **arguments)
            forms = [[each.text for each in form] for form in root.iter(f"{OAI}metadataFormat")]
            assert forms == [
                [
                    "oai_dc",
                    "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
                    "http://www.openarchives.org/OAI/2.0/oai_dc/",
                ],
                ["oai_amb", "https://guildhall.example/oer/oai/amb.xsd", "urn:x-guildhall:oai-amb"],
            ]
        schema = fromstring(client.get("/oer/oai/amb.xsd").content)
        assert schema.get("targetNamespace") == "urn:x-guildhall:oai-amb"

    def test_sets_are_the_languages_and_the_projects(self, client):
        code = "2023-1-CZ01-KA220-VET-000152345"
        german = published(language="de", project="JOBS4ALL", project_code=code)
        english = published(project="Über Ämter / und mehr")
        root = asked(client, verb="ListSets")
        sets = {each.findtext(f"{OAI}setSpec"): each.findtext(f"{OAI}setName") for each in root.iter(f"{OAI}set")}
        assert sets == {
            "language-de": "German",
            "language-en": "English",
            f"project-{code}": f"JOBS4ALL · {code}",
            "project-uber-amter-und-mehr": "Über Ämter / und mehr",
        }
        for spec in sets:
            assert re.fullmatch(r"[A-Za-z0-9\-_.!~*'()]+", spec)
            assert listed(client, set=spec) == [name_of(german if spec.endswith(("de", code)) else english)]
        header = asked(client, verb="ListIdentifiers", metadataPrefix="oai_dc", set="language-de").find(f".//{OAI}header")
        assert [each.text for each in header.iter(f"{OAI}setSpec")] == ["language-de", f"project-{code}"]
        assert error_of(client, verb="ListIdentifiers", metadataPrefix="oai_dc", set="language-pl") == "noRecordsMatch"
        assert error_of(client, verb="ListIdentifiers", metadataPrefix="oai_dc", set="nothing") == "noRecordsMatch"

    def test_a_project_without_a_latin_letter_has_a_set_too(self, client):
        greek, other = published(project="Έργο", language="el"), published(project="Άλλο", language="el")
        specs = [each.text for each in asked(client, verb="ListSets").iter(f"{OAI}setSpec") if each.text.startswith("project-")]
        assert len(set(specs)) == 2
        assert sorted(listed(client, set=specs[0]) + listed(client, set=specs[1])) == sorted([name_of(greek), name_of(other)])

    def test_with_nothing_published_there_are_no_sets(self, client):
        assert error_of(client, verb="ListSets") == "noSetHierarchy"

    def test_a_record_as_dublin_core(self, client):
        resource = published(
            title="First call",
            language="de",
            keywords=["calls"],
            isced="0111",
            doi="10.1234/5",
            kind="worksheet",
            authors=[{"name": "Ada"}, {"name": "Bo"}],
        )
        root = asked(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=name_of(resource))
        said: dict[str, list[str]] = {}
        for each in root.find(f".//{OAI}metadata")[0]:
            said.setdefault(each.tag.removeprefix(DC), []).append(each.text)
        assert said["title"] == ["First call"]
        assert said["creator"] == ["Ada", "Bo"]
        assert said["subject"] == ["calls", "Educational Sciences", "Education science"]
        assert said["identifier"] == [f"https://guildhall.example/oer/{resource.pk}/", "https://doi.org/10.1234/5"]
        assert said["language"] == ["de"]
        assert said["type"] == ["https://w3id.org/kim/hcrt/worksheet"]
        assert said["rights"] == ["https://creativecommons.org/licenses/by/4.0/"]
        title = root.find(f".//{DC}title")
        assert title.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"

    def test_a_record_as_amb(self, client):
        resource = published(summary="<b>Words</b> & more")
        root = asked(client, verb="GetRecord", metadataPrefix="oai_amb", identifier=name_of(resource))
        (amb,) = root.find(f".//{OAI}metadata")
        assert amb.tag == f"{AMB}amb"
        record = json.loads(amb.findtext(f"{AMB}json"))
        assert errors_of(record) == []
        assert record["description"] == "<b>Words</b> & more"

    def test_what_was_withdrawn_is_deleted_for_ever(self, client):
        gone = withdrawn()
        header = asked(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=name_of(gone)).find(f".//{OAI}header")
        assert header.get("status") == "deleted"
        assert re.fullmatch(SECOND, header.findtext(f"{OAI}datestamp"))
        root = asked(client, verb="ListRecords", metadataPrefix="oai_amb")
        assert identifiers(root) == [name_of(gone)]
        assert root.find(f".//{OAI}metadata") is None
        actions.take_up_again(gone, by=member_of(gone.organisation), at=now())
        assert asked(client, verb="ListIdentifiers", metadataPrefix="oai_dc").find(f".//{OAI}header").get("status") is None

    def test_drafts_and_what_was_taken_from_others_are_not_listed(self, client):
        resource, taken = published(), taken_from_elsewhere()
        draft = ResourceFactory()
        assert listed(client) == listed(client, "ListRecords") == [name_of(resource)]
        for hidden in (taken, draft):
            assert error_of(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=name_of(hidden)) == "idDoesNotExist"

    def test_whatever_is_in_a_title_the_answer_is_xml(self, client):
        title = "Bell\x07 ]]> & <b> \ud83d\ude00 \ufffe \u202e end"
        resource = published(title=title.encode("utf-16", "surrogatepass").decode("utf-16"), keywords=["\x0b"])
        for prefix in ("oai_dc", "oai_amb"):
            root = asked(client, verb="GetRecord", metadataPrefix=prefix, identifier=name_of(resource))
            assert "Bell ]]> & <b> 😀" in "".join(root.itertext())


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ({}, "badVerb"),
            ({"verb": "Harvest"}, "badVerb"),
            ({"verb": "identify"}, "badVerb"),
            ({"verb": ["Identify", "Identify"]}, "badVerb"),
            ({"verb": "Identify", "metadataPrefix": "oai_dc"}, "badArgument"),
            ({"verb": "Identify", "other": "1"}, "badArgument"),
            ({"verb": "ListRecords"}, "badArgument"),
            ({"verb": "ListIdentifiers"}, "badArgument"),
            ({"verb": "GetRecord", "metadataPrefix": "oai_dc"}, "badArgument"),
            ({"verb": "GetRecord", "identifier": "oai:guildhall.example:1"}, "badArgument"),
            ({"verb": "ListRecords", "metadataPrefix": ["oai_dc", "oai_dc"]}, "badArgument"),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "resumptionToken": "x"}, "badArgument"),
            (
                {"verb": "ListRecords", "metadataPrefix": "oai_dc", "since": "2026-01-01", "until": "2026-01-01T00:00:00Z"},
                "badArgument",
            ),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "since": "2026-01-02", "until": "2026-01-01"}, "badArgument"),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "since": "yesterday"}, "badArgument"),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "since": "2026-02-30"}, "badArgument"),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "since": "2026-01-01T00:00:00"}, "badArgument"),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "since": "2026-01-01T00:00:00+01:00"}, "badArgument"),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "since": "٢٠٢٦-01-01"}, "badArgument"),
            ({"verb": "ListRecords", "metadataPrefix": "marc21"}, "cannotDisseminateFormat"),
            ({"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:guildhall.example:999999"}, "idDoesNotExist"),
            ({"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:other.example:1"}, "idDoesNotExist"),
            (
                {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": f"oai:guildhall.example:{'9' * 40}"},
                "idDoesNotExist",
            ),
            ({"verb": "ListMetadataFormats", "identifier": "\x07&<"}, "idDoesNotExist"),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "since": "2099-01-01"}, "noRecordsMatch"),
            ({"verb": "ListRecords", "metadataPrefix": "oai_dc", "until": "0001-01-01"}, "noRecordsMatch"),
            ({"verb": "ListRecords", "resumptionToken": "made up"}, "badResumptionToken"),
            ({"verb": "ListSets", "resumptionToken": "made up"}, "badResumptionToken"),
        ],
    )
    def test_each_wrong_question_has_its_code(self, client, arguments, code):
        published()
        assert error_of(client, **arguments) == code

    def test_a_question_that_was_not_understood_is_not_repeated(self, client):
        assert asked(client, verb="Nothing", set="x").find(f"{OAI}request").attrib == {}
        assert asked(client, verb="Identify", set="x").find(f"{OAI}request").attrib == {}
        request = asked(client, verb="ListRecords", metadataPrefix="marc21").find(f"{OAI}request")
        assert request.attrib == {"verb": "ListRecords", "metadataPrefix": "marc21"}

    def test_a_format_is_refused_for_a_record_that_is_there(self, client):
        resource = published()
        assert error_of(client, verb="GetRecord", metadataPrefix="lom", identifier=name_of(resource)) == "cannotDisseminateFormat"

    def test_only_reading_and_posting_are_answered(self, client):
        assert client.put(ADDRESS).status_code == 405

    @given(
        st.dictionaries(
            st.sampled_from(["verb", "metadataPrefix", "from", "until", "set", "identifier", "resumptionToken"]),
            _words := st.one_of(
                st.text(max_size=12),
                st.sampled_from(["ListRecords", "oai_dc", "9999-12-31", "0001-01-01T00:00:00Z", "language-", "project-"]),
            ),
        )
    )
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_is_asked_the_answer_is_xml(self, arguments):
        answer = fromstring(oai.answer({name: [value] for name, value in arguments.items()}, at=now()))
        assert answer.tag == f"{OAI}OAI-PMH"


class TestSpans:
    @pytest.fixture
    def three(self):
        noon = datetime(2026, 3, 2, 12, 0, 0, 500_000, tzinfo=UTC)
        return [at(published(), noon + timedelta(days=day)) for day in (-1, 0, 1)]

    @pytest.mark.parametrize(
        ("arguments", "meant"),
        [
            ({"since": "2026-03-02"}, [1, 2]),
            ({"until": "2026-03-02"}, [0, 1]),
            ({"since": "2026-03-02", "until": "2026-03-02"}, [1]),
            ({"since": "2026-03-02T12:00:00Z"}, [1, 2]),
            ({"since": "2026-03-02T12:00:01Z"}, [2]),
            ({"until": "2026-03-02T12:00:00Z"}, [0, 1]),
            ({"until": "2026-03-02T11:59:59Z"}, [0]),
            ({"since": "2026-03-02T12:00:00Z", "until": "2026-03-02T12:00:00Z"}, [1]),
            ({"until": "9999-12-31"}, [0, 1, 2]),
        ],
    )
    def test_both_ends_belong_to_it_as_exactly_as_they_are_said(self, client, three, arguments, meant):
        assert listed(client, **arguments) == [name_of(three[place]) for place in meant]

    def test_what_is_shown_as_its_datestamp_finds_it_again(self, client, three):
        for resource in three:
            record = asked(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=name_of(resource))
            stamp = record.findtext(f".//{OAI}datestamp")
            assert listed(client, since=stamp, until=stamp) == [name_of(resource)]


class TestResuming:
    @pytest.fixture(autouse=True)
    def _two_at_a_time(self, monkeypatch):
        monkeypatch.setattr(oai, "PORTION", 2)

    def test_a_list_in_pieces_says_where_it_is_and_ends_with_an_empty_token(self, client):
        resources = [published() for _ in range(5)]
        root = asked(client, verb="ListRecords", metadataPrefix="oai_dc")
        seen, cursors = identifiers(root), []
        while (token := root.find(f".//{OAI}resumptionToken")) is not None:
            cursors.append((token.get("cursor"), token.get("completeListSize")))
            if not token.text:
                break
            root = asked(client, verb="ListRecords", resumptionToken=token.text)
            seen += identifiers(root)
        assert seen == [name_of(resource) for resource in resources]
        assert cursors == [("0", "5"), ("2", "5"), ("4", "5")]

    @pytest.mark.parametrize("count", [1, 2])
    def test_a_list_in_one_piece_has_no_token(self, client, count):
        for _ in range(count):
            published()
        assert asked(client, verb="ListRecords", metadataPrefix="oai_dc").find(f".//{OAI}resumptionToken") is None

    def test_a_token_stays_valid_and_gives_the_same_again(self, client, time_machine):
        for _ in range(5):
            published()
        token = asked(client, verb="ListIdentifiers", metadataPrefix="oai_dc").findtext(f".//{OAI}resumptionToken")
        first = identifiers(asked(client, verb="ListIdentifiers", resumptionToken=token))
        time_machine.move_to(now() + timedelta(days=400))
        assert identifiers(asked(client, verb="ListIdentifiers", resumptionToken=token)) == first

    def test_a_token_that_was_changed_is_refused(self, client):
        for _ in range(3):
            published()
        token = asked(client, verb="ListIdentifiers", metadataPrefix="oai_dc").findtext(f".//{OAI}resumptionToken")
        assert error_of(client, verb="ListIdentifiers", resumptionToken=token[:-1]) == "badResumptionToken"
        assert error_of(client, verb="ListIdentifiers", resumptionToken=f"A{token}") == "badResumptionToken"

    def test_the_span_and_the_set_hold_to_the_end(self, client):
        early = [at(published(), datetime(2026, 3, 1, tzinfo=UTC)) for _ in range(3)]
        for language in ("de", "en"):
            at(published(language=language), datetime(2026, 3, 2, tzinfo=UTC))
        assert listed(client, until="2026-03-01", set="language-en") == [name_of(each) for each in early]

    def test_what_is_left_of_a_list_may_be_nothing(self, client):
        resources = [at(published(), datetime(2026, 3, 1, tzinfo=UTC)) for _ in range(3)]
        root = asked(client, verb="ListRecords", metadataPrefix="oai_dc", until="2026-03-01")
        at(resources[2], datetime(2026, 3, 5, tzinfo=UTC))
        rest = asked(client, verb="ListRecords", resumptionToken=root.findtext(f".//{OAI}resumptionToken"))
        assert rest.find(f"{OAI}error") is None
        assert rest.find(f".//{OAI}resumptionToken").text is None

    @pytest.mark.parametrize("count", [1, 2])
    def test_an_answer_costs_the_same_however_much_is_in_it(self, client, count, django_assert_num_queries):
        for _ in range(count):
            published(kind="text")
        with django_assert_num_queries(5):
            assert len(listed(client, "ListRecords")) == count


@pytest.fixture
def school():
    school = OrganisationFactory()
    MembershipFactory(user=UserFactory(), organisation=school, role="manager")
    return school


def changing(school: Any) -> Callable[[int], None]:
    """What happens between two answers: one is changed, one withdrawn, one taken up again, a new one published."""
    manager = school.memberships.get().user
    resources = [published(organisation=school, title=f"Sheet {number}") for number in range(11)]
    gone = resources.pop()
    actions.withdraw_resource(gone, why="Too old.", by=manager, at=now())

    def change(step: int) -> None:
        changed = Resource.objects.get(pk=resources[(3 * step) % 10].pk)
        if changed.is_public:
            actions.change_resource(changed, described={"summary": f"Changed {step}"}, by=manager, at=now())
            actions.publish_resource(changed, by=manager, at=now())
        victim = Resource.objects.get(pk=resources[9 - step % 4].pk)
        if victim.is_public:
            actions.withdraw_resource(victim, why="Too old.", by=manager, at=now())
        else:
            actions.take_up_again(victim, by=manager, at=now())
        published(organisation=school, title=f"New {step}")

    change.known = [*resources, gone]  # type: ignore[attr-defined]
    change.gone = gone  # type: ignore[attr-defined]
    return change


def by_sickle(address: str) -> Iterator[tuple[str, bool]]:
    client = sickle.Sickle(address)
    for record in client.ListRecords(metadataPrefix="oai_amb"):
        yield record.header.identifier, record.deleted


def by_scythe(address: str) -> Iterator[tuple[str, bool]]:
    with oaipmh_scythe.Scythe(address) as client:
        for record in client.list_records(metadata_prefix="oai_amb"):
            yield record.header.identifier, record.deleted


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("harvest", [by_sickle, by_scythe])
def test_a_client_that_is_not_ours_harvests_everything_while_it_changes(live_server, settings, monkeypatch, school, harvest):
    settings.BASE_URL = live_server.url
    monkeypatch.setattr(oai, "PORTION", 2)
    change = changing(school)
    known = {oai.identifier_of(resource.pk) for resource in change.known}
    got: list[tuple[str, bool]] = []
    for step, found in enumerate(harvest(f"{live_server.url}{ADDRESS}")):
        got.append(found)
        change(step)
    names = [name for name, _deleted in got]
    assert len(names) == len(set(names)), "nothing twice"
    assert set(names) == known, "all that was there when it began, and an end"
    assert (oai.identifier_of(change.gone.pk), True) in got
    # And what has changed since is what one gets by asking for it.
    since = f"{datetime.now(UTC) - timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"
    later = sickle.Sickle(f"{live_server.url}{ADDRESS}").ListIdentifiers(metadataPrefix="oai_dc", **{"from": since})
    assert {header.identifier for header in later} == {oai.identifier_of(each.pk) for each in Resource.objects.our_own()}


@pytest.mark.django_db(transaction=True)
def test_the_clients_understand_all_six_verbs(live_server, settings, school):
    settings.BASE_URL = live_server.url
    resource = published(organisation=school, project="JOBS4ALL")
    address = f"{live_server.url}{ADDRESS}"
    for method in ("GET", "POST"):
        client = sickle.Sickle(address, http_method=method)
        assert client.Identify().deletedRecord == "persistent"
        assert [form.metadataPrefix for form in client.ListMetadataFormats()] == ["oai_dc", "oai_amb"]
        assert {each.setSpec for each in client.ListSets()} == {"language-en", "project-jobs4all"}
        record = client.GetRecord(identifier=oai.identifier_of(resource.pk), metadataPrefix="oai_dc")
        assert record.metadata["title"] == [resource.title]
        assert [each.identifier for each in client.ListIdentifiers(metadataPrefix="oai_dc", set="project-jobs4all")]
        with pytest.raises(NoRecordsMatch):
            client.ListRecords(metadataPrefix="oai_dc", until="1990-01-01")
    with oaipmh_scythe.Scythe(address) as scythe:
        assert scythe.identify().granularity == "YYYY-MM-DDThh:mm:ssZ"
        assert [form.metadataPrefix for form in scythe.list_metadata_formats()] == ["oai_dc", "oai_amb"]
        assert {each.setSpec for each in scythe.list_sets()} == {"language-en", "project-jobs4all"}
        amb = scythe.get_record(identifier=oai.identifier_of(resource.pk), metadata_prefix="oai_amb").metadata
        assert errors_of(json.loads(amb["json"][0])) == []
        assert [each.identifier for each in scythe.list_identifiers(metadata_prefix="oai_dc")]
