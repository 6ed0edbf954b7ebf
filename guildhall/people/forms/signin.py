"""What people type to sign in and to keep their account theirs: allauth's forms in our words, and the one to start with."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.core import context as allauth
from allauth.core import ratelimit
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from allauth.socialaccount import forms as socialaccount
from django import forms
from django.utils.translation import gettext_lazy as _

from guildhall.people.models import Kind, StatementText
from guildhall.skills import taxonomy

ADDRESS = _("Your e-mail address")
CODE = _("Code")
PASSWORD = _("Your password")
NEW_PASSWORD = _("New password")
NEW_PASSWORD_HELP = _("At least 12 characters. Four words that have nothing to do with each other are easy to remember.")
AGAIN = _("The new password again")


class OwnWords(forms.Form):
    """Give fields our labels, which are there in all our languages, and no words inside them that vanish on typing."""

    words: dict[str, Any] = {}
    help: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.words.get(name, field.label)
            field.help_text = self.help.get(name, "")
            field.widget.attrs.pop("placeholder", None)
            if name == "code":
                field.widget.attrs["inputmode"] = "numeric"


class CodeWanted(OwnWords):
    """A code is to be typed. Attempts are counted where all servers see them: in a session, two at once would count as one."""

    words = {"code": CODE}

    def clean_code(self) -> str:
        session = allauth.request.session.session_key or ""
        if not ratelimit.consume(allauth.request, action="code_attempt", key=session):
            raise get_adapter().validation_error("too_many_login_attempts")
        return super().clean_code()


class SignInForm(OwnWords, account.LoginForm):
    """The address to which a code is sent."""

    words = {"login": ADDRESS}


class PasswordSignInForm(OwnWords, account.LoginForm):
    """Address and password, for people who set one."""

    words = {"login": ADDRESS, "password": PASSWORD}

    def _setup_password_field(self) -> None:
        # allauth takes the field away where accounts begin without a password.
        pass


class SignInCodeForm(CodeWanted, account.ConfirmLoginCodeForm):
    """The code with which one signs in, or starts."""


class AddressCodeForm(CodeWanted, account.ConfirmEmailVerificationCodeForm):
    """The code that shows that a new address is one's own."""


class ResetCodeForm(CodeWanted, account.ConfirmPasswordResetCodeForm):
    """The code with which one chooses a new password."""


class ChangeAddressForm(OwnWords, account.AddEmailForm):
    words = {"email": _("New e-mail address")}
    help = {"email": _("We send a code there. Until you type it, nothing changes.")}


class ChangePasswordForm(OwnWords, account.ChangePasswordForm):
    words = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": AGAIN}
    help = {"password1": NEW_PASSWORD_HELP}


class SetPasswordForm(OwnWords, account.SetPasswordForm):
    words = {"password1": NEW_PASSWORD, "password2": AGAIN}
    help = {"password1": NEW_PASSWORD_HELP}


class ForgottenPasswordForm(OwnWords, account.ResetPasswordForm):
    words = {"email": ADDRESS}


class NewPasswordForm(OwnWords, account.ResetPasswordKeyForm):
    words = {"password1": NEW_PASSWORD, "password2": AGAIN}
    help = {"password1": NEW_PASSWORD_HELP}


class ConfirmByPasswordForm(OwnWords, account.ReauthenticateForm):
    words = {"password": PASSWORD}


class SecondFactorForm(OwnWords, mfa.AuthenticateForm):
    words = {"code": CODE}


class ConfirmBySecondFactorForm(OwnWords, mfa.ReauthenticateForm):
    words = {"code": CODE}


class ActivateCodeAppForm(OwnWords, ActivateTOTPForm):
    words = {"code": _("The code that the app shows now")}


class AddPasskeyForm(OwnWords, AddWebAuthnForm):
    """A new passkey: always one that opens the account on its own."""

    words = {"name": _("What you call it")}
    help = {"name": _("For instance: my telephone.")}
    passwordless = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_passwordless(self) -> bool:
        return True


class RenamePasskeyForm(OwnWords, EditWebAuthnForm):
    words = {"name": _("What you call it")}


class DisconnectForm(socialaccount.DisconnectForm):
    """Which single sign-on is to be disconnected. A code sent to the address still opens the account, so it may be the last."""

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data


class StartForm(forms.Form):
    """Who somebody is, and for whom they work."""

    organisation_name = forms.CharField(label=_("Name of your school"), max_length=250)
    kind = forms.ChoiceField(label=_("What it is"), choices=Kind, initial=Kind.SCHOOL)
    country = forms.ChoiceField(label=_("Country"))
    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        help_text=_("As colleagues know you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=ADDRESS,
        max_length=254,
        help_text=_("We send a code there. Later you sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    informed = forms.BooleanField(label=_("I have read what happens to my data."))

    def __init__(self, *args: Any, statements: list[StatementText], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", "—"), *taxonomy.choices("country")]
        self.statements = statements
        if not statements:
            del self.fields["informed"]

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()
