from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext, gettext_lazy

from guildhall.core.meanwhile import MeanwhileMixin
from guildhall.library import kinds
from guildhall.library.forms import fields
from guildhall.library.forms.fields import ListField
from guildhall.library.models import Described, Resource


class TranslateForm(forms.Form):
    """The language to translate into: one in which there is nothing yet."""

    language = fields.language_field()

    def __init__(self, *args: Any, taken: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].label = gettext("Into which language?")
        self.fields["language"].choices = [("", gettext("Choose a language")), *fields.languages(without=taken)]


class Pair(NamedTuple):
    """A field of a translation, and what the original says there."""

    field: forms.BoundField
    original: str
    is_markdown: bool


class TranslatingForm(MeanwhileMixin, forms.ModelForm):
    """A translation, part by part; only what the original has (or the translation has already) is asked."""

    keywords = ListField(
        label=gettext_lazy("Keywords"), required=False, most=20, longest=60, widget=forms.Textarea(attrs={"rows": 2})
    )
    skills = ListField(label=gettext_lazy("What they will learn"), required=False, most=30, longest=200, by_line=True)

    class Meta:
        model = Resource
        fields = ["title", "summary", "text", "keywords", "skills"]
        # As high as what it says, so that it can be read beside the original.
        widgets = {"title": forms.Textarea(attrs={"rows": 2})}

    #: Fields whose text is Markdown; the others are shown as they are.
    MARKDOWN = {"text", *kinds.CASE_PARTS}

    def __init__(self, *args: Any, translation: Resource, original: Described, **kwargs: Any) -> None:
        super().__init__(*args, instance=copy(translation), **kwargs)
        self.original, self._held = original, translation.account
        for name in ("summary", "text", "keywords", "skills"):
            if not getattr(original, name) and not getattr(translation, name):
                del self.fields[name]
        for part, label in kinds.CASE_PARTS.items():
            if original.account.get(part) or translation.account.get(part):
                self.fields[part] = forms.CharField(label=label, required=False, max_length=20_000, widget=forms.Textarea())
                self.initial[part] = translation.account.get(part, "")
        self._figures = list(original.account.get("figures", []))
        theirs = translation.account.get("figures", [])
        for at, figure in enumerate(self._figures):
            name, words = f"figure_{at}", gettext("Figure: %(value)s") % {"value": figure.get("value", "")}
            self.fields[name] = forms.CharField(label=words, required=False, max_length=150)
            self.initial[name] = theirs[at].get("label", "") if at < len(theirs) else ""
        for name, field in self.fields.items():
            field.widget.attrs |= {"lang": translation.language, "dir": "auto", **({"rows": 10} if name in self.MARKDOWN else {})}
        self.carry_along(translation)

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = value.replace("\r\n", "\n")
        return cleaned

    @property
    def pairs(self) -> list[Pair]:
        """All fields in the order in which one reads, each with the original beside it."""
        return [Pair(self[name], self._original(name), name in self.MARKDOWN) for name in self.fields]

    def _original(self, name: str) -> str:
        if name.startswith("figure_"):
            return str(self._figures[int(name.removeprefix("figure_"))].get("label", ""))
        if name in kinds.CASE_PARTS:
            return str(self.original.account.get(name, ""))
        value = getattr(self.original, name)
        return "\n".join(value) if name == "skills" else ", ".join(value) if name == "keywords" else str(value)

    @property
    def described(self) -> dict[str, Any]:
        plain = {name: self.cleaned_data[name] for name in self._meta.fields or [] if name in self.fields}
        parts = {part: self.cleaned_data[part] for part in kinds.CASE_PARTS if part in self.fields}
        if not parts and not self._figures:
            return plain
        figures = [
            {"value": figure.get("value", ""), "label": self.cleaned_data[f"figure_{at}"]}
            for at, figure in enumerate(self._figures)
        ]
        return {**plain, "account": {**self._held, **parts, "figures": figures}}
