"""Recording what members do: checks each event, and appends to a log."""
