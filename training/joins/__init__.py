"""Point-in-time joins: each row with the features that were known at its time."""
