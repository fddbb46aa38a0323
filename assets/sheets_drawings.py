"""The pictures that assets/sheets.py draws itself: two that a ConSinGAN does not suit, and a painting to be refined."""

import math

from pictures import painted

# Letters of 5 by 7 dots, a row of dots a number.
LETTERS = {
    "A": (14, 17, 17, 31, 17, 17, 17), "C": (14, 17, 16, 16, 16, 17, 14), "E": (31, 16, 16, 30, 16, 16, 31),
    "I": (14, 4, 4, 4, 4, 4, 14), "L": (16, 16, 16, 16, 16, 16, 31), "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 21, 19, 17, 17, 17), "O": (14, 17, 17, 17, 17, 17, 14), "P": (30, 17, 17, 30, 16, 16, 16),
    "R": (30, 17, 17, 30, 20, 18, 17), "S": (15, 16, 16, 14, 1, 1, 30), "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14), "W": (17, 17, 17, 21, 21, 27, 17), " ": (0,) * 7,
}
LINES = ("ONE PICTURE", "IN A MILLION", "NEW ONES COME", "OUT IN PARTS", "STONES AS ART", "NOT LETTERS")


def face(side=160):
    """A head with two eyes and a mouth before a plain wall: parts that must stand in one order."""
    def colour_at(y, x):
        head = math.hypot((y - 0.5) / 0.40, (x - 0.5) / 0.30)
        shade = int(22 * math.sin(2.4 * x + 1.3) + 12 * math.sin(5 * y))
        if head > 1:
            hair = math.hypot((y - 0.42) / 0.42, (x - 0.5) / 0.36) < 1 and y < 0.5
            return (70 + shade, 45 + shade // 2, 35) if hair else (150 + shade, 175 + shade, 185 + shade)
        for centre in (0.39, 0.61):
            distance = math.hypot((y - 0.43) * 1.5, x - centre)
            if distance < 0.025:
                return (25, 25, 30)
            if distance < 0.06:
                return (240, 240, 235)
        if abs(x - 0.5) < 0.02 + 0.05 * (y - 0.46) and 0.46 < y < 0.60:
            return (195 + shade, 135 + shade, 110 + shade)
        if abs(y - 0.70 - 0.25 * (0.015 - (x - 0.5) ** 2)) < 0.018 and abs(x - 0.5) < 0.13:
            return (165, 60, 65)
        return (222 + shade, 172 + shade, 145 + shade) if y > 0.22 else (70 + shade, 45 + shade // 2, 35)

    clip = lambda colour: tuple(min(255, max(0, v)) for v in colour)
    return painted(side, side, lambda y, x: clip(colour_at(y, x)))


def text(scale=2, margin=4):
    """Six lines of letters, dark on paper."""
    columns = max(map(len, LINES))
    height, width = 9 * len(LINES) + 2 * margin, 6 * columns + 2 * margin

    def dot(y, x):
        line, row = divmod(y - margin, 9)
        column, bit = divmod(x - margin, 6)
        inside = 0 <= line < len(LINES) and 0 <= column < len(LINES[line])
        if not inside or row > 6 or bit > 4:
            return False
        return bool(LETTERS[LINES[line][column]][row] >> (4 - bit) & 1)

    ink = lambda y, x: (35, 35, 50) if dot(y // scale, x // scale) else (236, 229, 210)
    return [[ink(y, x) for x in range(scale * width)] for y in range(scale * height)]


def flat_painting(height, width):
    """Two towers between trees under a sky, in flat areas of the colours of summer-palace.jpg."""
    sky, roof, wall, trees, haze = (178, 200, 224), (92, 76, 66), (120, 62, 56), (66, 74, 42), (196, 208, 218)

    def colour_at(y, x):
        for centre, top, size in ((0.30, 0.30, 0.10), (0.68, 0.18, 0.13)):
            for storey in range(3):
                eaves = top + (storey + 1) * 0.16
                if eaves - 0.10 < y <= eaves and abs(x - centre) < size * (0.5 + 0.25 * storey) * (y - eaves + 0.14) / 0.10:
                    return roof
                if eaves < y <= eaves + 0.06 and abs(x - centre) < size * (0.45 + 0.25 * storey):
                    return wall
        if y > 0.80 + 0.04 * math.sin(9 * x) or (x > 0.88 and y > 0.45) or (x < 0.08 and y > 0.5):
            return trees
        return haze if y > 0.62 else sky

    return painted(height, width, colour_at)
