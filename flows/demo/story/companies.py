"""What the companies of the demo say themselves: own posts, and answers to their customers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from flows.demo.story.cast import COMPANY, COMPETITORS, DAYS, Post, day_start

SEED = 20_260_902

ANSWERED_SHARE = {COMPANY: 0.3, COMPETITORS[0]: 0.75, COMPETITORS[1]: 0.1}
"""Part of the posts about a company on Mastodon that it answers."""
USUAL_HOURS = {COMPANY: 20.0, COMPETITORS[0]: 2.5, COMPETITORS[1]: 30.0}
"""Hours until it does."""
OWN_POSTS_PER_WEEK = {COMPANY: 3, COMPETITORS[0]: 6, COMPETITORS[1]: 1}

ANSWERS = (
    "Danke für den Hinweis! Schick uns bitte deine Bestellnummer, dann schauen wir sofort nach.",
    "Das tut uns leid. Unser Kundendienst meldet sich heute noch bei dir.",
    "Danke dir, das geben wir an die Werkstatt weiter.",
    "Sorry to hear that. Please send us your order number and we will look into it.",
    "Thank you, that is good to read! We will pass it on.",
)
OWN_POSTS = (
    "Unsere Werkstatt hat ab Montag wieder bis 19 Uhr geöffnet. Kommt vorbei!",
    "Was nehmt ihr auf eure Herbsttour mit? Wir sammeln die besten Packlisten.",
    "Fünf Handgriffe, die jedes Rad gut durch den Winter bringen, jetzt bei uns im Blog.",
    "We are hiring mechanics in three cities. Come and say hello on open day.",
    "How far is your way to work? Our team answers: 4 to 31 kilometres.",
)


def own_voices(posts: Sequence[Post], end: datetime) -> Iterator[Post]:
    """Tell what the companies post and answer, for a script of `posts` that ends at `end`.

    Drawn with a seed of its own, so that it changes nothing else; no company names itself, so that it is no mention.
    """
    rng = Random(SEED)  # noqa: S311 - a script, not a secret
    number = 0
    for company, per_week in OWN_POSTS_PER_WEEK.items():
        for day in range(DAYS):
            if rng.random() < per_week / 7:
                number += 1
                moment = day_start(end, day) + timedelta(hours=9 + rng.random() * 6)
                yield _post(number, company, rng.choice(OWN_POSTS), moment)
        for post in posts:
            is_asked = post.platform == "mastodon" and company in post.text and not post.is_opted_out
            if is_asked and rng.random() < ANSWERED_SHARE[company]:
                number += 1
                moment = post.published_at + timedelta(hours=USUAL_HOURS[company] * rng.uniform(0.4, 1.8))
                if moment < end:
                    yield _post(number, company, rng.choice(ANSWERS), moment, reply_to=post.key)


def _post(number: int, company: str, text: str, moment: datetime, reply_to: str | None = None) -> Post:
    return Post(
        key=f"8{number:05d}",
        platform="mastodon",
        author=company.lower(),
        text=text,
        language="de" if any(word in text for word in ("uns", "ihr", "jedes", "Danke")) else "en",
        published_at=moment,
        reply_to=reply_to,
    )
