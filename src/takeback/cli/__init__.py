"""The command line: one file for each noun, each command one call on a service or a hub.

Data goes to stdout and nothing else does; talk goes to stderr. ``main.py`` alone knows exit
codes. A command's module is imported only when that command runs, so ``--help`` is quick and
a reporter's device never loads the hub.
"""
