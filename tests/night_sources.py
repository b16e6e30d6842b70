"""Good and bad records as real sources deliver them, served by local platforms, and what a night must make of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.demo.platforms import (
    Feed,
    FeedItem,
    FeedServer,
    HackerNewsItem,
    HackerNewsServer,
    MastodonAccount,
    MastodonPost,
    MastodonServer,
    faults,
)
from flows.demo.platforms.server import Answer

FIRST_TIME = datetime(2026, 11, 2, 8, tzinfo=UTC)
TIMELINE = "/api/v1/timelines/public"
DROPPED, GARBLED = "Dieser Inhalt fehlt.", "unlesbar"
EMOJI = "😍🎉🚲"
LONG = ("Velumo:" + 1_000 * " mein Rad fährt leise durch die Stadt")[:29_999].rstrip().ljust(30_000, "!")
OPTED_OUT = "Velumo steht bei mir im Keller, das geht keinen etwas an."
SECRETS = ("erika.geheim", "erika@beispiel.de", "0171 2345678")
POSTS = (
    "Velumo hat heute pünktlich geliefert, ich bin begeistert!",
    "The Velumo display froze again. Third time this week, really annoying.",
    "Ich überlege, von Pedelo zu Velumo zu wechseln. Erfahrungen?",
    "Velumo customer service answered within an hour. Great!",
    "Der Akku vom Velumo ist nach einem Jahr hinüber. Enttäuschend.",
    "Pedelo raised prices, so I will buy a Velumo.",
    "Heute regnet es in Kiel.",
)


@dataclass
class Fates:
    """What must become of a source's records.

    `mentions` are native ids; `quarantine` gives field and reason (a part of it) of each broken record, by native id or
    line number; `skipped_count` counts posts of authors who do not want to be found, `repeated_count` rows whose id
    comes again.
    """

    mentions: set[str] = field(default_factory=set)
    quarantine: dict[str | int, tuple[str, str]] = field(default_factory=dict)
    skipped_count: int = 0
    repeated_count: int = 0


@dataclass(frozen=True)
class Sources:
    """A settings file over local platforms, and the fates of all their records by source."""

    config: Path
    mastodon: MastodonServer
    fates: dict[str, Fates]


@contextmanager
def mixed_sources(folder: Path) -> Iterator[Sources]:
    """Serve good and bad input of all kinds while the block runs."""
    with MastodonServer(page_limit=5) as mastodon, HackerNewsServer() as forum, FeedServer() as feeds:
        fates = {
            "fediverse": _toots(mastodon),
            "forum": _comments(forum),
            "press": _articles(feeds),
            "quiet": _no_articles(feeds),
            "export": _rows(folder),
        }
        config = folder / "listening.yaml"
        config.write_text(
            f"""
company: {{id: velumo, name: Velumo, query: "velumo OR author:velumo"}}
competitors: [{{id: pedelo, name: Pedelo, query: pedelo}}]
sources:
  - {{type: mastodon, name: fediverse, server: "{mastodon.url}", public: all, lookback_days: 3650}}
  - {{type: hackernews, name: forum, base_url: "{forum.url}", items_url: "{forum.url}", queries: [velumo],
      lookback_days: 3650}}
  - {{type: feed, name: press, urls: ["{feeds.url}/undated.atom", "{feeds.url}/dated.rss"]}}
  - {{type: feed, name: quiet, urls: ["{feeds.url}/empty.rss"]}}
  - {{type: files, name: export, paths: ["{folder}/exports/*"]}}
""",
            encoding="utf-8",
        )
        yield Sources(config, mastodon, fates)


def _toots(server: MastodonServer) -> Fates:
    fates = Fates(skipped_count=1)
    times = (FIRST_TIME + timedelta(hours=number) for number in range(100))
    anna = MastodonAccount("anna", followers_count=7)

    def add(text: str, author: MastodonAccount = anna, **changes: object) -> str:
        return server.add(MastodonPost(author, text, next(times), **changes))  # type: ignore[arg-type]

    fates.mentions = {add(text) for text in (*POSTS, LONG)}
    fates.mentions.add(add(EMOJI, MastodonAccount("velumo")))
    add(OPTED_OUT, MastodonAccount("rudi", indexable=False))
    fates.quarantine = {
        add(f"Velumo. {DROPPED}"): ("content", "Field required"),
        add("Velumo", overrides={"content": 17}): ("content", "valid string"),
        add(f"Velumo {GARBLED}"): ("content", "not valid UTF-8"),
        add(
            f"Velumo, ruft mich an: {SECRETS[2]} oder {SECRETS[1]}",
            MastodonAccount(SECRETS[0]),
            overrides={"created_at": "yesterday"},
        ): ("created_at", "valid datetime"),
    }
    server.broken[TIMELINE] = _spoiled
    return fates


def _spoiled(answer: Answer) -> Answer:
    page = json.loads(answer.body)
    for status in page:
        if DROPPED in str(status["content"]):
            del status["content"]
    body = json.dumps(page, ensure_ascii=False).encode()
    return faults.invalid_utf8(GARBLED.encode())(replace(answer, body=body))


def _comments(server: HackerNewsServer) -> Fates:
    def add(title: str, overrides: dict[str, object] | None = None) -> str:
        time = FIRST_TIME + timedelta(days=len(server.posts))
        return str(server.add(HackerNewsItem("pg", time, title=title, overrides=overrides or {})))

    return Fates(
        mentions={add("Velumo opens the firmware of its displays"), add("Ask HN: Velumo or Pedelo?")},
        quarantine={
            add("Velumo", {"title": None}): ("title", "neither title"),
            add("Velumo", {"points": "many"}): ("points", "valid integer"),
        },
    )


def _articles(server: FeedServer) -> Fates:
    undated = tuple(FeedItem(f"Velumo im Test, Teil {part}", "Sehr leise.", guid=f"tag:test-{part}") for part in "AB")
    dated = (FeedItem("Velumo wächst", "Mehr Umsatz als Pedelo.", guid="tag:umsatz", published=FIRST_TIME),)
    server.feeds = {
        "/undated.atom": Feed("/undated.atom", undated, form="atom", language="de"),
        "/dated.rss": Feed("/dated.rss", dated, language="de"),
    }
    return Fates(
        {f"{server.url}{path} {item.guid}" for path, feed in server.feeds.items() for item in feed.items},
    )


def _no_articles(server: FeedServer) -> Fates:
    server.feeds["/empty.rss"] = Feed("/empty.rss")
    return Fates()


def _rows(folder: Path) -> Fates:
    exports = folder / "exports"
    exports.mkdir()
    (exports / "posts.csv").write_text(
        "id,author,created_at,text,likes\n"
        "e1,jo,2026-11-03T10:00:00Z,Velumo ist bequem,3\n"
        "e2,jo,gestern,Velumo ist schnell,3\n"
        "e3,jo,2026-11-03T10:00:00Z,,3\n"
        "e4,jo,2026-11-03T10:00:00Z,Velumo ist teuer,viele\n"
        "e5,jo,2026-11-03T10:00:00Z,Velumo,ist,zu,lang,3\n"
        "e6,jo,2026-11-03T10:00:00Z,Velumo ist gut,3\n"
        "e6,jo,2026-11-03T10:00:00Z,Velumo ist doch nicht gut,4\n",
        encoding="utf-8",
    )
    (exports / "posts.jsonl").write_text(
        '{"id": "j1", "created_at": "2026-11-03T10:00:00Z", "text": "Velumo \\ud83d klappert"}\n'
        '{"id": "j2", "created_at": "2026-11-03T10:00:00Z", "text": "Velumo\n',
        encoding="utf-8",
    )
    return Fates(
        mentions={"e1", "e6", "j1"},
        quarantine={
            "e2": ("published_at", "gestern"),
            "e3": ("text", "missing or empty"),
            "e4": ("like_count", "viele"),
            6: ("row", "columns"),
            2: ("row", "JSON"),
        },
        repeated_count=1,
    )
