"""What the plug-in hears."""

from datetime import timedelta

from django.utils import translation
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _

from guildhall.core.hooks import listen
from guildhall.engagement import actions
from guildhall.engagement.hooks import contact_recorded
from guildhall.engagement.models import Contact
from guildhall.people.models import User


@listen(contact_recorded)
def remember_to_say_thank_you(contact: Contact, by: User) -> None:
    """Two days after a visit it is time to say thank you, unless something else is planned already."""
    if contact.kind != Contact.Kind.VISIT or contact.employer.next_steps.open().exists():
        return
    due_on = (localtime(contact.held_at) + timedelta(days=2)).date()
    with translation.override(by.preferred_language):
        what = _("Say thank you for the visit")
    actions.add_step(contact.employer, what=what, due_on=due_on, owner=by, contact=contact, by=by, at=now())
