"""How the fields of the views are written down."""

from datetime import timedelta

from feast import Field
from feast.types import FeastType

OWNER = "features@paceline.example"

FOREVER = timedelta(0)
"""The TTL of every view: the log ended in 2022, and is served as if that were yesterday."""


def feature(name: str, dtype: FeastType, description: str, *, default: str, **tags: str) -> Field:
    """Returns the field of a feature.

    Args:
        name: ``entity_topic`` or ``entity_topic_window``, unique across the views.
        dtype: Its Feast type.
        description: What it says of the entity.
        default: What the model takes where there is no value.
        **tags: See `contract/tags.py`.
    """
    return Field(
        name=name, dtype=dtype, description=description, tags={"owner": OWNER, "default": default, **tags}
    )
