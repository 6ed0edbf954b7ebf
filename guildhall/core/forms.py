"""How Django's forms are drawn: with the components, wherever ``{{ form }}`` or one of its fields stands."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList
from django.forms.widgets import CheckboxSelectMultiple, RadioSelect, Select
from django.template import loader

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
