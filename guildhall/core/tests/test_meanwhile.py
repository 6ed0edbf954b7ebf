import re

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.http import QueryDict

from guildhall.core.meanwhile import MeanwhileMixin
from guildhall.core.models import Schedule
from guildhall.core.tests.test_history import rename
from guildhall.core.tests.test_ui import draw

pytestmark = pytest.mark.django_db


class ScheduleForm(MeanwhileMixin, forms.Form):
    timing = forms.CharField(widget=forms.Textarea)
    kind = forms.ChoiceField(choices=[("a", "Often"), ("b", "Rarely")], required=False)
    days = forms.MultipleChoiceField(choices=[("1", "Monday"), ("2", "Tuesday")], required=False)
    loud = forms.BooleanField(required=False)

    def __init__(self, *args, thing, **kwargs):
        super().__init__(*args, **kwargs)
        self.carry_along(thing)


BEFORE = {"timing": "daily\nat noon", "kind": "a", "days": ["1"], "loud": True}


@pytest.fixture
def thing():
    return Schedule.objects.create(task="sweep", timing="daily", next_at="2026-01-01T00:00Z")


def opened(thing, **initial):
    """What a browser would send of the form as it was opened."""
    drawn = draw("{{ form }}", form=ScheduleForm(initial={**BEFORE, **initial}, thing=thing))
    data = QueryDict(mutable=True)
    for name, value in re.findall(r'<input type="hidden" name="(initial-\w+)" value="([^"]*)"', drawn):
        data.appendlist(name, value.replace("\n", "\r\n"))
    data["timing"], data["kind"], data["loud"] = "daily\r\nat noon", "a", "on"
    data.setlist("days", ["1"])
    return data


def send(data, thing, **now):
    return ScheduleForm(data, initial={**BEFORE, **now}, thing=thing)


def test_what_nobody_changed_stays(thing):
    form = send(opened(thing), thing)
    assert form.is_valid()
    assert not form.changed_data


def test_what_only_others_changed_is_taken_over(thing):
    form = send(opened(thing), thing, kind="b", days=["1", "2"], loud=False, timing="weekly")
    assert form.is_valid()
    assert form.cleaned_data == {"timing": "weekly", "kind": "b", "days": ["1", "2"], "loud": False}


def test_what_only_i_changed_is_mine(thing):
    data = opened(thing)
    data["kind"] = "b"
    form = send(data, thing, timing="weekly")
    assert form.is_valid()
    assert (form.cleaned_data["kind"], form.cleaned_data["timing"]) == ("b", "weekly")


def test_who_changes_the_same_field_second_is_told_and_keeps_their_words(thing):
    data = opened(thing)
    data["kind"], data["timing"] = "", "never"
    form = send(data, thing, kind="b", timing="weekly")
    assert not form.is_valid()
    assert "“Rarely”" in form.errors["kind"][0]
    assert "“weekly”" in form.errors["timing"][0]
    assert "never" in draw("{{ form }}", form=form)


def test_sent_again_it_is_theirs(thing):
    data = opened(thing)
    data["timing"] = "never"
    first = send(data, thing, timing="weekly")
    assert not first.is_valid()
    second = send(first.data, thing, timing="weekly")
    assert second.is_valid()
    assert second.cleaned_data["timing"] == "never"


def test_of_several_choices_one_reads_the_words_and_sent_again_they_are_theirs(thing):
    data = opened(thing)
    data.setlist("days", [])
    first = send(data, thing, days=["1", "2"])
    assert "“Monday, Tuesday”" in first.errors["days"][0]
    drawn = draw("{{ form }}", form=first)
    again = QueryDict(mutable=True)
    for name, value in re.findall(r'<input type="hidden" name="(initial-\w+)" value="([^"]*)"', drawn):
        again.appendlist(name, value)
    again["timing"], again["kind"], again["loud"] = "daily\nat noon", "a", "on"
    second = send(again, thing, days=["1", "2"])
    assert second.is_valid()
    assert second.cleaned_data["days"] == []


def test_what_is_too_long_for_a_sentence_is_shown_apart(thing):
    data = opened(thing)
    data["timing"] = "never"
    form = send(data, thing, timing="weekly " * 60)
    assert form.errors["timing"][0].startswith("This was changed while you had it open")
    assert [(field.name, value) for field, value in form.theirs] == [("timing", "weekly " * 60)]


def test_space_at_the_ends_is_no_change(thing):
    data = opened(thing, timing=" daily ")
    data["timing"] = "never"
    assert send(data, thing, timing="daily").is_valid()


def test_both_wrote_the_same(thing):
    data = opened(thing)
    data["timing"] = "weekly"
    assert send(data, thing, timing="weekly").is_valid()


def test_it_says_who_it_was(thing):
    heike = get_user_model().objects.create_user("heike@example.org", name="Heike Berg")
    rename(thing, timing="weekly", by=heike)
    data = opened(thing)
    data["timing"] = "never"
    form = send(data, thing, timing="weekly")
    assert form.errors["timing"][0].startswith("Heike Berg changed this to “weekly”")


def test_a_form_that_carries_nothing_along_asks_nothing(thing):
    assert send(QueryDict("timing=never&kind=a"), thing, timing="weekly").is_valid()


def test_what_was_ticked_is_kept_when_something_else_was_wrong(thing):
    data = opened(thing, days=[])
    data.setlist("days", ["1"])
    data["timing"] = ""
    drawn = draw("{{ form }}", form=send(data, thing, days=[]))
    assert 'name="initial-days"' not in drawn
    data["timing"] = "daily"
    again = send(data, thing, days=[])
    assert again.is_valid()
    assert again.cleaned_data["days"] == ["1"]
