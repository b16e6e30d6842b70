"""Local servers of platforms that only the tests listen to; those of the demo are in flows/demo/platforms."""
