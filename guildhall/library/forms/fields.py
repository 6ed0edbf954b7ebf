"""Fields that the forms of this room share: lists written as one writes them, numbers that are checked, what is chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, gettext_lazy

from guildhall.library import licences
from guildhall.library.orcid import orcid_from
from guildhall.skills import taxonomy

Choices = list[tuple[Any, Any]]


class ListField(forms.CharField):
    """Several words in one field, each once, parted by commas or, with ``by_line``, by ends of lines."""

    def __init__(self, *, most: int, longest: int, by_line: bool = False, **kwargs: Any) -> None:
        self.most, self.longest, self.between = most, longest, "\n" if by_line else ","
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3}) if by_line else forms.TextInput())
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        words = value.split(self.between) if isinstance(value, str) else value or []
        once: dict[str, str] = {}
        for word in [" ".join(word.split()) for word in words]:
            once.setdefault(word.casefold(), word)
        return [word for word in once.values() if word]

    def prepare_value(self, value: Any) -> Any:
        return (", " if self.between == "," else self.between).join(value) if isinstance(value, list) else value

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self.most:
            raise forms.ValidationError(gettext("At most %(count)d, please.") % {"count": self.most})
        if long := next((word for word in value if len(word) > self.longest), None):
            sentence = gettext("“%(word)s …” is too long: at most %(count)d letters each.")
            raise forms.ValidationError(sentence % {"word": long[:40], "count": self.longest})

    def run_validators(self, value: Any) -> None:
        for word in value:
            super().run_validators(word)


class NumbersField(forms.MultipleChoiceField):
    """Several of a short list of numbers, each with a box to tick."""

    widget = forms.CheckboxSelectMultiple

    def to_python(self, value: Any) -> Any:
        return [int(number) if str(number).isdecimal() else number for number in super().to_python(value)]


class OrcidField(forms.CharField):
    """The number of an author (ORCID), with its check sign right; "" where there is none."""

    def clean(self, value: Any) -> str:
        given = super().clean(value)
        if not given:
            return ""
        if (orcid := orcid_from(given)) is None:
            raise forms.ValidationError(gettext("This is no ORCID: look for a wrong digit. It reads like 0000-0002-1825-0097."))
        return orcid


def language_field(**kwargs: Any) -> forms.ChoiceField:
    """A language: those the installation speaks first."""
    return forms.ChoiceField(label=gettext_lazy("Language"), **kwargs)


def languages(held: str = "", *, without: Sequence[str] = ()) -> Choices:
    """Languages to choose from, those of the installation first; ``held`` is among them whatever it is."""
    known = dict(taxonomy.choices("language"))
    ours = [(code, known.get(code, code)) for code, _name in settings.LANGUAGES if code not in without]
    others = [(code, name) for code, name in known.items() if code not in dict(settings.LANGUAGES) and code not in without]
    if held and held not in known and held not in dict(ours):
        others = [(held, held), *others]
    return [(gettext("Languages of this platform"), ours), (gettext("All other languages"), others)]


def licence_choices(*, is_source: bool = False) -> Choices:
    """Licences, each with what it means; of those that repositories do not take, that they do not."""
    open_ones = gettext("%(licence)s: %(means)s")
    others = gettext("%(licence)s: %(means)s Collections of open resources leave it out.")
    return [
        (each.key, (open_ones if each.is_open or is_source else others) % {"licence": each.label, "means": each.means})
        for each in licences.LICENCES.values()
    ]


def subjects(held: str = "") -> Choices:
    """Fields of education (ISCED-F) in their broad groups, without those that stand for "not further defined" and the like."""
    known = dict(taxonomy.choices("isced-f", level=3))
    groups: Choices = [("", "—")]
    for broad, name in taxonomy.choices("isced-f", level=1):
        finer = [
            (code, known[code]) for code, _name in taxonomy.choices("isced-f", level=3, under=broad) if code[-1] in "1234567"
        ]
        groups.append((name, [(broad, gettext("%(subject)s, in general") % {"subject": name}), *finer]))
    return [*groups[:1], *_with_held("isced-f", held, groups[1:])]


def sectors(held: str = "") -> Choices:
    """Sectors (NACE sections), and the finer code that a resource may have already."""
    return [("", "—"), *_with_held("nace", held, taxonomy.choices("nace", level=1))]


def countries() -> Choices:
    return [("", "—"), *taxonomy.choices("country")]


def levels() -> Choices:
    """The levels of the European Qualifications Framework."""
    return [(int(code), name) for code, name in sorted(taxonomy.choices("eqf"))]


def _with_held(scheme: str, held: str, choices: Choices) -> Choices:
    codes = {code for key, words in choices for code, _name in (words if isinstance(words, list) else [(key, words)])}
    return choices if not held or held in codes else [(held, taxonomy.label(scheme, held)), *choices]
