from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.people import actions
from guildhall.people.actions.consent import read_shipped
from guildhall.people.models import ConsentRecord, Role, Statement, StatementText
from guildhall.people.tests.factories import OrganisationFactory, UserFactory, member
from guildhall.people.tests.swapping import is_part_of, swapped

pytestmark = pytest.mark.django_db


def statement(purpose="people.survey", version="1", kind=Statement.Kind.CONSENT, valid_from=date(2026, 1, 1)):
    made = Statement.objects.create(purpose=purpose, version=version, kind=kind, valid_from=valid_from)
    StatementText.objects.create(statement=made, language="en", title="Being asked", text="I may be asked.")
    StatementText.objects.create(statement=made, language="de", title="Gefragt werden", text="Ich darf gefragt werden.")
    return made


def agree(person, by="themselves", **changes):
    by = person if by == "themselves" else by
    what = {"purpose": "people.survey", "how": ConsentRecord.How.FORM, "language": "en", "by": by, "at": now()}
    return actions.record_consent(person, **what | changes)


def test_every_shipped_statement_speaks_all_languages():
    for shipped in read_shipped():
        assert set(shipped["texts"]) == set(settings.ALL_LANGUAGES)
        assert all(text["title"] and text["text"] for text in shipped["texts"].values())


def test_shipped_statements_are_loaded_once(capsys):
    call_command("load_statements")
    call_command("load_statements")
    assert capsys.readouterr().out.splitlines()[-1] == "new=0"
    assert Statement.objects.count() == len(read_shipped())


def test_agreeing_twice_is_agreeing_once():
    statement()
    user = UserFactory()
    assert agree(user) == agree(user)


def test_a_new_version_is_agreed_to_anew():
    statement()
    user = UserFactory()
    old = agree(user)
    statement(version="2", valid_from=date(2026, 2, 1))
    new = agree(user)
    assert (old.statement.version, new.statement.version) == ("1", "2")


def test_a_version_of_the_future_does_not_count_yet():
    statement()
    statement(version="2", valid_from=now().date() + timedelta(days=2))
    assert agree(UserFactory()).statement.version == "1"


def test_nobody_agrees_to_what_was_never_written():
    with pytest.raises(Refused):
        agree(UserFactory(), purpose="people.nothing")


def test_what_was_agreed_to_can_be_taken_back_and_given_again():
    statement()
    user = UserFactory()
    first = agree(user)
    actions.withdraw_consent(first, by=user, at=now())
    assert not ConsentRecord.objects.about(user).to("people.survey").in_force().exists()
    assert agree(user) != first
    with pytest.raises(Refused):
        actions.withdraw_consent(first, by=user, at=now())


def test_information_is_not_taken_back():
    statement(kind=Statement.Kind.INFORMATION)
    user = UserFactory()
    with pytest.raises(Refused):
        actions.withdraw_consent(agree(user), by=user, at=now())


def test_a_colleague_may_note_what_was_signed_on_paper_and_a_stranger_may_not():
    statement()
    school = OrganisationFactory()
    learner = member(school, Role.LEARNER)
    assert agree(learner, by=member(school), how=ConsentRecord.How.PAPER).how == "paper"
    for stranger in (UserFactory(), member(school, Role.LEARNER), member(OrganisationFactory())):
        with pytest.raises(NotAllowed):
            agree(learner, by=stranger)


def test_people_without_an_account_agree_too():
    """A room may record consent for anything it keeps; here an organisation stands for such a person."""
    statement(purpose="engagement.contact")
    contact = OrganisationFactory()
    record = agree(contact, by=None, purpose="engagement.contact", how=ConsentRecord.How.LINK)
    assert ConsentRecord.objects.about(contact).get() == record
    assert (record.person_type, record.person_id) == ("people.organisation", contact.pk)


def test_the_database_keeps_one_agreement_in_force():
    statement()
    record = agree(UserFactory())
    record.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        record.save(force_insert=True)


def test_the_page_offers_what_was_not_yet_agreed_to_and_takes_it_back(client):
    statement()
    statement(purpose="engagement.contact")
    user = UserFactory(language="de")
    client.force_login(user)
    url = reverse("people:consents")
    page = client.get(url)
    assert [row["text"].title for row in page.context["open"]] == ["Gefragt werden"]
    client.post(reverse("people:consent_give", args=["people.survey"]))
    record = ConsentRecord.objects.about(user).get()
    assert (record.language, record.how) == ("de", "form")
    assert not client.get(url).context["open"]
    fragment = swapped(client, reverse("people:consent_withdraw", args=[record.pk]))
    assert is_part_of(fragment, client.get(url))
    record.refresh_from_db()
    assert record.withdrawn_at


def test_the_page_offers_nothing_that_is_for_others(client):
    statement(purpose="engagement.contact")
    client.force_login(UserFactory())
    assert client.post(reverse("people:consent_give", args=["engagement.contact"])).status_code == 404


def test_the_agreements_of_others_are_not_there(client):
    statement()
    record = agree(UserFactory())
    client.force_login(UserFactory())
    assert client.post(reverse("people:consent_withdraw", args=[record.pk])).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three(client, count, django_assert_num_queries):
    user = UserFactory()
    for number in range(count):
        statement(purpose=f"people.survey{number}")
        statement(purpose=f"people.other{number}")
        agree(user, purpose=f"people.survey{number}")
    client.force_login(user)
    client.get(reverse("people:consents"))
    with django_assert_num_queries(8):
        client.get(reverse("people:consents"))


def test_what_was_dated_ahead_can_be_taken_back(client):
    statement()
    user = UserFactory()
    record = agree(user, at=now() + timedelta(days=9))
    assert actions.withdraw_consent(record, by=user, at=now()).withdrawn_at == record.given_at
