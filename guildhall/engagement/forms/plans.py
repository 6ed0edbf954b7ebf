from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.forms import Group
from guildhall.core.meanwhile import MeanwhileMixin
from guildhall.core.ui.basics import in_language
from guildhall.engagement.models import PlanStep, Words
from guildhall.engagement.models.plans import LONGEST_THOUGHT, LONGEST_TITLE, LONGEST_WHAT, MOST_HOURS
from guildhall.people.models import User

Answers = Mapping[str, Collection[str]]

#: The questions in parts that a tired person finishes; questions that a methodology adds come last.
PARTS = [
    (_("Your school"), ["learners", "place", "field", "time"]),
    (_("You and employers today"), ["employers", "kept", "places", "mentors"]),
    (_("Beyond the placement"), ["curriculum", "network", "abroad"]),
    (_("What troubles you, and what you wish for"), ["hurts", "wish"]),
]
OTHERS = _("And also")


def day_field(label: Any, **given: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **given)


class _LeftOpen(forms.ChoiceField):
    """One of several, or none of them: where leaving it open is a choice, nothing is missing."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class InterviewForm(forms.Form):
    """The questions of the interview, in the words of a methodology; each may be left open.

    ``given`` are the answers that somebody has changed since ``before``, a field of the page that says what stood there then:
    what a colleague answered meanwhile stays.
    """

    def __init__(self, *args: Any, asked: Sequence[Mapping[str, Any]], words: Words, answers: Answers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = [question["key"] for question in asked]
        said, language = words["interview"]["questions"], words.language
        for question in asked:
            self.fields[question["key"]] = _question(question, said[question["key"]], language, answers)
        named = {key for _title, keys in PARTS for key in keys}
        parts = [*PARTS, (OTHERS, [key for key in self.asked if key not in named])]
        self.groups = [Group(title, here) for title, keys in parts if (here := [key for key in keys if key in self.asked])]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = {key: _several(cleaned.get(key)) for key in self.asked if key in cleaned}
        before = _read(str(self.data.get("before", "")))
        self.given = {key: value for key, value in chosen.items() if sorted(value) != sorted(before.get(key, []))}
        return cleaned


def _question(asked: Mapping[str, Any], said: Mapping[str, Any], language: str, answers: Answers) -> forms.Field:
    options = [(option, _spoken(said["options"][option], language)) for option in asked["options"]]
    chosen = list(answers.get(asked["key"], []))
    label, help_text = _spoken(said["question"], language), _spoken(said.get("help", ""), language)
    if "most" in asked:
        return _UpTo(
            label=label,
            help_text=help_text,
            choices=options,
            initial=chosen,
            most=asked["most"],
            widget=forms.CheckboxSelectMultiple,
            required=False,
        )
    return _LeftOpen(
        label=label,
        help_text=help_text,
        choices=[*options, ("", pgettext_lazy("a question", "Leave it open"))],
        initial=chosen[0] if chosen else "",
        widget=forms.RadioSelect,
    )


class _UpTo(forms.MultipleChoiceField):
    """Some of several, up to a number."""

    def __init__(self, *, most: int, **given: Any) -> None:
        super().__init__(**given)
        self.most = most

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(set(value)) > self.most:
            raise forms.ValidationError(_("Choose up to %(most)s.") % {"most": self.most})


def _spoken(text: str, language: str) -> SafeString | str:
    attributes = in_language(language)
    return format_html("<span{}>{}</span>", attributes, text) if attributes and text else text


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) and value else list(value or [])


def _read(kept: str) -> dict[str, list[str]]:
    """What the page said was answered; of what is not as we wrote it, nothing."""
    try:
        found = json.loads(kept)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        key: value for key, value in found.items() if isinstance(value, list) and all(isinstance(option, str) for option in value)
    }


class ProposalForm(forms.Form):
    """The areas in their order, those to begin with, and the first day: as they stand in the address of a proposal."""

    on = day_field(_("First day"))
    order = forms.CharField(max_length=200, widget=forms.HiddenInput)
    begin = forms.CharField(max_length=200, widget=forms.HiddenInput, required=False)

    def clean_order(self) -> list[str]:
        return _numbers(self.cleaned_data["order"])

    def clean_begin(self) -> list[str]:
        return _numbers(self.cleaned_data["begin"])


def _numbers(written: str) -> list[str]:
    return [number for number in written.split(",") if number]


class PlanStepForm(MeanwhileMixin, forms.Form):
    """A step of a plan: what, who, how much, when. Of a step of the methodology the words may stay empty."""

    area = forms.ChoiceField(label=_("Area"))
    title = forms.CharField(label=_("What is to be done?"), max_length=LONGEST_TITLE)
    what = forms.CharField(
        label=_("How?"),
        max_length=LONGEST_WHAT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    owner = forms.TypedChoiceField(label=_("Who?"), required=False, empty_value=None)
    hours = forms.IntegerField(label=_("Hours it takes the school"), min_value=0, max_value=MOST_HOURS)
    starts_on = day_field(pgettext_lazy("step of a plan", "From"))
    ends_on = day_field(pgettext_lazy("step of a plan", "Until"))

    def __init__(
        self,
        *args: Any,
        colleagues: Sequence[User],
        areas: Sequence[tuple[str, str]] = (),
        step: PlanStep | None = None,
        **kwargs: Any,
    ) -> None:
        if step is not None:
            kwargs["initial"] = {
                "title": step.title,
                "what": step.what,
                "owner": str(step.owner_id or ""),
                "hours": step.hours,
                "starts_on": step.starts_on,
                "ends_on": step.ends_on,
            }
        super().__init__(*args, **kwargs)
        people = list(colleagues)
        if step is not None and step.owner is not None and step.owner not in people:
            people.append(step.owner)  # who has left stays until somebody else is chosen
        offer(self.fields["owner"], people)
        if step is None:
            self.fields["area"].choices = list(areas)
        else:
            del self.fields["area"]
            if step.key:
                self.fields["title"].required = False
                self.fields["title"].help_text = self.fields["what"].help_text = _("Empty, it has the methodology’s words.")
            self.carry_along(step)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        in_order(self, cleaned, "starts_on", "ends_on")
        return cleaned


def offer(field: Any, people: Sequence[User]) -> None:
    """Let a field choose among people, or nobody yet."""
    field.choices = [("", _("nobody yet")), *((str(person.pk), str(person)) for person in people)]
    field.coerce = {str(person.pk): person for person in people}.get


def in_order(form: forms.Form, cleaned: Mapping[str, Any], first: str, last: str) -> None:
    if cleaned.get(first) and cleaned.get(last) and cleaned[last] < cleaned[first]:
        form.add_error(last, _("The last day lies before the first."))


class ShareForm(forms.Form):
    """Who does which open steps."""

    def __init__(self, *args: Any, steps: Sequence[tuple[PlanStep, str, str]], colleagues: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps = {f"step-{step.pk}": step for step, _title, _help in steps}
        for step, title, details in steps:
            people = [*colleagues]
            if step.owner is not None and step.owner not in people:
                people.append(step.owner)
            field = forms.TypedChoiceField(
                label=title, help_text=details, required=False, empty_value=None, initial=str(step.owner_id or "")
            )
            offer(field, people)
            self.fields[f"step-{step.pk}"] = field

    @property
    def owners(self) -> dict[int, User | None]:
        """Those that were changed: a colleague may share out others meanwhile."""
        chosen = {step.pk: self.cleaned_data[name] for name, step in self.steps.items()}
        return {pk: owner for pk, owner in chosen.items() if (owner.pk if owner else None) != self._former(pk)}

    def _former(self, pk: int) -> int | None:
        return self.steps[f"step-{pk}"].owner_id


class WishForm(forms.Form):
    """How a school wishes its indicators to be."""

    def __init__(self, *args: Any, indicators: Sequence[tuple[str, str, str, float | None]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, name, details, wished in indicators:
            self.fields[key] = forms.FloatField(
                label=name, help_text=details, required=False, initial=wished, min_value=0, max_value=1_000_000
            )


class ReviewForm(forms.Form):
    """What a school has learnt in a quarter, what it changes, when open steps go on, and with which areas it begins."""

    learnt = forms.CharField(
        label=_("What have you learnt?"),
        help_text=_("What went well, what did not, and why. The questions above may help."),
        max_length=LONGEST_THOUGHT,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    changes = forms.CharField(
        label=_("What do you change?"),
        help_text=_("What you will do otherwise in the next quarter."),
        max_length=LONGEST_THOUGHT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self,
        *args: Any,
        steps: Sequence[tuple[PlanStep, str, tuple[date, date]]],
        waiting: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.steps = [step for step, _title, _days in steps]
        for step, title, (starts_on, ends_on) in steps:
            self.fields[f"from-{step.pk}"] = day_field(_("From: %(step)s") % {"step": title}, initial=starts_on)
            self.fields[f"until-{step.pk}"] = day_field(_("Until: %(step)s") % {"step": title}, initial=ends_on)
        if waiting:
            self.fields["begin"] = forms.MultipleChoiceField(
                label=_("With which areas do you begin now?"),
                choices=list(waiting),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for step in self.steps:
            in_order(self, cleaned, f"from-{step.pk}", f"until-{step.pk}")
        return cleaned

    @property
    def days(self) -> dict[int, tuple[date, date]]:
        """Those of steps that get other days."""
        chosen = {step: (self.cleaned_data[f"from-{step.pk}"], self.cleaned_data[f"until-{step.pk}"]) for step in self.steps}
        return {step.pk: days for step, days in chosen.items() if days != (step.starts_on, step.ends_on)}
