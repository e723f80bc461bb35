"""An attacker who knows the code, against a hub that serves; the owner gets in all the same."""

from pathlib import Path

import pytest

from takeback.cases.wire import Access
from takeback.errors import NotFound
from tests.journeys.guessing import counted_trials, in_a_burst, wrong_pins
from tests.journeys.processes import staged
from tests.journeys.story import access, settings_for


def test_forty_guesses_at_once_shut_the_case_but_for_its_slip(
    tmp_path: Path, database_url: str
) -> None:
    """Twenty of them count, then the right PIN opens nothing; with the slip it does."""
    with staged(tmp_path, settings_for(tmp_path, database_url)) as stage:
        hub = stage.hub()
        opened, owner = stage.story.opens(), stage.reporter(hub)
        assert owner.receipt(access(opened)).status == "open"

        answers = in_a_burst(stage.client(hub), opened.code, wrong_pins(opened, 40), hands=40)

        assert len(answers) == 1
        assert counted_trials(stage.story) == 20
        with pytest.raises(NotFound):
            owner.receipt(access(opened))
        with_slip = Access(opened.code, opened.pin, opened.slip)
        assert owner.receipt(with_slip).case_id == opened.case_id
