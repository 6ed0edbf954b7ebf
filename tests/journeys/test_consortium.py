"""Consortium: two schools find out, on a telephone, that they talk to the same employer, and whom to ask; and part again."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.journeys.colleague import SIZES, Colleague

pytestmark = pytest.mark.same_on_both


class Neighbours:
    """Who begins a consortium and hosts it, and who is invited; each manages a school."""

    def __init__(self, host: Colleague, guest: Colleague) -> None:
        self.host, self.guest = host, guest
        self.schools = {one: f"School {uuid4().hex[:8]}" for one in (host, guest)}
        self.consortium = f"Consortium {uuid4().hex[:6]}"

    def talk_to_the_bakery(self, me: Colleague) -> None:
        """Each has the same bakery in the book, and has called there."""
        me.go("/engagement/add/")
        me.field("Name").fill("Bäckerei Morgenrot")
        me.main.locator("[name=street]").fill("Mühlgasse 4")
        me.main.locator("[name=postal_code]").fill("02826")
        me.main.locator("[name=town]").fill("Görlitz")
        me.press(me.button("Add"))
        me.field("What was said?").fill("They look for two learners.")
        me.button("Write it down").click()
        me.is_told("Written down.")

    def begin(self) -> None:
        """One begins a consortium and finds the other school by a part of its name."""
        host = self.host
        host.go("/engagement/consortia/")
        host.press(host.link("Begin a consortium"))
        host.main.locator("[name=name]").fill(self.consortium)
        host.press(host.button("Begin it"))
        host.field("Name of the school").fill(self.schools[self.guest][-8:])
        host.press(host.button("Search"))
        host.button("Invite").click()
        host.is_told("%(school)s is invited.", school=self.schools[self.guest])

    def join(self) -> None:
        """The other's manager joins, by which nothing is shared yet."""
        guest = self.guest
        guest.go("/engagement/consortia/")
        guest.press(guest.link(self.consortium))
        guest.button("Join").click()
        expect(guest.main.locator("#members")).to_contain_text(self.schools[guest])
        guest.check(guest.page)

    def find_each_other(self) -> None:
        """Who shares alone sees nobody; once both do, each sees the other, whom to ask, and not what was said."""
        for me in (self.host, self.guest):
            me.go("/engagement/")
            me.press(me.link("Bäckerei Morgenrot"))
            me.main.locator("#others").get_by_role("button").click()
            card = me.main.locator("#others")
            expect(card.get_by_role("button", name=me("Tell the others no longer"))).to_be_visible()
            me.check(me.page)
        expect(card).to_contain_text(self.schools[self.host])
        expect(card).to_contain_text(self.host.name)
        expect(card).not_to_contain_text("two learners")
        self.host.page.reload()
        expect(self.host.main.locator("#others")).to_contain_text(self.schools[self.guest])
        self.host.go("/people/me/notices/")
        self.host.sees(self.schools[self.guest])

    def part(self) -> None:
        """The guest leaves: at once neither sees anything of the other."""
        guest, host = self.guest, self.host
        guest.go("/engagement/consortia/")
        guest.press(guest.link(self.consortium))
        guest.press(guest.link("Leave the consortium"))
        guest.press(guest.button("Leave"))
        host.go("/engagement/")
        host.press(host.link("Bäckerei Morgenrot"))
        expect(host.main.locator("#others")).not_to_contain_text(self.schools[guest])


@pytest.mark.parametrize("language", ["en"])
def test_consortium(visit, house, no_barriers, language):
    host, guest = (
        Colleague(name, visit(*SIZES["phone"], locale="en-GB"), house, no_barriers, language)
        for name in ("Hanna Host", "Gus Guest")
    )
    journey = Neighbours(host, guest)
    for me, school in journey.schools.items():
        me.start_school(school, "DE")
        journey.talk_to_the_bakery(me)
    journey.begin()
    journey.join()
    journey.find_each_other()
    journey.part()
