from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from guildhall.core.errors import Refusal
from guildhall.library.starter import cases_in, publish_case
from guildhall.people.models import Membership, Organisation


class Command(BaseCommand):
    help = (
        "Publishes the practice cases that come with Guildhall, in all languages, in the name of an organisation. "
        "Those that are there already get a new version where their words have changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organisation", required=True, metavar="SLUG", help="in whose name, by its short name")
        parser.add_argument("--folder", type=Path, default=settings.CONTENT / "cases", help="where they lie")

    def handle(self, *, organisation: str, folder: Path, **options: Any) -> None:
        publisher = Organisation.objects.filter(slug=organisation).first()
        if publisher is None:
            raise CommandError(f"There is no organisation with the short name {organisation!r}.")
        manager = Membership.objects.managing().filter(organisation=publisher).select_related("user").order_by("pk").first()
        if manager is None:
            raise CommandError(f"{publisher} has no manager in whose name something could be published.")
        done = 0
        for case in cases_in(folder):
            try:
                changed = publish_case(case, organisation=publisher, by=manager.user, at=now())
            except Refusal as no:
                raise CommandError(f"{case.name}: {no}") from None
            done += changed
            self.stdout.write(f"{'published' if changed else 'unchanged'} {case.name}")
        self.stdout.write(f"published={done}")
