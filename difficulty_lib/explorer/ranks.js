  // --- ranks ------------------------------------------------------------------------------------

  // Rank 1 is the hardest; equals share the mean of their places; NaN where there is no value.
  function ranks(axis, rows) {
    const known = Array.from(rows).filter((i) => Number.isFinite(Number(axis.values[i])));
    const way = axis.up ? -1 : 1;
    const { values } = axis;
    known.sort((a, b) => way * (Number(values[a]) - Number(values[b])));
    const found = new Float64Array(count).fill(NaN);
    for (let from = 0; from < known.length; ) {
      let to = from + 1;
      while (to < known.length && values[known[to]] === values[known[from]]) to += 1;
      for (let n = from; n < to; n += 1) found[known[n]] = (from + 1 + to) / 2;
      from = to;
    }
    return found;
  }

  // Spearman's correlation of what both axes know of these rows, high being hard on both, with the
  // 95 % interval of Bonett and Wright (2000).
  function spearman(first, second, rows) {
    const both = Array.from(rows).filter(
      (i) => Number.isFinite(Number(first.values[i])) && Number.isFinite(Number(second.values[i])),
    );
    const n = both.length;
    if (n < 4) return null;
    const [a, b] = [ranks(first, both), ranks(second, both)];
    const middle = (n + 1) / 2;
    let [ab, aa, bb] = [0, 0, 0];
    for (const i of both) {
      const [x, y] = [a[i] - middle, b[i] - middle];
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    if (!aa || !bb) return null;
    const value = ab / Math.sqrt(aa * bb);
    const z = Math.atanh(Math.min(1 - 1e-12, Math.max(-1 + 1e-12, value)));
    const half = 1.959964 * Math.sqrt((1 + value ** 2 / 2) / (n - 3));
    return { n, value, low: Math.tanh(z - half), high: Math.tanh(z + half) };
  }
