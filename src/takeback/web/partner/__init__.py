"""What platforms use: our own interface, and the one that StopNCII's clients speak."""
