"""From the event log to Parquet for training, and to the online store within two seconds."""
