"""The starter content: practice cases that show what such accounts look like, published through the actions people use.

A case is a folder under ``content/cases``: ``case.yaml`` holds what is the same in every language, ``en.yaml`` and its sisters
hold the words. The English one is the original, the others are translations that people have made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from guildhall.library import actions
from guildhall.library.kinds import CASE, CASE_PARTS
from guildhall.library.models import Resource
from guildhall.people.models import Organisation, User
from guildhall.skills.taxonomy import nace_from

ORIGINAL = "en"
AUTHOR = {"name": "Guildhall", "orcid": "", "affiliation": ""}


@dataclass(frozen=True)
class StarterCase:
    """A practice case as its folder holds it: what is described (``Described``), by language, the original first."""

    name: str
    by_language: dict[str, dict[str, Any]]

    @property
    def original(self) -> dict[str, Any]:
        return self.by_language[ORIGINAL]


def cases_in(folder: Path) -> Iterator[StarterCase]:
    """Read all cases of a folder, in the order of their names.

    Raises:
        OSError, yaml.YAMLError, KeyError: one of them is not as it should be.
    """
    for place in sorted(path.parent for path in folder.glob("*/case.yaml")):
        same = _read(place / "case.yaml")
        languages = sorted((path.stem for path in place.glob("??.yaml")), key=lambda code: (code != ORIGINAL, code))
        yield StarterCase(place.name, {code: _described(same, _read(place / f"{code}.yaml"), code) for code in languages})


@transaction.atomic
def publish_case(case: StarterCase, *, organisation: Organisation, by: User, at: datetime) -> bool:
    """Publish a case and its translations in the name of an organisation, all or nothing; what has changed as a new version.

    Returns whether anything was to be done.

    Raises:
        NotAllowed: ``by`` may not publish in its name.
        Refused: there is a reason why one of them cannot be published.
    """
    original = Resource.objects.filter(
        organisation=organisation, kind=CASE, language=ORIGINAL, title=case.original["title"], is_illustration=True
    ).first()
    if original is None:
        original = actions.start_resource(organisation, described=case.original, by=by, at=at)
    done = _publish(original, case.original, by, at)
    for language, described in case.by_language.items():
        if language == ORIGINAL:
            continue
        translation = Resource.objects.filter(work=original.pk, language=language).first()
        if translation is None:
            translation = actions.start_translation(
                original, organisation=organisation, language=language, described=described, by=by, at=at
            )
        done |= _publish(translation, described, by, at)
    return done


def _publish(resource: Resource, described: dict[str, Any], by: User, at: datetime) -> bool:
    if any(getattr(resource, name) != value for name, value in described.items()):
        resource = actions.change_resource(resource, described=described, by=by, at=at)
    if not resource.has_changes:
        return False
    actions.publish_resource(resource, by=by, at=at)
    return True


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _described(same: dict[str, Any], words: dict[str, Any], language: str) -> dict[str, Any]:
    figures = [{"value": figure["value"], "label": words["figures"][figure["id"]]} for figure in same["figures"]]
    return {
        "kind": CASE,
        "language": language,
        "title": words["title"],
        "summary": words["summary"],
        "keywords": words["keywords"],
        "account": {**{part: words[part].strip() for part in CASE_PARTS}, "figures": figures},
        "authors": [AUTHOR],
        "is_illustration": True,
        "nace": nace_from(same["nace"]) or "",
        **{name: same[name] for name in ("area", "country", "isced", "eqf", "audience", "activity")},
    }
