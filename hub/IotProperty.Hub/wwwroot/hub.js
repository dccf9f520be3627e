// What the pages need beyond htmx: saying that the live stream is lost, and the dialogue that acknowledges an alarm from the list.
(() => {
  'use strict';

  const banner = document.getElementById('connection');
  let lost = false;
  const show = (isLost) => {
    if (lost === isLost || !banner) return;
    lost = isLost;
    banner.textContent = isLost ? banner.dataset.lost : '';
    banner.hidden = !isLost;
  };
  document.addEventListener('htmx:sseError', () => show(true));
  document.addEventListener('htmx:sseOpen', () => show(false));
  document.addEventListener('htmx:sendError', () => show(true));

  // While somebody writes a form inside a part, the part is not replaced under their hands.
  document.addEventListener('htmx:beforeSwap', (event) => {
    const active = document.activeElement;
    if (active && active.matches('input, select, textarea') && event.detail.target.contains(active)) event.detail.shouldSwap = false;
  });

  const dialog = document.getElementById('acknowledge');
  if (!(dialog instanceof HTMLDialogElement)) return;
  document.addEventListener('click', (event) => {
    const opener = event.target.closest('[data-acknowledge]');
    if (opener) {
      event.preventDefault();
      const form = dialog.querySelector('form');
      form.action = opener.dataset.acknowledge;
      form.elements.comment.value = '';
      dialog.querySelector('[data-alarm-name]').textContent = opener.dataset.name;
      dialog.showModal();
    } else if (event.target.closest('[data-close]')) {
      dialog.close();
    }
  });
})();
