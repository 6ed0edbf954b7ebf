from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from guildhall.core.errors import Refused
from guildhall.portal import demo


class Command(BaseCommand):
    help = "Loads the demo: two schools, an association, and a year of work with employers. Into an empty installation only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--print", action="store_true", help="only print whom one can sign in as")
        parser.add_argument("--if-empty", action="store_true", help="do nothing, and be content, where there is data already")

    def handle(self, *, if_empty: bool, **options: Any) -> None:
        if options["print"]:
            self._print_personas()
        elif demo.is_loaded():
            self.stdout.write(_("The demo is here already. Nothing was changed."))
            self._print_personas()
        elif not if_empty or demo.is_empty():
            try:
                demo.load(localdate(), say=lambda sentence: self.stdout.write(f"  {sentence} …"))
            except Refused as refused:
                raise CommandError(str(refused)) from refused
            self._print_personas()

    def _print_personas(self) -> None:
        personas = demo.personas()
        if not personas:
            raise CommandError(_("The demo is not loaded. `guildhall demo` loads it."))
        self.stdout.write(_("Sign in as one of them, on the start page with one click:"))
        for persona in personas:
            self.stdout.write(f"  {persona.user.email:42} {persona.user.name}, {persona.role}, {persona.organisation}")
