"""Leak watch: confidential terms and documents become fingerprints, and new posts are searched for them."""

from flows.leaks.step import LeakCounts, find_leaks
from flows.leaks.watchlist import Watchlist

__all__ = ["LeakCounts", "Watchlist", "find_leaks"]
