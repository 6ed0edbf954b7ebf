"""What letters to employers begin with, and how many one of them gets: templates and settings of a school."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.engagement import actions
from guildhall.engagement.forms.mailings import LetterSettingsForm, TemplateForm
from guildhall.engagement.models import LetterSettings, LetterTemplate
from guildhall.engagement.rules import can_set_letters, can_write_letters
from guildhall.engagement.views.desk import form_page, open_book
from guildhall.engagement.writing.wording import starters
from guildhall.people.middleware import PersonRequest

ROWS = 25


@require_safe
def template_list(request: PersonRequest) -> HttpResponse:
    """The school's templates, and those that come with Guildhall."""
    school = open_book(request)
    templates = LetterTemplate.objects.visible_to(request.user).in_book_of(school).prefetch_related("words")
    language = get_language() or ""
    context = {
        "page": Pages(templates.select_related("changed_by"), ROWS).get_page(request.GET.get("page")),
        "starters": [(starter.name_in(language), starter.words.get(language)) for starter in starters().values()],
        "language": language,
    }
    return page(request, "engagement/letter_templates.html", context)


def template_add(request: PersonRequest) -> HttpResponse:
    """Write a template, in as many languages as one can."""
    school = open_book(request)
    can_write_letters.require(request.user, school)
    form = TemplateForm(request.POST or None)
    back = reverse("engagement:letter_templates")
    if request.method == "POST" and form.is_valid():
        actions.keep_template(school, **form.said, by=request.user, at=now())
        return done(request, "", {}, message=_("The template is kept."), to=back)
    sentence = _("In braces stands what is another for each who gets it, such as {salutation} and {employer}.")
    return form_page(request, form, title=_("Write a template"), sentence=sentence, submit=_("Keep it"), back=back)


def template_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a template. Letters written from it before stay as they are."""
    template = _template(request, pk)
    form = TemplateForm(request.POST or None, template=template)
    back = reverse("engagement:letter_templates")
    if request.method == "POST" and form.is_valid():
        actions.keep_template(template.school, template=template, **form.said, by=request.user, at=now())
        return done(request, "", {}, message=_("Saved."), to=back)
    sentence = _("Letters written from it before stay as they are.")
    return form_page(request, form, title=template.name, sentence=sentence, submit=_("Save"), back=back)


@require_POST
def template_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Throw a template away."""
    template = _template(request, pk)
    actions.remove_template(template, by=request.user, at=now())
    message = _("“%(template)s” is thrown away.") % {"template": template.name}
    return done(request, "", {}, message=message, to=reverse("engagement:letter_templates"))


def letter_settings(request: PersonRequest) -> HttpResponse:
    """How many letters an employer gets within 30 days at most, and what stands below each."""
    school = open_book(request)
    can_set_letters.require(request.user, school)
    form = LetterSettingsForm(request.POST or None, instance=LetterSettings.of(school))
    back = reverse("engagement:mailings")
    if request.method == "POST" and form.is_valid():
        actions.set_letters(school, **form.cleaned_data, by=request.user, at=now())
        return done(request, "", {}, message=_("Saved."), to=back)
    sentence = _("They hold for all who write letters in the name of your school.")
    return form_page(request, form, title=_("Settings of letters"), sentence=sentence, submit=_("Save"), back=back)


def _template(request: PersonRequest, pk: int) -> LetterTemplate:
    templates = LetterTemplate.objects.visible_to(request.user).select_related("school").prefetch_related("words")
    return get_object_or_404(templates, pk=pk)
