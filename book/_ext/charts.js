// Draws every chart of the page when it comes near the window, and again when the colours change.
(() => {
  const unpack = (data) => {
    if (!data || !data.$columns) return data;
    const names = Object.keys(data.$columns);
    return data.$columns[names[0]].map((_, row) =>
      Object.fromEntries(names.map((name) => [name, data.$columns[name][row]])));
  };
  const isDark = () => document.documentElement.dataset.theme === 'dark';
  const charts = new Map();

  for (const figure of document.querySelectorAll('figure.study-chart')) {
    const spec = JSON.parse(figure.querySelector('script').textContent);
    for (const name of Object.keys(spec.datasets || {})) spec.datasets[name] = unpack(spec.datasets[name]);
    charts.set(figure, { spec, view: null });
  }

  async function draw(figure) {
    const chart = charts.get(figure);
    const drawn = await vegaEmbed(figure.querySelector('.study-chart-view'), chart.spec, {
      mode: 'vega-lite',
      renderer: (chart.spec.usermeta || {}).renderer || 'svg',
      theme: isDark() ? 'dark' : undefined,
      config: { background: 'transparent', text: { color: isDark() ? '#d5dbe1' : '#1c2733' } },
      actions: { export: true, source: false, compiled: false, editor: false },
    });
    if (chart.view) chart.view.finalize();
    chart.view = drawn.view;
    figure.chartView = drawn.view;
    figure.dataset.drawn = 'yes';
  }

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: '500px' });
  for (const figure of charts.keys()) near.observe(figure);

  let wasDark = isDark();
  new MutationObserver(() => {
    if (isDark() === wasDark) return;
    wasDark = isDark();
    for (const [figure, chart] of charts) if (chart.view) draw(figure);
  }).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
})();
