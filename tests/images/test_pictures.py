import base64
import re
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest
from refusals import raises_one_line

from difficulty_lib.images import Gallery, GalleryRow, Picture, edge_pixels, pixel_entropy, png


def decoded(picture):
    """The numbers, the colour type and the palette of a PNG, read by its specification."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(picture):
        (length,) = struct.unpack(">I", picture[place : place + 4])
        name, body = picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        assert (
            zlib.crc32(name + body)
            == struct.unpack(">I", picture[place + 8 + length : place + 12 + length])[0]
        )
        chunks[name] = body
        place += 12 + length
    width, height, bits, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (bits, rest) == (8, [0, 0, 0])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert (lines[:, 0] == 0).all()
    return lines[:, 1:], colour, chunks.get(b"PLTE")


def test_a_png_holds_the_numbers():
    values = np.array([[0.0, 0.5, 1.0], [2.0, -1.0, 0.2]])
    pixels, colour, palette = decoded(png(values))
    assert pixels.tolist() == [[0, 128, 255], [255, 0, 51]]
    assert (colour, palette) == (0, None)
    assert decoded(png(values, top=2))[0][1, 0] == 255


def test_the_heat_map_rises_in_lightness():
    _, colour, palette = decoded(png(np.eye(2), heat=True))
    assert colour == 3
    rgb = np.frombuffer(palette, np.uint8).reshape(256, 3) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert (luminance[4:] > luminance[:-4]).all()


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((0, 2)), np.array([[np.nan]])])
def test_what_is_no_picture_is_refused(values):
    raises_one_line(lambda: png(values), "(height, width)")


def gallery(name="a", heads=("hard", "easy")):
    one = Picture(png(np.eye(3)), '"><script>x</script>', ("1.00", "→ <b>"))
    return Gallery(
        "what <it> shows", "class", heads, [GalleryRow(name, [[one, one], [one]])], size=40
    )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def test_every_picture_says_what_it_is_and_loads_nothing():
    parser = Tags()
    html = gallery("<i>")._repr_html_()
    parser.feed(html)
    images = [attrs for tag, attrs in parser.seen if tag == "img"]
    assert [image["alt"] for image in images] == ['"><script>x</script>'] * 3
    assert all(
        base64.b64decode(i["src"].removeprefix("data:image/png;base64,"))[:4] == b"\x89PNG"
        for i in images
    )
    tags = {tag for tag, _ in parser.seen}
    assert not tags & {"script", "b", "i", "link"}
    assert "http" not in html
    spans = [int(a["colspan"]) for t, a in parser.seen if t == "th" and "colspan" in a]
    assert spans == [2, 1]
    assert len(re.findall(r"<td", html)) == 3


def test_without_pictures_it_is_read():
    text = repr(gallery())
    assert text.startswith("what <it> shows\nclass a, hard: ")


def test_a_row_with_other_groups_is_refused():
    raises_one_line(lambda: gallery(heads=("hard",)), "a do not have a group")
    raises_one_line(lambda: Gallery("c", "d", ("e",), []), "0 rows")


def test_the_entropy_of_a_pixel_is_the_least_its_loss_can_be():
    x = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    p = np.linspace(1e-6, 1 - 1e-6, 200_001)
    least = [(-(v * np.log(p) + (1 - v) * np.log(1 - p))).min() for v in x]
    np.testing.assert_allclose(pixel_entropy(x), least, atol=2e-6)


def test_edges_are_where_a_neighbour_differs():
    images = np.zeros((2, 6, 6), np.float32)
    images[0, 2:4, 2:4] = 1
    slow = np.zeros_like(images, dtype=bool)
    for n, r, c in np.ndindex(images.shape):
        around = images[n, max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2]
        slow[n, r, c] = around.max() - around.min() >= 0.5
    np.testing.assert_array_equal(edge_pixels(images), slow)
    assert slow[0].sum() == 16
    assert not slow[1].any()
