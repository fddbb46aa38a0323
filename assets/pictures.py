"""Pictures for the scripts in this folder: 8-bit PNG files, drawings, and rows of pictures, with Python's own library only.

A picture is a list of rows, and a row is a list of (r, g, b) with values from 0 to 255. Gray files are read as three equal
channels, and a picture that is gray everywhere is written as a gray file.
"""

import json
import struct
import zlib

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


# PNG files.


def paeth(left, up, corner):
    """PNG's predictor: whichever of the three neighbours is nearest to left + up - corner."""
    guess = left + up - corner
    distances = (abs(guess - left), abs(guess - up), abs(guess - corner))
    return (left, up, corner)[distances.index(min(distances))]


def unfiltered(kind, line, above, step):
    """A line of bytes as it was before PNG's filter `kind` (0 to 4); `step` bytes make a pixel."""
    line = bytearray(line)
    for i in range(len(line)):
        left, corner = (line[i - step], above[i - step]) if i >= step else (0, 0)
        predicted = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]
        line[i] = (line[i] + predicted) & 255
    return line


def read_png(path):
    data, place, stream = path.read_bytes(), len(SIGNATURE), b""
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place:place + 8])
        body = data[place + 8:place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            stream += body
        place += 12 + length
    channels = {0: 1, 2: 3}.get(colour)
    if depth != 8 or channels is None or interlaced:
        raise ValueError(f"{path}: only gray and RGB files of 8 bits are read")
    raw, rows, above = zlib.decompress(stream), [], bytearray(width * channels)
    for y in range(height):
        start = y * (width * channels + 1)
        above = unfiltered(raw[start], raw[start + 1:start + 1 + width * channels], above, channels)
        values = [above[c::channels] for c in range(channels)]
        rows.append(list(zip(*(values if channels == 3 else values * 3))))
    return rows


def filtered(line, above, step):
    """The line as PNG's filter leaves it that makes it smallest, with the filter's number in front."""
    none, zeros = bytes(line), bytes(step)
    left, corner = zeros + none[:-step], zeros + bytes(above[:-step])
    best = [(0, none)]
    best.append((1, bytes((v - a) & 255 for v, a in zip(none, left))))
    best.append((2, bytes((v - b) & 255 for v, b in zip(none, above))))
    best.append((4, bytes((v - paeth(a, b, c)) & 255 for v, a, b, c in zip(none, left, above, corner))))
    kind, line = min(best, key=lambda pair: sum(min(v, 256 - v) for v in pair[1]))
    return bytes([kind]) + line


def write_png(path, rows):
    gray = all(r == g == b for row in rows for r, g, b in row)
    step = 1 if gray else 3
    raw, above = bytearray(), bytes(len(rows[0]) * step)
    for row in rows:
        line = bytes(pixel[0] for pixel in row) if gray else bytes(v for pixel in row for v in pixel)
        raw += filtered(line, above, step)
        above = line
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0 if gray else 2, 0, 0, 0)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(raw), 9)) + chunk(b"IEND", b"")
    path.write_bytes(SIGNATURE + body)


# Tensors.


def read_tensor(path, name):
    """A tensor `[1, C, H, W]` with values in [-1, 1] from a safetensors file, as a picture. The last one is `name` = None."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    entry = header[name or max(header, key=lambda key: header[key]["data_offsets"][0])]
    first, end = (8 + length + offset for offset in entry["data_offsets"])
    _, channels, height, width = entry["shape"]
    values = struct.unpack(f"<{(end - first) // 4}f", data[first:end])
    levels = [min(255, max(0, round((v + 1) * 127.5))) for v in values]
    planes = [levels[c * height * width:(c + 1) * height * width] for c in range(channels)]
    planes = planes * 3 if channels == 1 else planes[:3]
    return [list(zip(*(plane[y * width:(y + 1) * width] for plane in planes))) for y in range(height)]


# Composition.


def join(pictures, gap=4):
    """Pictures in a row, tops aligned, with white between them."""
    height = max(len(picture) for picture in pictures)
    rows = [[] for _ in range(height)]
    for number, picture in enumerate(pictures):
        blank = [WHITE] * len(picture[0])
        for y in range(height):
            rows[y] += ([WHITE] * gap if number else []) + list(picture[y] if y < len(picture) else blank)
    return rows


def stack(pictures, gap=4):
    """Pictures below each other, left edges aligned, with white between them."""
    width = max(len(picture[0]) for picture in pictures)
    rows = []
    for number, picture in enumerate(pictures):
        rows += [[WHITE] * width] * (gap if number else 0)
        rows += [list(row) + [WHITE] * (width - len(row)) for row in picture]
    return rows


def enlarged(picture, factor):
    """Each pixel `factor` times in both directions, to show what the pixels are."""
    return [[pixel for pixel in row for _ in range(factor)] for row in picture for _ in range(factor)]


def fewer_levels(picture, step=4):
    """Values rounded to multiples of `step`: not visible, and files are a third smaller."""
    level = [min(255, (v + step // 2) // step * step) for v in range(256)]
    level[255] = 255
    return [[(level[r], level[g], level[b]) for r, g, b in row] for row in picture]


# Drawings.


def painted(height, width, colour_at):
    """A picture from a function of y and x in [0, 1]."""
    return [[colour_at((y + 0.5) / height, (x + 0.5) / width) for x in range(width)] for y in range(height)]


def changed(picture, change, inside):
    """The picture with `change` made to the colours where `inside(y, x)` holds, and the mask of these places."""
    height, width = len(picture), len(picture[0])
    mask = painted(height, width, lambda y, x: WHITE if inside(y, x) else BLACK)
    clip = lambda colour: tuple(min(255, max(0, round(v))) for v in colour)
    rows = zip(picture, mask)
    return [[clip(change(*p)) if m == WHITE else p for p, m in zip(row, marks)] for row, marks in rows], mask
