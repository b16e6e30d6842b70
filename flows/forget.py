"""Forget an author or a post: everything held of them goes from every place, and does not come back."""

from __future__ import annotations

from dataclasses import dataclass

from flows.erasure import erase_due
from flows.erasure.forgotten import keep_away
from flows.erasure.journal import FORGOTTEN, note, note_broken
from flows.home import Home
from flows.night import Report, silent
from flows.subject import Held, Subject, find
from flows.warehouse import connect, transaction


@dataclass(frozen=True)
class ForgetCounts:
    """What was forgotten: posts and broken records of the subject, and pieces that each place let go of."""

    post_count: int
    broken_count: int
    places: dict[str, int]


def look_up(home: Home, subject: Subject) -> Held:
    """What would be forgotten; changes nothing. The caller holds the warehouse."""
    with connect(home) as warehouse:
        return find(warehouse, home, subject)


def forget(home: Home, subject: Subject, report: Report = silent) -> ForgetCounts:
    """Remove all that is held of a subject from every place, and keep it away from now on.

    The published file and its kept versions are written anew; their counts per day stay until the next night.
    The caller holds the warehouse. Killed anywhere, the same call (or the next night) goes on.
    """
    with connect(home) as warehouse:
        held = find(warehouse, home, subject)
        posts = held.posts.to_pylist()
        keep_away(
            home,
            authors=[(subject.platform, handle) for handle in subject.handles],
            posts=[(post["source"], post["native_id"]) for post in posts],
            urls=[subject.url] if subject.url else [],
            reason=FORGOTTEN,
        )
        with transaction(warehouse):
            warehouse.register("held_posts", held.posts)
            note(warehouse, "select mention_id from held_posts", FORGOTTEN)
            warehouse.unregister("held_posts")
            note_broken(warehouse, held.quarantine_ids, FORGOTTEN)
    return ForgetCounts(len(posts), len(held.quarantine_ids), erase_due(home, report))
