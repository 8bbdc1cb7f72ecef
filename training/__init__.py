"""From event history to a published model: simulate, join, train, evaluate, publish."""
