"""Views whose rows are pushed to the online store as they come, so that there is nothing to materialise."""

from feast import FeatureView, PushSource

from features.streaming.feeds import TAG


def is_pushed(view: FeatureView) -> bool:
    """Tells whether `paceline events consume` fills a view: its newest rows may be older offline than online.

    Others with a PushSource, which a team pushes to by itself, are materialised from their own rows.
    """
    return isinstance(view.stream_source, PushSource) and any(TAG in feature.tags for feature in view.features)
