from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from guildhall.core.errors import Refused
from guildhall.engagement.actions import load_methodology
from guildhall.engagement.methodology.content import ContentError, read
from guildhall.engagement.models import Methodology


class Command(BaseCommand):
    help = (
        "Loads the methodology that comes with Guildhall, or a newer version of it, in all languages. "
        "If something is wrong with it, says all that is wrong and changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.CONTENT / "methodology", help="where it lies")

    def handle(self, *, folder: Path, **options: Any) -> None:
        try:
            # Also in languages that are not offered here now: they may be one day, and it is the same version.
            content = read(folder, list(settings.ALL_LANGUAGES))
        except ContentError as error:
            count = "1 fault" if len(error.faults) == 1 else f"{len(error.faults)} faults"
            raise CommandError(f"The methodology in {folder} has {count}; nothing is loaded.\n{error}") from None
        is_there = Methodology.objects.filter(digest=content.digest).exists()
        if not is_there:
            try:
                load_methodology(content=content, by=None, at=now())
            except Refused as no:
                raise CommandError(str(no)) from None
        words = ", ".join(f"{language} {count}" for language, count in content.word_counts().items())
        self.stdout.write(f"methodology {content.version}: {'unchanged' if is_there else 'loaded'}; words: {words}")
