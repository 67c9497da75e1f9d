// What changes without being asked: polling, the connection bar, countdowns. None of it moves the focus.
(() => {
  'use strict';
  const { $, $$, say } = window.wf;
  const EVERY = 20000;
  const LONGEST = 300000;
  let wait = EVERY;
  let offSince = null;

  // ---- one timer for the page; regions listen with hx-trigger="wf:poll from:body" ----
  const busy = () => document.hidden || $('dialog[open]') || document.activeElement?.matches('textarea, select, input:not([type=checkbox], [type=radio])');
  function poll() {
    setTimeout(poll, wait);
    if (!busy() && navigator.onLine && $('[data-poll]')) document.body.dispatchEvent(new CustomEvent('wf:poll'));
  }
  setTimeout(poll, EVERY);

  const clock = () => new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  function live() {
    wait = EVERY;
    const state = $('#conn-state');
    if (state) { state.textContent = `Live · updated ${clock()}`; state.removeAttribute('data-off'); }
    if (offSince) { offSince = null; $('#conn')?.setAttribute('hidden', ''); say('You are connected again'); }
  }
  function lost(title, text) {
    wait = Math.min(wait * 2, LONGEST);
    const bar = $('#conn');
    if (!bar) return;
    if (!offSince) { offSince = clock(); say(title, true); }
    $('[data-conn-title]', bar).textContent = title;
    $('[data-conn-text]', bar).textContent = text;
    bar.hidden = false;
    const state = $('#conn-state');
    if (state) { state.textContent = `Not connected since ${offSince}`; state.setAttribute('data-off', ''); }
  }
  const offline = () => lost(`You are offline since ${offSince || clock()}`, 'You can read what is open. Decisions are not sent, and none is waiting to be sent.');

  document.addEventListener('htmx:after:request', event => {
    const status = event.detail.ctx?.response?.status || 0;
    if (status && status < 500) live(); else wait = Math.min(wait * 2, LONGEST);
    if (status === 401) document.body.dispatchEvent(new CustomEvent('wf:signin', { bubbles: true }));
  });
  // An empty or foreign answer must never replace what is on the page.
  document.addEventListener('htmx:before:swap', event => {
    if (event.detail.ctx?.response?.status === 401) event.preventDefault();
  });
  document.addEventListener('htmx:error', event => {
    const ctx = event.detail?.ctx;
    const sent = ctx?.request && ctx.request.method !== 'GET';
    if (!navigator.onLine) offline();
    else if (sent) lost('We do not know if it arrived', 'The server did not answer. Try now reads this page again and shows what counts. A repeat does no harm.');
    else lost('No answer from the server', 'What you see may be old. We try again by ourselves.');
  });
  addEventListener('offline', offline);
  addEventListener('online', live);
  document.addEventListener('click', event => { if (event.target.closest('[data-conn-retry]')) location.reload(); });

  window.wf.offline = () => { offline(); $('#conn [data-conn-retry]')?.focus(); };

  // ---- countdowns: minute resolution, against the server's clock, silent ----
  const skew = document.body.dataset.now ? new Date(document.body.dataset.now) - Date.now() : 0;
  function left(milliseconds) {
    const minutes = Math.floor(Math.abs(milliseconds) / 60000);
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor(minutes % 1440 / 60);
    const words = days ? `${days} d ${hours} h` : hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
    return milliseconds < 0 ? `${words} over` : `${words} left`;
  }
  function countdowns() {
    const now = Date.now() + skew;
    for (const element of $$('time[data-deadline]')) {
      const words = left(new Date(element.dataset.deadline) - now);
      if (element.textContent !== words) element.textContent = words;
    }
  }
  setInterval(countdowns, 30000);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) countdowns(); });
})();
