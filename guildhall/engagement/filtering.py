"""Narrowing the employer list down, and putting it in order: what each of its filters and orders means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils.timezone import localdate, now

from guildhall.engagement.forms.book import EmployerFilter
from guildhall.engagement.models import EmployerQuerySet, NextStep
from guildhall.engagement.search import employers_found
from guildhall.people.models import Organisation, Site
from guildhall.skills import taxonomy


def narrowed(employers: EmployerQuerySet, filters: EmployerFilter, school: Organisation) -> EmployerQuerySet:
    """The employers that answer to every filter that is set; what cannot be understood narrows nothing."""
    filters.is_valid()
    wanted = filters.cleaned_data
    if text := wanted.get("q", "").strip():
        employers = employers.filter(pk__in=employers_found(text, school))
    if owner := wanted.get("owner"):
        employers = employers.filter(owner=None if owner == "nobody" else int(owner))
    if sector := wanted.get("sector"):
        employers = employers.filter(_within_sector(sector))
    if place := wanted.get("place", "").strip():
        there = Site.objects.open().filter(Q(town__istartswith=place) | Q(postal_code__startswith=place))
        employers = employers.filter(Exists(there.filter(organisation=OuterRef("organisation"))))
    if around := filters.around:
        employers = employers.near(*around)
    if tag := wanted.get("tag"):
        employers = employers.filter(tags=int(tag))
    match wanted.get("rest"):
        case "resting":
            employers = employers.resting(localdate())
        case "awake":
            employers = employers.exclude(resting_until__gte=localdate())
    if wanted.get("placed") == "no":
        employers = employers.unplaced()
    match wanted.get("silent"):
        case "never":
            employers = employers.filter(last_contact_at__isnull=True)
        case str(days) if days:
            employers = employers.silent_since(now() - timedelta(days=int(days)))
    if level := wanted.get("level"):
        employers = employers.filter(level=int(level))
    if lit := wanted.get("lit"):
        employers = employers.working_on(lit)
    if wanted.get("cooling") == "yes":
        employers = employers.cooling(localdate())
    open_steps = NextStep.objects.open().filter(employer=OuterRef("pk"))
    match wanted.get("step"):
        case "overdue":
            employers = employers.with_overdue_step(localdate())
        case "open":
            employers = employers.filter(Exists(open_steps))
        case "none":
            employers = employers.filter(~Exists(open_steps))
    return employers


def _within_sector(section: str) -> Q:
    """Organisations in a section of NACE: those with its code, and those with a code of one of its divisions."""
    within = Q(organisation__nace=section)
    for division, _label in taxonomy.choices("nace", under=section, level=2):
        within |= Q(organisation__nace__gte=division, organisation__nace__lt=f"{division}/")  # "/" comes right after "."
    return within


#: What the list can be sorted by; a leading "-" turns it round. Who was never spoken to comes first among the longest silent.
ORDERS: dict[str, list[Any]] = {
    "name": ["sort_key", "pk"],
    "-name": ["-sort_key", "-pk"],
    "contact": [F("last_contact_at").asc(nulls_first=True), "pk"],
    "-contact": [F("last_contact_at").desc(nulls_last=True), "-pk"],
    "step": [F("next_due_on").asc(nulls_last=True), "pk"],
    "-step": [F("next_due_on").desc(nulls_last=True), "-pk"],
    "level": ["level", "pk"],
    "-level": ["-level", "-pk"],
    "added": ["added_at", "pk"],
    "-added": ["-added_at", "-pk"],
}


def ordered(employers: EmployerQuerySet, sort: str) -> EmployerQuerySet:
    """The employers in the order that an address asks for, by name where it asks for none."""
    if sort.lstrip("-") == "step":
        employers = employers.with_next_step()
    return employers.order_by(*ORDERS.get(sort, ORDERS["name"]))
