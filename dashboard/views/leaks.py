"""What seems to have leaked, for the social media manager: looked at and marked here, published nowhere else."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import access
from dashboard.words import value_name, word
from flows.home import Home
from flows.leaks.findings import STATUSES, Status, mark, read_findings

SHOWN = 50


def show() -> None:
    """Show the findings of the status that the reader chose, the newest first, with buttons to mark them."""
    access.ensure("leaks")
    st.title(word("leaks"), anchor=False)
    findings = read_findings(Home.locate())
    counts = {status: findings.filter(findings["status"] == status).height for status in STATUSES}
    status = st.segmented_control(
        word("status"),
        list(STATUSES),
        default="open",
        required=True,
        format_func=lambda one: f"{value_name(one)} ({counts[one]:,})",
    )
    chosen = findings.filter(findings["status"] == status)
    if chosen.is_empty():
        st.info(word("no_leaks"))
        return
    st.caption(word("shown", shown=min(SHOWN, chosen.height), count=chosen.height))
    for finding in chosen.head(SHOWN).iter_rows(named=True):
        _show(finding)


def _show(finding: dict[str, Any]) -> None:
    with st.container(border=True):
        published = finding["published_at"]
        facts = (
            finding["label"],
            value_name(finding["kind"]),
            finding["source"],
            f"{published:%d.%m.%Y %H:%M} UTC" if published else "–",
        )
        st.text(" · ".join(facts))
        st.text(finding["excerpt"])
        with st.container(horizontal=True):
            if (finding["url"] or "").startswith(("https://", "http://")):
                st.link_button(word("url"), finding["url"])
            for status in STATUSES:
                if status != finding["status"]:
                    st.button(
                        word(f"mark_{status}"),
                        key=f"{finding['finding_id']}-{status}",
                        on_click=_mark,
                        args=(finding["finding_id"], status),
                    )


def _mark(finding_id: str, status: Status) -> None:
    access.ensure("leaks")
    mark(Home.locate(), finding_id, status)
