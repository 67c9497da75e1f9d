"""How values are written for people."""

import pytest

from wfweb.kernel.formats import schedule_text


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 6 * * *", "at 06:00 every day"),
        ("30 7 * * 1-5", "at 07:30 on Monday through Friday"),
        ("0 0 1 * *", "at 00:00 on the first day of every month"),
        ("0 0 30 2 *", "0 0 30 2 *"),
        ("whenever", "whenever"),
        ("", ""),
    ],
)
def test_a_schedule_is_told_in_words(cron: str, words: str) -> None:
    assert schedule_text(cron, "Europe/Berlin") == f"{words} (Europe/Berlin)"
