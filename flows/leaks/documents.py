"""The text of a confidential document: plain text, Markdown, HTML, Word and PDF."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lxml import etree

from flows.errors import UsageError
from flows.files.encoding import find_encoding
from flows.landing.html import html_to_text

MOST_BYTES = 100_000_000
"""Of a file, and of what it unpacks to."""
_WORD_TEXT = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def read_document(path: Path) -> str:
    """Read a document's text. Raises UsageError when it is missing, of an unknown kind, broken, too large or empty."""
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise UsageError(f"{path}: no kind of document that can be read. Known are {', '.join(_READERS)}.")
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UsageError(f"{path}: has more than {MOST_BYTES // 1_000_000} MB. Add it in parts.")
        text = read(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file.") from None
    except UsageError:
        raise
    except Exception as error:  # a broken file can make the libraries raise anything
        raise UsageError(f"{path}: cannot be read ({type(error).__name__}). Save it as text and add that.") from None
    if not text.strip():
        raise UsageError(f"{path}: holds no text. If its pages are pictures, make their text readable (OCR) first.")
    return text


def _plain(data: bytes) -> str:
    encoding = find_encoding(io.BytesIO(data))
    return data.decode(encoding.name, encoding.errors)


def _html(data: bytes) -> str:
    return html_to_text(_plain(data))


def _word(data: bytes) -> str:
    """All text of a Word file: body, headers, footers, notes, text boxes. Entities and bombs in its XML are refused."""
    paragraphs: list[str] = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [
            one for one in archive.infolist() if one.filename.startswith("word/") and one.filename.endswith(".xml")
        ]
        if sum(one.file_size for one in members) > MOST_BYTES:
            raise ValueError("unpacks to too much")
        for member in members:
            with archive.open(member) as file:
                content = file.read(MOST_BYTES + 1)
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            root = etree.fromstring(content, parser)
            paragraphs += [
                "".join(node.text or "" for node in paragraph.iter(f"{_WORD_TEXT}t"))
                for paragraph in root.iter(f"{_WORD_TEXT}p")
            ]
    return "\n".join(paragraphs)


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader

    pieces: list[str] = []
    for page in PdfReader(io.BytesIO(data)).pages:
        pieces.append(page.extract_text())
        if sum(map(len, pieces)) > MOST_BYTES:
            raise ValueError("unpacks to too much")
    return "\n".join(pieces)


_READERS: Final[dict[str, Callable[[bytes], str]]] = {
    ".txt": _plain,
    ".md": _plain,
    ".html": _html,
    ".htm": _html,
    ".docx": _word,
    ".pdf": _pdf,
}
