"""Where a Marktecho installation keeps its state: the folders under $MARKTECHO_HOME."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class Home:
    """The state folder and the places in it (DESIGN: state lives in `$MARKTECHO_HOME`)."""

    root: Path

    @classmethod
    def locate(cls, root: Path | str | None = None) -> Home:
        """Find the state folder: the argument, else `$MARKTECHO_HOME`, else the platform's user data folder.

        Creates the folders, readable by the owner only. Raises OSError when they cannot be created.
        """
        home = cls.at(root)
        for folder in (
            home.root,
            home.published,
            home.versions,
            home.quarantine,
            home.reports,
            home.secrets,
            home.erasures,
            home.work,
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return home

    @classmethod
    def at(cls, root: Path | str | None = None) -> Home:
        """Find the state folder as `locate` does, and create nothing."""
        chosen = Path(root or os.environ.get("MARKTECHO_HOME") or platformdirs.user_data_dir("marktecho"))
        return cls(chosen.expanduser().resolve())

    @property
    def warehouse(self) -> Path:
        """The pipeline's own database; only one process may have it open."""
        return self.root / "warehouse.duckdb"

    @property
    def lock(self) -> Path:
        """Held by the process that works on the warehouse."""
        return self.root / "warehouse.lock"

    @property
    def published(self) -> Path:
        """What readers open: `marts.duckdb` and its kept versions."""
        return self.root / "published"

    @property
    def marts(self) -> Path:
        """The published file; swapped atomically, never written in place."""
        return self.published / "marts.duckdb"

    @property
    def versions(self) -> Path:
        """The last published files, one per run, for `marktecho rollback`."""
        return self.published / "versions"

    @property
    def restricted(self) -> Path:
        """What only some readers of the marts may see."""
        return self.published / "restricted"

    @property
    def leaks(self) -> Path:
        """The leak findings, in a DuckDB file of their own."""
        return self.restricted / "leaks.duckdb"

    @property
    def quarantine(self) -> Path:
        """Broken records with their reasons, one JSON Lines file per source and run."""
        return self.root / "quarantine"

    @property
    def reports(self) -> Path:
        """Night summaries and the audit's Data Docs."""
        return self.root / "reports"

    @property
    def briefs(self) -> Path:
        """The morning briefs, as pages and as Markdown."""
        return self.reports / "briefs"

    @property
    def latest_brief(self) -> Path:
        """The page of the last day's brief; not there before the first night."""
        return self.briefs / "latest.html"

    @property
    def secrets(self) -> Path:
        """The keys of pseudonyms and watchlist; never inside the data."""
        return self.root / "secrets"

    @property
    def erasures(self) -> Path:
        """The log of erasures and the list of what stays forgotten; no personal data."""
        return self.root / "erasures"

    @property
    def erasure_log(self) -> Path:
        """One line per erasure, and per forgotten author or post a keyed hash."""
        return self.erasures / "log.jsonl"

    @property
    def erasure_key(self) -> Path:
        """The key of the hashes in the erasure log."""
        return self.secrets / "erasure.key"

    @property
    def watchlist_key(self) -> Path:
        """The key of the watchlist's fingerprints."""
        return self.secrets / "watchlist.key"

    @property
    def watchlist(self) -> Path:
        """The watchlist's fingerprints, sealed."""
        return self.root / "watchlist.sealed"

    @property
    def models(self) -> Path:
        """Models adapted by `marktecho train`, one folder each, and which of them is in use."""
        return self.root / "models"

    @property
    def decisions(self) -> Path:
        """What people decided about posts in department queues; publishing never touches it."""
        return self.root / "decisions.sqlite"

    @property
    def prefect(self) -> Path:
        """Prefect's own files when no server of the user's is there."""
        return self.root / "prefect"

    @property
    def restoring(self) -> Path:
        """A backup on its way back; while it is there nothing else may work here."""
        return self.root / "restoring"

    @property
    def last_backup(self) -> Path:
        """Where the last backup lies and when it was made, as JSON."""
        return self.root / "last_backup.json"

    @property
    def work(self) -> Path:
        """Working files of dlt, dbt and DuckDB; may be deleted between runs."""
        return self.root / "work"
