"""How tests are shared out among workers: a module's together, so that what it sets up is set up once; what takes long first."""

from __future__ import annotations

from itertools import groupby

import pytest
from xdist.scheduler import LoadScopeScheduling

#: All its modules walk through one installation, with one browser.
JOURNEYS = "tests/journeys/"
#: What takes a minute or so, so that no worker is alone with it at the end.
LONG = [
    JOURNEYS,
    "tests/test_doors.py",
    "tests/test_security.py",
    "tests/test_injection.py",
    "tests/test_api_schema.py",
    "tests/test_api_doors.py",
    "guildhall/portal/tests/test_demo.py",
    "guildhall/engagement/tests/test_imports_killed.py",
    "guildhall/people/tests/test_signin_journey.py",
    "guildhall/engagement/tests/test_mail_at_once.py",
    "guildhall/engagement/tests/test_imports_at_once.py",
    "guildhall/portal/tests/test_search_journey.py",
    "guildhall/core/tests/test_tasks.py",
    "guildhall/core/tests/test_serving.py",
]


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Put what takes long first.

    What empties the database after itself stays behind what needs the reference data in it, as pytest-django has put it.
    """
    phases = [list(phase) for _empties, phase in groupby(items, _empties_the_database)]
    journeys = [item for item in items if _named(item).startswith(JOURNEYS)]
    return journeys + [item for phase in phases for item in sorted(phase, key=_place) if not _named(item).startswith(JOURNEYS)]


def _empties_the_database(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    fixtures = getattr(item, "fixturenames", ())
    return bool(marker and marker.kwargs.get("transaction")) or not {"transactional_db", "live_server"}.isdisjoint(fixtures)


def _place(item: pytest.Item) -> int:
    return next((place for place, long in enumerate(LONG) if _named(item).startswith(long)), len(LONG))


def _named(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


class ByModule(LoadScopeScheduling):
    """Gives out, in their order, the tests of a module that stand together."""

    def schedule(self) -> None:
        if self.collection is None and self.registered_collections:
            self.units = units(next(iter(self.registered_collections.values())))
        self.config.option.loadscopereorder = False
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self.units[nodeid]


def units(nodeids: list[str]) -> dict[str, str]:
    """Say for each test with which others it is given out: neighbours of one module, and all journeys."""
    named = {}
    for number, (module, tests) in enumerate(groupby(nodeids, _module)):
        named |= dict.fromkeys(tests, f"{number} {module}")
    return named


def _module(nodeid: str) -> str:
    return JOURNEYS if nodeid.startswith(JOURNEYS) else nodeid.partition("::")[0]
