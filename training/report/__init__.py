"""What a person reads to trust a model: one HTML page without anything from elsewhere, and no script."""
