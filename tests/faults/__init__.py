"""What must not happen: damage, floods, full disks, programs that die."""
