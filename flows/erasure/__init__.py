"""Erasure: what has to go leaves every place that keeps something about posts, and stays away.

What has to go is written down first (`journal`), then every place lets go of it (`places/`, one file each), then the
warehouse is written anew, without the journal's rows. A process killed anywhere leaves the journal; the next one begins
again with it, and every part may be done twice.
"""

from flows.erasure.run import erase, erase_due

__all__ = ["erase", "erase_due"]
