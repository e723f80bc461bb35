"""The append-only audit log: events, tree, store."""
