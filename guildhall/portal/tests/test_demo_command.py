from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import localdate

from guildhall.people.models import User
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.portal import demo


def test_it_is_not_loaded_in_production(db, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not loaded in production"):
        call_command("demo", stdout=StringIO())
    assert not User.objects.exists()


def test_it_is_not_mixed_with_what_people_entered(db):
    OrganisationFactory()
    with pytest.raises(CommandError, match="empty installation only"):
        call_command("demo", stdout=StringIO())
    call_command("demo", "--if-empty", stdout=StringIO())
    assert not demo.is_loaded()


def test_a_stage_that_fails_leaves_nothing_behind(db, monkeypatch):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("guildhall.engagement.demo._Book.write", fail)
    with pytest.raises(RuntimeError):
        demo.load(localdate(), say=str)
    assert demo.is_empty()


def test_without_the_demo_one_can_be_nobody(db):
    assert demo.personas() == []
    with pytest.raises(CommandError, match="not loaded"):
        call_command("demo", "--print", stdout=StringIO())
