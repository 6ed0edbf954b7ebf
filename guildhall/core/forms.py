"""Django's forms as they are here: drawn with the components, wherever one of them or of their fields stands; and plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList
from django.forms.widgets import CheckboxSelectMultiple, DateTimeBaseInput, Input, RadioSelect, Select, Textarea
from django.http import HttpRequest
from django.template import loader
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from guildhall.core.drawing import draw_alone

OWN = {
    ErrorList.template_name: "ui/errors.html",
    # Django draws each choice with a template or three of its own, and each attribute with a loop of one.
    Select.template_name: "ui/select.html",
    RadioSelect.template_name: "ui/choices.html",
    CheckboxSelectMultiple.template_name: "ui/choices.html",
    Textarea.template_name: "ui/textarea.html",
    **{kind.template_name: "ui/input.html" for kind in [Input, *Input.__subclasses__(), *DateTimeBaseInput.__subclasses__()]},
}


class UiRenderer(DjangoTemplates):
    """Draw forms, fields and errors with the templates of ``ui/``, and most widgets inside them with Django's own."""

    form_template_name = "ui/fields.html"
    field_template_name = "ui/field.html"
    _kept: dict[str, Any] = {}

    def get_template(self, template_name: str) -> Any:
        template_name = OWN.get(template_name, template_name)
        if template_name.startswith("django/"):
            return super().get_template(template_name)
        return loader.get_template(template_name)

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        template = self._kept.get(template_name) or self.get_template(template_name)
        if not settings.DEBUG:
            self._kept[template_name] = template
        return SafeString(draw_alone(template.template, context).strip())


class Group(NamedTuple):
    """Fields of a form that belong together, as its ``groups`` name them: the words above them, and which they are.

    ``folded`` hides them behind those words until somebody wants them.
    """

    title: str | Promise
    names: list[str]
    folded: bool = False


@dataclass(frozen=True)
class Counted:
    """The words of a choice, and how many things answer to it: a select shows both, whatever else names the choice the words."""

    words: str | Promise
    count: int

    def __str__(self) -> str:
        return str(self.words)


_DEGREES = r"([-+−]?\d{1,3}(?:[.,]\d+)?)\s*°?\s*([NSEW]?)"
_PAIR = re.compile(rf"\s*{_DEGREES}\s*(?:[,;/]\s+|[;/]|\s|(?<=[°NSEW]),)\s*{_DEGREES}\s*", re.IGNORECASE)
_TIGHT_PAIR = re.compile(r"\s*([-+−]?\d{1,3}\.\d+)(),([-+−]?\d{1,3}\.\d+)()\s*")


class PlaceMixin(forms.BaseForm):
    """A form with ``latitude`` and ``longitude``: whoever has copied both from a map pastes them into either field."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(_parted(data) if data is not None else None, *args, **kwargs)
        for name in ("latitude", "longitude"):
            # A field for numbers would swallow what is pasted.
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"})
        self.fields["latitude"].help_text = _("In degrees (WGS 84). You may paste both here, as maps give them: 49.1193, 6.1757")
        self.fields["longitude"].help_text = ""


def _parted(data: Any) -> Any:
    """What was sent, with latitude and longitude in a field each, and with a decimal point."""
    given = [str(data.get(name, "")) for name in ("latitude", "longitude")]
    pair = next((found for text in given if (found := _TIGHT_PAIR.fullmatch(text) or _PAIR.fullmatch(text))), None)
    if pair:
        given = [_signed(pair[1], pair[2]), _signed(pair[3], pair[4])]
    parted = data.copy()
    for name, value in zip(("latitude", "longitude"), given, strict=True):
        if name in data or pair:
            parted[name] = value.replace(",", ".").replace("−", "-")
    return parted


def _signed(degrees: str, side: str) -> str:
    return f"-{degrees}" if side.upper() in ("S", "W") and side else degrees


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
