"""Cases: what a reporter asks for, and what she may know of it."""
