"""Progress: seen by whoever started it, kept step by step, leading on when all is done."""

import pytest
from django.utils import translation
from django_tasks_db.models import DBTaskResult

from guildhall.core.models import Progress
from guildhall.core.progress import start_progress
from guildhall.core.tasks import run_waiting
from guildhall.core.tasks.running import carry_out, claim_next
from guildhall.core.tests.jobs import written

pytestmark = pytest.mark.django_db


@pytest.fixture
def progress(user):
    return start_progress("jobs.march", by=user, doing="Reading the file", then="/somewhere/", count=12)


def address(progress):
    return f"/progress/{progress.pk}/"


def test_it_waits_with_its_task(progress):
    assert progress.state == Progress.State.WAITING
    assert progress.task_id == DBTaskResult.objects.get().pk


def test_it_counts_and_ends_with_its_task(progress):
    run_waiting()
    progress.refresh_from_db()
    assert (progress.state, progress.done, progress.total) == (Progress.State.DONE, 12, 12)
    assert progress.finished_at
    assert progress.sentence == "Marching to 12"


def test_a_later_attempt_goes_on_where_the_last_one_got_to(user):
    progress = start_progress("jobs.stumble_on_the_way", by=user, doing="", count=10, at=5)
    carry_out(claim_next("w"))
    progress.refresh_from_db()
    assert progress.done == 4
    assert progress.state == Progress.State.RUNNING
    assert written() == [f"step {number}" for number in range(4)]

    DBTaskResult.objects.update(
        run_after=progress.started_at,
        args_kwargs={"args": [], "kwargs": {"progress_id": str(progress.pk), "count": 10, "at": 99}},
    )
    run_waiting()
    assert written() == [f"step {number}" for number in range(10)]


def test_a_refusal_ends_it_at_once_with_its_sentence(user):
    progress = start_progress("jobs.refuse", by=user, doing="")
    carry_out(claim_next("w"))
    progress.refresh_from_db()
    assert (progress.state, progress.error) == (Progress.State.FAILED, "The file is empty.")
    assert not DBTaskResult.objects.failed().exists(), "nothing for the operator to look into"


def test_the_task_speaks_the_language_of_who_watches(user, monkeypatch):
    with translation.override("de"):
        start_progress("jobs.refuse", by=user, doing="")
    heard = []
    monkeypatch.setattr(Progress, "__str__", lambda self: "")
    monkeypatch.setattr("guildhall.core.errors.Refusal.__str__", lambda self: heard.append(translation.get_language()) or "Nein.")
    carry_out(claim_next("w"))
    assert heard[0] == "de"


def test_the_page_and_the_fragment_show_how_far_it_is(client, user, progress):
    Progress.objects.update(state="running", done=3, total=12)
    client.force_login(user)
    for headers in ({}, {"HX-Request": "true"}):
        response = client.get(address(progress), headers=headers)
        assert response.status_code == 200
        assert "Reading the file" in response.text
        assert f'hx-get="{address(progress)}"' in response.text
    assert "<html" not in response.text


def test_when_all_is_done_it_leads_on(client, user, progress):
    run_waiting()
    client.force_login(user)
    assert client.get(address(progress)).url == "/somewhere/"
    assert client.get(address(progress), headers={"HX-Request": "true"})["HX-Redirect"] == "/somewhere/"


def test_when_it_fails_it_says_why_and_asks_no_more(client, user):
    progress = start_progress("jobs.refuse", by=user, doing="", then="/somewhere/")
    carry_out(claim_next("w"))
    client.force_login(user)
    response = client.get(address(progress), headers={"HX-Request": "true"})
    assert "The file is empty." in response.text
    assert "hx-get" not in response.text
    assert "HX-Redirect" not in response


def test_a_stranger_finds_nothing(client, stranger, progress):
    client.force_login(stranger)
    assert client.get(address(progress)).status_code == 404


def test_a_visitor_is_asked_to_sign_in(client, progress):
    assert client.get(address(progress)).status_code == 302
