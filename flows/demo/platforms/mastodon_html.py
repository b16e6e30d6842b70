"""Plain text rendered as Mastodon does: what a hashtag, a mention and a link become."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

_TOKEN = re.compile(
    r"(?P<scheme>https?://(?:www\.)?)(?P<address>[^\s<>\"]*[^\s<>\".,;:!?)])"
    r"|#(?P<tag>\w+)|(?<![\w.])@(?P<mention>\w+)(?:@(?P<host>[\w.-]+\w))?"
)


def hashtags(text: str) -> set[str]:
    """The hashtags of a text, in lower case."""
    return {found["tag"].lower() for found in _TOKEN.finditer(text) if found["tag"]}


def to_html(text: str, server: str) -> str:
    """Render plain text as Mastodon does: paragraphs, breaks, hashtags, mentions, links with hidden parts."""

    def markup(found: re.Match[str]) -> str:
        if found["scheme"]:
            hidden, shown, rest = found["scheme"], found["address"][:30], found["address"][30:]
            kind = ' class="ellipsis"' if rest else ""
            return (
                f'<a href="{escape(found[0])}" target="_blank" rel="nofollow noopener">'
                f'<span class="invisible">{hidden}</span><span{kind}>{escape(shown)}</span>'
                f'<span class="invisible">{escape(rest)}</span></a>'
            )
        if found["tag"]:
            address = f"{server}/tags/{quote(found['tag'])}"
            return f'<a href="{address}" class="mention hashtag" rel="tag">#<span>{found["tag"]}</span></a>'
        name = found["mention"]
        profile = f"https://{found['host']}/@{name}" if found["host"] else f"{server}/@{name}"
        return f'<span class="h-card"><a href="{profile}" class="u-url mention">@<span>{name}</span></a></span>'

    def line(raw: str) -> str:
        parts: list[str] = []
        end = 0
        for found in _TOKEN.finditer(raw):
            parts += [escape(raw[end : found.start()], quote=False), markup(found)]
            end = found.end()
        return "".join([*parts, escape(raw[end:], quote=False)])

    paragraphs = ("<br />".join(line(each) for each in block.split("\n")) for block in text.split("\n\n"))
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs if text)
