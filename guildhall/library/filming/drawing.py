"""Drawing: places and people in flat colours, as plain as a sign; no words in the picture but that it is an illustration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

SIZE = (1280, 720)
FLOOR = 560
PAPER, INK, BRASS, LEAF, CLAY = "#f6f1e6", "#22303a", "#b58a3a", "#2f6b4f", "#a4533a"
SKY, STONE, WOOD, SAND, NIGHT = "#cfe0e6", "#9aa7ad", "#8a5f3c", "#e2d3b4", "#26323f"
MARK = "Illustration · Guildhall"

Drawing = ImageDraw.ImageDraw
_places: dict[str, Callable[[Drawing], None]] = {}
#: What people wear, the colour of their hair and of their skin: the same in every picture.
_LOOKS = {
    "trainer": (LEAF, "#3b2a1e", "#c58c5f"),
    "teacher": ("#5a6f8f", "#6b4a2f", "#e3b991"),
    "learner": (BRASS, "#1f1a17", "#8d5a3a"),
    "owner": (INK, "#8d8d8d", "#f0cdaa"),
    "carer": ("#6fa3a0", "#52371f", "#e3b991"),
    "resident": ("#8f7aa0", "#dddddd", "#f0cdaa"),
    "parent": (CLAY, "#3a2d26", "#8d5a3a"),
    "official": ("#444c5c", "#574334", "#e3b991"),
    "colleague": ("#7a8f5a", "#2c2320", "#c58c5f"),
    "coordinator": ("#94506a", "#4b3526", "#f0cdaa"),
}


def place(function: Callable[[Drawing], None]) -> Callable[[Drawing], None]:
    """Register the drawing of a place under its name."""
    _places[function.__name__] = function
    return function


def places() -> list[str]:
    """The names of all places there are."""
    return sorted(_places)


def roles() -> list[str]:
    """The names of all people there are."""
    return sorted(_LOOKS)


@cache
def picture(where: str, people: Sequence[str] = (), speaks: str = "") -> Image.Image:
    """Draw a place with people in it, the one who speaks with a sign of it.

    Raises:
        KeyError: there is no such place.
    """
    image = Image.new("RGB", SIZE, PAPER)
    drawing = ImageDraw.Draw(image)
    _places[where](drawing)
    gap = SIZE[0] // (len(people) + 1)
    for number, role in enumerate(people, start=1):
        _person(drawing, gap * number, role, speaks=role == speaks)
    font = ImageFont.load_default(22)
    width = drawing.textlength(MARK, font=font)
    drawing.rounded_rectangle((24, 668, 48 + width, 704), radius=8, fill=INK)
    drawing.text((36, 673), MARK, fill=PAPER, font=font)
    return image


def _person(drawing: Drawing, x: int, role: str, *, speaks: bool) -> None:
    coat, hair, skin = _LOOKS[role]
    small = role == "learner"
    top = 270 if small else 235
    drawing.ellipse((x - 70, FLOOR + 66, x + 70, FLOOR + 90), fill=STONE)
    drawing.rounded_rectangle((x - 38, FLOOR - 70, x - 6, FLOOR + 80), radius=14, fill=INK)
    drawing.rounded_rectangle((x + 6, FLOOR - 70, x + 38, FLOOR + 80), radius=14, fill=INK)
    drawing.rounded_rectangle((x - 62, top + 118, x + 62, FLOOR - 30), radius=40, fill=coat)
    if speaks:  # a raised hand
        drawing.line((x + 56, top + 170, x + 110, top + 110), fill=coat, width=28)
        drawing.ellipse((x + 94, top + 84, x + 128, top + 118), fill=skin)
    else:
        drawing.line((x + 54, top + 165, x + 64, FLOOR - 70), fill=coat, width=26)
    drawing.line((x - 54, top + 165, x - 64, FLOOR - 70), fill=coat, width=26)
    drawing.ellipse((x - 50, top, x + 50, top + 112), fill=skin)
    drawing.pieslice((x - 54, top - 8, x + 54, top + 96), 180, 360, fill=hair)
    for eye in (-18, 18):
        drawing.ellipse((x + eye - 5, top + 52, x + eye + 5, top + 62), fill=INK)
    if speaks:
        drawing.ellipse((x - 11, top + 78, x + 11, top + 96), fill=CLAY)
        for far in (0, 1):
            drawing.arc((x + 62 + far * 16, top + 20, x + 86 + far * 22, top + 80), -60, 60, fill=BRASS, width=6)
    else:
        drawing.arc((x - 14, top + 70, x + 14, top + 92), 20, 160, fill=INK, width=4)


def _room(drawing: Drawing, wall: str, floor: str) -> None:
    drawing.rectangle((0, 0, SIZE[0], FLOOR), fill=wall)
    drawing.rectangle((0, FLOOR, *SIZE), fill=floor)


def _window(drawing: Drawing, x: int, y: int, sky: str = SKY) -> None:
    drawing.rectangle((x, y, x + 210, y + 150), fill=sky, outline=INK, width=6)
    drawing.line((x + 105, y, x + 105, y + 150), fill=INK, width=5)
    drawing.line((x, y + 75, x + 210, y + 75), fill=INK, width=5)


def _table(drawing: Drawing, x: int, y: int, width: int, colour: str = WOOD) -> None:
    drawing.rectangle((x, y, x + width, y + 22), fill=colour)
    for leg in (x + 14, x + width - 34):
        drawing.rectangle((leg, y + 22, leg + 20, FLOOR + 60), fill=colour)


@place
def workshop(drawing: Drawing) -> None:
    _room(drawing, "#dfe4e2", STONE)
    for number in range(6):  # tools on the wall
        x = 90 + number * 70
        drawing.line((x, 120, x, 230), fill=INK, width=10)
        drawing.ellipse((x - 18, 96, x + 18, 132), fill=BRASS)
    drawing.rectangle((820, 250, 1180, 560), fill=LEAF)  # a machine
    drawing.rectangle((860, 290, 1030, 430), fill=SKY, outline=INK, width=6)
    for number in range(3):
        drawing.ellipse((1070, 300 + number * 50, 1100, 330 + number * 50), fill=(CLAY, BRASS, PAPER)[number])


@place
def office(drawing: Drawing) -> None:
    _room(drawing, SAND, "#b79b74")
    _window(drawing, 120, 90)
    _table(drawing, 760, 430, 400)
    drawing.rectangle((860, 310, 1030, 420), fill=INK)
    drawing.rectangle((872, 322, 1018, 408), fill=SKY)
    for number in range(4):
        drawing.rectangle((470 + number * 34, 150, 496 + number * 34, 250), fill=(CLAY, LEAF, BRASS, INK)[number])
    drawing.rectangle((450, 250, 630, 262), fill=WOOD)


@place
def classroom(drawing: Drawing) -> None:
    _room(drawing, "#ece6d8", "#b79b74")
    drawing.rectangle((330, 70, 950, 300), fill=LEAF, outline=WOOD, width=12)
    for number, length in enumerate((380, 250, 320)):
        drawing.line((380, 130 + number * 50, 380 + length, 130 + number * 50), fill=PAPER, width=6)
    _table(drawing, 60, 470, 260)
    _table(drawing, 960, 470, 260)


@place
def care_home(drawing: Drawing) -> None:
    _room(drawing, "#e8ded6", "#c9b08c")
    _window(drawing, 930, 90)
    drawing.rectangle((70, 420, 470, 540), fill=PAPER, outline=INK, width=6)  # a bed
    drawing.rectangle((70, 360, 100, 600), fill=WOOD)
    drawing.rectangle((450, 430, 480, 600), fill=WOOD)
    drawing.rounded_rectangle((110, 390, 230, 440), radius=18, fill=SKY)
    drawing.rectangle((230, 430, 450, 540), fill="#6fa3a0")


@place
def kitchen(drawing: Drawing) -> None:
    _room(drawing, "#e9ecec", "#c2b59b")
    for number in range(9):
        drawing.line((number * 160, 0, number * 160, 300), fill="#d4dada", width=3)
    drawing.rectangle((640, 420, 1260, 600), fill=STONE)
    for number in range(3):
        x = 690 + number * 190
        drawing.rectangle((x, 350, x + 110, 420), fill=INK)
        drawing.line((x + 110, 370, x + 160, 362), fill=INK, width=10)
    drawing.rectangle((80, 120, 420, 150), fill=WOOD)
    for number in range(5):
        drawing.ellipse((90 + number * 66, 70, 140 + number * 66, 120), fill=(BRASS, CLAY, LEAF, PAPER, SKY)[number], outline=INK)


@place
def yard(drawing: Drawing) -> None:
    _room(drawing, SKY, "#b9b2a3")
    drawing.rectangle((0, 170, 470, FLOOR), fill="#c7b9a5")
    drawing.rectangle((90, 300, 350, FLOOR), fill=INK)  # a gate
    drawing.rectangle((760, 300, 1130, 520), fill=BRASS)  # a lorry
    drawing.polygon([(1130, 360), (1200, 360), (1240, 430), (1240, 520), (1130, 520)], fill=CLAY)
    for x in (840, 1040, 1190):
        drawing.ellipse((x - 44, 490, x + 44, 578), fill=INK)
        drawing.ellipse((x - 18, 516, x + 18, 552), fill=STONE)


@place
def meeting(drawing: Drawing) -> None:
    _room(drawing, "#e4ded2", "#a98d66")
    drawing.rectangle((470, 70, 810, 270), fill=PAPER, outline=INK, width=6)
    drawing.line((510, 230, 590, 170, 660, 200, 770, 110), fill=LEAF, width=10)
    _table(drawing, 180, 480, 920)


@place
def street(drawing: Drawing) -> None:
    _room(drawing, SKY, STONE)
    for number, (height, colour) in enumerate([(260, SAND), (340, CLAY), (220, "#d9cbb0"), (300, "#7f8f7a")]):
        x = number * 330
        drawing.rectangle((x, FLOOR - height, x + 300, FLOOR), fill=colour)
        for row in range(height // 110):
            for column in range(3):
                left, top = x + 36 + column * 86, FLOOR - height + 30 + row * 100
                drawing.rectangle((left, top, left + 50, top + 60), fill=SKY, outline=INK, width=3)
    drawing.rectangle((0, 640, SIZE[0], 652), fill=PAPER)


@place
def shop(drawing: Drawing) -> None:
    _room(drawing, SAND, "#bda47d")
    for row in range(3):
        drawing.rectangle((70, 190 + row * 110, 600, 204 + row * 110), fill=WOOD)
        for column in range(7):
            x = 90 + column * 70
            colour = (BRASS, LEAF, CLAY, SKY)[(row + column) % 4]
            drawing.rectangle((x, 130 + row * 110, x + 46, 190 + row * 110), fill=colour)
    drawing.rectangle((760, 430, 1230, 600), fill=WOOD)
    drawing.rectangle((760, 410, 1230, 434), fill=INK)


@place
def greenhouse(drawing: Drawing) -> None:
    _room(drawing, "#dcebe2", "#a7895f")
    for number in range(8):
        drawing.line((number * 180, 0, number * 180, 420), fill=PAPER, width=8)
    drawing.line((0, 150, SIZE[0], 60), fill=PAPER, width=8)
    for number in range(10):
        x = 70 + number * 126
        drawing.rectangle((x - 36, 500, x + 36, 560), fill=CLAY)
        drawing.line((x, 500, x, 420), fill=LEAF, width=10)
        drawing.ellipse((x - 44, 400, x + 2, 446), fill=LEAF)
        drawing.ellipse((x - 2, 380, x + 46, 430), fill="#3f8a63")


@place
def home(drawing: Drawing) -> None:
    _room(drawing, "#eadfcb", "#b08f66")
    _window(drawing, 130, 100)
    _table(drawing, 740, 460, 360)
    drawing.line((1130, 240, 1130, 600), fill=INK, width=10)
    drawing.polygon([(1070, 240), (1190, 240), (1160, 160), (1100, 160)], fill=BRASS)


@place
def night(drawing: Drawing) -> None:
    _room(drawing, NIGHT, "#3b4652")
    drawing.ellipse((1020, 70, 1120, 170), fill=SAND)
    for x, y in ((140, 90), (330, 60), (520, 130), (760, 80), (900, 180)):
        drawing.ellipse((x, y, x + 8, y + 8), fill=PAPER)
    _window(drawing, 180, 240, "#e9c877")
