"""The parts of a report, each of which returns None where it has nothing to say."""
