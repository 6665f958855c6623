"""The icon of the app, drawn as the tray draws it: `icon.py FILE.icns`."""

import sys
from pathlib import Path

from PIL import Image

from trayexec.adapters import glyph
from trayexec.core.view import IconState

SIZES = (16, 32, 64, 128, 256, 512, 1024)


def drawn(size: int) -> Image.Image:
    """The padlock, with the margin that macOS's icons have."""
    inner = size * 13 // 16
    image = Image.new("RGBA", (size, size))
    image.paste(glyph.draw(IconState.OPEN, 1.0, inner), ((size - inner) // 2, (size - inner) // 2))
    return image


largest, *others = (drawn(size) for size in reversed(SIZES))
largest.save(Path(sys.argv[1]), "ICNS", append_images=others)
