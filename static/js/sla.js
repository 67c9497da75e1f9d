// The SLA board: business time counts down, h and l change the column, p pauses. The server drew every word first.
(() => {
  'use strict';
  const board = () => document.querySelector('#board');
  const skew = Date.parse(document.body.dataset.now) - performance.timeOrigin - (performance.getEntriesByType('navigation')[0]?.responseStart || 0);
  const two = n => String(n).padStart(2, '0');
  const words = s => {
    const h = Math.floor(s / 3600), m = Math.floor(s % 3600 / 60), r = s % 60;
    if (h) return m ? `${h} h ${two(m)} min` : `${h} h`;
    if (s >= 600 || !r) return `${m} min`;
    return m ? `${m} min ${two(r)} s` : `${r} s`;
  };
  function tick() {
    const root = document.querySelector('[data-sla-at]');
    if (!root || document.hidden) return;
    const at = +root.dataset.slaAt, now = Math.floor((Date.now() + skew) / 1000);
    const hours = root.dataset.hours.split(';').map(all => all.split(',').filter(Boolean).map(one => one.split('-')));
    const passed = hours.map(all => all.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(now, to) - Math.max(at, from)), 0));
    for (const each of document.querySelectorAll('[data-left]')) {
      const left = each.dataset.left - passed[each.dataset.cal];
      const text = `${words(Math.abs(left))} ${left < 0 ? 'over' : 'left'}`;
      if (each.textContent !== text) each.textContent = text;
    }
  }
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', tick);
  document.addEventListener('keydown', event => {
    const card = event.target.closest?.('#board [data-row]');
    if (!card || event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.keys === 'off' || document.querySelector('dialog[open]')) return;
    if (event.key === 'p') card.querySelector('[data-hold]')?.click();
    const by = { h: -1, l: 1 }[event.key];
    if (!by) return;
    const columns = [...board().querySelectorAll('section:has([data-row])')];
    const next = columns[columns.indexOf(card.closest('section')) + by];
    const rows = next?.querySelectorAll('[data-row]');
    if (rows) rows[Math.min(rows.length - 1, [...card.parentElement.children].indexOf(card))].querySelector('.ti a').focus();
  });
})();
