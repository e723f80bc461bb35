"""The portal in real browsers: what a reporter sees, and what leaves her device."""
