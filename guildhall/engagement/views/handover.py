from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.engagement import actions
from guildhall.engagement.forms.employers import WorkForm
from guildhall.engagement.letters import handed_over, relations
from guildhall.engagement.views.desk import colleagues_of, form_page, open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import User
from guildhall.people.rules import can_coordinate

ROWS = 50


def work_hand_over(request: PersonRequest) -> HttpResponse:
    """Put all that a colleague, or oneself, looks after into somebody else's hands, with a letter of what is open."""
    school = open_book(request)
    colleagues = colleagues_of(school)
    givers = colleagues if can_coordinate(request.user, school) else [request.user]
    form = WorkForm(request.POST or None, givers=givers, heirs=colleagues, initial={"of": request.user.pk})
    if request.method == "POST" and form.is_valid():
        of, heir = form.cleaned_data["of"], form.cleaned_data["heir"]
        letter = reverse("engagement:letter", args=[of.pk, heir.pk])
        actions.hand_over_work(school, of=of, heir=heir, letter=letter, by=request.user, at=now())
        return done(request, "", {}, message=_("Handed over. This is the letter that goes with it."), to=letter)
    return form_page(
        request,
        form,
        title=_("Hand over all of somebody's work"),
        sentence=_("All employers and open next steps go along, with a letter: whom to speak with, what was said, what is open."),
        submit=_("Hand over"),
        back=reverse("engagement:employers"),
    )


@require_safe
def letter(request: PersonRequest, of_pk: int, heir_pk: int) -> HttpResponse:
    """What went from one colleague to another, employer by employer; made to be printed."""
    school = open_book(request)
    of, heir = get_object_or_404(User, pk=of_pk), get_object_or_404(User, pk=heir_pk)
    changes = handed_over(school, of=of, heir=heir)
    shown = Pages(changes, ROWS).get_page(request.GET.get("page"))
    if not shown.paginator.count:
        raise Http404
    context = {"school": school, "of": of, "heir": heir, "page": shown, "relations": relations(shown), "today": localdate()}
    return page(request, "engagement/letter.html", context)
