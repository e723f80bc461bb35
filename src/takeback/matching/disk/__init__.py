"""An index's directory: segment files, a log, shared memory between processes, one writer."""
