"""What a platform runs inside its own walls."""
