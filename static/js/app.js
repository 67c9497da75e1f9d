// The behaviour every page shares: announcements, focus after a swap, dialogs, toasts, theme, session.
// No inline script, no eval; everything here is an extra, pages work without it.
(() => {
  'use strict';
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const GUARD_MS = 600;
  let guardedUntil = 0;
  let opener = null;

  /** Tell screen readers; `urgent` interrupts. Emptied first so that the same words are said twice. */
  function say(text, urgent) {
    const region = $(urgent ? '#alert' : '#live');
    if (!region || !text) return;
    region.textContent = '';
    setTimeout(() => { region.textContent = text; }, 60);
  }

  /** True for 600 ms after new content came under the pointer: a second click was meant for the old content. */
  const guarded = () => performance.now() < guardedUntil;
  const guard = () => { guardedUntil = performance.now() + GUARD_MS; };

  function focusOn(element) {
    if (!element) return;
    if (!element.matches('a[href], button, input, select, textarea, summary, [tabindex]')) element.tabIndex = -1;
    element.focus();
  }

  // ---- focus contract: what arrives with data-focus gets the focus, once ----
  function settle() {
    const wanted = $('[data-focus]');
    if (!wanted) return;
    wanted.removeAttribute('data-focus');
    focusOn(wanted);
  }
  document.addEventListener('htmx:after:swap', event => {
    if (event.target.matches?.('[data-poll]')) return;
    if (event.detail?.ctx?.swap !== 'none') guard();
    const dialog = $('#dialog');
    if (dialog && dialog.childElementCount && !dialog.open && event.detail?.ctx?.target === dialog) openDialog(dialog);
    settle();
    startToasts();
  });
  document.addEventListener('wf:done', event => {
    say(event.detail?.say, event.detail?.urgent);
    if (event.detail?.focus) focusOn($(event.detail.focus));
  });

  // ---- dialogs ----
  function openDialog(dialog, from) {
    opener = from || document.activeElement;
    dialog.showModal();
    focusOn($('[autofocus]', dialog) || $('h1, h2', dialog));
  }
  document.addEventListener('close', event => {
    if (event.target.tagName !== 'DIALOG') return;
    if (opener?.isConnected) opener.focus();
    opener = null;
    if (event.target.id === 'dialog') event.target.replaceChildren();
  }, true);

  document.addEventListener('click', event => {
    const at = selector => event.target.closest(selector);
    const opens = at('[data-open]');
    if (opens) {
      const dialog = document.getElementById(opens.dataset.open);
      if (dialog) { event.preventDefault(); openDialog(dialog, opens); }
      return;
    }
    if (at('[data-close]')) { at('[data-close]').closest('dialog')?.close(); return; }
    if (event.target.tagName === 'DIALOG' && event.target.open && !$('form', event.target)) { event.target.close(); return; }
    if (at('[data-theme-toggle]')) { toggleTheme(); return; }
    if (at('[data-set-dir]')) { document.documentElement.dir = at('[data-set-dir]').dataset.setDir; return; }
    if (at('[data-dismiss]')) { at('[data-dismiss]').closest('[data-toast]')?.remove(); return; }
    if (at('[data-print]')) { window.print(); return; }
    // A list in an error summary leads to fields: also when the named thing is only a group around one.
    const jump = at('[data-errors] a[href^="#"]');
    if (jump) {
      const goal = document.getElementById(jump.hash.slice(1));
      const field = goal?.matches('input, select, textarea') ? goal : goal && $('input, select, textarea', goal);
      if (field) { event.preventDefault(); field.focus(); field.scrollIntoView({ block: 'center' }); }
    }
    if (!at('details.pop')) $$('details.pop[open]').forEach(pop => { pop.open = false; });
  });
  // Something switched off says why instead of nothing.
  document.addEventListener('click', event => {
    const off = event.target.closest('[aria-disabled=true]');
    if (!off) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const reason = document.getElementById(off.getAttribute('aria-describedby') || '');
    say(reason?.textContent.trim().replace(/\s+/g, ' '), true);
  }, true);

  // ---- theme: the server draws it from the cookie, so there is no flash ----
  function toggleTheme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    const secure = location.protocol === 'https:' ? '; secure' : '';
    document.cookie = `wfweb_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    say(dark ? 'Light colours' : 'Dark colours');
  }

  // ---- toasts stay their whole time and wait while somebody points at or uses them ----
  function startToasts() {
    for (const toast of $$('[data-toast]:not([data-started])')) {
      toast.dataset.started = '';
      const home = $('#toasts');
      if (home && toast.parentElement !== home) home.append(toast);
      say($('[data-say]', toast)?.textContent);
      let left = Number(toast.dataset.toast) || 12;
      const timer = setInterval(() => {
        if (!toast.isConnected) { clearInterval(timer); return; }
        if (document.hidden || toast.matches(':hover, :focus-within')) return;
        left -= 1;
        if (left <= 0) { clearInterval(timer); toast.remove(); }
      }, 1000);
    }
  }

  // ---- signed out in the meantime: nothing typed is lost ----
  document.addEventListener('wf:signin', () => {
    const dialog = $('#session');
    if (dialog && !dialog.open) { openDialog(dialog); say('Sign in again to go on', true); }
  });
  /** After signing in elsewhere this page still holds the old token; read the new one from a fresh copy of the page. */
  async function rejoin() {
    const dialog = $('#session');
    if (!dialog?.open) return;
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => null);
    if (!answer?.ok || answer.redirected) { say('You are still signed out', true); return; }
    const fresh = $('meta[name=csrf-token]', new DOMParser().parseFromString(await answer.text(), 'text/html'))?.content;
    if (!fresh) return;
    $('meta[name=csrf-token]').content = fresh;
    $$('input[name=csrf_token]').forEach(field => { field.value = fresh; });
    dialog.close();
    say('You are signed in again');
  }
  document.addEventListener('click', event => { if (event.target.closest('[data-session-check]')) rejoin(); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) rejoin(); });
  document.addEventListener('htmx:config:request', event => {
    const token = $('meta[name=csrf-token]')?.content;
    const request = event.detail.ctx.request;
    if (request.method === 'GET') request.body?.delete?.('csrf_token'); // an address is logged and shared
    else if (token) request.headers['X-CSRFToken'] = token;
  });

  // ---- the docked bar: keep focused things out from under it ----
  const dock = $('.decision');
  if (dock) {
    const measure = () => document.documentElement.style.setProperty('--dock-h', `${dock.offsetHeight}px`);
    new ResizeObserver(measure).observe(dock);
  }

  window.wf = { $, $$, say, guard, guarded, focusOn, openDialog };
  const started = () => { guard(); settle(); startToasts(); };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', started);
  else started();
})();
