"""Where measurements find photographs and keep what is dear to make."""

import os
import tempfile
from pathlib import Path


def corpus_folder() -> Path | None:
    """Return the folder of photographs beside the repository, if it is there.

    ``BENCH_CORPUS`` names another. Without one, photographs are those in scikit-image.
    """
    beside = Path(__file__).parents[2] / "shared" / "corpus"
    folder = Path(os.environ.get("BENCH_CORPUS", beside))
    return folder if folder.is_dir() else None


def cache_folder() -> Path:
    """Return the folder for crops, banks and indexes; ``BENCH_CACHE`` names another."""
    default = Path(tempfile.gettempdir()) / "takeback-bench"
    folder = Path(os.environ.get("BENCH_CACHE", default))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
