"""Commands about topics: list, assign, refresh, rename, merge, split."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from flows.cli.app import DEFAULT_CONFIG, AsOfOption, ConfigOption, HomeOption, JsonOption, app, parse_as_of
from flows.cli.terminal import output, print_json
from flows.cli.working import working_night
from flows.home import Home
from flows.settings import load_settings

topics = typer.Typer(name="topics", help="What people talk about: list, refresh, rename, merge and split topics.")
app.add_typer(topics, no_args_is_help=True)

TopicArgument = Annotated[str, typer.Argument(help="Id of a topic, such as t0007.")]
PUBLISHED = "The next night publishes it."


@topics.command("list")
def list_topics(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the topics of the warehouse, the largest first, with those that have nearly the same name."""
    from flows.topics.overview import overview

    rows = overview(Home.locate(home))
    if as_json:
        print_json(rows)
        return
    table = Table("topic", "German", "English", "posts", "nearly the same name")
    for row in rows:
        table.add_row(
            row["topic_id"],
            row["label_de"],
            row["label_en"],
            f"{row['text_count']:,}",
            ", ".join(row["similar_topic_ids"]),
        )
    output.print(table)


@topics.command()
def assign(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Give new posts to the topics there are, and look for new topics: the night's step."""
    from flows.topics import assign_topics

    with working_night(load_settings(config), Home.locate(home), parse_as_of(as_of)) as night:
        counts = assign_topics(night)
    output.print(str(counts), markup=False, soft_wrap=True)


@topics.command()
def refresh(
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the topics anew and match them to those there are; ids, names and what you did by hand are kept."""
    from flows.topics import refresh_topics

    with working_night(load_settings(config), Home.locate(home), parse_as_of(as_of)) as night:
        counts = refresh_topics(night)
    if as_json:
        print_json(vars(counts))
        return
    events = ", ".join(f"{count} {kind}" for kind, count in counts.events.items()) or "nothing changed"
    output.print(
        f"{counts.topic_count} topics with {counts.assigned_count:,} texts; {counts.unassigned_count:,} in none, "
        f"{counts.moved_count:,} moved. Events: {events}. {PUBLISHED}",
        soft_wrap=True,
    )


@topics.command()
def rename(
    topic_id: TopicArgument,
    label_de: Annotated[str | None, typer.Option("--de", help="Name in German.")] = None,
    label_en: Annotated[str | None, typer.Option("--en", help="Name in English.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
) -> None:
    """Give a topic a name of your own, in German, English or both."""
    from flows.topics.by_hand import rename_topic

    with working_night(load_settings(config), Home.locate(home)) as night:
        topic = rename_topic(night, topic_id, label_de=label_de, label_en=label_en)
    output.print(f"{topic_id} is called {topic.label_de} / {topic.label_en}. {PUBLISHED}", markup=False, soft_wrap=True)


@topics.command()
def merge(
    topic_ids: Annotated[list[str], typer.Argument(help="Topics that end.")],
    into: Annotated[str, typer.Option("--into", help="The topic that takes their posts over.")],
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
) -> None:
    """Make topics part of another one, which keeps its id and name."""
    from flows.topics.by_hand import merge_topics

    with working_night(load_settings(config), Home.locate(home)) as night:
        moved = merge_topics(night, topic_ids, into)
    output.print(f"{moved:,} texts are in {into} now. {PUBLISHED}")


@topics.command()
def split(
    topic_id: TopicArgument,
    count: Annotated[int, typer.Option("--parts", min=2, max=10, help="Into how many topics.")] = 2,
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
) -> None:
    """Split a topic; its largest part keeps id and name."""
    from flows.topics.by_hand import split_topic

    with working_night(load_settings(config), Home.locate(home)) as night:
        parts = split_topic(night, topic_id, count)
    for topic in parts:
        output.print(f"{topic.topic_id}: {topic.label_de} / {topic.label_en}", markup=False, soft_wrap=True)
    output.print(PUBLISHED)
