// Copies an example to the clipboard; without this script it can still be selected.
(() => {
  'use strict';
  document.addEventListener('click', async event => {
    const button = event.target.closest?.('[data-copy]');
    const source = button && document.getElementById(button.dataset.copy);
    if (!source) return;
    const live = document.getElementById('live');
    try {
      await navigator.clipboard.writeText(source.textContent);
      live.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(source);
      live.textContent = 'Selected; copy it with the keyboard';
    }
  });
})();
