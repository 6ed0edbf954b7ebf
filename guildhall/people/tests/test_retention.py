from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.models import AuditLine, KeptAnswer
from guildhall.core.tasks.declaring import schedules
from guildhall.people import actions, tasks
from guildhall.people.models import ConsentRecord, Invitation, Mail, Notice, Pass, Role, Statement, User, WebhookDelivery
from guildhall.people.passes import issue_pass
from guildhall.people.retention import all_rules
from guildhall.people.tests.factories import (
    InvitationFactory,
    MailFactory,
    MembershipFactory,
    NoticeFactory,
    OrganisationFactory,
    UserFactory,
    WebhookDeliveryFactory,
    member,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def of(key):
    return next(rule for rule in all_rules() if rule.key == f"people.{key}")


def too_old(key):
    return now() - of(key).keep - DAY


def young(key):
    return now() - of(key).keep + MINUTE


def mails():
    for moment in (too_old("mails"), young("mails")):
        MailFactory(written_at=moment)
    return Mail


def notices():
    for moment in (too_old("notices"), young("notices")):
        NoticeFactory(told_at=moment)
    return Notice


def passes():
    thing, by = InvitationFactory(invited_at=now()), UserFactory()
    for moment in (too_old("passes"), young("passes")):
        issue_pass(thing, purpose="people.test", valid_for=DAY, by=by, at=moment - DAY)
    return Pass


def invitations():
    for moment in (too_old("invitations"), young("invitations")):
        InvitationFactory(invited_at=moment - DAY, expires_at=moment)
    return Invitation


def consents():
    statement = Statement.objects.create(purpose="people.test", version="1", kind="consent", valid_from="2020-01-01")
    for moment in (too_old("consents"), young("consents")):
        ConsentRecord.objects.create(
            person_type="people.user",
            person_id=1,
            statement=statement,
            language="en",
            how="form",
            given_at=moment,
            withdrawn_at=moment,
        )
    return ConsentRecord


def unused_accounts():
    UserFactory(joined_at=too_old("unused_accounts"))
    UserFactory(joined_at=young("unused_accounts"))
    return User


def webhook_messages():
    for moment in (too_old("webhook_messages"), young("webhook_messages")):
        WebhookDeliveryFactory(made_at=moment)
    return WebhookDelivery


def audit():
    AuditLine.objects.all().delete()
    for moment in (too_old("audit"), young("audit")):
        AuditLine.objects.create(at=moment, action="people.test")
    return AuditLine


def answers():
    for number, moment in enumerate((too_old("answers"), young("answers"))):
        KeptAnswer.objects.create(owner_type="people.accesstoken", owner_id=1, key=str(number), made_at=moment)
    return KeptAnswer


KINDS = [mails, notices, passes, answers, invitations, consents, unused_accounts, webhook_messages, audit]


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_what_is_too_old_goes_and_the_rest_stays(make):
    model = make()
    rule, before = of(make.__name__), model.objects.count()
    assert rule.overdue(now() - rule.keep) == 1
    assert rule.delete(now() - rule.keep) == 1
    assert rule.overdue(now() - rule.keep) == 0
    assert model.objects.count() == before - 1


def test_sign_ins_that_ended_go(client):
    user = UserFactory()
    client.force_login(user)
    UserSession.objects.create(user=user, ip="192.0.2.7", session_key=client.session.session_key)
    assert of("sessions").overdue(now()) == 0
    Session.objects.update(expire_date=now() - DAY)
    assert of("sessions").delete(now()) == 2
    assert not UserSession.objects.exists()


def test_an_account_that_belongs_somewhere_or_was_used_stays():
    long_ago = now() - timedelta(days=999)
    belongs = MembershipFactory(user=UserFactory(joined_at=long_ago)).user
    used = UserFactory(joined_at=long_ago, last_login=long_ago)
    operator = UserFactory(joined_at=long_ago, is_operator=True)
    erased = UserFactory(joined_at=long_ago, erased_at=long_ago, is_active=False)
    of("unused_accounts").delete(now())
    assert set(User.objects.all()) >= {belongs, used, operator, erased}


def test_an_agreement_in_force_stays_however_old():
    user = UserFactory()
    Statement.objects.create(purpose="people.test", version="1", kind="consent", valid_from="2010-01-01")
    actions.record_consent(user, purpose="people.test", how="form", language="en", by=user, at=now() - timedelta(days=3650))
    assert of("consents").overdue(now()) == 0


def test_every_rule_says_what_and_why():
    for rule in all_rules():
        assert rule.what
        assert rule.why
        assert rule.keep >= timedelta()


def test_the_schedule_applies_all_rules_every_night():
    assert schedules["people.apply_retention"].daily_at
    mails(), notices()
    tasks.apply_retention.func()
    assert (Mail.objects.count(), Notice.objects.count()) == (1, 1)
    assert AuditLine.objects.filter(action="people.apply_retention_rule").count() >= len(KINDS)


def test_the_command_says_first_and_then_does(capsys):
    mails()
    call_command("retention", "--dry-run")
    assert "people.mails (kept 180 days): 1 due" in capsys.readouterr().out
    call_command("retention")
    assert "people.mails (kept 180 days): 1 gone" in capsys.readouterr().out
    assert Mail.objects.count() == 1


def test_the_page_says_to_who_runs_the_installation_how_much_is_due(client):
    mails()
    client.force_login(UserFactory(is_operator=True))
    rows = client.get(reverse("people:retention")).context["rules"]
    assert {row["rule"].key: row["due"] for row in rows}["people.mails"] == 1


def test_a_manager_sees_the_rules_and_not_what_others_have(client):
    mails()
    client.force_login(member(OrganisationFactory(), Role.MANAGER))
    answer = client.get(reverse("people:retention"))
    assert {row["due"] for row in answer.context["rules"]} == {None}
    assert "Due to go" not in answer.content.decode()
