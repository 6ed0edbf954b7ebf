from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from guildhall.core.errors import Refusal
from guildhall.people.actions import erase_person
from guildhall.people.erasure import plan_erasure
from guildhall.people.models import User


class Command(BaseCommand):
    help = "Erase a person: they leave their organisations, all rooms delete or anonymise their data, the account is closed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--heir", default="", help="address of the colleague who takes over what they look after")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen and what is in the way")

    def handle(self, *args: Any, email: str, heir: str, dry_run: bool, **options: Any) -> None:
        user, successor = _person(email), _person(heir) if heir else None
        plan = plan_erasure(user, at=now())
        for parting in plan.partings:
            self.stdout.write(f"They leave {parting.organisation}.")
            for owned in parting.belongings:
                self.stdout.write(f"  {heir or 'Somebody'} takes over: {owned.sentence}")
        for sentence in [step.sentence for step in plan.steps]:
            self.stdout.write(sentence)
        for obstacle in plan.obstacles:
            self.stdout.write(f"In the way: {obstacle}")
        if dry_run:
            return
        heirs = {parting.organisation.pk: successor for parting in plan.partings if successor and parting.needs_heir}
        try:
            erase_person(user, heirs=heirs, by=None, at=now())
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{email} is erased.")


def _person(email: str) -> User:
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise CommandError(f"Nobody has the address {email}.")
    return user
