"""Names for what has no types of its own: pyarrow's and fsspec's objects."""

from typing import Any

Table = Any
"""A ``pyarrow.Table``."""

Batch = Any
"""A ``pyarrow.RecordBatch``."""

Column = Any
"""A ``pyarrow.ChunkedArray``."""

Schema = Any
"""A ``pyarrow.Schema``."""

Kind = Any
"""A ``pyarrow.DataType``."""

Store = Any
"""An ``fsspec.AbstractFileSystem``."""
