"""The log of what members did: segments in a folder, written by servers and followed by a consumer."""
