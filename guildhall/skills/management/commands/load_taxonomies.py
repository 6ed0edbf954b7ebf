from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from guildhall.core.errors import Refused
from guildhall.skills.actions import is_loaded, load_scheme
from guildhall.skills.sheets import SHIPPED, read_sheet, shipped


class Command(BaseCommand):
    help = "Loads the classifications (sectors, regions, fields of education, levels, countries, languages), or newer versions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", nargs="+", choices=SHIPPED, default=SHIPPED, metavar="KEY", help=", ".join(SHIPPED))
        parser.add_argument("--file", type=Path, help="a newer version, in the shape of guildhall/skills/data/*.csv")

    def handle(self, *, only: list[str], file: Path | None, **options: Any) -> None:
        for path in [file] if file else map(shipped, only):
            try:
                sheet = read_sheet(path)
            except Refused as refusal:
                raise CommandError(str(refusal)) from refusal
            if is_loaded(sheet):
                self.stdout.write(f"{sheet.key} {sheet.version}: unchanged")
                continue
            scheme = load_scheme(by=None, at=now(), sheet=sheet)
            counts = f"new={scheme.new_count} changed={scheme.changed_count} removed={scheme.retired_count}"
            self.stdout.write(f"{scheme}: {counts}")
