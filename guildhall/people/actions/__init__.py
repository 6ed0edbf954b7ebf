"""What people do about themselves, their organisations and each other."""

from guildhall.people.actions.accounts import open_account, remove_password, start_with_organisation
from guildhall.people.actions.consent import load_statements, record_answer, record_consent, repeat_refusals, withdraw_consent
from guildhall.people.actions.erasure import erase_person
from guildhall.people.actions.invitations import (
    accept_invitation,
    invite_member,
    resend_invitation,
    sign_up_by_invitation,
    withdraw_invitation,
)
from guildhall.people.actions.kept import (
    add_kept_site,
    change_kept_organisation,
    change_kept_site,
    keep_organisation,
    keep_organisations,
    let_go_of_organisations,
)
from guildhall.people.actions.members import change_roles, leave_organisation
from guildhall.people.actions.merging import fold_consents, fold_kept_organisation
from guildhall.people.actions.organisations import (
    add_site,
    close_site,
    create_organisation,
    edit_organisation,
    edit_site,
    reopen_site,
    require_second_factor,
)
from guildhall.people.actions.profile import choose_language, edit_profile, read_all_notices, read_notice
from guildhall.people.actions.retention import apply_retention_rule
from guildhall.people.actions.tokens import make_token, revoke_token
from guildhall.people.actions.webhooks import (
    add_webhook,
    change_webhook,
    pause_webhook,
    remove_webhook,
    renew_webhook_secret,
    resend_message,
    resume_webhook,
    try_webhook,
)

__all__ = [
    "accept_invitation",
    "add_kept_site",
    "add_site",
    "add_webhook",
    "apply_retention_rule",
    "change_kept_organisation",
    "change_kept_site",
    "change_roles",
    "change_webhook",
    "choose_language",
    "close_site",
    "create_organisation",
    "edit_organisation",
    "edit_profile",
    "edit_site",
    "erase_person",
    "fold_consents",
    "fold_kept_organisation",
    "invite_member",
    "keep_organisation",
    "keep_organisations",
    "leave_organisation",
    "let_go_of_organisations",
    "load_statements",
    "make_token",
    "open_account",
    "pause_webhook",
    "read_all_notices",
    "read_notice",
    "record_answer",
    "record_consent",
    "remove_password",
    "remove_webhook",
    "renew_webhook_secret",
    "reopen_site",
    "repeat_refusals",
    "require_second_factor",
    "resend_invitation",
    "resend_message",
    "resume_webhook",
    "revoke_token",
    "sign_up_by_invitation",
    "start_with_organisation",
    "try_webhook",
    "withdraw_consent",
    "withdraw_invitation",
]
