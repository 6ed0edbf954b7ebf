from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.timezone import now

from guildhall.people.actions import apply_retention_rule
from guildhall.people.retention import all_rules


class Command(BaseCommand):
    help = "Let the data go whose time is over, as the schedule does every night; or say what would go."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        at = now()
        for rule in all_rules():
            count = rule.overdue(at - rule.keep) if dry_run else apply_retention_rule(rule, by=None, at=at)
            self.stdout.write(f"{rule.key} (kept {rule.keep.days} days): {count} {'due' if dry_run else 'gone'}")
