"""The served-feature log: a share of the answers with the exact inputs they were made from, as dated Parquet."""
