"""How Django's forms are drawn: with the components, wherever ``{{ form }}`` or one of its fields stands."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList
from django.template import loader


class UiRenderer(DjangoTemplates):
    """Draw forms, fields and errors with the templates of ``ui/``, and the widgets inside them with Django's own."""

    form_template_name = "ui/fields.html"
    field_template_name = "ui/field.html"

    def get_template(self, template_name: str) -> Any:
        if template_name == ErrorList.template_name:
            template_name = "ui/errors.html"
        if template_name.startswith("django/"):
            return super().get_template(template_name)
        return loader.get_template(template_name)
