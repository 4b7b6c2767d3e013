// In a notebook: the page asks the kernel to solve, and tells what it answers.

import { find, made } from './dom.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('./view.js').View} View */

export class Host {
  /**
   * @param {Desk} desk
   * @param {View} view
   */
  constructor(desk, view) {
    find('host').hidden = false;
    find('host-solve').addEventListener('click', () => this.ask('solve', desk.patch()));
    find('host-back').addEventListener('click', () => this.ask('back', null));
    addEventListener('message', (event) => {
      if (event.source !== parent || !event.data) { return; }
      if (event.data.lingwu === 'told') { this.tell(event.data.told); }
      if (event.data.lingwu === 'view') { view.map.setView(event.data.view.center, event.data.view.zoom, { animate: false }); }
    });
    view.map.on('moveend', () => {
      const { lat, lng } = view.map.getCenter();
      parent.postMessage({ lingwu: 'view', view: { center: [lat, lng], zoom: view.map.getZoom() } }, '*');
    });
    parent.postMessage({ lingwu: 'ready' }, '*');
  }

  /**
   * @param {'solve' | 'back'} what
   * @param {object | null} patch
   */
  ask(what, patch) {
    parent.postMessage({ lingwu: what, patch }, '*');
  }

  /** @param {{text: string, faults: string[], busy: boolean, steps: number}} told */
  tell(told) {
    find('host-solve').disabled = told.busy;
    find('host-back').disabled = told.busy || !told.steps;
    find('host-told').textContent = told.text || '';
    const list = find('host-faults');
    list.textContent = '';
    for (const fault of told.faults || []) { list.append(made('li', fault)); }
  }
}
