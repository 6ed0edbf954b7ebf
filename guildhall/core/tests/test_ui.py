"""The components: what they promise to whoever uses them in a page."""

from __future__ import annotations

import gzip
import re
from datetime import date
from inspect import Parameter, signature
from pathlib import Path

import django_htmx
import pytest
from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.db.models.fields import BLANK_CHOICE_DASH
from django.forms.renderers import get_default_renderer
from django.http import QueryDict
from django.template import TemplateSyntaxError, engines
from django.template.loader import render_to_string
from django.test import override_settings
from django.utils.safestring import mark_safe
from django.utils.translation import override

from guildhall.core.forms import Counted
from guildhall.core.pages import Pages
from guildhall.core.ui import components
from guildhall.core.ui.basics import near_words
from guildhall.core.ui.lists import Column
from guildhall.core.ui.pictures import Pane

CORE = Path(__file__).parent.parent
TODAY = date(2026, 3, 10)


def draw(source: str, request=None, **context) -> str:
    return engines["django"].from_string(source).render({**context, "request": request})


class Person(forms.Form):
    name = forms.CharField(help_text="As on the door.")
    mail = forms.EmailField(required=False)
    town = forms.ChoiceField(choices=[("", "all"), ("metz", "Metz"), ("kiel", "Kiel")], required=False)
    secret = forms.CharField(widget=forms.PasswordInput, required=False)


@pytest.mark.parametrize("name", components)
def test_every_component_says_what_each_of_its_arguments_is(name):
    described = components[name].__doc__
    taken = signature(components[name]).parameters.values()
    named = [p.name for p in taken if p.kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD)]
    assert [word for word in named if f"{word}: " not in described] == []


@pytest.mark.parametrize("name", components)
def test_every_component_takes_its_arguments_by_name_only(name):
    free = [p.name for p in signature(components[name]).parameters.values() if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
    assert set(free) <= {"context", "content"}


@pytest.mark.parametrize("template", sorted(CORE.rglob("templates/**/*.html")), ids=lambda path: path.name)
def test_no_template_carries_a_script_or_a_style_inside(template):
    assert not re.search(r"<script(?! src)|<style|\sstyle=|\son\w+=|javascript:", template.read_text())


def test_a_first_visit_moves_less_than_60_kilobytes():
    htmx = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js"
    files = [*CORE.glob("static/ui/*.*"), htmx]
    page = 8_000
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) + page < 60_000


def test_what_a_person_typed_is_shown_and_not_run():
    assert "<b>" not in draw(
        "{% button href=x %}{{ x }}{% endbutton %}{% avatar name=x %}{% badge %}{{ x }}{% endbadge %}", x='"<b>'
    )
    assert "<b>" not in draw(
        "{% item title=x aside=x %}{% enditem %}{% button data_x=x %}{% endbutton %}{% icon name=x label=x %}", x='"<b>'
    )


def test_a_kept_text_that_is_safe_does_not_answer_for_one_that_is_not():
    assert "<i>" in draw('{% icon name="mail" label=label %}', label=mark_safe("<i>"))
    assert "<i>" not in draw('{% icon name="mail" label=label %}', label="<i>")


def test_a_button_with_an_address_is_a_link():
    assert draw('{% button href="/x/" %}On{% endbutton %}').startswith('<a class="button plain" href="/x/">')
    assert draw("{% button %}On{% endbutton %}").startswith('<button class="button plain" type="submit">')


def test_attributes_are_written_with_hyphens_and_left_out_when_there_are_none():
    drawn = draw("{% button hx_post=address disabled=True name=None %}On{% endbutton %}", address="/a/?b=1&c=2")
    assert 'hx-post="/a/?b=1&amp;c=2" disabled>' in drawn
    assert "name=" not in drawn


def test_an_argument_that_is_not_known_is_an_error_at_once():
    with pytest.raises(TemplateSyntaxError, match="colour"):
        draw('{% badge colour="red" %}x{% endbadge %}')


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 3, 10), "today"),
        (date(2026, 3, 11), "tomorrow"),
        (date(2026, 3, 9), "yesterday"),
        (date(2026, 3, 13), "in 3 days"),
        (date(2026, 3, 3), "7 days ago"),
        (date(2026, 3, 31), "in 3 weeks"),
        (date(2026, 2, 10), "4 weeks ago"),
        (date(2026, 9, 1), "1 Sep"),
        (date(2025, 9, 1), "1 Sep 2025"),
    ],
)
def test_a_date_is_said_in_words_while_it_is_near(day, words):
    assert near_words(day, TODAY) == words


def test_a_moment_holds_the_exact_date_and_takes_the_focus():
    drawn = draw("{% moment at=day %}", day=date(2020, 5, 4))
    assert 'datetime="2020-05-04"' in drawn
    assert 'tabindex="0"' in drawn
    assert "Monday, 4 May 2020" in drawn


def test_no_moment_draws_nothing():
    assert draw("{% moment at=day %}", day=None).strip() == ""


def test_a_window_says_its_panes_in_words_and_in_shapes():
    panes = [Pane("Teachers", "lively"), Pane("Plans", "touched"), *[Pane(name) for name in "abcd"]]
    drawn = draw('{% window panes=panes label="Sonnenfeld" %}', panes=panes)
    assert 'aria-label="Sonnenfeld: Teachers: lively; Plans: touched"' in drawn
    assert drawn.count('class="dark"') == 4
    assert drawn.count('class="glow"') == 1


def test_a_window_has_six_panes():
    with pytest.raises(ValueError, match="six"):
        draw("{% window panes=panes %}", panes=[Pane("one")])


def test_a_form_that_is_wrong_says_so_on_top_and_beside_the_field_and_keeps_what_was_typed():
    drawn = draw('{% form form=form submit="Save" %}{% endform %}', form=Person({"mail": "nobody"}))
    assert 'role="alert"' in drawn
    assert '<a href="#id_name">Name</a>: Please fill this in.' in drawn
    assert 'id="id_name_error"' in drawn
    assert 'aria-describedby="id_name_helptext id_name_error"' in drawn
    assert 'value="nobody"' in drawn


def test_a_form_draws_its_groups_and_nothing_twice():
    form = Person()
    form.groups = [("Who", ["name", "mail"]), ("Where", ["town", "secret"])]
    drawn = draw("{% form form=form %}{% endform %}", form=form)
    assert drawn.count("<fieldset") == 2
    assert drawn.count('name="name"') == 1


def test_a_folded_group_names_its_fields_and_opens_when_something_stands_in_one():
    source = '{% group title="More" fields=fields folded=True %}{% endgroup %}'
    empty, filled, wrong = Person(), Person(initial={"mail": "a@b.example"}), Person({"name": "x", "mail": "nobody"})
    assert '<details class="group">' in draw(source, fields=[empty["name"], empty["mail"]])
    assert "Name · Mail" in draw(source, fields=[empty["name"], empty["mail"]])
    assert '<details class="group" open>' in draw(source, fields=[filled["mail"]])
    assert '<details class="group" open>' in draw(source, fields=[wrong["mail"]])


def test_what_must_hold_something_opens_no_group():
    form = Person(initial={"name": "As ever"})
    assert "open" not in draw('{% group title="x" fields=fields folded=True %}{% endgroup %}', fields=[form["name"]])


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (forms.EmailField(), "Please fill this in."),
        (forms.DateField(), "Please fill this in."),
        (forms.TypedChoiceField(choices=[("a", "A")]), "Please choose one."),
        (forms.MultipleChoiceField(choices=[("a", "A")]), "Please choose at least one."),
        (forms.BooleanField(), "Please tick this."),
        (forms.FileField(), "Please choose a file."),
    ],
)
def test_a_field_says_in_plain_words_what_is_missing(field, words):
    with pytest.raises(forms.ValidationError, match=words):
        field.clean(None)


def test_a_form_with_content_draws_that_instead_of_its_fields():
    drawn = draw("{% form form=form %}{% field field=form.town %}{% endform %}", form=Person())
    assert 'name="town"' in drawn
    assert 'name="mail"' not in drawn


def test_no_choice_reads_as_a_dash():
    field = forms.TypedChoiceField(choices=BLANK_CHOICE_DASH, required=False)
    assert '<option value="" selected>—</option>' in field.widget.render("town", None, renderer=get_default_renderer())


def test_a_form_on_its_own_looks_like_ours():
    assert '<div class="field">' in str(Person())
    assert '<div class="field">' in Person()["name"].as_field_group()


def test_a_visitors_form_that_changes_nothing_asks_for_no_token(rf):
    request = rf.get("/")
    request.session = {}
    template = engines["django"].from_string("{% form csrf=False %}x{% endform %}")
    assert "csrf" not in template.render({}, request)
    assert not request.session


def test_each_filter_can_be_taken_off_alone(rf):
    asked = "q=bread&town=metz&town=kiel&sort=name&page=3"
    drawn = draw(
        "{% filter_bar form=form %}{% endfilter_bar %}{% chips form=form %}",
        rf.get(f"/list/?{asked}"),
        form=Person(QueryDict(asked)),
    )
    assert "Town: <strong>Metz</strong>" in drawn
    assert 'href="?q=bread&amp;town=kiel&amp;sort=name"' in drawn
    assert '<input type="hidden" name="sort" value="name">' in drawn


class Counting(forms.Form):
    town = forms.ChoiceField(choices=[("", "all"), ("metz", Counted("Metz <3", 2360))], required=False)


def test_a_choice_says_how_many_answer_to_it_and_its_chip_only_the_words(rf):
    form = Counting(QueryDict("town=metz"))
    drawn = draw("{% chips form=form %}{{ form.town }}", rf.get("/list/?town=metz"), form=form)
    assert '<option value="metz" selected>Metz &lt;3 (2,360)</option>' in drawn
    assert "<strong>Metz &lt;3</strong>" in drawn


def test_filters_whose_choices_change_are_swapped_by_their_id_and_what_is_typed_stays(rf):
    form = Person(QueryDict("town=metz"))
    bar = draw('{% filter_bar form=form search="name" id="narrow" %}{% endfilter_bar %}', rf.get("/list/?town=metz"), form=form)
    fresh = draw('{% filter_fields form=form search="name" id="narrow" %}', form=form)
    assert fresh.startswith('<div hx-swap-oob="innerHTML:#narrow">')
    inside = fresh.strip().removeprefix('<div hx-swap-oob="innerHTML:#narrow">').removesuffix("</div>")
    assert f'<div class="filter-fields" id="narrow">{inside}</div>' in bar
    assert 'name="name"' not in fresh


def test_a_text_in_another_language_says_so_and_one_in_the_pages_does_not():
    source = "{% spoken text=text language=language %}"
    assert draw(source, text="Brot & Salz", language="de") == '<span lang="de">Brot &amp; Salz</span>'
    assert draw(source, text="<b>", language="en") == "&lt;b&gt;"
    assert draw(source, text="خبز", language="ar") == '<span lang="ar" dir="rtl">خبز</span>'
    assert draw("<p{{ l|in_language }}>", l='"><script>') == '<p lang="&quot;&gt;&lt;script&gt;">'


def test_a_language_is_called_as_those_do_who_speak_it():
    assert [draw("{{ l|own_name }}", l=code) for code in ("el", "pl", "xx")] == ["Ελληνικά", "Polski", "Xx"]


def test_what_is_copied_is_what_was_written_even_where_that_is_html():
    drawn = draw('{% copyable text=text label="x" %}', text=mark_safe('<i title="a &amp; b"></textarea>'))
    assert "&lt;i title=&quot;a &amp;amp; b&quot;&gt;&lt;/textarea&gt;</textarea>" in drawn


def test_the_pager_says_where_one_is_and_keeps_the_filters(rf):
    page = Pages(range(2360), 50).get_page(2)
    drawn = draw("{% pager page=page %}", rf.get("/list/?town=metz&page=2"), page=page)
    assert "51–100 of 2,360" in drawn
    assert 'href="?town=metz&amp;page=3"' in drawn


def test_numbers_are_written_as_the_language_does():
    counted = "{% blocktranslate count count=n %}{{ count }} thing{% plural %}{{ count }} things{% endblocktranslate %}"
    with override("de"):
        assert "2.360" in draw('{% stat label="x" value=n definition="y" %}', n=2360)
        assert "2.360" in draw('{% tab href="#" count=n %}x{% endtab %}', n=2360)
        assert "2.360" in draw(f"{{% count_line %}}{counted}{{% endcount_line %}}", n=2360)
        assert "2.360" in draw(f"{{% badge %}}{counted}{{% endbadge %}}", n=2360)


def test_what_is_sent_is_not_written_as_a_count():
    assert 'name="thing" value="2360"' in draw('{% act url="/x/" thing=n %}x{% endact %}', n=2360)


def test_an_address_breaks_after_its_signs_and_is_shown_not_run():
    assert draw("{{ a|breakable }}", a="ada.lamb@firm.example") == "ada.<wbr>lamb@<wbr>firm.<wbr>example"
    assert "<b>" not in draw("{{ a|breakable }}", a="<b>@x")


def test_a_column_that_sorts_says_in_which_order_it_is():
    columns = [Column("Name", sort_url="?sort=-name", sorted="ascending"), "Town", ""]
    drawn = draw('{% table caption="People" columns=columns %}{% endtable %}', columns=columns)
    assert '<th scope="col" aria-sort="ascending"><a href="?sort=-name">Name' in drawn
    assert "#up" in drawn
    assert "#down" in draw(
        '{% table caption="x" columns=columns %}{% endtable %}', columns=[Column("Name", sort_url="?", sorted="descending")]
    )
    assert '<th scope="col">Town</th>' in drawn
    assert "<td></td>" in drawn


def test_a_chart_of_marks_ends_where_the_best_would_be():
    given = {"labels": ["Quality", "Use"], "series": [("all", [2.0, 1.5])]}
    drawn = draw('{% chart title="Marks" labels=labels series=series most=5 %}', **given)
    assert re.findall(r'class="series-1" width="([0-9.]+)%"', drawn) == ["40.0", "30.0"]


def test_a_chart_comes_with_its_figures_as_a_table():
    drawn = draw('{% chart title="Talks" labels=labels series=series %}', labels=["Call", "Visit"], series=[("2026", [1280, 4])])
    assert '<th scope="row">Call</th><td class="numeric">1,280</td>' in drawn
    assert 'width="64.0%"' in drawn


@pytest.mark.parametrize("kind", ["bars", "lines"])
def test_a_chart_of_nothing_is_no_error(kind):
    assert "figure" in draw('{% chart title="Talks" labels=l series=s kind=kind %}', l=["a"], s=[("2026", [0])], kind=kind)
    assert "figure" in draw('{% chart title="Talks" labels=l series=s kind=kind %}', l=[], s=[], kind=kind)


def test_progress_asks_again_until_it_has_ended():
    running = draw('{% progress label="Reading" done=1240 total=2360 url="/p/" %}')
    assert 'hx-trigger="every 1s"' in running
    assert "1,240 of 2,360" in running
    assert 'max="2360" value="1240"' in running
    assert "noscript" in running
    assert "hx-get" not in draw('{% progress label="Read" done=5 total=5 url="/p/" finished=True %}')


def test_a_message_offers_to_undo_what_can_be_undone():
    told = Message(constants.SUCCESS, "Written down.", "undo:/contacts/7/undo/")
    drawn = draw("{% message message=told %}", told=told)
    assert '<form class="act" method="post" action="/contacts/7/undo/"' in drawn
    assert "Undo" not in draw("{% message message=told %}", told=Message(constants.SUCCESS, "Written down."))


def test_a_swapped_message_finds_its_place_by_itself():
    told = Message(constants.ERROR, "Somebody else was first.")
    drawn = render_to_string("ui/_messages.html", {"swapped": True, "messages": [told]})
    assert 'hx-swap-oob="beforeend:#messages"' in drawn
    assert "Somebody else was first." in drawn


def test_the_page_for_a_fault_of_ours_needs_nothing_but_itself():
    with override_settings(
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"builtins": ["django.templatetags.i18n"]},
            }
        ]
    ):
        assert "<h1>" in render_to_string("500.html")
