import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.utils.timezone import now

from guildhall.core.actions import action, at_the_end, lock
from guildhall.core.errors import Refused
from guildhall.core.models import AuditLine, Change, Schedule

pytestmark = pytest.mark.django_db


@action
def plan(name: str, *, by: None) -> Schedule:
    return Schedule.objects.create(task=name, timing="daily", next_at=now())


@action
def plan_two(first: str, second: str, *, by: None, careless: bool = False) -> Schedule:
    planned = plan(first, by=by)
    try:
        refuse_to_plan(second, by=by)
    except Refused:
        if not careless:
            raise
    return planned


@action
def refuse_to_plan(name: str, *, by: None) -> Schedule:
    plan(name, by=by)
    raise Refused("Not now.")


@action
def plan_both(first: str, second: str, *, by: None) -> Schedule:
    plan(first, by=by)
    return plan(second, by=by)


def test_an_action_that_calls_others_is_told_after_them_and_each_has_its_line():
    plan_both("a", "b", by=None)
    lines = AuditLine.objects.filter(action__startswith="core.").order_by("pk").values_list("action", "thing_id")
    assert list(lines) == [("core.plan", "a"), ("core.plan", "b"), ("core.plan_both", "b")]


def test_actions_within_actions_cost_no_savepoints_and_write_their_lines_together(django_assert_num_queries):
    with django_assert_num_queries(5):  # two things, their three lines, and the savepoint of the test's own transaction
        plan_both("a", "b", by=None)


def test_what_one_refuses_is_undone_as_a_whole():
    with pytest.raises(Refused):
        plan_two("a", "b", by=None)
    assert not Schedule.objects.exists()
    plan("c", by=None)
    assert AuditLine.objects.get(action="core.plan").thing_id == "c"


def test_who_swallows_a_refusal_within_an_action_is_stopped():
    with pytest.raises(TransactionManagementError), transaction.atomic():
        plan_two("a", "b", by=None, careless=True)
    assert not Schedule.objects.exists()


def test_what_is_to_be_done_at_the_end_is_done_once_for_all_and_not_for_what_was_undone():
    done: list[list[str]] = []

    @action
    def say(word: str, *, by: None) -> None:
        at_the_end(done.append, word)

    @action
    def say_and_refuse(word: str, *, by: None) -> None:
        say(word, by=by)
        raise Refused("Not now.")

    @action
    def say_much(*, by: None) -> None:
        say("first", by=by)
        with pytest.raises(Refused), transaction.atomic():
            say_and_refuse("second", by=by)
        say("third", by=by)
        assert done == []

    say_much(by=None)
    assert done == [["first", "third"]]
    with pytest.raises(RuntimeError):
        at_the_end(done.append, "outside")


def test_a_locked_thing_keeps_what_was_read_of_its_relations(django_assert_num_queries):
    plan("a", by=None)
    line = AuditLine.objects.get(action="core.plan")
    kept = Change.objects.create(line=line, thing_type="x", thing_id="1", field="y")
    with transaction.atomic(), django_assert_num_queries(1):
        assert lock(kept).line is line
