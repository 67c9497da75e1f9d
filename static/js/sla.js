// The SLA board: working time counts down, h and l change the column, p pauses. The server drew every word first.
(() => {
  'use strict';
  const { $, $$ } = window.wf;
  const skew = Date.parse(document.body.dataset.now) - performance.timeOrigin - performance.getEntriesByType('navigation')[0].responseStart;
  const two = n => String(n).padStart(2, '0');
  function words(s) {
    const h = Math.floor(s / 3600), m = Math.floor(s % 3600 / 60), r = s % 60;
    if (h) return m ? `${h} h ${two(m)} min` : `${h} h`;
    if (s >= 600 || !r) return `${m} min`;
    return m ? `${m} min ${two(r)} s` : `${r} s`;
  }
  function tick() {
    const root = $('[data-sla-at]');
    if (!root || document.hidden) return;
    const at = root.dataset.slaAt, now = Math.floor((Date.now() + skew) / 1000);
    const passed = root.dataset.hours.split(';').map(all => all.split(',').reduce((sum, one) => {
      const [from, to] = one.split('-');
      return to ? sum + Math.max(0, Math.min(now, to) - Math.max(at, from)) : sum;
    }, 0));
    for (const each of $$('[data-left]')) {
      const left = each.dataset.left - passed[each.dataset.cal];
      const text = `${words(Math.abs(left))} ${left < 0 ? 'over' : 'left'}`;
      if (each.textContent !== text) each.textContent = text;
    }
  }
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', tick);
  document.addEventListener('keydown', event => {
    const card = event.target.closest('#board [data-row]');
    if (!card || event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.keys === 'off' || $('dialog[open]')) return;
    if (event.key === 'p') $('[data-hold]', card)?.click();
    const by = { h: -1, l: 1 }[event.key];
    const columns = $$('#board section:has([data-row])');
    const next = by && columns[columns.indexOf(card.closest('section')) + by];
    const rows = next ? $$('[data-row]', next) : [];
    rows[Math.min(rows.length - 1, [...card.parentElement.children].indexOf(card))]?.querySelector('.ti a').focus();
  });
})();
