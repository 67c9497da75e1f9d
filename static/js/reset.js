// The code of a mailed link stands behind "#", which browsers send to no server: put it into
// its field and take it out of the address, so that neither history nor a referrer keeps it.
(() => {
  const field = document.querySelector('[data-from-fragment]');
  if (!field || location.hash.length < 2) return;
  field.value = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  document.querySelector('[type=password]')?.focus();
})();
