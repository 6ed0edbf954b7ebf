"""What others can hear from the employer book."""

from guildhall.core.hooks import news
from guildhall.engagement.models import Contact
from guildhall.people.models import User


@news
def contact_recorded(contact: Contact, by: User) -> None:
    """News: somebody wrote down a contact with an employer."""
