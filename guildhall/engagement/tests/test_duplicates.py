"""Who may be in the book twice, looked at side by side."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core import tasks
from guildhall.engagement import actions
from guildhall.engagement.models import AlikeEmployers, AlikePeople, Employer, Merge, Person
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    KeptOrganisationFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.models import Role
from guildhall.people.personal_data import held_about
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

LIST = "/engagement/duplicates/"


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


def employer_of(school, name, **facts):
    return EmployerFactory(school=school, organisation=KeptOrganisationFactory(kept_by=school, name=name, country="DE", **facts))


def pair_of(school, first="Tischlerei Kurz", second="Kurz Tischlerei GmbH", score=97, **facts):
    one, two = employer_of(school, first), employer_of(school, second, **facts)
    reasons = [["name", ""], ["domain", "kurz.example"]]
    return AlikeEmployers.objects.create(school=school, first=one, second=two, score=score, reasons=reasons, found_at=now())


def people_of(school):
    one, two = (
        PersonFactory(school=school, name="Ada Lamb"),
        PersonFactory(school=school, name="A. Lamb", email="ada@kurz.example"),
    )
    pair = AlikePeople.objects.create(school=school, first=one, second=two, score=85, reasons=[["mail", ""]], found_at=now())
    for person in (one, two):
        PositionFactory(employer=employer_of(school, "Kurz"), person=person, title="Meisterin")
    return pair


def seen(pair, to):
    """All that a page on a pair shows of both."""
    for employer in (pair.first, pair.second):
        for _ in range(to):
            SiteFactory(organisation=employer.organisation, street="Werkstraße 3", town="Kiel")
            PositionFactory(employer=employer)
            NextStepFactory(employer=employer, owner=employer.owner or staff_of(pair.school))
            ContactFactory(employer=employer, by=staff_of(pair.school))


# --- The list ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("of", ["", "people"])
def test_the_list_costs_the_same_for_one_and_for_three(colleague, school, count, of, django_assert_num_queries):
    for _ in range(count):
        pair_of(school)
        people_of(school)
    with django_assert_num_queries(6):
        page = colleague.get(f"{LIST}?of={of}")
    assert page.content.count(b'<th scope="row">') == count


@pytest.mark.parametrize("count", [1, 3])
def test_the_merges_cost_the_same_for_one_and_for_three(colleague, school, coordinator, count, django_assert_num_queries):
    for _ in range(count):
        actions.merge_employers(pair_of(school), facts={}, note="", owner=None, by=coordinator, at=now())
    with django_assert_num_queries(6):
        page = colleague.get(f"{LIST}?state=merged")
    assert page.content.count(b'<th scope="row">') == count
    assert page.content.count(b"/undo/") == count


def test_the_likeliest_pair_comes_first_with_its_reasons_in_words(colleague, school):
    pair_of(school, "Lang", "Lang AG", score=70)
    pair_of(school, score=97)
    text = colleague.get(LIST).content.decode()
    assert text.index("Kurz Tischlerei GmbH") < text.index("Lang AG")
    assert "Same address on the web or behind the @: kurz.example" in text
    assert "nearly certain" in text
    assert "possible" in text


def test_the_list_is_searched_by_name(colleague, school):
    pair_of(school)
    pair_of(school, "Lang", "Lang AG")
    found = colleague.get(f"{LIST}?q=LANG").context["pairs"]
    assert [str(told["pair"].second) for told in found] == ["Lang AG"]
    people_of(school)
    assert len(colleague.get(f"{LIST}?of=people&q=lamb").context["pairs"]) == 1
    assert not colleague.get(f"{LIST}?of=people&q=bell").context["pairs"]


def test_a_list_that_has_nothing_offers_the_search_and_says_when_it_was(colleague, school):
    assert b"Nobody has searched yet" in colleague.get(LIST).content
    assert colleague.post(reverse("engagement:duplicate_search")).url == LIST
    assert b"Reading the book" in colleague.get(LIST).content
    tasks.run_waiting()
    assert b"as far as we see" in colleague.get(LIST).content


def test_the_employer_list_leads_there(colleague, school):
    assert f'href="{LIST}"' in colleague.get(reverse("engagement:employers")).content.decode()


# --- Side by side --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_a_pair_costs_the_same_with_one_of_everything_and_with_three(colleague, school, count, django_assert_num_queries):
    pair = pair_of(school)
    seen(pair, to=count)
    with django_assert_num_queries(8):
        colleague.get(pair.get_absolute_url())


def test_only_what_the_two_say_differently_is_asked(colleague, school):
    pair = pair_of(school, website="https://kurz.example")
    form = colleague.get(pair.get_absolute_url()).context["form"]
    assert list(form.fields) == ["name"]
    assert form.settled["website"] == "https://kurz.example"


def test_two_become_one_as_it_was_chosen_and_two_again(colleague, school, coordinator):
    pair = pair_of(school, website="https://kurz.example")
    Employer.objects.filter(pk=pair.first_id).update(note="Ring the bell.", owner=coordinator)
    Employer.objects.filter(pk=pair.second_id).update(note="Has a canteen.", owner=staff_of(school))
    chosen = {"name": "Kurz Tischlerei GmbH", "note": "both", "owner": coordinator.pk}
    answer = colleague.post(pair.get_absolute_url(), chosen, follow=True)
    kept = Employer.objects.get()
    assert answer.redirect_chain == [(kept.get_absolute_url(), 302)]
    assert (str(kept), kept.note, kept.owner) == ("Kurz Tischlerei GmbH", "Ring the bell.\n\nHas a canteen.", coordinator)
    undo = reverse("engagement:merge_undo", args=[Merge.objects.get().pk])
    assert f'action="{undo}"' in answer.content.decode()
    answer = colleague.post(undo, follow=True)
    assert answer.redirect_chain == [(pair.get_absolute_url(), 302)]
    assert sorted(map(str, Employer.objects.all())) == ["Kurz Tischlerei GmbH", "Tischlerei Kurz"]


def test_what_somebody_changed_in_the_meantime_is_asked_again(colleague, school):
    pair = pair_of(school)
    answer = colleague.post(pair.get_absolute_url(), {"name": "What it was called before"})
    assert answer.status_code == 422
    assert Employer.objects.count() == 2


def test_two_that_contradict_each_other_nowhere_become_one_without_a_question(colleague, school):
    pair = pair_of(school, "Kurz", "Kurz")
    assert b"contradict each other nowhere" in colleague.get(pair.get_absolute_url()).content
    colleague.post(pair.get_absolute_url())
    assert Employer.objects.count() == 1


def test_two_people_become_one(colleague, school):
    pair = people_of(school)
    text = colleague.get(pair.get_absolute_url()).content.decode()
    assert "Meisterin" in text
    answer = colleague.post(pair.get_absolute_url(), {"name": "Ada Lamb", "email": "ada@kurz.example"})
    assert answer.url == f"{LIST}?of=people"
    assert Person.objects.get().positions.count() == 2


def test_two_different_ones_are_not_asked_about_again_unless_somebody_takes_it_back(colleague, school):
    pair = pair_of(school)
    answer = colleague.post(reverse("engagement:duplicate_apart", args=[pair.pk]), follow=True)
    assert not answer.context["pairs"]
    again = reverse("engagement:duplicate_doubt", args=[pair.pk])
    assert f'action="{again}"' in answer.content.decode()
    assert len(colleague.get(f"{LIST}?state=different").context["pairs"]) == 1
    assert b"Merge into one" not in colleague.get(pair.get_absolute_url()).content
    colleague.post(again)
    assert len(colleague.get(LIST).context["pairs"]) == 1


def test_a_teacher_may_tell_apart_but_not_merge(client, school):
    client.force_login(staff_of(school, Role.TEACHER))
    pair = pair_of(school)
    page = client.get(pair.get_absolute_url()).content
    assert b"Merge into one" not in page
    assert b"Managers and placement coordinators can make one of them" in page
    answer = client.post(pair.get_absolute_url(), {"name": "Tischlerei Kurz"})
    assert answer.status_code == 403
    assert b"can merge what is in the book twice" in answer.content
    assert client.post(reverse("engagement:duplicate_apart", args=[pair.pk])).status_code == 302


def test_pairs_and_merges_of_another_school_are_not_there(colleague, school):
    elsewhere = OrganisationFactory()
    boss = staff_of(elsewhere)
    pair, people = pair_of(elsewhere), people_of(elsewhere)
    merge = actions.merge_employers(pair_of(elsewhere), facts={}, note="", owner=None, by=boss, at=now())
    addresses = [reverse(f"engagement:{name}", args=[pair.pk]) for name in ("duplicate", "duplicate_apart", "duplicate_doubt")]
    addresses += [people.get_absolute_url(), reverse("engagement:merge_undo", args=[merge.pk])]
    addresses += [reverse("engagement:employer", args=[merge.gone_number])]
    assert [colleague.post(address).status_code for address in addresses[:-1]] == [404] * 5
    assert colleague.get(addresses[-1]).status_code == 404
    assert not colleague.get(LIST).context["pairs"]
    assert not colleague.get(f"{LIST}?state=merged").context["merges"]


# --- On the employer's page ----------------------------------------------------------------------------------------


def test_an_employers_page_says_whom_it_looks_like_at_the_cost_of_one_query(colleague, school, django_assert_num_queries):
    pair = pair_of(school)
    PositionFactory(employer=pair.second)
    with django_assert_num_queries(11):
        page = colleague.get(pair.second.get_absolute_url()).content.decode()
    assert "Looks like Tischlerei Kurz" in page
    assert pair.get_absolute_url() in page
    colleague.post(reverse("engagement:duplicate_apart", args=[pair.pk]))
    colleague.get(LIST)  # shows the message
    with django_assert_num_queries(10):
        assert "Looks like" not in colleague.get(pair.second.get_absolute_url()).content.decode()


def test_the_old_address_leads_to_the_one_that_is_kept_until_it_is_undone(colleague, school, coordinator):
    pair = pair_of(school)
    old, kept = pair.second.get_absolute_url(), pair.first.get_absolute_url()
    merge = actions.merge_employers(pair, facts={}, note="", owner=None, by=coordinator, at=now())
    assert colleague.get(old).url == kept
    actions.forget_merges(before=now() + timedelta(days=1), by=None)
    assert colleague.get(old).url == kept, "also when nothing else is known of it any more"
    Merge.objects.filter(pk=merge.pk).update(undone_at=now(), undone_by=coordinator)
    assert colleague.get(old).status_code == 404


def test_the_history_says_what_was_merged_and_what_was_changed_before(colleague, school, coordinator):
    pair = pair_of(school)
    actions.change_employer(pair.second, facts={}, note="Has a canteen.", by=coordinator, at=now())
    pair = AlikeEmployers.objects.get()
    actions.merge_employers(pair, facts={}, note="", owner=None, by=coordinator, at=now())
    text = colleague.get(reverse("engagement:history", args=[pair.first_id])).content.decode()
    assert "What was merged" in text
    assert "Kurz Tischlerei GmbH" in text
    assert "Has a canteen." in text


def test_somebody_sees_what_they_merged_among_their_own_data(school, coordinator):
    actions.tell_apart(people_of(school), by=coordinator, at=now())
    actions.merge_employers(pair_of(school), facts={}, note="", owner=None, by=coordinator, at=now())
    held = {part.key: part.rows for part in held_about(coordinator)}
    assert held["engagement.merges"][0]["gone_name"] == "Kurz Tischlerei GmbH"
    assert held["engagement.different"][0]["names"] == "Ada Lamb · A. Lamb"
