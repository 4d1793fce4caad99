"""Shaded texts: what stands in them, that nothing of a text can run, and that they can be read."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.analysis import TokenDifficulty

pytest.importorskip("IPython")
from difficulty_lib.book import token_map
from difficulty_lib.book._token_map import level, visible
from difficulty_lib.book._token_style import _DARK, _DAY, _LIGHT, _NIGHT, LEVELS, STYLE

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "</span></p></figure><iframe src=javascript:alert(1)>",
    "</style><script>alert(1)</script>",
    "&lt;script&gt; &amp; &#60;b&#62; &notanentity",
    "]]><!-- --!> <!--",
    "<svg/onload=alert(1)>",
    "\u202egnp.exe\u202c \u2066a\u2069 \u200b\ufeff \x00\x1b[31m \x7f\x9b \u2028 \U000e0041",
]
ALLOWED = {
    "style": set(),
    "figure": {"class", "role", "aria-label"},
    "section": {"class"},
    "p": {"class", "dir", "aria-hidden"},
    "span": {"class", "tabindex", "role", "title"},
    "b": set(),
    "i": set(),
    "svg": {"viewbox", "aria-hidden"},
    "polyline": {"points"},
    "table": {"class"},
    "caption": set(),
    "tr": set(),
    "th": set(),
    "td": set(),
}


def tokens_of(texts, seed=0, epochs=4, cut=None):
    """A token per run of characters between spaces, and one for the end of each text."""
    rng = np.random.default_rng(seed)
    rows = []
    for sample_id, text in texts.items():
        spans = [m.span() for m in re.finditer(r"[^ ]+", text)][:cut]
        spans.append((spans[-1][1] if spans else 0,) * 2)
        for position, (start, end) in enumerate(spans):
            special = position == len(spans) - 1
            rows.append((sample_id, position, start, end, text[start:end], special, 1))
    names = ["sample_id", "position", "start", "end", "token", "special", "tokens"]
    table = pd.DataFrame(rows, columns=names).set_index(names[:2])
    losses = rng.exponential(1.0, (epochs, len(table)))
    table["action_score"], table["last_loss"] = losses.sum(axis=0), losses[-1]
    return TokenDifficulty(pd.Series(texts), table, losses, np.arange(epochs) + 1)


class Page(HTMLParser):
    """What a page holds: the elements with their attributes, and the text by class."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.texts, self.unclosed = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        self.open.append((tag, attributes.get("class", "")))
        if "tm-text" in attributes.get("class", "").split():
            self.texts.append([])

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data):
        inside = [name for _, name in self.open]
        if "tm-text" in inside and "tm-tip" not in inside:
            self.texts[-1].append(data)

    def shown(self):
        return ["".join(text) for text in self.texts]

    def of(self, name):
        return [a for _, a in self.elements if name in a.get("class", "").split()]


def page_of(tokens, *args, **settings):
    html = token_map(tokens, *args, **settings)._repr_html_()
    page = Page(html)
    assert page.open == []
    for tag, attributes in page.elements:
        assert set(attributes) <= ALLOWED[tag], (tag, attributes)
    return page


# What it shows


def test_texts_are_whole_and_in_the_order_asked_for():
    texts = {9: "Tom is  here.\nOr not", 4: "naïve 😀 שלום", 7: "a"}
    page = page_of(tokens_of(texts), [4, 9])
    assert page.shown() == [texts[4] + "⟨end⟩", texts[9] + "⟨end⟩"]
    assert len(page.of("tm-t")) == 3 + 1 + 5  # "here.\nOr" is one
    assert all(token["tabindex"] == "0" for token in page.of("tm-t"))


def test_shades_are_the_scores():
    tokens = tokens_of({1: "a b c d e f g h"})
    for score in ("action_score", "last_loss"):
        page = page_of(tokens, score=score, top=3.0)
        steps = [int(re.search(r"tm-(\d)", t["class"]).group(1)) for t in page.of("tm-t")]
        by_hand = [min(7, int(8 * (value / 3.0) ** 0.5)) for value in tokens.table[score]]
        assert steps == by_hand


@pytest.mark.parametrize(
    ("value", "step"),
    [(0, 0), (-1, 0), (0.99, 2), (9.99, 7), (10, 7), (1e9, 7), (10 / 64 + 0.01, 1)],
)
def test_levels(value, step):
    assert level(value, 10.0) == step


def test_numbers_and_curve_of_every_epoch():
    tokens = tokens_of({5: "word"}, epochs=3)
    html = token_map(tokens).html
    tip = html[html.index("tm-tip") : html.index("</svg>") + 400]
    for epoch, loss in zip((1, 2, 3), tokens.losses[:, 0]):
        assert f"<span><i>{epoch}</i>{loss:.2f}</span>" in tip
    assert f"{tokens.table['action_score'].iloc[0]:.2f} nats" in tip
    points = re.search(r'points="([^"]+)"', tip).group(1).split()
    heights = [int(point.split(",")[1]) for point in points]
    wanted = 26 - 24 * tokens.losses[:, 0] / tokens.losses.max()
    np.testing.assert_allclose(heights, wanted, atol=0.51)


def test_one_epoch_is_a_level_line():
    html = token_map(tokens_of({5: "word"}, epochs=1)).html
    (x0, y0), (x1, y1) = (
        p.split(",") for p in re.search(r'points="([^"]+)"', html).group(1).split()
    )
    assert (x0, x1, y0) == ("2", "94", y1)


def test_a_planted_piece_is_underlined():
    tokens = tokens_of({5: "Tom met Ann", 6: "ok then"})
    marked = pd.DataFrame({"start": [8, -1], "end": [11, -1]}, index=[5, 6])
    page = page_of(tokens, marked=marked, titles={5: "Bob → Ann"})
    classes = [t["class"].split() for t in page.of("tm-t")]
    assert ["tm-mark" in c for c in classes] == [False, False, True, False, False, False, False]
    assert page.of("tm-key")
    assert not page_of(tokens).of("tm-key")
    raises_one_line(lambda: token_map(tokens, marked=marked[["end"]]), "no column 'start'")


def test_tokens_of_one_character_are_shown_as_one():
    tokens = tokens_of({5: "a😀 b"})
    table = pd.DataFrame(
        [
            (0, 1, "a"),
            (1, 2, "😀"),
            (1, 2, "😀"),
            (1, 2, "😀"),
            (2, 3, " "),
            (3, 4, "b"),
            (4, 4, ""),
        ],
        columns=["start", "end", "token"],
        index=pd.MultiIndex.from_product([[5], range(7)], names=tokens.table.index.names),
    ).assign(special=[False] * 6 + [True], tokens=1, action_score=1.0, last_loss=0.5)
    many = TokenDifficulty(tokens.texts, table, np.ones((2, 7)), np.array([1, 2]))
    html = token_map(many).html
    page = Page(html)
    assert page.shown() == ["a😀 b⟨end⟩"]
    assert len(page.of("tm-t")) == 5
    assert "3.00 nats · 3 tokens" in html


def test_what_was_cut_off_is_shown_but_not_shaded():
    page = page_of(tokens_of({5: "one two three four"}, cut=2))
    assert "".join(page.shown()) == "one two⟨end⟩ three four"
    assert [a["title"] for a in page.of("tm-cut")] == ["not scored"]


# What must not happen


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_a_text_runs(attack):
    page = page_of(tokens_of({5: f"a {attack} b"}), titles={5: attack})
    (shown,) = page.shown()
    kept = "".join(
        f"⟨U+{ord(c):04X}⟩" if visible(c) != c and c not in "<>&\"'" else c for c in attack
    )
    assert shown == f"a {kept} b⟨end⟩"


def test_the_page_loads_nothing():
    html = token_map(tokens_of({5: "http://example.org url(x) @import"})).html
    style = html[: html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "<" not in STYLE
    html.encode("utf8")


def test_controls_are_shown_by_their_numbers():
    for (
        character
    ) in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\x00\x08\x7f\ud800":
        assert visible(character) == f"⟨U+{ord(character):04X}⟩"
    for character in "aא😀ع\n\t é\u200d":  # a joiner holds emoji together
        assert visible(character) == character


def test_a_page_stays_small():
    texts = dict.fromkeys(range(36), "twenty five words " * 8)
    html = token_map(tokens_of(texts, epochs=6)).html
    assert len(html) / (36 * 25) < 700  # bytes per token
    texts[36] = "one more"
    raises_one_line(lambda: token_map(tokens_of(texts)), "37 samples", "1 to 36")


def test_refusals():
    tokens = tokens_of({5: "a b", 6: "c"})
    raises_one_line(lambda: token_map(tokens, []), "0 samples")
    raises_one_line(lambda: token_map(tokens, [5, 5]), "twice")
    raises_one_line(lambda: token_map(tokens, [8]), "[8]")
    raises_one_line(lambda: token_map(tokens, score="aum"), "score is 'aum'", kind=ConfigError)
    raises_one_line(lambda: token_map(tokens, top=0.0), "top is 0.0", kind=ConfigError)


# For every reader


def test_a_screen_reader_is_told():
    tokens = tokens_of({5: "Tom left", 6: "ok"})
    html = token_map(tokens).html
    page = Page(html)
    label = page.of("token-map")[0]["aria-label"]
    assert label.startswith("2 texts of 5 tokens")
    assert "epochs 1 to 4" in label
    for sample_id in (5, 6):
        assert f"<caption>Sample {sample_id}: action score of every token, in nats" in html
    assert re.findall(r"<tr><td>([^<]*)</td>", html) == ["Tom", "left", "⟨end⟩", "ok", "⟨end⟩"]


def test_a_place_without_html_gets_words():
    tokens = tokens_of({5: "Tom left", 6: ""})
    shown = repr(token_map(tokens))
    assert shown.splitlines()[0].startswith("2 texts")
    hardest = tokens.table.loc[5].nlargest(1, "action_score")["token"].iloc[0] or "⟨end⟩"
    assert f"5: hardest {hardest}" in shown


def luminance(colour):
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.array(colour) / 255
    ]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def colours(style):
    hue = [int(n) for n in re.search(r"--tm-hue:(\d+) (\d+) (\d+)", style).groups()]
    found = {}
    for name, digits in re.findall(r"--tm-(ground|ink|soft):#([0-9a-f]+)", style):
        digits = digits if len(digits) == 6 else "".join(d * 2 for d in digits)
        found[name] = [int(digits[i : i + 2], 16) for i in (0, 2, 4)]
    return np.array(hue), found


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("style", "opacities"), [(_DAY, _LIGHT), (_NIGHT, _DARK)])
def test_text_can_be_read_on_every_shade_and_steps_can_be_told_apart(style, opacities):
    hue, names = colours(style)
    assert len(opacities) == LEVELS
    shades = [np.array(names["ground"]) * (1 - o) + hue * o for o in opacities]
    assert min(contrast(names["ink"], shade) for shade in shades) >= 4.5  # WCAG AA
    assert contrast(names["soft"], names["ground"]) >= 4.5
    light = [luminance(shade) for shade in shades]
    steps = np.diff(light) if light[-1] > light[0] else -np.diff(light)
    assert (steps > 0).all()  # lightness alone tells them apart
    assert contrast(shades[0], shades[-1]) > 1.9
