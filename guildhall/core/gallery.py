"""The gallery: every component in its states, with the lines that draw it. It holds no data, so anybody may look.

The examples are the files of ``templates/ui/examples/``: what is shown and what is to be copied are the same text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.timezone import localdate, now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from guildhall.core.forms import Counted, Group
from guildhall.core.pages import Pages
from guildhall.core.projection import View
from guildhall.core.ui import cells, components
from guildhall.core.ui.films import Pause, Said, Source, Text
from guildhall.core.ui.lists import Column
from guildhall.core.ui.maps import Home, Place
from guildhall.core.ui.pictures import Pane

CHAPTERS = [
    (_("Small parts"), ["icon", "button", "act", "acts", "badge", "avatar", "marked", "spoken", "term", "moment"]),
    (
        _("What a page is made of"),
        ["hero", "page_head", "breadcrumbs", "section", "card", "prose", "paper", "split", "contents", "grid", "cluster"],
    ),
    (_("Ways on"), ["tabs", "menu", "dialog", "steps", "pager"]),
    (_("What is said"), ["note", "message", "empty_state", "count_line"]),
    (_("What is asked"), ["field", "group", "form", "filter_bar", "filter_fields", "chips", "copyable"]),
    (_("Lists"), ["table", "picked", "listing", "tick", "facts", "timeline"]),
    (_("Pictures"), ["window", "stat", "chart", "map", "leaf", "progress"]),
    (_("Films"), ["film", "transcript", "sending"]),
]
_SIGNS = re.compile(r'<symbol id="([\w-]+)"')


@dataclass(frozen=True)
class Example:
    """A component with an example of it: its name, what its docstring says, the lines that draw it and what they draw."""

    name: str
    described: str
    source: str
    drawn: str


@login_not_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    samples = _samples()
    chapters = [(title, [_example(name, samples, request) for name in names]) for title, names in CHAPTERS]
    return render(request, "ui/gallery.html", {"chapters": chapters})


def _example(name: str, samples: dict[str, Any], request: HttpRequest) -> Example:
    template = get_template(f"ui/examples/{name}.html")
    source = template.template.source.strip()  # type: ignore[attr-defined]
    used = [tag for tag in components if re.search(rf"{{% {tag}\b", source)]
    parts = [tag for tag in used if tag != name and tag not in _shown()]
    described = "\n\n".join(f"{tag}\n{cleandoc(components[tag].__doc__ or '')}" for tag in [name, *parts])
    # Drawn without the request's own context: a token in a form of an example would give every visitor a session.
    return Example(name, described, source, template.render({**samples, "request": request}))


def _shown() -> set[str]:
    return {name for _title, names in CHAPTERS for name in names}


class _SampleForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As it stands on the door.")
    mail = forms.EmailField(label="Mail", required=False)
    how = forms.ChoiceField(label="How", choices=[("call", "Call"), ("visit", "Visit"), ("mail", "Mail")])
    days = forms.MultipleChoiceField(
        label="Days that suit",
        choices=[("mon", "Monday"), ("wed", "Wednesday"), ("fri", "Friday")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    said = forms.CharField(label="What was said", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    paper = forms.FileField(label="A paper", required=False)
    again = forms.BooleanField(label="Remind me a week before", required=False)


class _SignInForm(forms.Form):
    name = forms.CharField(label="Name")
    password = forms.CharField(label="Password", widget=forms.PasswordInput, required=False)


class _GroupedForm(forms.Form):
    groups = [Group("Who it is", ["name"]), Group("What is served", ["breakfast", "supper"], folded=True)]
    name = forms.CharField(label="Name", required=False)
    breakfast = forms.CharField(label="For breakfast", required=False)
    supper = forms.CharField(label="For supper", required=False)
    town = forms.CharField(label="Town", required=False)
    street = forms.CharField(label="Street", required=False)
    size = forms.CharField(label="Size", required=False)
    founded = forms.CharField(label="Founded", required=False)
    mail = forms.EmailField(label="Mail", required=False, initial="marta@example.org")


class _WrongForm(forms.Form):
    groups = [Group("Who", ["name", "mail"]), Group("What", ["how", "again"])]
    name = forms.CharField(label="Name")
    mail = forms.EmailField(label="Mail")
    how = forms.ChoiceField(label="How", choices=[("call", "Call"), ("visit", "Visit")], widget=forms.RadioSelect)
    again = forms.BooleanField(label="Remind me a week before", required=False)

    def clean(self) -> None:
        self.add_error(None, "Marta Król is in the book already.")


class _FilterForm(forms.Form):
    q = forms.CharField(label="Search houses", widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name or town"}))
    town = forms.ChoiceField(
        label="Town", choices=[("", "all"), ("metz", Counted("Metz", 14)), ("kiel", Counted("Kiel", 3))], required=False
    )
    due = forms.BooleanField(label="Only what is due", required=False)


def _samples() -> dict[str, Any]:
    labels = ["Teachers", "Plans", "Places", "Leaders", "Rules", "Region"]
    states = ["lively", "touched", "dark", "dark", "lively", "touched"]
    details = ["4 talks this year", "one plan, in March", "", "", "Agreement since 2025", "one meeting"]
    panes = [Pane(*one) for one in zip(labels, states, details, strict=True)]
    dark = [Pane(label) for label in labels]
    lively = [Pane(label, "lively") for label in labels]
    today = localdate()
    last_week = today - timedelta(days=6)
    grouped = _GroupedForm(auto_id="group_%s")
    return {
        "tomorrow": today + timedelta(days=1),
        "last_week": last_week,
        "long_ago": today - timedelta(days=400),
        "just_now": now(),
        "found_text": [("Ada ", False), ("Müller", True), (" takes two ", False), ("learners", True), (" in spring.", False)],
        "panes": panes,
        "dark_panes": dark,
        "lively_panes": lively,
        "window_rows": ["In the house", "In the region"],
        "window_columns": ["People", "Practice", "Partners"],
        "columns": [
            Column("House", sort_url="#table", sorted="ascending"),
            "Town",
            Column("Said last", sort_url="#table"),
            Column("People", numeric=True),
            "",
        ],
        "houses": [
            {"name": "Bakery Sonnenfeld", "town": "Metz", "last": last_week, "people": 14, "panes": panes},
            {"name": "Garage Nowak", "town": "Gliwice", "last": today, "people": 6, "panes": lively},
            {"name": "Hotel Aurora", "town": "Setúbal", "last": today - timedelta(days=70), "people": 120, "panes": dark},
        ],
        "plain_columns": ["House", "Town"],
        "house_rows": [[cells.named("Bakery Sonnenfeld", href="#picked"), cells.plain("Metz")]],
        "house_picks": [(1, "Bakery Sonnenfeld")],
        "sample_form": _SampleForm(auto_id="sample_%s"),
        "wrong_form": _WrongForm({"mail": "marta.example.org", "how": "call"}, auto_id="wrong_%s"),
        "group_form": grouped,
        "more_fields": [grouped["size"], grouped["founded"]],
        "reached_fields": [grouped["mail"]],
        "grouped_form": _GroupedForm(auto_id="grouped_%s"),
        "why_form": _SignInForm(auto_id="why_%s"),
        "wide_form": _SignInForm(auto_id="wide_%s"),
        "draft_form": _SignInForm(auto_id="draft_%s"),
        "fresh_form": _FilterForm(QueryDict("town=kiel"), auto_id="fresh_%s"),
        "filter_form": _FilterForm(QueryDict("town=metz&due=on"), auto_id="filter_%s"),
        "sample_messages": [
            Message(constants.SUCCESS, "The call is written down.", "undo:#message"),
            Message(constants.ERROR, "Somebody else has changed this in the meantime."),
        ],
        "sample_page": Pages(range(2360), 50).get_page(2),
        "step_labels": ["Choose the file", "Match the columns", "Look at it", "Bring it in"],
        "chart_labels": ["Calls", "Visits", "Mails", "Events"],
        "chart_series": [("this year", [128, 41, 96, 12]), ("last year", [90, 52, 88, 7])],
        "chart_months": ["Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar"],
        "chart_lines": [("this year", [12, 25, 31, 14, 28, 40, 47]), ("last year", [8, 14, 22, 12, 19, 24, 20])],
        "map_view": View.of(49.12, 6.18, 12),
        "map_far": View.of(40.3, 23.2, 200),
        "map_homes": [Home(49.1106, 6.1897, "School")],
        "map_places": [
            Place(49.1403, 6.1571, "Bakery Sonnenfeld, spoken with last week", "#map", "full"),
            Place(49.0703, 6.1101, "Garage Nowak, spoken with two years ago", "#map", "half"),
            Place(49.1603, 6.2571, "Hotel Aurora, never spoken with", "#map"),
            Place(49.0853, 6.2371, "Café Nord, resting", "#map", "square"),
            Place(49.1173, 6.1101, "14 places in Metz", count=14, closer=View.of(49.1173, 6.1101, 2)),
        ],
        "map_towns": [("Metz", 49.1193, 6.1757), ("Woippy", 49.1512, 6.1513)],
        "map_rings": [5, 10],
        "map_legend": [
            ("full", "spoken with"),
            ("half", "long ago"),
            ("empty", "never"),
            ("square", "resting"),
            ("home", "School"),
        ],
        "map_greek": [("Θεσσαλονίκη", 40.64, 22.94), ("Καβάλα", 40.94, 24.41)],
        "film_sources": [
            Source("#film-example", "video/mp4", "720p", least_width=900),
            Source("#film-example-small", "video/mp4", "360p"),
        ],
        "film_texts": [
            Text("#film-captions", "captions", "en", "English"),
            Text("#film-descriptions", "descriptions", "en", "What is seen"),
        ],
        "film_pauses": [Pause(90, "1:30", "What would you ask first?", "#film-example")],
        "film_lines": [
            Said(80, "1:20", "She opens the door of the bakery.", is_seen=True),
            Said(83, "1:23", "We begin at four, and the learners come at six."),
            Said(90, "1:30", "What would you ask first?"),
        ],
        "signs": sign_names(),
    }


@cache
def sign_names() -> list[str]:
    """The names of all signs in the icon file."""
    icons = (Path(__file__).parent / "static/ui/icons.svg").read_text(encoding="utf-8")
    return [name for name in _SIGNS.findall(icons) if name != "guildhall"]
