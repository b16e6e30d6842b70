"""The script brought to local platforms: a Mastodon server, a Hacker News and a publisher of feeds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flows.demo.platforms import (
    Feed,
    FeedItem,
    FeedServer,
    HackerNewsItem,
    HackerNewsServer,
    MastodonAccount,
    MastodonPost,
    MastodonServer,
)
from flows.demo.story.cast import Event, Post
from flows.demo.story.script import Script

FEEDS = {"de": "/radmarkt.rss", "en": "/mobility.atom"}


class Stage:
    """The platforms, on which the script's posts appear as time passes."""

    def __init__(self, script: Script) -> None:
        self._waiting = list(script.posts)
        self.mastodon = MastodonServer()
        self.hackernews = HackerNewsServer()
        self.feeds = FeedServer([Feed(FEEDS["de"], language="de"), Feed(FEEDS["en"], form="atom", language="en")])
        self._deletable: list[str] = []
        self._status_ids: dict[str, str] = {}
        self._thread: int | None = None

    def advance(self, until: datetime) -> None:
        """Let everything appear that the script has published before `until`."""
        due = [post for post in self._waiting if post.published_at < until]
        self._waiting = [post for post in self._waiting if post.published_at >= until]
        for post in due:
            match post.platform:
                case "mastodon":
                    self._toot(post)
                case "hackernews":
                    self._comment(post)
                case _:
                    self._print(post)

    def delete_regretted_posts(self) -> int:
        """Delete what its authors regret; the posts answer 404 from now on. Returns how many."""
        for status_id in self._deletable:
            self.mastodon.delete(status_id)
        return len(self._deletable)

    def _toot(self, post: Post) -> None:
        account = MastodonAccount(
            post.author,
            followers_count=37 + 13 * len(post.author) + int(post.key) % 500,
            indexable=not post.is_opted_out,
            noindex=post.is_opted_out,
        )
        status_id = self.mastodon.add(
            MastodonPost(
                account,
                post.text,
                post.published_at,
                language=post.language,
                in_reply_to_id=self._status_ids.get(post.reply_to or ""),
                favourites_count=post.likes,
                reblogs_count=post.reposts,
            )
        )
        self._status_ids[post.key] = status_id
        if post.event is Event.DELETED:
            self._deletable.append(status_id)

    def _comment(self, post: Post) -> None:
        if self._thread is None:
            opener = HackerNewsItem(
                post.author, post.published_at - timedelta(minutes=5), title="Ask HN: Which e-bike do you commute on?"
            )
            self._thread = self.hackernews.add(opener)
        self.hackernews.add(
            HackerNewsItem(
                post.author, post.published_at, text=post.text, parent_id=self._thread, story_id=self._thread
            )
        )

    def _print(self, post: Post) -> None:
        address = f"https://news.example/{post.language}/{post.key}"
        self.feeds.add(
            FEEDS[post.language],
            FeedItem(
                title=post.title or "",
                text=post.text,
                link=address,
                guid=address,
                published=None if post.has_no_date else post.published_at,
                author=post.author,
            ),
        )


@contextmanager
def staged(script: Script) -> Iterator[Stage]:
    """Run the platforms while the block runs."""
    stage = Stage(script)
    with stage.mastodon, stage.hackernews, stage.feeds:
        yield stage
