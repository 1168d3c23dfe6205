"""Every kind of picture in, one gray array out; and one sentence for everything that is not a picture."""

import io
import struct
import sys
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tenarai.errors import PictureError, SettingsError
from tenarai.image.read import FORMATS, Limits, read_picture, read_pictures

RAMP = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")


# What it may be given as


def sources(tmp_path: Path) -> list[object]:
    path = tmp_path / "手習い letter.png"
    data = encoded(Image.fromarray(RAMP))
    path.write_bytes(data)
    return [path, str(path), data, bytearray(data), io.BytesIO(data), path.open("rb"), Image.fromarray(RAMP), RAMP]


def test_every_kind_of_source_gives_the_same_picture(tmp_path: Path) -> None:
    for source in sources(tmp_path):
        gray = read_picture(source)  # type: ignore[arg-type]
        assert gray.dtype == np.uint8 and gray.flags.c_contiguous and gray.flags.writeable
        np.testing.assert_array_equal(gray, RAMP)


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in ("JPEG", "GIF", "AVIF", "JPEG2000")])
def test_lossless_formats_are_exact(form: str) -> None:
    options = {"lossless": True} if form == "WEBP" else {}
    picture = read_picture(encoded(Image.fromarray(RAMP).convert("RGB"), form, **options))
    np.testing.assert_array_equal(picture, RAMP)


@pytest.mark.parametrize("form", ["JPEG", "JPEG2000", "GIF", "AVIF"])
def test_other_formats_are_near(form: str) -> None:
    smooth = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (32, 1))
    picture = read_picture(encoded(Image.fromarray(smooth), form))
    assert picture.shape == smooth.shape
    assert np.abs(picture.astype(int) - smooth).max() <= 10


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)))
@settings(max_examples=30, deadline=None)
def test_gray_arrays_and_png_come_back_unchanged(array: np.ndarray) -> None:
    np.testing.assert_array_equal(read_picture(array), array)
    np.testing.assert_array_equal(read_picture(encoded(Image.fromarray(array))), array)


def test_the_array_given_is_never_shared_or_changed() -> None:
    array = RAMP.copy()
    read_picture(array)[:] = 7
    np.testing.assert_array_equal(array, RAMP)


# Arrays


def test_array_dtypes() -> None:
    np.testing.assert_array_equal(read_picture(RAMP[..., None]), RAMP)
    np.testing.assert_array_equal(read_picture(RAMP > 100), np.where(RAMP > 100, 255, 0))
    np.testing.assert_array_equal(read_picture(RAMP / 255), RAMP)
    np.testing.assert_array_equal(read_picture((RAMP / 255).astype(np.float16)), RAMP)
    full = np.array([[0, 32768, 65535]], np.uint16)
    np.testing.assert_array_equal(read_picture(full), [[0, 128, 255]])
    np.testing.assert_array_equal(read_picture(full.astype(">u2")), [[0, 128, 255]])
    np.testing.assert_array_equal(read_picture(RAMP.T), RAMP.T)


def test_colour_arrays_go_by_luma() -> None:
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    np.testing.assert_array_equal(read_picture(rgb), [[76, 150, 29, 255]])
    np.testing.assert_array_equal(read_picture(rgb / 255.0), [[76, 150, 29, 255]])
    np.testing.assert_array_equal(read_picture(rgb.astype(np.uint16) * 257), [[76, 150, 29, 255]])
    opaque = np.concatenate([rgb, np.full((1, 4, 1), 255, np.uint8)], axis=2)
    np.testing.assert_array_equal(read_picture(opaque), [[76, 150, 29, 255]])


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros(5, np.uint8), "shape"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((1, 4, 4, 3), np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "at least one"),
        (np.zeros((4, 4), np.int64), "int64"),
        (np.zeros((4, 4), object), "object"),
        (np.full((4, 4), 255.0), "from 255 to 255"),
        (np.full((4, 4), -0.5), "from -0.5"),
        (np.full((4, 4), np.nan), "nan"),
        (np.full((4, 4), np.inf), "inf"),
    ],
)
def test_other_arrays_are_refused(array: np.ndarray, says: str) -> None:
    with pytest.raises(PictureError, match=says):
        read_picture(array)


# Modes


def test_one_bit() -> None:
    image = Image.fromarray(RAMP > 100)
    assert image.mode == "1"
    for form in ("PNG", "TIFF", "BMP"):
        np.testing.assert_array_equal(read_picture(encoded(image, form)), np.where(RAMP > 100, 255, 0))


def test_palette() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), mode="L").convert("P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    np.testing.assert_array_equal(read_picture(encoded(image)), [[76, 150, 29]])
    np.testing.assert_array_equal(read_picture(encoded(image, transparency=0)), [[255, 150, 29]])


def test_cmyk() -> None:
    cmyk = Image.merge("CMYK", [Image.new("L", (16, 16), 0)] * 3 + [Image.fromarray(np.full((16, 16), 255, np.uint8))])
    assert read_picture(encoded(cmyk, "TIFF")).max() == 0
    assert read_picture(encoded(cmyk, "JPEG")).max() <= 2
    assert read_picture(encoded(Image.new("CMYK", (16, 16), 0), "JPEG")).min() >= 253


@pytest.mark.parametrize("mode", ["YCbCr", "LAB", "HSV"])
def test_other_colour_spaces(mode: str) -> None:
    white = Image.new("RGB", (4, 4), "white")
    image = Image.new("LAB", (4, 4), (255, 128, 128)) if mode == "LAB" else white.convert(mode)
    assert read_picture(image).min() >= 254


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_sixteen_bits_scale_by_the_depth_that_holds_them(bits: int) -> None:
    top = (1 << bits) - 1
    deep = np.array([[0, top // 2 + 1, top]], np.uint16)
    for source in (deep, encoded(Image.fromarray(deep)), encoded(Image.fromarray(deep), "TIFF")):
        np.testing.assert_array_equal(read_picture(source), [[0, 128, 255]])


def test_thirty_two_bits_and_floats() -> None:
    wide = np.array([[0, 50_000, 100_000]], np.int32)
    np.testing.assert_array_equal(read_picture(encoded(Image.fromarray(wide), "TIFF")), [[0, 128, 255]])
    np.testing.assert_array_equal(read_picture(Image.fromarray(np.array([[-10, 0, 10]], np.int32))), [[0, 128, 255]])
    for floats in ([0.0, 0.5, 1.0], [0.0, 127.5, 255.0], [-4.0, 0.0, 4.0], [0.0, 5e4, 1e5]):
        data = encoded(Image.fromarray(np.array([floats], np.float32)), "TIFF")
        np.testing.assert_array_equal(read_picture(data), [[0, 128, 255]])
    with pytest.raises(PictureError, match="not finite"):
        read_picture(Image.fromarray(np.array([[np.nan, 1.0]], np.float32)))


# Transparency


def with_alpha(gray: np.ndarray, alpha: np.ndarray) -> Image.Image:
    return Image.merge("LA", [Image.fromarray(gray.astype(np.uint8)), Image.fromarray(alpha.astype(np.uint8))])


def test_dark_ink_on_nothing_lies_on_white() -> None:
    alpha = np.zeros((20, 20))
    alpha[8:12, 5:15] = 255
    for mode in ("LA", "RGBA"):
        picture = read_picture(encoded(with_alpha(np.full((20, 20), 30), alpha).convert(mode)))
        np.testing.assert_array_equal(picture, np.where(alpha > 0, 30, 255))


def test_bright_ink_on_nothing_lies_on_black() -> None:
    alpha = np.zeros((20, 20))
    alpha[8:12, 5:15] = 255
    picture = read_picture(encoded(with_alpha(np.full((20, 20), 250), alpha)))
    np.testing.assert_array_equal(picture, np.where(alpha > 0, 250, 0))


def test_a_bright_sheet_with_a_few_holes_lies_on_white() -> None:
    alpha = np.full((20, 20), 255)
    alpha[:3, :3] = 0
    sheet = np.full((20, 20), 240)
    sheet[10, 5:15] = 10
    np.testing.assert_array_equal(read_picture(with_alpha(sheet, alpha)), np.where(alpha > 0, sheet, 255))


def test_half_transparent_ink_is_half_as_dark() -> None:
    assert read_picture(with_alpha(np.zeros((2, 2)), np.full((2, 2), 51))).tolist() == [[204, 204]] * 2


def test_a_wholly_transparent_picture_is_white_paper() -> None:
    assert read_picture(encoded(Image.new("RGBA", (5, 4)))).tolist() == [[255] * 5] * 4


def test_colour_key_transparency() -> None:
    image = Image.fromarray(np.array([[[9, 9, 9], [50, 50, 50]]], np.uint8))
    np.testing.assert_array_equal(read_picture(encoded(image, transparency=(9, 9, 9))), [[255, 50]])


# EXIF


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int, form: str) -> None:
    seen = np.full((32, 48), 255, np.uint8)
    seen[:16, :16], seen[:16, 32:] = 0, 90  # a black corner top left, a gray one top right: every turn shows
    turns: dict[int, Callable[[np.ndarray], np.ndarray]] = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: np.transpose,
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).T,
        8: lambda a: np.rot90(a, -1),
    }
    # A file with orientation n holds the scene as the sensor saw it: the inverse of the turn that shows it upright.
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turns[orientation](seen)))
    options = {"quality": 100} if form == "JPEG" else {"lossless": True} if form == "WEBP" else {}
    picture = read_picture(encoded(stored, form, exif=exif, **options))
    assert picture.shape == seen.shape
    assert np.abs(picture.astype(int) - seen).max() <= 3


def test_orientation_of_a_pillow_image_leaves_the_image_alone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.open(io.BytesIO(encoded(Image.fromarray(RAMP), exif=exif)))
    assert read_picture(image).shape == (4, 3)
    assert image.size == (4, 3) and image.getexif()[0x0112] == 6


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own words about the damage
def test_damaged_exif_does_not_lose_the_picture() -> None:
    data = encoded(
        Image.fromarray(np.full((16, 16), 200, np.uint8)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage"
    )
    assert read_picture(data).shape == (16, 16)


# Several pictures


@pytest.mark.parametrize("form", ["TIFF", "GIF", "WEBP", "PNG"])
def test_frames(form: str) -> None:
    frames = [Image.fromarray(np.full((10, 12), level, np.uint8)) for level in (0, 120, 255)]
    options = {"lossless": True} if form == "WEBP" else {}
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert [int(picture.mean()) for picture in read_pictures(data)] == [0, 120, 255]
    assert int(read_picture(data, frame=1).mean()) == 120
    with pytest.raises(PictureError, match="frames 0 to 2, but frame 3"):
        read_picture(data, frame=3)
    with pytest.raises(PictureError, match="3 pictures, the limit is 2"):
        list(read_pictures(data, Limits(max_frames=2)))


def test_frames_of_different_sizes_are_each_held_to_the_limit() -> None:
    small, large = Image.new("L", (10, 10)), Image.new("L", (300, 300))
    pictures = read_pictures(encoded(small, "TIFF", save_all=True, append_images=[large]), Limits(max_pixels=1000))
    assert next(pictures).shape == (10, 10)
    with pytest.raises(PictureError, match="limit is 1,000"):
        next(pictures)


def test_the_depth_map_of_a_telephone_is_no_second_picture() -> None:
    photograph = Image.fromarray(np.full((16, 16), 200, np.uint8))
    data = encoded(photograph, "MPO", save_all=True, append_images=[Image.new("L", (8, 8))])
    assert len(list(read_pictures(data))) == 1


def test_one_picture_has_frame_zero_only() -> None:
    for source in (RAMP, Image.fromarray(RAMP), encoded(Image.fromarray(RAMP))):
        with pytest.raises(PictureError, match=r"(?i)frame 1 was asked"):
            read_picture(source, frame=1)
        with pytest.raises(PictureError, match="count from 0"):
            read_picture(source, frame=-1)
        assert len(list(read_pictures(source))) == 1


# Limits


def test_a_huge_header_is_refused_before_anything_is_decoded() -> None:
    with pytest.raises(PictureError, match="120,000,000"):
        read_picture(png_header(100_000, 100_000))
    with pytest.raises(PictureError, match="120,000,000"):
        read_picture(png_header(12_000, 10_001))


def test_pillows_own_limit_is_replaced_and_put_back() -> None:
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Between Pillow's warning and our limit: opened without a word (this header has no pixels behind it).
        with pytest.raises(PictureError, match="damaged or cut short"):
            read_picture(png_header(10_000, 10_000))
        assert read_picture(np.zeros((20, 20), np.uint8), limits=Limits(max_pixels=400)).shape == (20, 20)
        assert read_picture(encoded(Image.new("L", (20, 20))), limits=Limits(max_pixels=400)).shape == (20, 20)
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("form", FORMATS)
def test_pixel_limit_holds_for_every_format(form: str) -> None:
    data = encoded(Image.new("RGB", (64, 32)), form)
    assert read_picture(data, limits=Limits(max_pixels=2048)).shape == (32, 64)
    with pytest.raises(PictureError, match=r"limit (is|of) 2,047"):
        read_picture(data, limits=Limits(max_pixels=2047))
    with pytest.raises(PictureError, match=r"limit (is|of) 100"):
        read_picture(data, limits=Limits(max_pixels=100))


def test_pixel_limit_holds_for_arrays_and_images() -> None:
    for source in (np.zeros((10, 10), np.uint8), Image.new("L", (10, 10))):
        with pytest.raises(PictureError, match="10 x 10 pixels, the limit is 99"):
            read_picture(source, limits=Limits(max_pixels=99))


def test_byte_limit(tmp_path: Path) -> None:
    data = encoded(Image.fromarray(RAMP))
    path = tmp_path / "big.png"
    path.write_bytes(data)
    for source in (path, data, io.BytesIO(data)):
        assert read_picture(source, limits=Limits(max_bytes=len(data))).shape == (3, 4)
        if isinstance(source, io.BytesIO):
            source.seek(0)
        with pytest.raises(PictureError, match=f"{len(data) - 1:,}"):
            read_picture(source, limits=Limits(max_bytes=len(data) - 1))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_an_endless_device_is_refused() -> None:
    with pytest.raises(PictureError, match="/dev/zero is over the limit of 1,000 bytes"):
        read_picture("/dev/zero", limits=Limits(max_bytes=1000))


def test_limits_are_positive() -> None:
    with pytest.raises(SettingsError):
        Limits(max_pixels=0)


# What is no picture


def sentence(source: object) -> str:
    with pytest.raises(PictureError) as caught:
        read_picture(source)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    return message


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("Dear Sir,\nthis is not a photograph.")
    assert "notes.jpg is not a picture that tenarai knows" in sentence(text)
    empty = tmp_path / "empty.png"
    empty.touch()
    assert "empty.png is empty" in sentence(empty)
    assert "is a directory" in sentence(tmp_path)
    assert "gone.png does not exist" in sentence(tmp_path / "gone.png")
    assert "cannot be opened" in sentence("a\0b.png")
    assert "cannot be opened" in sentence("x" * 5000)
    assert "is empty" in sentence(b"")


def test_nothing_is_fetched() -> None:
    for address in ("http://example.org/a.png", "HTTPS://example.org/a.png"):
        assert f"does not fetch from the network: download {address}" in sentence(address)


def test_other_objects() -> None:
    assert "A int is no picture" in sentence(5)
    assert "A NoneType is no picture" in sentence(None)
    assert "gives str, not bytes" in sentence(io.StringIO("text"))
    closed = io.BytesIO(b"x")
    closed.close()
    assert "cannot be read" in sentence(closed)


def test_heic_is_named() -> None:
    assert "HEIC" in sentence(b"\0\0\0\x18ftypheic" + bytes(100))


def test_postscript_never_reaches_ghostscript() -> None:
    assert "not a picture that tenarai knows" in sentence(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP"])
def test_half_a_file(form: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    path = tmp_path / f"half.{form.lower()}"
    data = encoded(Image.fromarray(noise), form)
    path.write_bytes(data[: len(data) // 2])
    assert f"half.{form.lower()} is" in sentence(path)


SMALL = [
    encoded(Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)), form)
    for form in ("PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "PPM")
]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own words about the damage
@given(st.sampled_from(SMALL), st.data())
@settings(max_examples=150, deadline=None)
def test_damage_gives_a_picture_or_our_error(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        damaged[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        pictures = list(read_pictures(bytes(damaged), Limits(max_pixels=1_000_000, max_frames=20)))
    except PictureError:
        return
    assert pictures and all(picture.dtype == np.uint8 and picture.ndim == 2 for picture in pictures)


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_random_bytes_are_our_error(data: bytes) -> None:
    sentence(data)


# PDF


def pdf(*levels: int) -> bytes:
    pages = [Image.new("L", (72, 144), level) for level in levels]
    return encoded(pages[0], "PDF", save_all=True, append_images=pages[1:], resolution=72)


def test_pdf_pages() -> None:
    pytest.importorskip("pypdfium2")
    pages = list(read_pictures(pdf(0, 120, 255)))
    assert [page.shape for page in pages] == [(400, 200)] * 3
    assert [int(np.median(page)) for page in pages] == pytest.approx([0, 120, 255], abs=2)
    assert int(np.median(read_picture(pdf(0, 120, 255), frame=1))) == pytest.approx(120, abs=2)
    assert read_picture(b"\n" * 9 + pdf(0)).shape == (400, 200)


def test_pdf_is_drawn_coarser_rather_than_over_the_limit() -> None:
    pytest.importorskip("pypdfium2")
    page = read_picture(pdf(0), limits=Limits(max_pixels=2000))
    assert 1500 < page.size <= 2000


def test_damaged_pdf_and_missing_page() -> None:
    pytest.importorskip("pypdfium2")
    assert "damaged or cut short" in sentence(b"%PDF-1.7\nnothing")
    with pytest.raises(PictureError, match="frame 0 only, but frame 4"):
        read_picture(pdf(0), frame=4)


@pytest.mark.parametrize("password", ["secret", ""])
def test_pdf_with_a_password(password: str) -> None:
    pytest.importorskip("pypdfium2")
    writer = pytest.importorskip("pypdf").PdfWriter(io.BytesIO(pdf(120)))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)
    if password:
        said = sentence(written.getvalue())
        assert "takes a password: save it without one" in said and "damaged" not in said
    else:  # it may be read by everybody, if not changed
        assert int(np.median(read_picture(written.getvalue()))) == pytest.approx(120, abs=2)


def test_pdf_in_two_threads() -> None:
    pytest.importorskip("pypdfium2")
    found: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda: found.append([int(np.median(p)) for p in read_pictures(pdf(0, 255, 0))]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[0, 255, 0]] * 4


def test_pdf_without_the_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    assert 'pip install "tenarai[pdf]"' in sentence(pdf(0))
