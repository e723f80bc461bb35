"""Sharing signals and opinions: our feed, the StopNCII partner API, the follower."""
