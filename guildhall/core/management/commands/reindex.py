"""``guildhall reindex``: make the search index anew from what the rooms have."""

from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand

from guildhall.core.questions import documents_of_everything
from guildhall.core.search import reindex


class Command(BaseCommand):
    help = "Make the search index anew from what all rooms have. People can search meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        count = reindex(chain.from_iterable(documents_of_everything.ask()))
        self.stdout.write(f"{count} documents can be found.")
