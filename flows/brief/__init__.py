"""The morning brief: five things to know, what needs an answer, leads, and how far to trust it."""

from flows.brief.document import Brief, Period, compose_brief
from flows.brief.layout import as_mail, as_markdown, as_page
from flows.brief.step import Written, brief_file, due_periods, write_brief

__all__ = [
    "Brief",
    "Period",
    "Written",
    "as_mail",
    "as_markdown",
    "as_page",
    "brief_file",
    "compose_brief",
    "due_periods",
    "write_brief",
]
