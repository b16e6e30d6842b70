"""Leak findings: the excerpts of posts that named what is on the watchlist."""

from __future__ import annotations

from flows.erasure.journal import Gone
from flows.home import Home
from flows.leaks.findings import forget_mentions


def erase(home: Home, gone: Gone) -> int:
    """Drop the findings in the posts; the file is written anew without them."""
    return forget_mentions(home, gone.mention_ids)
