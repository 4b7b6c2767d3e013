// Names on a map: placed in the order in which they come, in their zone, never one over another.

/** @type {any} */
export const L = /** @type {any} */ (globalThis).L;

/**
 * @typedef {Object} Word
 * @property {string} kind
 * @property {string[]} lines
 * @property {string[]} [short] what stands there where the lines are wider than their zone
 * @property {string[]} [mark] what stands there where no name has room: it must not be missed
 * @property {number} lat
 * @property {number} lng
 * @property {number[]} [box] west, south, east and north of its zone
 */

const FONTS = /** @type {Record<string, string>} */ ({ '社区': 'bold 15px ', '网格': '12px ', '小区': '11px ', '道路': '11px ' });
/** Zooms from which a kind is told. */
const FROM = /** @type {Record<string, number>} */ ({ '小区': 16, '道路': 15 });
const LINE = 15;
const PAD = 3;
/** How far a name may pass its grid: the short one is taken, or none. */
const WIDE = 1.15, WIDEST = 1.3;

export class Labels {
  /**
   * @param {any} map
   * @param {() => Word[]} words what there is to tell now, what matters most first
   */
  constructor(map, words) {
    this.map = map;
    this.words = words;
    const pane = map.createPane('labels');
    pane.style.zIndex = '640';  // above all that is drawn, below the cards
    pane.style.pointerEvents = 'none';
    this.group = L.layerGroup().addTo(map);
    const pen = document.createElement('canvas').getContext('2d');
    if (!pen) { throw new Error('no canvas'); }
    this.pen = pen;
    this.family = getComputedStyle(document.body).fontFamily;
    map.on('moveend', () => this.draw());
  }

  /**
   * @param {string[]} lines
   * @param {string} kind
   * @returns {any} pixels
   */
  size(lines, kind) {
    this.pen.font = FONTS[kind] + this.family;
    const wide = Math.max(...lines.map((line) => this.pen.measureText(line).width));
    return L.point(wide + 2 * PAD, lines.length * LINE + 2 * PAD);
  }

  /**
   * @param {Word} word
   * @returns {string[][]} what may stand there, the fullest first
   */
  fitting(word) {
    const mark = word.mark ? [word.mark] : [];
    if (word.kind !== '网格' || !word.box) { return [word.lines, ...mark]; }
    const [west, , east, north] = word.box;
    const room = this.map.latLngToLayerPoint([north, east]).x - this.map.latLngToLayerPoint([north, west]).x;
    const isWide = this.size(word.lines, word.kind).x > WIDE * room;
    const lines = isWide && word.short ? word.short : word.lines;
    return this.size(lines, word.kind).x > WIDEST * room ? mark : [lines, ...mark];
  }

  draw() {
    this.group.clearLayers();
    const seen = this.map.getBounds(), zoom = this.map.getZoom();
    const taken = this.covered();
    for (const word of this.words()) {
      if (zoom < (FROM[word.kind] || 0) || !seen.contains([word.lat, word.lng])) { continue; }
      for (const lines of this.fitting(word)) {
        const box = this.free(word, lines, taken);
        if (!box) { continue; }
        taken.push(box);
        this.put(lines, word.kind, this.map.layerPointToLatLng(box.getCenter()));
        break;
      }
    }
  }

  /**
   * @param {Word} word
   * @param {string[]} lines
   * @param {any[]} taken
   * @returns {any} a place near its own where nothing stands; null for none
   */
  free(word, lines, taken) {
    const size = this.size(lines, word.kind), half = size.divideBy(2);
    const here = this.map.latLngToLayerPoint([word.lat, word.lng]);
    for (const step of word.kind === '社区' ? [0, -1, 1, -2, 2] : [0, -1, 1]) {
      const middle = here.add([0, step * size.y]);
      const box = L.bounds(middle.subtract(half), middle.add(half));
      if (!taken.some((other) => other.intersects(box)) && (!step || this.isInside(word, middle))) { return box; }
    }
    return null;
  }

  /** @returns {any[]} what stands over the map and would hide a name, in pixels of the layer */
  covered() {
    const box = this.map.getContainer(), corner = box.getBoundingClientRect();
    const over = document.querySelectorAll('.plan-id, .swipe:not([hidden]) .bar');
    return [...box.querySelectorAll('.leaflet-control'), ...over].map((part) => {
      const at = part.getBoundingClientRect();
      const ends = [[at.left, at.top], [at.right, at.bottom]].map(([x, y]) => (
        this.map.containerPointToLayerPoint([x - corner.left, y - corner.top])));
      return L.bounds(ends[0], ends[1]);
    });
  }

  /**
   * @param {Word} word
   * @param {any} point
   */
  isInside(word, point) {
    if (!word.box) { return true; }
    const [west, south, east, north] = word.box;
    return L.latLngBounds([south, west], [north, east]).contains(this.map.layerPointToLatLng(point));
  }

  /**
   * @param {string[]} lines
   * @param {string} kind
   * @param {any} at
   */
  put(lines, kind, at) {
    const text = document.createElement('span');
    lines.forEach((line, k) => {
      if (k) { text.append(document.createElement('br')); }
      text.append(line);
    });
    text.style.font = FONTS[kind] + this.family;
    text.style.lineHeight = LINE + 'px';
    text.dataset.kind = kind;
    L.marker(at, {
      interactive: false, keyboard: false, pane: 'labels',
      icon: L.divIcon({ className: 'name', html: text, iconSize: null }),
    }).addTo(this.group);
  }
}
