"""The plain page: what this hub is, in English and Korean, until the portal is built.

No script, no picture, no form, no third party; the one style block is named by its digest
in the page's content security policy.
"""

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import Language
from takeback.web.edge import HEADERS

STYLE = (
    "body{font:1.1em/1.6 system-ui,sans-serif;max-width:38em;margin:2em auto;padding:0 1em}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#eee}}"
)

_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

PAGE_POLICY = f"{HEADERS['content-security-policy']}; style-src 'sha256-{_DIGEST}'"
"""The policy of every answer, and this page's own style."""

DEMO: Mapping[Language, str] = {
    "en": "DEMONSTRATION: nothing entered here protects anybody.",
    "ko": "시연용입니다. 여기에 입력한 내용은 누구도 보호하지 않습니다.",
}

TEXT: Mapping[Language, tuple[str, ...]] = {
    "en": (
        "This is a Takeback hub. It stops an intimate picture from spreading without consent, "
        "and without anyone having to look at it again.",
        "Your picture never comes here. A program on your own device turns it into signals, "
        "short numbers that platforms compare with what is uploaded to them. "
        "You need no account, and nobody asks for your name or your e-mail address.",
        "For now a case is opened with the command line: “takeback case open”. "
        "Pages for your phone are being built. A support centre can do it together with you.",
        "What this can't reach: encrypted rooms, messages that disappear and darknet sites. "
        "Comparing uploads does not work there; reports to whoever runs the place, and the "
        "police if you want them, are what there is.",
        "You can take everything back at any time, with your code and PIN.",
    ),
    "ko": (
        "이곳은 Takeback 허브입니다. 동의 없이 퍼지는 사적인 사진을, "
        "누구도 그 사진을 다시 보지 않고 막습니다.",
        "사진은 이곳으로 오지 않습니다. "
        "가지고 계신 기기의 프로그램이 사진을 신호(짧은 숫자)로 바꾸고, "
        "플랫폼은 새로 올라오는 사진을 그 신호와 비교합니다. "
        "계정은 필요 없으며, 이름도 이메일 주소도 묻지 않습니다.",
        "지금은 명령줄 “takeback case open”으로 신고를 시작합니다. "
        "휴대전화용 화면은 만드는 중입니다. 지원 센터와 함께 하실 수도 있습니다.",
        "닿지 못하는 곳: 암호화된 대화방, 사라지는 메시지, 다크넷 사이트. "
        "그곳에서는 업로드 비교가 되지 않으며, 운영자에게 신고하거나 "
        "원하신다면 경찰에 알리는 방법이 있습니다.",
        "코드와 PIN으로 언제든지 모든 것을 거두어들일 수 있습니다.",
    ),
}


ASKED: Mapping[Language, str] = {
    "en": "You are asked whether to register keypoint signals too; no, unless you say yes.",
    "ko": "추가 신호(특징점)도 등록할지 여쭙습니다. ‘예’라고 하지 않으시면 등록하지 않습니다.",
}


def page(*, demo: bool, keypoints: bool) -> str:
    """Return the page, in both languages.

    Args:
        demo: whether it is marked at the top as a demonstration.
        keypoints: whether this hub asks for the choice of keypoint signals.
    """
    sections = "".join(_section(language, demo, keypoints) for language in TEXT)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Takeback</title><style>{STYLE}</style></head><body><main>{sections}</main>"
        "</body></html>\n"
    )


def _section(language: Language, demo: bool, keypoints: bool) -> str:
    marked = f"<p><strong>{escape(DEMO[language])}</strong></p>" if demo else ""
    choice = [f"{ASKED[language]} {KEYPOINTS_SENTENCE[language]}"] if keypoints else []
    text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in [*TEXT[language], *choice])
    return f'<section lang="{language}">{marked}{text}</section>'
