"""What a night found, in words: for the terminal, for Prefect and as a Markdown report."""

from flows.summary.step import NightSummary, latest_summary, summarise

__all__ = ["NightSummary", "latest_summary", "summarise"]
