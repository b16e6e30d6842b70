"""The web page over the published marts; start it with `marktecho dashboard`."""
