"""The gate: whether a trained model is fit to be published, by evidence from the model as it was exported."""
