"""A practice case: a teacher tells it and hands it in, the manager publishes it, and somebody without an account reads it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from guildhall.library.kinds import CASE_PARTS
from tests.journeys.colleague import SIZES, Colleague

pytestmark = pytest.mark.same_on_both

DONE = "1. Llamar por teléfono.\n2. Visitar el taller.\n3. Escribir **una página**."


class Case:
    """Who tells it, who publishes it, who reads it; and what it is called, which nobody else's is."""

    def __init__(self, teacher: Colleague, manager: Colleague, reader: Colleague) -> None:
        self.teacher, self.manager, self.reader = teacher, manager, reader
        self.title = f"Tres talleres y una escuela {uuid4().hex[:6]}"

    def tell(self) -> None:
        """The teacher begins with a title, and tells the seven parts on one page."""
        teacher = self.teacher
        teacher.go("/library/")
        teacher.press(teacher.link("Tell of a practice case"))
        teacher.field("Title").fill(self.title)
        teacher.press(teacher.button("Begin"))
        main = teacher.main
        main.locator("[name=summary]").fill("Tres talleres dicen qué hace un aprendiz, y la escuela cambia el orden del curso.")
        main.locator("[name=area]").select_option("1.2")
        main.locator("[name=activity]").select_option("mentor_training")
        for part in CASE_PARTS:
            main.locator(f"[name={part}]").fill(DONE if part == "done" else f"Lo que dice «{part}».")
        main.locator("[name^=figures][name$=value]").first.fill("3 → 9")
        main.locator("[name^=figures][name$=label]").first.fill("talleres que participan")
        teacher.press(teacher.button("Save and go on to publishing"))

    def hand_in(self) -> None:
        """A teacher does not publish: it is handed in."""
        self.teacher.press(self.teacher.button("Hand it in"))
        told = "“%(resource)s” is handed in: those who publish for your organisation have been told."
        self.teacher.is_told(told, resource=self.title)

    def publish(self) -> None:
        """The manager finds it on Today, reads it, and publishes it."""
        manager = self.manager
        manager.go("/")
        manager.sees(manager("To be published"))
        manager.press(manager.main.get_by_role("link", name=self.title).first)
        manager.sees("talleres que participan", "3 → 9")
        manager.press(manager.link("Publish"))
        manager.press(manager.button("Publish it"))
        manager.is_told("“%(resource)s” is published: everybody can read it now.", resource=self.title)

    def read(self) -> None:
        """Somebody looks for it, with a word of it and nothing else, and reads it without signing in."""
        reader = self.reader
        reader.go("/oer/")
        reader.main.locator("[name=q]").first.fill(self.title.rpartition(" ")[2])
        reader.main.locator("[name=q]").first.press("Enter")
        reader.check(reader.page)
        reader.press(reader.main.get_by_role("link", name=self.title).first)
        expect(reader.main.locator("ol li strong")).to_have_text("una página")
        reader.sees("CC BY 4.0", reader("As text"))
        reader.press(reader.link("Compare with another case"))


@pytest.mark.parametrize("language", ["es"])
@pytest.mark.parametrize("size", ["phone"])
def test_a_practice_case_is_told_published_and_read(visit, house, no_barriers_without_javascript, size, language):
    teacher, manager, reader = (
        Colleague(name, visit(*SIZES[size], javascript=False, locale=language), house, no_barriers_without_javascript, language)
        for name in ("Inés Taller", "Carmen Dirección", "Alguien")
    )
    manager.start_school(f"IES {uuid4().hex[:6]}", "ES")
    manager.invite(teacher, roles=["teacher"])
    case = Case(teacher, manager, reader)
    case.tell()
    case.hand_in()
    case.publish()
    case.read()
