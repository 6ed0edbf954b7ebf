"""``make messages``: collect the sentences to be translated, and say how many are missing."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guildhall.config.settings")

import django
import polib

django.setup()

from tests.messages import TRANSLATED, catalogues, collect, rooms  # noqa: E402

collect()
for language in TRANSLATED:
    files = [polib.pofile(str(path)) for room in rooms() for path in catalogues(room) if f"/{language}/" in str(path)]
    missing = sum(len(file.untranslated_entries()) + len(file.fuzzy_entries()) for file in files)
    print(f"{language}: {sum(map(len, files))} sentences, {missing} missing")
