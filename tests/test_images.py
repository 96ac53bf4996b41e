"""Images: found inside their folders only, opened safely, made fit for a browser."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

import evalwidget as ew
from evalwidget.images import EncodedImage, ImageFolders, ImageMapping, encoded_image, image_size

TURNED = 6  # the EXIF orientation of a camera held upright


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(width: int = 30, height: int = 20) -> Image.Image:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([x * 255 // width, y * 255 // height, 0 * x + 128], -1).astype(np.uint8))


def turned(kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = TURNED
    return encoded(gradient(), kind, exif=exif.tobytes())


def shown(found: EncodedImage) -> Image.Image:
    """The image as a browser shows it."""
    assert found.state == "ok", found.message
    image = Image.open(io.BytesIO(found.data))
    assert found.mime == f"image/{str(image.format).lower()}"
    return ImageOps.exif_transpose(image)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("PNG", "P"), ("PNG", "1")],
)
def test_what_a_browser_can_show_goes_as_it_is(kind: str, mode: str) -> None:
    data = encoded(gradient().convert(mode), kind)
    found = encoded_image(data)
    assert found == EncodedImage("ok", mime=f"image/{kind.lower()}", data=data, size=(30, 20))
    assert image_size(data) == (30, 20)


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (gradient().convert("CMYK"), "JPEG"),
        (gradient().convert("CMYK"), "TIFF"),
        (gradient(), "BMP"),
        (gradient(), "GIF"),
        (gradient(), "WEBP"),
        (gradient(), "PPM"),
        (gradient().convert("LAB"), "TIFF"),
    ],
)
def test_other_kinds_are_converted(image: Image.Image, kind: str) -> None:
    found = encoded_image(encoded(image, kind))
    seen = shown(found)
    assert seen.size == found.size == (30, 20)
    assert found.mime in ("image/png", "image/jpeg")
    difference = np.abs(np.asarray(seen.convert("RGB"), int) - np.asarray(gradient(), int))
    assert difference.mean() < 12


def test_16_bits_are_spread_from_black_to_the_brightest() -> None:
    values = np.linspace(0, 4000, 600).reshape(20, 30).astype(np.uint16)
    seen = np.asarray(shown(encoded_image(encoded(Image.fromarray(values)))))
    assert (seen.min(), seen.max()) == (0, 255)
    assert (np.abs(seen.astype(float) - values / 4000 * 255) <= 1).all()


def test_a_palette_with_a_transparent_colour_keeps_it() -> None:
    found = encoded_image(encoded(gradient().quantize(8), "GIF", transparency=0))
    assert shown(found).mode == "RGBA"


def test_a_large_image_is_made_smaller_and_keeps_its_size_in_the_reply() -> None:
    for kind in ("JPEG", "PNG"):
        found = encoded_image(encoded(gradient(3000, 100), kind))
        assert found.size == (3000, 100)
        assert shown(found).size == (2048, 68)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_image_that_exif_turns_is_shown_upright(kind: str) -> None:
    data = turned(kind)
    assert image_size(data) == (20, 30)
    found = encoded_image(data)
    assert found.size == shown(found).size == (20, 30)
    # the pixel at the left bottom is at the left top once it is upright
    seen = np.asarray(shown(found).convert("RGB"), int)[2, 2]
    assert np.abs(seen - np.asarray(gradient(), int)[-3, 2]).max() < 40


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_annotations_made_on_the_stored_image_keep_it_as_it_is_stored(kind: str) -> None:
    found = encoded_image(turned(kind), (30, 20))
    assert found.size == shown(found).size == (30, 20)
    upright = encoded_image(turned(kind), (20.0, 30.0))
    assert upright.size == shown(upright).size == (20, 30)


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is of this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (png_header(50_000, 50_000), "more than the 100,000,000 pixels that are decoded"),
        (png_header(10_010, 10_010), "10010 x 10010 pixels are more than the 100,000,000 that are decoded"),
        (encoded(gradient(200, 200), "JPEG")[:900], "truncated"),
        (encoded(gradient(200, 200))[:300], ""),
        (b"not an image at all", "not an image of a known format"),
        (b"", "not an image of a known format"),
        (png_header(0, 5), ""),
        (encoded(gradient(), "EPS"), "not an image of a known format"),
    ],
    ids=["bomb", "large", "cut jpeg", "cut png", "text", "empty", "no width", "a program for Ghostscript"],
)
def test_what_cannot_be_decoded_is_unreadable_and_says_why(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(data)
    for found in (file, data):
        reply = encoded_image(found)
        assert (reply.state, reply.data) == ("unreadable", b"")
        assert message in reply.message
        assert reply.message
        image_size(found)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_damaged_images_are_shown_or_unreadable(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"]))
    content = bytearray(turned(kind) if kind in ("JPEG", "PNG", "TIFF") else encoded(gradient(), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + 1] = data.draw(st.binary(max_size=3))
    found = encoded_image(bytes(content), image_size(bytes(content)))
    assert found.state in ("ok", "unreadable")
    assert bool(found.data) == (found.state == "ok")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images in ``inside``, and one beside it that nothing may reach."""
    inside = tmp_path / "inside"
    (inside / "deep").mkdir(parents=True)
    for file in (inside / "a.png", inside / "deep" / "b.png", tmp_path / "secret.png"):
        file.write_bytes(encoded(gradient()))
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    (inside / "out").symlink_to(tmp_path)
    (inside / "alias.png").symlink_to(inside / "a.png")
    return inside


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a.png", "a.png"),
        ("elsewhere/a.png", "a.png"),
        ("deep/b.png", "deep/b.png"),
        (r"deep\b.png", "deep/b.png"),
        ("deep/../a.png", "a.png"),
        ("/mnt/data/a.png", "a.png"),
        ("alias.png", "a.png"),
    ],
)
def test_images_are_found_by_path_or_name(folder: Path, name: str, file: str) -> None:
    assert ImageFolders([folder]).find(name) == (folder / file).resolve()
    assert ImageFolders([folder.parent / "nothing", folder]).find(name) == (folder / file).resolve()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../secret.png", "leads out of the image folder"),
        ("../../../../../../etc/passwd", "leads out of the image folder"),
        ("/etc/passwd", "leads out of the image folder"),
        ("link.png", "leads out of the image folder"),
        ("out/secret.png", "leads out of the image folder"),
        (r"..\secret.png", "leads out of the image folder"),
        ("..", "leads out of the image folder"),
        ("b.png", "not found"),
        ("deep", "not found"),
        ("\0", "not found"),
        ("\ud800.png", "not found"),
        ("a" * 5000, "not found"),
        ("", "the data name no image"),
        (None, "the data name no image"),
    ],
)
def test_no_name_leads_out_of_the_folder(folder: Path, name: str | None, message: str) -> None:
    found = ImageFolders([folder]).find(name)
    assert isinstance(found, EncodedImage)
    assert found.state == "missing"
    assert message in found.message
    assert encoded_image(found) is found
    assert image_size(found) is None


def test_a_run_without_an_image_folder() -> None:
    assert ImageFolders([]).find("a.png") == EncodedImage("missing", "a.png: the run has no image folder")


def test_images_given_by_name(folder: Path) -> None:
    image = gradient()
    given = {"file": folder / "a.png", "text": str(folder / "a.png"), "bytes": encoded(image), "image": image}
    images = ImageMapping(given | {"gone": "gone.png", "number": 7})
    for name in given:
        assert name in images
        assert shown(encoded_image(images.find(name))).size == (30, 20)
    assert images.find("gone").state == "missing"
    assert images.find("other") == EncodedImage("missing", "other: not among the images given")
    assert images.find(None).state == "missing"
    with pytest.raises(ew.EvalWidgetError, match=r"images\['number'\]: expected a path, bytes or a PIL image, got int"):
        images.find("number")
    assert image.getpixel((3, 3)) == gradient().getpixel((3, 3))


def test_sizes_come_from_the_images_where_the_data_give_none(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(turned())
    truth = [{"image": "a.jpg", "phrase": "cat", "box": [0, 0, 0.5, 0.5]}]
    run_folder = tmp_path / "run"
    (run_folder / "predictions").mkdir(parents=True)
    (run_folder / "ground_truth.jsonl").write_text(str(truth[0]).replace("'", '"'))
    (run_folder / "predictions" / "step-1.jsonl").write_text("")
    matches = ew.open_run(run_folder, images=tmp_path).matches()
    assert matches[["ground_truth_x2", "ground_truth_y2"]].values.tolist() == [[10, 15]]


def test_an_image_named_without_its_extension_is_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("a.png", "deep/b.jpg", "c"):
        (tmp_path / name).write_bytes(encoded(gradient()))
    images = ImageFolders([tmp_path])
    assert [getattr(images.find(name), "name", None) for name in ("a", "deep/b", "c")] == ["a.png", "b.jpg", "c"]
    for name in ("b", "..", ".", "a.jpg", "../a"):
        found = images.find(name)
        assert isinstance(found, EncodedImage) or found.is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("fetch", "message"), [(lambda: 1 / 0, "division by zero"), (lambda: "a.jpg", "expected bytes or a PIL image")]
)
def test_an_image_that_cannot_be_fetched_is_unreadable(fetch: Any, message: str) -> None:
    found = encoded_image(fetch)
    assert (found.state, message in found.message) == ("unreadable", True)
    assert image_size(fetch) is None


def test_a_name_without_extension_finds_the_image_that_has_one(tmp_path: Path) -> None:
    root = tmp_path / "images"
    (root / "deep").mkdir(parents=True)
    for name in ("a.jpg", "deep/b.PNG", "frame.01.jpeg"):
        (root / name).write_bytes(b"")
    (tmp_path / "secret.jpg").write_bytes(b"")
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    store = ImageFolders([root])
    assert [store.find(name) for name in ("a", "deep/b", "frame.01")] == [
        root / "a.jpg",
        root / "deep" / "b.PNG",
        root / "frame.01.jpeg",
    ]
    for name in ("c", "link", "../secret", "a.png"):
        assert isinstance(store.find(name), EncodedImage), name
