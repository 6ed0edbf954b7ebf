from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.timezone import now

from guildhall.people.actions import load_statements


class Command(BaseCommand):
    help = "Add the statements about personal data that this version brings. Those already here are never changed."

    def handle(self, *args: Any, **options: Any) -> None:
        added = load_statements(by=None, at=now())
        for statement in added:
            self.stdout.write(f"added {statement}")
        self.stdout.write(f"new={len(added)}")
