"""Where a registered picture lies in an upload that was turned or mirrored."""

import pytest
from PIL import Image

from takeback.hashing import hash_picture
from takeback.hashing.place import EVERYWHERE, Place
from takeback.matching.lookup.turns import WAYS, quad_of
from tests.matcher.conftest import jpeg, photograph

UPLOADS = {
    "as it is": lambda picture: picture,
    "turned left": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "upside down": lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    "turned right": lambda picture: picture.transpose(Image.Transpose.ROTATE_270),
    "mirrored": lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "top to bottom": lambda picture: picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "transposed": lambda picture: picture.transpose(Image.Transpose.TRANSPOSE),
    "the other way": lambda picture: picture.transpose(Image.Transpose.TRANSVERSE),
}


@pytest.mark.parametrize("turned", UPLOADS)
def test_each_corner_is_where_the_picture_has_it(turned: str) -> None:
    """A dot in one corner of the registered picture is followed to its place in the upload."""
    registered = photograph()
    upload = UPLOADS[turned](registered)
    signal = hash_picture(jpeg(registered)).whole
    found = hash_picture(jpeg(upload)).dihedral
    way = min(range(WAYS), key=lambda number: found[number].distance(signal))

    dotted = Image.new("L", registered.size)
    dotted.paste(255, (0, 0, 20, 20))
    left, top, right, bottom = UPLOADS[turned](dotted).getbbox()
    middle = (left + right) / 2 / upload.width, (top + bottom) / 2 / upload.height

    (x, y), *_ = quad_of(EVERYWHERE, way)
    assert (round(middle[0]), round(middle[1])) == (x, y)


def test_a_part_of_the_upload_keeps_its_sides() -> None:
    """Corners are those of the part that was compared."""
    quad = quad_of(Place(0.1, 0.2, 0.9, 0.8), 1)

    assert quad == ((0.9, 0.2), (0.9, 0.8), (0.1, 0.8), (0.1, 0.2))
