"""A long film, from a line that breaks to a phone: ``python tests/bench/film.py --minutes 30``. docs/films.md has the figures.

Draws a film in 1080p, sends it from a browser over a line that is cut five times (the second part by another session), kills the
worker half-way, adds captions and chapters in two languages, publishes it, and watches the third chapter on a phone.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import av
from av.video.frame import PictureType
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.append(str(Path(__file__).parents[2]))
from tests.bench.breaking import BreakingLine, somewhere
from tests.installation import CHROMIUM, Installation, installation

if TYPE_CHECKING:
    from tests.journeys.colleague import Colleague

WIDTH, HEIGHT, RATE = 1920, 1080, 30
CHAPTERS, DRAWN_SECONDS = 6, 10
BITS_PER_SECOND = 12_000_000
CUTS, SECONDS_DOWN = 5, 3
LANGUAGES = {"en": ("Chapter %d", "Chapter %d, minute %s"), "de": ("Kapitel %d", "Kapitel %d, Minute %s")}
TICKS = os.sysconf("SC_CLK_TCK")
VIDEO = "const video = document.querySelector('video');"
GERMAN = f"{VIDEO} const track = [...video.textTracks].find((one) => one.kind === 'captions' && one.language === 'de');"
SEEN = """return {
  at: video.currentTime, long: video.duration, paused: video.paused, height: video.videoHeight,
  source: video.currentSrc.replace(/.*\\//, ""), frames: video.getVideoPlaybackQuality().totalVideoFrames,
  shown: [...video.textTracks].filter((track) => track.mode === "showing")
    .map((track) => [track.language, [...track.activeCues].map((cue) => cue.text).join()]) };"""


def arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long the film is (30)")
    parser.add_argument("--seed", type=int, default=7, help="of the chance that says where the line breaks (7)")
    parser.add_argument("--picture", type=Path, default=Path("film.png"), help="where the phone's screen goes (film.png)")
    parser.add_argument("--film", type=Path, help="one that was drawn before, of that length, or where to keep it")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    seconds = asked.minutes * 60
    with TemporaryDirectory(prefix="guildhall-film-") as folder:
        path = asked.film or Path(folder) / "film.mp4"
        if not path.exists():
            noted("draw", lambda: draw(path, seconds))
        size = path.stat().st_size
        print(
            f"{asked.minutes:g} minutes of {WIDTH} x {HEIGHT}, {size / 1e6:.0f} MB, {8e-6 * size / seconds:.1f} Mbit/s",
            flush=True,
        )
        data = Path(folder) / "data"
        data.mkdir()
        _set_up(data)
        with installation(data, demo=False) as house, sync_playwright() as playwright:
            Journey(house, data, playwright.chromium.launch(**CHROMIUM), path, seconds, asked).go()


def noted(what: str, work: Callable[[], Any]) -> Any:
    began = time.monotonic()
    result = work()
    print(f"{what}: {time.monotonic() - began:.0f} s", flush=True)
    return result


def _set_up(data: Path) -> None:
    """The words on the screen are found by their sentences in the code: for that, and nothing else, the code is loaded here."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "guildhall.config.settings", "GUILDHALL_DATA": str(data)}
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    import django

    django.setup()


class Journey:
    """What happens to the film, in its order."""

    def __init__(self, house: Installation, data: Path, browser: Browser, path: Path, seconds: float, asked: Namespace) -> None:
        self.house, self.data, self.browser, self.path, self.seconds, self.asked = house, data, browser, path, seconds, asked
        self.size = path.stat().st_size

    def go(self) -> None:
        cuts = somewhere(self.size, CUTS, random.Random(self.asked.seed))  # noqa: S311
        line = BreakingLine(int(self.house.url.rpartition(":")[2]), cuts=list(cuts), seconds_down=SECONDS_DOWN)
        noted("send", lambda: self.send(line))
        megabytes = ", ".join(f"{place / 1e6:.0f}" for place in line.broken_at)
        print(f"  broken after {megabytes} MB; {(line.sent - self.size) / 1e6:.1f} MB were sent besides the film", flush=True)
        watch = Watch(self.data)
        noted("make, with a worker killed half-way", lambda: self.make(watch))
        self.tell_costs(watch)
        self.add_tracks()
        self.publish()
        self.watch_on_a_phone()

    def send(self, line: BreakingLine) -> None:
        """Begin a resource, send its film; after the third cut the browser is closed, and the person signs in elsewhere."""
        author = self._somebody(line.url)
        author.start_school("School of the film", "DE")
        author.go("/library/write/")
        author.main.locator("[name=what][value=film]").check()
        author.field("Title").fill("Thirty minutes in the workshop")
        author.press(author.button("Begin"))
        resource = re.search(r"/library/(\d+)/", author.page.url)
        assert resource is not None, author.page.url
        self.place = f"/library/{resource[1]}/"
        author.go(f"{self.place}film/")
        author.main.locator("[data-sending] input[type=file]").set_input_files(self.path)
        _until(lambda: len(line.broken_at) >= 3, 1200, author.page)
        author.page.context.close()
        time.sleep(SECONDS_DOWN)

        self.author = author = self._somebody(line.url, author.address)
        author.go("/account/login/")
        author.page.locator("[name=login]").fill(author.address)
        letters = len(self.house.mails_to(author.address))
        author.press(author.button("Send me a code"))
        _until(lambda: len(self.house.mails_to(author.address)) > letters, 60, author.page)
        author.field("Code").fill(author._from_letter(r"\d{4}-\d{4}", "Subject"))
        author.press(author.button("Continue"))
        author.go(f"{self.place}film/")
        author.sees("Choose the same file again to go on.")
        print(f"  another session: {author.main.locator('#send .note').first.inner_text().splitlines()[0]}", flush=True)
        author.main.locator("[data-sending] input[type=file]").set_input_files(self.path)
        _until(lambda: not line.cuts and self._ask("SELECT count(*) FROM library_film") == 1, 1200, author.page)

    def make(self, watch: Watch) -> None:
        """Wait until it is made; half-way, the worker is killed."""
        killed = False
        while (state := self._ask("SELECT state FROM library_film")) in ("waiting", "making"):
            done = self._ask("SELECT done FROM core_progress JOIN library_film ON progress_id = core_progress.id") or 0
            if not killed and done >= 50:
                killed = True
                there = self._ask("SELECT group_concat(kind) FROM library_rendition")
                os.kill(watch.worker(), signal.SIGKILL)
                print(f"  killed at {done} %, with {there or 'nothing'} made", flush=True)
            time.sleep(0.3)
        watch.stop()
        if state != "ready" or not killed:
            raise SystemExit(f"The film is {state}; killed: {killed}.")

    def tell_costs(self, watch: Watch) -> None:
        minutes = self.seconds / 60
        cpu = sum(watch.cpu.values())
        print(f"computing: {cpu:.0f} s, {cpu / minutes:.1f} s for each minute of film, what the killed worker did included")
        print(f"peak memory: {watch.memory / 1e6:.0f} MB of the largest process, {watch.together / 1e6:.0f} MB of all at once")
        question = (
            "SELECT kind, width, height, size, json_array_length(pieces)"
            " FROM library_rendition JOIN core_storedfile f ON f.id = file_id"
        )
        with closing(self._database()) as database:
            for kind, width, height, size, pieces in database.execute(question):
                told = f"{max(pieces - 1, 0)} pieces" if pieces else "in one piece"
                print(
                    f"  {kind}: {width} x {height}, {size / 1e6:.0f} MB, {8e-3 * size / self.seconds:.0f} kbit/s, {told}",
                    flush=True,
                )

    def add_tracks(self) -> None:
        """Captions and chapters in two languages, each as a file."""
        for language in LANGUAGES:
            for kind in ("captions", "chapters"):
                self.author.go(f"{self.place}film/tracks/add/")
                self.author.main.locator(f"[name=kind][value={kind}]").check()
                self.author.main.locator("[name=language]").select_option(language)
                file = {"name": f"{kind}.vtt", "mimeType": "text/vtt", "buffer": self._vtt(kind, language).encode()}
                self.author.main.locator("[name=file]").set_input_files(file)  # type: ignore[arg-type]
                self.author.press(self.author.button("Add"))
                self.author.is_told("The track is added.")

    def publish(self) -> None:
        self.author.go(f"{self.place}change/")
        self.author.main.locator("[name=summary]").fill("A film of half an hour, drawn to be measured.")
        self.author.press(self.author.main.locator("[type=submit]").first)
        self.author.go(f"{self.place}publish/")
        self.author.press(self.author.button("Publish it"))

    def watch_on_a_phone(self) -> None:
        """Somebody without an account presses the third chapter, and plays the film there."""
        from guildhall.library.films.making import IN_FRAGMENTS_FROM

        context = self.browser.new_context(
            base_url=self.house.url, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, locale="en-GB"
        )
        page = context.new_page()
        trouble: list[str] = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
        page.goto(self.place.replace("/library/", "/oer/"))
        begins, enough = 2 * self.seconds / CHAPTERS, min(3, self.seconds / CHAPTERS / 2)
        third = page.locator("#chapter-list li").nth(2).locator("a")
        expect(third).to_have_attribute("data-seek", f"{begins}")
        pressed = time.monotonic()
        third.tap()
        _until(lambda: page.evaluate(f"() => {{ {VIDEO} return video.readyState >= 2 && !video.seeking }}"), 60, page)
        waited = time.monotonic() - pressed
        page.locator("#film").focus()
        page.keyboard.press("k")
        _until(lambda: page.evaluate(f"() => {{ {VIDEO} return video.currentTime }}") > begins + enough, 60, page)
        seen = page.evaluate(f"() => {{ {VIDEO} {SEEN} }}")
        page.locator("video").scroll_into_view_if_needed()
        page.screenshot(path=self.asked.picture)
        print(f"phone: {waited:.1f} s from the press to the picture; {seen}; trouble: {trouble}", flush=True)
        [(language, text)] = seen["shown"]
        assert (language, text.startswith("Chapter 3, minute")) == ("en", True), seen
        assert begins + enough < seen["at"] < begins + 15, seen
        assert abs(seen["long"] - self.seconds) < 2, seen
        assert not seen["paused"], seen
        assert seen["source"] == ("film.m3u8" if self.seconds > IN_FRAGMENTS_FROM else "360p.mp4"), seen
        page.evaluate(f"() => {{ {GERMAN} track.mode = 'showing' }}")
        said = "[...track.activeCues || []].some((cue) => cue.text.startsWith('Kapitel 3'))"
        _until(lambda: page.evaluate(f"() => {{ {GERMAN} return {said} }}"), 60, page)
        assert trouble == [], trouble
        print("phone: all as it should be", flush=True)

    # --- What it needs --------------------------------------------------------------------------------------------------

    def _somebody(self, url: str, address: str = "") -> Colleague:
        from tests.journeys.colleague import Colleague

        context = self.browser.new_context(base_url=url, viewport={"width": 1280, "height": 900}, locale="en-GB")
        context.set_default_timeout(60_000)
        somebody = Colleague("Ada Example", context.new_page(), self.house, lambda _page: None, "en")
        somebody.address = address or somebody.address
        return somebody

    def _vtt(self, kind: str, language: str) -> str:
        chapter, caption = LANGUAGES[language]
        step = self.seconds / CHAPTERS if kind == "chapters" else min(5, self.seconds / CHAPTERS)
        cues = []
        for number in range(int(self.seconds / step)):
            start, end = number * step, (number + 1) * step
            which = int(start * CHAPTERS / self.seconds) + 1
            text = chapter % which if kind == "chapters" else caption % (which, _clock(start)[3:8])
            cues.append(f"{_clock(start)} --> {_clock(end)}\n{text}\n")
        return "WEBVTT\n\n" + "\n".join(cues)

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.data / 'guildhall.sqlite3'}?mode=ro", uri=True, timeout=30)

    def _ask(self, question: str) -> Any:
        with closing(self._database()) as database:
            found = database.execute(question).fetchone()
            return found[0] if found else None


class Watch:
    """The worker and whatever it has started, looked at five times a second: computing and memory of each process."""

    def __init__(self, data: Path) -> None:
        self.data = str(data)
        self.cpu: dict[int, float] = {}
        self.memory = self.together = 0
        self._before: dict[int, float] = {}
        self._stopping = threading.Event()
        self._look()
        self._before = dict(self.cpu)
        self.cpu.clear()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def worker(self) -> int:
        return next(pid for pid, command in self._processes() if "guildhall" in command and "worker" in command)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stopping.wait(0.2):
            self._look()

    def _look(self) -> None:
        together = 0
        for pid, _command in self._processes():
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                self.cpu[pid] = (int(fields[11]) + int(fields[12])) / TICKS - self._before.get(pid, 0)
                status = Path(f"/proc/{pid}/status").read_text()
                self.memory = max(self.memory, _kilobytes(status, "VmHWM"))
                together += _kilobytes(status, "VmRSS")
        self.together = max(self.together, together)

    def _processes(self) -> Iterator[tuple[int, list[str]]]:
        """The workers of this installation, and what reads and makes films for it."""
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (place / "cmdline").read_text().split("\0")
                is_worker = "worker" in command and f"GUILDHALL_DATA={self.data}\0" in (place / "environ").read_text()
                if is_worker or (any("films.encoding" in part for part in command) and self.data in " ".join(command)):
                    yield int(place.name), command


def _kilobytes(status: str, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _until(is_so: Callable[[], bool], seconds: float, page: Page) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise SystemExit(f"This took longer than {seconds} s.\n{page.locator('main').inner_text()[:2000]}")
        page.wait_for_timeout(100)


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds // 60 % 60):02d}:{seconds % 60:06.3f}"


# --- The film -----------------------------------------------------------------------------------------------------------


def draw(path: Path, seconds: float) -> None:
    """Draw ten seconds for each chapter, with a tone of its own, and repeat them: what moves costs the same again and again."""
    with av.open(str(path), "w", format="mp4") as made:
        video, sound = made.add_stream("libx264", rate=RATE), made.add_stream("aac", rate=48_000)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate = BITS_PER_SECOND
        video.options = {"preset": "ultrafast", "tune": "zerolatency"}
        sound.codec_context.layout = "stereo"
        pictures, heard = [], []
        for chapter in range(1, CHAPTERS + 1):
            pictures.append([bytes(packet) for packet in _encoded(video, _pictures(chapter))])
            heard.append([bytes(packet) for packet in _encoded(sound, _tone(chapter))])
        whole = int(seconds * RATE)
        samples = 0
        for number in range(whole):
            among = pictures[number * CHAPTERS // whole]
            _write(made, video, among[number % len(among)], number, Fraction(1, RATE), number % len(among) == 0)
            while samples / 48_000 <= number / RATE:
                tones = heard[number * CHAPTERS // whole]
                _write(made, sound, tones[samples // 1024 % len(tones)], samples, Fraction(1, 48_000), True)
                samples += 1024


def _encoded(stream: Any, frames: Iterator[Any]) -> Iterator[Any]:
    for frame in frames:
        yield from stream.encode(frame)


def _pictures(chapter: int) -> Iterator[Any]:
    source = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE}:duration={DRAWN_SECONDS}"
    source += f",hue=h={60 * chapter},noise=alls=8:allf=t,format=yuv420p"
    label = Image.new("L", (900, 220), 235)
    ImageDraw.Draw(label).text((40, 40), f"Chapter {chapter}", fill=16, font=ImageFont.load_default(140))
    rows = [label.crop((0, row, label.width, row + 1)).tobytes() for row in range(label.height)]
    with av.open(source, format="lavfi") as drawn:
        for number, frame in enumerate(drawn.decode(video=0)):
            frame.make_writable()
            plane = frame.planes[0]
            light = memoryview(plane)
            for at, row in enumerate(rows):
                start = (700 + at) * plane.line_size + 510
                light[start : start + len(row)] = row
            frame.pts, frame.time_base = (chapter - 1) * DRAWN_SECONDS * RATE + number, Fraction(1, RATE)
            frame.pict_type = PictureType.I if number == 0 else PictureType.NONE
            yield frame


def _tone(chapter: int) -> Iterator[Any]:
    source = f"sine=frequency={220 * chapter}:sample_rate=48000:duration={DRAWN_SECONDS}"
    source += ",aformat=fltp:channel_layouts=stereo,asetnsamples=1024"
    with av.open(source, format="lavfi") as heard:
        for number, frame in enumerate(heard.decode(audio=0)):
            frame.pts, frame.time_base = ((chapter - 1) * 1000 + number) * 1024, Fraction(1, 48_000)
            yield frame


def _write(made: Any, stream: Any, content: bytes, at: int, clock: Fraction, is_key: bool) -> None:
    packet = av.Packet(content)
    packet.stream, packet.time_base, packet.pts, packet.dts, packet.is_keyframe = stream, clock, at, at, is_key
    made.mux(packet)


if __name__ == "__main__":
    main()
