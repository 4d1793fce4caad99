  // --- columns ----------------------------------------------------------------------------------
  // Numbers come as base64 of little-endian typed arrays, as every browser's machine has them, all
  // first bytes before all second ones: so they compress better.

  const KINDS = {
    u1: Uint8Array,
    u2: Uint16Array,
    i2: Int16Array,
    i4: Int32Array,
    i8: BigInt64Array,
    f4: Float32Array,
  };

  function unpack(column) {
    if (!column) return null;
    const packed = atob(column.data);
    const bytes = new Uint8Array(packed.length);
    const width = KINDS[column.kind].BYTES_PER_ELEMENT;
    const length = packed.length / width;
    for (let b = 0, n = 0; b < width; b += 1)
      for (let i = 0; i < length; i += 1, n += 1) bytes[i * width + b] = packed.charCodeAt(n);
    return new KINDS[column.kind](bytes.buffer);
  }

  const split = unpack(data.split);
  const id = unpack(data.id);
  const label = unpack(data.label);
  const sides = data.sides.map((side) => {
    const coded = unpack(side.loss);
    return {
      name: plain(side.name),
      predicted: unpack(side.predicted),
      epochs: side.epochs,
      top: side.loss?.top ?? 0,
      // The loss after each epoch, null where it was not observed.
      losses: coded
        ? (i) =>
            side.epochs.map((_, e) => {
              const value = coded[e * count + i];
              return value === 65535 ? null : value * side.loss.unit;
            })
        : () => null,
      hasLoss: Boolean(coded),
    };
  });
  const top = Math.max(0, ...sides.map((side) => side.top));

  // What can stand on an axis, order the list, or be compared: every score of every side.
  const axes = [];
  data.sides.forEach((side, s) => {
    for (const score of side.scores)
      axes.push({
        side: s,
        name: score.name,
        title: plain(score.title),
        up: score.up,
        known: score.known,
        values: unpack(score),
        ranked: true,
      });
  });
  if (data.projection)
    ["x", "y"].forEach((key, n) =>
      axes.push({
        side: -1,
        name: `projection_${key}`,
        title: `projection, ${plain(data.projection.titles[n])}`,
        up: true,
        values: unpack(data.projection[key]),
        ranked: false,
      }),
    );
  for (const axis of axes) {
    axis.full = axis.side >= 0 && sides.length > 1 ? `${axis.title} (${sides[axis.side].name})` : axis.title;
    axis.column = axis.side >= 0 && sides.length > 1 ? `${axis.name} (${data.sides[axis.side].name})` : axis.name;
    // Few different values, such as counts, are drawn apart from each other, at random but always alike.
    const some = new Set(axis.values.subarray(0, 5000));
    axis.few = some.size <= 30 && count > 60;
    if (axis.few) {
      const ordered = [...some].filter(Number.isFinite).map(Number).sort((a, b) => a - b);
      let gap = Infinity;
      for (let n = 1; n < ordered.length; n += 1) gap = Math.min(gap, ordered[n] - ordered[n - 1]);
      axis.gap = Number.isFinite(gap) ? gap : 1;
    }
  }
  const chance = (i, salt) => {
    let n = Math.imul(i + 1, 0x9e3779b1) ^ salt;
    n = Math.imul(n ^ (n >>> 15), 0x85ebca6b);
    n = Math.imul(n ^ (n >>> 13), 0xc2b2ae35);
    return ((n ^ (n >>> 16)) >>> 0) / 2 ** 32 - 0.5;
  };

  const labels = data.labelNames.map(plain);
  const splits = data.splits.map(plain);
  const differs = (i, s = 0) => {
    const said = sides[s]?.predicted;
    return Boolean(said && label && said[i] >= 0 && label[i] >= 0 && said[i] !== label[i]);
  };

  const decimals = (axis) => {
    if (axis.decimals === undefined) {
      let most = 0;
      let integers = true;
      for (let i = 0; i < count; i += 1) {
        const value = Number(axis.values[i]);
        if (!Number.isFinite(value)) continue;
        most = Math.max(most, Math.abs(value));
        integers &&= Number.isInteger(value);
      }
      axis.decimals = integers ? 0 : most >= 1000 ? 0 : most >= 10 ? 2 : most >= 0.1 ? 3 : 5;
    }
    return axis.decimals;
  };
  const format = (axis, i) => {
    const value = Number(axis.values[i]);
    return Number.isFinite(value) ? value.toFixed(decimals(axis)) : "—";
  };
