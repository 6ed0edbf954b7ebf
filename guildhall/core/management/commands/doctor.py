from argparse import ArgumentParser
from itertools import chain
from textwrap import fill
from typing import Any

from django.core.management.base import BaseCommand

from guildhall.core.doctor import examine, send_trial_letter, versions

SIGNS = {"well": "  ok     ", "doubtful": "  hm     ", "wrong": "  WRONG  "}


class Command(BaseCommand):
    help = "Examines this installation and says what is missing or wrong."
    requires_system_checks: list[str] = []  # they are part of what is examined

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mail", metavar="ADDRESS", help="send a letter there, to see whether it arrives")

    def handle(self, *, mail: str | None, **options: Any) -> None:
        paint = {"well": self.style.SUCCESS, "doubtful": self.style.WARNING, "wrong": self.style.ERROR}
        count = dict.fromkeys(SIGNS, 0)
        self.stdout.write(f"{versions()}\n\n")
        for finding in chain(examine(), send_trial_letter(mail) if mail else []):
            count[finding.state] += 1
            text = fill(finding.sentence, 110, initial_indent=" " * 9, subsequent_indent=" " * 9, break_on_hyphens=False)
            self.stdout.write(paint[finding.state](SIGNS[finding.state]) + text[9:])
        self.stdout.write(f"\n{count['wrong']} wrong, {count['doubtful']} doubtful, {count['well']} well.")
        if count["wrong"]:
            raise SystemExit(1)
