"""Local servers that speak the real protocols of public platforms: the demo listens to them, and the tests do."""

from flows.demo.platforms.feeds import Feed, FeedItem, FeedServer
from flows.demo.platforms.hackernews import HackerNewsItem, HackerNewsServer
from flows.demo.platforms.mastodon import MastodonAccount, MastodonPost, MastodonServer

__all__ = [
    "Feed",
    "FeedItem",
    "FeedServer",
    "HackerNewsItem",
    "HackerNewsServer",
    "MastodonAccount",
    "MastodonPost",
    "MastodonServer",
]
