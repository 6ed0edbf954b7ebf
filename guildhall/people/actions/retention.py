"""Letting data go when its time is over."""

from __future__ import annotations

from datetime import datetime

from guildhall.core.actions import action
from guildhall.people.hooks import RetentionRule
from guildhall.people.models import User


@action
def apply_retention_rule(rule: RetentionRule, *, by: User | None, at: datetime) -> int:
    """Delete or anonymise what one rule no longer lets us keep; return how many things that were."""
    return rule.delete(at - rule.keep)
