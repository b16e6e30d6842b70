"""Random query texts for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

# Leaves from which queries are built; all wildcards and every kind of term stand among them.
WORDS = st.sampled_from(
    [
        "paket",
        "zu",
        "spät",
        "spaet",
        "größe",
        "groesse",
        "grosse",
        "lieferung",
        "geliefert",
        "bike",
        "e",
        "s",
        "zara",
        "e-bike",
        "h&m",
        "mcdonald's",
        "mcdonalds",
        "disney+",
        "disney",
        "#zara",
        "#bikesale",
        "@zara",
        "👍",
        "sofort",
        "liefer*",
        "*liefer*",
        "g*ße",
        "gr??e",
        "*ike",
        "#bike*",
        "zu-spät",
        "nichts",
        "bike-sal*",
        "@zara@x.social",
    ]
)
PLAIN_WORDS = st.sampled_from(["paket", "zu", "spät", "bike", "sale", "e-bike", "liefer*", "@zara", "größe", "h", "m"])
EXACT = st.sampled_from(["", "", "", "=", "=="])
LITERALS = st.one_of(
    st.tuples(EXACT, WORDS).map("".join),
    st.tuples(EXACT, st.lists(PLAIN_WORDS, min_size=1, max_size=3).map(" ".join)).map(
        lambda pair: f'{pair[0]}"{pair[1]}"'
    ),
)
PLACED = st.one_of(LITERALS, st.lists(LITERALS, min_size=2, max_size=3).map(lambda items: f"({' OR '.join(items)})"))
CHAINS = st.lists(st.tuples(PLACED, st.integers(0, 4)), min_size=2, max_size=3).map(
    lambda links: "".join(f"{item} NEAR/{n} " for item, n in links[:-1]) + links[-1][0]
)
FIELDS = st.sampled_from(
    [
        "lang:de",
        "lang:und",
        "source:rss-*",
        "source:mastodon",
        "author:zara",
        "author:nobody",
        "link:zara.com",
        "link:com/kids",
    ]
)
QUERIES = st.recursive(
    st.one_of(LITERALS, CHAINS, FIELDS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({' OR '.join(items)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({' AND '.join(items)})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} NOT {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} -{pair[1]})"),
    ),
    max_leaves=6,
)
