from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.timezone import now

from guildhall.engagement.mailing.receiving import receive

#: What a pipe ends with when the mail server shall try again later (sysexits.h, EX_TEMPFAIL).
TRY_AGAIN = 75


class Command(BaseCommand):
    help = (
        "Takes a mail in from standard input, as a mail server's pipe does. Ends with 0 whatever the mail is, so that nobody "
        "gets an answer, and with 75 when it should be brought again later."
    )
    requires_system_checks: list[str] = []  # a mail server waits, and whoever serves has checked

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", action="append", default=[], metavar="ADDRESS", help="whom the mail server delivers it to (the envelope)"
        )

    def handle(self, *, to: list[str], **options: Any) -> None:
        raw = sys.stdin.buffer.read(settings.MAX_UPLOAD_MB * 1024 * 1024 + 1)
        try:
            outcome = receive(raw, envelope=to, at=now())
        except Exception as error:
            self.stderr.write(f"It could not be taken in now: {type(error).__name__}: {error}")
            sys.exit(TRY_AGAIN)
        if options["verbosity"] > 1:
            self.stdout.write(outcome.value)
