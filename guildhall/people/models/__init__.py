"""Who is here, and on whose behalf.

A *user* is a person with an account. An *organisation* is a school, an employer, an association, an authority; it has *sites*.
A *membership* says that a user has a role in an organisation, from a date, perhaps until a date. An *invitation* offers one.

Somebody without an account comes in by a *pass*: a link for one purpose and one thing, that expires and can be revoked.

A program acts for a user with an *access token*: made by them, with scopes, until a day.

A *notice* tells a user something (the bell); a *mail* is a letter on its way out. A *statement* is a text about personal data in
several languages and versions; a *consent record* says which version a person was shown or agreed to, when, how, and when they
withdrew.

A *webhook* is an address of another machine that an organisation wants to be told of events; each message to it is a *delivery*.
"""

from guildhall.people.models.consent import ConsentRecord, ConsentRecordQuerySet, Statement, StatementText
from guildhall.people.models.notices import Mail, Notice
from guildhall.people.models.organisations import (
    STAFF_ROLES,
    Invitation,
    Kind,
    Membership,
    Organisation,
    Role,
    Site,
    SizeBand,
    is_open_site,
    km_squared_from,
    numbers_run_by,
)
from guildhall.people.models.passes import Pass
from guildhall.people.models.tokens import AccessToken
from guildhall.people.models.users import User
from guildhall.people.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "STAFF_ROLES",
    "AccessToken",
    "ConsentRecord",
    "ConsentRecordQuerySet",
    "Invitation",
    "Kind",
    "Mail",
    "Membership",
    "Notice",
    "Organisation",
    "Pass",
    "Role",
    "Site",
    "SizeBand",
    "Statement",
    "StatementText",
    "User",
    "Webhook",
    "WebhookDelivery",
    "is_open_site",
    "km_squared_from",
    "numbers_run_by",
]
