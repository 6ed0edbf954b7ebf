"""What was sent, put through the form of the page: the same checks, the same sentences."""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext as _
from ninja import Schema

from guildhall.core.api.problems import Invalid

F = TypeVar("F", bound=forms.BaseForm)


def filled(form: type[F], sent: Schema | dict[str, Any], *, keeping: bool = False, **kwargs: Any) -> F:
    """Return a form that was filled in and found good; ``keeping`` leaves fields that were not sent as they are.

    Raises:
        Invalid: it does not do.
    """
    given = sent.model_dump(exclude_unset=True) if isinstance(sent, Schema) else sent
    data = {name: value for name, value in given.items() if value is not None}
    if keeping:
        data = {**_standing(form(**kwargs)), **data, **dict.fromkeys((name for name in given if given[name] is None), "")}
    bound = form(data, **kwargs)
    # A form leaves out what it cannot ask just now, such as whom one spoke with where nobody is known.
    unasked = {name: [_("This is not what belongs here.")] for name, value in data.items() if value and name not in bound.fields}
    if unasked or not bound.is_valid():
        raise Invalid({**bound.errors, **unasked})
    return bound


def _standing(form: forms.BaseForm) -> dict[str, Any]:
    """Return what the fields say before anything is sent."""
    values = {name: field.prepare_value(form.get_initial_for_field(field, name)) for name, field in form.fields.items()}
    return {name: value for name, value in values.items() if value is not None}
