"""Where published versions and the history of labels lie."""
