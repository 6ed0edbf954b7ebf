from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from math import cos, pi, radians, sin
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guildhall.core.projection import KM_PER_DEGREE
from guildhall.people.models.users import User


class Kind(models.TextChoices):
    SCHOOL = "school", _("School")
    EMPLOYER = "employer", _("Employer")
    ASSOCIATION = "association", _("Association")
    AUTHORITY = "authority", _("Authority")
    OTHER = "other", _("Other organisation")


class SizeBand(models.TextChoices):
    """Persons employed, in the bands of Commission Recommendation 2003/361/EC, the smallest split in two."""

    NONE = "0", _("no employees")
    TINY = "1-9", _("1 to 9 people")
    SMALL = "10-49", _("10 to 49 people")
    MEDIUM = "50-249", _("50 to 249 people")
    LARGE = "250+", _("250 people or more")


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def of(self, user: User) -> OrganisationQuerySet:
        """Organisations this person has a role in today."""
        return self.filter(pk__in=Membership.objects.current().filter(user=user.pk).values("organisation"))

    def run_by(self, user: User) -> OrganisationQuerySet:
        """Organisations this person works for as staff today, learners and plain members left out."""
        return self.filter(pk__in=numbers_run_by(user))

    def managed_by(self, user: User) -> OrganisationQuerySet:
        """Organisations this person manages today."""
        return self.filter(pk__in=Membership.objects.managing().filter(user=user.pk).values("organisation"))

    def visible_to(self, user: User) -> OrganisationQuerySet:
        """Organisations this person belongs to, and those that the schools they work for keep in their books."""
        return self.filter(Q(pk__in=Organisation.objects.of(user).values("pk")) | Q(kept_by__in=numbers_run_by(user)))


def numbers_run_by(user: User) -> Collection[int] | models.QuerySet[Any]:
    """The numbers of the organisations this person works for as staff today, to be asked for with ``__in``.

    Within a request they are known already; a query in a query for each thing that is read would cost more than the thing.
    """
    if user.memberships_today is not None:
        return [held.organisation_id for held in user.memberships_today if held.role in STAFF_ROLES]
    return Membership.objects.current().staff().filter(user=user.pk).values("organisation")


class Organisation(models.Model):
    """A school, an employer, an association, an authority.

    An employer that a school wrote into its book, and that has no account, is *kept by* that school: only its staff see it.
    """

    Kind = Kind

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    name = models.CharField(_("name"), max_length=250)
    trade_name = models.CharField(
        _("trade name"), max_length=250, blank=True, help_text=_("The name on the door, if it is another.")
    )
    slug = models.SlugField(_("short name in addresses"), max_length=60, null=True, blank=True, unique=True)
    country = models.CharField(_("country"), max_length=2, help_text="ISO 3166-1 alpha-2")
    nuts = models.CharField(_("region (NUTS)"), max_length=5, blank=True)
    nace = models.CharField(_("sector (NACE)"), max_length=7, blank=True)
    size_band = models.CharField(_("size"), max_length=10, choices=SizeBand, blank=True)
    languages = models.JSONField(
        _("languages"), default=list, blank=True, help_text=_("Those one can write to them in, best first.")
    )
    register_number = models.CharField(_("register number"), max_length=40, blank=True)
    website = models.URLField(_("web site"), max_length=300, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    kept_by = models.ForeignKey(
        "self", verbose_name=_("kept by"), null=True, blank=True, on_delete=models.PROTECT, related_name="kept_organisations"
    )
    requires_second_factor = models.BooleanField(_("asks its members for a second factor"), default=False)
    # Kept beside the webhooks themselves, so that an action need not ask whether there is anybody to tell.
    has_webhooks = models.BooleanField(_("has webhooks that are told"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.CheckConstraint(
                name="organisation_slug_unless_kept",
                condition=Q(slug__isnull=False) | Q(kept_by__isnull=False),
                violation_error_message=_("An organisation with members needs a short name for its addresses."),
            ),
            models.UniqueConstraint(
                "kept_by",
                "country",
                "register_number",
                name="organisation_number_once",
                condition=~Q(register_number=""),
                violation_error_message=_("There is already an organisation with this register number."),
            ),
        ]

    def __str__(self) -> str:
        return self.trade_name or self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone or settings.TIME_ZONE)

    def get_absolute_url(self) -> str:
        """Its page; an organisation that a school keeps has none here but in that school's book."""
        return reverse("people:organisation", args=[self.slug]) if self.slug else ""


def km_squared_from(latitude: float, longitude: float) -> models.expressions.Combinable:
    """Give the square of the distance in km from a place (WGS 84, °) to that of each row, as the crow flies.

    The earth is taken as flat between the two, with its degrees of longitude as long as half way: at 300 km that is wrong by
    less than 0.3 %, and needs nothing that a database would have to be slow at.
    """
    north = F("latitude") - latitude
    half_way = cos(radians(latitude)) - sin(radians(latitude)) * pi / 360 * north
    north_km, east_km = north * KM_PER_DEGREE, (F("longitude") - longitude) * half_way * KM_PER_DEGREE
    return north_km * north_km + east_km * east_km


def is_open_site(on: date, at: str = "") -> Q:
    """Whether a site is not closed on a day; ``at`` is the way to it from elsewhere, such as ``organisation__sites__``."""
    return Q(**{f"{at}closed_on__isnull": True}) | Q(**{f"{at}closed_on__gt": on})


class SiteQuerySet(models.QuerySet["Site"]):
    def visible_to(self, user: User) -> SiteQuerySet:
        """Sites of the organisations this person may see."""
        return self.filter(organisation__in=Organisation.objects.visible_to(user).values("pk"))

    def open(self, on: date | None = None) -> SiteQuerySet:
        """Sites that are not closed on a day (today)."""
        return self.filter(is_open_site(on or localdate()))

    def within(self, latitude: float, longitude: float, distance_km: float) -> SiteQuerySet:
        """Sites within a distance of a place (WGS 84, °), as the crow flies."""
        degrees_north = distance_km / KM_PER_DEGREE
        narrowest = cos(radians(min(abs(latitude) + degrees_north, 89.9)))
        degrees_east = distance_km / (KM_PER_DEGREE * narrowest)
        box = self.filter(
            latitude__range=(latitude - degrees_north, latitude + degrees_north),
            longitude__range=(longitude - degrees_east, longitude + degrees_east),
        )
        return box.alias(km_squared=km_squared_from(latitude, longitude)).filter(km_squared__lte=distance_km**2)


class Site(models.Model):
    """A place where an organisation works."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sites", verbose_name=_("organisation"))
    name = models.CharField(_("name of the site"), max_length=250, blank=True)
    register_number = models.CharField(_("register number of the site"), max_length=40, blank=True)
    street = models.CharField(_("street and number"), max_length=250, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    town = models.CharField(_("town"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)], help_text="WGS 84, °"
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)], help_text="WGS 84, °"
    )
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True, help_text=_("That of the site, not of a person."))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        constraints = [
            models.UniqueConstraint(
                "organisation",
                "register_number",
                name="site_number_once",
                condition=~Q(register_number=""),
                violation_error_message=_("This organisation already has a site with this register number."),
            ),
            models.CheckConstraint(
                name="site_coordinates_in_pairs",
                condition=Q(latitude__isnull=True, longitude__isnull=True) | Q(latitude__isnull=False, longitude__isnull=False),
                violation_error_message=_("Latitude and longitude go together: give both or none."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.address or str(_("site without an address"))

    @property
    def address(self) -> str:
        """The address on one line, as far as it is known."""
        place = " ".join(part for part in (self.postal_code, self.town) if part)
        return ", ".join(part for part in (self.street, place) if part)


class Role(models.TextChoices):
    MANAGER = "manager", _("Manager")
    COORDINATOR = "coordinator", _("Placement coordinator")
    TEACHER = "teacher", _("Teacher")
    TRAINER = "trainer", _("In-company trainer")
    LEARNER = "learner", _("Learner")
    GUIDANCE = "guidance", _("Guidance practitioner")
    QUALITY = "quality", _("Quality officer")
    MEMBER = "member", _("Member")


#: Roles whose holders work for the organisation and see what it writes down about others.
STAFF_ROLES = [Role.MANAGER, Role.COORDINATOR, Role.TEACHER, Role.GUIDANCE, Role.QUALITY]


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, user: User) -> MembershipQuerySet:
        """A person's own memberships, and those in organisations they work for as staff."""
        return self.filter(Q(user=user.pk) | Q(organisation__in=numbers_run_by(user)))

    def current(self, on: date | None = None) -> MembershipQuerySet:
        """Memberships that hold on a day (today), its first and last day included."""
        day = on or localdate()
        return self.filter(Q(until__isnull=True) | Q(until__gte=day), since__lte=day)

    def narrowed(self, q: str = "", role: str = "") -> MembershipQuerySet:
        """Memberships of people with these letters in their name or address, and in this role; all where nothing is given."""
        found = self.filter(Q(user__name__icontains=q) | Q(user__email__icontains=q)) if q else self
        return found.filter(role=role) if role else found

    def staff(self) -> MembershipQuerySet:
        """Memberships of those who work for the organisation."""
        return self.filter(role__in=STAFF_ROLES)

    def managing(self) -> MembershipQuerySet:
        """Memberships of the managers of today."""
        return self.current().filter(role=Role.MANAGER)

    def acting(self) -> MembershipQuerySet:
        """Memberships of those who may bind the organisation: its managers and coordinators, today."""
        return self.current().filter(role__in=[Role.MANAGER, Role.COORDINATOR])


class Membership(models.Model):
    """A person's role in an organisation. Somebody with two roles has two."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("person"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("organisation")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)
    since = models.DateField(_("since"), default=localdate)
    until = models.DateField(_("until"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                "user",
                "organisation",
                "role",
                name="membership_once",
                condition=Q(until__isnull=True),
                violation_error_message=_("This person already has this role here."),
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_begins",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                violation_error_message=_("The last day cannot be before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.get_role_display()}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> InvitationQuerySet:
        """Invitations into organisations that this person manages."""
        return self.filter(organisation__in=Organisation.objects.managed_by(user).values("pk"))

    def waiting(self) -> InvitationQuerySet:
        """Invitations neither accepted nor withdrawn; their link may have expired."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)

    def open(self, at: datetime) -> InvitationQuerySet:
        """Invitations that can still be accepted at a moment."""
        return self.waiting().filter(expires_at__gt=at)


class Invitation(models.Model):
    """The offer of one or more roles, sent to an e-mail address. The link in the mail is a pass."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("organisation")
    )
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=200, blank=True)
    roles = models.JSONField(_("roles"))
    sentence = models.CharField(_("a word to them"), max_length=500, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("valid until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(pgettext_lazy("invitation", "withdrawn"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "organisation",
                name="invitation_open_once",
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                violation_error_message=_("This address is already invited. Send the invitation again, or withdraw it first."),
            ),
            models.CheckConstraint(
                name="invitation_accepted_who_and_when",
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.organisation}"

    @property
    def role_labels(self) -> list[str]:
        """The offered roles in words."""
        return [str(Role(role).label) for role in self.roles]
