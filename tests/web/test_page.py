"""The plain page says what is asked, in the very words of the choice."""

from html import escape

import pytest

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import Language
from takeback.web.portal.page import page


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_shows_the_sentence_of_the_choice(language: Language) -> None:
    """And does not where the operator takes no keypoint signals."""
    sentence = escape(KEYPOINTS_SENTENCE[language])

    assert sentence in page(demo=False, keypoints=True)
    assert sentence not in page(demo=False, keypoints=False)
