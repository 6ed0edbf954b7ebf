from __future__ import annotations

from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.errors import Refused
from guildhall.core.http import came_from, done
from guildhall.core.pages import Pages
from guildhall.engagement import actions
from guildhall.engagement.forms.mail import AlwaysForm, FindForm
from guildhall.engagement.mailing.filing import employers_of
from guildhall.engagement.mailing.receiving import receive
from guildhall.engagement.models import CapturedMail, Employer, MailAddress, Person
from guildhall.engagement.rules import can_file_mail
from guildhall.engagement.search import employers_found
from guildhall.engagement.views.desk import open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation

ROWS = 20
#: Employers that a search offers, and that one mail is suggested for.
OFFERED = 10
SUGGESTED = 3


@require_safe
def mail_list(request: PersonRequest) -> HttpResponse:
    """The mails of which nobody could tell whose they are, each with the employers it may concern."""
    school = open_book(request)
    mails = CapturedMail.objects.visible_to(request.user).of(request.user).to_file().filter(school=school)
    shown = Pages(mails.order_by("-waits_since", "-pk"), ROWS).get_page(request.GET.get("page"))
    return render(request, "engagement/mail_list.html", {"page": shown, "rows": _with_suggestions(school, list(shown))})


def _with_suggestions(school: Organisation, mails: list[CapturedMail]) -> list[tuple[CapturedMail, list[Employer]]]:
    """Each mail with the employers it may concern, in as many queries whatever their number."""
    addresses = {address for mail in mails for address, _name in mail.others}
    concerned = employers_of(school, addresses)
    numbers = {pk for employers in concerned.values() for pk in employers[:SUGGESTED]}
    employers = Employer.objects.select_related("organisation").in_bulk(numbers)
    rows = []
    for mail in mails:
        its = dict.fromkeys(pk for address, _name in mail.others for pk in concerned[address] if pk in employers)
        rows.append((mail, [employers[pk] for pk in its][:SUGGESTED]))
    return rows


@require_safe
def mail_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A mail as it came, and the employers to whose timeline it may go, found by a search or suggested."""
    mail = get_object_or_404(_visible(request), pk=pk)
    can_file_mail.require(request.user, mail)
    school = mail.school
    find = FindForm(request.GET)
    text = find.cleaned_data["q"] if find.is_valid() else ""
    if text:
        found = Employer.objects.in_book_of(school).filter(pk__in=employers_found(text, school))
        offered = list(found.select_related("organisation").order_by("sort_key", "pk")[:OFFERED])
    else:
        offered = _with_suggestions(school, [mail])[0][1]
    current = mail.contact.employer_id if mail.contact else None
    address = mail.other_address
    unknown = bool(address) and not Person.objects.filter(school=school, email__iexact=address).exists()
    context = {
        "mail": mail,
        "text": text,
        "offered": [employer for employer in offered if employer.pk != current],
        "find": find,
        "always": AlwaysForm(mail=mail) if unknown else None,
    }
    return render(request, "engagement/mail_detail.html", context)


@require_POST
def mail_file(request: PersonRequest, pk: int, employer_pk: int) -> HttpResponse:
    """Put a mail onto an employer's timeline, or from one onto another."""
    mail = get_object_or_404(_visible(request), pk=pk)
    employers = Employer.objects.visible_to(request.user).select_related("organisation", "school")
    employer = get_object_or_404(employers, pk=employer_pk)
    before = mail.contact.employer if mail.contact else None
    mail = actions.file_mail(mail, employer=employer, always="always" in request.POST, by=request.user, at=now())
    undo = reverse("engagement:mail_take_back", args=[mail.pk])
    if before:
        undo = reverse("engagement:mail_file", args=[mail.pk, before.pk])
    message = _("The mail is on the timeline of %(employer)s.") % {"employer": employer}
    to = employer.get_absolute_url() if before else _where_it_goes_on(request, mail)
    return done(request, "", {}, message=message, to=to, undo=undo)


@require_POST
def mail_take_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a mail off a timeline: it waits to be filed again."""
    mail = get_object_or_404(_visible(request), pk=pk)
    back = mail.contact.employer.get_absolute_url() if mail.contact else reverse("engagement:mails")
    actions.take_back_mail(mail, by=request.user, at=now())
    return done(request, "", {}, message=_("The mail is off the timeline and waits to be filed."), to=came_from(request, back))


@require_POST
def mail_drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that a mail belongs to no employer."""
    mail = actions.drop_mail(get_object_or_404(_visible(request), pk=pk), by=request.user, at=now())
    undo = reverse("engagement:mail_keep", args=[mail.pk])
    message = _("“%(mail)s” is dropped, and deleted in 30 days.") % {"mail": mail}
    return done(request, "", {}, message=message, to=_where_it_goes_on(request, mail), undo=undo)


@require_POST
def mail_keep(request: PersonRequest, pk: int) -> HttpResponse:
    """Let a mail that was dropped wait to be filed again."""
    mail = actions.keep_mail(get_object_or_404(_visible(request), pk=pk), by=request.user, at=now())
    return done(request, "", {}, message=_("“%(mail)s” waits to be filed.") % {"mail": mail}, to=reverse("engagement:mails"))


def _where_it_goes_on(request: PersonRequest, mail: CapturedMail) -> str:
    """Back to where one came from, but not to the page of a mail that is done with."""
    came = came_from(request, reverse("engagement:mails"))
    return reverse("engagement:mails") if mail.get_absolute_url() in came else came


def _visible(request: PersonRequest) -> Any:
    return CapturedMail.objects.visible_to(request.user).select_related("school", "owner", "contact__employer__organisation")


# --- The secret address --------------------------------------------------------------------------------------------


@require_safe
def mail_address(request: PersonRequest) -> HttpResponse:
    """A colleague's secret mail address: what it is for, what it is, a new one, none."""
    school = open_book(request)
    address = MailAddress.objects.filter(school=school, owner=request.user).first()
    return render(request, "engagement/mail_address.html", {"address": address, "is_possible": bool(settings.MAIL_IN_DOMAIN)})


@require_POST
def mail_address_renew(request: PersonRequest) -> HttpResponse:
    """Make a secret mail address, or another one in its place."""
    school = open_book(request)
    if not settings.MAIL_IN_DOMAIN:
        raise Refused(_("This installation takes no mail in yet."))
    had_one = MailAddress.objects.filter(school=school, owner=request.user).exists()
    actions.make_mail_address(school, by=request.user, at=now())
    message = _("Here is your new address. The old one takes nothing any more.") if had_one else _("Here is your address.")
    return done(request, "", {}, message=message, to=reverse("engagement:mail_address"))


@require_POST
def mail_address_off(request: PersonRequest) -> HttpResponse:
    """Switch the secret mail address off."""
    address = get_object_or_404(MailAddress, school=open_book(request), owner=request.user)
    actions.switch_off_mail_address(address, by=request.user, at=now())
    message = _("Your address is switched off. What is on timelines stays there.")
    return done(request, "", {}, message=message, to=reverse("engagement:mail_address"))


# --- From a mail server --------------------------------------------------------------------------------------------


@csrf_exempt
@login_not_required
@require_POST
def mail_in(request: HttpRequest) -> HttpResponse:
    """Take a mail in from a mail server that knows the secret: 204 whatever the mail is, for nobody gets an answer."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    wanted = settings.MAIL_IN_SECRET if settings.MAIL_IN_DOMAIN else ""
    if not compare_digest(given.encode(), wanted.encode()) or not wanted:
        return HttpResponse(status=403)
    if request.content_type != "message/rfc822":
        return HttpResponse("message/rfc822\n", status=415, content_type="text/plain")
    largest = settings.MAX_UPLOAD_MB * 1024 * 1024
    raw = request.read(largest + 1)
    if len(raw) > largest:
        return HttpResponse(status=413)
    receive(raw, envelope=request.GET.getlist("to"), at=now())
    return HttpResponse(status=204)
