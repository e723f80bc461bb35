"""What reporters use: the portal's pages, and the addresses their devices talk to."""
