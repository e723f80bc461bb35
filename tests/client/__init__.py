"""What runs in a reporter's browser, as far as it can be tested without one."""
