"""What the walks share: a world is made once for all tests of a file, and each finds it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tests.beforehand import beforehand
from tests.world import World, build_world


@pytest.fixture(scope="module")
def _world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Path]]:
    files = tmp_path_factory.mktemp("files")
    with beforehand(build_world, django_db_blocker, files) as made:
        yield made, files


@pytest.fixture
def world(_world: tuple[World, Path], db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """A school with one of everything in it."""
    made, files = _world
    monkeypatch.setattr(settings, "MEDIA_ROOT", files)
    return World(made.school, made.people, things={name: copy(thing) for name, thing in made.things.items()})
