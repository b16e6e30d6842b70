"""Spam by three plain rules (docs/reference/spam.md). Better to miss some than to hide a customer's post."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import duckdb
import polars as pl

from flows.core.tables import write_differences

CAMPAIGN_AUTHORS = 5
"""Different authors who post the same text with the same link within a day."""
REPETITIONS = 5
"""Posts of one author with the same text within a day; replies do not count, because care teams repeat themselves."""
STUFFED_HASHTAGS = 10
"""Hashtags in a post that has fewer words than hashtags."""

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"']+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)@[\w.\-@]+")
_HASHTAG = re.compile(r"(?<![\w&])#\w*[^\W\d_]\w*")
_WORD = re.compile(r"[^\W\d_]{2,}")


def text_traits(texts: Iterable[str]) -> dict[str, Any]:
    """What the rules look at: per text its first link (host and path), and how many hashtags and other words it has."""
    traits = [_traits(text) for text in texts]
    return {
        "link": pl.Series([link for link, _, _ in traits], dtype=pl.String),
        "hashtag_count": pl.Series([hashtags for _, hashtags, _ in traits], dtype=pl.Int32),
        "word_count": pl.Series([words for _, _, words in traits], dtype=pl.Int32),
    }


def _traits(text: str) -> tuple[str | None, int, int]:
    link = _LINK.search(text)
    rest = _HANDLE.sub(" ", _LINK.sub(" ", text))
    words, hashtags = _HASHTAG.subn(" ", rest)
    return _bare(link.group()) if link else None, hashtags, len(_WORD.findall(words))


def _bare(link: str) -> str:
    """A link without scheme, www, query and fragment, so that tracking parameters make no difference."""
    bare = re.sub(r"^https?://", "", link.lower()).removeprefix("www.")
    return re.split(r"[?#]", bare)[0].rstrip("/.,;:!)]…")


def find_spam(warehouse: duckdb.DuckDBPyConnection) -> int:
    """Bring core.spam up to date with the live mentions. Returns how many of them are spam; needs core.copies."""
    warehouse.execute(
        f"""
        create or replace temp table found_spam as
        with posts as (
            select
                mention_id,
                author_key,
                reply_to_id is not null as is_reply,
                published_at,
                text_hash,
                case
                    when copies.copy_of is not null then copies.copy_of
                    when copied.mention_id is not null then mentions.mention_id
                    else text_hash
                end as same_text,
                link,
                hashtag_count,
                word_count
            from core.mentions
            join core.text_features using (mention_id)
            left join core.copies using (mention_id)
            left join (select distinct copy_of as mention_id from core.copies) as copied using (mention_id)
        ),
        campaigns as (
            select
                mention_id,
                count(distinct author_key) over (
                    partition by same_text, link
                    order by published_at
                    range between interval 24 hours preceding and current row
                ) as author_count,
                same_text,
                link,
                published_at
            from posts
            where link is not null and author_key is not null and published_at is not null
        ),
        waves as (
            select
                mention_id,
                max(author_count) over (
                    partition by same_text, link
                    order by published_at
                    range between current row and interval 24 hours following
                ) as author_count
            from campaigns
        ),
        repetitions as (
            select
                mention_id,
                count(*) over (
                    partition by author_key, text_hash
                    order by published_at
                    range between interval 24 hours preceding and current row
                ) as post_count,
                author_key,
                text_hash,
                published_at
            from posts
            where author_key is not null and published_at is not null and not is_reply and word_count > 0
        ),
        repeated as (
            select
                mention_id,
                max(post_count) over (
                    partition by author_key, text_hash
                    order by published_at
                    range between current row and interval 24 hours following
                ) as post_count
            from repetitions
        ),
        reasons as (
            select mention_id, 1 as position,
                'campaign: ' || author_count || ' authors posted this text and link within 24 hours' as reason
            from waves
            where author_count >= {CAMPAIGN_AUTHORS}
            union all
            select mention_id, 2,
                'repetition: its author posted this text ' || post_count || ' times within 24 hours'
            from repeated
            where post_count >= {REPETITIONS}
            union all
            select mention_id, 3, 'hashtags: ' || hashtag_count || ' hashtags and ' || word_count || ' words'
            from posts
            where hashtag_count >= {STUFFED_HASHTAGS} and word_count < hashtag_count
        )
        select mention_id, arg_min(reason, position) as reason
        from reasons
        group by all
        """
    )
    return write_differences(warehouse, "spam", "found_spam")
