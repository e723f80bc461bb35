"""All 77 edits in 21 families, in the order of the tables."""

from benchmarks.robustness.edit import Edit
from benchmarks.robustness.families import (
    combos,
    frames,
    gatherings,
    geometry,
    overlays,
    phone,
    recoding,
    tones,
)

FAMILIES = (
    "jpeg",
    "resize",
    "screenshot",
    "border",
    "caption",
    "overlay",
    "blur",
    "noise",
    "tone",
    "filter",
    "mirror",
    "rot90",
    "smallrot",
    "crop",
    "cropoff",
    "aspect",
    "collage",
    "pip",
    "screenphoto",
    "ai",
    "combo",
)
"""The families, in the order of the tables."""

_MODULES = (recoding, phone, frames, overlays, tones, geometry, gatherings, combos)

EDITS: tuple[Edit, ...] = tuple(
    sorted(
        (edit for module in _MODULES for edit in module.EDITS),
        key=lambda edit: FAMILIES.index(edit.family),
    )
)
"""Every edit at every strength."""
