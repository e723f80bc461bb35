"""One valid body for each type that crosses: the reference shows them, tests send them."""

from collections.abc import Mapping
from typing import Any

from takeback.cases import wire as cases
from takeback.exchange import stopncii
from takeback.exchange import wire as exchange
from takeback.web import demo, ops
from takeback.web.portal.receipt_form import ReceiptForm

SIGNAL = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6339c4e9c9b22"
NUMBER = "8b1a9953c4611296a827abf8c47804d7"
RANDOM = "0cc175b9c0f1b6a831c399e269772661"
KEYPOINTS = (
    "QDD_5CJ5870Gg2aoUsG7llHzzRjsCPak5yTSb6zSrrDa8knEmKlyzT-gL9RPSHB43kUfX2wkbe5FM1Hk08o6ykFMRs"
    "FoOOY4KvrRpAIssoxiAvMVMh0OBzUyl90uPObApJx_1prCw4kKflA"
)
VIDEO = (
    "qXLNP6Av1E9IcHjeRR9fbCRt7kUzUeTTyjrKQUxGwWgq-tGkAiyyjGIC8xUyHQ4HAAAD6AEAAQAAAAAAWv_kInnzvQ"
    "aDZqhSwbuWUfPNGOwI9qTnJNJvrNKusNry"
)
ACCESS = {"code": "7m3k9x0q2v5t8", "pin": "402913"}
ITEM = {
    "signals": [
        {"type": "pdq", "value": SIGNAL, "quality": 100, "view": "whole"},
        {"type": "kp1", "value": KEYPOINTS},
        {"type": "video1", "value": VIDEO},
        {"type": "md5", "value": RANDOM},
    ],
    "locators": ["https://platform.example/post/17"],
    "note": "posted last night",
}
RECEIPT = {
    "case_id": "case_4h0v6p2m8x1c7t9k",
    "status": "open",
    "kind": "shared",
    "language": "ko",
    "opened_on": "2030-03-05",
    "compared": True,
    "ends_on": None,
    "locked": False,
    "partners": False,
    "keypoints": True,
    "keypoints_end_on": None,
    "withdrawal_takes_effect_on": None,
    "items": [
        {
            "item_id": "item_3n8q0c5y7r2w4d6f",
            "state": "protected",
            "registered_on": "2030-03-05",
            "signals": 8,
            "keypoints": True,
            "removals": [{"platform": "Pictures Ltd", "day": "2030-03-07"}],
        }
    ],
    "withdrawals": [],
}

EXAMPLES: Mapping[type, Mapping[str, Any]] = {
    cases.RegistrationDocument: {
        "version": 1,
        "kind": "shared",
        "age_band": "adult",
        "language": "ko",
        "items": [ITEM],
        "choices": {"keypoints": True},
        "proof": {"challenge": "x", "solution": "1a2b"},
    },
    cases.AccessRequest: {"access": ACCESS},
    cases.AddItemsRequest: {"access": ACCESS, "items": [ITEM]},
    cases.WithdrawalRequest: {"access": ACCESS, "item_id": "item_3n8q0c5y7r2w4d6f"},
    cases.ChoicesRequest: {
        "access": ACCESS,
        "choices": {"keypoints": True, "lock": True, "end_date": "2035-01-01"},
    },
    cases.RecoveryRequest: {"slip": "c5y7r-2w4d6-f3n8q-0h0v6-p2m8x"},
    cases.Challenge: {"challenge": "x", "bits": 14, "keypoints": True},
    cases.Opened: {
        "case_id": "case_4h0v6p2m8x1c7t9k",
        "code": "7m3k9x0q2v5t8",
        "words": ["river", "stone", "cloud", "maple", "lemon", "tiger"],
        "pin": "402913",
        "slip": "c5y7r-2w4d6-f3n8q-0h0v6-p2m8x",
    },
    cases.Receipt: RECEIPT,
    exchange.FeedPage: {
        "epoch": "5f2a",
        "cursor": RANDOM + RANDOM[::-1] + RANDOM[:16],
        "more": False,
        "entries": [
            {
                "number": NUMBER,
                "state": "active",
                "signal": SIGNAL,
                "quality": 100,
                "bank": "adult",
                "ask": "remove",
            },
            {
                "number": RANDOM,
                "state": "active",
                "signal": KEYPOINTS,
                "bank": "adult",
                "ask": "remove",
                "type": "kp1",
            },
        ],
        "withdrawals": [{"id": RANDOM}],
    },
    exchange.LookupRequest: {"signals": [SIGNAL], "limit": 10},
    exchange.LookupAnswer: {
        "results": [
            {
                "matches": [
                    {
                        "number": NUMBER,
                        "distance": 4,
                        "view": "whole",
                        "bank": "adult",
                        "ask": "review",
                    }
                ],
                "more": False,
            }
        ]
    },
    exchange.OpinionsRequest: {
        "opinions": [{"number": NUMBER, "opinion": "negative", "reason": "not_intimate"}]
    },
    exchange.ResponsesRequest: {
        "responses": [
            {
                "id": RANDOM,
                "number": NUMBER,
                "response": "removed",
                "confirmed_by_person": True,
                "ground": "intimate",
            }
        ]
    },
    exchange.Accepted: {"accepted": 1},
    stopncii.FetchAnswer: {
        "count": 1,
        "nextPageToken": None,
        "nextSetTimestamp": 1898942400,
        "hasMoreRecords": False,
        "hashRecords": [
            {
                "lastModtimestamp": 1898942400,
                "signalType": "ImagePDQ",
                "hashValue": SIGNAL,
                "hashStatus": "Active",
                "caseNumbers": {NUMBER: "Active"},
                "CSPFeedbacks": [],
            }
        ],
    },
    stopncii.SubmitRequest: {
        "count": 1,
        "hashRecords": [{"signalType": "ImagePDQ", "hashValue": SIGNAL}],
    },
    stopncii.FeedbackRequest: {
        "count": 1,
        "hashFeedbacks": [{"hashValue": SIGNAL, "feedbackValue": "Blocked", "tags": []}],
    },
    stopncii.Received: {"count": 1},
    demo.Advance: {"days": 4},
    demo.Moved: {"now": "2030-03-09T12:00:00Z"},
    ops.Health: {"status": "ready", "version": "0.1.0"},
}
"""By the type of the body or of the answer."""

FORMS: Mapping[type, Mapping[str, str]] = {
    ReceiptForm: {
        "action": "add",
        **ACCESS,
        "slip": "7m3k9-x0q2v-5t8w1-z4h0v-6p2m8",
        "item": "item_xk5gcrt9becgyexr",
        "locators": "https://platform.example/post/17",
        "end_date": "2040-01-01",
        "attempt": RANDOM,
        "challenge": "1893456000.14.00112233aabbccdd.0123456789abcdef0123456789abcdef",
        "solution": "0000016959",
    },
}
"""The same for forms, which only pages without JavaScript need."""
