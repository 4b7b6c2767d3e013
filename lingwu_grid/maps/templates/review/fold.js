// On a phone the panel makes room for the map.

import { find } from './dom.js';

/** @param {any} map */
export function folding(map) {
  const panel = find('panel'), fold = find('fold');
  fold.addEventListener('click', () => {
    const isFolded = panel.classList.toggle('folded');
    document.documentElement.classList.toggle('folded-panel', isFolded);
    fold.textContent = isFolded ? '展开' : '收起';
    fold.setAttribute('aria-expanded', String(!isFolded));
    map.invalidateSize({ animate: false, pan: false });
  });
}
