"""Benchmarks, each with its peer or its limit measured in the same run on the same cores."""
