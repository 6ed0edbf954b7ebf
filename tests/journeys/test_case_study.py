"""A case study: a teacher sends a film and publishes it; somebody deaf, somebody blind, somebody without a mouse, and somebody
whose browser runs no scripts each get all of it.

What each of them gets is written down in ``docs/films.md``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from guildhall.library.tests.clips import clip
from tests.installation import Installation
from tests.journeys.colleague import Colleague
from tests.journeys.test_by_keyboard import FOCUS, Keyboard

pytestmark = pytest.mark.same_on_both
SECONDS = 24
#: From when to when in seconds, in German, in English.
TRACKS = {
    "captions": [
        (1, 4, "[Eine Tür fällt zu] Guten Morgen, wir fangen um vier an.", "[A door closes] Good morning, we begin at four."),
        (9, 12, "Wer hier lernt, formt zuerst Brezeln.", "Who learns here shapes pretzels first."),
        (17, 20, "[Ein Wecker klingelt] Jetzt ist Feierabend.", "[An alarm rings] Now we go home."),
    ],
    "descriptions": [
        (0, 1, "Eine dunkle Straße, ein Fenster ist hell.", "A dark street, one window is lit."),
        (13, 16, "Zwei Hände rollen Teig.", "Two hands roll dough."),
    ],
    "chapters": [
        (0, 8, "Um vier", "At four"),
        (8, 16, "Am Tisch", "At the table"),
        (16, SECONDS, "Nach Hause", "Home"),
    ],
}
#: When, what is to be done, the question in German and in English, and what can be chosen.
QUESTIONS = [
    (6, "choose", "Wer entscheidet?", "Who decides?", ("Die Meisterin\nNiemand", "The owner\nNobody")),
    (14, "scale", "Wie nah ist das an Ihrer Schule?", "How near is this to your school?", ("", "")),
    (21, "write", "Was würden Sie zuerst fragen?", "What would you ask first?", ("", "")),
]


@dataclass(frozen=True)
class Study:
    """A film that is public: its page, what it is called, and who is signed in at the school that published it."""

    address: str
    title: str
    signed_in: StorageState


class Author:
    """Who sends the film, says what is heard, seen and asked, and publishes it."""

    def __init__(self, me: Colleague) -> None:
        self.me = me
        self.title = f"Ein Morgen in der Backstube {uuid4().hex[:6]}"

    def send(self, film: Path) -> None:
        me = self.me
        me.page.goto("/library/write/?what=film")
        me.field("Title").fill(self.title)
        me.press(me.button("Begin"))
        me.field("The film").set_input_files(film)
        expect(me.main.locator("video")).to_be_visible()

    def tell(self) -> None:
        """Add the tracks and the questions, the first of each with its form."""
        me = self.me
        place = me.page.url
        token = me.main.locator("[name=csrfmiddlewaretoken]").first.input_value()

        def sent(address: str, **fields: Any) -> None:
            answer = me.page.request.post(f"{place}{address}", multipart={"csrfmiddlewaretoken": token, **fields})
            assert answer.ok, f"{answer.status} {address}"

        for kind, cues in TRACKS.items():
            for language, said in (("de", 2), ("en", 3)):
                lines = [f"00:00:{cue[0]:02}.000 --> 00:00:{cue[1]:02}.000\n{cue[said]}\n" for cue in cues]
                file = {"name": "a.vtt", "mimeType": "text/vtt", "buffer": "\n".join(["WEBVTT\n", *lines]).encode()}
                sent("tracks/add/", kind=kind, language=language, source="human", label="", file=file)
        for second, kind, german, english, choices in QUESTIONS:
            texts = {"question_de": german, "question_en": english, "choices_de": choices[0], "choices_en": choices[1]}
            sent("prompts/add/", at_seconds=f"0:{second:02}", kind=kind, is_pause="on", **texts)
        me.page.reload()

    def publish(self) -> str:
        me = self.me
        number = re.search(r"/library/(\d+)/film/", me.page.url)[1]
        me.page.goto(f"/library/{number}/change/")
        me.main.locator("[name=summary]").fill("Ein Film über einen Morgen in der Bäckerei.")
        me.press(me.button("Save and go on to publishing"))
        me.press(me.button("Publish it"))
        return f"/oer/{number}/"


@pytest.fixture(scope="module")
def study(house: Installation, browser: Browser, tmp_path_factory: pytest.TempPathFactory, no_barriers: Any) -> Iterator[Study]:
    """A film of 24 seconds with captions, descriptions and chapters in two languages and three questions, public."""
    # Two pictures a second: it is made in no time.
    film = clip(tmp_path_factory.mktemp("film") / "a.mp4", seconds=SECONDS, moments=[at / 2 for at in range(2 * SECONDS)])
    context = browser.new_context(base_url=house.url, locale="de-DE", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    me = Colleague("Jana Ofen", context.new_page(), house, lambda page: None, "de")
    me.start_school(f"Berufsschule {uuid4().hex[:6]}", "DE")
    author = Author(me)
    author.send(film)
    author.tell()
    no_barriers(me.page)
    yield Study(author.publish(), author.title, context.storage_state())
    context.close()


# --- What somebody does with a film --------------------------------------------------------------------------------

SHOWING = "[...document.querySelector('video').textTracks].filter((t) => t.mode === 'showing').map((t) => [t.kind, t.language])"
#: What the keys do, one after the other, from the beginning of the film.
KEYS = [
    *[("ArrowRight", "film.currentTime === 5"), ("ArrowLeft", "film.currentTime === 0")],
    *[("l", "film.currentTime === 10"), ("j", "film.currentTime === 0")],
    *[("m", "film.muted"), ("m", "!film.muted"), (">", "film.playbackRate === 1.25"), ("<", "film.playbackRate === 1")],
    *[("Space", "!film.paused"), ("k", "film.paused")],
]
#: Of what has the focus; on a button of the browser's own player, which no page sees into, the browser draws it.
FOCUS_SHOWS = """(() => {
  const here = document.activeElement, box = here.getBoundingClientRect();
  if (here.matches("video:not(:focus-visible)")) return true;
  return here.matches(":focus-visible") && getComputedStyle(here).outlineStyle !== "none" && box.width > 0;
})()"""


class Viewer:
    """Who watches: what they find of the film, by its role and name."""

    def __init__(self, page: Page, study: Study) -> None:
        self.page, self.main = page, page.locator("main")
        self.film = page.locator("video")
        self.keys = Keyboard(page)
        self.study = study

    def open(self) -> None:
        self.page.goto(self.study.address)
        self.ready()

    def ready(self) -> None:
        self.film.wait_for()
        self.until("film.readyState > 1")

    def at(self, second: float) -> None:
        """The film stands at that second, or has just played on from there."""
        self.until(f"Math.abs(film.currentTime - {second}) < 0.9")

    def until(self, what: str) -> None:
        """Wait until something is so of the ``film``. (Playwright's own way would be refused by the page's security policy.)"""
        until = time.monotonic() + 30
        while not self.film.evaluate(f"film => {what}"):
            assert time.monotonic() < until, what
            self.page.wait_for_timeout(50)

    def look(self) -> bytes:
        """What is seen of the film that stands still, captions and all."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self.film.screenshot()

    def settled(self, is_so: Callable[[bytes], bool] = bool) -> bytes:
        """Wait until it looks so, twice in a row: a button says at once what is drawn a moment later."""
        until = time.monotonic() + 30
        while not ((seen := self.look()) == self.look() and is_so(seen)):
            assert time.monotonic() < until
        return seen

    def line(self, name: str, moment: str) -> Locator:
        """The link of a line that begins at that moment, in a list of that name."""
        return self.main.get_by_role("list", name=name).get_by_role("link", name=moment, exact=True)


def test_a_deaf_person_reads_all_that_is_heard(visit, study, no_barriers):
    me = Viewer(visit(1280, 900), study)
    me.open()
    no_barriers(me.page)

    # The captions are on, in the language of the page though the film is in another; the keyboard takes them away and back.
    assert me.page.evaluate(SHOWING) == [["captions", "en"]]
    me.line("What is said", "0:01").click()
    me.at(1)
    me.until("film.textTracks[0].activeCues.length && !film.seeking")
    captioned = me.settled()
    me.keys.press("^Captions$")
    expect(me.main.get_by_role("button", name="Captions")).to_have_attribute("aria-pressed", "false")
    me.settled(lambda seen: seen != captioned)
    me.page.keyboard.press("Enter")
    expect(me.main.get_by_role("button", name="Captions")).to_have_attribute("aria-pressed", "true")
    me.settled(lambda seen: seen == captioned)

    # What is heard is named, and stands below to be read.
    transcript = me.main.get_by_role("list", name="What is said")
    for _start, _end, _german, heard in TRACKS["captions"]:
        expect(transcript).to_contain_text(heard)
    me.line("What is said", "0:17").click()
    me.at(17)
    expect(transcript.locator(".now")).to_have_text("0:17 [An alarm rings] Now we go home.")

    # Whoever remembers a word of it finds the film at the second.
    me.page.get_by_role("link", name="Search what is said in all films").click()
    me.main.get_by_role("searchbox").fill("pretzels")
    me.main.get_by_role("link", name=study.title).click()
    me.ready()
    me.at(9)


def test_a_blind_person_hears_what_is_seen_and_asked(visit, study, no_barriers):
    me = Viewer(visit(1280, 900), study)
    me.open()
    expect(me.film).to_have_accessible_name(study.title)
    expect(me.film).to_have_attribute("lang", "de")
    expect(me.main.locator("figure")).to_match_aria_snapshot("""
      - figure:
        - status
        - group "More for the film":
          - button "10 seconds back"
          - button "10 seconds on"
          - combobox "Speed"
          - button "Captions" [pressed]
          - button "Say what is seen"
          - checkbox "Pause at the questions"
          - group: Keys
        - status
        - paragraph:
          - link "Listen to the sound only"
    """)
    headings = [
        (heading.evaluate("element => element.tagName"), heading.inner_text())
        for heading in me.main.get_by_role("heading").all()[:7]
    ]
    assert headings == [
        ("H1", study.title),
        ("H2", "Chapters"),
        ("H2", "Questions to think about"),
        *(("H3", english) for _second, _kind, _german, english, _choices in QUESTIONS),
        ("H2", "What is said"),
    ]
    for second, said in (("0:00", "[A dark street, one window is lit.]"), ("0:13", "[Two hands roll dough.]")):
        expect(me.line("What is said", second)).to_have_accessible_description(said)
    expect(me.line("Chapters", "0:08")).to_have_accessible_description("At the table")

    # Without a mouse: descriptions and pauses are switched on, a line of the transcript opens the film, the space bar plays it.
    me.keys.press("^Say what is seen$", "Space")
    me.keys.press("Pause at the questions", "Space")
    asked, seen = me.main.locator("figure").get_by_role("status").all()
    while "Two hands" not in me.page.evaluate("document.activeElement.nextElementSibling?.textContent || ''"):
        me.keys.to("^0:13$")
    me.page.keyboard.press("Enter")
    expect(me.film).to_be_focused()
    me.at(13)
    me.page.keyboard.press("Space")
    expect(seen).to_have_text("Two hands roll dough.")
    expect(asked).to_contain_text("How near is this to your school?")
    expect(me.film).to_be_focused()
    me.until("film.paused")
    me.page.set_viewport_size({"width": 390, "height": 844})
    no_barriers(me.page)
    me.page.keyboard.press("Space")
    expect(asked).to_be_empty()
    expect(me.film).to_be_focused()


def test_who_has_a_keyboard_only_reaches_and_keeps_everything(visit, study, house, no_barriers):
    page = visit(1280, 900, locale="de-DE", signed_in=study.signed_in)
    me, you = Viewer(page, study), Colleague("Jana Ofen", page, house, no_barriers, "de")
    you.go(study.address)
    me.ready()

    # Every stop from the film to the end of the transcript, in the order in which they stand; each shows that it has the focus.
    me.keys.to(study.title)
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
    stops: list[str] = []
    while not stops or you("Search what is said in all films") not in stops[-1]:
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUS))
        assert page.evaluate(FOCUS_SHOWS), f"{stops[-1]!r} has the focus, and nothing shows it"
        assert len(stops) < 80, stops
    bar = ["10 seconds back", "10 seconds on", "Speed", "Captions", "Say what is seen", "Pause at the questions", "Keys"]
    below = ["Listen to the sound only", "What my organisation thought", "Keep my answer", "Search what is said in all films"]
    places = [next(at for at, stop in enumerate(stops) if you(name) in stop) for name in bar + below]
    assert places == sorted(places)

    # The keys that the player names.
    me.film.focus()
    for key, then in KEYS:
        page.keyboard.press(key)
        me.until(then)
    page.keyboard.press("c")
    assert page.evaluate(SHOWING) == []

    # A question pauses the film for who wishes it, and is never in the way: it is answered, and the film goes on with Escape.
    me.keys.press(you("Pause at the questions"), "Space")
    asked = me.main.locator("figure").get_by_role("status").first
    me.film.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(asked).to_contain_text("Wer entscheidet?")
    me.keys.press("^Wer entscheidet")
    me.keys.to("^Die Meisterin")
    page.keyboard.press("Space")
    me.keys.type(you("Why?"), "Sie steht am Ofen.")
    with page.expect_response(lambda answer: "Ofen" in (answer.request.post_data or "")):
        page.keyboard.press("Tab")
    kept = me.main.get_by_role("article").filter(has_text="Wer entscheidet?").get_by_role("status")
    expect(kept).to_contain_text(you("Kept", context="an answer"))
    # What is not sent yet when the page is left is not lost either.
    reasons = me.main.get_by_label(you("Why?"))
    reasons.nth(1).focus()
    page.keyboard.insert_text("Sehr nah.")
    me.until("JSON.stringify(localStorage).includes('Sehr nah.')")
    page.reload()
    expect(me.main.get_by_label("Die Meisterin")).to_be_checked()
    expect(reasons.first).to_have_value("Sie steht am Ofen.")
    expect(reasons.nth(1)).to_have_value("Sehr nah.")
    me.ready()
    expect(you.field("Pause at the questions")).to_be_checked()
    me.line(you("What is said", context="a film"), "0:13").press("Enter")
    page.keyboard.press("Space")
    expect(asked).to_contain_text("Wie nah ist das an Ihrer Schule?")
    page.keyboard.press("Escape")
    expect(asked).to_be_empty()
    me.until("!film.paused")


def test_without_javascript_on_a_phone_the_film_its_text_and_its_questions_are_there(
    visit, study, house, no_barriers_without_javascript
):
    page = visit(390, 844, javascript=False, locale="de-DE", signed_in=study.signed_in)
    me, you = Viewer(page, study), Colleague("Jana Ofen", page, house, no_barriers_without_javascript, "de")
    you.go(study.address)
    expect(me.film).to_have_attribute("controls", "")
    expect(me.film.locator("track")).to_have_count(6)
    assert page.evaluate(SHOWING) == [["captions", "de"]]
    expect(me.main.get_by_role("group", name=you("More for the film"))).to_be_hidden()
    me.film.focus()
    page.keyboard.press("Space")
    me.until("!film.paused")

    you.sees(*(f"[{seen}]" for _start, _end, seen, _english in TRACKS["descriptions"]))
    you.sees(*(heard for _start, _end, heard, _english in TRACKS["captions"]))
    me.line(you("What is said", context="a film"), "0:09").click()
    page.wait_for_url("**?t=9#film")
    me.ready()
    me.at(9)
    for second, _kind, question, _english, _choices in QUESTIONS:
        card = me.main.get_by_role("article").filter(has_text=question)
        expect(card.get_by_role("link", name=f"0:{second:02}", exact=True)).to_be_visible()
    card.get_by_role("textbox").fill("Wer öffnet um vier?")
    you.press(card.get_by_role("button", name=you("Keep my answer")))
    you.is_told("Your answer is kept.")
    expect(card.get_by_role("textbox")).to_have_value("Wer öffnet um vier?")
