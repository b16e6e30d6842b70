"""`python -m dashboard.serve PAGE OPTION...`: `streamlit run`, with the views loaded before anybody comes."""

from __future__ import annotations

import logging
import pkgutil
import sys
from importlib import import_module

from streamlit.web.cli import main as streamlit

LIBRARIES = ("altair", "pandas", "polars", "pyarrow.parquet", "onnxruntime", "tokenizers")
"""What views and Streamlit itself load only when they first need it."""


def main() -> None:
    """Load everything, then serve the page until interrupted."""
    caching = logging.getLogger("streamlit.runtime.caching.cache_data_api")
    caching.setLevel(logging.ERROR)  # it warns that nothing is served yet
    for name in LIBRARIES:
        import_module(name)
    for view in pkgutil.iter_modules(import_module("dashboard.views").__path__, "dashboard.views."):
        import_module(view.name)
    caching.setLevel(logging.NOTSET)
    streamlit(["run", *sys.argv[1:]], prog_name="streamlit")


if __name__ == "__main__":
    main()
