from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from guildhall.people.models.users import User


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> NoticeQuerySet:
        """A person's own notices."""
        return self.filter(user=user.pk)

    def unread(self) -> NoticeQuerySet:
        """Notices nobody has looked at yet."""
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """Something a user is told, in their language, with the page where it can be seen."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(_("kind"), max_length=60, help_text='"room.what", e.g. "engagement.import_finished"')
    sentence = models.CharField(_("what happened"), max_length=500)
    language = models.CharField(max_length=10)
    url = models.CharField(max_length=300, blank=True)
    told_at = models.DateTimeField(_("told"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(fields=["user", "-told_at"], name="notice_newest"),
            models.Index(fields=["user"], name="notice_unread", condition=models.Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.sentence


class Mail(models.Model):
    """A letter on its way out: written in the transaction of what it tells of, sent by a task, kept as proof for a while."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("could not be sent")

    to = models.EmailField(_("to"), max_length=254)
    to_user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    language = models.CharField(max_length=10)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"))
    html = models.TextField(blank=True)
    sender_name = models.CharField(_("sender"), max_length=200, blank=True)
    reply_to = models.EmailField(_("answers go to"), max_length=254, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    written_at = models.DateTimeField(_("written"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        constraints = [
            models.CheckConstraint(
                name="mail_sent_with_its_moment",
                condition=models.Q(state="sent", sent_at__isnull=False)
                | ~models.Q(state="sent") & models.Q(sent_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"
