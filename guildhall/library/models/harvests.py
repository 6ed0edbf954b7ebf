from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.models import Progress
from guildhall.library.models.resources import Resource, numbers_written_for
from guildhall.people.models import Organisation


class HarvestQuerySet(models.QuerySet["Harvest"]):
    def kept(self) -> HarvestQuerySet:
        """Places that nobody has removed."""
        return self.filter(removed_at__isnull=True)

    def visible_to(self, user: Any) -> HarvestQuerySet:
        """Places harvested for the organisations in whose name this person may write."""
        return self.kept().filter(organisation__in=numbers_written_for(user))

    def to_be_looked_at(self) -> HarvestQuerySet:
        """Places that are looked at every night."""
        return self.kept().filter(is_active=True).select_related("organisation", "progress").order_by("pk")

    def for_list(self) -> HarvestQuerySet:
        """Places with how far the look at each is, by their names."""
        return self.select_related("progress").order_by("name", "pk")


class Harvest(models.Model):
    """A place elsewhere whose resources are listed here as links with their source, and what came of the last look at it.

    A look goes through the place portion by portion; ``position`` says where the one under way has got to, {} when none is:
    ``begun_at``, and what ``harvesting`` needs to go on. One that is removed keeps what was found, so that what it brought, and
    was withdrawn with it, is not taken for our own.
    """

    class Form(models.TextChoices):
        OAI = "oai", _("OAI-PMH")
        AMB = "amb", _("a list of AMB records")
        SITEMAP = "sitemap", _("a sitemap of pages with AMB records")

    class Trouble(models.TextChoices):
        """Why the last look ended before its end; what the placeholders stand for is in ``trouble_with``."""

        NAME = "name", _("The name in its address is not known.")
        ADDRESS = "address", _("Its address leads into a private network.")
        CONNECTION = "connection", _("There is no connection to it.")
        ENCRYPTION = "encryption", _("There is no encrypted connection to it, or its certificate is not valid.")
        TIME = "time", _("It did not answer in time.")
        ANSWER = "answer", _("Its answer cannot be understood.")
        STATUS = "status", _("It answers with the status %(status)s.")
        ELSEWHERE = "elsewhere", _("It leads on to another server: %(address)s")
        ROBOTS = "robots", _("It asks programs to stay away (robots.txt).")
        TOO_LARGE = "too_large", _("Its answer is too large.")
        NO_XML = "no_xml", _("What it answers is no XML.")
        NO_JSON = "no_json", _("What it answers is no JSON.")
        NO_LIST = "no_list", _("What it answers is no list of records.")
        NO_SITEMAP = "no_sitemap", _("What it answers is no sitemap.")
        NO_OAI = "no_oai", _("What it answers is no answer of OAI-PMH.")
        PROTOCOL = "protocol", _("It refuses what was asked: %(said)s")
        EMPTY = "empty", _("There is nothing at all any more. What came from it earlier stays until you say otherwise.")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="harvests")
    name = models.CharField(_("name of the place"), max_length=150)
    address = models.URLField(_("address"), max_length=500)
    form = models.CharField(_("how it is offered"), max_length=10, choices=Form)
    #: Keys of ``licences.KNOWN``; what is under another one stays away.
    licences = models.JSONField(_("only under these licences"), default=list)
    is_active = models.BooleanField(_("looked at every night"), default=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    harvested_at = models.DateTimeField(_("last looked at"), null=True, blank=True)
    trouble = models.CharField(max_length=20, choices=Trouble, blank=True)
    trouble_with = models.JSONField(default=dict)
    #: How many records the last look found, and what became of them; ``seen`` is all of them.
    counts = models.JSONField(default=dict)
    position = models.JSONField(default=dict)
    #: By the clock of the place: up to when all is known, so that the next look asks for what has changed since. "" asks for all.
    known_until = models.CharField(max_length=20, blank=True)
    progress = models.ForeignKey(Progress, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = HarvestQuerySet.as_manager()

    class Meta:
        verbose_name = _("harvest")
        verbose_name_plural = _("harvests")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "address"],
                name="harvest_once",
                condition=Q(removed_at__isnull=True),
                violation_error_message=_("This place is harvested already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("library:harvest", args=[self.pk])

    @property
    def is_under_way(self) -> bool:
        """Whether a task is looking at it, or waits to."""
        return self.progress is not None and not self.progress.finished

    @property
    def trouble_sentence(self) -> str:
        return str(self.get_trouble_display()) % self.trouble_with if self.trouble else ""


class HarvestedQuerySet(models.QuerySet["Harvested"]):
    def refused(self) -> HarvestedQuerySet:
        """What was found and not taken."""
        return self.exclude(refused_why="")

    def missed_since(self, moment: Any) -> HarvestedQuerySet:
        """What was taken once and has not been seen at its place since a moment."""
        return self.filter(resource__isnull=False, gone_at__isnull=True, seen_at__lt=moment)


class Harvested(models.Model):
    """What was found at a place: taken as a resource, or refused with the reason. ``identifier`` is its name there.

    ``stamp`` tells whether its record has changed: the same stamp, the same record. ``gone_at`` is since when the place has it no
    more, and its resource is withdrawn for that reason.
    """

    class Why(models.TextChoices):
        """Why a record was not taken; what the placeholders stand for is in ``refused_with``."""

        MISSING = "missing", _("%(where)s is missing.")
        NO_TEXT = "no_text", _("%(where)s must be a text, but is %(found)s.")
        NO_LIST = "no_list", _("%(where)s must be a list, but is %(found)s.")
        NO_OBJECT = "no_object", _("%(where)s must be an object, but is %(found)s.")
        NO_TRUTH = "no_truth", _("%(where)s must be true or false, but is %(found)s.")
        NO_ADDRESS = "no_address", _("%(where)s must be an address (URI), but is %(found)s.")
        NO_DATE = "no_date", _("%(where)s must be a date, such as 2026-11-30, but is %(found)s.")
        NO_DURATION = "no_duration", _("%(where)s must be a length of time, such as PT47M58S, but is %(found)s.")
        NO_NUMBER = "no_number", _("%(where)s must be a number without its unit, in quotation marks, but is %(found)s.")
        UNKNOWN = "unknown", _("%(where)s is none of the words that AMB knows: %(found)s")
        LACKS = "lacks", _("%(where)s names none that AMB asks for: %(found)s")
        NO_LINK = "no_link", _("Its address cannot be linked to: %(found)s")
        TOO_LONG = "too_long", _("%(where)s is too long: %(found)s")
        OURS = "ours", _("It was published here.")
        NO_LICENCE = "no_licence", _("It names no licence.")
        LICENCE = "licence", _("Its licence is not among those chosen: %(found)s")
        NO_RECORD = "no_record", _("There is no AMB record on its page.")
        UNREADABLE = "unreadable", _("The record on its page cannot be read.")
        AWAY = "away", _("Its page does not answer.")
        ROBOTS = "robots", _("Its page asks programs to stay away (robots.txt).")

    harvest = models.ForeignKey(Harvest, on_delete=models.CASCADE, related_name="found")
    identifier = models.CharField(max_length=500)
    title = models.CharField(max_length=250, blank=True)
    resource = models.OneToOneField(Resource, null=True, blank=True, on_delete=models.PROTECT, related_name="harvested")
    refused_why = models.CharField(max_length=20, choices=Why, blank=True)
    refused_with = models.JSONField(default=dict)
    stamp = models.CharField(max_length=64, blank=True)
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    objects = HarvestedQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("something found elsewhere", "find")
        verbose_name_plural = pgettext_lazy("something found elsewhere", "finds")
        constraints = [models.UniqueConstraint(fields=["harvest", "identifier"], name="harvested_once")]
        indexes = [models.Index(fields=["harvest", "refused_why"], name="harvested_by_refusal")]

    def __str__(self) -> str:
        return self.title or self.identifier

    @property
    def refused_sentence(self) -> str:
        return str(self.get_refused_why_display()) % self.refused_with if self.refused_why else ""
