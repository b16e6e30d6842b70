"""How far a brief can be trusted: sources, quarantine, copies, spam, the audit."""

from __future__ import annotations

from flows.brief.facts import Marts
from flows.brief.words import Writer


def quality_notes(marts: Marts, writer: Writer, run_id: str) -> list[str]:
    """The notes, what is wrong first."""
    sources = marts.rows(
        """
        select source, outcome, coalesce(message, outcome) as message, quarantined_count, alarms
        from marts.source_health
        where run_id = $run_id
        order by source
        """,
        run_id=run_id,
    )
    failed = [row for row in sources if row["outcome"] not in ("ok", "no_hits")]
    unusual = [row for row in sources if row["alarms"] and row not in failed]
    notes = [writer.say("quality_failed", source=row["source"], message=row["message"]) for row in failed]
    notes += [writer.say("quality_unusual", source=row["source"], alarms="; ".join(row["alarms"])) for row in unusual]
    if sources and not notes:
        notes.append(writer.words["quality_fine"])
    if quarantined := sum(row["quarantined_count"] for row in sources):
        notes.append(writer.say("quality_quarantine", count=writer.number(quarantined)))
    (counted,) = marts.rows(
        """
        select
            count(*) as "all",
            count(*) filter (where is_copy) as copies,
            count(*) filter (where is_spam) as spam,
            count(*) filter (where published_at is null) as undated
        from marts.mentions
        """
    )
    notes.append(writer.say("quality_counts", **{name: writer.number(value) for name, value in counted.items()}))
    return [*notes, writer.words["quality_audit"], writer.words["quality_intervals"]]
