"""Pictures: drawn anew before they are kept, so that nothing travels in them but what one sees."""

from __future__ import annotations

from io import BytesIO
from typing import IO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from guildhall.core.errors import Refused

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2400
# A picture that is decoded here is drawn anew as one of the last two: a photo stays a photo, anything else keeps its edges.
READABLE = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}


def redraw(file: IO[bytes], content_type: str) -> tuple[IO[bytes], str]:
    """Return the picture upright, at most ``LONGEST_SIDE`` pixels long, without metadata; and its content type, JPEG or PNG.

    Raises:
        Refused: it has too many pixels, or cannot be read to its end.
    """
    file.seek(0)
    try:
        image: Image.Image = Image.open(file, formats=[READABLE[content_type]])  # reads the header only
        if image.width * image.height > MOST_PIXELS:
            raise _too_large()
        photo = content_type == "image/jpeg" or (content_type == "image/webp" and not image.has_transparency_data)
        # A JPEG can be read at a fraction of its size: what will be thrown away is never decoded.
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(image)
        upright = upright.convert("RGB" if photo else "RGBA" if upright.has_transparency_data else "RGB")
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        drawn = Image.new(upright.mode, upright.size)
        drawn.paste(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except (OSError, SyntaxError, ValueError, EOFError, Image.UnidentifiedImageError) as error:
        raise Refused(_("This picture cannot be read: the file is damaged. Try to save it anew.")) from error
    target = BytesIO()
    if photo:
        drawn.save(target, "JPEG", quality=85, optimize=True, progressive=True)
    else:
        drawn.save(target, "PNG", optimize=True)
    return target, "image/jpeg" if photo else "image/png"


def _too_large() -> Refused:
    limit = MOST_PIXELS // 1_000_000
    return Refused(_("This picture has more than %(limit)s million pixels. Make it smaller and try again.") % {"limit": limit})
