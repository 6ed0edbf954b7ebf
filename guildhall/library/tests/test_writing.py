from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.library import actions, licences
from guildhall.library.cases import ASKED, how_far
from guildhall.library.kinds import CASE, CASE_PARTS
from guildhall.library.models import Harvest, Harvested, Resource
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.people.models import Role
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
HIDDEN = re.compile(r'<input type="hidden" name="(initial-[\w-]+)"(?: value="([^"]*)")?')


@pytest.fixture
def school():
    return OrganisationFactory(name="Kupferhammer", country="DE")


@pytest.fixture
def teacher(school):
    return member_of(school, Role.TEACHER, name="Tadeusz")


@pytest.fixture
def manager(school):
    return member_of(school, Role.MANAGER, name="Annegret")


def browser_of(client, user):
    begin_visit(client, user)
    return client


@pytest.fixture
def browser(client, teacher):
    return browser_of(client, teacher)


@pytest.fixture
def draft(school, teacher):
    return ResourceFactory(organisation=school, owner=teacher, title="First call sheet")


def address(name, *things):
    return reverse(f"library:{name}", args=[thing.pk for thing in things])


def typed(**given):
    """What a browser sends of the form when only this was typed."""
    return {"title": "First call sheet", "kind": "worksheet", "language": "en", "licence": "by", **given}


def text_of(answer):
    return answer.content.decode()


# --- What we write ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(browser, school, teacher, count, django_assert_num_queries):
    for _ in range(count):
        original = published()
        given = {"organisation": school, "language": "de", "described": {"title": "Auf Deutsch"}}
        translation = actions.start_translation(original, **given, by=teacher, at=now())
        actions.hand_in(translation, by=teacher, at=now())
    with django_assert_num_queries(5):
        page = browser.get(address("mine"))
    assert text_of(page).count('<li class="item ') == count


def test_the_fragment_of_the_list_is_the_list_you_get_by_reloading(browser, draft):
    where = address("mine") + "?show=drafts"
    assert browser.get(where, headers=HTMX).content.strip() in browser.get(where).content


def test_what_waits_for_a_publisher_comes_first(client, school, teacher, manager, draft):
    waiting = ResourceFactory(organisation=school, owner=teacher, title="Visit checklist")
    actions.hand_in(waiting, by=teacher, at=now())
    page = text_of(browser_of(client, manager).get(address("mine")))
    assert page.index("Waiting for you") < page.index("Visit checklist") < page.index("First call sheet")
    assert page.count("Visit checklist") == 1
    assert "handed in by Tadeusz" in page
    page = text_of(browser_of(client, teacher).get(address("mine")))
    assert "Waiting for you" not in page
    assert "Visit checklist" in page


def test_the_list_is_narrowed_down_by_what_stands_in_the_address(browser, school, teacher, manager):
    first = ResourceFactory(organisation=school, owner=teacher, title="Alder")
    ResourceFactory(organisation=school, owner=teacher, title="Birch")
    changed, gone = (published(organisation=school, title=title) for title in ("Cedar", "Dogwood"))
    actions.change_resource(changed, described={"summary": "Other."}, by=manager, at=now())
    actions.withdraw_resource(gone, why="Old.", by=manager, at=now())
    actions.hand_in(first, by=teacher, at=now())
    published(organisation=school, title="Elm")
    published(title="Somebody else’s")

    def shown(query):
        page = text_of(browser.get(address("mine"), query))
        return {title for title in ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Somebody else’s") if title in page}

    assert shown({}) == {"Alder", "Birch", "Cedar", "Dogwood", "Elm"}
    assert shown({"show": "waiting"}) == {"Alder"}
    assert shown({"show": "drafts"}) == {"Alder", "Birch"}
    assert shown({"show": "changed"}) == {"Cedar"}
    assert shown({"show": "published"}) == {"Cedar", "Elm"}
    assert shown({"show": "withdrawn"}) == {"Dogwood"}
    assert shown({"show": "behind"}) == set()
    assert shown({"by": "me"}) == {"Alder", "Birch"}
    assert shown({"kind": "worksheet"}) == set()
    assert shown({"q": "dogw"}) == {"Dogwood"}
    assert shown({"q": "cedar"}) == {"Cedar"}
    assert shown({"show": "'", "by": "x", "kind": "?", "page": "9999"}) == {"Alder", "Birch", "Cedar", "Dogwood", "Elm"}


def test_where_nothing_is_written_the_page_says_what_to_do(browser):
    assert "Nothing is written yet" in text_of(browser.get(address("mine")))


@pytest.mark.parametrize("role", [Role.LEARNER, None])
def test_learners_and_strangers_have_no_workroom(client, school, draft, role):
    user = member_of(school, role) if role else UserFactory()
    browser_of(client, user)
    for name, things in [("mine", ()), ("start", ()), ("change", (draft,)), ("publish", (draft,)), ("parts", (draft,))]:
        assert client.get(address(name, *things)).status_code == 404


def test_a_colleague_who_is_a_plain_member_sees_a_draft_but_does_not_change_it(client, school, draft):
    browser_of(client, member_of(school, Role.MEMBER))
    assert client.get(address("mine")).status_code == 200
    answer = client.get(address("change", draft))
    assert answer.status_code == 403
    assert "Only who wrote this" in text_of(answer)


def test_who_belongs_to_several_writes_for_the_one_they_work_for_now(client, school, teacher, draft):
    other = OrganisationFactory(name="Kerasia")
    MembershipFactory(user=teacher, organisation=other, role=Role.QUALITY)
    browser_of(client, teacher)
    session = client.session
    session["organisation"] = other.pk
    session.save()
    assert "First call sheet" not in text_of(client.get(address("mine")))
    client.post(address("start"), {"what": "text", "title": "Poll", "language": "el"})
    assert Resource.objects.get(title="Poll").organisation == other


def test_what_was_harvested_is_not_on_the_desk_but_can_be_withdrawn(client, school, manager):
    link = published(organisation=school, title="Somebody else’s")
    place = Harvest.objects.create(
        organisation=school, name="OER", address="https://oer.example/", form="amb", added_at=now(), added_by=manager
    )
    Harvested.objects.create(harvest=place, identifier="1", resource=link, seen_at=now())
    browser_of(client, manager)
    assert "Somebody else’s" not in text_of(client.get(address("mine")))
    for name in ("change", "parts", "sources", "publish", "drop"):
        assert client.get(address(name, link)).status_code == 404
    client.post(address("withdraw", link), {"why": "It is gone there."})
    link.refresh_from_db()
    assert link.state == "withdrawn"


# --- Beginning -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "kind", "leads_to"),
    [
        ("text", "text", "change"),
        ("files", "other", "parts"),
        ("link", "web_page", "change"),
        ("film", "video", "film"),
        ("case", CASE, "change"),
    ],
)
def test_what_is_begun_is_a_draft_with_its_author(browser, school, what, kind, leads_to):
    answer = browser.post(address("start"), {"what": what, "title": "Visit checklist", "language": "pl"})
    resource = Resource.objects.get()
    assert answer.url.partition("#")[0] == address(leads_to, resource)
    assert (resource.kind, resource.language, resource.organisation, resource.state) == (kind, "pl", school, "draft")
    assert resource.authors == [{"name": "Tadeusz", "orcid": "", "affiliation": "Kupferhammer"}]
    assert browser.get(answer.url).status_code == 200


def test_without_a_title_nothing_is_begun(browser):
    answer = browser.post(address("start"), {"what": "text", "title": "A", "language": "xx"})
    assert answer.status_code == 422
    assert not Resource.objects.exists()


def test_the_button_for_a_case_has_chosen_already(browser):
    page = text_of(browser.get(address("start"), {"what": "case"}))
    assert re.search(r'value="case"[^>]* checked', page)


def test_the_languages_of_the_installation_come_first(browser):
    page = text_of(browser.get(address("start")))
    assert page.index('value="pt"') < page.index('value="eu"')
    assert page.count('value="pt"') == 2  # the other one is in the menu of the frame


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_all_that_can_be_said_is_kept(browser, draft):
    sent = typed(
        title="Call sheet",
        summary="What to ask.",
        text="## Before\r\n\r\nLook up who decides.",
        link="https://example.org/sheet",
        licence="by-sa",
        project="Kupfer",
        project_code="2024-1-DE02",
        is_erasmus="on",
        doi="10.5281/zenodo.1",
        keywords="call,  employer , Call",
        skills="Ask openly\r\n\r\nListen",
        audience=["teacher", "coordinator"],
        eqf=["4", "5"],
        isced="0413",
        nace="Q",
        area="1.3",
        activity="internship",
        country="DE",
        accessibility=["easyToRead"],
        authors_0_name="Ada",
        authors_0_orcid="https://orcid.org/0000-0002-1825-0097",
        authors_2_name="Grace",
        authors_2_affiliation="Navy",
    )
    answer = browser.post(address("change", draft), sent)
    assert answer.url == address("change", draft)
    draft.refresh_from_db()
    said = {name: getattr(draft, name) for name in sent if hasattr(draft, name)}
    assert said == {
        **{name: value for name, value in sent.items() if not name.startswith("authors")},
        "text": "## Before\n\nLook up who decides.",
        "is_erasmus": True,
        "keywords": ["call", "employer"],
        "skills": ["Ask openly", "Listen"],
        "eqf": [4, 5],
    }
    assert draft.authors == [
        {"name": "Ada", "orcid": "0000-0002-1825-0097", "affiliation": ""},
        {"name": "Grace", "orcid": "", "affiliation": "Navy"},
    ]
    assert draft.revision == 1
    page = text_of(browser.get(answer.url))
    assert "Saved." in page
    assert 'value="0000-0002-1825-0097"' in page
    assert 'name="authors_3_name"' in page  # there are always two empty rows more
    assert 'name="authors_4_name"' not in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": "A"}, "at least 3 characters"),
        ({"link": "javascript:alert(1)"}, "valid URL"),
        ({"authors_0_name": "Ada", "authors_0_orcid": "0000-0002-1825-0098"}, "This is no ORCID"),
        ({"authors_0_affiliation": "Navy"}, "Give the name as well."),
        ({"keywords": ",".join(f"word {number}" for number in range(21))}, "At most 20"),
        ({"keywords": "a" * 61}, "is too long"),
        ({"eqf": ["9"]}, "Select a valid choice"),
        ({"licence": "mine"}, "Select a valid choice"),
        ({"isced": "9999"}, "Select a valid choice"),
        ({"keywords": "call,\x00"}, "Null characters are not allowed."),
        ({"title": "Call\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(browser, draft, wrong, said):
    answer = browser.post(address("change", draft), typed(text="Typed for an hour", **wrong))
    assert answer.status_code == 422
    page = text_of(answer)
    assert said in page
    assert "Typed for an hour" in page
    assert Resource.objects.get(pk=draft.pk).revision == 0


def test_each_licence_stands_with_what_it_means_and_those_that_are_not_open_with_a_warning(browser, draft):
    page = text_of(browser.get(address("change", draft)))
    for licence in licences.LICENCES.values():
        assert str(licence.means) in page
    assert page.count("Collections of open resources leave it out.") == 4
    assert '<details class="group">\n  <summary><span>What others may do with it' in page
    Resource.objects.filter(pk=draft.pk).update(licence="by-nd")
    assert "<legend>What others may do with it</legend>" in text_of(browser.get(address("change", draft)))


def test_codes_that_are_not_offered_stay(browser, draft):
    Resource.objects.filter(pk=draft.pk).update(nace="Q88", isced="0419", language="tlh")
    sent = typed(language="tlh", nace="Q88", isced="0419")
    assert browser.post(address("change", draft), sent).status_code == 302
    draft.refresh_from_db()
    assert (draft.nace, draft.isced, draft.language) == ("Q88", "0419", "tlh")


def test_a_preview_shows_the_text_and_changes_nothing(browser, draft):
    sent = typed(text="## Vorher\n\n<script>alert(1)</script> **wichtig**", language="de", preview="1")
    page = text_of(browser.post(address("change", draft), sent))
    assert '<div lang="de"><h4>Vorher</h4>' in page
    assert "<strong>wichtig</strong>" in page
    assert "<script>alert" not in page
    assert "## Vorher" in page  # still in the form
    assert Resource.objects.get(pk=draft.pk).revision == 0


def test_the_fragment_of_a_preview_is_what_stands_on_the_page(browser, draft):
    sent = typed(text="*wichtig*", preview="1")
    fragment = browser.post(address("change", draft), sent, headers=HTMX).content.strip()
    assert fragment.startswith(b'<div id="preview">')
    assert fragment in browser.post(address("change", draft), sent).content


def test_one_may_save_and_go_on(browser, draft):
    assert browser.post(address("change", draft), typed(on="1")).url == address("publish", draft)


def opened(browser, draft, **changes):
    """What a browser sends of the form as it was opened now, with what is then typed."""
    page = text_of(browser.get(address("change", draft)))
    sent = {}
    for name, value in HIDDEN.findall(page):
        sent.setdefault(name, []).append(value)
    for name, field in [("title", "title"), ("summary", "summary"), ("text", "text"), ("kind", "kind"), ("licence", "licence")]:
        sent[name] = getattr(draft, field)
    return sent | {"language": draft.language, "authors_0_name": "Ada Example"} | changes


def test_what_only_the_other_has_changed_is_kept(browser, draft, manager):
    sent = opened(browser, draft, summary="Mine.")
    others = {"title": "Sheet for the first call", "keywords": ["call"], "authors": [{"name": "Ada Example"}, {"name": "Grace"}]}
    actions.change_resource(draft, described=others, by=manager, at=now())
    assert browser.post(address("change", draft), sent).status_code == 302
    draft.refresh_from_db()
    assert (draft.title, draft.summary, draft.keywords) == ("Sheet for the first call", "Mine.", ["call"])
    assert [author["name"] for author in draft.authors] == ["Ada Example", "Grace"]


def test_where_both_have_written_one_sees_what_the_other_wrote_and_decides(browser, draft, manager):
    sent = opened(browser, draft, text="What I have written for an hour.")
    theirs = "What she has written meanwhile. " * 20
    actions.change_resource(draft, described={"text": theirs}, by=manager, at=now())
    answer = browser.post(address("change", draft), sent)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Somebody else has changed this meanwhile" in page
    assert theirs.strip() in page
    assert "What I have written for an hour." in page
    assert Resource.objects.get(pk=draft.pk).text == theirs
    again = {**sent, **{name: [value] for name, value in HIDDEN.findall(page)}}
    assert browser.post(address("change", draft), again).status_code == 302
    assert Resource.objects.get(pk=draft.pk).text == "What I have written for an hour."


def test_who_writes_in_the_very_same_moment_is_told_so(browser, draft, monkeypatch):
    change = actions.change_resource

    def overtaken(resource, **given):
        Resource.objects.filter(pk=resource.pk).update(revision=7)
        return change(resource, **given)

    monkeypatch.setattr(actions, "change_resource", overtaken)
    answer = browser.post(address("change", draft), typed(text="For an hour"))
    assert answer.status_code == 422
    assert "Somebody else has changed this meanwhile. Your text is still here" in text_of(answer)
    assert "For an hour" in text_of(answer)


def test_what_is_withdrawn_cannot_be_changed_before_it_is_taken_up_again(client, school, manager):
    gone = published(organisation=school)
    actions.withdraw_resource(gone, why="The law has changed.", by=manager, at=now())
    browser_of(client, manager)
    for name in ("change", "parts", "sources", "publish"):
        page = text_of(client.get(address(name, gone)))
        assert "This was withdrawn" in page
        assert "The law has changed." in page
        assert address("take_up_again", gone) in page
    answer = client.post(address("change", gone), typed(title="Another title"))
    assert answer.status_code == 422
    assert Resource.objects.get(pk=gone.pk).title != "Another title"


def test_there_are_ten_authors_at_most(browser, draft):
    sent = typed(**{f"authors_{number}_name": f"Ada {number}" for number in range(30)})
    browser.post(address("change", draft), sent)
    draft.refresh_from_db()
    assert len(draft.authors) == 10
    assert 'name="authors_10_name"' not in text_of(browser.get(address("change", draft)))


# --- Practice cases --------------------------------------------------------------------------------------------------


@pytest.fixture
def case(school, teacher):
    return ResourceFactory(organisation=school, owner=teacher, kind=CASE, title="One calendar", text="", summary="", authors=[])


def told(**given):
    return {"title": "One calendar", "language": "en", "licence": "by", "area": "2.2", "activity": "network", **given}


def test_all_parts_of_a_case_are_asked(browser, case):
    assert list(ASKED) == list(CASE_PARTS)
    page = text_of(browser.get(address("change", case)))
    for part, asked in ASKED.items():
        assert f'name="{part}"' in page
        assert str(asked.question) in page
    assert 'name="text"' not in page


def test_a_case_says_how_far_it_is_and_what_comes_next(browser, case):
    page = text_of(browser.get(address("change", case)))
    assert "0 of 9" in page
    assert "About 20 minutes to go" in page
    assert 'Next: <a href="#id_context">Where it happened</a>' in page
    sent = told(summary="Care", context="Ghent", authors_0_name="Ada", figures_0_value="38 → 9", figures_0_label="minutes")
    page = text_of(browser.post(address("change", case), sent, follow=True))
    assert "3 of 9" in page
    assert "About 16 minutes to go" in page
    assert "#id_challenge" in page
    case.refresh_from_db()
    assert case.account["figures"] == [{"value": "38 → 9", "label": "minutes"}]
    assert case.account["context"] == "Ghent"
    page = text_of(browser.post(address("change", case), sent | dict.fromkeys(CASE_PARTS, "Told."), follow=True))
    assert "All of it is told" in page


def test_a_case_without_a_word_has_everything_before_it():
    assert sum(asked.minutes for asked in ASKED.values()) + 2 == how_far(Resource(kind=CASE)).minutes_left == 20


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"area": ""}, "Please choose one."),
        ({"activity": ""}, "Please choose one."),
        ({"figures_0_value": "9"}, "Say what the figure counts."),
        ({"figures_1_label": "minutes"}, "Give the figure as well."),
        ({"done": "a" * 6001}, "at most 6000 characters"),
    ],
)
def test_a_case_needs_an_area_an_activity_and_whole_figures(browser, case, wrong, said):
    answer = browser.post(address("change", case), told(context="Ghent", **wrong))
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "Ghent" in text_of(answer)


def test_at_most_six_figures_are_asked(browser, case):
    case.account = {"figures": [{"value": str(number), "label": "x"} for number in range(5)]}
    case.save()
    page = text_of(browser.get(address("change", case)))
    assert 'name="figures_5_value"' in page
    assert 'name="figures_6_value"' not in page


def test_a_case_is_previewed_part_by_part(browser, case):
    page = text_of(browser.post(address("change", case), told(done="1. Ask\n2. Listen", preview="1")))
    assert "<h4>What was done</h4><ol>" in page
    assert "<h4>What did not work</h4>" not in page
