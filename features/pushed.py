"""Views whose rows are pushed to the online store as they come, so that there is nothing to materialise."""

from feast import FeatureView, PushSource


def is_pushed(view: FeatureView) -> bool:
    """Tells whether a view is one. Its newest rows offline may be older than those that are online."""
    return isinstance(view.stream_source, PushSource)
