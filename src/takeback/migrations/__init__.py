"""Forward-only changes of the database, applied at start under a lock."""
