"""A brief laid out: as a page, as the body of an e-mail, as Markdown."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from flows.brief.document import Brief, Listed
from flows.brief.posts import Post
from flows.brief.words import Writer

_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#|!~&])")
_WORD_START = re.compile(r"^(\d+)([.)])")


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("flows.brief"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def as_page(brief: Brief) -> str:
    """An HTML page that needs nothing from elsewhere; texts are escaped, charts are SVG."""
    return _templates().get_template("page.html.j2").render(brief=brief, writer=brief.writer, words=brief.writer.words)


def as_mail(brief: Brief) -> str:
    """A fragment of HTML for mail programs: charts are lines of text."""
    return _templates().get_template("mail.html.j2").render(brief=brief, writer=brief.writer, words=brief.writer.words)


def as_markdown(brief: Brief) -> str:
    """Markdown (CommonMark); words of posts are escaped, so that they are only words."""
    writer, words = brief.writer, brief.writer.words
    parts = [
        f"# {_plain(brief.company)}: {_plain(brief.title)}",
        _plain(brief.as_of),
        "\n".join(
            f"- **{_plain(one.value)}** {_plain(one.name)}" + (f" ({_plain(one.note)})" if one.note else "")
            for one in brief.figures
        ),
        _listed(brief.alerts, writer),
        f"## {_plain(brief.points_heading)}",
    ]
    for number, point in enumerate(brief.points, start=1):
        posts = "\n".join(f"- {_post(post, writer)}" for post in point.posts)
        parts += [
            f"### {number}. {'▲ ' if point.is_critical else ''}{_plain(point.label)}: {_plain(point.title)}",
            _plain(point.says),
            f"**{_plain(point.figure)}** {_plain(point.unit)} ({_plain(point.interval)})".replace("  ", " "),
            f"{_plain(point.chart.title)}:\n\n```\n{point.chart.text()}\n```",
            posts,
            f"{_plain(words['more_posts'])} {', '.join(map(_link, point.links))}" if point.links else "",
        ]
    if not brief.points:
        parts.append(_plain(words["no_points"]))
    parts += [_listed(brief.answers, writer), _listed(brief.leads, writer), f"## {_plain(words['quality'])}"]
    parts.append("\n".join(f"- {_plain(note)}" for note in brief.quality))
    parts.append(f"{_plain(words['made'])} {_plain(writer.say('run', run_id=brief.run_id))}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _listed(listed: Listed, writer: Writer) -> str:
    lines = []
    for line in listed.lines:
        mark = "▲ " if line.is_critical else ""
        said = f"- {mark}**{_plain(line.label)}** ({_plain(line.note)}): {_plain(line.says)}"
        lines.append(f"{said}\n  {_post(line.post, writer)}" if line.post else said)
    parts = [f"## {_plain(listed.heading)}", _plain(listed.summary), "\n".join(lines), _plain(listed.more)]
    return "\n\n".join(part for part in parts if part)


def _post(post: Post, writer: Writer) -> str:
    place = _link(post) if post.url else _plain(post.source)
    when = writer.moment(post.published_at) if post.published_at else writer.words["undated"]
    return f"“{_plain(post.text)}” ({place}, {_plain(when)}) <!-- {post.mention_id} -->"


def _link(post: Post) -> str:
    address = (post.url or "").replace("<", "%3C").replace(">", "%3E").replace(" ", "%20")
    return f"[{_plain(post.source)}](<{address}>)"


def _plain(text: str) -> str:
    line = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return re.sub(r"^([-+=])", r"\\\1", _WORD_START.sub(r"\1\\\2", line))
