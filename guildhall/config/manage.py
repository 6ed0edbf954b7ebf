"""The console command ``guildhall``: Django's manage with our settings."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guildhall.config.settings")
    if sys.argv[1:2] == ["serve"]:
        from guildhall.core import serving

        sys.exit(serving.main(sys.argv[2:]))
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
