import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from live_service import EXAMPLES, LINES, PAGES, example

import tenarai
from tenarai.errors import ModelFileError
from tenarai.model.runtime import LineRuntime
from tenarai.model.shipped import shipped_model
from tenarai.serve.engine import BusyError, Engine, LateError, StoppingError
from tenarai.serve.settings import ServeSettings


@pytest.fixture
def engine() -> Iterator[Callable[..., Engine]]:
    made = []

    def make(**settings: Any) -> Engine:
        made.append(Engine(ServeSettings.of(**settings)))
        return made[-1]

    yield make
    for one in made:
        asyncio.run(one.finish())


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every line takes its time; when each was begun."""
    begun: list[float] = []
    read = LineRuntime.read

    def slow(self: LineRuntime, *args: Any, **kwargs: Any) -> Any:
        begun.append(time.monotonic())
        time.sleep(0.2)
        return read(self, *args, **kwargs)

    monkeypatch.setattr(LineRuntime, "read", slow)
    return begun


def test_text_is_that_of_the_reader_whoever_else_asks(engine: Callable[..., Engine], reader: tenarai.Reader) -> None:
    made = engine(threads=3)
    works: list[tuple[str, Callable[[tenarai.Reader], Any]]] = []
    for data in map(example, LINES):
        works.append(("short", partial(tenarai.Reader.read_line, picture=data)))
        works.append(("short", partial(tenarai.Reader.read_line, picture=data, language="auto", alternatives=2)))
        works.append(("short", partial(tenarai.Reader.read_character, picture=data)))
    works += [("long", partial(tenarai.Reader.read, picture=example(name))) for name in PAGES]
    expected = [work(reader) for _, work in works]

    async def run(kind: Any, work: Callable[[tenarai.Reader], Any]) -> Any:
        with made.place(kind) as place:
            return await place.run(work)

    async def all_at_once() -> list[Any]:
        return await asyncio.gather(*(run(*work) for work in works * 3))

    assert asyncio.run(all_at_once()) == expected * 3


def test_a_page_ends_before_its_next_line_when_nobody_waits(engine: Callable[..., Engine], slowly: list[float]) -> None:
    made = engine()

    async def leave() -> None:
        with made.place("long") as place:
            reading = asyncio.create_task(place.run(lambda r: r.read(EXAMPLES / "letter-vertical.png")))
            while not slowly:
                await asyncio.sleep(0.01)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        while made.lanes["long"].running:
            await asyncio.sleep(0.01)

    asyncio.run(leave())
    assert len(slowly) == 1


def test_what_waits_is_forgotten_when_nobody_waits_for_it(engine: Callable[..., Engine]) -> None:
    made, done, go = engine(), [], threading.Event()

    async def leave() -> None:
        with made.place("short") as place:
            first = asyncio.create_task(place.run(lambda r: go.wait(10)))
            second = asyncio.create_task(place.run(lambda r: done.append("second")))
            third = asyncio.create_task(place.run(lambda r: done.append("third")))
            await asyncio.sleep(0.05)
            second.cancel()
            await asyncio.sleep(0)
            go.set()
            await asyncio.gather(first, third)

    asyncio.run(leave())
    assert done == ["third"]


def test_a_deadline_ends_what_waits_and_what_is_read(engine: Callable[..., Engine], slowly: list[float]) -> None:
    made = engine(deadline_s=0.3)

    async def late() -> float:
        start = time.monotonic()
        with made.place("long") as place, pytest.raises(LateError, match=r"within 0\.3 s"):
            await place.run(lambda r: r.read(EXAMPLES / "letter-vertical.png"))
        return time.monotonic() - start

    asyncio.run(made.warm_up())
    slowly.clear()
    assert asyncio.run(late()) < 2.0
    time.sleep(0.5)
    assert len(slowly) <= 3 and not made.lanes["long"].running


def test_a_full_lane_tells_when_to_come_again(engine: Callable[..., Engine]) -> None:
    made = engine(queue=2)
    with made.place("short"), made.place("short"):
        with pytest.raises(BusyError) as caught, made.place("short"):
            pass
        assert 1 <= caught.value.wait <= 60
        with made.place("long"):
            pass
    with made.place("short"):
        pass
    assert made.lanes["short"].inside == 0


def test_a_page_does_not_hold_up_a_line(engine: Callable[..., Engine]) -> None:
    made, go = engine(), threading.Event()

    async def beside() -> str:
        with made.place("long") as page, made.place("short") as line:
            held = asyncio.create_task(page.run(lambda r: go.wait(10)))
            found = await line.run(lambda r: r.read_line(example(LINES[1])))
            go.set()
            await held
            return found.text

    assert asyncio.run(beside())


def test_an_error_is_the_callers_and_the_next_one_is_read(engine: Callable[..., Engine]) -> None:
    made = engine()

    async def one(work: Any) -> Any:
        with made.place("short") as place:
            return await place.run(work)

    with pytest.raises(tenarai.TenaraiError):
        asyncio.run(one(lambda r: r.read_line(b"no picture")))
    with pytest.raises(ZeroDivisionError):
        asyncio.run(one(lambda r: 1 / 0))
    assert asyncio.run(one(lambda r: r.read_line(example(LINES[1])))).text


def test_it_ends_with_what_is_inside_and_takes_nothing_new(engine: Callable[..., Engine]) -> None:
    made = engine(stop_s=5)

    async def end() -> Any:
        async def work() -> Any:
            with made.place("short") as place:
                return await place.run(lambda r: (time.sleep(0.2), r.read_line(example(LINES[1])))[1])

        reading = asyncio.create_task(work())
        await asyncio.sleep(0.05)
        await made.finish()
        with pytest.raises(StoppingError), made.place("short"):
            pass
        return await reading

    assert asyncio.run(end()).text


def test_what_does_not_end_in_time_is_dropped(engine: Callable[..., Engine]) -> None:
    made, go = engine(stop_s=0.1), threading.Event()

    async def end() -> None:
        with made.place("short") as place:
            held = asyncio.create_task(place.run(lambda r: go.wait(10)))
            waiting = asyncio.create_task(place.run(lambda r: None))
            await asyncio.sleep(0.05)
            await made.finish()
            with pytest.raises(StoppingError):
                await waiting
            go.set()
            await held

    asyncio.run(end())


def test_another_model_reads_from_then_on(engine: Callable[..., Engine], tmp_path: Any) -> None:
    made = engine()
    before = made.name
    assert before.name == tenarai.load().runtime.header.name and len(before.version) == 12
    other = tmp_path / "other.model"
    other.write_bytes(shipped_model().read_bytes())
    assert made.use(other) == before  # the same file is the same version
    with pytest.raises(ModelFileError):
        made.use(shipped_model("characters"))
    assert made.name == before


def test_places_are_given_back_by_threads_too(engine: Callable[..., Engine]) -> None:
    made = engine(queue=50)

    def one(_: int) -> None:
        with made.place("short"):
            time.sleep(0.001)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(200)))
    assert made.lanes["short"].inside == 0
