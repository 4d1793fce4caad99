"""The explorer driven in a browser, from a file, by mouse, touch and keys."""

import csv
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from browser import until
from explorer.samples import NAMES, make_data, make_dynamics
from hostile import HOSTILE

from difficulty_lib import Dynamics, score_table
from difficulty_lib.analysis import spearman
from difficulty_lib.data import TextData
from difficulty_lib.explorer import explorer_page
from difficulty_lib.review import inert, plain

pytestmark = pytest.mark.site
SHOWN = "[...document.querySelectorAll('#rows .row')].map(r => Number(r.dataset.index))"


@pytest.fixture
def open_page(visit, tmp_path):
    def opened(sources, data=None, mode="map", **settings):
        path = explorer_page(sources, data, tmp_path, **settings)
        visit.path = path
        visit.page.goto(f"{path.as_uri()}#mode={mode}", wait_until="load")
        return visit.page

    return opened


def shown(page):
    """The samples drawn in the list, by their place in the data, in the order of the document."""
    return page.evaluate(SHOWN)


def everything(page):
    """All samples of the list, scrolled through."""
    page.evaluate("document.getElementById('grid').style.maxHeight = 'none'")
    page.evaluate("document.getElementById('grid').style.height = '90000px'")
    page.evaluate("document.getElementById('grid').style.flex = 'none'")
    page.wait_for_timeout(150)
    return shown(page)


def exported(page, kind="csv"):
    page.select_option("#kind", kind)
    with page.expect_download() as waited:
        page.click("#export")
    content = waited.value.path().read_bytes().decode("utf8")
    return waited.value.suggested_filename, content


def table_of(values, **more):
    """A table of scores 'a' and 'b', sample 1 first."""
    count = len(values[0])
    index = pd.RangeIndex(1, count + 1, name="sample_id")
    return pd.DataFrame({"a": values[0], "b": values[1], **more}, index=index)


def corners(page, low, high, of=(0, 1)):
    """Where on the window a rectangle lies, of a map of values from 0 to 1 on both axes."""
    box = page.locator("#over").bounding_box()
    left, right, upper, lower = 64, 14, 12, 34
    width, height = box["width"] - left - right, box["height"] - upper - lower
    room = 0.03 * (of[1] - of[0])

    def at(x, y):
        across = (x - of[0] + room) / (of[1] - of[0] + 2 * room)
        up = (of[1] + room - y) / (of[1] - of[0] + 2 * room)
        return box["x"] + left + across * width, box["y"] + upper + up * height

    return at(*low), at(*high)


def lattice():
    """Points of a 20 × 20 lattice over the unit square, and which lie in a rectangle."""
    x, y = (v.ravel() for v in np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41)))
    return table_of((x, y))


def set_axes(page, x="a", y="b"):
    page.select_option("#x", label=x)
    page.select_option("#y", label=y)


# --- brush -------------------------------------------------------------------------------------


def test_a_rectangle_selects_what_lies_in_it_and_stays_with_other_axes(open_page, visit):
    table = lattice()
    page = open_page(table.assign(c=-table["a"]))
    set_axes(page)
    (x0, y0), (x1, y1) = corners(page, (0.2125, 0.5125), (0.4375, 0.7625))
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move((x0 + x1) / 2, y0)
    page.mouse.move(x1, y1, steps=3)
    page.mouse.up()
    wanted = table.query("0.2125 < a < 0.4375 and 0.5125 < b < 0.7625").index
    until(page, f"hits.textContent === '{len(wanted)} selected of 1,681'")
    page.wait_for_timeout(450)
    assert page.inner_text("#live") == f"{len(wanted)} of 1,681 samples selected"
    page.select_option("#x", label="c")
    assert {i + 1 for i in everything(page)} == set(wanted)
    page.select_option("#sort", label="hardest by b")
    order = table.loc[wanted].sort_values(["b", "a"], ascending=[False, True]).index
    assert [i + 1 for i in everything(page)] == order.tolist()
    page.click("#clear")
    assert page.inner_text("#hits") == "1,681 samples"
    visit.clean()


def test_a_rectangle_by_keys(open_page, visit):
    page = open_page(lattice())
    set_axes(page)
    page.locator("#over").focus()
    assert page.is_visible("#map-keys")
    page.keyboard.press("Space")  # in the middle
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowUp")
    page.wait_for_timeout(100)
    page.keyboard.press("Space")
    box = page.locator("#over").bounding_box()
    width, height = box["width"] - 78, box["height"] - 46
    # 72 pixels to the right and up from the middle of the canvas, in units of the axes.
    x0, y0 = (
        (box["width"] / 2 - 64) / width * 1.06 - 0.03,
        1.03 - (box["height"] / 2 - 12) / height * 1.06,
    )
    x1, y1 = x0 + 72 / width * 1.06, y0 + 72 / height * 1.06
    wanted = lattice().query(f"{x0} <= a <= {x1} and {y0} <= b <= {y1}").index
    assert len(wanted) > 20
    assert page.inner_text("#hits") == f"{len(wanted)} selected of 1,681"
    assert {i + 1 for i in everything(page)} == set(wanted)
    page.locator("#over").focus()
    page.keyboard.press("Escape")
    assert page.inner_text("#hits") == "1,681 samples"
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(450)
    assert page.inner_text("#live").startswith("a 0.")
    visit.clean()


def test_a_rectangle_by_touch_on_a_phone(phone, tmp_path):
    phone.path = explorer_page(lattice(), None, tmp_path)
    page = phone.open(phone.path)
    set_axes(page)
    page.locator("#over").scroll_into_view_if_needed()
    (x0, y0), (x1, y1) = corners(page, (0.2125, 0.5125), (0.4375, 0.7625))
    touch = phone.context.new_cdp_session(page)

    def send(kind, *points):
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in points]},
        )

    send("touchStart", (1, (x0, y0)))
    send("touchMove", (1, ((x0 + x1) / 2, (y0 + y1) / 2)))
    send("touchMove", (1, (x1, y1)))
    send("touchEnd")
    wanted = lattice().query("0.2125 < a < 0.4375 and 0.5125 < b < 0.7625").index
    until(page, f"hits.textContent === '{len(wanted)} selected of 1,681'")
    scrolls = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(scrolls), "the page is wider than the phone"
    # Two fingers that part: the map is larger, the selection as it was.
    before = page.evaluate("over.toDataURL()")
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    send("touchStart", (1, middle), (2, (middle[0] + 20, middle[1])))
    for n in range(1, 4):
        send(
            "touchMove",
            (1, (middle[0] - 15 * n, middle[1])),
            (2, (middle[0] + 20 + 15 * n, middle[1])),
        )
    send("touchEnd")
    page.wait_for_timeout(100)
    assert page.evaluate("over.toDataURL()") != before
    assert page.inner_text("#hits") == f"{len(wanted)} selected of 1,681"
    phone.clean()


def test_a_click_on_a_point_reads_it(open_page, visit):
    x = np.array([0.0, 1.0, 0.5])
    page = open_page(table_of((x, x)))
    set_axes(page)
    (middle, upper) = corners(page, (0.5, 0.5), (1, 1))
    page.mouse.click(*middle)
    assert page.inner_text("#detail-title") == "Sample 3"
    page.mouse.click(*upper)
    assert page.inner_text("#detail-title") == "Sample 2"
    visit.clean()


def test_the_wheel_and_dragging_move_the_map_and_fit_takes_it_back(open_page, visit):
    page = open_page(lattice())
    set_axes(page)
    pixels = "document.getElementById('points').toDataURL()"
    page.wait_for_timeout(100)
    first = page.evaluate(pixels)
    (x, y), _ = corners(page, (0.5, 0.5), (1, 1))
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(150)
    zoomed = page.evaluate(pixels)
    assert zoomed != first
    page.get_by_role("button", name="Move").click()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=3)
    page.mouse.up()
    page.wait_for_timeout(150)
    assert page.evaluate(pixels) not in (first, zoomed)
    assert page.inner_text("#hits") == "1,681 samples"
    page.click("#fit")
    page.wait_for_timeout(150)
    assert page.evaluate(pixels) == first
    visit.clean()


# --- list, filters, search ---------------------------------------------------------------------


def test_filters_search_and_order(open_page, visit):
    dynamics, data = make_dynamics(60), make_data(60)
    page = open_page(dynamics, data)
    scores = score_table(dynamics.stream())
    hardest = scores["action_score"].sort_values(ascending=False).index - 100
    assert everything(page) == hardest.tolist()
    page.select_option("#label", label="good (20)")
    assert everything(page) == [i for i in hardest if i % 3 == 1]
    page.select_option("#predicted", "differs")
    assert everything(page) == [i for i in hardest if i % 3 == 1 and i % 7 == 0]
    page.click("#reset")
    page.fill("#search", "N37")
    assert shown(page) == [37]
    assert page.inner_text("#rows mark") == "n37"
    assert page.inner_text("#hits") == "1 of 60 samples"
    page.fill("#search", "137")  # its id
    assert shown(page) == [37]
    page.fill("#search", "")
    page.select_option("#sort", label="hardest by confidence")
    page.click("#turn")
    assert (
        everything(page) == (scores["confidence"].sort_values(ascending=False).index - 100).tolist()
    )
    visit.clean()


def test_a_sample_in_full_beside_its_curves(open_page, visit):
    dynamics, data = make_dynamics(60), make_data(60)
    other = make_dynamics(60, seed=4)
    page = open_page({"one": dynamics, "two": other}, data)
    page.locator("#grid").focus()
    page.keyboard.press("End")
    last = shown(page)[-1]
    assert page.inner_text("#detail-title") == f"Sample {last + 100}"
    assert page.inner_text("#detail-text") == data["train"]["review"][last + 100]
    said = page.get_attribute("#detail-curve svg", "aria-label")
    expected = [
        f"{name}: " + ", ".join(f"epoch {e + 1}: {v:.2f}" for e, v in enumerate(column))
        for name, column in (
            ("one", dynamics.stream().matrix("loss")[:, last].round(3)),
            ("two", other.stream().matrix("loss")[:, last].round(3)),
        )
    ]
    assert said == "; ".join(expected)
    facts = page.locator("#detail-facts tr", has_text="action score").first.inner_text().split("\t")
    wanted = [score_table(d.stream())["action_score"][last + 100] for d in (dynamics, other)]
    assert [float(f) for f in facts[1:]] == pytest.approx(wanted, abs=0.0051)
    visit.clean()


def test_only_rows_in_view_exist(open_page, visit):
    page = open_page(make_dynamics(5000), make_data(5000))
    assert int(page.get_attribute("#grid", "aria-rowcount")) == 5001
    assert len(shown(page)) < 30
    page.evaluate("document.getElementById('grid').scrollTop = 90000")
    page.wait_for_timeout(100)
    assert 5 < len(shown(page)) < 30
    page.locator("#grid").focus()
    for key, place in (("End", "5,000"), ("ArrowUp", "4,999"), ("Home", "1")):
        page.keyboard.press(key)
        assert page.inner_text("#detail-place") == f"{place} of 5,000"
        active = page.locator(f"#{page.get_attribute('#grid', 'aria-activedescendant')}")
        box, grid = active.bounding_box(), page.locator("#grid").bounding_box()
        assert grid["y"] <= box["y"]
        assert box["y"] + box["height"] <= grid["y"] + grid["height"] + 1
    visit.clean()


@pytest.mark.parametrize("texts", [True, False])
@pytest.mark.parametrize("width", [901, 925, 1230, 1231])
def test_no_column_is_cut_off_beside_the_detail(open_page, visit, texts, width):
    train, test = make_dynamics(20, first=1), make_dynamics(10, first=15, split="test")
    data = make_data(20, first=1) if texts else None
    if texts:
        more = make_data(10, first=15, split="test")
        data = TextData(**{**data.__dict__, "splits": data.splits | more.splits})
    page = open_page(Dynamics({**train._streams, **test._streams}), data)
    page.set_viewport_size({"width": width, "height": 800})
    until(page, "document.querySelectorAll('#rows .row').length > 2")
    over = page.evaluate(
        "(({scrollWidth: all, clientWidth: seen}) => all - seen)(document.getElementById('grid'))"
    )
    assert over <= 0
    edge = page.locator("#grid").bounding_box()
    for cell in page.locator("#rows .row").first.locator("> div:visible").all():
        box = cell.bounding_box()
        assert box["width"] > 40
        assert box["x"] + box["width"] <= edge["x"] + edge["width"]
    page.locator("#rows .row").first.click()
    assert re.search("· (train|test)$", page.inner_text("#detail-place"))
    visit.clean()


# --- comparison --------------------------------------------------------------------------------


def test_comparison_ranks_correlation_and_who_moves_most(open_page, visit):
    first, second = make_dynamics(200), make_dynamics(200, seed=1)
    a, b = (score_table(d.stream())["action_score"] for d in (first, second))
    page = open_page({"one": first, "two": second}, make_data(200), mode="compare")
    assert page.inner_text("#x option:checked") == "action score (one)"
    assert page.inner_text("#y option:checked") == "action score (two)"
    ranks = [s.rank(ascending=False) for s in (a, b)]
    far = (ranks[0] - ranks[1]).abs().rename("far").reset_index()
    order = far.sort_values(["far", "sample_id"], ascending=[False, True])["sample_id"] - 100
    assert everything(page) == order.tolist()
    top = page.locator("#rows .row").first
    of = order.iloc[0] + 100
    assert top.locator(".x").inner_text() == str(int(ranks[0][of]))
    assert top.locator(".y").inner_text() == str(int(ranks[1][of]))
    expected = spearman(a, b)
    value, low, high = (
        float(t.strip("[],").replace("−", "-")) for t in page.inner_text("#rho").split()[2:]
    )
    assert value == pytest.approx(expected.value, abs=0.0051)
    # Two ways to an interval: Fisher's z, and a bootstrap.
    assert low == pytest.approx(expected.low, abs=0.05)
    assert high == pytest.approx(expected.high, abs=0.05)
    page.click("#table-open")
    rows = page.locator("#table-rows tr").all_inner_texts()
    assert rows[0].split("\t")[0:2] == ["all shown", "200"]
    assert {r.split("\t")[0] for r in rows[1:]} == {f"label: {n}" for n in NAMES}
    middle = page.locator("#table-rows tr", has_text="label: good").inner_text().split("\t")
    good = a[a.index % 3 == 2]
    assert float(middle[2]) == pytest.approx(good.median(), abs=0.0051)
    assert float(middle[-1]) == pytest.approx(far["far"][good.index - 100].median(), abs=0.51)
    visit.clean()


def test_equal_ranks_and_directions(open_page, visit):
    """Ties share their mean place; of a score whose low end is hard the least comes first."""
    confidence = np.array([0.9, 0.1, 0.5, 0.5, 0.7] * 4)
    mine = np.array([1.0, 5.0, 3.0, 3.0, 2.0] * 4)
    page = open_page(table_of((mine, mine), confidence=confidence), mode="compare")
    set_axes(page, "confidence", "a")
    assert page.inner_text("#rho").startswith("ρ = 1.00")
    page.select_option("#sort", "id")
    expected = pd.Series(confidence).rank()
    rows = page.locator("#rows .row").all()[:5]
    assert [r.locator(".x").inner_text() for r in rows] == [
        str(int(np.floor(expected[i] + 0.5))) for i in range(5)
    ]
    visit.clean()


# --- export ------------------------------------------------------------------------------------


def test_exports_hold_what_is_selected_with_formulas_inert(open_page, visit):
    names = list(dict.fromkeys(t for t in HOSTILE if "\ud83d" not in t))
    count = len(names)
    data = make_data(count, {"=1+1": names, "confidence": names[::-1]}, names=names)
    dynamics = make_dynamics(count)
    page = open_page(dynamics, data, title="a <b>")
    name, content = exported(page)
    assert name == "a-b.selected.csv"
    read = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [int(r["sample_id"]) for r in read] == list(range(100, 100 + count))
    assert [r["'=1+1"] for r in read] == [inert(t) for t in names]
    assert [r["confidence_"] for r in read] == [inert(t) for t in names[::-1]]
    assert [r["label"] for r in read] == [inert(names[i % 3]) for i in range(count)]
    wanted = score_table(dynamics.stream())
    np.testing.assert_allclose(
        [float(r["action_score"]) for r in read], wanted["action_score"], rtol=1e-6
    )
    losses = [[float(r[f"loss_{e}"]) for e in (1, 2, 3, 4)] for r in read]
    np.testing.assert_allclose(np.transpose(losses), dynamics.stream().matrix("loss"), atol=0.00051)
    page.fill("#search", "onerror")
    name, content = exported(page, "json")
    assert name == "a-b.selected.json"
    samples = json.loads(content)["samples"]
    assert 0 < len(samples) < count
    assert all("onerror" in s["=1+1"] + s["confidence_"] for s in samples)
    assert all(s["=1+1"] == names[s["sample_id"] - 100] for s in samples)  # JSON is no spreadsheet
    visit.clean()


# --- texts that nobody vouches for -------------------------------------------------------------


def test_nothing_hostile_runs_moves_or_hides(open_page, visit):
    names = list(dict.fromkeys(HOSTILE))
    visit.page.add_init_script("window.alert = () => { window.ran = true }")
    count = len(names)
    data = make_data(
        count, {"</script><script>alert(1)</script>": names, "b": names[::-1]}, names=names
    )
    rng = np.random.default_rng(0)
    index = pd.Index(range(100, 100 + count), name="sample_id")
    table = pd.DataFrame(
        {"<img src=x onerror=alert(1)>": rng.random(count), "\u202e__proto__": rng.random(count)},
        index=index,
    ).assign(
        label=pd.Series(names, index=index, dtype=object),
        predicted=pd.Series(names[::-1], index=index, dtype=object),
        split="train",
    )
    hostile = "<svg onload=alert(1)>\u202e"
    projection = pd.DataFrame(rng.random((count, 2)), index=index, columns=[hostile, "__proto__"])
    page = open_page(
        {hostile: table, "__proto__": table},
        data,
        title=hostile,
        projection=projection,
        command=hostile,
    )
    tags = "[...new Set([...document.querySelectorAll('body *')].map(n => n.localName))]"
    before = set(page.evaluate(tags))
    page.select_option("#sort", "id")
    page.locator("#grid").focus()
    for i, name in enumerate(names):
        got = page.locator("#detail-text p").first.text_content()
        wanted = plain(name.replace("\r\n", "\n"))
        assert " ".join(got.split()) == " ".join(wanted.split()), repr(name)
        given = page.locator(f"#r{i} .given .chip").text_content()
        assert " ".join(given.split()) == " ".join(wanted.split())
        page.keyboard.press("ArrowDown")
    for query in ("<script>", "onerror", "__proto__", '"=1+1"'):
        page.fill("#search", query)
        assert page.inner_text("#hits") != f"0 of {count} samples"
    page.click("#reset")
    for mode in ("compare", "map"):
        page.click(f"[data-mode={mode}]")
    for dialog in ("table", "about"):
        page.click(f"#{dialog}-open")
        page.click(f"#{dialog}-close")
    assert set(page.evaluate(tags)) - before <= {"mark", "span", "th", "td", "tr"}
    words = page.evaluate("document.body.textContent.replace(/window.EXPLORER[^]*/, '')")
    assert page.evaluate("window.ran") is None
    shown_words = page.evaluate("document.body.innerText")
    assert not [c for c in shown_words if c != plain(c) and c not in "\t\r"]
    assert words
    visit.clean()


def test_the_policy_stops_what_is_not_the_pages_own(open_page, visit):
    page = open_page(lattice())
    refused = page.evaluate(
        """async () => {
          const script = document.createElement('script');
          try { script.textContent = 'window.ran = true'; } catch { return 'types'; }
          document.body.append(script);
          return String(window.ran);
        }"""
    )
    assert refused == "types"
    assert page.evaluate("fetch('https://example.org/').catch(() => 'refused')") == "refused"
    assert [url for url in visit.requests if not url.startswith("file:")] == []


# --- for everybody -----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_reader(open_page, visit, scheme):
    visit.page.emulate_media(color_scheme=scheme)
    page = open_page(make_dynamics(300), make_data(300))
    page.wait_for_timeout(100)
    corner = page.evaluate(
        "[...document.getElementById('points').getContext('2d').getImageData(80, 20, 1, 1).data]"
    )
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == f"rgb({corner[0]}, {corner[1]}, {corner[2]})"
    assert (corner[0] < 60) == (scheme == "dark")
    visit.clean()


def test_every_control_has_a_name_and_a_place_in_the_order_of_tab(open_page, visit):
    page = open_page({"one": make_dynamics(60), "two": make_dynamics(60, seed=1)}, make_data(60))
    unnamed = page.evaluate(
        """[...document.querySelectorAll('button, input, select, canvas:not([aria-hidden]), [role=grid]')]
          .filter(n => n.checkVisibility())
          .filter(n => !(n.ariaLabel || n.textContent.trim() || n.labels?.length))
          .map(n => n.outerHTML)"""
    )
    assert unnamed == []
    assert page.get_attribute("#over", "aria-label").startswith("Map of 60 samples: variability")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {
        "search",
        "x",
        "y",
        "as-ranks",
        "over",
        "sort",
        "table-open",
        "kind",
        "export",
        "grid",
    } <= reached
    assert page.get_attribute("#live", "aria-live") == "polite"


@pytest.mark.parametrize("device", ["visit", "phone"])
def test_frames_of_twenty_thousand_points(request, tmp_path, device):
    """Panning and zooming leave a frame's 16.7 ms mostly free, even where another process works."""
    visit = request.getfixturevalue(device)
    rng = np.random.default_rng(0)
    points = table_of((rng.random(20_000), rng.random(20_000)))
    page = visit.open(explorer_page(points, None, tmp_path))
    page.wait_for_selector("#over")
    set_axes(page)
    (x, y), _ = corners(page, (0.5, 0.5), (1, 1))
    page.mouse.move(x, y)
    spent = page.evaluate(
        """async () => {
          const over = document.getElementById('over');
          const spent = [];
          const real = window.requestAnimationFrame.bind(window);
          window.requestAnimationFrame = (todo) => real((now) => {
            const from = performance.now(); todo(now); spent.push(performance.now() - from);
          });
          const box = over.getBoundingClientRect();
          const [clientX, clientY] = [box.x + box.width / 2, box.y + box.height / 2];
          for (let n = 0; n < 60; n += 1) {
            const deltaY = n % 20 < 10 ? -30 : 30;
            const options = { deltaY, clientX, clientY, cancelable: true };
            over.dispatchEvent(new WheelEvent('wheel', options));
            await new Promise((done) => real(() => setTimeout(done)));
          }
          return spent;
        }"""
    )
    assert len(spent) >= 50
    print(f"frame: median {np.median(spent):.1f} ms, 95 % {np.quantile(spent, 0.95):.1f} ms")
    assert np.median(spent) < 16.7
    visit.clean()
