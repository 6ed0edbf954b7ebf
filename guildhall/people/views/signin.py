"""What django-allauth does not have: starting with one's school, confirming by a code who one is, a factor that is asked for."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.account.views import BaseReauthenticateView, LoginView
from allauth.account.views import password_set as allauth_password_set
from allauth.core import ratelimit
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.errors import Refusal
from guildhall.core.http import page, refuse
from guildhall.people.actions import accounts
from guildhall.people.codes import AwaitedCode
from guildhall.people.forms.signin import PasswordSignInForm, SignInCodeForm, StartForm
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Statement, User
from guildhall.people.notices import send_letter


class TooOften(Refusal):
    """Somebody asks faster than a person would."""

    status = 429


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that it was too often, and how to go on."""
    return refuse(request, TooOften(_("That was too often in a short time. Wait a few minutes, then try again.")))


class PasswordSignInView(LoginView):
    template_name = "account/password_sign_in.html"

    def get_form_class(self) -> type[PasswordSignInForm]:
        return PasswordSignInForm


#: allauth asks for proof before a password is changed, but not before the first one is set.
password_set = reauthentication_required(app="allauth.account")(allauth_password_set)


@login_not_required
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Begin an account together with the organisation one works for. Until the address is proved, only this visit knows of it."""
    if request.user.is_authenticated:
        return redirect("/")
    informing = Statement.objects.current(localdate()).for_accounts().informing()
    statements = [statement.in_language(get_language() or "") for statement in informing.prefetch_related("texts")]
    form = StartForm(request.POST if request.method == "POST" else None, statements=statements)
    if request.method == "POST" and form.is_valid():
        if not ratelimit.consume(request, action="start", key=form.cleaned_data["email"]):
            return too_many_requests(request)
        _send_start_code(request, form.cleaned_data)
        return redirect("people:start_confirm")
    return page(request, "account/start.html", {"form": form}, status=422 if form.errors else 200)


@login_not_required
@never_cache
def start_confirm(request: HttpRequest) -> HttpResponse:
    """Type the code that was sent; the account, the organisation and the role in it exist from then on."""
    awaited = AwaitedCode(request, "start")
    state = awaited.state
    if request.user.is_authenticated or state is None:
        return redirect("people:start")
    if "again" in request.POST and awaited.may_send:
        if not ratelimit.consume(request, action="start", key=state["confirms"]["email"]):
            return too_many_requests(request)
        _send_start_code(request, state["confirms"])
        return redirect("people:start_confirm")
    form = SignInCodeForm(request.POST if request.method == "POST" else None, code=state["code"])
    if request.method == "POST":
        if form.is_valid():
            awaited.forget()
            return _start(request, state["confirms"])
        if not awaited.miss():
            messages.error(request, gettext("The code was wrong three times, so it is no longer valid. Ask for a new one."))
            return redirect("people:start")
    context = {"form": form, "email": state["confirms"]["email"], "may_send_again": awaited.may_send}
    return page(request, "account/start_confirm.html", context, status=422 if form.errors else 200)


def _send_start_code(request: HttpRequest, details: dict[str, Any]) -> None:
    """Send a code to a new address and a way to sign in to a known one, so that only who reads its mail learns which it is."""
    code = AwaitedCode(request, "start").expect(details)
    user = User.objects.filter(email=details["email"]).first()
    if user:
        # Nobody knows this code: what is typed is wrong, as with any wrong code.
        get_adapter().send_mail("account/email/account_already_exists", user.email, {"user": user})
    else:
        # Nothing of what was typed goes along: strangers shall not write letters through us.
        send_letter(
            to=details["email"],
            language=get_language() or "",
            template="account/email/start_code.txt",
            context={"code": code},
            at=now(),
        )


def _start(request: HttpRequest, details: dict[str, Any]) -> HttpResponse:
    user = accounts.start_with_organisation(
        email=details["email"],
        name=details["name"],
        language=get_language() or "",
        organisation={"kind": details["kind"], "name": details["organisation_name"], "country": details["country"]},
        by=None,
        at=now(),
    )
    record_authentication(request, user, method="code", email=user.email)
    return perform_login(request, user, email=user.email, signup=True)


class ConfirmByCodeView(BaseReauthenticateView):
    """Prove by a code sent to one's address that one is still the person who signed in."""

    form_class = SignInCodeForm
    template_name = "account/reauthenticate_by_code.html"

    @property
    def awaited(self) -> AwaitedCode:
        return AwaitedCode(self.request, "reauthenticate")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "code": (self.awaited.state or {}).get("code", "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "awaited": self.awaited}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "send" not in request.POST:
            return super().post(request, *args, **kwargs)
        user = cast(User, request.user)  # who proves again who they are is signed in
        if not self.awaited.may_send or not ratelimit.consume(request, action="request_login_code", key=user.email):
            return too_many_requests(request)
        code = self.awaited.expect({})
        get_adapter().send_mail("account/email/reauthentication_code", user.email, {"user": user, "code": code})
        return redirect(self.passthrough_next_url(reverse("people:confirm_by_code")))

    def form_valid(self, form: SignInCodeForm) -> HttpResponse:
        self.awaited.forget()
        record_authentication(self.request, self.request.user, method="code", reauthenticated=True)
        return super().form_valid(form)

    def form_invalid(self, form: SignInCodeForm) -> HttpResponse:
        if self.awaited.state and not self.awaited.miss():
            messages.error(self.request, gettext("The code was wrong three times, so it is no longer valid. Ask for a new one."))
            return redirect(self.passthrough_next_url(reverse("people:confirm_by_code")))
        return super().form_invalid(form)


@require_safe
def second_factor_needed(request: PersonRequest) -> HttpResponse:
    """Say why a second factor is asked for, and lead to setting one up."""
    asking = [organisation for organisation in request.organisations if organisation.requires_second_factor]
    return page(request, "account/second_factor_needed.html", {"asking": asking})


@require_POST
@reauthentication_required(app="allauth.account")
def remove_password(request: PersonRequest) -> HttpResponse:
    """Go back to codes and passkeys."""
    user = accounts.remove_password(request.user, by=request.user, at=now())
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)
    get_adapter().send_notification_mail("account/email/password_removed", user)
    messages.success(request, gettext("Your password is removed. You sign in with a code or a passkey."))
    return redirect("account_set_password")
