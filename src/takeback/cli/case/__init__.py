"""``takeback case``: the reporter's commands speak HTTP, the staff's open the hub."""

from collections.abc import Mapping

from takeback.cli.lazy import Lazy, LazyGroup

COMMANDS: Mapping[str, Lazy] = {
    "open": Lazy("takeback.cli.case.opening:open_case", "Open a case; the pictures stay here."),
    "add": Lazy("takeback.cli.case.opening:add", "Add pictures and videos to a case."),
    "status": Lazy("takeback.cli.case.reporter:status", "Print the receipt."),
    "withdraw": Lazy("takeback.cli.case.reporter:withdraw", "Withdraw the case or one item."),
    "resume": Lazy("takeback.cli.case.reporter:resume", "Let suspended items count again."),
    "choices": Lazy("takeback.cli.case.reporter:choices", "Change what was chosen at opening."),
    "recover": Lazy("takeback.cli.case.recovery:recover", "Get a new code, PIN and slip."),
    "list": Lazy(
        "takeback.cli.case.staff:list_cases", "List the cases that wait for a caseworker."
    ),
    "show": Lazy("takeback.cli.case.staff:show", "Show a case to staff (no signals)."),
    "vouch": Lazy("takeback.cli.case.staff:vouch", "Give a caseworker's word for a case."),
    "close": Lazy("takeback.cli.case.staff:close", "Close a case; its signals stay active."),
    "hold": Lazy("takeback.cli.case.staff:hold", "Place a legal hold: nothing is purged."),
    "release": Lazy("takeback.cli.case.staff:release", "Release a legal hold."),
}

case = LazyGroup("case", "Open a case, look after it, withdraw it.", COMMANDS)
