"""HTML of posts to plain text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.landing.html import html_to_text
from flows.landing.text import normalise

MASTODON_LINK = (
    '<p>Siehe <a href="https://beispiel.de/ein/langer/pfad?x=1&amp;y=2" rel="nofollow">'
    '<span class="invisible">https://</span><span class="ellipsis">beispiel.de/ein/lang</span>'
    '<span class="invisible">er/pfad?x=1&amp;y=2</span></a></p>'
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Eins</p><p>Zwei<br>Drei</p>", "Eins\n\nZwei\nDrei"),
        (MASTODON_LINK, "Siehe https://beispiel.de/ein/langer/pfad?x=1&y=2"),
        (
            '<p><span class="h-card"><a href="https://m.social/@acme" class="mention">@<span>acme</span></a></span> '
            '<a href="https://m.social/tags/lob" class="mention hashtag" rel="tag">#<span>lob</span></a></p>',
            "@acme #lob",
        ),
        (
            'Text<p>see <a href="https:&#x2F;&#x2F;news.example&#x2F;long">https:&#x2F;&#x2F;news.exa...</a>',
            "Text\n\nsee https://news.example/long",
        ),
        ('<a href="https://x.de/y">hier klicken</a>!', "hier klicken (https://x.de/y)!"),
        ('<a href="https://www.reise.de/angebot">Reise.de</a>', "https://www.reise.de/angebot"),
        (
            '<a href="https://x.de/neu">Version 1.2</a>, <a href="https://y.de">v1.2</a>',
            "Version 1.2 (https://x.de/neu), v1.2 (https://y.de)",
        ),
        ('<a href="https://x.de/y">Lies https://x.de/y jetzt</a>', "Lies https://x.de/y jetzt"),
        ('<a href="javascript:alert(1)">klick</a> <a>leer</a>', "klick leer"),
        ('<a href="https://x.de/bild"><img src="b.png"></a>', "https://x.de/bild"),
        ('Toll <img class="custom-emoji" alt=":blobcat:" src="b.png">', "Toll :blobcat:"),
        ("<ul><li>eins</li>\n<li>zwei</li></ul>danach", "eins\nzwei\ndanach"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<style>p{}</style><script>alert('x')</script><!-- nichts -->da", "da"),
        ("&lt;b&gt; &amp;amp; &nbsp; &#128512; Gr&uuml;&szlig;e", "<b> &amp; 😀 Grüße"),
        ("5 < 6 && 7 > 2, ich <3 euch", "5 < 6 && 7 > 2, ich <3 euch"),
        ('<?xml version="1.0" encoding="latin-1"?><p>schön</p>', "schön"),
        ("kein <b>Ende <i>in Sicht", "kein Ende in Sicht"),
        ("", ""),
        ("   \n ", ""),
        ("<p></p>", ""),
        ("👩‍👩‍👧‍👦🏳️‍🌈", "👩‍👩‍👧‍👦🏳️‍🌈"),
    ],
)
def test_readable_text(source: str, text: str) -> None:
    assert html_to_text(source) == text


def test_nesting_deeper_than_a_parser_goes_loses_no_word() -> None:
    assert html_to_text("<div>" * 5_000 + "tief" + "</div>" * 5_000 + " danach") == "tief danach"


def test_a_long_post_stays_whole() -> None:
    words = " ".join(f"Wort{number}" for number in range(4_000))
    assert html_to_text(f"<p>{words}</p>") == words


def test_lone_surrogates_and_nul_do_not_stop_it() -> None:
    assert html_to_text("<p>a\ud83d b\x00c \ud83d\ude00</p>") == "a\ufffd bc 😀"


MARKUP = [
    *("<p>", "</p>", "<br>", "<div", "<a href='", "'>", "</a>", "<![CDATA[", "]]>", "<!--", "-->", "&", "&#x110000;"),
    *("&amp;", "<script>", "</script>", "<svg>", "<table>", "<td>", "<?php", "<pre>", "<textarea>", "\x00", "\ud800"),
]
PIECES = st.one_of(st.text(max_size=20), st.sampled_from(MARKUP))


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_never_fails_and_gives_tidy_text(source: str) -> None:
    text = html_to_text(source)
    text.encode()
    assert normalise(text) == text


WORDS = st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=8)
TAGS = st.sampled_from(["p", "b", "i", "span", "div", "em", "strong", "li", "blockquote", "h2"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TAGS, WORDS), min_size=1, max_size=10))
def test_no_tag_is_left_and_no_word_is_lost(parts: list[tuple[str, str]]) -> None:
    text = html_to_text("".join(f"<{tag} class='x'>{word}</{tag}> " for tag, word in parts))
    assert not re.search(r"</?[a-z]", text)
    assert text.split() == [normalise(word) for _, word in parts]


PATHS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-_/.=%?", min_size=1, max_size=60)


@settings(max_examples=100, deadline=None)
@given(PATHS, st.integers(min_value=0, max_value=60), st.integers(min_value=0, max_value=60))
def test_an_address_survives_however_it_is_cut_into_spans(path: str, first: int, second: int) -> None:
    url = f"https://beispiel.de/{path}"
    one, two = sorted((first, second))
    shown = f"<span class='invisible'>{url[:one]}</span>{url[one:two]}<span class='invisible'>{url[two:]}</span>"
    assert html_to_text(f"<p>vor <a href='{url}'>{shown}</a> nach</p>") == f"vor {url} nach"
