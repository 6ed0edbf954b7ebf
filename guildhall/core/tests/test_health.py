"""Health, logs and metrics: what machines and operators are told."""

import json
import logging

import pytest
from django.test import RequestFactory, override_settings
from django.utils.timezone import now

from guildhall.core import health, logs, metrics
from guildhall.core.models import Worker
from guildhall.core.tasks import defer, run_waiting
from guildhall.core.tests import jobs as jobs


@pytest.fixture
def worker(db):
    return Worker.objects.create(host="here", pid=1, started_at=now(), beat_at=now())


@pytest.fixture(autouse=True)
def _forget_storage(monkeypatch):
    monkeypatch.setattr(health, "_storage_is_believed_until", 0.0)


def test_alive_asks_nothing_and_nobody(client):
    response = client.get("/healthz")  # no database: the test would not be allowed to
    assert response.status_code == 200
    assert not response.cookies


def test_alive_whatever_name_it_is_asked_under(client):
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200


def test_ready_when_all_is_well(client, worker):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "checks": dict.fromkeys(["database", "migrations", "worker", "storage"], "ok"),
    }


@pytest.mark.django_db
def test_not_ready_without_a_worker(client):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "No worker runs" in response.json()["checks"]["worker"]


def test_not_ready_when_storage_does_not_keep_files(client, worker, monkeypatch):
    def full(*_):
        raise OSError("/srv/secret/place: no space left")

    monkeypatch.setattr(health.default_storage, "save", full)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["storage"] == "This does not work (OSError). `guildhall doctor` says why."
    assert "secret" not in response.text


def test_not_ready_without_the_database_and_nothing_else_is_asked(client, monkeypatch):
    def dead():
        raise health.Unwell("The database does not answer.")

    monkeypatch.setattr(health, "database", dead)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert list(response.json()["checks"]) == ["database"]


class TestMetrics:
    def test_not_there_unless_switched_on(self, client, db):
        assert client.get("/metrics").status_code == 404

    @pytest.mark.django_db
    def test_requests_are_counted_by_view_and_tasks_by_state(self):
        request = RequestFactory().get("/anything/secret/")
        request.resolver_match = None
        metrics.MetricsMiddleware(lambda request: health.healthz(request))(request)
        defer("jobs.mark", thing="a")
        run_waiting()
        text = metrics.metrics(request).content.decode()
        assert 'guildhall_requests_total{status="200",view="none"}' in text
        assert 'guildhall_tasks{state="successful",task="guildhall.core.tests.jobs.mark"} 1.0' in text
        assert "secret" not in text

    @pytest.mark.django_db
    @override_settings(METRICS_TOKEN="let me in")
    def test_with_a_token_only_who_brings_it(self):
        assert metrics.metrics(RequestFactory().get("/metrics")).status_code == 401
        assert metrics.metrics(RequestFactory().get("/metrics", headers={"Authorization": "Bearer no"})).status_code == 401
        assert metrics.metrics(RequestFactory().get("/metrics", headers={"Authorization": "Bearer let me in"})).status_code == 200


class TestLogs:
    def line(self, logger, *arguments, **extra):
        """What the log in production says."""
        configured = logs.logging_settings("json", "INFO")
        formatter = dict(configured["formatters"]["structured"])
        handler = logging.Handler()
        handler.setFormatter(formatter.pop("()")(**formatter))
        record = logging.getLogger(logger).makeRecord(logger, logging.ERROR, "f", 1, *arguments, extra=extra)
        logs.WithoutSecrets().filter(record)
        return json.loads(handler.format(record))

    @pytest.fixture(autouse=True)
    def _as_configured(self, settings):
        yield
        logs.logging_settings(settings.LOG_FORMAT, settings.LOG_LEVEL)

    def test_djangos_lines_go_through_the_same_pipe(self):
        line = self.line("django", "Something about %s", ("this",), None)
        assert (line["event"], line["logger"], line["level"]) == ("Something about this", "django", "error")

    def test_the_secret_of_a_link_is_not_in_it(self):
        request = RequestFactory().get("/pass/0123456789abcdefghijklmnopqrstuvwxyz/")
        line = self.line("django.request", "%s: %s", ("Internal Server Error", request.path), None, request=request)
        assert line["event"] == "Internal Server Error: /pass/…/"

    def test_an_error_comes_with_its_traceback(self):
        try:
            _ = 1 / 0
        except ZeroDivisionError as error:
            line = self.line("django", "Oh", (), (type(error), error, error.__traceback__))
        assert "ZeroDivisionError" in line["exception"]

    @pytest.mark.django_db
    def test_one_line_for_each_request_without_what_was_searched_for(self, client, user, monkeypatch):
        said = []
        monkeypatch.setattr(logs._access, "info", lambda event, **values: said.append(values))
        client.force_login(user)
        client.get("/ui/?q=Ada+Lovelace")
        (line,) = said
        assert (line["method"], line["path"], line["user"]) == ("GET", "/ui/", user.pk)
        assert "Lovelace" not in str(line)
