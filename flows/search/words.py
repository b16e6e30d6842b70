"""Search by words: BM25 over the published index.

Source: Robertson and Zaragoza (2009), The Probabilistic Relevance Framework: BM25 and Beyond; k and b as DuckDB's
match_bm25 has them. The stems of one word count as one word, whose frequency is the sum of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

COMMON_SHARE = 0.2
"""Words in a larger share of all posts are left out, unless the query has no rarer ones."""

_MATCHES = """
with words as (
    select distinct unnest(search.words($words)) as word
),
stems as (
    select word, unnest(search.stems(word)) as term from words
),
found as (
    select stems.word, dict.termid, dict.df
    from stems
    join fts_search_documents.dict as dict using (term)
),
weights as (
    select
        word,
        least(sum(df), num_docs) as document_count,
        ln((num_docs - document_count + 0.5) / (document_count + 0.5) + 1) as weight
    from found
    cross join fts_search_documents.stats
    group by word, num_docs
    qualify document_count <= $common * num_docs or min(document_count) over () > $common * num_docs
),
frequencies as (
    select docid, word, count(*) as frequency
    from fts_search_documents.terms
    join (select termid, word from found semi join weights using (word)) using (termid)
    group by all
),
scores as (
    select
        docs.name as mention_id,
        sum(weight * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * docs.len / avgdl))) as score,
        sum(weight) / (select sum(weight) from weights) as covered_share
    from frequencies
    join weights using (word)
    join fts_search_documents.docs as docs using (docid)
    cross join fts_search_documents.stats
    group by all
)
select mention_id, score, covered_share
from scores
{wanted}
order by score desc, mention_id
limit $most
"""


@dataclass(frozen=True)
class WordMatch:
    """A mention that has words of the query: its BM25 score, and the share (0 to 1) of the query's weight it has."""

    mention_id: str
    score: float
    covered_share: float


def by_words(
    marts: duckdb.DuckDBPyConnection, words: str, *, most: int, where: str | None, values: Mapping[str, Any]
) -> list[WordMatch]:
    """The mentions that have words of the query, best first, at most `most`.

    `where` is a condition over the mart `mentions`, None for all; `values` are its values. Upper and lower case,
    accents, umlauts and their spelled-out forms are the same, and so are the inflected forms of a German or English
    word.
    """
    wanted = f"semi join (select mention_id from mentions where {where}) using (mention_id)" if where else ""
    rows = marts.execute(
        _MATCHES.format(wanted=wanted), {"words": words, "common": COMMON_SHARE, "most": most, **values}
    ).fetchall()
    return [WordMatch(*row) for row in rows]
