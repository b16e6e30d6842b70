"""Speed and memory, measured on whole processes. `python -m bench` writes bench/RESULTS.md."""
