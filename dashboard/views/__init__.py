"""One file per page of the dashboard; each has a function `show`."""
