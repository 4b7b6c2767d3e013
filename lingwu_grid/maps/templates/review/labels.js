// Names and counts on the map: what matters most first, never one over another.

/** @type {any} */
export const L = /** @type {any} */ (globalThis).L;

/** @typedef {{kind: string, lines: string[], lat: number, lng: number, width: number}} Word */

const FONTS = /** @type {Record<string, string>} */ ({ '社区': 'bold 15px ', '网格': '12px ', '小区': '11px ' });
const ORDER = ['社区', '网格', '小区'];
const PLACES_FROM = 16;
const LINE = 15;
const PAD = 3;

export class Labels {
  /**
   * @param {any} map
   * @param {() => Word[]} words what there is to tell now; width in degrees of the zone, 0 for any
   */
  constructor(map, words) {
    this.map = map;
    this.words = words;
    const pane = map.createPane('names');
    pane.style.zIndex = '640';
    pane.style.pointerEvents = 'none';
    this.group = L.layerGroup().addTo(map);
    const pen = document.createElement('canvas').getContext('2d');
    if (!pen) { throw new Error('no canvas'); }
    this.pen = pen;
    this.family = getComputedStyle(document.body).fontFamily;
    map.on('moveend', () => this.draw());
  }

  /**
   * @param {Word} word
   * @returns {{x: number, y: number}} pixels
   */
  size(word) {
    this.pen.font = FONTS[word.kind] + this.family;
    const wide = Math.max(...word.lines.map((line) => this.pen.measureText(line).width));
    return { x: wide + 2 * PAD, y: word.lines.length * LINE + 2 * PAD };
  }

  draw() {
    this.group.clearLayers();
    const seen = this.map.getBounds();
    const zoom = this.map.getZoom();
    /** @type {any[]} */
    const taken = [];
    const words = this.words().filter((w) => seen.contains([w.lat, w.lng]) && (w.kind !== '小区' || zoom >= PLACES_FROM));
    words.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
    for (const word of words) {
      const size = this.size(word);
      const here = this.map.latLngToLayerPoint([word.lat, word.lng]);
      const room = this.map.latLngToLayerPoint([word.lat, word.lng + word.width]).x - here.x;
      if (word.kind === '网格' && size.x > 1.3 * room) { continue; }
      for (const step of word.kind === '社区' ? [0, -1, 1, -2, 2] : [0, -1, 1]) {
        const middle = here.add([0, step * size.y]);
        const half = L.point(size.x / 2, size.y / 2);
        const box = L.bounds(middle.subtract(half), middle.add(half));
        if (taken.some((other) => other.intersects(box))) { continue; }
        taken.push(box);
        this.put(word, this.map.layerPointToLatLng(middle));
        break;
      }
    }
  }

  /**
   * @param {Word} word
   * @param {any} at
   */
  put(word, at) {
    const text = document.createElement('span');
    word.lines.forEach((line, k) => {
      if (k) { text.append(document.createElement('br')); }
      text.append(line);
    });
    text.style.font = FONTS[word.kind] + this.family;
    text.style.lineHeight = LINE + 'px';
    text.dataset.kind = word.kind;
    L.marker(at, {
      interactive: false, keyboard: false, pane: 'names',
      icon: L.divIcon({ className: 'name', html: text, iconSize: null }),
    }).addTo(this.group);
  }
}
