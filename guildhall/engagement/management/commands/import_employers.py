from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from guildhall.core.errors import Refusal
from guildhall.engagement.actions import imports
from guildhall.engagement.importing.lot import PORTION, Lot, rows_of
from guildhall.engagement.importing.mapping import FIELDS, PAST
from guildhall.engagement.importing.memory import as_before
from guildhall.engagement.importing.planning import COUNTED
from guildhall.engagement.importing.reading import Unreadable
from guildhall.engagement.importing.survey import Seen, look_over
from guildhall.people.models import Kind, Organisation, Role, User


class Command(BaseCommand):
    help = (
        "Writes the employers of a spreadsheet or a CSV file into a school's book, as the page does. "
        "The last line is: new=… changed=… unchanged=… unclear=… wrong=…, counting rows."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="an Excel file, or a table saved as CSV")
        parser.add_argument("--school", required=True, metavar="SLUG", help="the school's short name")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
        parser.add_argument("--country", default="", help="of employers for which the file names none, such as FR")
        parser.add_argument(
            "--map", action="append", default=[], metavar="FIELD=HEADING", help=f"what a column is, one of: {', '.join(FIELDS)}"
        )

    def handle(self, *, file: Path, school: str, dry_run: bool, country: str, map: list[str], **options: Any) -> None:
        try:
            counts = self._import(file, school, dry_run, country.upper(), dict(_pair(each) for each in map))
        except (Unreadable, Refusal) as no:
            raise CommandError(str(no)) from None
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        self.stdout.write(" ".join(f"{outcome}={counts[outcome]}" for outcome in COUNTED))

    def _import(self, path: Path, slug: str, dry_run: bool, country: str, asked: dict[str, str]) -> Counter[str]:
        school = Organisation.objects.filter(slug=slug, kind=Kind.SCHOOL).first()
        if school is None:
            raise CommandError(f"There is no school with the short name {slug!r}.")
        if path.stat().st_size > settings.MAX_UPLOAD_MB * 1024 * 1024:
            raise CommandError(f"{path} is larger than MAX_UPLOAD_MB ({settings.MAX_UPLOAD_MB}) allows.")
        with path.open("rb") as file:
            seen = as_before(look_over(file, country=country or school.country), school)
            country = country or seen.country
            mapping = _mapping(seen, asked)
            rows = rows_of(seen.table, seen.reading, mapping, country)
        lot = Lot(school, rows)
        if dry_run:
            decisions = [decision for portion in lot.check() for decision in portion]
            self._say([(one.row.number, one.outcome, one.reason) for one in decisions if one.reason])
            return Counter(one.outcome.value for one in decisions)
        by = _first_manager(school)
        if by is None and (past := [field for field in PAST if field in mapping]):
            raise CommandError(
                "Nobody manages this school, so there is nobody in whose name contacts are written down. "
                f"Leave them out: {' '.join(f'--map {field}=' for field in past)}"
            )
        brought = imports.bring_list(
            school, upload=None, file_name=path.name, reading=seen.reading, mapping=mapping, country=country, by=by, at=now()
        )
        for at in range(0, len(rows), PORTION):
            brought = imports.let_rows_in(brought, lot=lot, rows=rows[at : at + PORTION], by=by, at=now())
        brought = imports.finish_import(brought, by=by, at=now())
        self._say(brought.rows.order_by("number").values_list("number", "outcome", "reason"))
        return Counter(imports.counts_of(brought))

    def _say(self, rows: Iterable[tuple[int, str, str]]) -> None:
        """Say which rows stay out, are left out in part, or replace something, and why."""
        for number, outcome, reason in rows:
            self.stdout.write(f"row {number}: {outcome}: {reason}")


def _pair(given: str) -> tuple[str, str]:
    field, equals, heading = given.partition("=")
    if not equals or field not in FIELDS:
        raise CommandError(f"--map {given!r} is not FIELD=HEADING with one of: {', '.join(FIELDS)}.")
    return field, heading


def _mapping(seen: Seen, asked: dict[str, str]) -> dict[str, str]:
    """What was guessed, corrected by what was asked for; a column is only one thing. An empty heading leaves a field out."""
    headings = {column["heading"] for column in seen.reading["columns"]}
    if missing := [heading for heading in asked.values() if heading and heading not in headings]:
        raise CommandError(f"The file has no column {missing[0]!r}. It has: {', '.join(sorted(headings))}.")
    guessed = {field: heading for field, heading in seen.mapping.items() if heading not in asked.values()}
    mapping = {field: heading for field, heading in {**guessed, **asked}.items() if heading}
    if "name" not in mapping:
        known = ", ".join(sorted(headings))
        raise CommandError(f"No column could be recognised as the name of the employer. Say --map name=HEADING, one of: {known}.")
    return mapping


def _first_manager(school: Organisation) -> User | None:
    managing = school.memberships.current().filter(role=Role.MANAGER, user__is_active=True)
    first = managing.select_related("user").order_by("since", "pk").first()
    return first.user if first else None
