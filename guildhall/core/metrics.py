"""Metrics for Prometheus, at ``/metrics`` where the operator has switched them on (``METRICS``)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from hmac import compare_digest
from time import perf_counter

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django_tasks_db.models import DBTaskResult
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

REQUESTS = Counter("guildhall_requests", "Requests answered.", ["view", "status"])
SECONDS = Histogram(
    "guildhall_request_seconds", "How long answers took.", ["view"], buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)


class MetricsMiddleware:
    """Count and time requests by the name of their view, never by their address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        response = self.get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else "none"
        REQUESTS.labels(view, response.status_code).inc()
        SECONDS.labels(view).observe(perf_counter() - began)
        return response


class TaskCollector(Collector):
    """Tasks by name and state, counted when asked. The letters sent and waiting are those of ``people.send_mail``."""

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("guildhall_tasks", "Tasks kept, by name and state.", labels=["task", "state"])
        for path, status, count in DBTaskResult.objects.order_by().values_list("task_path", "status").annotate(Count("pk")):
            family.add_metric([path, status.lower()], count)
        yield family


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, if it brings the token where one is set."""
    brought = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and not compare_digest(brought.encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    registry.register(TaskCollector())
    # With several web processes each keeps its figures in a file of a common folder, which ``guildhall serve`` provides.
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    return HttpResponse(generate_latest(REGISTRY) + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
