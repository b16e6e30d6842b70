"""What people talk about, found without being asked for."""

from __future__ import annotations

import streamlit as st

from dashboard import access
from dashboard.marts import ask, has_table
from dashboard.tables import show_table
from dashboard.words import language, word

_TOPICS = """
select
    topic_id, {label} as topic, mention_count as count, status, first_seen_date as first_seen,
    last_seen_date as last_seen, keywords
from topics
where status <> 'retired'
order by mention_count desc, topic_id
"""

_POSTS = """
select published_at, text, sentiment, intent, url
from mentions
where topic_id = $topic and not is_copy and not is_spam
order by published_at desc nulls last, mention_id
limit 200
"""


def show() -> None:
    """Show the topics and the posts of one of them."""
    access.ensure("topics")
    st.title(word("topics"), anchor=False)
    if not has_table("topics"):
        st.info(word("not_in_file"))
        return
    found = ask(_TOPICS.format(label="label_de" if language() == "de" else "label_en"))
    if found.is_empty():
        st.info(word("no_topics"))
        return
    show_table(found.drop("topic_id"), "topics")
    names = dict(zip(found["topic_id"], found["topic"], strict=True))
    chosen = st.selectbox(word("topic"), list(names), format_func=lambda topic: names[topic] or topic)
    show_table(ask(_POSTS, {"topic": chosen}), "topic-posts")
