"""The forms of the needs interview: one for each of its parts, one to end it, one to send it as a link, one to filter by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from guildhall.core.meanwhile import MeanwhileMixin
from guildhall.engagement.models import Contact, Need, Person
from guildhall.engagement.models.needs import LONGEST_NEED, NeedsInterview
from guildhall.engagement.needs.asking import IN_WORDS, MOST_ROWS, OBSTACLES, QUESTIONS, ROW_KINDS, ROWS, TICKED, TRENDS
from guildhall.people.models import User
from guildhall.skills import taxonomy

#: Letters in an answer.
LONGEST_ANSWER = 600
#: People of one occupation; more is a slip of the finger.
MOST_PEOPLE = 5000
#: Days for which a link can be answered.
DAYS = [14, 30, 60]
USUAL_DAYS = 30
ANY = [("", _("all"))]


class PartForm(MeanwhileMixin, forms.Form):
    """One part of the interview, all of it optional; ``said`` is what goes into the answers.

    The same part may be open in two windows at once, or in front of two people: what only one of them changed is kept.
    """

    def __init__(
        self, data: Any = None, *, part: str, interview: NeedsInterview, offers: Mapping[str, str], rows: int = 0
    ) -> None:
        """``rows`` are asked for at least, where the part is one of rows."""
        said = interview.answers.get(part, {})
        super().__init__(data, initial={name: value for name, value in said.items() if name != "rows"})
        self.part = part
        self.rows: list[int] = []
        self.kept: Sequence[Mapping[str, Any]] = said.get("rows", [])
        if part in ROW_KINDS:
            self._add_rows(rows)
        for name in IN_WORDS.get(part, []):
            self.fields[name] = forms.CharField(
                label=str(QUESTIONS[name]),
                required=False,
                max_length=LONGEST_ANSWER,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        for name, kind in TICKED.get(part, {}).items():
            choices = list(_choices(kind, offers).items())
            if choices:
                self.fields[name] = forms.MultipleChoiceField(
                    label=str(QUESTIONS[name]), required=False, choices=choices, widget=forms.CheckboxSelectMultiple
                )
        asked = [name for name in QUESTIONS if name in self.fields]
        self.order_fields(asked)
        self.carry_along()

    def _add_rows(self, wanted: int) -> None:
        if self.is_bound:
            sent = str(self.data.get("rows", ""))
            count = min(int(sent), MOST_ROWS) if sent.isdecimal() and len(sent) < 4 else 0
        else:
            count = min(max(ROWS, len(self.kept) + 1, wanted), MOST_ROWS)
        self.fields["rows"] = forms.CharField(required=False, widget=forms.HiddenInput, initial=str(count))
        self.rows = list(range(count))
        for row in self.rows:
            self.fields[f"words_{row}"] = forms.CharField(
                label=_("Occupation") if self.part == "occupations" else _("Skill"),
                required=False,
                max_length=LONGEST_NEED,
            )
            self.fields[f"now_{row}"] = _people(_("People now"))
            self.fields[f"later_{row}"] = _people(_("In two years"))
            if row < len(self.kept):
                for name in ("words", "now", "later"):
                    self.initial[f"{name}_{row}"] = self.kept[row][name]

    def carry_along(self, *things: Any) -> None:
        super().carry_along(*things)
        if "rows" in self.fields:
            self.fields["rows"].show_hidden_initial = False

    @property
    def asks_in_rows(self) -> bool:
        return self.part in ROW_KINDS

    @property
    def row_fields(self) -> list[list[forms.BoundField]]:
        return [[self[f"{name}_{row}"] for name in ("words", "now", "later")] for row in self.rows]

    @property
    def may_have_more(self) -> bool:
        return len(self.rows) < MOST_ROWS

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for row in self.rows:
            has_people = cleaned.get(f"now_{row}") is not None or cleaned.get(f"later_{row}") is not None
            if has_people and not cleaned.get(f"words_{row}") and f"words_{row}" not in self.errors:
                self.add_error(f"words_{row}", _("Say what these people should be, or be able to do."))
        return cleaned

    @property
    def said(self) -> dict[str, Any]:
        """The answers of this part; only of a form that is valid."""
        given = self.cleaned_data
        if self.part in ROW_KINDS:
            rows = [{name: given[f"{name}_{row}"] for name in ("words", "now", "later")} for row in self.rows]
            # A window that was opened when there were fewer rows says nothing of those below.
            return {"rows": [*(row for row in rows if row["words"]), *self.kept[len(rows) :]]}
        return {name: given[name] for name in self.fields if given[name]}


def _people(label: Any) -> forms.IntegerField:
    # An input for numbers would swallow what is no number, and the wheel of a mouse would change it.
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": "5"})
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=MOST_PEOPLE, widget=widget)


def _choices(kind: str, offers: Mapping[str, str]) -> Mapping[str, str | Promise]:
    return {Need.Kind.TREND: TRENDS, Need.Kind.OBSTACLE: OBSTACLES, Need.Kind.OFFER: offers}[Need.Kind(kind)]


class EndForm(forms.Form):
    """How an interview ends: when and how it was held, with whom, and which of the next steps that offer themselves are taken.

    Of what came by link only the next steps are asked.
    """

    kind = forms.ChoiceField(
        label=_("What was it?"),
        choices=[(kind.value, kind.label) for kind in (Contact.Kind.VISIT, Contact.Kind.MEETING, Contact.Kind.CALL)],
        widget=forms.RadioSelect,
        initial=Contact.Kind.VISIT,
    )
    held_at = forms.DateTimeField(
        label=_("When?"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    people = forms.TypedMultipleChoiceField(label=_("With whom?"), required=False, widget=forms.CheckboxSelectMultiple)
    steps = forms.MultipleChoiceField(
        label=_("Next steps to add"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each becomes a next step of yours, due in two weeks."),
    )

    def __init__(
        self, data: Any = None, *, interview: NeedsInterview, people: Iterable[Person], steps: Mapping[str, str]
    ) -> None:
        begun = localtime(interview.begun_at).replace(second=0, microsecond=0)
        asked = [interview.person_id] if interview.person_id else []
        super().__init__(data, initial={"held_at": begun, "people": asked, "steps": list(steps)})
        known = {person.pk: person for person in people}
        self.fields["people"].choices = [(pk, person.name) for pk, person in known.items()]
        self.fields["people"].coerce = lambda pk: known[int(pk)]
        self.fields["steps"].choices = list(steps.items())
        if interview.is_by_link:
            del self.fields["kind"], self.fields["held_at"], self.fields["people"]
        elif not known:
            del self.fields["people"]
        if not steps:
            del self.fields["steps"]


class LinkForm(forms.Form):
    """A link for somebody at an employer: to whom, in which language, how it gets there, for how long."""

    person = forms.TypedChoiceField(
        label=_("Who is asked?"),
        required=False,
        help_text=_("Who asked not to be written to, or not about placements, is not offered."),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        help_text=_("If you choose none: the one to write to them in, else yours."),
    )
    how = forms.ChoiceField(
        label=_("How does the link get there?"),
        choices=[("mail", _("By a letter in your name")), ("copy", _("I copy it and pass it on myself"))],
        widget=forms.RadioSelect,
        initial="mail",
    )
    sentence = forms.CharField(
        label=_("A sentence of yours in the letter"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )
    days = forms.TypedChoiceField(label=_("Can be answered for"), coerce=int, initial=USUAL_DAYS)

    def __init__(self, data: Any = None, *, people: Iterable[Person]) -> None:
        super().__init__(data)
        known = {str(person.pk): person for person in people}
        names = [(pk, f"{person.name} · {person.email}" if person.email else person.name) for pk, person in known.items()]
        self.fields["person"].choices = [("", _("nobody in particular")), *names]
        self.fields["person"].coerce = known.get
        self.fields["person"].empty_value = None
        if len(known) == 1:
            self.initial["person"] = next(iter(known))
        self.fields["language"].choices = [("", _("theirs")), *settings.LANGUAGES]
        self.fields["days"].choices = [(str(days), _("%(count)d days") % {"count": days}) for days in DAYS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        person = cleaned.get("person")
        if cleaned.get("how") == "mail" and "person" not in self.errors:
            if person is None:
                self.add_error("person", _("Choose who gets the letter, or copy the link and pass it on yourself."))
            elif not person.email:
                self.add_error("person", _("No e-mail address is known. Copy the link and pass it on yourself."))
        return cleaned

    @property
    def facts(self) -> dict[str, Any]:
        """What ``ask_by_link`` is to be told."""
        given = self.cleaned_data
        return {
            "person": given["person"],
            "language": given["language"],
            "by_letter": given["how"] == "mail",
            "sentence": given["sentence"],
            "valid_for": timedelta(days=given["days"]),
        }


class NeedsFilter(forms.Form):
    """The filters of the view over all employers; they live in the address."""

    kind = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[("", _("occupations and skills")), ("occupation", _("occupations")), ("skill", _("skills"))],
    )
    owner = forms.ChoiceField(label=_("Looked after by"), required=False)
    sector = forms.ChoiceField(label=_("Sector"), required=False)
    place = forms.CharField(label=_("Town or postal code"), required=False, max_length=60)

    #: Nobody looks around a place here.
    around = None

    def __init__(self, *args: Any, colleagues: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(colleague.pk), str(colleague)) for colleague in colleagues]
        self.fields["owner"].choices = [*ANY, ("nobody", _("nobody yet")), *people]
        self.fields["sector"].choices = [*ANY, *taxonomy.choices("nace", level=1)]


class SameForm(forms.Form):
    """Another word of employers that means the same."""

    means = forms.CharField(
        label=_("It means the same as"),
        max_length=LONGEST_NEED,
        help_text=_("A word of the list. From then on both count together."),
    )

    def __init__(self, *args: Any, words: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = list(words)
        self.fields["means"].widget.attrs |= {"list": "words", "autocomplete": "off"}
