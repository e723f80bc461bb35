"""Which whole-picture signals lie within a radius of another: every one of them."""
