"""How django-allauth behaves here: its letters, its words, what it asks for again, and whom single sign-on lets in."""

from __future__ import annotations

from typing import Any, NoReturn

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core import context as allauth
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from qrcode.image.svg import SvgPathFillImage

from guildhall.core.sealing import seal, unseal
from guildhall.people.models import User
from guildhall.people.notices import send_letter

#: Letters to addresses that have no account: their language is that of the visit.
LETTERS_TO_STRANGERS = ("account/email/unknown_account",)

#: Letters with a button; all others that need one tell of a change and lead to where one sees who is signed in.
_BUTTONS = {
    "account/email/unknown_account": ("people:start", _("Start with your school")),
    "account/email/account_already_exists": ("account_login", _("Sign in")),
}
_WAYS_TO_CONFIRM = {
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
    "mfa_reauthenticate": _("Use a code from an app, or a recovery code"),
    "reauthenticate": _("Use my password"),
    "code": _("Send me a code"),
}
_LETTERS_WITH_A_CODE = (
    "account/email/login_code",
    "account/email/email_confirmation",
    "account/email/password_reset_code",
)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "duplicate_email": _("This is your address already."),
        "email_password_mismatch": _("Address and password do not belong together. A code needs no password."),
        "email_taken": _("Another account has this address. Sign in there, or choose another address."),
        "incorrect_code": _("This is not the code we sent. Look at the newest letter from us."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your password."),
        "rate_limited": _("That was too often in a short time. Wait a few minutes, then try again."),
        "too_many_login_attempts": _("That was too often in a short time. Wait a few minutes, then try again."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put a letter into the outbox, in the language of the account or else of the visit."""
        user = context.get("user")
        if user is None and template_prefix not in LETTERS_TO_STRANGERS:
            user = User.objects.filter(email=email.lower()).first()
        button = {}
        if template_prefix not in _LETTERS_WITH_A_CODE:
            name, label = _BUTTONS.get(template_prefix, ("usersessions_list", _("See where you are signed in")))
            button = {"button_url": reverse(name), "button_label": label}
        send_letter(
            to=email,
            to_user=user,
            language=(user.language if user else "") or get_language() or settings.LANGUAGE_CODE,
            template=f"{template_prefix}.txt",
            context={**button, **context},
            at=now(),
        )

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        # Told to allauth's own mail by address only, which may be the one just given up.
        super().send_notification_mail(template_prefix, user, {"user": user, **(context or {})}, email)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # Accounts begin with a school, or with an invitation from one.
        raise ImmediateHttpResponse(redirect("people:start"))

    def pre_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse | None:
        # Whoever was entered by a command has no address with allauth yet, and just proved theirs by a code sent there.
        records = get_authentication_records(request, user)
        if records and records[-1]["method"] == "code" and not EmailAddress.objects.filter(user=user).exists():
            EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
        return super().pre_login(request, user, **details)

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        # To sign in is to prove who one is; allauth would have it proved again right afterwards.
        records = get_authentication_records(request, user)
        if records:
            records[-1]["reauthenticated"] = True
            request.session.modified = True
        return super().post_login(request, user, **details)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask people who have neither password nor second factor for a code, which allauth alone would not ask for.

        Raises:
            ReauthenticationRequired: they have not proved within five minutes who they are.
        """
        request = allauth.request
        user = request.user
        if user.is_authenticated and not user.has_usable_password() and not is_mfa_enabled(user):
            records = get_authentication_records(request, user)
            oldest = now().timestamp() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
            if not any(record["at"] > oldest for record in records):
                raise ReauthenticationRequired
        return super().is_reauthentication_required(app=app, **kwargs)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        methods = super().get_reauthentication_methods(user)
        # Not beside a second factor: a mailbox left open must not be enough to remove it.
        if user.is_authenticated and not is_mfa_enabled(user):
            methods.append({"id": "code", "url": reverse("people:confirm_by_code")})
        described = [{**method, "description": _WAYS_TO_CONFIRM[method["id"]]} for method in methods]
        return sorted(described, key=lambda method: method["id"] != "mfa_reauthenticate:webauthn")  # the quickest first


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This is not the right code. Wait for the next one in the app and try that."),
        "unverified_email": _("First confirm your e-mail address."),
    }

    def encrypt(self, text: str) -> str:
        """Encrypt what a code app is set up with: who reads the database cannot make codes."""
        return seal(text, purpose="second factor")

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, purpose="second factor")

    def build_totp_svg(self, url: str) -> str:
        # With a white ground of its own: on a dark page a camera sees nothing otherwise.
        return qrcode.make(url, image_factory=SvgPathFillImage).to_string(encoding="unicode")

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user.pk, type=type).count() + 1
        return gettext("Passkey %(number)d") % {"number": number}

    def _get_site_name(self) -> str:
        return "Guildhall"


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """Single sign-on opens the account whose address the provider has verified. It makes no accounts."""

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[Any, str] | None:
        for address in sociallogin.email_addresses:
            # Some providers say "false" in letters, which would count as true.
            address.verified = address.verified in (True, "true")
        return super().authenticate_by_email(sociallogin)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            # The address connects an account. Nobody is to be led by a link into connecting somebody else's.
            _back_to_sign_in(request, gettext("Sign out first, then sign in with single sign-on."))
        if not sociallogin.is_existing:
            if any(address.verified for address in sociallogin.email_addresses):
                sentence = gettext(
                    "There is no account for your address here yet. Ask your school to invite you, or start with your school."
                )
            else:
                sentence = gettext(
                    "%(provider)s did not confirm that your address is yours, so it cannot sign you in. Ask for a code."
                ) % {"provider": sociallogin.provider.name}
            _back_to_sign_in(request, sentence)


def _back_to_sign_in(request: HttpRequest, sentence: str) -> NoReturn:
    messages.error(request, sentence)
    raise ImmediateHttpResponse(redirect("account_login"))
