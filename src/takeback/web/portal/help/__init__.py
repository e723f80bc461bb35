"""Help pages by country, as data with a source and a reviewer. Decision 0038."""
