// Keyboard and selection in lists. Single letters act only while focus is in a list or its reading pane
// (WCAG 2.1.4), never in a field, never with a modifier, never on key repeat; <body data-keys="off"> ends them.
(() => {
  'use strict';
  const { $, $$, say, guarded, openDialog } = window.wf;
  const FIELDS = 'textarea, select, [contenteditable=true], input:not([type=checkbox], [type=radio], [type=button], [type=submit])';
  const PANE = '[data-pane]:not([data-triage])'; // on a list the attribute names its pane
  const PLACES = { i: 'inbox', m: 'my-requests', r: 'records', s: 'sla', w: 'workflows' };
  const lettersOn = () => document.body.dataset.keys !== 'off';
  const rows = list => $$('[data-row]', list);
  const link = row => $('.ti a, [data-row-link]', row);
  const current = list => rows(list).find(row => row.contains(document.activeElement))
    || rows(list).find(row => $('[aria-current]', row));
  let waitingForPlace = 0;
  let paneTimer = 0;
  let lastTicked = null;

  // ---- moving ----
  function mark(list, row) {
    $$('[data-row] [aria-current]', list).forEach(each => each.removeAttribute('aria-current'));
    link(row)?.setAttribute('aria-current', 'true');
  }
  function go(list, row) {
    if (!row) return;
    mark(list, row);
    link(row).focus();
    row.scrollIntoView({ block: 'nearest' });
    showPane(list, row);
  }
  /** Two panes: read beside the list. All previews share one source, so the last one asked for wins. */
  function showPane(list, row) {
    const pane = list.dataset.pane && $(list.dataset.pane);
    if (!pane || !row.dataset.url || !pane.checkVisibility?.() || !window.htmx) return false;
    clearTimeout(paneTimer);
    paneTimer = setTimeout(() => {
      window.htmx.ajax('GET', row.dataset.url, { target: pane, swap: 'innerHTML', source: pane });
    }, 120);
    return true;
  }
  function step(list, by) {
    const all = rows(list);
    const at = all.indexOf(current(list));
    go(list, all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))]);
  }
  document.addEventListener('click', event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
    const row = event.target.closest('[data-triage] [data-row]');
    if (!row || event.target.closest('label, input, button, summary, a:not(.ti a, [data-row-link])')) return;
    const list = row.closest('[data-triage]');
    if (showPane(list, row)) { event.preventDefault(); mark(list, row); link(row).focus(); } else if (!event.target.closest('a')) link(row).click();
  });

  // ---- selecting: what is ticked is counted, said and shown ----
  function selectionChanged(list) {
    const boxes = $$('.check[name]', list);
    const ticked = boxes.filter(box => box.checked).length;
    const bar = document.getElementById(list.dataset.selbar || 'selbar');
    if (bar) {
      bar.toggleAttribute('data-on', ticked > 0);
      $$('[data-selected-count]', bar).forEach(each => { each.textContent = ticked; });
    }
    for (const all of $$('[data-select-all]')) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
    say(ticked ? `${ticked} selected` : 'Nothing selected');
    list.dispatchEvent(new CustomEvent('wf:selection', { bubbles: true, detail: { count: ticked } }));
  }
  function tick(list, box, range) {
    const boxes = $$('.check[name]', list);
    if (range && lastTicked?.isConnected) {
      const ends = [boxes.indexOf(lastTicked), boxes.indexOf(box)].sort((a, b) => a - b);
      boxes.slice(ends[0], ends[1] + 1).forEach(each => { each.checked = box.checked; });
    }
    lastTicked = box;
    selectionChanged(list);
  }
  function selectAll(list, on) {
    $$('.check[name]', list).forEach(box => { box.checked = on && !box.disabled; });
    selectionChanged(list);
  }
  document.addEventListener('click', event => {
    const box = event.target.closest('[data-triage] .check[name]');
    if (box) { tick(box.closest('[data-triage]'), box, event.shiftKey); return; }
    const list = $('[data-triage]');
    const all = event.target.closest('[data-select-all]');
    if (all && list) selectAll(list, all.type === 'checkbox' ? all.checked : true);
    if (event.target.closest('[data-select-none]') && list) selectAll(list, false);
  });

  // ---- letters ----
  function press(key, scopes) {
    const button = scopes.flatMap(scope => $$(`[data-key="${key}"]`, scope)).find(each => each.checkVisibility?.() ?? true);
    if (!button || guarded()) return false;
    if (button.getAttribute('aria-disabled') === 'true') button.focus();
    button.click();
    return true;
  }
  function inPlace(event, list, pane) {
    const key = event.key.toLowerCase();
    if (list && (key === 'j' || event.key === 'ArrowDown')) step(list, 1);
    else if (list && (key === 'k' || event.key === 'ArrowUp')) step(list, -1);
    else if (list && key === 'x') {
      const box = $('.check[name]', current(list) || list);
      if (!box) return false;
      box.checked = !box.checked;
      tick(list, box, event.shiftKey);
    } else if ('arcdzno'.includes(key) && key.length === 1) {
      const row = list && current(list);
      const shown = $$(PANE);
      // A letter must never decide something other than the row it was pressed on.
      if (row && shown.some(each => each.dataset.for !== undefined && each.dataset.for !== row.dataset.id)) return false;
      return press(key, key === 'z' || !shown.length ? [document] : shown);
    } else return false;
    return true;
  }
  function anywhere(event) {
    if (waitingForPlace > performance.now()) {
      waitingForPlace = 0;
      const place = PLACES[event.key];
      const goal = place && ($(`[data-place="${place}"]`) || $(`#side a[data-id="${place}"]`));
      if (goal) { goal.click(); return true; }
    }
    if (event.key === 'g') { waitingForPlace = performance.now() + 1500; return true; }
    if (event.key === '/') { $('#q')?.focus(); return !!$('#q'); }
    if (event.key === '?') { const help = $('#keys'); if (help && !help.open) openDialog(help); return !!help; }
    return false;
  }
  function escape() {
    if ($('dialog[open]')) return false;
    const open = $$('details.pop[open]').pop();
    if (open) { open.open = false; $('summary', open).focus(); return true; }
    const cancel = $$('[data-cancel]').find(each => each.checkVisibility?.() ?? true);
    if (cancel) { cancel.click(); return true; }
    const list = $('[data-triage]');
    if (list && $('.check[name]:checked', list)) { selectAll(list, false); return true; }
    return false;
  }
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') { if (escape()) event.preventDefault(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && !/^Arrow|^[jk]$/.test(event.key)) return;
    if (event.target.closest?.(FIELDS) || $('dialog[open]')) return;
    const list = event.target.closest?.('[data-triage]') || (event.target === document.body && /^[jk]$/.test(event.key) ? $('[data-triage]') : null);
    const pane = event.target.closest?.(PANE);
    if (/^Arrow/.test(event.key) ? !list : !lettersOn()) return;
    if ((list || pane) && !(waitingForPlace > performance.now()) && inPlace(event, list, pane)) event.preventDefault();
    else if (!/^Arrow/.test(event.key) && anywhere(event)) event.preventDefault();
  });
})();
