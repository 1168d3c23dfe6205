"""A project from its pages to its lines: what is kept, what a second writer is told, what a model may not touch."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pages_to_read import HEIGHT, WIDTH, line, picture, read_page

from tenarai.errors import PictureError
from tenarai.image.read import Limits
from tenarai.page.layout import Box, Line, Page, Region
from tenarai.serve.store import (
    Conflict,
    Layout,
    Missing,
    Project,
    Refused,
    StoreError,
    create_project,
    open_project,
)


def texts(layout: Layout) -> list[str]:
    return [row.text for row in layout.lines]


@pytest.fixture
def page_id(project: Project) -> int:
    """A page with three lines that a model has read."""
    page = project.add_picture(picture(), "letter.png").id
    project.replace_layout(page, read_page(["abc", "def", "ghi"]), "tenarai", "first")
    return page


def test_a_project_is_what_it_was_when_it_is_opened_again(tmp_path: Path, new_url: Callable[[], str | None]) -> None:
    with create_project(tmp_path / "p", "手紙", new_url(), "# Rules\n- as written") as made:
        page = made.add_picture(picture(), "一.png").id
        layout = made.replace_layout(page, read_page(["いろは"]), "tenarai", "reader 1")
        number = made.info().id
    with open_project(tmp_path / "p") as again:
        info = again.info()
        assert (info.id, info.name, info.rules) == (number, "手紙", "# Rules\n- as written")
        assert abs((datetime.now(UTC) - info.created).total_seconds()) < 60
        assert again.layout(page) == layout
        assert again.update(rules="none").rules == "none" and again.info().version == 2
    with pytest.raises(StoreError, match="already holds a project"):
        create_project(tmp_path / "p", "another", new_url())


def test_pictures_are_kept_once_and_come_back_as_they_were(project: Project) -> None:
    data = picture(200, (30, 40))
    page = project.add_picture(data, "../../a\n.png")
    assert (page.number, page.name, page.width, page.height, page.state) == (1, "../../a.png", 30, 40, "todo")
    assert project.add_picture(data, "another name") == page
    assert project.picture(page.id) == data
    assert np.array_equal(project.gray(page.id), np.full((40, 30), 200, np.uint8))
    files = [path for path in (project.folder / "pictures").rglob("*") if path.is_file()]
    assert [path.relative_to(project.folder).as_posix() for path in files] == [
        f"pictures/{page.sha256[:2]}/{page.sha256[2:]}.png"
    ]
    with pytest.raises(PictureError, match="limit"):
        project.add_picture(picture(1, (100, 100)), "large", limits=Limits(max_pixels=99))
    with pytest.raises(PictureError):
        project.add_picture(b"%PDF-1.4 nothing", "broken.pdf")
    assert [row.id for row in project.pages()] == [page.id]


def test_every_frame_of_a_file_is_a_page(project: Project) -> None:
    import io

    from PIL import Image

    file = io.BytesIO()
    frames = [Image.new("L", (20 + i, 10), 50 * i) for i in range(3)]
    frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:])
    pages = project.add_pictures(file.getvalue(), "scan.tif")
    assert [(page.frame, page.width, page.number) for page in pages] == [(0, 20, 1), (1, 21, 2), (2, 22, 3)]
    assert project.add_pictures(file.getvalue(), "scan.tif") == pages
    assert project.gray(pages[2].id)[0, 0] == 100
    project.delete_page(pages[0].id, "me")
    assert [page.number for page in project.pages()] == [1, 2]
    with pytest.raises(Missing):
        project.layout(pages[0].id)
    assert project.add_picture(file.getvalue(), "scan.tif", 0).id == pages[0].id


def test_a_reading_is_laid_out_as_it_was_read(project: Project, page_id: int) -> None:
    layout = project.layout(page_id)
    assert texts(layout) == ["abc", "def", "ghi"] and [row.order for row in layout.lines] == [0, 1, 2]
    first = layout.lines[0]
    assert (first.state, first.version, first.model, first.corrected, first.drawn) == ("todo", 1, "first", False, False)
    assert first.characters[1] == ("b", 0.9, (30.0, 20.0, 40.0, 50.0), (("x", 0.05),))
    assert layout.page.lines == 3 and layout.page.confidence == pytest.approx(0.9)
    again = project.as_page(page_id)
    assert again.text == "abc\ndef\nghi" and again.lines[0].characters == read_page(["abc"]).lines[0].characters


def test_text_is_saved_once_and_nobody_is_overwritten(project: Project, page_id: int) -> None:
    row = project.layout(page_id).lines[1]
    saved = project.save_text(row.id, "dEf", [(1, 2, "unclear")], "Aki", row.version, "edit-1", state="doubtful")
    assert (saved.text, saved.marks, saved.author, saved.version) == ("dEf", ((1, 2, "unclear"),), "Aki", 2)
    assert saved.corrected and saved.characters == () and saved.confidence is None and saved.model == ""
    assert project.save_text(row.id, "dEf", [], "Aki", row.version, "edit-1") == saved  # sent twice
    with pytest.raises(Conflict, match="changed by Aki") as caught:
        project.save_text(row.id, "DEF", [], "Ben", row.version, "edit-2")
    assert caught.value.current == saved
    counts = project.info().counts
    assert (counts.lines, counts.todo, counts.doubtful, counts.corrected) == (3, 2, 1, 1)


def test_accepting_is_no_correction_but_done(project: Project, page_id: int) -> None:
    row = project.layout(page_id).lines[0]
    done = project.save_text(row.id, "abc", [], "me", row.version, state="done")
    assert done.state == "done" and not done.corrected and done.characters == row.characters
    assert project.save_text(row.id, "abc", [], "me", done.version, state="done") == done
    assert len(project.history(row.id)) == 2


def test_another_order_is_no_conflict_for_a_text(project: Project, page_id: int) -> None:
    rows = project.layout(page_id).lines
    turned = project.reorder(page_id, [row.id for row in reversed(rows)], "Ben", project.page(page_id).version)
    assert texts(turned) == ["ghi", "def", "abc"]
    assert project.save_text(rows[0].id, "ABC", [], "me", rows[0].version).text == "ABC"
    with pytest.raises(Conflict) as caught:
        project.reorder(page_id, [row.id for row in rows], "me", 1)
    assert texts(caught.value.current) == ["ghi", "def", "ABC"]


@pytest.mark.parametrize(
    ("text", "marks", "said"),
    [
        ("a\nb", [], "line break"),
        ("a\0b", [], "U\\+0000"),
        ("\ud800", [], "U\\+D800"),
        ("a" * 10_001, [], "10,001"),
        ("abc", [(2, 4, "unclear")], "from 2 to 4"),
        ("abc", [(0, 1, "odd")], "unclear | gap"),
        ("abc", [(0.5, 1, "gap")], "0.5"),
    ],
)
def test_text_that_no_line_can_have_is_refused(
    project: Project, page_id: int, text: str, marks: list[tuple[int, int, str]], said: str
) -> None:
    row = project.layout(page_id).lines[0]
    with pytest.raises(Refused, match=said):
        project.save_text(row.id, text, marks, "me", row.version)  # type: ignore[arg-type]
    assert project.line(row.id) == row


def test_a_model_never_overwrites_what_people_did(project: Project, page_id: int) -> None:
    first, second, third = project.layout(page_id).lines
    kept = [
        project.save_text(first.id, "Abc", [], "me", 1),
        project.save_text(second.id, "def", [], "me", 1, state="done"),
        project.add_line(page_id, box=(20, 500, 380, 560), after=third.id),
    ]
    read = read_page(["xxx", "yyy", "zzz", "new"])
    layout = project.replace_layout(page_id, read, "tenarai", "second")
    assert texts(layout) == ["Abc", "def", "zzz", "", "new"]
    by_id = {row.id: row for row in layout.lines}
    for row in kept:
        assert (by_id[row.id].text, by_id[row.id].box, by_id[row.id].state) == (row.text, row.box, row.state)
    assert by_id[third.id].version == 2, "a line read again keeps its id and history"
    for row in kept[:2]:
        with pytest.raises(Conflict, match="does not overwrite"):
            project.record_reading(row.id, line("model", 0), "tenarai", "second")
    assert project.record_reading(kept[2].id, line("drawn", 0), "tenarai", "second").text == "drawn"
    forced = project.record_reading(first.id, line("forced", 0), "me", "second", force=True)
    assert (forced.text, forced.corrected, forced.box) == ("forced", False, first.box)


def test_what_people_deleted_stays_away_unless_they_deleted_all(project: Project, page_id: int) -> None:
    rows = project.layout(page_id).lines
    project.delete_line(rows[1].id, "me", 1)
    assert texts(project.replace_layout(page_id, read_page(["1", "2", "3"]), "tenarai", "second")) == ["1", "3"]
    for row in project.layout(page_id).lines:
        project.delete_line(row.id)
    assert texts(project.replace_layout(page_id, read_page(["1", "2", "3"]), "tenarai", "third")) == ["1", "2", "3"]
    with pytest.raises(Missing, match="deleted"):
        project.line(rows[1].id)


def test_lines_askew_whose_boxes_overlap_are_told_apart(project: Project) -> None:
    page = project.add_picture(picture(7), "askew.png").id

    def askew(text: str, top: float) -> Line:
        outline = ((10, top), (390, top + 80), (390, top + 110), (10, top + 30))
        return Line(Box(10, top, 390, top + 110), "horizontal", text, 0.5, polygon=outline)

    def read(*texts: str) -> Page:
        lines = tuple(askew(text, 50.0 + 35 * i) for i, text in enumerate(texts))
        return Page(WIDTH, HEIGHT, (Region(Box(0, 0, WIDTH, HEIGHT), lines),))

    rows = project.replace_layout(page, read("a", "b", "c"), "tenarai", "first").lines
    project.save_text(rows[1].id, "corrected", [], "me", 1)
    again = project.replace_layout(page, read("A", "B", "C"), "tenarai", "second")
    assert [(row.id, row.text) for row in again.lines] == [
        (rows[0].id, "A"), (rows[1].id, "corrected"), (rows[2].id, "C"),
    ]  # fmt: skip


def test_a_layout_that_people_bring_is_theirs(project: Project, page_id: int) -> None:
    brought = project.replace_layout(page_id, read_page(["one", "two"], None), "me", "")
    assert texts(brought) == ["one", "two"] and all(row.corrected for row in brought.lines)
    assert texts(project.replace_layout(page_id, read_page(["x", "y", "z"]), "tenarai", "m")) == ["one", "two", "z"]


def test_lines_are_drawn_cut_and_joined(project: Project, page_id: int) -> None:
    first, second, third = project.layout(page_id).lines
    left, right = project.split_line(first.id, 2 / 36, "me", first.version)
    assert (left.id, left.text, right.text) == (first.id, "ab", "c")
    assert left.box == (20, 20, 40, 50) and right.box == (40, 20, 380, 50) and right.order == 1
    assert [c[0] for c in right.characters] == ["c"]
    whole = project.join_lines([right.id, left.id], "me")
    assert (whole.id, whole.text, whole.box) == (first.id, "ab c", first.box)  # Latin words: a space between
    assert texts(project.layout(page_id)) == ["ab c", "def", "ghi"]
    outlined = project.set_line(second.id, polygon=[(10, 70), (900, 75), (10, 110)], expected=1, client_id="o")
    assert outlined.box == (10, 70, 400, 110) and outlined.drawn and outlined.polygon[1] == (400, 75)
    boxed = project.set_line(second.id, box=(1, 2, 30, 40), direction="vertical", state="done")
    assert (boxed.box, boxed.polygon, boxed.direction, boxed.state) == ((1, 2, 30, 40), (), "vertical", "done")
    added = project.add_line(page_id, box=(5, 5, 50, 50), after=first.id, client_id="draw")
    assert project.add_line(page_id, box=(5, 5, 50, 50), after=first.id, client_id="draw") == added
    assert [row.id for row in project.layout(page_id).lines] == [first.id, added.id, second.id, third.id]
    for wrong in ({"box": (5, 5, 5, 50)}, {"box": (0, 0, float("nan"), 9)}, {"polygon": [(1, 1), (2, 2)]}, {}):
        with pytest.raises(Refused):
            project.add_line(page_id, **wrong)  # type: ignore[arg-type]
    with pytest.raises(Missing):
        project.join_lines([first.id, 10_000])


def test_marks_go_with_their_text(project: Project, page_id: int) -> None:
    row = project.layout(page_id).lines[0]
    project.save_text(row.id, "hello world", [(2, 4, "gap"), (6, 11, "unclear"), (11, 11, "insertion")], "me", 1)
    left, right = project.split_line(row.id, 0.5, "me", text_at=8)
    assert left.marks == ((2, 4, "gap"), (6, 8, "unclear"))
    assert right.marks == ((0, 3, "unclear"), (3, 3, "insertion"))
    whole = project.join_lines([left.id, right.id])
    assert whole.text == "hello wo rld" and whole.marks[-1] == (12, 12, "insertion")


def test_history_tells_everything_and_gives_it_back(project: Project, page_id: int) -> None:
    row = project.layout(page_id).lines[0]
    project.save_text(row.id, "two", [], "Aki", 1)
    project.delete_line(row.id, "Ben")
    versions = project.history(row.id)
    assert [(v.number, v.author, v.cause, v.text, v.deleted) for v in versions] == [
        (3, "Ben", "delete", "two", True), (2, "Aki", "text", "two", False), (1, "tenarai", "reading", "abc", False),
    ]  # fmt: skip
    assert versions[2].model == "first" and versions[2].confidence == 0.9
    restored = project.restore(row.id, 1, "Aki")
    assert (restored.text, restored.order, restored.version) == ("abc", 0, 4)
    with pytest.raises(Missing, match="no version 9"):
        project.restore(row.id, 9)


def test_undo_leaves_what_others_did(project: Project, page_id: int) -> None:
    row = project.layout(page_id).lines[0]
    project.save_text(row.id, "mine", [], "Aki", 1)
    project.set_line(row.id, state="doubtful", author="Ben")
    assert [(r.text, r.state) for r in project.undo(page_id, "Aki")] == [("abc", "doubtful")]
    assert [r.text for r in project.redo(page_id, "Aki")] == ["mine"]
    project.save_text(row.id, "Ben's", [], "Ben")
    with pytest.raises(Conflict, match="Somebody else"):
        project.undo(page_id, "Aki")
    assert project.undo(page_id, "Aki") == [] and project.line(row.id).text == "Ben's"
    assert project.undo(page_id, "nobody yet") == []
    added = project.add_line(page_id, box=(1, 1, 20, 20), author="Aki")
    project.save_text(added.id, "work", [], "Ben")
    with pytest.raises(Conflict):  # it would take Ben's work away
        project.undo(page_id, "Aki")


def test_a_new_change_ends_what_could_be_redone(project: Project, page_id: int) -> None:
    row = project.layout(page_id).lines[0]
    project.save_text(row.id, "one", [])
    project.undo(page_id)
    project.save_text(row.id, "two", [])
    assert project.redo(page_id) == [] and project.line(row.id).text == "two"


def test_claims_keep_two_people_apart_until_they_end(project: Project, page_id: int) -> None:
    assert project.claim(page_id, "Aki", 30).claimed_by == "Aki"
    assert project.claim(page_id, "Aki", 60).claimed_by == "Aki"
    with pytest.raises(Conflict, match="Aki works on this page") as caught:
        project.claim(page_id, "Ben")
    assert caught.value.current.claimed_by == "Aki"
    assert project.release(page_id, "Ben").claimed_by == "Aki"
    assert project.release(page_id, "Aki").claimed_by == ""
    assert project.claim(page_id, "Ben", 1e-6).id == page_id
    assert project.page(page_id).claimed_by == "" and project.claim(page_id, "Aki").claimed_by == "Aki"
    assert project.set_page_state(page_id, "done", "Aki").state == "done"
    assert project.info().counts.pages_done == 1
    with pytest.raises(Refused):
        project.set_page_state(page_id, "finished", "Aki")  # type: ignore[arg-type]


def test_search_minds_neither_width_nor_case(project: Project, page_id: int) -> None:
    rows = project.layout(page_id).lines
    project.save_text(rows[0].id, "100% ＡＢＣ株式会社 _x_", [])
    project.save_text(rows[1].id, "㍻の手紙", [])
    hit = project.search("abc株")[0]
    assert (hit.line_id, hit.page_number, hit.snippet[hit.start : hit.end]) == (rows[0].id, 1, "ＡＢＣ株")
    assert [hit.line_id for hit in project.search("平成")] == [rows[1].id]
    assert [hit.line_id for hit in project.search("0% a")] == [rows[0].id] and project.search("1%b") == []
    assert len(project.search("_")) == 1 and project.search("  ") == []
    project.delete_line(rows[1].id)
    assert project.search("手紙") == []


def test_corrections_are_what_people_vouch_for(project: Project, page_id: int) -> None:
    rows = project.layout(page_id).lines
    project.save_text(rows[0].id, "aBc", [], "Aki")
    project.save_text(rows[1].id, "def", [], "Ben", state="done")
    project.save_text(rows[2].id, "gh?", [(2, 3, "unclear")], "Ben")
    found = project.corrections()
    assert [(c.text, c.author, c.model_text) for c in found] == [("aBc", "Aki", "abc"), ("def", "Ben", "def")]
    assert len(project.corrections(unclear=True)) == 3


def test_figures_tell_how_much_people_changed(project: Project, page_id: int) -> None:
    rows = project.layout(page_id).lines
    project.save_text(rows[0].id, "abX", [], state="done")
    project.save_text(rows[1].id, "def", [], state="done")
    (figure,) = project.figures()
    assert (figure.model, figure.lines, figure.checked) == ("first", 3, 2)
    assert figure.confidence == pytest.approx(0.9) and figure.changed == pytest.approx(1 / 6)
    assert figure.day == datetime.now(UTC).date().isoformat()
    project.replace_layout(page_id, read_page(["a", "b", "c"]), "tenarai", "second")
    assert {f.model: (f.lines, f.checked) for f in project.figures()} == {"first": (3, 2), "second": (1, 0)}


def test_models_are_offered_kept_and_discarded(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "learnt.model"
    file.write_bytes(b"weights")
    offered = project.add_model(file, "my hand", {"before": 0.1, "after": 0.05})
    assert offered.state == "offered" and project.active_model() is None
    assert project.model_path(offered.id).read_bytes() == b"weights"
    other = project.add_model(b"others", "another")
    assert project.keep_model(offered.id).active and project.keep_model(other.id).active
    assert [row.active for row in project.models()] == [False, True]
    assert not project.discard_model(other.id).active and not project.model_path(other.id).exists()
    with pytest.raises(Refused, match="discarded"):
        project.keep_model(other.id)
    assert project.models()[0].record == {"before": 0.1, "after": 0.05}


def test_many_threads_save_at_once_and_nothing_is_lost(project: Project) -> None:
    page = project.add_picture(picture(9, (400, 2000)), "long.png").id
    rows = project.replace_layout(page, read_page([str(i) for i in range(8)]), "tenarai", "m").lines
    failures: list[Exception] = []

    def write(line_id: int, name: str) -> None:
        try:
            for count in range(5):
                project.save_text(line_id, f"{name} {count}", [], name)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(row.id, f"t{i}")) for i, row in enumerate(rows)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert texts(project.layout(page)) == [f"t{i} 4" for i in range(8)]
    assert all(len(project.history(row.id)) == 6 for row in rows) and project.check() == []
