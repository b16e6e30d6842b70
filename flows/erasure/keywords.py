"""Keywords of topics that only erased posts had."""

from __future__ import annotations

import duckdb

from flows.erasure.journal import words_gone
from flows.home import Home
from flows.published import attach_marts
from flows.warehouse import connect

_WORDS = """
    select distinct word
    from (
        select unnest(
            regexp_split_to_array(lower(concat_ws(' ', label_de, label_en, array_to_string(keywords, ' '))), '[^\\w-]+')
        ) as word
        from {topics}
    )
    where length(word) >= 4
"""


def lost_keywords(home: Home) -> frozenset[str]:
    """Words of topics' keywords and names, in the warehouse and every published file, that no remaining post has."""
    with connect(home) as warehouse:
        words = {word for (word,) in warehouse.execute(_WORDS.format(topics="core.topics")).fetchall()}
        for file in sorted(home.published.rglob("*.duckdb")):
            try:
                with attach_marts(file) as marts:
                    words |= {word for (word,) in marts.execute(_WORDS.format(topics="marts.topics")).fetchall()}
            except duckdb.Error:
                continue
        return words_gone(warehouse, words)
