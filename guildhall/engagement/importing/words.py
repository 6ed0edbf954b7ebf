"""The word lists of the import, which anybody can add to: ``data/headings.yaml`` and ``data/words.yaml``."""

from functools import cache
from pathlib import Path

import yaml

_DATA = Path(__file__).parent.parent / "data"


@cache
def phrases(name: str) -> dict[str, list[str]]:
    """Return the lists of a file of this room's ``data`` folder, by their names."""
    lists = yaml.safe_load((_DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return {key: [phrase.strip() for phrase in listed.split(";")] for key, listed in lists.items()}


def words(name: str) -> frozenset[str]:
    """Return one list of ``words.yaml``."""
    return frozenset(phrases("words")[name])
