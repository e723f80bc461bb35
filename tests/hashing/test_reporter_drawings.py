"""What is registered of drawn scenes, which browsers are held to as well."""

import json

import pytest

from tests.hashing.reporter_drawings import SCENES, TOLERANCE_BITS, VECTORS, Scene, expectation

EXPECTED = json.loads(VECTORS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_gives_what_the_file_says(scene: Scene) -> None:
    """Bit for bit: the same code gives the same signals on every machine."""
    expected = EXPECTED["scenes"][SCENES.index(scene)]
    assert json.loads(json.dumps(expectation(scene))) == expected


def test_every_scene_has_an_expectation_and_no_other() -> None:
    """None is forgotten when scenes change."""
    assert [each["name"] for each in EXPECTED["scenes"]] == [scene.name for scene in SCENES]
    assert EXPECTED["tolerance_bits"] == TOLERANCE_BITS


def test_scenes_show_every_view_that_is_registered() -> None:
    """Frames, tilts and turns among them."""
    shown = {view["view"] for each in EXPECTED["scenes"] for view in each["views"]}
    cuts = {"centre_1x1", "centre_4x5", "centre_3x4", "centre_9x16", "centre_16x9"}
    assert shown == {"mirror", "stored", "trimmed", "uncaptioned", "levelled"} | cuts
