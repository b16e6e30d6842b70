"""Which encoding a text file is in: UTF-8 or UTF-16 by their marks, UTF-8 by its form, else Windows-1252."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import IO, Final, Literal

_BLOCK: Final = 1 << 20
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MULTIBYTE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH: Final = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Encoding:
    """An encoding, what to do with bytes that are none of its characters, and what the user should know about it."""

    name: str
    errors: Literal["strict", "replace"] = "replace"
    note: str | None = None


def find_encoding(file: IO[bytes]) -> Encoding:
    """Read a whole file, block by block, and tell its encoding.

    A file that is not valid UTF-8 is Windows-1252 when most of its non-ASCII bytes are not UTF-8 sequences; otherwise
    it is UTF-8 with some broken characters, which become U+FFFD.
    """
    block = file.read(_BLOCK)
    for mark, name in _MARKS:
        if block.startswith(mark):
            return Encoding(name)
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_valid = True
    well_formed = stray = 0
    while block:
        if is_valid:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_valid = False
        rest, count = _MULTIBYTE.subn(b"", block)
        well_formed += count
        stray += len(_HIGH.findall(rest))
        block = file.read(_BLOCK)
    if is_valid:
        return Encoding("utf-8")
    if stray > well_formed:
        return Encoding("cp1252", note="is not UTF-8; read as Windows-1252.")
    return Encoding("utf-8", note="some characters are broken (not valid UTF-8); they were replaced by U+FFFD.")
