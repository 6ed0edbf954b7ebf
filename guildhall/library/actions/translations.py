"""Translations: resources of their own that know what they render."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.models import Progress
from guildhall.core.progress import start_progress
from guildhall.library import licences
from guildhall.library.actions.resources import changed, require_not_withdrawn
from guildhall.library.models import DESCRIBED, Part, Resource, Source
from guildhall.library.rules import can_change, can_look_through, can_translate
from guildhall.library.search import resource_documents
from guildhall.people.models import Organisation, User

#: What a translator writes anew; everything else comes from the original.
WRITTEN_ANEW = ("title", "summary", "text", "keywords", "skills", "account")


@action
def start_translation(
    original: Resource,
    *,
    organisation: Organisation,
    language: str,
    described: Mapping[str, Any] | None = None,
    is_machine: bool = False,
    by: User,
    at: datetime,
) -> Resource:
    """Begin the translation of a published resource into another language, as a draft of an organisation.

    ``described`` holds what is translated already (``WRITTEN_ANEW``); the rest is the original's words until somebody
    writes over it.

    Raises:
        NotAllowed: ``by`` may not write in the name of the organisation.
        Refused: the original is not public, its licence does not allow it, or there is one in this language already.
    """
    original = lock(original.work or original)
    can_translate.require(by, organisation)
    if not original.is_public or original.current is None:
        raise Refused(_("Only what is published can be translated."))
    if problem := licences.obstacle(original.current.under, original.current.under):
        raise Refused(problem)
    if language == original.current.language:
        raise Refused(_("It is in this language already."))
    values = (
        {name: getattr(original.current, name) for name in DESCRIBED} | dict(described or {}) | {"language": language, "doi": ""}
    )
    translation = Resource(
        organisation=organisation,
        owner=by,
        created_at=at,
        changed_at=at,
        work=original,
        translated_from=original.current,
        translated=Resource.Translated.MACHINE if is_machine else Resource.Translated.HUMAN,
        **values,
    )
    try:
        with transaction.atomic():
            translation.save()
    except IntegrityError:
        raise Refused(_("There is a translation into this language already.")) from None
    Source.objects.create(resource=translation, relation=Source.Relation.TRANSLATION, of=original)
    for part in Part.objects.of_version(original.current):
        Part.objects.create(
            resource=translation, file=part.file, title=part.title, position=part.position, text=part.text, added_at=at
        )
    search.index_many(resource_documents([translation]))
    return translation


@action
def ask_machine(translation: Resource, *, by: User, at: datetime) -> Progress:
    """Have a machine translate what still says what the original does; it goes on after the answer.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is no translation, is withdrawn, or says nothing any more in the words of the original.
    """
    translation = lock(translation)
    can_change.require(by, translation)
    require_not_withdrawn(translation)
    if not translation.is_translation:
        raise Refused(_("This is no translation."))
    if not still_original(translation):
        raise Refused(_("Every part of this is translated already."))
    return start_progress(
        "library.translate_by_machine",
        by=by,
        doing=gettext_noop("Asking the translation service"),
        then=reverse("library:translating", args=[translation.pk]),
        translation_id=translation.pk,
    )


@action
def take_machine_words(translation: Resource, *, words: Mapping[str, Any], by: User | None, at: datetime) -> Resource:
    """Put what a machine has made of ``still_original`` where nobody has written anything else meanwhile.

    Raises:
        NotAllowed: ``by`` may not change it any more.
        Refused: it is withdrawn.
    """
    translation = lock(translation)
    can_change.require(by, translation)
    require_not_withdrawn(translation)
    untouched = still_original(translation)
    taken = {name: _shortened(name, words[name]) for name in untouched if name in words and name != "account"}
    if "account" in untouched and "account" in words:
        taken["account"] = {**translation.account, **{part: words["account"][part] for part in untouched["account"]}}
    for name, value in taken.items():
        setattr(translation, name, value)
    if taken:
        translation.translated = Resource.Translated.MACHINE
        changed(translation, at=at)
    return translation


def still_original(translation: Resource) -> dict[str, Any]:
    """Return what a translation still says in the words of the original it renders, of an account only such parts."""
    original = translation.translated_from
    if original is None:
        return {}
    same = {
        name: getattr(original, name) for name in WRITTEN_ANEW if _is_same(getattr(translation, name), getattr(original, name))
    }
    account = original.account
    same["account"] = {part: value for part, value in account.items() if value and _is_same(translation.account.get(part), value)}
    return {name: value for name, value in same.items() if value}


def is_untouched(translation: Resource) -> bool:
    """Whether a translation says everything in the words of the original."""
    written = {name: getattr(translation, name) for name in WRITTEN_ANEW}
    written["account"] = {part: value for part, value in written["account"].items() if value}
    return translation.is_translation and still_original(translation) == {name: said for name, said in written.items() if said}


def _is_same(one: Any, other: Any) -> bool:
    return one.strip() == other.strip() if isinstance(one, str) and isinstance(other, str) else bool(one == other)


def _shortened(name: str, value: Any) -> Any:
    """A machine does not know how long a field may be."""
    longest = getattr(Resource._meta.get_field(name), "max_length", None)
    return value[:longest] if isinstance(value, str) and longest else value


@action
def look_through(translation: Resource, *, by: User, at: datetime) -> Resource:
    """Note that a person has read a translation beside its original and stands for it.

    Raises:
        NotAllowed: ``by`` may not change it, or has translated it.
        Refused: it is no translation, or was looked through already.
    """
    translation = lock(translation)
    can_change.require(by, translation)
    if not translation.is_translation:
        raise Refused(_("This is no translation."))
    if translation.translated == Resource.Translated.REVIEWED:
        raise Refused(_("Somebody has looked through this already."))
    can_look_through.require(by, translation)
    translation.translated = Resource.Translated.REVIEWED
    translation.save(update_fields=["translated"])  # readers are told at once: there is nothing to publish in it
    return translation


@action
def catch_up(translation: Resource, *, by: User, at: datetime) -> Resource:
    """Note that a translation renders the original as it is now.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is no translation, or the original has not changed since.
    """
    translation = lock(translation)
    can_change.require(by, translation)
    original = translation.work
    if not translation.is_translation or original is None:
        raise Refused(_("This is no translation."))
    if translation.translated_from_id == original.current_id:
        raise Refused(_("The original has not changed since."))
    translation.translated_from = original.current
    changed(translation, at=at)
    return translation
