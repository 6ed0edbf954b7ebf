from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from guildhall.core.forms import Group
from guildhall.engagement.models import Letter, LetterSettings, LetterTemplate, Mailing, Person
from guildhall.engagement.models.mailings import LONGEST_SUBJECT, LONGEST_TEXT, PURPOSES
from guildhall.engagement.writing.wording import PLACEHOLDERS, Starter, unknown_in


def _check_placeholders(text: str) -> str:
    """Refuse what stands in braces and means nothing: nobody shall get a letter to "Dear {fistname}"."""
    if unknown := unknown_in(text):
        words = ", ".join(f"{{{word}}}" for word in unknown)
        known = ", ".join(f"{{{word}}}" for word in PLACEHOLDERS)
        sentence = ngettext(
            "Nobody knows what %(words)s stands for. You may use %(known)s.",
            "Nobody knows what %(words)s stand for. You may use %(known)s.",
            len(unknown),
        )
        raise forms.ValidationError(sentence, params={"words": words, "known": known})
    return text


class LetterForm(forms.Form):
    """A letter in one language."""

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=LONGEST_SUBJECT)
    text = forms.CharField(label=gettext_lazy("Text"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 16}))

    def clean_subject(self) -> str:
        return _check_placeholders(self.cleaned_data["subject"])

    def clean_text(self) -> str:
        return _check_placeholders(self.cleaned_data["text"])


def _purpose_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("What is it for?"),
        choices=PURPOSES,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "News and invitations go only to people who said yes to them. The others get a letter unless they object."
        ),
    )


def _asks_field() -> forms.BooleanField:
    return forms.BooleanField(
        label=gettext_lazy("It asks for an answer: yes, not now or no"),
        required=False,
        help_text=gettext_lazy("A button below the text leads to a page where one answers without an account."),
    )


class MailingForm(forms.Form):
    """What a mailing is for, and where answers go."""

    name = forms.CharField(
        label=gettext_lazy("What it is called here"), max_length=80, help_text=gettext_lazy("Only your school sees this.")
    )
    purpose = _purpose_field()
    asks_answer = _asks_field()
    answers_to_book = forms.BooleanField(
        label=gettext_lazy("Answers by mail come onto the timeline, too"),
        required=False,
        help_text=gettext_lazy("They go to you, and a copy to your secret address of the book, which the reader can see then."),
    )

    def __init__(self, *args: Any, mailing: Mailing, has_book_address: bool, **kwargs: Any) -> None:
        names = ["name", "purpose", "asks_answer", "answers_to_book"]
        super().__init__(*args, initial={name: getattr(mailing, name) for name in names}, **kwargs)
        if not has_book_address:
            del self.fields["answers_to_book"]

    @property
    def said(self) -> dict[str, Any]:
        return {"answers_to_book": False, **self.cleaned_data}


class BeginForm(forms.Form):
    """From what a letter is begun: one that comes with Guildhall, a template of the school, or an empty sheet."""

    EMPTY = "empty"
    start = forms.ChoiceField(label=gettext_lazy("Begin with"), widget=forms.RadioSelect)

    def __init__(
        self,
        *args: Any,
        starters: Mapping[str, Starter],
        templates: Iterable[LetterTemplate],
        language: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.starters, self.templates = starters, {str(template.pk): template for template in templates}
        self.fields["start"].choices = [
            *((f"template-{pk}", template.name) for pk, template in self.templates.items()),
            *((f"starter-{key}", starter.name_in(language)) for key, starter in starters.items()),
            (self.EMPTY, _("An empty sheet")),
        ]
        self.fields["start"].initial = self.fields["start"].choices[0][0]
        self.language = language

    @property
    def said(self) -> dict[str, Any]:
        """What ``begin_mailing`` is told of the words."""
        kind, _hyphen, which = self.cleaned_data["start"].partition("-")
        if kind == "starter":
            starter = self.starters[which]
            words = {code: (words["subject"], words["text"].strip()) for code, words in starter.words.items()}
            return {
                "name": starter.name_in(self.language),
                "purpose": starter.purpose,
                "asks_answer": starter.asks_answer,
                "words": words,
            }
        if kind == "template":
            template = self.templates[which]
            words = {each.language: (each.subject, each.text) for each in template.words.all()}
            return {
                "name": template.name,
                "purpose": template.purpose,
                "asks_answer": template.asks_answer,
                "words": words,
            }
        return {"name": _("Letter"), "purpose": PURPOSES[0][0], "asks_answer": False, "words": {}}


class RecipientForm(forms.Form):
    """Who at an employer gets a letter, or that nobody there does."""

    person = forms.TypedChoiceField(label=gettext_lazy("Who gets it?"), widget=forms.RadioSelect)
    NOBODY = "nobody"

    def __init__(self, *args: Any, letter: Letter, people: Iterable[Person], **kwargs: Any) -> None:
        chosen = str(letter.person_id) if letter.person_id and not letter.why else self.NOBODY
        super().__init__(*args, initial={"person": chosen}, **kwargs)
        known = {str(person.pk): person for person in people}
        self.fields["person"].choices = [
            *((pk, f"{person.name} · {person.email}" if person.email else person.name) for pk, person in known.items()),
            (self.NOBODY, _("nobody: leave this employer out")),
        ]
        self.fields["person"].coerce = known.get


class NameForm(forms.Form):
    """Under which name a letter is kept as a template."""

    name = forms.CharField(label=gettext_lazy("Name of the template"), max_length=80)


class TemplateForm(forms.Form):
    """A template in all languages; one that is left empty is not written in."""

    name = forms.CharField(label=gettext_lazy("Name of the template"), max_length=80)
    purpose = _purpose_field()
    asks_answer = _asks_field()

    def __init__(self, *args: Any, template: LetterTemplate | None = None, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"purpose": PURPOSES[0][0], "asks_answer": True}
        if template is not None:
            initial = {name: getattr(template, name) for name in ("name", "purpose", "asks_answer")}
            for words in template.words.all():
                initial |= {f"subject_{words.language}": words.subject, f"text_{words.language}": words.text}
        super().__init__(*args, initial=initial, **kwargs)
        self.groups = [Group(_("The template"), ["name", "purpose", "asks_answer"])]
        for code, name in settings.LANGUAGES:
            self.fields[f"subject_{code}"] = forms.CharField(
                label=pgettext_lazy("letter", "Subject"), required=False, max_length=LONGEST_SUBJECT
            )
            self.fields[f"text_{code}"] = forms.CharField(
                label=pgettext_lazy("letter", "Text"),
                required=False,
                max_length=LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 12, "lang": code}),
            )
            self.groups.append(Group(name, [f"subject_{code}", f"text_{code}"], folded=True))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for code, _name in settings.LANGUAGES:
            names = (f"subject_{code}", f"text_{code}")
            for name in names:
                try:
                    _check_placeholders(cleaned.get(name, ""))
                except forms.ValidationError as error:
                    self.add_error(name, error)
            given = [bool(cleaned.get(name, "").strip()) for name in names]
            if any(given) and not all(given) and not any(name in self.errors for name in names):
                missing = names[given.index(False)]
                self.add_error(missing, _("A letter needs a subject and a text."))
        if not self.errors and not self.words:
            raise forms.ValidationError(_("Write it in one language at least."))
        return cleaned

    @property
    def words(self) -> dict[str, tuple[str, str]]:
        said = {
            code: (self.cleaned_data[f"subject_{code}"], self.cleaned_data[f"text_{code}"]) for code, _n in settings.LANGUAGES
        }
        return {code: words for code, words in said.items() if words[0].strip()}

    @property
    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "purpose", "asks_answer")} | {"words": self.words}


class LetterSettingsForm(forms.ModelForm):
    """How many letters an employer gets at most, and what stands below each."""

    class Meta:
        model = LetterSettings
        fields = ["most_in_30_days", "sign_off"]
        widgets = {"sign_off": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["most_in_30_days"].help_text = _(
            "Counted for each employer and each address. Who has had so many is left out."
        )


class AnswerForm(forms.Form):
    """What somebody answers to a letter."""

    answer = forms.ChoiceField(label=gettext_lazy("Your answer"), choices=Letter.Answer, widget=forms.RadioSelect)
    sentence = forms.CharField(
        label=gettext_lazy("Anything you want to add"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
