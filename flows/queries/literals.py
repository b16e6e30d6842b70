"""The leaves of a query: words, phrases and fields, checked and cut into terms."""

from __future__ import annotations

import re

import lark
import polars as pl

from flows.queries.errors import Refused
from flows.queries.syntax import Compound, Exactness, Field, Kind, Node, Phrase, Term
from flows.queries.tokens import Writing, are_emoji, cut, emoji_forms, joined_form, link_form, parts_of

FIELD_EXAMPLES = {
    "lang": "lang:de",
    "source": "source:mastodon",
    "author": "author:@zara",
    "link": "link:zara.com/kids",
}
"""Fields, and an example of each."""
_VALUES = {
    "lang": r"[a-z]{2,3}",
    "source": r"[a-z0-9_*-]+",
    "author": r'[^\s()"]+',
    "link": r'[^\s()"]+',
}


def literal(token: lark.Token, text: str, exactness: Exactness) -> Node:
    """Turn a word or the inside of quotation marks into a term, a compound, or a phrase of them."""
    raws = cut(pl.Series([text], dtype=pl.String), Writing.QUERY)[0].to_list()
    if not raws:
        raise Refused(
            token, f"there is nothing to look for in {token.value}.", "Write a word, hashtag, handle or emoji."
        )
    items = tuple(_item(token, raw, exactness) for raw in raws)
    return items[0] if len(items) == 1 else Phrase(items)


def _item(token: lark.Token, raw: str, exactness: Exactness) -> Term | Compound:
    if re.match(r"https?://|www\.", raw, re.IGNORECASE):
        raise Refused(token, "links are not looked for as words.", f"Write link:{link_form(raw)}")
    if raw.startswith("@"):
        if raw.endswith("*"):
            raise Refused(
                token,
                "a handle cannot have a wildcard, because handles nobody names are removed from posts before storing.",
                "Name every handle: @zara OR @zarahome",
            )
        return Term(Kind.HANDLE, raw[1:], exactness)
    if raw.startswith("#"):
        return _term(token, Kind.HASHTAG, raw[1:], exactness)
    if are_emoji(alone := pl.Series([raw])).all():
        return Term(Kind.EMOJI, emoji_forms(alone)[0], exactness)
    parts = parts_of(raw)
    if len(parts) <= 1:
        return _term(token, Kind.WORD, raw if raw.endswith("+") else (parts or [raw])[0], exactness)
    joined = joined_form(raw)
    return Compound(
        raw,
        tuple(_term(token, Kind.WORD, part, exactness) for part in parts),
        _term(token, Kind.WORD, joined, exactness) if joined else None,
    )


def _term(token: lark.Token, kind: Kind, text: str, exactness: Exactness) -> Term:
    text = re.sub(r"\*+", "*", text)
    if "*" in text and len(re.sub(r"[*?]", "", text)) < 2:
        raise Refused(
            token,
            f"a wildcard needs at least two letters beside it, {text} has fewer.",
            "Write more of the word, or use NEAR/n for any word between two others.",
        )
    return Term(kind, text, exactness)


def field_condition(token: lark.Token, name: str, value: str) -> Field:
    """Check a field and its value. Raises Refused."""
    if name not in FIELD_EXAMPLES:
        known = ", ".join(FIELD_EXAMPLES)
        remedy = f"Known fields: {known}. To look for the text itself, put it in quotation marks."
        raise Refused(token, f"there is no field {name}.", remedy)
    if name == "link":
        value = link_form(value)
    elif name == "author":
        value = value.lstrip("@")
    else:
        value = value.lower()
    if not value or ("*" in value and name != "source"):
        raise Refused(token, f"{name}: needs a value without wildcards.", f"Write for example {FIELD_EXAMPLES[name]}")
    if not re.fullmatch(_VALUES[name], value):
        raise Refused(token, f"{value} cannot be a value of {name}:.", f"Write for example {FIELD_EXAMPLES[name]}")
    return Field(name, value)


def reserved(token: lark.Token) -> Refused:
    """Say what to write instead of an operator in small letters, or of NEAR without distance."""
    word = token.value
    if word.lower().startswith("near"):
        return Refused(
            token, f"{word} lacks its distance.", 'Write NEAR/5 for at most 5 words between, or "near" to look for it.'
        )
    operator = {"und": "AND", "oder": "OR"}.get(word.lower(), word.upper())
    return Refused(
        token,
        f"{word} is neither an operator nor surely a word.",
        f"Write {operator} in capitals to combine, or put the word or the phrase around it in quotation marks.",
    )
