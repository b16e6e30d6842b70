"""Decisions about department queues: who decided what about a post, their notes, and corrections of it."""

from __future__ import annotations

from flows.erasure.journal import Gone
from flows.home import Home
from flows.queue.store import writing


def erase(home: Home, gone: Gone) -> int:
    """Delete what was decided about the posts, and empty notes about other posts that quote or name them."""
    if not home.decisions.exists():
        return 0
    with writing(home) as store:
        erased = store.erase(gone.mention_ids)
        notes = store.notes()
        quoting = [note for note, is_found in zip(notes, gone.traces.found_in(notes), strict=True) if is_found]
        return erased + store.empty_notes(quoting)
