"""Trends: what stands out against what was to be expected, told in one sentence with the posts behind it."""

from flows.trends.step import TrendCounts, trends

__all__ = ["TrendCounts", "trends"]
