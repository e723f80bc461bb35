"""The command line: real commands in, stdout, stderr and exit code out."""
