// The notebook's side: a frame with the review page, what it asks goes to Python, answers go back.

/** @typedef {{get: (name: string) => any, set: (name: string, value: any) => void, save_changes: () => void, on: (what: string, then: () => void) => void, off: (what: string, then: () => void) => void}} Model */

/** @param {{model: Model, el: HTMLElement}} cell */
function render({ model, el }) {
  const frame = document.createElement('iframe');
  frame.title = '网格方案审议';
  frame.style.cssText = 'width:100%;height:680px;border:1px solid #bbb;border-radius:6px';
  const choice = document.createElement('select');
  choice.setAttribute('aria-label', '街道');
  for (const [id, name] of model.get('streets')) {
    const option = document.createElement('option');
    option.value = id;
    option.textContent = name;
    choice.append(option);
  }
  choice.hidden = model.get('streets').length < 2;
  choice.addEventListener('change', () => {
    place = null;
    model.set('street', choice.value);
    model.save_changes();
  });
  /** @type {any} where one looks: a new page opens there */
  let place = null;
  let number = 0;

  /** @param {object} message */
  const send = (message) => { if (frame.contentWindow) { frame.contentWindow.postMessage(message, '*'); } };
  const show = () => { choice.value = model.get('street'); frame.srcdoc = model.get('page'); };
  const tell = () => send({ lingwu: 'told', told: model.get('told') });
  /** @param {MessageEvent} event */
  const heard = (event) => {
    if (event.source !== frame.contentWindow || !event.data) { return; }
    const { lingwu, patch, view } = event.data;
    if (lingwu === 'ready') {
      if (place) { send({ lingwu: 'view', view: place }); }
      tell();
    }
    if (lingwu === 'view') { place = view; }
    if (lingwu === 'solve' || lingwu === 'back') {
      number += 1;
      model.set('asked', { what: lingwu, patch: patch || null, number: Date.now() + number });
      model.save_changes();
    }
  };
  addEventListener('message', heard);
  model.on('change:page', show);
  model.on('change:told', tell);
  el.append(choice, frame);
  show();
  return () => {
    removeEventListener('message', heard);
    model.off('change:page', show);
    model.off('change:told', tell);
  };
}

export default { render };
