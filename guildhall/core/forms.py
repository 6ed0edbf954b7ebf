"""Django's forms as they are here: drawn with the components, wherever one of them or of their fields stands; and plain words."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList
from django.forms.widgets import CheckboxSelectMultiple, RadioSelect, Select
from django.template import loader
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OWN = {
    ErrorList.template_name: "ui/errors.html",
    # Django draws each choice with a template or three of its own, and there are forms with two hundred countries.
    Select.template_name: "ui/select.html",
    RadioSelect.template_name: "ui/choices.html",
    CheckboxSelectMultiple.template_name: "ui/choices.html",
}


class UiRenderer(DjangoTemplates):
    """Draw forms, fields and errors with the templates of ``ui/``, and most widgets inside them with Django's own."""

    form_template_name = "ui/fields.html"
    field_template_name = "ui/field.html"

    def get_template(self, template_name: str) -> Any:
        template_name = OWN.get(template_name, template_name)
        if template_name.startswith("django/"):
            return super().get_template(template_name)
        return loader.get_template(template_name)


class Group(NamedTuple):
    """Fields of a form that belong together, as its ``groups`` name them: the words above them, and which they are.

    ``folded`` hides them behind those words until somebody wants them.
    """

    title: str | Promise
    names: list[str]
    folded: bool = False


#: What a field says that was left empty and may not be.
MISSING = {
    forms.Field: _("Please fill this in."),
    forms.ChoiceField: _("Please choose one."),
    forms.MultipleChoiceField: _("Please choose at least one."),
    forms.ModelMultipleChoiceField: _("Please choose at least one."),
    forms.BooleanField: _("Please tick this."),
    forms.FileField: _("Please choose a file."),
}


def say_what_is_missing() -> None:
    """Put our words in the place of Django's, once for the forms of all rooms and of what we build on."""
    for field, sentence in MISSING.items():
        field.default_error_messages = {**field.default_error_messages, "required": sentence}
