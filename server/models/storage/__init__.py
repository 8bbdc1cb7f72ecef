"""Where the published versions of a model and the history of its labels lie: here, or on a remote store."""
