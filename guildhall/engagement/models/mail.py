from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.engagement.models.contacts import Contact
from guildhall.engagement.models.employers import Person
from guildhall.people.models import Organisation, User, numbers_run_by

#: What every secret address begins with, so that a mailbox shared with others can tell what is meant for the book.
BEFORE_SECRET = "book-"  # noqa: S105


class MailAddress(models.Model):
    """The secret address by which a colleague gets mails into a school's book. Who knows it can only put mails in."""

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("whose"), on_delete=models.CASCADE, related_name="+")
    # Kept as it is, because its owner wants to read it again: it opens nothing and shows nothing.
    secret = models.CharField(max_length=40, unique=True)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("mail address of the book")
        verbose_name_plural = _("mail addresses of the book")
        constraints = [models.UniqueConstraint(fields=["school", "owner"], name="mail_address_once")]

    def __str__(self) -> str:
        return f"{BEFORE_SECRET}{self.secret}@{settings.MAIL_IN_DOMAIN}"


class CapturedMailQuerySet(models.QuerySet["CapturedMail"]):
    def visible_to(self, user: User) -> CapturedMailQuerySet:
        """Mails on the timelines of the schools this person works for, and those of their own that are still to be filed."""
        schools = numbers_run_by(user)
        return self.filter(Q(contact__isnull=False) | Q(owner=user.pk), school__in=schools)

    def of(self, user: User) -> CapturedMailQuerySet:
        """Mails that came to this person's address."""
        return self.filter(owner=user.pk)

    def to_file(self) -> CapturedMailQuerySet:
        """Mails for which somebody has to say whose they are."""
        return self.filter(contact__isnull=True, dropped_at__isnull=True)

    def unfiled_since_before(self, moment: datetime) -> CapturedMailQuerySet:
        """Mails that were dropped, or have waited to be filed, since before a moment."""
        return self.filter(contact__isnull=True, waits_since__lt=moment)

    def with_quotes_from_before(self, moment: datetime) -> CapturedMailQuerySet:
        """Mails on timelines of before a moment that still hold quoted text or addresses."""
        return self.filter(contact__isnull=False, sent_at__lt=moment).exclude(quoted="", others=[])

    def put_back(self, contact: Contact, at: datetime) -> None:
        """Let the mail that a contact was made of wait to be filed again, with the words as they are by now."""
        for mail in self.filter(contact=contact.pk):
            mail.contact, mail.waits_since = None, at
            mail.said = contact.said.removeprefix(mail.subject).strip()
            mail.save(update_fields=["contact", "waits_since", "said"])


class CapturedMail(models.Model):
    """A mail that somebody forwarded to their address, or sent a blind copy of: on a timeline, waiting to be filed, or dropped.

    ``others`` are the addresses of those who are not of the school, as [address, name], the one who wrote or was written to
    first; ``attachments`` are {"name": …, "file": number of the stored file} or, where one was not kept, {"name": …, "why": …}.
    Once a mail is on a timeline ``said`` is empty: the words are those of the contact.
    """

    school = models.ForeignKey(Organisation, verbose_name=_("school"), on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("came to the address of"), on_delete=models.PROTECT, related_name="+"
    )
    # A digest of the Message-ID, or of the mail itself where it has none.
    key = models.CharField(max_length=64)
    is_from_us = models.BooleanField(_("written by the school"))
    others = models.JSONField(_("with whom"), default=list)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    said = models.TextField(_("what was said"), blank=True)
    quoted = models.TextField(_("quoted text"), blank=True)
    attachments = models.JSONField(_("attachments"), default=list)
    sent_at = models.DateTimeField(_("sent"))
    received_at = models.DateTimeField(_("received"))
    waits_since = models.DateTimeField(_("waits since"))
    contact = models.OneToOneField(
        Contact, verbose_name=_("on the timeline as"), null=True, blank=True, on_delete=models.CASCADE, related_name="mail"
    )
    # Noted when the mail was filed, so that taking it back can take this back too.
    added_person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    dropped_at = models.DateTimeField(pgettext_lazy("a mail", "dropped"), null=True, blank=True)

    objects = CapturedMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        constraints = [
            models.UniqueConstraint(fields=["school", "key"], name="captured_mail_once"),
            models.CheckConstraint(
                name="captured_mail_filed_or_dropped", condition=Q(contact__isnull=True) | Q(dropped_at__isnull=True)
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "school", "waits_since"],
                name="captured_mail_to_file",
                condition=Q(contact__isnull=True, dropped_at__isnull=True),
            ),
            models.Index(fields=["owner", "received_at"], name="captured_mail_by_arrival"),
        ]

    def __str__(self) -> str:
        return self.subject or str(_("Mail without a subject"))

    def get_absolute_url(self) -> str:
        return reverse("engagement:mail", args=[self.pk])

    @property
    def other(self) -> str:
        """Who wrote it or was written to, as one would say it."""
        return next((name or address for address, name in self.others), "")

    @property
    def other_address(self) -> str:
        return self.others[0][0] if self.others else ""

    @property
    def is_to_file(self) -> bool:
        return self.contact_id is None and self.dropped_at is None
