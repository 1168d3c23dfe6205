"""`tenarai dataset` as a person meets it: a corpus in, counted, split; one sentence for each mistake."""

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from tenarai.cli import app
from tenarai.dataset.corpora import CORPORA
from tenarai.dataset.store import open_store, read_store

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
runner = CliRunner()


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = runner.invoke(app, ["dataset", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


def lines(folder: Path, *texts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        Image.new("L", (60, 20), 255).save(folder / f"{number}.png")
        (folder / f"{number}.gt.txt").write_text(text, "utf-8")
    return folder


def refused(*arguments: str | Path) -> str:
    code, out, err = run(*arguments)
    (sentence,) = err.splitlines()
    assert code == 2 and out == "" and sentence.startswith("tenarai: ")
    return sentence


def test_a_corpus_in_counted_and_split(tmp_path: Path) -> None:
    code, out, _ = run("standardise", DATA / "kmnist_6k2k", tmp_path / "s", "--rows", "3000")
    assert code == 0 and "kmnist_6k2k: 8,000 samples, 8,000 of them new, 0 refused" in out
    assert "bright ink in the source" in out and "0 seem to have bright ink" in out
    code, out, err = run("split", tmp_path / "s")
    assert code == 0 and "train             6,000" in out and "8,000 stay where" in err
    code, out, err = run("split", tmp_path / "s", "--force", "--test", "0.2", "--validation", "0")
    assert code == 0 and "validation            0" in out and "8,000 tell no writer" in err
    code, out, err = run("show", tmp_path / "s", "--sheet", tmp_path / "sheet.html", "-n", "30", "--verify")
    assert code == 0 and "8,000  KMNIST" in out and "30 samples on" in err
    assert (tmp_path / "sheet.html").read_text("utf-8").count("<img") == 30
    assert len(list((tmp_path / "s").glob("data/*.parquet"))) == 3


def test_again_nothing_is_new_and_changed_content_needs_a_word(tmp_path: Path) -> None:
    source = lines(tmp_path / "mine", "a line", "")
    code, out, err = run("standardise", source, tmp_path / "s", "--licence", "CC0")
    assert code == 1 and "mine: 1 samples, 1 of them new, 1 refused" in out and "refused.jsonl tells why" in err
    assert run("standardise", source, tmp_path / "s", "--licence", "CC0")[1].startswith("mine: 1 samples, 0 of them")
    lines(source, "a line", "another")
    assert "--anew" in refused("standardise", source, tmp_path / "s", "--licence", "CC0")
    assert run("standardise", source, tmp_path / "s", "--licence", "CC0", "--anew")[0] == 0
    assert [(s.text, s.source, s.licence) for s in read_store(tmp_path / "s")] == [
        ("a line", "mine", "CC0"),
        ("another", "mine", "CC0"),
    ]


def test_a_corpus_that_looks_inverted_is_told(tmp_path: Path) -> None:
    code, _, err = run("standardise", DATA / "kmnist_6k2k", tmp_path / "s", "--ink", "dark")
    assert code == 0 and "look inverted" in err and "--anew --ink bright" in err


def test_pictures_of_ones_own_of_either_polarity(tmp_path: Path) -> None:
    for name, paper in (("あ", 255), ("U+3044", 0)):
        (tmp_path / "mine" / name).mkdir(parents=True)
        picture = Image.new("L", (40, 40), paper)
        picture.paste(255 - paper, (18, 8, 22, 32))
        picture.save(tmp_path / "mine" / name / "1.png")
    assert run("standardise", tmp_path / "mine", tmp_path / "s")[0] == 0
    found = list(read_store(tmp_path / "s"))
    assert sorted(sample.text for sample in found) == ["あ", "い"]
    assert {(sample.kind, sample.source, int(sample.picture[0, 0])) for sample in found} == {("character", "mine", 255)}
    assert "leave --ink out" in refused("standardise", tmp_path / "mine", tmp_path / "t", "--ink", "bright")


def test_what_stands_in_the_store_stays_when_a_source_is_bad(tmp_path: Path) -> None:
    run("standardise", lines(tmp_path / "mine", "a line"), tmp_path / "s")
    before = {path: path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()}
    (tmp_path / "kkanji.tar").write_bytes(b"not a tar")
    (tmp_path / "k49-train-imgs.npz").write_bytes(b"not a zip")
    (tmp_path / "k49-train-labels.npz").write_bytes(b"not a zip")
    (tmp_path / "ETL9G_01").write_bytes(bytes(8199 * 2 + 7))
    for name in ("kkanji.tar", "k49-train-imgs.npz", "ETL9G_01", "nothing"):
        assert name in refused("standardise", tmp_path / name, tmp_path / "s")
    assert {path: path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()} == before


def test_hostile_archives_write_nothing_outside(tmp_path: Path) -> None:
    png = io.BytesIO()
    Image.new("L", (64, 64), 0).save(png, "PNG")
    with tarfile.open(tmp_path / "kkanji.tar", "w") as tar:
        for name in ("../../out/U+4E00/a.png", "/tmp/U+4E01/b.png", "kkanji2/U+4E02/c.png"):
            member = tarfile.TarInfo(name)
            member.size = len(png.getvalue())
            tar.addfile(member, io.BytesIO(png.getvalue()))
        link = tarfile.TarInfo("kkanji2/U+4E03/d.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    before = set(tmp_path.rglob("*"))
    code, out, _ = run("standardise", tmp_path / "kkanji.tar", tmp_path / "s")
    assert code == 1 and "3 samples, 3 of them new, 1 refused" in out
    assert not (tmp_path.parent / "out").exists() and not Path("/tmp/U+4E01").exists()
    store = {path for path in tmp_path.rglob("*") if path.is_relative_to(tmp_path / "s")}
    assert set(tmp_path.rglob("*")) - store == before
    with zipfile.ZipFile(tmp_path / "list.zip", "w") as packed:
        packed.writestr("bomb.png", bytes(50_000_000), zipfile.ZIP_DEFLATED)
    (tmp_path / "list.jsonl").write_text('{"file": "bomb.png", "text": "x"}')
    assert "list.jsonl gives no sample" in refused("standardise", tmp_path / "list.jsonl", tmp_path / "t")


def test_xml_with_entities(tmp_path: Path) -> None:
    folder = lines(tmp_path / "pages", "unused")
    (folder / "0.gt.txt").unlink()
    (folder / "0.xml").write_text(
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"><Page imageFilename="0.png" '
        'imageWidth="60" imageHeight="20"><TextRegion id="r"><Coords points="0,0 60,0 60,20 0,20"/><TextLine id="l">'
        '<Coords points="0,0 60,0 60,20 0,20"/><TextEquiv><Unicode>&b;</Unicode></TextEquiv></TextLine></TextRegion>'
        "</Page></PcGts>"
    )
    assert "entities" in refused("standardise", folder, tmp_path / "s")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("standardise", "{folder}", "{store}", "--as", "etl10"), "There is no corpus 'etl10': --as takes etl, "),
        (("standardise", "{folder}", "{folder}/store"), "inside its source"),
        (("standardise", "{empty}", "{store}"), "tell no corpus"),
        (("show", "{empty}"), "is not a store"),
        (("split", "{empty}"), "is not a store"),
        (("split", "{store}", "--test", "0.6", "--validation", "0.5"), "parts of the whole"),
        (("show", "{done}", "--sheet", "{folder}/sheet.gif"), "a .png or an .html file"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    (tmp_path / "empty").mkdir()
    folder = lines(tmp_path / "mine", "a line")
    run("standardise", folder, tmp_path / "done")
    places = {name: str(tmp_path / name) for name in ("empty", "store", "done")} | {"folder": str(folder)}
    assert told in refused(*(argument.format(**places) for argument in arguments))


def test_the_corpora_are_listed() -> None:
    code, out, _ = run("corpora")
    assert code == 0 and all(f"{name} " in out for name in CORPORA)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path) -> None:
    program = "import sys; sys.modules['pyarrow'] = None; from tenarai.cli import app; app()"
    command = [sys.executable, "-c", program, "dataset", "show", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and 'pip install "tenarai[' in done.stderr


def test_an_incomplete_source_is_told_by_show(tmp_path: Path) -> None:
    source = tmp_path / "ETL8B2C1"
    source.write_bytes((bytes(512) + etl_record()) + etl_record() + b"\xff" * 512)
    assert "record 3" in refused("standardise", source, tmp_path / "s")
    code, out, err = run("show", tmp_path / "s")
    assert code == 0 and "2  ETL8B" in out and "ETL8B2C1 is not complete" in err
    (shard,) = open_store(tmp_path / "s", whole=True).shards()
    assert pq.read_table(tmp_path / "s" / shard.file).num_rows == 2


def etl_record() -> bytes:
    """ETL8B: sheet 1, あ of JIS X 0208, reading, 63 x 64 pixels of paper."""
    return (1).to_bytes(2, "big") + b"\x24\x22" + b"A   " + bytes(504)
