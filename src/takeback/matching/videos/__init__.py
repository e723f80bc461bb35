"""Of which registered videos an upload shows a part."""
