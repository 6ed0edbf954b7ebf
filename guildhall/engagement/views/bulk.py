from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import ngettext

from guildhall.core.http import done, page
from guildhall.engagement import actions
from guildhall.engagement.consortia.others import TALKS_FOR
from guildhall.engagement.filtering import narrowed
from guildhall.engagement.forms.book import DeedForm, EmployerFilter, view_of
from guildhall.engagement.models import Consortium, Employer, EmployerQuerySet, Tag
from guildhall.engagement.views.desk import colleagues_of, open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation, User

#: How many of the chosen are named on the page.
NAMED = 12


def many_employers(request: PersonRequest) -> HttpResponse:
    """Do something with many employers at once: those that were ticked, or all that a view of the list shows."""
    school = open_book(request)
    colleagues = colleagues_of(school)
    asked = request.POST if request.method == "POST" else request.GET
    employers = chosen_employers(request, asked, school, colleagues)
    count = employers.count()
    deed = request.POST.get("deed", "")
    back = f"{reverse('engagement:employers')}?{view_of(QueryDict(asked.get('of', '')))}"
    tags = list(Tag.objects.in_book_of(school))
    consortia = list(Consortium.objects.joined_by(school))
    form = DeedForm(request.POST if deed in DEEDS else None, deed=deed, colleagues=colleagues, tags=tags, consortia=consortia)
    if count and deed in DEEDS and form.is_valid():
        told = DEEDS[deed](school, employers, form.cleaned_data, request.user)
        message = ngettext("Done for %(count)d employer.", "Done for %(count)d employers.", count) % {"count": count}
        message = told if isinstance(told, str) else message
        return done(request, "", {}, message=message, to=back)
    context = {
        "form": form,
        "count": count,
        "named": list(employers.select_related("organisation").order_by("sort_key", "pk")[:NAMED]),
        "others": max(count - NAMED, 0),
        "ticked": [] if asked.get("all") else asked.getlist("employer"),
        "all": bool(asked.get("all")),
        "of": asked.get("of", ""),
        "tags": tags,
        "consortia": consortia,
        "carried": [tag for tag in tags if tag.pk in set(employers.values_list("tags", flat=True))] if count else [],
        "back": back,
    }
    return page(request, "engagement/many.html", context, status=422 if form.is_bound else 200)


def chosen_employers(request: PersonRequest, asked: QueryDict, school: Organisation, colleagues: list[User]) -> EmployerQuerySet:
    """The employers that were ticked, or all that a view of the list shows."""
    book = Employer.objects.visible_to(request.user).in_book_of(school)
    if asked.get("all"):
        filters = EmployerFilter(QueryDict(asked.get("of", "")), school=school, colleagues=colleagues)
        return narrowed(book, filters, school)
    return book.filter(
        pk__in=[int(pk) for pk in asked.getlist("employer") if pk.isascii() and pk.isdigit() and len(pk) < 19][:1000]
    )


Deed = Callable[[Organisation, EmployerQuerySet, dict[str, Any], User], object]


def _hand_over(school: Organisation, employers: EmployerQuerySet, given: dict[str, Any], by: User) -> object:
    return actions.hand_over_employers(school, employers=employers, owner=given["owner"], by=by, at=now())


def _tag(school: Organisation, employers: EmployerQuerySet, given: dict[str, Any], by: User) -> object:
    return actions.tag_employers(school, employers=employers, name=given["tag"], by=by, at=now())


def _untag(school: Organisation, employers: EmployerQuerySet, given: dict[str, Any], by: User) -> object:
    return actions.untag_employers(given["untag"], employers=employers, by=by, at=now())


def _plan(school: Organisation, employers: EmployerQuerySet, given: dict[str, Any], by: User) -> object:
    what, due_on, owner = given["what"], given["due_on"], given["whose"] or None
    return actions.plan_for_employers(school, employers=employers, what=what, due_on=due_on, owner=owner, by=by, at=now())


def _rest(school: Organisation, employers: EmployerQuerySet, given: dict[str, Any], by: User) -> object:
    return actions.rest_employers(school, employers=employers, until=given["until"], why=given["why"], by=by, at=now())


def _wake(school: Organisation, employers: EmployerQuerySet, given: dict[str, Any], by: User) -> object:
    return actions.rest_employers(school, employers=employers, until=None, by=by, at=now())


def _share(school: Organisation, employers: EmployerQuerySet, given: dict[str, Any], by: User) -> object:
    """Share those with whom somebody talked lately, and say how many were left out."""
    silent = employers.silent_since(now() - TALKS_FOR).count()
    actions.share_employers(school, employers=employers, consortium=given["consortium"], by=by, at=now())
    if not silent:
        return None
    left_out = ngettext(
        "Done, but for %(count)d employer nobody at your school has talked to in the last two years.",
        "Done, but for %(count)d employers nobody at your school has talked to in the last two years.",
        silent,
    )
    return left_out % {"count": silent}


def _unshare(school: Organisation, employers: EmployerQuerySet, given: dict[str, Any], by: User) -> object:
    return actions.unshare_employers(school, employers=employers, consortium=given["consortium"], by=by, at=now())


DEEDS: dict[str, Deed] = {
    "hand_over": _hand_over,
    "tag": _tag,
    "untag": _untag,
    "plan": _plan,
    "rest": _rest,
    "wake": _wake,
    "share": _share,
    "unshare": _unshare,
}
