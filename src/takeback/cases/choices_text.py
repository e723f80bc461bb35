"""What she reads before she chooses, in her language. Sentences as data, nothing else.

Every place that asks (portal, plain page, command line) shows exactly these words.
``docs/explanation/what-signals-reveal.md`` holds the measurements that they follow from, and
a test holds the page and this file to each other.
"""

from collections.abc import Mapping
from typing import Final

from takeback.cases.wire import Language

KEYPOINTS_SENTENCE: Final[Mapping[Language, str]] = {
    "en": (
        "If you say yes, we can find many more copies that someone cropped, covered or "
        "screenshotted, but anyone who got hold of what is stored for this could draw from it "
        "a blurred grey picture in which you can tell what your picture shows, even though the "
        "picture itself never leaves your device."
    ),
    "ko": (
        "‘예’를 선택하시면 누군가 사진을 자르거나 일부를 가리거나 화면을 캡처해서 만든 사본까지 "
        "훨씬 더 많이 찾을 수 있지만, 사진 자체는 이 기기를 떠나지 않더라도 이때 저장되는 신호를 "
        "손에 넣은 사람은 사진에 무엇이 있는지 알아볼 수 있는 흐릿한 흑백 그림을 그려 낼 수 "
        "있습니다."
    ),
}
"""The one sentence beside the choice of keypoint signals, which is no until she says yes."""
