from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from guildhall.core.errors import Refused
from guildhall.engagement.actions import load_methodology, publish_tools
from guildhall.engagement.methodology import toolkit
from guildhall.engagement.methodology.content import ContentError, read
from guildhall.engagement.models import Methodology, PublishedTool
from guildhall.people.models import Membership, Organisation


class Command(BaseCommand):
    help = (
        "Loads the methodology that comes with Guildhall, or a newer version of it, in all languages, and has a worker bring its "
        "tools into the library. "
        "If something is wrong with it, says all that is wrong and changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.CONTENT / "methodology", help="where it lies")
        name = "in whose name the tools are published in the library, by its short name; needed once, and then remembered"
        parser.add_argument("--organisation", metavar="SLUG", default="", help=name)

    def handle(self, *, folder: Path, organisation: str, **options: Any) -> None:
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
        if is_there or organisation:  # else whoever loads it has asked for them
            self._publish_tools(organisation)

    def _publish_tools(self, slug: str) -> None:
        """Ask for what the library lacks of the tools: the first time, and where that was interrupted."""
        publisher = Organisation.objects.filter(slug=slug).first() if slug else PublishedTool.objects.publisher()
        if publisher is None:
            if slug:
                raise CommandError(f"There is no organisation with the short name {slug!r}.")
            return
        manager = Membership.objects.managing().filter(organisation=publisher).select_related("user").order_by("pk").first()
        if manager is None:
            raise CommandError(f"{publisher} has no manager in whose name something could be published.")
        methodology = Methodology.objects.newest()
        missing = toolkit.outdated(methodology) if methodology else []
        if missing:
            try:
                publish_tools(publisher, by=manager.user, at=now())
            except Refused as no:
                raise CommandError(str(no)) from None
        self.stdout.write(f"tools to be published by {publisher}: {len(missing)}")
