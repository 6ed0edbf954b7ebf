"""What becomes of letters: when employers and people are merged, when somebody leaves or is erased, and when time is over."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from guildhall.engagement import actions
from guildhall.engagement.demo_letters import write_letters
from guildhall.engagement.models import AlikeEmployers, AlikePeople, Contact, Letter, Mailing, Person
from guildhall.engagement.tests.factories import EmployerFactory, PositionFactory, staff_of
from guildhall.engagement.tests.writing import begun, gone, somebody_at
from guildhall.engagement.writing.receivers import (
    FORGET_DRAFTS_AFTER,
    FORGET_WORDS_AFTER,
    how_long_letters_are_kept,
    letters_need_a_pace,
    letters_not_done_with,
    letters_of_somebody,
    what_becomes_of_letters,
)
from guildhall.people.actions import leave_organisation
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(name="North School")


@pytest.fixture
def kim(school):
    return staff_of(school, email="kim@north.example", language="en")


@pytest.fixture
def ada(school):
    return somebody_at(school, "Ada Lamb")


def facts_of(employer):
    return {name: getattr(employer.organisation, name) for name in ("name", "trade_name", "country")}


def test_letters_go_along_when_two_employers_become_one_and_back_when_they_are_two_again(school, kim, ada):
    first = somebody_at(school, "Bo Boss").positions.get().employer
    letter = gone(kim, school, ada)
    kept, other = sorted([first, letter.employer], key=lambda one: one.pk)
    gone(kim, school, Person.objects.get(positions__employer=first))
    pair = AlikeEmployers.objects.create(school=school, first=kept, second=other, score=90, found_at=now())
    before = dict(Letter.objects.values_list("pk", "employer"))
    merge = actions.merge_employers(pair, facts=facts_of(kept), note="", owner=None, by=kim, at=now())
    assert set(Letter.objects.values_list("employer", flat=True)) == {kept.pk}
    actions.undo_merge(merge, by=kim, at=now())
    assert dict(Letter.objects.values_list("pk", "employer")) == before


def test_letters_of_one_mailing_to_two_people_who_become_one_both_stay(school, kim, ada):
    twin = somebody_at(school, "Ada Lamb", email="ada.lamb@firm.example")
    mailing = begun(kim, school, ada, twin)
    actions.send_mailing(mailing, by=kim, at=now())
    pair = AlikePeople.objects.create(school=school, first=ada, second=twin, score=90, found_at=now())
    person = {"name": "Ada Lamb", "email": "ada@firm.example", "phone": "", "language": "en"}
    merge = actions.merge_people(pair, person=person, by=kim, at=now())
    assert list(mailing.letters.values_list("person", flat=True)) == [ada.pk, ada.pk]
    actions.undo_merge(merge, by=kim, at=now())
    assert set(mailing.letters.values_list("person", flat=True)) == {ada.pk, twin.pk}


@pytest.mark.parametrize(("taken", "has_bounced"), [("ada@firm.example", False), ("old@firm.example", True)])
def test_of_two_who_become_one_the_address_that_comes_back_stays_marked(school, kim, ada, taken, has_bounced):
    twin = PositionFactory(employer=EmployerFactory(school=school), person__email="old@firm.example").person
    Person.objects.filter(pk=twin.pk).update(bounced_address="old@firm.example", bounced_at=now())
    pair = AlikePeople.objects.create(school=school, first=ada, second=twin, score=90, found_at=now())
    person = {"name": "Ada Lamb", "email": taken, "phone": "", "language": "en"}
    merge = actions.merge_people(pair, person=person, by=kim, at=now())
    assert Person.objects.get(pk=ada.pk).has_bounced is has_bounced
    actions.undo_merge(merge, by=kim, at=now())
    assert [Person.objects.get(pk=one.pk).has_bounced for one in (ada, twin)] == [False, True]


def test_who_is_forgotten_is_in_no_letter_any_more(school, kim, ada):
    long_ago = now() - timedelta(days=1200)
    letter = gone(kim, school, ada, sent_at=long_ago, text="Dear Ada", answer="no", answered_at=long_ago, sentence="I, Ada")
    Person.objects.update(created_at=long_ago)
    actions.forget_people(before=now() - timedelta(days=1100), by=None)
    letter.refresh_from_db()
    assert (letter.person, letter.text, letter.address, letter.sentence, letter.answer) == (None, "", "", "", "no")


def test_what_letters_said_goes_after_two_years_and_that_they_were_sent_stays(school, kim, ada):
    old = gone(kim, school, ada, sent_at=now() - FORGET_WORDS_AFTER - timedelta(days=1), answer="yes", answered_at=now())
    young = gone(kim, school, ada)
    rule = {rule.key: rule for rule in how_long_letters_are_kept()}["engagement.letters"]
    before = now() - rule.keep
    assert (rule.overdue(before), rule.delete(before), rule.overdue(before)) == (1, 1, 0)
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.subject, old.text, old.address, old.answer, old.state) == ("", "", "", "yes", "sent")
    assert young.text


def test_drafts_nobody_sent_go_after_half_a_year(school, kim, ada):
    begun(kim, school, ada, at=now() - FORGET_DRAFTS_AFTER - timedelta(days=1))
    young = begun(kim, school, ada, at=now())
    rule = {rule.key: rule for rule in how_long_letters_are_kept()}["engagement.letter_drafts"]
    before = now() - rule.keep
    assert (rule.overdue(before), rule.delete(before)) == (1, 1)
    assert list(Mailing.objects.all()) == [young]


def test_who_leaves_hands_drafts_and_what_is_on_its_way_to_a_colleague(school, kim, ada):
    draft, under_way = begun(kim, school, ada), begun(kim, school, ada)
    actions.send_mailing(under_way, by=kim, at=now())
    done = gone(kim, school, ada).mailing
    assert letters_not_done_with(kim, school).count == 2
    heir = staff_of(school, Role.MANAGER)
    leave_organisation(school, member=kim, heir=heir, by=kim, at=now())
    for mailing, writer in ((draft, heir), (under_way, heir), (done, kim)):
        mailing.refresh_from_db()
        assert mailing.by == writer
    assert letters_not_done_with(kim, school) is None


def test_who_is_erased_takes_drafts_along_and_nothing_else(school, kim, ada):
    begun(kim, school, ada)
    gone(kim, school, ada)
    [step] = what_becomes_of_letters(kim)
    assert (step.count, step.obstacle) == (1, "")
    step.carry_out(now())
    assert [mailing.state for mailing in Mailing.objects.all()] == ["sent"]


def test_nobody_is_erased_with_letters_on_their_way(school, kim, ada):
    actions.send_mailing(begun(kim, school, ada), by=kim, at=now())
    assert "on their way" in what_becomes_of_letters(kim)[0].obstacle


def test_ones_own_data_names_ones_letters(school, kim, ada):
    gone(kim, school, ada)
    rows = {data.key: list(data.rows) for data in letters_of_somebody(kim)}
    assert [row["name"] for row in rows["engagement.mailings"]] == ["Earlier"]


def test_an_installation_whose_letters_never_go_out_is_told(settings):
    assert letters_need_a_pace() == []
    settings.MAILS_PER_MINUTE = 0
    assert "MAILS_PER_MINUTE" in str(letters_need_a_pace()[0])


def test_the_demos_letters_go_through_the_actions_and_no_mail_server(school, kim, mailoutbox):
    people = [somebody_at(school, name) for name in ("Ada Lamb", "Bo Boss", "Cy Clark")]
    names = [one.positions.get().employer.organisation.name for one in people]
    line = {
        "start": "asking_for_places",
        "by": "kim",
        "at": "then",
        "to": names,
        "answers": [{"of": names[0], "at": "then", "answer": "yes", "sentence": "Gladly."}],
        "returned": [{"of": names[1], "at": "then", "said": "550 5.1.1 no"}],
    }
    at = now() - timedelta(days=20)
    write_letters(school, [line], colleagues={"kim": kim}, moment=lambda words: at + timedelta(hours=1), language="en")
    mailing = Mailing.objects.get()
    assert (mailing.state, mailing.name) == ("sent", "Asking for places")
    assert list(mailing.letters.order_by("pk").values_list("state", "answer")) == [
        ("sent", "yes"),
        ("bounced", ""),
        ("sent", ""),
    ]
    assert Contact.objects.get().held_at == at + timedelta(hours=1)
    assert mailoutbox == []
