"""What a reporter reads on the command line, in the language of her case.

Sentences as data: the receipt, what opens the case, and the one question. Options, errors and
what staff read are in English.
"""

from collections.abc import Mapping
from typing import Final

from takeback.cases.wire import Language

ENGLISH: Final[Mapping[str, str]] = {
    "case": "case {case_id}: {status}, opened on {day}",
    "status.open": "open",
    "status.closed": "closed",
    "status.withdrawing": "withdrawing",
    "status.withdrawn": "withdrawn",
    "not_compared": "  no platform takes part yet that can have these signals; they wait for one",
    "ends": "  ends on {day}; everything in it is purged then",
    "locked": "  locked: a withdrawal waits 72 hours",
    "partners": "  shared with partners that may not honour a withdrawal",
    "keypoints": "  you said yes to keypoint signals",
    "keypoints.end": "  keypoint signals end on {day}",
    "takes_effect": "  the withdrawal takes effect on {day}",
    "item": "{item_id}: {state}, registered on {day}, {signals}",
    "signals.1": "1 signal",
    "signals": "{count} signals",
    "signals.keypoints": ", keypoints among them",
    "state.recorded": "recorded without a signal",
    "state.protected": "protected",
    "state.waiting": "waiting for a caseworker's word",
    "state.suspended": "not matched until you run `takeback case resume`",
    "state.withdrawing": "will be withdrawn",
    "state.withdrawn": "withdrawn",
    "removal": "  {platform} confirmed it and removed it on {day}",
    "withdrawal": "{item_id}: withdrawn on {day}, undo until {until}",
    "withdrawal.keypoints": "{item_id}: keypoint signals withdrawn on {day}, for good",
    "confirmed": "  confirmed by {names}",
    "not_yet": "  not confirmed yet by {names}",
    "can_not": "  can't confirm: {names}",
    "limit.what": (
        "What this can't reach: encrypted rooms, disappearing messages and darknet sites."
    ),
    "limit.instead": "There, notices to the operator and a police report are what there is.",
    "code": "code",
    "words": "words",
    "PIN": "PIN",
    "slip": "slip",
    "case.id": "case",
    "write_down": "write down code (or words), PIN and slip now: nobody can show them again",
    "saved": "code, PIN and recovery slip are in {file}; keep it where nobody looks",
    "ask.keypoints": "register keypoint signals too? [y/N]",
    "ask.again": "answer with y or n",
    "keypoints.later": (
        "this counts for what is added from now on; add pictures of before again to have it too"
    ),
}

KOREAN: Final[Mapping[str, str]] = {
    "case": "사건 {case_id}: {status}, {day}에 접수",
    "status.open": "진행 중",
    "status.closed": "종결",
    "status.withdrawing": "철회 예정",
    "status.withdrawn": "철회됨",
    "not_compared": "  이 신호를 받을 수 있는 플랫폼이 아직 없어, 생길 때까지 기다립니다",
    "ends": "  {day}에 끝나며, 그때 모든 내용이 완전히 지워집니다",
    "locked": "  잠김: 철회는 72시간 뒤에 이루어집니다",
    "partners": "  철회를 따르지 않을 수도 있는 협력 기관과도 공유됩니다",
    "keypoints": "  추가 신호(특징점)에 ‘예’라고 답하셨습니다",
    "keypoints.end": "  추가 신호(특징점)는 {day}에 끝납니다",
    "takes_effect": "  철회는 {day}에 이루어집니다",
    "item": "{item_id}: {state}, {day}에 등록, {signals}",
    "signals.1": "신호 1개",
    "signals": "신호 {count}개",
    "signals.keypoints": ", 추가 신호(특징점) 포함",
    "state.recorded": "신호 없이 기록됨",
    "state.protected": "보호 중",
    "state.waiting": "상담원의 확인을 기다리는 중",
    "state.suspended": "`takeback case resume`을 실행할 때까지 대조하지 않음",
    "state.withdrawing": "철회 예정",
    "state.withdrawn": "철회됨",
    "removal": "  {platform}: 확인한 뒤 {day}에 삭제함",
    "withdrawal": "{item_id}: {day}에 철회, {until}까지 되돌릴 수 있음",
    "withdrawal.keypoints": "{item_id}: 추가 신호(특징점)를 {day}에 완전히 철회",
    "confirmed": "  확인함: {names}",
    "not_yet": "  아직 확인하지 않음: {names}",
    "can_not": "  확인할 방법이 없음: {names}",
    "limit.what": "이것이 닿지 않는 곳: 암호화된 대화방, 사라지는 메시지, 다크넷 사이트.",
    "limit.instead": "그런 곳에서는 운영자에게 보내는 통지와 경찰 신고가 방법입니다.",
    "code": "코드",
    "words": "단어",
    "PIN": "PIN",
    "slip": "복구 번호",
    "case.id": "사건",
    "write_down": (
        "지금 코드(또는 단어), PIN, 복구 번호를 적어 두세요. 아무도 다시 보여 줄 수 없습니다"
    ),
    "saved": "코드, PIN, 복구 번호가 {file} 파일에 있습니다. 아무도 보지 않는 곳에 두세요",
    "ask.keypoints": "추가 신호도 등록할까요? [예/아니요] (그냥 Enter를 누르면 아니요)",
    "ask.again": "‘예’ 또는 ‘아니요’로 답해 주세요",
    "keypoints.later": (
        "지금부터 추가하는 것에만 적용됩니다. 이미 등록한 사진에도 적용하려면 다시 추가하세요"
    ),
}

SENTENCES: Final[Mapping[Language, Mapping[str, str]]] = {"en": ENGLISH, "ko": KOREAN}
"""Every sentence by its name, in each language that a case can have."""


def sentence(language: Language, name: str, **facts: object) -> str:
    """Return a sentence with its facts filled in."""
    return SENTENCES[language][name].format(**facts)
