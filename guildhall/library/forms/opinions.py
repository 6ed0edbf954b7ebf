from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext, gettext_lazy

from guildhall.core.forms import Group
from guildhall.library import kinds
from guildhall.library.forms import fields
from guildhall.library.models import Collection, ExpertGroup, Review
from guildhall.people.models import Organisation

SCORES = [
    (1, gettext_lazy("1: not at all")),
    (2, gettext_lazy("2: hardly")),
    (3, gettext_lazy("3: in part")),
    (4, gettext_lazy("4: mostly")),
    (5, gettext_lazy("5: fully")),
]


class ReviewForm(forms.Form):
    """What somebody thinks, by five questions and in words; who is in a group of experts says whether they speak as such."""

    text = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("What you would tell a colleague who thinks of using it. It is public, with your name."),
    )
    language = fields.language_field(help_text=gettext_lazy("The language you write in."))

    groups = [
        Group(gettext_lazy("Five questions"), list(kinds.CRITERIA)),
        Group(gettext_lazy("In words"), ["text", "language"]),
    ]

    def __init__(
        self,
        *args: Any,
        review: Review | None = None,
        organisation: Organisation | None = None,
        groups: Sequence[ExpertGroup] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, question in kinds.CRITERIA.items():
            self.fields[name] = forms.TypedChoiceField(label=question, choices=SCORES, coerce=int, widget=forms.RadioSelect())
        self.fields["language"].choices = fields.languages(review.language if review else "")
        self.initial = {"language": get_language()}
        if review is not None:
            self.initial |= {**review.scores, "text": review.text, "language": review.language}
        if groups:
            self._ask_for_whom(review, organisation, groups)

    def _ask_for_whom(self, review: Review | None, organisation: Organisation | None, groups: Sequence[ExpertGroup]) -> None:
        member = [("member", gettext("As a member of %(organisation)s") % {"organisation": organisation})] if organisation else []
        experts = [(str(each.pk), gettext("For the expert group “%(group)s”") % {"group": each}) for each in groups]
        self.fields["given"] = forms.TypedChoiceField(
            label=gettext("In whose name?"),
            choices=[*member, *experts],
            coerce={str(each.pk): each for each in groups}.get,
            empty_value=None,
            widget=forms.RadioSelect(),
            help_text=gettext("An expert review is shown before the others, with the group and the name you have in it."),
        )
        self.groups = [Group("", ["given"]), *self.groups]
        self.initial["given"] = "member" if member else experts[0][0]
        if review is not None and review.group in groups:
            self.initial["given"] = str(review.group_id)

    @property
    def scores(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] for name in kinds.CRITERIA}


class UseForm(forms.Form):
    """That somebody used it, and how it went."""

    sentence = forms.CharField(
        label=gettext_lazy("How did it go?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("In a sentence: with whom, and what you would do differently. It is public, with your name."),
    )
    language = fields.language_field(help_text=gettext_lazy("The language you write in."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = fields.languages()


class CollectForm(forms.Form):
    """Into which collection something goes, and a word on it there."""

    collection = forms.TypedChoiceField(label=gettext_lazy("Into which collection?"), widget=forms.RadioSelect())
    title = forms.CharField(label=gettext_lazy("Name of the new one"), required=False, max_length=150)
    word = forms.CharField(
        label=gettext_lazy("A word on it"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Why it is in there: it stands beside it."),
    )

    def __init__(self, *args: Any, collections: Sequence[Collection], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        new = [("new", gettext("A new one"))]
        self.fields["collection"].choices = [*((str(each.pk), each.title) for each in collections), *new]
        self.fields["collection"].coerce = {str(each.pk): each for each in collections}.get
        self.fields["collection"].empty_value = None
        if not collections:
            self.initial["collection"] = "new"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "collection" in cleaned and cleaned["collection"] is None and not cleaned.get("title"):
            self.add_error("title", gettext("Give the new collection a name."))
        return cleaned


class CollectionForm(forms.ModelForm):
    """What a collection is called, what it is for, and who sees it."""

    language = fields.language_field(help_text=gettext_lazy("The language of these words."))

    class Meta:
        model = Collection
        fields = ["title", "summary", "language", "is_public"]
        widgets = {"summary": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["language"]
        else:
            self.fields["language"].choices = fields.languages()
            self.initial.setdefault("language", get_language())
