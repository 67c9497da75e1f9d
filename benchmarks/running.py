"""A whole installation: start-up, decisions over HTTP, mail from commit to SMTP, memory.

Run ``python -m benchmarks.running``.
"""

import http.client
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.common import Figure, command, memory_mb, milliseconds, percentile, rate
from tests.reliability.clients import Decision, send
from tests.reliability.installation import House, eventually
from tests.reliability.sink import Sink

MAIL_A_SECOND = 1000 / 60


def decide_slowly(
    house: House, world: dict[str, Any], seats: list[dict[str, str]], a_second: float
) -> list[float]:
    """Approve at a steady pace by two clients; seconds of each answer."""
    took: list[float] = []
    todo = list(enumerate(seats))
    begun = time.monotonic()

    def work() -> None:
        while todo:
            number, seat = todo.pop(0)
            time.sleep(max(0.0, begun + number / a_second - time.monotonic()))
            one = Decision(**seat, decision="approve", key=f"bench-{number}-{seat['request']}")
            started = time.perf_counter()
            assert send(house, world["tokens"][one.who], one)
            assert one.acknowledged, one.answers
            took.append(time.perf_counter() - started)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


LATENESS = (
    "select d.id::text as id, extract(epoch from cause.created_at) as at from deliveries d"
    " join outbox_messages cause on cause.kind = 'approvals.tell_approved'"
    "   and cause.payload ->> 'request_id' = d.subject_id::text"
    " where d.company_id = %s and d.kind = 'approval_approved' and d.state = 'sent'"
)


def mail(house: House, sink: Sink, requests: int) -> list[Figure]:
    """Each second decision ends a request, whose requester is told: as many mails a minute."""
    world = house.seed("decisions", str(requests), "0")
    waiting = "select count(*) from outbox_messages where state in ('pending', 'claimed')"
    eventually(lambda: house.value(waiting) == 0, 300, "first mails sent")
    seats = world["seats"]
    took = decide_slowly(house, world, seats[0::2], 50) + decide_slowly(
        house, world, seats[1::2], MAIL_A_SECOND
    )
    eventually(lambda: house.value(waiting) == 0, 120, "mails sent")
    arrived = {key.strip("<>").split("@")[0]: at for key, at in sink.when.items()}
    late = [arrived[row["id"]] - float(row["at"]) for row in house.rows(LATENESS, world["company"])]
    assert len(late) == requests
    p99 = percentile(late, 0.99)
    return [
        Figure(
            "decision over HTTP, p50",
            milliseconds(percentile(took, 0.5)),
            f"p99 {milliseconds(percentile(took, 0.99))}",
        ),
        Figure(
            "decision to mail accepted, 1000 a minute, p99",
            f"{p99:.2f} s",
            f"p50 {percentile(late, 0.5):.2f} s",
            "",
            "below 2 s",
            p99 < 2,
        ),
    ]


def many_requests(house: House, world: dict[str, Any], count: int) -> float:
    """Read over the API and as a visitor, by four connections; requests a second."""
    token = next(iter(world["tokens"].values()))
    paths = ["/api/v1/approvals?limit=50", "/sign-in", "/api/v1/approvals/counts", "/livez"]

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
        for number in range(count // 4):
            headers = {"Authorization": f"Bearer {token}"}
            connection.request("GET", paths[number % len(paths)], headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status in {200, 429}, answer.status
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.perf_counter() - begun)


def memory(house: House, count: int) -> list[Figure]:
    """Resident memory of the web processes before and after."""
    world = house.seed("decisions", "40", "0")
    workers = house.pids_of("web")[1:]
    many_requests(house, world, 200)
    before = max(memory_mb(pid) for pid in workers)
    speed = many_requests(house, world, count * len(workers))
    after = max(memory_mb(pid) for pid in workers)
    return [
        Figure(
            f"web process after {count:,} requests",
            f"{after:.0f} MB",
            f"{before:.0f} MB after 100",
            f"{after / before:.2f}",
            "below 180 MB",
            after < 180,
        ),
        Figure("requests through gunicorn, mixed reads", rate(speed, 1)),
    ]


def second_start(folder: Path) -> list[Figure]:
    """`make run` with demo data: from the command to a ready address."""
    house = House(folder)
    first = house.start(300)
    house.stop(signal.SIGTERM)
    again = house.start()
    house.stop(signal.SIGTERM)
    return [
        Figure(
            "second `make run`, until ready",
            f"{again:.1f} s",
            f"{first:.1f} s the first time",
            f"{again / first:.2f}",
            "below 8 s",
            again < 8,
        )
    ]


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - its only choice
    """Two installations, one after the other."""
    sink = Sink()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "a").mkdir()
        mail_settings = {"WFWEB_SMTP_HOST": "127.0.0.1", "WFWEB_SMTP_PORT": str(sink.port)}
        house = House(folder / "a", WFWEB_DEMO="false", WFWEB_LOG_LEVEL="ERROR", **mail_settings)
        house.start()
        try:
            figures = mail(house, sink, 100 if quick else 1000)
            figures += memory(house, 2_000 if quick else 10_000)
        finally:
            house.stop(signal.SIGTERM)
        figures += second_start(folder / "b")
    sink.close()
    return figures


if __name__ == "__main__":
    command("A running installation", measure)
