"""The whole description of the API, tried out: whatever is sent, nothing breaks, what is answered is as described, and nothing
of another school comes out.

Two schools have everything in their books. Each text of the second carries a marker; the programs have the token of the first
school's manager, and ask for the numbers of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from django.apps import apps
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, models, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from guildhall.config.api import api
from guildhall.config.wsgi import application
from guildhall.core.models import Change
from guildhall.engagement.models import (
    AlikeEmployers,
    CapturedMail,
    Contact,
    Employer,
    EmployerImport,
    ImportRow,
    Merge,
    NextStep,
    Person,
    Position,
    SavedView,
    Tag,
)
from guildhall.people.models import Organisation, Role, Site, Webhook, WebhookDelivery
from guildhall.people.tests.factories import WebhookDeliveryFactory, WebhookFactory, member
from guildhall.people.tests.programs import token_of
from tests.world import build_world, fill_book

pytestmark = pytest.mark.django_db

MARKER = "BELONGSTOB"
#: What a number in an address is the number of, by the word before it, or by its own name.
NUMBERS: dict[str, type[models.Model]] = {
    "schools": Organisation,
    "employers": Employer,
    "people": Person,
    "positions": Position,
    "contacts": Contact,
    "steps": NextStep,
    "views": SavedView,
    "duplicates": AlikeEmployers,
    "merges": Merge,
    "imports": EmployerImport,
    "mails": CapturedMail,
    "webhooks": Webhook,
    "messages": WebhookDelivery,
    "site_pk": Site,
    "tag_pk": Tag,
    "change_pk": Change,
}
CHECKED = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
]
#: So often something good and something bad is sent to each operation; on each of both databases something else, always the same.
TRIES = 3


def mark_everything() -> None:
    """Put the marker into every text that is kept, as far as it has room."""
    for model in apps.get_models():
        if model._meta.app_label not in ("engagement", "people") or model._meta.model_name == "statement":
            continue
        texts = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField)
            and not (field.choices or field.unique or (field.max_length or 99) < 20)
            and field.name not in _MEANT
        ]
        for thing in model._default_manager.all():
            for field in texts:
                value = getattr(thing, field.name) or ""
                marked = (
                    f"{MARKER}{thing.pk}@b.example" if isinstance(field, models.EmailField) else f"{MARKER} {thing.pk} {value}"
                )
                setattr(thing, field.name, marked[: field.max_length])
            if texts:
                thing.save(update_fields=[field.name for field in texts])
    CapturedMail.objects.update(others=[[f"{MARKER}@b.example", MARKER]], attachments=[{"name": MARKER}])
    ImportRow.objects.update(given={"name": MARKER})


#: Texts that something is looked up by.
_MEANT = {
    "purpose", "kind", "person_type", "thing_type", "digest", "key", "query", "resting_why", "time_zone", "bounced_address",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """All is asked within the transaction of the test: no request closes its connection, as in Django's own test client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def token() -> str:
    build_world()
    mark_everything()
    school = Organisation.objects.create(kind="school", name="Far School", slug="far", country="PL")
    manager = member(school, Role.MANAGER, name="Mia", language="en")
    fill_book(school, manager)
    WebhookDeliveryFactory(webhook=WebhookFactory(organisation=school, made_by=manager))
    return token_of(manager)


def real(case: Case, numbers: dict[str, list[int]]) -> None:
    """Let the numbers in an address and in a body be of things there are, of both schools, more often than not."""
    words = case.path.split("/")
    for name, number in case.path_parameters.items():
        if not isinstance(number, int) or number % 5 == 0:
            continue
        known = numbers.get(name if name in numbers else words[words.index(f"{{{name}}}") - 1])
        known = known or (numbers["duplicates"] if "{of}" in words else None)
        if known:
            case.path_parameters[name] = known[number % len(known)]
    if isinstance(case.body, dict):
        for name, value in case.body.items():
            if type(value) is int and value > 0 and value % 5:
                some = numbers["employers"] if name in ("to", "employer") else numbers["users"]
                case.body[name] = some[value % len(some)]


def _numbers() -> dict[str, list[int]]:
    known = {name: sorted(model._default_manager.values_list("pk", flat=True)) for name, model in NUMBERS.items()}
    known["schools"] = sorted(Organisation.objects.filter(slug__in=["north", "far"]).values_list("pk", flat=True))
    return known | {"users": sorted(apps.get_model("people.User")._default_manager.values_list("pk", flat=True))}


def read_through(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The application, of whose answers nothing is left open: not everybody who asks closes files."""
    answered = application(environ, start_response)
    try:
        return [b"".join(answered)]
    finally:
        answered.close()


def _operations() -> Iterator[Any]:
    described = deepcopy(api.document)
    for operations in described["paths"].values():
        for operation in operations.values():
            del operation["security"]  # every program here has a token; what those without are told: test_api_doors.py
    schema = schemathesis.openapi.from_dict(described)
    schema.app = read_through
    for result in schema.get_all_operations():
        yield result.ok()


def test_nothing_breaks_all_is_as_described_and_nothing_of_others_comes_out(token: str, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**9
    settings.MAIL_IN_DOMAIN = "mail.example"
    load_all_checks()
    checks = CHECKS.get_by_names(CHECKED)
    numbers = _numbers()
    wrong = []
    for operation in _operations():
        modes = [GenerationMode.POSITIVE, *[GenerationMode.NEGATIVE] * (operation.label != "GET /api/schools")]  # takes nothing
        for mode in modes:
            try:
                _try_out(operation, mode, token, checks, numbers)
            except (Exception, BaseExceptionGroup) as failure:
                wrong.append("\n".join([f"{operation.label}, {mode.value}:", str(failure), *getattr(failure, "__notes__", [])]))
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def _try_out(operation: Any, mode: GenerationMode, token: str, checks: Any, numbers: dict[str, list[int]]) -> None:
    @seed(connection.vendor)
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=TRIES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    def ask(case: Case) -> None:
        real(case, numbers)
        with transaction.atomic():
            response = case.call(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
            transaction.set_rollback(True)
        assert MARKER.lower() not in response.content.decode(errors="replace").lower(), "another school's"
        case.validate_response(response, checks=checks)

    ask()
