"""The public part of the business index: the company beside its competitors, per month and over the last 90 days."""

from flows.index.step import IndexCounts, index

__all__ = ["IndexCounts", "index"]
