"""Whether keypoint signals are registered too: asked once, in one plain sentence."""

import sys
from collections.abc import Mapping
from typing import Final

import click

from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import Language
from takeback.cli import talk
from takeback.cli.case.sentences import sentence
from takeback.cli.reporterhub import ReporterHub

keypoints_option = click.option(
    "--keypoints/--no-keypoints",
    default=None,
    help=f"Register keypoint signals too. {KEYPOINTS_SENTENCE['en']} Not unless you say so.",
)

ANSWERS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("y", "yes", "예", "네"), True),
    **dict.fromkeys(("", "n", "no", "아니요", "아니오"), False),
}
"""What the question may be answered with, in any language; return alone is no."""


def chooses_keypoints(
    hub: ReporterHub, said: bool | None, language: Language, *, ask: bool
) -> bool:
    """Return whether keypoint signals are to be registered; no unless she says yes.

    Args:
        hub: the one that would get them.
        said: what was said on the command line.
        language: of the case.
        ask: whether to ask when nothing was said, if there is a person to ask.
    """
    if said is False or (said is None and not (ask and sys.stdin.isatty())):
        return False
    if not hub.takes_keypoints():
        if said:
            talk.say("this hub takes no keypoint signals; it gets the others")
        return False
    return said or _asked(language)


def _asked(language: Language) -> bool:
    talk.say(KEYPOINTS_SENTENCE[language])
    question = f"takeback: {sentence(language, 'ask.keypoints')}"
    while (answer := _answer(question)) not in ANSWERS:
        talk.say(sentence(language, "ask.again"))
    return ANSWERS[answer]


def _answer(question: str) -> str:
    typed: str = click.prompt(question, default="", show_default=False, err=True)
    return typed.strip().lower()
