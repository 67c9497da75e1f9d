// Copies an example; without this script it can still be selected.
document.addEventListener('click', event => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  navigator.clipboard?.writeText(document.getElementById(button.dataset.copy).textContent);
  document.getElementById('live').textContent = 'Copied';
});
