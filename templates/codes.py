"""QR codes (ISO/IEC 18004, level M) from tables: a code is linear in its bits, so it is a few dozen XORs, 10 us.

What is the same in all codes of a size (finders, timing, format, the mask) is taken once from zxing-cpp's encoder, the
general one, which also writes what is longer than our sizes hold (190 us each).
"""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_SCALE = 4
"""Pixels of a module in an image: enough for a viewer that smooths what it enlarges."""
_ALPHANUMERIC = {
    letter: value for value, letter in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
}
_BLOCKS: dict[int, tuple[int, tuple[int, ...]]] = {
    1: (10, (16,)),
    2: (16, (28,)),
    3: (26, (44,)),
    4: (18, (32, 32)),
    5: (24, (43, 43)),
    6: (16, (27,) * 4),
    7: (18, (31,) * 4),
    8: (22, (38, 38, 39, 39)),
    9: (22, (36, 36, 36, 37, 37)),
}
"""Of each version at level M: error correction codewords of a block, and data codewords of each block (table 9)."""
_ALIGNMENT = {7: (6, 22, 38), 8: (6, 24, 42), 9: (6, 26, 46)}
"""Centres of the alignment patterns (annex E); versions 2 to 6 have one, 7 modules from the end."""
_ROOM = {version: sum(blocks) for version, (_, blocks) in _BLOCKS.items()}
"""Data codewords of each version."""
_PADDING = (0xEC, 0x11)


@dataclass(frozen=True, kw_only=True, slots=True)
class Modules:
    """A code without its quiet zone: rows from the top, a bit a module, 1 is dark, each row padded to whole bytes."""

    size: int
    bits: bytes

    def rows(self) -> list[list[bool]]:
        """Return the modules one by one."""
        width = (self.size + 7) // 8
        lines = (self.bits[start : start + width] for start in range(0, len(self.bits), width))
        return [[bool(line[x // 8] >> (7 - x % 8) & 1) for x in range(self.size)] for line in lines]


def modules(text: str) -> Modules:
    """Return the code of a text; the same text has the same code.

    Text beyond ASCII is written as UTF-8 bytes without an ECI mark, as EPC069-12 and most readers expect.
    """
    bits, length = _bits(text)
    for version, room in _ROOM.items():
        if length <= 8 * room:
            return _table(version).code(_codewords(bits, length, room))
    return _encoded(text)


def _bits(text: str) -> tuple[int, int]:
    """Return mode, count and text as bits, and how many (clause 7.4); the count is as long as in versions 1 to 9."""
    if _ALPHANUMERIC.keys() >= set(text):
        bits, length = 0b0010 << 9 | len(text), 13
        for start in range(0, len(text) - 1, 2):
            bits = bits << 11 | _ALPHANUMERIC[text[start]] * 45 + _ALPHANUMERIC[text[start + 1]]
            length += 11
        return (bits << 6 | _ALPHANUMERIC[text[-1]], length + 6) if len(text) % 2 else (bits, length)
    raw = text.encode()
    return (0b0100 << 8 | len(raw)) << 8 * len(raw) | int.from_bytes(raw), 12 + 8 * len(raw)


def _codewords(bits: int, length: int, room: int) -> bytes:
    """Return bits with their end and their padding as codewords."""
    end = min(4, 8 * room - length)
    end += -(length + end) % 8
    written = (bits << end).to_bytes((length + end) // 8)
    return written + bytes(_PADDING[at % 2] for at in range(room - len(written)))


def _encoded(text: str) -> Modules:
    """Return the code as the general encoder writes it."""
    import zxingcpp

    content = text if text.isascii() else text.encode()
    return _packed(zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level="M"))


def data_matrix(text: str) -> Modules:
    """Return a text as a square DataMatrix (ISO/IEC 16022, ECC 200), 0.1 ms; the same text has the same one."""
    import zxingcpp

    return _packed(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True))


def _packed(code: Any) -> Modules:
    """Return a code of zxing-cpp's as ours."""
    image: Any = code.to_image(
        scale=1, add_quiet_zones=False
    )  # it has the buffer protocol, its stub says nothing
    flat = memoryview(image).tobytes()
    size = math.isqrt(len(flat))
    width = (size + 7) // 8
    out = bytearray(width * size)
    for at, value in enumerate(flat):
        if not value:
            out[at // size * width + at % size // 8] |= 128 >> at % size % 8
    return Modules(size=size, bits=bytes(out))


class _Table:
    """What each data codeword adds to a code of one version."""

    def __init__(self, version: int) -> None:
        correction, blocks = _BLOCKS[version]
        self.size = 17 + 4 * version
        self._width = (self.size + 7) // 8
        places = self._places(version)
        count = sum(blocks)
        data_at, correction_at = _interleaved(blocks, correction)
        self._added: list[list[int]] = [[0] * 256 for _ in range(count)]
        start = 0
        for block, length in enumerate(blocks):
            for offset, remainders in enumerate(_remainders(length, correction)):
                at = start + offset
                for bit in range(8):
                    spread = _spread(places, data_at[at], 1 << bit)
                    for index, value in enumerate(remainders[bit]):
                        spread ^= _spread(places, correction_at[block][index], value)
                    self._add(at, bit, spread)
            start += length
        known = _letters_for(version)
        written = _codewords(*_bits(known), count)
        self._constant = int.from_bytes(_encoded(known).bits) ^ self._sum(written)

    def _add(self, at: int, bit: int, spread: int) -> None:
        table = self._added[at]
        for value in range(1 << bit):
            table[1 << bit | value] = table[value] ^ spread

    def _sum(self, data: bytes) -> int:
        total = 0
        for table, value in zip(self._added, data, strict=True):
            total ^= table[value]
        return total

    def code(self, data: bytes) -> Modules:
        """Return the code of these codewords."""
        bits = (self._constant ^ self._sum(data)).to_bytes(self._width * self.size)
        return Modules(size=self.size, bits=bits)

    def _places(self, version: int) -> list[int]:
        """Return where the bits of the codewords go, in the order of clause 7.7.3, as a bit of the whole code."""
        taken = _function_modules(version, self.size)
        last = 8 * self._width * self.size - 1
        found = []
        right, upwards = self.size - 1, True
        while right > 0:
            right -= right == 6  # noqa: PLR2004 -- the column of the timing pattern
            for y in range(self.size - 1, -1, -1) if upwards else range(self.size):
                found += [
                    1 << last - (8 * self._width * y + x) for x in (right, right - 1) if (x, y) not in taken
                ]
            right, upwards = right - 2, not upwards
        return found


def _interleaved(blocks: Sequence[int], correction: int) -> tuple[list[int], list[list[int]]]:
    """Return where data codewords and those of the correction go in the sequence (clause 7.6)."""
    starts = [sum(blocks[:block]) for block in range(len(blocks))]
    order = [
        starts[block] + index
        for index in range(max(blocks))
        for block, length in enumerate(blocks)
        if index < length
    ]
    data_at = [0] * len(order)
    for place, at in enumerate(order):
        data_at[at] = place
    correction_at = [
        [len(order) + index * len(blocks) + block for index in range(correction)]
        for block in range(len(blocks))
    ]
    return data_at, correction_at


def _spread(places: Sequence[int], codeword: int, value: int) -> int:
    """Return one codeword's bits at their places in the code."""
    return sum(places[8 * codeword + bit] for bit in range(8) if value >> (7 - bit) & 1)


def _remainders(length: int, correction: int) -> list[list[list[int]]]:
    """Return what each bit of each data codeword of a block adds to its correction (Reed-Solomon over GF(256))."""
    generator = [1]
    root = 1
    for _ in range(correction):
        generator = [a ^ _times(b, root) for a, b in zip([*generator, 0], [0, *generator], strict=True)]
        root = _times(root, 2)
    found = []
    unit = generator[1:]
    for _ in range(length):
        found.append([[_times(value, 1 << bit) for value in unit] for bit in range(8)])
        unit = [a ^ _times(unit[0], b) for a, b in zip([*unit[1:], 0], generator[1:], strict=True)]
    return found[::-1]


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def _function_modules(version: int, size: int) -> set[tuple[int, int]]:
    """Return the modules that hold no codewords: finders, format and version, timing, alignment."""
    finder = range(9), range(size - 8, size)
    taken = {(x, y) for x in finder[0] for y in finder[0]}
    taken |= {(x, y) for x in finder[1] for y in finder[0]} | {(x, y) for x in finder[0] for y in finder[1]}
    taken |= {(6, at) for at in range(size)} | {(at, 6) for at in range(size)}
    if version >= 7:  # noqa: PLR2004 -- from here on a code says its version
        taken |= {(x, y) for x in range(size - 11, size - 8) for y in range(6)}
        taken |= {(y, x) for x in range(size - 11, size - 8) for y in range(6)}
    centres = _ALIGNMENT.get(version, (6, size - 7) if version > 1 else ())
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    for x in centres:
        for y in centres:
            if (x, y) not in corners:
                taken |= {(x + right, y + down) for right in range(-2, 3) for down in range(-2, 3)}
    return taken


def _letters_for(version: int) -> str:
    """Return a text that the general encoder gives this version."""
    _, blocks = _BLOCKS[version]
    return "a1" * ((sum(blocks) - 3) // 2)


@lru_cache(maxsize=len(_BLOCKS))
def _table(version: int) -> _Table:
    return _Table(version)


@lru_cache(maxsize=256)
def code_image(text: str) -> str:
    """Return a code as a `data:` address of a one-bit PNG."""
    from PIL import Image

    code = modules(text)
    image = Image.frombytes("1", (code.size, code.size), bytes(255 - value for value in code.bits))
    out = io.BytesIO()
    size = (code.size * _SCALE, code.size * _SCALE)
    image.resize(size, Image.Resampling.NEAREST).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
