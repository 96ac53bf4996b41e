"""Images: found inside their roots, opened safely, oriented, made fit for a browser. The only importer of PIL."""

import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from evalwidget.errors import EvalWidgetError
from evalwidget.locations import is_location, is_remote, lies_below, located
from evalwidget.readable_text import file_name_of, readable

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_PIXELS",
    "EncodedImage",
    "ImageFolders",
    "ImageMapping",
    "ImageStore",
    "encoded_image",
    "fetched_bytes",
    "image_array",
    "image_size",
    "stored_bytes",
]

#: An image of more pixels than this is not decoded: a small file can ask for all memory.
MAX_PIXELS: Final = 100_000_000
#: Extensions of image files, in lower case.
IMAGE_SUFFIXES: Final = (
    ".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".jp2", ".tga"
)  # fmt: skip
#: Tried in turn where the data name an image without an extension, such as by its id.
_LIKELY_ENDINGS: Final = (".jpg", ".png", ".jpeg", ".JPG", ".JPEG", ".PNG", ".webp", ".bmp", ".tif")
_LONGEST_SIDE: Final = 2048
_SHOWN_AS_IT_IS: Final = {"JPEG": ("RGB", "L"), "PNG": ("RGB", "RGBA", "L", "LA", "P", "1")}
#: What is opened. PIL knows more, some of it through other programs: an EPS file would be run by Ghostscript.
_FORMATS: Final = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "TGA")
_ORIENTATION: Final = 0x0112


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """Bytes a browser can show, with the size ``(width, height)`` of the original; or ``missing`` or ``unreadable``,
    with what is wrong."""

    state: str
    message: str = ""
    mime: str = ""
    data: bytes = b""
    size: tuple[int, int] | None = None


class ImageFolders:
    """Images below one or several folders; no path leads out of them, by ``..`` or by a link."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = [root.resolve() for root in roots]
        #: looking for an image asks another machine
        self.is_remote = any(is_remote(root) for root in self.roots)

    def find(self, name: str | None) -> Path | EncodedImage:
        """The file of ``name``: its path below a root, else its file name there; a name without the extension of an
        image stands for the first file of that name with one."""
        if not name:
            return EncodedImage("missing", "the data name no image")
        if not self.roots:
            return EncodedImage("missing", f"{name}: the run has no image folder")
        pure = PurePosixPath(name.replace("\\", "/"))
        left = False
        places = [pure, PurePosixPath(pure.name)]
        if pure.suffix.lower() not in IMAGE_SUFFIXES and pure.name not in ("", ".."):
            places += [PurePosixPath(f"{place}{ending}") for ending in _LIKELY_ENDINGS for place in places]
        if (own := file_name_of(name)) != name:
            places += [PurePosixPath(own), PurePosixPath(PurePosixPath(own).name)]
        for root in self.roots:
            for candidate in (root / place for place in places):
                try:
                    path = candidate.resolve()
                    if not lies_below(path, root):
                        left = True
                    elif path.is_file():
                        return path
                except Exception:  # file systems of others raise what they like
                    continue
        if left:
            return EncodedImage("missing", f"{name}: leads out of the image folder")
        return EncodedImage("missing", f"{name}: not found")


class ImageMapping:
    """Images by specimen identifier or path: a path, bytes or a PIL image, as the caller has them."""

    def __init__(self, images: Mapping[str, Any]) -> None:
        self._images = images

    def find(self, name: str | None) -> Any:
        if name is None or name not in self._images:
            return EncodedImage("missing", f"{name}: not among the images given")
        found = self._images[name]
        if is_location(found):
            path = located(found)
            return path if path.is_file() else EncodedImage("missing", readable(f"{found}: not found"))
        if isinstance(found, (bytes, Image.Image)):
            return found
        raise EvalWidgetError(f"images[{name!r}]: expected a path, bytes or a PIL image, got {type(found).__name__}")

    def __contains__(self, name: str) -> bool:
        return name in self._images


ImageStore = ImageFolders | ImageMapping


def image_size(found: Any) -> tuple[int, int] | None:
    """Width and height in pixels as shown (orientation applied), from the header alone; None where unreadable."""
    found = _fetched(found)
    if isinstance(found, EncodedImage):
        return None
    try:
        with _quiet(), _opened(found) as image:
            return _shown_size(image)
    except _UNREADABLE:
        return None


def encoded_image(found: Any, annotated_size: tuple[float, float] | None = None) -> EncodedImage:
    """``found`` (what a store's ``find`` gave, or a function that fetches the image) as bytes a browser shows.

    JPEG and PNG go as they are; other modes (CMYK, 16 bits, palettes with odd depths) and sizes are converted to at
    most 2048 pixels a side. The EXIF orientation is applied, unless ``annotated_size`` says that the annotations were
    made on the image without it. Never raises on an image's content: it is ``unreadable``, with the reason.
    """
    found = _fetched(found)
    if isinstance(found, EncodedImage):
        return found
    try:
        with _quiet(), _opened(found) as image:
            return _encoded(image, found, annotated_size)
    except _UNREADABLE as error:
        return EncodedImage("unreadable", _reason(error))


def image_array(found: Any, annotated_size: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """``found`` as ``encoded_image`` takes it, as pixels (height, width, 3): red, green, blue. Raises
    ``EvalWidgetError`` where it is missing or unreadable."""
    found = _fetched(found)
    if isinstance(found, EncodedImage):
        raise EvalWidgetError(f"image {found.state}: {found.message}")
    try:
        with _quiet(), _opened(found) as image:
            turned = image if _is_taken_as_stored(image, annotated_size) else ImageOps.exif_transpose(image)
            pixels: NDArray[np.uint8] = np.asarray(_eight_bits(turned).convert("RGB"))
            return pixels
    except _UNREADABLE as error:
        raise EvalWidgetError(f"image unreadable: {_reason(error)}") from error


def stored_bytes(found: Any) -> bytes | None:
    """``found`` (what a store's ``find`` gave, or a function that fetches the image) as a file holds it, None where
    there is none. A PIL image becomes a PNG, of what is shown where PNG has no such mode."""
    found = _fetched(found)
    if isinstance(found, EncodedImage):
        return None
    if isinstance(found, Image.Image):
        image = _opened(found)
        exif = image.getexif()
        turned = {"exif": exif} if exif.get(_ORIENTATION, 1) != 1 else {}
        image = image if image.mode in _SHOWN_AS_IT_IS["PNG"] else _eight_bits(image)
        buffer = io.BytesIO()
        image.save(buffer, "PNG", **turned)
        return buffer.getvalue()
    return found if isinstance(found, bytes) else bytes(found.read_bytes())


def fetched_bytes(fetch: Callable[[], Any]) -> tuple[bytes | None, str]:
    """What ``fetch`` fetches as ``stored_bytes``, or None and why it cannot be had."""
    found = _fetched(fetch)
    return stored_bytes(found), found.message if isinstance(found, EncodedImage) else ""


_UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
    Image.DecompressionBombError,
    TypeError,
    KeyError,
)


def _fetched(found: Any) -> Any:
    """``found``, or the image that it fetches: a dataset's own code runs then, and raises what it likes."""
    if not callable(found):
        return found
    try:
        image = found()
    except Exception as error:
        return EncodedImage("unreadable", _reason(error))
    if isinstance(image, (bytes, Image.Image)):
        return image
    return EncodedImage("unreadable", f"expected bytes or a PIL image, got {type(image).__name__}")


@contextmanager
def _quiet() -> Iterator[None]:
    """PIL warns of damaged metadata and of large images; what matters of it is in the reply."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _opened(found: Any) -> Image.Image:
    if isinstance(found, Image.Image):
        return found.copy()
    content = found.read_bytes() if not isinstance(found, bytes) and is_remote(found) else found
    image = Image.open(io.BytesIO(content) if isinstance(content, bytes) else content, formats=_FORMATS)
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width} x {image.height}"
        image.close()
        raise ValueError(f"{size} pixels are more than the {MAX_PIXELS:,} that are decoded")
    return image


def _encoded(image: Image.Image, found: Any, annotated_size: tuple[float, float] | None) -> EncodedImage:
    oriented = _shown_size(image)
    as_stored = _is_taken_as_stored(image, annotated_size)
    turned = not as_stored and image.getexif().get(_ORIENTATION, 1) not in (0, 1)
    size = image.size if as_stored else oriented
    kind = image.format or ""
    small = max(image.size) <= _LONGEST_SIDE
    shown_as_it_is = image.mode in _SHOWN_AS_IT_IS.get(kind, ()) and small and not turned and not as_stored
    if kind == "JPEG" and not small:
        image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
    image.load()
    if shown_as_it_is and not isinstance(found, Image.Image):
        data = found if isinstance(found, bytes) else found.read_bytes()
        return EncodedImage("ok", mime=f"image/{kind.lower()}", data=data, size=size)
    if turned:
        image = ImageOps.exif_transpose(image)
    image = _eight_bits(image)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    buffer = io.BytesIO()
    if image.mode == "RGBA" or kind in ("PNG", "GIF", "BMP", ""):
        image.save(buffer, "PNG", compress_level=1)
        return EncodedImage("ok", mime="image/png", data=buffer.getvalue(), size=size)
    image.save(buffer, "JPEG", quality=90)
    return EncodedImage("ok", mime="image/jpeg", data=buffer.getvalue(), size=size)


def _eight_bits(image: Image.Image) -> Image.Image:
    """``image`` as RGB, RGBA or L; deeper grey values are spread from black to the brightest there is."""
    if image.mode in ("RGB", "RGBA", "L"):
        return image
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float64)
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        top = values.max(initial=0.0)
        return Image.fromarray(np.clip(values / (top or 1.0) * 255, 0, 255).astype(np.uint8))
    has_alpha = image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _shown_size(image: Image.Image) -> tuple[int, int]:
    turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    return (image.height, image.width) if turned else (image.width, image.height)


def _is_taken_as_stored(image: Image.Image, annotated_size: tuple[float, float] | None) -> bool:
    """Whether the annotations were made on an image without its EXIF orientation."""
    return annotated_size is not None and annotated_size == image.size != _shown_size(image)


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image of a known format"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than the {MAX_PIXELS:,} pixels that are decoded"
    return str(error) or type(error).__name__
