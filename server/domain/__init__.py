"""Requests, results and errors, with nothing of a transport, a store or a model in them."""
