// Forms: one press is one request, a press meant for the page before does nothing, what was typed survives.
(() => {
  'use strict';
  const { $, $$, say, guarded } = window.wf;
  const RELEASE_MS = 15000;
  const decides = form => form.matches('[data-guard]') || !!form.closest('.decision, [data-guard]');

  function release(form) {
    delete form.dataset.sent;
    $$('[aria-busy=true]', form).forEach(button => button.removeAttribute('aria-busy'));
    $$('[data-held]', form).forEach(button => { button.disabled = false; delete button.dataset.held; });
  }

  // Capture phase, so that neither the browser nor htmx sees the second press.
  document.addEventListener('submit', event => {
    const form = event.target;
    if (form.method === 'get' || form.method === 'dialog') return;
    if (!navigator.onLine) {
      // A plain post while offline ends on the browser's own error page and loses what was typed.
      event.preventDefault();
      event.stopImmediatePropagation();
      window.wf.offline?.();
      return;
    }
    const stale = guarded() && (swapped || decides(form));
    if (form.dataset.sent !== undefined || stale) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (stale) say('The page has just changed. Look, then press again.');
      return;
    }
    form.dataset.sent = '';
    const button = event.submitter;
    // After this turn: a button disabled now would not be part of what is sent.
    setTimeout(() => {
      if (event.defaultPrevented && !form.matches('[hx-post], [hx-put], [hx-patch], [hx-delete]')) { release(form); return; }
      button?.setAttribute('aria-busy', 'true');
      $$('button:not([type=button])', form).forEach(each => {
        if (!each.disabled) { each.disabled = true; each.dataset.held = ''; }
      });
    });
    setTimeout(() => release(form), form.hasAttribute('data-stays') ? 3000 : RELEASE_MS);
  }, true);

  // A refusal of the whole act goes to the notice of its form: the form and what was typed stay.
  document.addEventListener('htmx:before:swap', event => {
    const { ctx, tasks = [] } = event.detail;
    const main = tasks.find(task => task.type === 'main');
    const form = ctx.sourceElement?.closest?.('form');
    if (!form || !main?.fragment.querySelector('[data-refusal]')) return;
    let notice = $('.notice', form);
    if (!notice) {
      notice = document.createElement('div');
      notice.className = 'notice';
      form.prepend(notice);
    }
    main.target = notice;
    main.swapSpec = { style: 'innerHTML' };
  });

  let swapped = false;
  document.addEventListener('htmx:after:swap', () => { swapped = true; });
  document.addEventListener('htmx:finally:request', event => {
    const form = event.target.closest?.('form') || event.detail?.ctx?.sourceElement?.closest?.('form');
    if (form) release(form);
  });
  // A page that comes back from the browser's memory must be usable again.
  addEventListener('pageshow', event => { if (event.persisted) $$('form[data-sent]').forEach(release); });

  // ---- small helps inside forms ----
  document.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    const form = event.target.closest?.('form');
    if (!form) return;
    const button = $('.btn.primary:not([type=button]), .btn.solid:not([type=button]), button:not([type=button])', form);
    event.preventDefault();
    form.requestSubmit(button || undefined);
  });
  document.addEventListener('change', event => {
    const field = event.target;
    if (field.closest('[data-autosubmit]') && !field.matches('[type=search], [type=text]')) field.form?.requestSubmit();
    if (field.matches('.chip input[type=radio]')) {
      const text = $('textarea', field.form);
      if (text) text.required = field.hasAttribute('data-needs-text');
    }
  });

  // ---- adding and removing lines: the row in <template data-line> is copied with the next number ----
  document.addEventListener('click', event => {
    const add = event.target.closest('[data-add-line]');
    if (add) {
      const table = document.getElementById(add.dataset.addLine);
      const pattern = $('template[data-line]', table.parentElement) || $('template[data-line]', table);
      const number = Number(table.dataset.next || $$('tbody tr', table).length);
      table.dataset.next = String(number + 1);
      const row = pattern.content.firstElementChild.cloneNode(true);
      for (const part of [row, ...$$('*', row)]) {
        for (const attribute of [...part.attributes]) {
          if (attribute.value.includes('__n__')) part.setAttribute(attribute.name, attribute.value.replaceAll('__n__', number));
        }
      }
      $('tbody', table).append(row);
      $('input, select, textarea', row)?.focus();
      say(`Line ${$$('tbody tr', table).length} added`);
    }
    const drop = event.target.closest('[data-remove-line]');
    if (drop) {
      const row = drop.closest('tr');
      const near = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      ($('input, select, textarea', near || document.createElement('div')) || $('[data-add-line]'))?.focus();
      say('Line removed');
    }
  });
})();
