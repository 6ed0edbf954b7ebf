from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import CommandParser, call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from guildhall.core.catalogues import compile_catalogues


class Command(BaseCommand):
    help = (
        "Makes this installation ready to serve, after an install or an upgrade: "
        "translations, database, reference data. Does only what is missing."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo if there is nothing yet")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        compile_catalogues()
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Setting up the database …")
            call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("load_taxonomies", stdout=StringIO())
        call_command("load_statements", stdout=StringIO())
        try:
            call_command("load_content", stdout=StringIO())
        except CommandError as error:  # the version that is there goes on
            self.stderr.write(str(error))
        if settings.PRODUCTION:
            call_command("collectstatic", interactive=False, verbosity=0)
        if demo:
            call_command("demo", if_empty=True)
