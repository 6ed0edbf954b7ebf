from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.forms import Group
from guildhall.core.meanwhile import MeanwhileMixin
from guildhall.library import kinds, licences
from guildhall.library.forms import fields
from guildhall.library.forms.fields import ListField, NumbersField, OrcidField
from guildhall.library.forms.rows import Rows
from guildhall.library.models import Resource, Source

MOST_AUTHORS = 10


class DescribedForm(MeanwhileMixin, forms.ModelForm):
    """What every resource says of itself. ``described`` is what was understood, as the action takes it.

    Each sort of resource has a form of its own that says more.
    """

    language = fields.language_field()
    licence = forms.ChoiceField(label=_("Licence"), widget=forms.RadioSelect())
    audience = forms.MultipleChoiceField(
        label=_("For whom"), required=False, choices=kinds.AUDIENCES, widget=forms.CheckboxSelectMultiple()
    )
    eqf = NumbersField(label=_("Level (EQF)"), required=False)
    skills = ListField(
        label=_("What they will learn"), required=False, most=30, longest=200, by_line=True, help_text=_("One to a line.")
    )
    keywords = ListField(
        label=_("Keywords"), required=False, most=20, longest=60, help_text=_("Parted by commas: first call, checklist.")
    )
    isced = forms.ChoiceField(
        label=pgettext_lazy("field of education", "Subject"), required=False, help_text=_("As in ISCED-F 2013.")
    )
    nace = forms.ChoiceField(label=_("Sector"), required=False, help_text=_("As in NACE 2.1."))
    country = forms.ChoiceField(label=_("Country it is about"), required=False)
    accessibility = forms.MultipleChoiceField(
        label=_("What makes it accessible"), required=False, choices=kinds.ACCESSIBILITY, widget=forms.CheckboxSelectMultiple()
    )

    class Meta:
        model = Resource
        fields = [
            *["title", "language", "summary", "licence", "project", "project_code", "is_erasmus", "doi", "keywords", "skills"],
            *["audience", "eqf", "isced", "nace", "area", "activity", "country", "accessibility"],
        ]
        widgets = {"summary": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "summary": _("What it is and what one can do with it. It stands in every list."),
            "project_code": _("As in the grant agreement: 2024-1-XX01-KA220-VET-000000000."),
            "is_erasmus": _("The emblem of the European Union and its disclaimer then stand with it."),
            "doi": _("If it has one: 10.5281/zenodo.1234567"),
        }

    #: Fields that are written in the language of the resource.
    SPOKEN = {"title", "summary", "text", "keywords", "skills", *kinds.CASE_PARTS}
    #: The fields that come first.
    WHAT = ["title", "language", "summary"]
    FOR_WHOM = Group(_("For whom, and what they will learn"), ["audience", "eqf", "skills"], folded=True)
    PROJECT = Group(_("Project and funder"), ["project", "project_code", "is_erasmus", "doi"], folded=True)
    FOUND = Group(_("How it is found"), ["keywords", "isced", "nace", "area", "activity", "country"], folded=True)
    ACCESSIBLE = Group(_("Accessibility"), ["accessibility"], folded=True)

    def __init__(self, *args: Any, resource: Resource, **kwargs: Any) -> None:
        # What was typed and is not saved yet must not be shown as if it were.
        super().__init__(*args, instance=copy(resource), **kwargs)
        self.fields["language"].choices = fields.languages(resource.language)
        self.fields["licence"].choices = fields.licence_choices()
        self.fields["eqf"].choices = fields.levels()
        self.fields["isced"].choices = fields.subjects(resource.isced)
        self.fields["nace"].choices = fields.sectors(resource.nace)
        self.fields["country"].choices = fields.countries()
        if resource.is_translation:
            del self.fields["language"]  # it is what the translation is into
        self.authors = Rows(self, "authors", _AUTHOR, held=resource.authors, most=MOST_AUTHORS)
        self.add_more(resource)
        for name in self.SPOKEN & set(self.fields):
            self.fields[name].widget.attrs |= {"lang": resource.language, "dir": "auto"}
        self.carry_along(resource)

    def add_more(self, resource: Resource) -> None:
        """Add fields that depend on the resource, before it is noticed what others change of them."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = value.replace("\r\n", "\n")  # browsers end lines in their own way
        self.authors.require("name", _("Give the name as well."))
        return cleaned

    @property
    def described(self) -> dict[str, Any]:
        plain = {name: self.cleaned_data[name] for name in self._meta.fields or [] if name in self.fields}
        return {**plain, "authors": self.authors.values}

    @property
    def what(self) -> list[forms.BoundField]:
        """What it is: the fields that come first."""
        return [self[name] for name in self.WHAT if name in self.fields]

    @property
    def licence_fields(self) -> list[forms.BoundField]:
        return [self["licence"]]

    @property
    def has_usual_licence(self) -> bool:
        return self["licence"].value() == licences.PRESET

    @property
    def drawn_groups(self) -> list[tuple[Group, list[forms.BoundField]]]:
        """The groups that fold, at the end of the form, with their fields."""
        groups = [self.FOR_WHOM, self.FOUND, self.ACCESSIBLE, self.PROJECT]
        return [(group, [self[name] for name in group.names if name in self.fields]) for group in groups]


_AUTHOR = {
    "name": lambda: forms.CharField(label=pgettext_lazy("of an author", "Name"), required=False, max_length=150),
    "orcid": lambda: OrcidField(label=_("ORCID"), required=False, max_length=60),
    "affiliation": lambda: forms.CharField(label=_("Belongs to"), required=False, max_length=150),
}


class ResourceForm(DescribedForm):
    """A resource that is no practice case: a text, files, an address elsewhere."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[(key, label) for key, label in kinds.KINDS.items() if key != kinds.CASE])
    link = forms.URLField(
        label=_("Address elsewhere"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("Where it is, if it is not here."),
    )

    class Meta(DescribedForm.Meta):
        fields = ["kind", "text", "link", *DescribedForm.Meta.fields]
        widgets = {**DescribedForm.Meta.widgets, "text": forms.Textarea(attrs={"rows": 12})}

    WHAT = ["title", "kind", "language", "summary"]


class StartForm(forms.Form):
    """What somebody is about to write: the rest comes on the next page."""

    what = forms.ChoiceField(
        label=_("What do you have?"),
        widget=forms.RadioSelect(),
        choices=[
            ("text", _("Something to write down")),
            ("files", _("Files")),
            ("link", _("Something elsewhere on the web")),
            ("film", _("A film")),
            ("case", _("A practice case to tell")),
        ],
    )
    title = forms.CharField(
        label=_("Title"), min_length=3, max_length=250, help_text=_("You can change it later: “Checklist for the first call”.")
    )
    language = fields.language_field(help_text=_("The language it is in. Translations come later."))

    #: The kind that each begins as; of files nobody knows what they are before they are looked at.
    KINDS = {"text": "text", "files": "other", "link": "web_page", "film": kinds.VIDEO, "case": kinds.CASE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = fields.languages()

    @property
    def described(self) -> dict[str, Any]:
        return {
            "kind": self.KINDS[self.cleaned_data["what"]],
            "title": self.cleaned_data["title"],
            "language": self.cleaned_data["language"],
        }


class MineFilter(forms.Form):
    """What of an organisation's work to look at; it lives in the address."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    show = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("all")),
            ("waiting", _("handed in")),
            ("drafts", _("drafts")),
            ("changed", _("published, with changes")),
            ("published", _("published")),
            ("withdrawn", pgettext_lazy("a resource", "withdrawn")),
            ("behind", _("original has changed")),
        ],
    )
    by = forms.ChoiceField(label=_("Looked after by"), required=False, choices=[("", _("everybody")), ("me", _("me"))])
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("all")), *kinds.KINDS.items()])


class FilesField(forms.FileField):
    """Several files at once."""

    class widget(forms.ClearableFileInput):
        allow_multiple_selected = True

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) and data else [None]
        return [super(FilesField, self).clean(each, initial) for each in given]


class UploadForm(forms.Form):
    """Files to be added."""

    uploads = FilesField(label=_("Files"), max_length=255)


class PartForm(forms.Form):
    """What a file is called."""

    title = forms.CharField(label=_("Title"), required=False, max_length=200, help_text=_("Left empty, the name of the file."))


class SourceForm(forms.ModelForm):
    """What a resource was made from, and how; something here or elsewhere."""

    RELATIONS = [Source.Relation.BASED_ON, Source.Relation.REMIX, Source.Relation.NEW_VERSION, Source.Relation.TRANSLATION]
    relation = forms.ChoiceField(
        label=_("What has yours to do with it?"),
        choices=[(each.value, each.label) for each in RELATIONS],
        initial=Source.Relation.BASED_ON,
        widget=forms.RadioSelect(),
    )
    what_changed = forms.CharField(
        label=_("What did you change?"),
        required=False,
        max_length=500,
        help_text=_("In a sentence; it stands in the attribution, as the licences ask."),
    )

    class Meta:
        model = Source
        fields = ["relation", "what_changed"]

    def _post_clean(self) -> None:
        """The action checks what the database asks for; a source without its resource cannot be checked here."""


class SourceHereForm(SourceForm):
    """Something here, one of those that a search has found."""

    of = forms.TypedChoiceField(label=_("Which one?"), widget=forms.RadioSelect())

    def __init__(self, *args: Any, offered: Sequence[Resource], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = _("%(title)s (%(licence)s, %(organisation)s)")
        self.fields["of"].choices = [
            (
                str(each.pk),
                words % {"title": each.shown.title, "licence": each.shown.under.label, "organisation": each.organisation},
            )
            for each in offered
        ]
        self.fields["of"].coerce = {str(each.pk): each for each in offered}.get
        self.order_fields(["of", "relation", "what_changed"])


class SourceElsewhereForm(SourceForm):
    """Something elsewhere, by what a licence asks to be named."""

    title = forms.CharField(label=_("Title"), max_length=250)
    author = forms.CharField(label=_("Author"), required=False, max_length=250)
    address = forms.URLField(label=_("Address"), required=False, max_length=500, assume_scheme="https")
    licence = forms.ChoiceField(label=_("Licence"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["licence"].choices = [("", _("not known")), *fields.licence_choices(is_source=True)]
        self.order_fields(["title", "author", "address", "licence", "relation", "what_changed"])


class WhyForm(forms.Form):
    """A word why."""

    why = forms.CharField(label=_("Why?"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class PublishForm(forms.Form):
    """What is new in a version."""

    what_changed = forms.CharField(
        label=_("What has changed since the last version?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("In a sentence, for those who use it already."),
    )
