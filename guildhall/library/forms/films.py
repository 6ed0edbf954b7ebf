from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guildhall.core.forms import Group
from guildhall.library.actions.prompts import Asked
from guildhall.library.films.showing import AskedPrompt
from guildhall.library.films.tracks import LONGEST_CUE, MOST_SECONDS, Cue, Unreadable, cleaned, exact, moment, read
from guildhall.library.forms.fields import languages
from guildhall.library.models import Answer, Prompt, Track

#: Cues on a page of the editor, and empty rows below them.
CUES, EMPTY = 50, 5


class FilmForm(forms.Form):
    """A film that comes at once, from a browser without JavaScript."""

    film = forms.FileField(
        label=gettext_lazy("Film"), widget=forms.FileInput(attrs={"accept": "video/mp4,video/webm,video/quicktime"})
    )


class MomentField(forms.Field):
    """A moment of a film, written as 1:23; its value are seconds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"maxlength": 20, "autocomplete": "off"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return exact(value) if isinstance(value, int | float) else value

    def to_python(self, value: Any) -> Any:
        written = str(value or "").strip()
        if not written:
            return None
        seconds = moment(written)
        if seconds is None or seconds > MOST_SECONDS:
            raise ValidationError(_("Write minutes and seconds, such as 1:23."))
        return seconds


class TrackForm(forms.Form):
    """A track that is added: from a file, or begun empty to be written here."""

    groups = [Group(pgettext_lazy("a track", "What it is"), ["kind", "language", "label", "source"]), Group("", ["file"])]
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Track.Kind, widget=forms.RadioSelect)
    language = forms.ChoiceField(label=gettext_lazy("Language"))
    label = forms.CharField(
        label=gettext_lazy("Name in the player’s menu"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Only where the language and the kind do not say it."),
    )
    source = forms.ChoiceField(label=gettext_lazy("Who wrote it"), choices=Track.Source, initial=Track.Source.HUMAN)
    file = forms.FileField(
        label=gettext_lazy("File (VTT or SRT)"),
        required=False,
        help_text=gettext_lazy("Without a file you write the first line here and go on from there."),
        widget=forms.FileInput(attrs={"accept": ".vtt,.srt,text/vtt"}),
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = languages(language)
        self.fields["language"].initial = language

    def clean_file(self) -> list[Cue] | None:
        upload = self.cleaned_data["file"]
        if upload is None:
            return None
        try:
            return read(upload.read())
        except Unreadable as why:
            raise ValidationError(str(why)) from None


class CuesForm(forms.Form):
    """A page of cues as rows of start, end and text. A row without a text is taken out."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, cues: list[Cue], language: str, empty: int = EMPTY, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = len(cues) + empty
        for number in range(self.count):
            cue = cues[number] if number < len(cues) else None
            what = {"row": number + 1}
            self.fields[f"start_{number}"] = MomentField(
                label=_("Line %(row)d, from") % what, required=False, initial=cue and cue.start
            )
            self.fields[f"end_{number}"] = MomentField(
                label=_("Line %(row)d, to") % what, required=False, initial=cue and cue.end
            )
            self.fields[f"text_{number}"] = forms.CharField(
                label=_("Line %(row)d, text") % what,
                required=False,
                max_length=LONGEST_CUE,
                initial=cue and cue.text,
                widget=forms.Textarea(attrs={"rows": 2, "lang": language}),
            )
            for name in ("start", "end", "text"):
                self.fields[f"{name}_{number}"].widget.attrs["aria-label"] = self.fields[f"{name}_{number}"].label

    @property
    def rows(self) -> Iterable[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        for number in range(self.count):
            yield self[f"start_{number}"], self[f"end_{number}"], self[f"text_{number}"]

    def clean(self) -> None:
        self.cues = []
        for number in range(self.count):
            start, end = self.cleaned_data.get(f"start_{number}"), self.cleaned_data.get(f"end_{number}")
            text = cleaned(self.cleaned_data.get(f"text_{number}") or "")
            if not text or self.errors.get(f"start_{number}") or self.errors.get(f"end_{number}"):
                continue
            if start is None or end is None:
                self.add_error(f"start_{number}" if start is None else f"end_{number}", _("Say from when to when."))
            elif end <= start:
                self.add_error(f"end_{number}", _("The end comes after the start."))
            else:
                self.cues.append(Cue(start, end, text))


class PromptForm(forms.Form):
    """A question at a moment of a film, in as many languages as somebody writes."""

    at_seconds = MomentField(label=gettext_lazy("Moment"), help_text=gettext_lazy("Minutes and seconds, such as 1:23."))
    kind = forms.ChoiceField(label=gettext_lazy("What is to be done"), choices=Prompt.Kind, widget=forms.RadioSelect)
    is_pause = forms.BooleanField(
        label=gettext_lazy("A good place to pause"),
        required=False,
        initial=True,
        help_text=gettext_lazy("The film pauses here for those who have ticked that they wish it. It never stops anybody else."),
    )

    def __init__(self, *args: Any, in_languages: list[tuple[str, str]], prompt: Prompt | None = None, **kwargs: Any) -> None:
        texts = {text.language: text for text in prompt.texts.all()} if prompt else {}
        if prompt:
            kwargs["initial"] = {"at_seconds": prompt.at_seconds, "kind": prompt.kind, "is_pause": prompt.is_pause}
        super().__init__(*args, **kwargs)
        self.in_languages = in_languages
        self.groups = [Group(_("When, and what"), ["at_seconds", "kind", "is_pause"])]
        for number, (code, name) in enumerate(in_languages):
            text = texts.get(code)
            self.fields[f"question_{code}"] = forms.CharField(
                label=_("Question"),
                required=False,
                max_length=500,
                initial=text.question if text else "",
                widget=forms.Textarea(attrs={"rows": 2, "lang": code}),
            )
            self.fields[f"choices_{code}"] = forms.CharField(
                label=_("What can be chosen, one to a line"),
                required=False,
                max_length=2000,
                initial="\n".join(text.choices) if text else "",
                widget=forms.Textarea(attrs={"rows": 3, "lang": code}),
            )
            self.groups.append(Group(name, [f"question_{code}", f"choices_{code}"], folded=number > 0 and text is None))

    @property
    def texts(self) -> dict[str, Asked]:
        """What is asked by language, once the form is valid."""
        found = {}
        for code, _name in self.in_languages:
            question = self.cleaned_data[f"question_{code}"].strip()
            choices = [line.strip()[:200] for line in self.cleaned_data[f"choices_{code}"].splitlines() if line.strip()]
            if question:
                found[code] = Asked(question, choices)
        return found

    def clean(self) -> None:
        if not self.errors and not self.texts:
            self.add_error(f"question_{self.in_languages[0][0]}", _("Say what is asked."))


class AnswerForm(forms.Form):
    """What somebody thinks at a question."""

    value = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, widget=forms.RadioSelect)
    text = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    visibility = forms.ChoiceField(label=gettext_lazy("Who sees it"), choices=Answer.Visibility)

    def __init__(self, *args: Any, asked: AskedPrompt, is_member: bool, **kwargs: Any) -> None:
        answer = asked.answer
        if answer:
            kwargs["initial"] = {"value": answer.value, "text": answer.text, "visibility": answer.visibility}
        super().__init__(*args, auto_id=f"answer_{asked.prompt.pk}_%s", **kwargs)
        if asked.prompt.is_counted:
            self.fields["value"].choices = asked.choices
            self.fields["value"].label = (
                _("From 1, not at all, to 5, fully") if asked.prompt.kind == Prompt.Kind.SCALE else _("Choose")
            )
            self.fields["value"].widget.attrs["lang"] = asked.language
            self.fields["text"].label = _("Why?")
        else:
            del self.fields["value"]
            self.fields["text"].label = _("Your answer")
        if not is_member:
            del self.fields["visibility"]
