"""Every connector that reads a platform through the real landing: all posts land, and nobody's name gets anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.ingest import ingest
from flows.night import Night
from flows.settings import parse_settings
from flows.sources.base import Outcome
from tests.landing_fixture import make_night, rows
from tests.platforms import discourse, github, googleplay, lemmy, reddit, reviews, stackexchange, youtube

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
SECONDS = int(NOW.timestamp())

SECRETS = {
    "REDDIT_APP": reddit.APP,
    "REDDIT_SECRET": reddit.SECRET,
    "YOUTUBE_KEY": youtube.KEY,
    "GITHUB_TOKEN_OF_TEST": github.TOKEN,
    "TRUSTPILOT_KEY": reviews.KEY,
}
SOURCES = """
company: {{id: velumo, name: Velumo, query: velumo}}
sources:
  - {{type: lemmy, server: "{lemmy}", everything: all}}
  - {{type: stackexchange, base_url: "{stackexchange}", site: stackoverflow, queries: [velumo]}}
  - {{type: discourse, server: "{discourse}", latest: true}}
  - {{type: reddit, base_url: "{reddit}", sign_in_url: "{reddit}", subreddits: [ebikes], username: velumo_listens,
      client_id_variable: REDDIT_APP, client_secret_variable: REDDIT_SECRET}}
  - {{type: youtube, base_url: "{youtube}", videos: [v1], key_variable: YOUTUBE_KEY}}
  - {{type: github, base_url: "{github}", repositories: [velumo/app], discussions: true,
      token_variable: GITHUB_TOKEN_OF_TEST}}
  - {{type: appstore, base_url: "{appstore}", apps: [77], countries: [de]}}
  - {{type: trustpilot, base_url: "{trustpilot}", domains: [velumo.de], key_variable: TRUSTPILOT_KEY}}
  - {{type: googleplay, base_url: "{googleplay}", packages: [com.velumo.app], key_variable: PLAY_KEY}}
"""


def servers() -> dict[str, Any]:
    """A server per platform with a post, an answer to it where there are answers, and a broken record."""
    hub = github.GitHubServer(
        [github.issue(1, NOW), github.issue(2, NOW, title=7)], [github.comment(3, NOW)], page_size=100
    )
    hub.discussions = [github.node("D1", NOW, title="Range", updatedAt=github.stamp(NOW)) | {"comments": []}]
    return {
        "lemmy": lemmy.LemmyServer([lemmy.post(1, NOW), lemmy.post(2, NOW, name=7)], [lemmy.comment(3, NOW, path="0")]),
        "stackexchange": stackexchange.StackExchangeServer(
            [stackexchange.question(1, SECONDS), stackexchange.question(2, SECONDS, body=None)],
            [stackexchange.answer(3, 1, SECONDS)],
        ),
        "discourse": discourse.DiscourseServer(
            [
                discourse.post(1, NOW),
                discourse.post(2, NOW, cooked=None),
                discourse.post(3, NOW, reply_to_post_number=1),
            ]
        ),
        "reddit": reddit.RedditServer(
            [reddit.post("p1", NOW), reddit.post("p2", NOW, title=None)], [reddit.comment("c3", NOW)]
        ),
        "youtube": youtube.YouTubeServer(
            {
                "v1": [youtube.comment(name, NOW) for name in ("U1", "U1.r")]
                + [youtube.comment("U2", NOW, likeCount="x")]
            }
        ),
        "github": hub,
        "appstore": reviews.AppStoreServer([reviews.entry(1, NOW), reviews.entry(2, NOW) | {"updated": "x"}]),
        "trustpilot": reviews.TrustpilotServer([reviews.review(1, NOW), reviews.review(2, NOW, createdAt="x")]),
        "googleplay": googleplay.GooglePlayServer([googleplay.review(1, NOW), googleplay.review(2, NOW, text=None)]),
    }


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    with ExitStack() as stack:
        running = {name: stack.enter_context(server) for name, server in servers().items()}
        for name, value in {**SECRETS, "PLAY_KEY": running["googleplay"].key}.items():
            monkeypatch.setenv(name, value)
        made = make_night(tmp_path)
        yield Night.start(
            parse_settings(SOURCES.format(**{name: server.url for name, server in running.items()})), made.home
        )


def test_every_platform_lands_with_its_broken_record_in_quarantine(night: Night) -> None:
    runs = {source.source: ingest(night, source) for source in night.settings.sources}
    assert {name: (run.outcome, run.message) for name, run in runs.items()} == dict.fromkeys(runs, (Outcome.OK, None))
    counts = {name: (run.landed_count, run.quarantined_count) for name, run in runs.items()}
    alone = dict.fromkeys(("appstore", "trustpilot", "googleplay"), (1, 1))
    # Discourse begins a page with the last post of the one before, which lands once
    assert counts == {**dict.fromkeys(runs, (2, 1)), "github": (3, 1), "discourse": (3, 1), **alone}
    answers = rows(
        night,
        """
        select reply.source, thread.native_id is not null as has_thread
        from landing.mentions as reply
        join landing.mentions as parent on parent.mention_id = reply.reply_to_id
        left join landing.mentions as thread on thread.mention_id = reply.thread_id
        order by all
        """,
    )
    assert {row["source"]: row["has_thread"] for row in answers} == {
        **dict.fromkeys(("github", "lemmy", "reddit", "stackexchange", "youtube"), True),
        "discourse": False,
    }
    stored = str(rows(night, "from landing.mentions")) + str(rows(night, "from landing.quarantine"))
    for name in ("Anna B", "Anna Beispiel", "Anna_B", "UCanna", "@anna", "Ben'"):
        assert name not in stored
    assert len(rows(night, "from landing.mentions")) == sum(landed for landed, _ in counts.values()) - 1
