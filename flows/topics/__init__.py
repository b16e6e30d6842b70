"""Topics that keep their identity: a registry in the warehouse, brought up to date nightly and refitted weekly.

The night (`assign_topics`) gives new texts to the topics there are and looks among the texts in no topic for new ones;
it moves no text from one topic to another. The weekly refresh (`refresh_topics`) finds the topics anew and matches them
to those there are; people rename, merge and split (`by_hand`). What happens to a topic is a row of core.topic_events.
"""

from flows.topics.assign import assign_topics
from flows.topics.refresh import refresh_topics

__all__ = ["assign_topics", "refresh_topics"]
