"""Deeds that can be taken back as a whole: what was changed, moved and removed, kept so that all of it can become as it was.

An action does through ``Deeds`` what somebody may want to undo weeks later, and keeps ``deeds.kept``, which is JSON. Taking back
goes through it from the last to the first. What others have done since is never undone on the way: where the same value was
changed again, taking back is refused with a sentence; what was removed since stays removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from guildhall.core.actions import lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.core.models import StoredFile

Deed = dict[str, Any]


class Deeds:
    """What an action does, one deed after the other; or what an earlier one did, to be taken back. Only inside an action."""

    def __init__(self, kept: Iterable[Deed] = ()) -> None:
        self.kept = list(kept)

    def change(self, thing: models.Model, **values: Any) -> None:
        """Give fields of a thing new values, with their line in the history."""
        before = {name: _plain(thing, name) for name in values}
        if changed := change(thing, **values):
            both = {name: [before[name], _plain(thing, name)] for name in changed}
            self._note("changed", type(thing), thing.pk, values=both)

    def remove(self, thing: models.Model) -> None:
        """Delete a row to which nothing points any more; it can come back under its number.

        Raises:
            IntegrityError: something still points to it, at the latest at the end of the transaction.
        """
        values = {field.attname: _plain(thing, field.name) for field in thing._meta.concrete_fields}
        self._note("removed", type(thing), thing.pk, values=values)
        rows: Any = _rows(type(thing)).filter(pk=thing.pk)
        rows._raw_delete(rows.db)  # not ``delete``: it would take along what nobody has noted

    def add(self, thing: models.Model) -> None:
        """Save something new; taking back removes it again."""
        thing.save(force_insert=True)
        self._note("added", type(thing), thing.pk)

    def move(self, rows: models.QuerySet[Any], name: str, to: Any) -> None:
        """Give a column of rows another value. A row that is there already is removed, if it is but a part of what it points to.

        Raises:
            Refused: two rows stand for the same, and neither may go.
        """
        for was in list(rows.order_by(name).values_list(name, flat=True).distinct()):
            same = rows.filter(**{name: was})
            numbers = list(same.values_list("pk", flat=True))
            try:
                with transaction.atomic():
                    same.update(**{name: to})
            except IntegrityError:
                numbers = [number for number in numbers if self._moved(rows.model, number, name, to)]
            if numbers:
                self._note("moved", rows.model, 0, numbers=numbers, name=name, before=was, after=to)

    def _moved(self, model: type[models.Model], number: Any, name: str, to: Any) -> bool:
        try:
            with transaction.atomic():
                _rows(model).filter(pk=number).update(**{name: to})
        except IntegrityError:
            thing = _rows(model).get(pk=number)
            if not _is_part(model, name):
                taken = _("“%(thing)s” is there twice, and one of the two has to go first.") % {"thing": thing}
                raise Refused(taken) from None
            self.remove(thing)
            return False
        return True

    def lead_elsewhere(self, gone: models.Model, to: models.Model) -> None:
        """Let everything that points to one thing point to another one: rows of all rooms, and the files kept for it."""
        for model in apps.get_models(include_auto_created=True):
            for field in model._meta.concrete_fields:
                if isinstance(field, models.ForeignKey) and field.related_model is type(gone):
                    self.move(_rows(model).filter(**{field.attname: gone.pk}), field.attname, to.pk)
        self.move(StoredFile.objects.of(gone), "kept_for_id", str(to.pk))

    def take_back(self) -> None:
        """Make everything as it was.

        Raises:
            Refused: something was changed again since, or its place is taken.
        """
        for deed in reversed(self.kept):
            getattr(self, f"_take_back_{deed['did']}")(apps.get_model(deed["model"]), deed)

    def _take_back_changed(self, model: type[models.Model], deed: Deed) -> None:
        thing = _rows(model).filter(pk=deed["pk"]).first()
        if thing is None:
            raise Refused(_("What it was put together with is no longer there."))
        thing = lock(thing)
        for name, (_before, after) in deed["values"].items():
            if _plain(thing, name) != after:
                field: Any = model._meta.get_field(name)
                words = {"thing": thing, "field": capfirst(str(field.verbose_name))}
                raise Refused(_("“%(field)s” of %(thing)s was changed since. Put that back first.") % words)
        meta: Any = model._meta
        before = {meta.get_field(name).attname: _value(model, name, before) for name, (before, _after) in deed["values"].items()}
        try:
            with transaction.atomic():
                change(thing, **before)
        except IntegrityError:
            raise Refused(_("What %(thing)s said before is said of something else by now.") % {"thing": thing}) from None

    def _take_back_removed(self, model: type[models.Model], deed: Deed) -> None:
        thing = model(**{name: _value(model, name, value) for name, value in deed["values"].items()})
        for field in model._meta.concrete_fields:
            number = getattr(thing, field.attname)
            if isinstance(field, models.ForeignKey) and number is not None and not _is_there(field, number):
                if not field.null:
                    return  # what it was a part of was removed since
                setattr(thing, field.attname, None)
        try:
            with transaction.atomic():
                thing.save_base(raw=True, force_insert=True)  # raw: nothing is set anew, not even the day it was added
        except IntegrityError:
            raise Refused(_("“%(thing)s” cannot come back: something else has taken its place.") % {"thing": thing}) from None

    def _take_back_added(self, model: type[models.Model], deed: Deed) -> None:
        _rows(model).filter(pk=deed["pk"]).delete()

    def _take_back_moved(self, model: type[models.Model], deed: Deed) -> None:
        there = _rows(model).filter(pk__in=deed["numbers"])
        if gone_on := there.exclude(**{deed["name"]: deed["after"]}).first():
            raise Refused(_("“%(thing)s” belongs to somebody else by now.") % {"thing": gone_on})
        try:
            with transaction.atomic():
                there.update(**{deed["name"]: deed["before"]})
        except IntegrityError:
            raise Refused(_("Something has taken the place of what was there before.")) from None

    def _note(self, did: str, model: type[models.Model], pk: Any, **more: Any) -> None:
        self.kept.append({"did": did, "model": model._meta.label_lower, "pk": pk, **more})


def _rows(model: type[models.Model]) -> models.QuerySet[Any]:
    return model._base_manager.all()


def _is_part(model: type[models.Model], name: str) -> bool:
    """Whether a row is nothing without what a column of it points to."""
    if model._meta.auto_created:
        return True
    field = next(field for field in model._meta.concrete_fields if field.attname == name or field.name == name)
    return isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.CASCADE


def _is_there(field: models.ForeignKey, number: Any) -> bool:
    return _rows(field.related_model).filter(pk=number).exists()


def _plain(thing: models.Model, name: str) -> Any:
    field: Any = thing._meta.get_field(name)
    value = field.value_from_object(thing)
    return value if value is None or isinstance(field, models.JSONField) else str(field.value_to_string(thing))


def _value(model: type[models.Model], name: str, kept: Any) -> Any:
    field: Any = next(field for field in model._meta.concrete_fields if name in (field.attname, field.name))
    return kept if kept is None or isinstance(field, models.JSONField) else field.to_python(kept)
