"""HTML of a post to plain text that keeps what its author wrote: words, links, mentions, hashtags, line breaks."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from lxml import etree, html

from flows.landing.text import normalise, well_formed

_PARSER: Final = {"encoding": "utf-8", "huge_tree": True, "remove_comments": True, "remove_pis": True}
_SILENT: Final = frozenset(
    {"script", "style", "template", "head", "title", "noscript", "iframe", "object", "svg", "math"}
)
_LINES: Final = {
    **dict.fromkeys(("address", "article", "aside", "dd", "details", "div", "dl", "dt", "figcaption", "figure"), 1),
    **dict.fromkeys(("footer", "form", "header", "hr", "li", "main", "nav", "ol", "option", "section", "summary"), 1),
    **dict.fromkeys(("table", "tr", "ul"), 1),
    **dict.fromkeys(("blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"), 2),
}
"""How many line breaks stand before and after an element."""
_CELLS: Final = frozenset({"td", "th"})
_WEB: Final = ("http://", "https://")
_BEFORE_HOST: Final = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
_SPACES: Final = re.compile(r"\s+")
_TAG: Final = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--|![^<>]*)>", re.DOTALL)
_TAG_OR_OPEN_COMMENT: Final = re.compile(r"<(?:/?[a-zA-Z]|!)[^<>]*>")


def html_to_text(source: str) -> str:
    """Turn the HTML of a post into plain text.

    Links appear as their full address (also where the platform shows a shortened one or hides parts of it); when the
    words of a link are not its address, the address follows them in parentheses. Mentions and hashtags stay as their
    text, custom emoji as their short code. Paragraphs and breaks become line breaks, entities are decoded, scripts,
    styles and comments go. Never raises: broken markup is read as a browser would, what no parser accepts is stripped
    of its tags.
    """
    source = well_formed(source)
    if not source.strip():
        return ""
    parser = html.HTMLParser(**_PARSER)
    try:
        root = html.document_fromstring(source.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return _without_tags(source)
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" or "depth" in entry.message for entry in parser.error_log):
        return _without_tags(source)
    return normalise("".join(_pieces(root)))


def _without_tags(source: str) -> str:
    """Cut out tags. Behind the last end of a comment none is looked for: each one begun there would read to the end."""
    closed = source.rfind("-->") + len("-->") if "-->" in source else 0
    cut = _TAG.sub(" ", source[:closed]) + _TAG_OR_OPEN_COMMENT.sub(" ", source[closed:])
    return normalise(unescape(cut))


def _pieces(root: html.HtmlElement) -> list[str]:
    """Walk the tree without recursion, so that deep nesting cannot exhaust the stack."""
    out: list[str] = []
    anchors: list[int] = []
    silent = 0
    preformatted = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            silent += tag in _SILENT
            preformatted += tag == "pre"
            if silent:
                continue
            if tag == "br":
                out.append("\n")
            elif tag == "img" and "emoji" in (node.get("class") or ""):
                out.append(node.get("alt") or "")
            _end_lines(out, _LINES.get(tag, 0))
            if tag == "a":
                anchors.append(len(out))
            _add(node.text, out, keep_blanks=preformatted > 0)
            continue
        if not silent:
            if tag == "a" and anchors:
                _close_anchor(node, out, anchors.pop())
            elif tag in _CELLS:
                out.append(" ")
            _end_lines(out, _LINES.get(tag, 0))
        silent -= tag in _SILENT
        preformatted -= tag == "pre"
        if not silent:
            _add(node.tail, out, keep_blanks=preformatted > 0)
    return out


def _add(text: str | None, out: list[str], *, keep_blanks: bool) -> None:
    if text and not keep_blanks:
        text = _SPACES.sub(" ", text)
        if out and out[-1].endswith("\n"):
            text = text.lstrip(" ")
    if text:
        out.append(text)


def _end_lines(out: list[str], count: int) -> None:
    """Make what is written so far end with at least `count` line breaks."""
    have = 0
    for piece in reversed(out):
        have += len(piece) - len(piece.rstrip("\n"))
        if piece.strip("\n") or have >= count:
            break
    if have < count:
        out.append("\n" * (count - have))


def _close_anchor(node: html.HtmlElement, out: list[str], start: int) -> None:
    href = (node.get("href") or "").strip()
    if not href.lower().startswith(_WEB):
        return
    words = "".join(out[start:]).strip()
    classes = (node.get("class") or "").split()
    if "mention" in classes or "hashtag" in classes or words.startswith(("@", "#")):
        return
    if _is_address(words, href):
        out[start:] = [href]
    elif href not in words:
        out.append(f" ({href})")


def _is_address(words: str, href: str) -> bool:
    """Whether the words of a link are its address, maybe without its beginning or cut off at its end."""
    shown = _BEFORE_HOST.sub("", words.removesuffix("…").removesuffix("..."))
    return _BEFORE_HOST.sub("", href).lower().startswith(shown.lower())
