"""The columns that the rows of a feature view have to have."""

import pyarrow as pa
from feast import FeatureView, FileSource
from feast.data_source import DataSource
from feast.infra.offline_stores.contrib.spark_offline_store.spark_source import SparkSource
from feast.types import from_feast_to_pyarrow_type

from features.errors import RepositoryError

TIMESTAMP = pa.timestamp("us", tz="UTC")


def row_schema(view: FeatureView) -> pa.Schema:
    """Returns the schema of a view's rows: join keys, features, and its source's time columns."""
    columns = [*view.entity_columns, *view.features]
    fields = [pa.field(column.name, from_feast_to_pyarrow_type(column.dtype)) for column in columns]
    return pa.schema([*fields, *(pa.field(name, TIMESTAMP) for name in time_columns(view))])


def row_source(view: FeatureView) -> DataSource:
    """Returns the source of a view's rows.

    Raises:
        RepositoryError: It has none.
    """
    if view.batch_source is None:
        raise RepositoryError(f"view {view.name!r} has no source of rows")
    return view.batch_source


def rows_path(source: DataSource) -> str | None:
    """Returns the Parquet files that a source reads, a path that may have wildcards, or a folder on Spark.

    None if it reads anything else.
    """
    if isinstance(source, FileSource):
        return str(source.path)
    if isinstance(source, SparkSource) and source.path and source.file_format == "parquet":
        return f"{source.path}/*.parquet"
    return None


def time_columns(view: FeatureView) -> list[str]:
    """Returns the names of the event time and, where the source has it, of the time of creation."""
    source = row_source(view)
    return [name for name in (source.timestamp_field, source.created_timestamp_column) if name]


def conform(view: FeatureView, rows: pa.Table) -> pa.Table:
    """Returns rows with the columns of a view in its order.

    Raises:
        RepositoryError: A column is missing, unknown or of another type, or a key is null or occurs twice.
    """
    schema = row_schema(view)
    for name in rows.column_names:
        if name not in schema.names:
            raise RepositoryError(f"view {view.name!r}: column {name!r} is not a feature of the view")
    for column in schema:
        if column.name not in rows.column_names:
            raise RepositoryError(f"view {view.name!r}: column {column.name!r} is missing, expected {column.type}")
        found = rows.schema.field(column.name).type
        if found != column.type:
            raise RepositoryError(f"view {view.name!r}: column {column.name!r} is {found}, expected {column.type}")
    _check_keys(view, rows)
    return rows.select(schema.names).cast(schema)


def _check_keys(view: FeatureView, rows: pa.Table) -> None:
    keys = rows.select(view.join_keys)
    for name in view.join_keys:
        if keys[name].null_count:
            raise RepositoryError(f"view {view.name!r}: the key {name!r} is null in {keys[name].null_count} rows")
    twice = keys.num_rows - keys.group_by(view.join_keys).aggregate([]).num_rows
    if twice:
        raise RepositoryError(f"view {view.name!r}: {twice} rows repeat a key, expected one row for each")
