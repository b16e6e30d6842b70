"""Backups of a whole installation: consistent, verified, what did not change stored once."""

from flows.backups.backup import Saved, backup
from flows.backups.restore import Restored, restore

__all__ = ["Restored", "Saved", "backup", "restore"]
