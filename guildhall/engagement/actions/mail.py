from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.utils import translation
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guildhall.core import files, search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.files import kinds
from guildhall.core.history import change
from guildhall.core.models import StoredFile
from guildhall.engagement.actions.contacts import record_contact, remove_contact
from guildhall.engagement.actions.people import add_person
from guildhall.engagement.actions.standing import settle_contacts
from guildhall.engagement.mailing.filing import Desk, employers_of, people_at
from guildhall.engagement.mailing.understanding import Attachment, Letter
from guildhall.engagement.models import CapturedMail, Contact, Employer, MailAddress, Person, Position
from guildhall.engagement.rules import can_change_contact, can_change_mail_address, can_file_mail, can_write_in_book
from guildhall.engagement.search import contact_documents, employer_documents
from guildhall.people.models import Organisation, User

#: Letters and digits that nobody confuses when they type them from a screen. Sixteen of them are 79 bits.
SECRET_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"  # noqa: S105
SECRET_LENGTH = 16
#: Mails that one address takes within an hour: more than anybody forwards by hand.
MOST_IN_AN_HOUR = 200
MOST_ATTACHMENTS = 20
LARGEST_ATTACHMENT_MB = 25
_OFFICE = [kind for kind in kinds.KINDS if "officedocument" in kind or "oasis.opendocument" in kind]
#: What is kept of what comes with a mail. Whatever could run something stays out, and so does what nobody can look at.
KEPT_KINDS = {"application/pdf", "image/jpeg", "image/png", "image/webp", "image/gif", "text/plain", "text/csv", *_OFFICE}


class Why(StrEnum):
    """Why a mail was not taken."""

    AGAIN = "again"
    NOT_A_COLLEAGUE = "not a colleague any more"
    TOO_MANY = "too many"


class NotTaken(Refused):
    """A mail is left aside, in silence: whoever sent it is told nothing."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@action
def make_mail_address(school: Organisation, *, by: User, at: datetime) -> MailAddress:
    """Give a colleague a secret mail address, or a new one in place of the one they have, which is worth nothing from then on.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    can_write_in_book.require(by, school)
    secret = get_random_string(SECRET_LENGTH, SECRET_SIGNS)
    made = {"secret": secret, "made_at": at}
    return MailAddress.objects.update_or_create(school=school, owner=by, defaults=made)[0]


@action
def switch_off_mail_address(address: MailAddress, *, by: User, at: datetime) -> None:
    """Take a secret mail address away: what is sent there is left aside.

    Raises:
        NotAllowed: it is somebody else's.
    """
    can_change_mail_address.require(by, address)
    address.delete()


@action
def take_mail(address: MailAddress, *, letter: Letter, by: None, at: datetime) -> CapturedMail:
    """Take a mail that came to somebody's address: onto the timeline of the one employer it concerns, else to be filed.

    Raises:
        NotTaken: it was taken before, too many came within the hour, or its owner does not work for the school any more.
    """
    address = lock(address)
    owner, school = address.owner, address.school
    if not can_write_in_book(owner, school):
        raise NotTaken(Why.NOT_A_COLLEAGUE)
    if CapturedMail.objects.filter(school=school, key=letter.key).exists():
        raise NotTaken(Why.AGAIN)
    if CapturedMail.objects.filter(owner=owner, received_at__gt=at - timedelta(hours=1)).count() >= MOST_IN_AN_HOUR:
        raise NotTaken(Why.TOO_MANY)
    placed = Desk(school, owner).place(letter, at)
    try:
        with transaction.atomic():
            mail = CapturedMail.objects.create(
                school=school,
                owner=owner,
                key=letter.key,
                is_from_us=placed.is_from_us,
                others=[list(person) for person in placed.others],
                subject=placed.subject,
                said=placed.said,
                quoted=placed.quoted,
                sent_at=placed.sent_at,
                received_at=at,
                waits_since=at,
            )
    except IntegrityError:  # a colleague's copy of it came at the same time
        raise NotTaken(Why.AGAIN) from None
    with translation.override(owner.preferred_language):
        mail.attachments = _keep(letter, mail)
    mail.save(update_fields=["attachments"])
    concerned = {
        pk for employers in employers_of(school, [address for address, _name in placed.others]).values() for pk in employers
    }
    employer = Employer.objects.filter(pk__in=concerned).first() if len(concerned) == 1 else None
    if employer is not None:
        _put_on_timeline(mail, employer, owner, at)
    return mail


@action
def file_mail(mail: CapturedMail, *, employer: Employer, always: bool = False, by: User, at: datetime) -> CapturedMail:
    """Put a mail onto an employer's timeline, from wherever it is now; ``always`` notes its writer as somebody who works there.

    Raises:
        NotAllowed: it is somebody else's mail, or ``by`` does not work for the school.
        Refused: the employer is in another school's book.
    """
    mail = lock(mail)
    can_file_mail.require(by, mail)
    can_write_in_book.require(by, mail.school)
    if employer.school_id != mail.school_id:
        raise Refused(_("This employer is in another school’s book."))
    if always and mail.other_address and not Person.objects.filter(school=mail.school, email__iexact=mail.other_address).exists():
        person = {"name": mail.other, "email": mail.other_address}
        mail.added_person = add_person(employer, person=person, position={}, by=by, at=at).person
    if mail.contact is None:
        mail.dropped_at = None
        _put_on_timeline(mail, employer, by, at)
    elif mail.contact.employer_id != employer.pk:
        _move(mail.contact, mail, employer, at)
        mail.save(update_fields=["added_person"])
    return mail


@action
def take_back_mail(mail: CapturedMail, *, by: User, at: datetime) -> CapturedMail:
    """Take a mail off a timeline, and whom filing it added: it waits to be filed again.

    Raises:
        NotAllowed: ``by`` neither filed it nor coordinates.
        Refused: it is on no timeline.
    """
    mail = lock(mail)
    if mail.contact is None:
        raise Refused(_("This mail is on no timeline."))
    can_change_contact.require(by, mail.contact)
    employer = remove_contact(mail.contact, by=by, at=at)
    if mail.added_person and not Contact.objects.filter(people=mail.added_person).exists():
        Position.objects.filter(person=mail.added_person, employer=employer).delete()
        if not mail.added_person.positions.exists():
            mail.added_person.delete()
        search.index_many(employer_documents([employer]))
    return CapturedMail.objects.get(pk=mail.pk)


@action
def drop_mail(mail: CapturedMail, *, by: User, at: datetime) -> CapturedMail:
    """Say that a mail belongs to no employer. It can be had back until it is deleted, 30 days later.

    Raises:
        NotAllowed: it is somebody else's.
        Refused: it is on a timeline.
    """
    mail = lock(mail)
    can_file_mail.require(by, mail)
    if mail.contact is not None:
        raise Refused(_("This mail is on a timeline. Take it off first."))
    mail.dropped_at = at
    mail.save(update_fields=["dropped_at"])
    return mail


@action
def keep_mail(mail: CapturedMail, *, by: User, at: datetime) -> CapturedMail:
    """Let a mail that was dropped wait to be filed again.

    Raises:
        NotAllowed: it is somebody else's.
    """
    mail = lock(mail)
    can_file_mail.require(by, mail)
    mail.dropped_at = None
    mail.save(update_fields=["dropped_at"])
    return mail


@action
def hand_over_mails(school: Organisation, *, of: User, heir: User, by: User | None, at: datetime) -> None:
    """Give the mails that wait to be filed to a colleague, and take the address of who leaves away."""
    CapturedMail.objects.of(of).to_file().filter(school=school).update(owner=heir)
    MailAddress.objects.filter(school=school, owner=of).delete()


@action
def forget_mail_of(user: User, *, by: User | None, at: datetime) -> None:
    """Delete somebody's secret addresses and what waits to be filed; what is on a timeline belongs to the school."""
    MailAddress.objects.filter(owner=user).delete()
    _delete(CapturedMail.objects.of(user).filter(contact__isnull=True))


@action
def forget_unfiled_mails(*, before: datetime, by: User | None) -> int:
    """Delete mails that were dropped or filed by nobody since before a moment, and files whose mail is gone; returns how many."""
    return _delete(CapturedMail.objects.unfiled_since_before(before)) + files.remove(files_without_mail())


@action
def forget_quotes(*, before: datetime, by: User | None) -> int:
    """Delete quoted text and addresses of mails of before a moment; the words on the timeline stay. Returns of how many."""
    return CapturedMail.objects.with_quotes_from_before(before).update(quoted="", others=[])


def files_without_mail() -> QuerySet[StoredFile]:
    """Attachments whose mail went with its employer."""
    mails = CapturedMail.objects.annotate(number=Cast("pk", CharField())).values("number")
    return StoredFile.objects.filter(kept_for_type=CapturedMail._meta.label_lower).exclude(kept_for_id__in=mails)


def _delete(mails: Iterable[CapturedMail]) -> int:
    mails = list(mails)
    for mail in mails:
        files.remove(StoredFile.objects.of(mail))
        mail.delete()
    return len(mails)


def _put_on_timeline(mail: CapturedMail, employer: Employer, by: User, at: datetime) -> None:
    mail.contact = record_contact(
        employer,
        kind=Contact.Kind.MAIL,
        held_at=min(mail.sent_at, at),
        said=f"{mail.subject}\n\n{mail.said}" if mail.subject else mail.said,
        people=people_at(employer, _addresses(mail)),
        by=by,
        at=at,
    )
    mail.said = ""
    mail.save(update_fields=["contact", "said", "dropped_at", "added_person"])


def _move(contact: Contact, mail: CapturedMail, employer: Employer, at: datetime) -> None:
    before, contact = contact.employer, lock(contact)
    change(contact, employer=employer)
    contact.people.set(people_at(employer, _addresses(mail)))
    contact.next_steps.open().update(employer=employer)
    for concerned in sorted([before, employer], key=lambda each: each.pk):  # always in this order: no two wait for each other
        settle_contacts(concerned, at=at)
    search.index_many(contact_documents([contact]))


def _addresses(mail: CapturedMail) -> list[str]:
    return [address for address, _name in mail.others]


def _keep(letter: Letter, mail: CapturedMail) -> list[dict[str, str]]:
    """Keep what came with a mail, and say of each file that stays out why it does."""
    kept = [_kept(attachment, mail) for attachment in letter.attachments[:MOST_ATTACHMENTS]]
    if more := len(letter.attachments) - len(kept) + letter.left_out:
        why = _("Of one mail at most %(most)d files are kept.") % {"most": MOST_ATTACHMENTS}
        kept.append({"name": ngettext("%(count)d more", "%(count)d more", more) % {"count": more}, "why": why})
    return kept


def _kept(attachment: Attachment, mail: CapturedMail) -> dict[str, str]:
    name = files.clean_name(attachment.name, kinds.UNKNOWN)
    if "ms-tnef" in attachment.claimed or name.lower() == "winmail.dat":
        return {"name": name, "why": _("Only Outlook can open this. Ask the sender to write in HTML or plain text.")}
    file = ContentFile(attachment.content, attachment.name)
    if (kind := kinds.found(file)) not in KEPT_KINDS:
        return {"name": name, "why": _("This is %(kind)s, which is not taken from mails.") % {"kind": kinds.label(kind)}}
    try:
        stored = files.store(file, allowed=KEPT_KINDS, max_mb=LARGEST_ATTACHMENT_MB, kept_for=mail, by=mail.owner)
    except Refused as no:
        return {"name": name, "why": str(no)}
    return {"name": stored.name, "file": str(stored.pk)}
