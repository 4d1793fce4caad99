  // --- points into pixels -----------------------------------------------------------------------
  // Twenty thousand discs a frame are much for a canvas, and little for a loop over its pixels.

  // A disc as offsets and coverages, 0 to 256, smooth at its edge.
  function disc(radius) {
    const reach = Math.ceil(radius);
    const found = [];
    for (let dy = -reach; dy <= reach; dy += 1)
      for (let dx = -reach; dx <= reach; dx += 1) {
        const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(dx, dy)));
        if (cover > 0) found.push(dx, dy, Math.round(cover * 256));
      }
    return { reach, dots: Int32Array.from(found) };
  }

  // Little-endian pixels: 0xAABBGGRR.
  const packed = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r;

  // Puts a disc of `colour` at every (x, y) of `rows` onto the pixels.
  function stamp(pixels, width, height, rows, px, py, shape, alpha, colourOf) {
    const { reach, dots } = shape;
    for (let n = 0; n < rows.length; n += 1) {
      const i = rows[n];
      const x = px[i];
      const y = py[i];
      // Not a number, or beyond the edge: neither comparison holds.
      if (!(x >= reach && x < width - reach && y >= reach && y < height - reach)) continue;
      const colour = colourOf[i];
      const [rb, g] = [colour & 0xff00ff, (colour >>> 8) & 0xff];
      const at = (y | 0) * width + (x | 0);
      for (let d = 0; d < dots.length; d += 3) {
        const to = at + dots[d + 1] * width + dots[d];
        const a = (dots[d + 2] * alpha) >> 8;
        const b = 256 - a;
        const old = pixels[to];
        const redBlue = ((Math.imul(rb, a) + Math.imul(old & 0xff00ff, b)) >>> 8) & 0xff00ff;
        const green = (g * a + ((old >>> 8) & 0xff) * b) & 0xff00;
        pixels[to] = 0xff000000 | redBlue | green;
      }
    }
  }
