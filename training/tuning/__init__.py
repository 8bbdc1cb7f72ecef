"""Searching for the specification that a model is best with, by its AUC on the validation split.

Nothing in here ever sees a row of the test split.
"""
