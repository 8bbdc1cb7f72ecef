"""Published versions: finding, proving, loading, leasing and unloading them."""
