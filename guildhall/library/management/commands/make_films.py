from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from guildhall.core.errors import Refusal
from guildhall.core.models import Worker
from guildhall.core.tasks import run_waiting
from guildhall.core.tasks.worker import is_alive
from guildhall.library.filming.cutting import cut
from guildhall.library.filming.script import scripts_in
from guildhall.library.filming.speaking import NoVoice
from guildhall.library.models import Film
from guildhall.library.starter_films import bring, film_of, publish
from guildhall.people.models import Membership, Organisation

POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Makes the case study films that come with Guildhall (drawn scenes, a synthetic voice) and publishes them in the name of "
        "an organisation, with captions, chapters and questions in all languages. Those that are there already are left alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organisation", required=True, metavar="SLUG", help="in whose name, by its short name")
        parser.add_argument("--only", metavar="NAME", default="", help="one film, by the name of its folder")
        parser.add_argument("--folder", type=Path, default=settings.CONTENT / "films", help="where the scripts lie")

    def handle(self, *, organisation: str, only: str, folder: Path, **options: Any) -> None:
        publisher = Organisation.objects.filter(slug=organisation).first()
        if publisher is None:
            raise CommandError(f"There is no organisation with the short name {organisation!r}.")
        manager = Membership.objects.managing().filter(organisation=publisher).select_related("user").order_by("pk").first()
        if manager is None:
            raise CommandError(f"{publisher} has no manager in whose name something could be published.")
        scripts = [script for script in scripts_in(folder) if only in ("", script.name)]
        if not scripts:
            raise CommandError(f"There is no film {only!r} in {folder}.")
        for script in scripts:
            film = film_of(script, publisher)
            if film is not None and film.resource.is_public:
                self.stdout.write(f"there already: {script.name}")
                continue
            try:
                if film is None:
                    self.stdout.write(f"drawing and speaking {script.name} …")
                    with TemporaryDirectory(prefix="guildhall-film-") as place:
                        made = cut(script, Path(place) / f"{script.name}.mp4")
                        film = bring(script, made, organisation=publisher, by=manager.user, at=now())
                self._wait_for(film)
                publish(script, film, by=manager.user, at=now())
            except NoVoice as no:
                raise CommandError(str(no)) from None
            except Refusal as no:
                raise CommandError(f"{script.name}: {no}") from None
            self.stdout.write(f"published {script.name}, {film.duration_seconds:.0f} s")

    def _wait_for(self, film: Film) -> None:
        """Have the film made: by a worker where one runs, else here."""
        while film.is_under_way:
            if any(is_alive(worker) for worker in Worker.objects.all()):
                sleep(POLL_SECONDS)
            else:
                run_waiting()
            film.refresh_from_db()
        if not film.is_ready:
            raise CommandError(f"{film}: {film.failed_why}")
