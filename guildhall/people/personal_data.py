"""Everything held about a person: collected from all rooms, and this room's own part."""

from __future__ import annotations

from itertools import chain
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from guildhall.core.models import AuditLine
from guildhall.people.erasure import addresses_of
from guildhall.people.hooks import PersonalData, personal_data_of
from guildhall.people.models import AccessToken, ConsentRecord, Invitation, Mail, Membership, Notice, Pass, User, Webhook


def held_about(user: User) -> list[PersonalData]:
    """Ask all rooms what they hold about a person."""
    return list(chain.from_iterable(personal_data_of.ask(user=user)))


def as_json(user: User) -> dict[str, Any]:
    """Everything held about a person as data: per kind its title, the reason, and the rows."""
    return {
        held.key: {"title": held.title, "why": held.why, "columns": held.columns, "rows": held.rows} for held in held_about(user)
    }


def held_in_people(user: User) -> list[PersonalData]:
    """What this room holds about a person."""
    return [_account(user), *_sign_in(user), *_belonging(user), *_told(user), _agreed(user), _webhooks(user), _done(user)]


def _account(user: User) -> PersonalData:
    return PersonalData(
        key="people.account",
        title=_("Account"),
        why=_("To recognise you and to speak to you in your language."),
        columns={
            "email": _("E-mail address"),
            "name": _("Name"),
            "language": _("Language"),
            "time_zone": _("Time zone"),
            "joined_at": _("Joined"),
            "last_login": _("Last signed in"),
        },
        rows=[{key: getattr(user, key) for key in ("email", "name", "language", "time_zone", "joined_at", "last_login")}],
    )


def _sign_in(user: User) -> list[PersonalData]:
    keys = [
        {"what": key.get_type_display(), "created_at": key.created_at, "last_used_at": key.last_used_at}
        for key in Authenticator.objects.filter(user=user).order_by("created_at")
    ]
    keys += [
        {"what": account.provider, "created_at": account.date_joined, "last_used_at": account.last_login}
        for account in SocialAccount.objects.filter(user=user).order_by("pk")
    ]
    return [
        PersonalData(
            key="people.addresses",
            title=_("Addresses you sign in with"),
            why=_("To send you the code with which you sign in."),
            columns={"email": _("E-mail address"), "verified": _("Shown to be yours"), "primary": _("The main one")},
            rows=list(EmailAddress.objects.filter(user=user).order_by("email").values("email", "verified", "primary")),
        ),
        PersonalData(
            key="people.keys",
            title=_("Passkeys, second factors and other sign-ins"),
            why=_("So that nobody else can sign in as you. What makes them secret is not shown."),
            columns={"what": _("Kind"), "created_at": _("Set up"), "last_used_at": _("Last used")},
            rows=keys,
        ),
        PersonalData(
            key="people.tokens",
            title=_("Tokens for programs"),
            why=_(
                "So that a program can act for you, and you can see since when and end it. What makes them secret is not kept."
            ),
            columns={
                "name": _("What it is for"),
                "made_at": _("Made"),
                "expires_at": _("Valid until"),
                "revoked_at": _("Revoked"),
                "last_used_on": _("Last used"),
            },
            rows=list(
                AccessToken.objects.of(user).order_by("pk").values("name", "made_at", "expires_at", "revoked_at", "last_used_on")
            ),
        ),
        PersonalData(
            key="people.sessions",
            title=_("Where you are signed in"),
            why=_("So that you can see, and end, a sign-in that is not yours."),
            columns={
                "ip": _("Internet address"),
                "user_agent": _("Browser"),
                "created_at": _("Since"),
                "last_seen_at": _("Last seen"),
            },
            rows=list(
                UserSession.objects.filter(user=user).order_by("pk").values("ip", "user_agent", "created_at", "last_seen_at")
            ),
        ),
    ]


def _belonging(user: User) -> list[PersonalData]:
    memberships = Membership.objects.filter(user=user).select_related("organisation").order_by("since", "pk")
    invitations = Invitation.objects.filter(Q(accepted_by=user) | Q(email__in=addresses_of(user)))
    return [
        PersonalData(
            key="people.memberships",
            title=_("Roles in organisations"),
            why=_("They decide what you may see and do."),
            columns={"organisation": _("Organisation"), "role": _("Role"), "since": _("Since"), "until": _("Until")},
            rows=[
                {"organisation": str(m.organisation), "role": m.get_role_display(), "since": m.since, "until": m.until}
                for m in memberships
            ],
        ),
        PersonalData(
            key="people.invitations",
            title=_("Invitations sent to you"),
            why=_("To know who let you in, and when."),
            columns={
                "organisation": _("Organisation"),
                "email": _("E-mail address"),
                "roles": _("Roles"),
                "sentence": _("A word to you"),
                "invited_at": _("Invited"),
                "accepted_at": _("Accepted"),
            },
            rows=[
                {
                    "organisation": str(offer.organisation),
                    "email": offer.email,
                    "roles": ", ".join(offer.role_labels),
                    "sentence": offer.sentence,
                    "invited_at": offer.invited_at,
                    "accepted_at": offer.accepted_at,
                }
                for offer in invitations.select_related("organisation").order_by("invited_at", "pk")
            ],
        ),
    ]


def _told(user: User) -> list[PersonalData]:
    addresses = addresses_of(user)
    return [
        PersonalData(
            key="people.notices",
            title=_("Notices"),
            why=_("What the bell told you."),
            columns={"sentence": _("What happened"), "told_at": _("Told"), "read_at": _("Read")},
            rows=list(Notice.objects.filter(user=user).order_by("told_at", "pk").values("sentence", "told_at", "read_at")),
        ),
        PersonalData(
            key="people.mails",
            title=_("Letters"),
            why=_("To be able to show that, and when, you were written to."),
            columns={
                "to": _("To"),
                "sender_name": _("From"),
                "subject": _("Subject"),
                "text": _("Text"),
                "written_at": _("Written"),
                "sent_at": _("Sent"),
            },
            rows=list(
                Mail.objects.filter(Q(to_user=user) | Q(to__in=addresses))
                .order_by("written_at", "pk")
                .values("to", "sender_name", "subject", "text", "written_at", "sent_at")
            ),
        ),
        PersonalData(
            key="people.passes",
            title=_("Links sent to you"),
            why=_("So that a link opens one thing only, for a time, and can be revoked. The link itself is not kept."),
            columns={
                "purpose": _("Purpose"),
                "email": _("E-mail address"),
                "issued_at": _("Sent"),
                "expires_at": _("Valid until"),
                "used_at": _("Last used"),
            },
            rows=list(
                Pass.objects.filter(email__in=addresses)
                .order_by("issued_at", "pk")
                .values("purpose", "email", "issued_at", "expires_at", "used_at")
            ),
        ),
    ]


def _agreed(user: User) -> PersonalData:
    language = get_language() or ""
    records = ConsentRecord.objects.about(user).select_related("statement").prefetch_related("statement__texts")
    return PersonalData(
        key="people.consents",
        title=_("What you were told and agreed to"),
        why=_("The law asks to be able to show it."),
        columns={
            "title": _("Text"),
            "version": _("Version"),
            "how": _("How"),
            "given_at": _("Given"),
            "withdrawn_at": _("Withdrawn"),
        },
        rows=[
            {
                "title": record.statement.in_language(language).title,
                "version": record.statement.version,
                "how": record.get_how_display(),
                "given_at": record.given_at,
                "withdrawn_at": record.withdrawn_at,
            }
            for record in records.order_by("given_at", "pk")
        ],
    )


def _webhooks(user: User) -> PersonalData:
    return PersonalData(
        key="people.webhooks",
        title=_("Programs you had told what happens"),
        why=_("So that the school knows who gave its messages another address. The webhook is the school's and stays."),
        columns={"made_at": _("Made"), "organisation": _("Organisation"), "host": _("Where to")},
        rows=[
            {"made_at": webhook.made_at, "organisation": str(webhook.organisation), "host": webhook.host}
            for webhook in Webhook.objects.filter(made_by=user).select_related("organisation").order_by("pk")
        ],
    )


def _done(user: User) -> PersonalData:
    lines = AuditLine.objects.filter(actor_type=user._meta.label_lower, actor_id=user.pk)
    return PersonalData(
        key="people.audit",
        title=_("What you did here"),
        why=_("So that it can be found out who changed what. Your account appears in it as a number."),
        columns={"at": _("When"), "action": _("What"), "thing_type": _("Kind of thing"), "thing_id": _("Number")},
        rows=list(lines.order_by("at", "pk").values("at", "action", "thing_type", "thing_id")),
    )
