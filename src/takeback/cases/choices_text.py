"""What she reads before she chooses, in her language. Sentences as data, nothing else.

Every place that asks (portal, command line) shows exactly these words.
``docs/explanation/what-signals-reveal.md`` holds the measurements that they follow from, and
a test holds the page and this file to each other.
"""

from collections.abc import Mapping
from typing import Final

from takeback.cases.wire import Language

KEYPOINTS_SENTENCE: Final[Mapping[Language, str]] = {
    "en": (
        "If you say yes, many more copies that someone cropped, covered or screenshotted can be "
        "found, but whoever got hold of what is stored for this could draw a blurred grey "
        "picture from it that still shows what yours shows, although your picture itself never "
        "leaves your device."
    ),
    "ko": (
        "‘예’를 고르면 누가 자르거나 가리거나 화면을 캡처해서 만든 사본까지 훨씬 더 많이 찾을 수 "
        "있지만, 이때 저장되는 신호가 남의 손에 들어가면 사진 자체는 이 기기를 떠나지 않았어도 "
        "무엇이 찍혔는지 알아볼 수 있는 흐릿한 흑백 그림을 그려 낼 수 있어요."
    ),
}
"""The one sentence beside the choice of keypoint signals, which is no until she says yes."""
