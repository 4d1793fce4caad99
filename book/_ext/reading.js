// On every page: what scrolls can be reached and scrolled by keyboard, and the search works from files.
(() => {
  // From files no page may read another one, so that results have no excerpts of theirs.
  if (location.protocol === 'file:' && typeof DOCUMENTATION_OPTIONS !== 'undefined') DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  const SCROLLS = 'article pre, article table, article figure, article .cell_output, article .output, article .table-wrapper, article mjx-container, article div.math';

  function reach() {
    for (const node of document.querySelectorAll(SCROLLS)) {
      const way = getComputedStyle(node);
      const scrolls = (node.scrollWidth > node.clientWidth + 1 && /auto|scroll/.test(way.overflowX)) ||
        (node.scrollHeight > node.clientHeight + 1 && /auto|scroll/.test(way.overflowY));
      if (scrolls) node.tabIndex = 0;
      else if (node.tabIndex === 0) node.removeAttribute('tabindex');
    }
  }

  let waiting;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(reach, 150);
  };
  window.addEventListener('load', () => {
    // Of references, which are no list items to a screen reader.
    document.querySelectorAll('.citation-list[role="list"]').forEach((list) => list.removeAttribute('role'));
    reach();
    window.addEventListener('resize', later);
    // Charts and tables come and go.
    const article = document.querySelector('article');
    if (article) new MutationObserver(later).observe(article, { childList: true, subtree: true });
  });
})();
