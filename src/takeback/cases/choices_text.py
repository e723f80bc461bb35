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
        "If you say yes, we also find copies that were cropped, covered or screenshotted, but "
        "the extra signals say more about your picture: whoever got hold of them could draw a "
        "rough, blurred, grey version of it and recognise it, though the picture itself never "
        "leaves your device."
    ),
    "ko": (
        "‘예’를 고르시면 잘라 내거나 일부를 가리거나 화면을 캡처한 사본도 찾을 수 있지만, "
        "추가로 등록되는 신호에는 사진에 대한 정보가 더 많이 담겨 있어서, 사진은 이 기기 밖으로 "
        "나가지 않더라도 누군가 그 신호를 손에 넣으면 거칠고 흐릿한 흑백 그림을 만들어 어떤 "
        "사진인지 알아볼 수도 있습니다."
    ),
}
"""The one sentence beside the choice of keypoint signals, which is no until she says yes."""
