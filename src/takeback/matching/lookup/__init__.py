"""One upload against everything registered: cheapest comparison first, up to the first match."""
