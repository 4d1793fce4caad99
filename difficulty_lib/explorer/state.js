  // --- what is shown ----------------------------------------------------------------------------

  const state = {
    mode: "map",
    x: 0, // places in `axes`
    y: 0,
    asRanks: false,
    words: [],
    sort: "", // a place in `axes`, "moved" or "id"
    turned: false,
    shown: Int32Array.from({ length: count }, (_, i) => i), // what the filters let through
    picked: null, // what was brushed: a flag for every row, or null
    hits: new Int32Array(0), // the rows of the list, in its order
    active: -1,
    only: false, // whether the map shows nothing else but the selection
  };
  const texts = { columns: [], values: [] };
  const joined = (i) => texts.values.map((column) => column[i]).join(" ▸ ");
  const folded = new Array(count);
  const foldedText = (i) => (folded[i] ??= fold(`${joined(i)}\n${id[i]}`));

  // Ranks are among what the filters let through; kept until these change.
  let ranked = new Map();
  const rankOf = (axis) => {
    if (!ranked.has(axis)) ranked.set(axis, ranks(axis, state.shown));
    return ranked.get(axis);
  };
  const moved = (i) => Math.abs(rankOf(axes[state.x])[i] - rankOf(axes[state.y])[i]);

  function filter() {
    state.words = wordsOf($("search").value);
    const inSplit = Number($("split").value);
    const given = Number($("label").value);
    const said = $("predicted").value;
    state.shown = Int32Array.from({ length: count }, (_, i) => i).filter((i) => {
      if (inSplit >= 0 && split[i] !== inSplit) return false;
      if (given >= 0 && label[i] !== given) return false;
      if (said && differs(i) !== (said === "differs")) return false;
      return state.words.every((word) => foldedText(i).includes(word));
    });
    ranked = new Map();
    layOut();
    order();
    summarise();
  }

  const pickedNumber = () => (state.picked ? state.shown.reduce((n, i) => n + state.picked[i], 0) : 0);

  // The rows of the list: the selection where there is one, else all that is shown.
  function order(keep = false) {
    const rows = state.picked ? state.shown.filter((i) => state.picked[i]) : state.shown.slice();
    const way = state.turned ? -1 : 1;
    let key;
    if (state.sort === "id") key = null;
    else if (state.sort === "moved") key = (i) => -moved(i);
    else {
      const axis = axes[Number(state.sort)];
      const hard = axis.up ? -1 : 1;
      key = (i) => hard * Number(axis.values[i]);
    }
    if (key) {
      const keys = new Float64Array(count);
      for (const i of rows) keys[i] = key(i);
      rows.sort((a, b) => {
        const [x, y] = [keys[a], keys[b]];
        if (x !== x || y !== y) return (x !== x) - (y !== y) || a - b; // unknown last, either way
        return way * (x - y) || a - b;
      });
    } else if (state.turned) rows.reverse();
    state.hits = rows;
    if (!keep || !rows.includes(state.active)) state.active = rows[0] ?? -1;
    grid.scrollTop = 0;
    showList();
    showDetail();
    showNumbers();
  }

  function pick(flags) {
    state.picked = flags;
    order(!flags);
    redraw();
  }

  function showNumbers() {
    const rest = state.shown.length < count ? `${whole(state.shown.length)} of ` : "";
    const all = `${rest}${whole(count)} samples`;
    $("hits").textContent = state.picked ? `${whole(pickedNumber())} selected of ${whole(state.shown.length)}` : all;
    $("clear").disabled = !state.picked;
    $("reset").disabled = state.shown.length === count && !$("search").value;
    const number = state.picked ? pickedNumber() : state.shown.length;
    $("export").textContent = state.picked ? `Export ${whole(number)} selected` : `Export all ${whole(number)}`;
    $("export").disabled = !number;
    say(state.picked ? `${whole(number)} of ${whole(state.shown.length)} samples selected` : `${all} shown`);
  }
