"""What the walks share: a world is made once for all tests of a file, and each finds it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.world import World, build_world


@pytest.fixture(scope="module")
def _world(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A world within a transaction around those of the tests, and the folder in which its files lie."""
    around = transaction.atomic()
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("files")):
        around.__enter__()
        made = build_world(), settings.MEDIA_ROOT
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def world(_world: Any, db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """A school with one of everything in it."""
    made, files = _world
    monkeypatch.setattr(settings, "MEDIA_ROOT", files)
    return World(made.school, made.people, things={name: copy(thing) for name, thing in made.things.items()})
