"""Every member's best classes, scored at once: for campaigns, and for when features can't be read."""
