from __future__ import annotations

from datetime import date

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _


class StatementQuerySet(models.QuerySet["Statement"]):
    def current(self, on: date) -> StatementQuerySet:
        """The newest version for each purpose, of those valid on a day."""
        valid = Statement.objects.filter(purpose=OuterRef("purpose"), valid_from__lte=on).order_by("-valid_from", "-pk")
        return self.filter(pk=Subquery(valid.values("pk")[:1]))

    def for_accounts(self) -> StatementQuerySet:
        """Those put to everybody with an account. A room puts its own to people where it matters to them."""
        return self.filter(purpose__startswith="people.")

    def informing(self) -> StatementQuerySet:
        """Those that only tell, and ask for nothing."""
        return self.filter(kind=Statement.Kind.INFORMATION)


class Statement(models.Model):
    """A version of what people are told, or asked to agree to, about their personal data."""

    class Kind(models.TextChoices):
        CONSENT = "consent", _("consent")
        INFORMATION = "information", _("information")

    purpose = models.CharField(_("purpose"), max_length=60, help_text='"room.what", e.g. "people.account"')
    version = models.CharField(_("version"), max_length=20)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    valid_from = models.DateField(_("valid from"))

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement about personal data")
        verbose_name_plural = _("statements about personal data")
        constraints = [models.UniqueConstraint(fields=["purpose", "version"], name="statement_version_once")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version}"

    def in_language(self, language: str) -> StatementText:
        """The text in a language; else in the installation's, else in English, else in whichever there is."""
        texts = {text.language: text for text in self.texts.all()}
        order = [language, settings.LANGUAGE_CODE, "en", *texts]
        return next(texts[code] for code in order if code in texts)


class StatementText(models.Model):
    """A statement in one language."""

    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=10)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "language"], name="statement_text_once")]

    def __str__(self) -> str:
        return self.title


class ConsentRecordQuerySet(models.QuerySet["ConsentRecord"]):
    def about(self, person: models.Model) -> ConsentRecordQuerySet:
        """Records about a user, or about a person a room keeps who has no account."""
        return self.filter(person_type=person._meta.label_lower, person_id=person.pk)

    def to(self, purpose: str) -> ConsentRecordQuerySet:
        """Records for a purpose, in whichever version."""
        return self.filter(statement__purpose=purpose)

    def standing(self) -> ConsentRecordQuerySet:
        """Answers that still count: nothing else was said since."""
        return self.filter(withdrawn_at__isnull=True)

    def in_force(self) -> ConsentRecordQuerySet:
        """Records of who agreed or was informed, and did not take it back."""
        return self.standing().filter(agreed=True)

    def refused(self) -> ConsentRecordQuerySet:
        """Records of who said no, and has not said otherwise since."""
        return self.standing().filter(agreed=False)


class ConsentRecord(models.Model):
    """What a person answered to a statement: they agreed, were informed, or said no; to which version, when, how, and until when.

    The person may be a user or somebody a room keeps who has no account: named by type and number, as in the audit.
    """

    class How(models.TextChoices):
        FORM = "form", _("in a form here")
        LINK = "link", _("through a link sent to them")
        PAPER = "paper", _("on paper")
        PHONE = "phone", _("on the telephone")
        SPOKEN = "spoken", _("in conversation")
        MAIL = "mail", _("by mail")

    person_type = models.CharField(max_length=50)
    person_id = models.BigIntegerField()
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="records")
    language = models.CharField(_("language"), max_length=10)
    agreed = models.BooleanField(_("agreed"), default=True)
    how = models.CharField(_("how"), max_length=10, choices=How)
    given_at = models.DateTimeField(_("given"))
    note = models.CharField(_("note"), max_length=250, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        indexes = [models.Index(fields=["person_type", "person_id"], name="consent_by_person")]
        constraints = [
            models.UniqueConstraint(
                "person_type", "person_id", "statement", name="consent_once", condition=Q(withdrawn_at__isnull=True)
            ),
            models.CheckConstraint(
                name="consent_withdrawn_after_given",
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement} {self.given_at:%Y-%m-%d}"

    @property
    def person(self) -> models.Model:
        """The user, or the person a room keeps; as a name and a number only, without asking the database."""
        return apps.get_model(self.person_type)(pk=self.person_id)
