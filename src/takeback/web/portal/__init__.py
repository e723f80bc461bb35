"""What reporters use: the plain page, and the addresses their devices talk to."""
