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
 * @property {number} [slope] degrees clockwise that the line has there which it is the name of
 * @property {boolean} [must] told of just now: it may stand farther off its place
 * @property {boolean} [told] told of just now: it stands on white, at every zoom
 * @property {any} [beside] what its line passes: the name stands on the line's other side
 * @property {number[]} [box] west, south, east and north of its zone
 */

const FONTS = /** @type {Record<string, string>} */ ({ '社区': 'bold 15px ', '网格': '12px ', '小区': '11px ', '道路': '11px ', '水系、铁路': 'italic 12px ' });
/** Zooms from which a kind is told. */
const FROM = /** @type {Record<string, number>} */ ({ '小区': 16, '道路': 15 });
const LINE = 15;
/** Pixels between two names along one line. */
const APART = 420;
const PAD = 3;
/** Pixels under which names would hide a ground. */
const HIDDEN = 240;
/** How far a name may pass its grid: the short one is taken, or none. */
const WIDE = 1.15, WIDEST = 1.3;

export class Labels {
  /**
   * @param {any} map
   * @param {() => Word[]} words what there is to tell now, what matters most first
   * @param {() => any} [shown] bounds that names of zones leave free where they can
   */
  constructor(map, words, shown = () => null) {
    this.map = map;
    this.words = words;
    this.shown = shown;
    const pane = map.createPane('labels');
    pane.style.zIndex = '640';  // above all that is drawn, below the cards
    pane.style.pointerEvents = 'none';
    this.group = L.layerGroup().addTo(map);
    const pen = document.createElement('canvas').getContext('2d');
    if (!pen) { throw new Error('no canvas'); }
    this.pen = pen;
    /** @type {Map<string, number>} */
    this.widths = new Map();
    this.family = getComputedStyle(document.body).fontFamily;
    map.on('moveend', () => this.draw());
  }

  /**
   * @param {string} line
   * @param {string} kind
   * @returns {number} pixels; a font that is set anew is slow, so each line is measured once
   */
  width(line, kind) {
    const key = kind + line;
    const known = this.widths.get(key);
    if (known !== undefined) { return known; }
    this.pen.font = FONTS[kind] + this.family;
    const wide = this.pen.measureText(line).width;
    this.widths.set(key, wide);
    return wide;
  }

  /**
   * @param {string[]} lines
   * @param {string} kind
   * @param {number} [slope]
   * @returns {any} pixels
   */
  size(lines, kind, slope = 0) {
    const wide = Math.max(...lines.map((line) => this.width(line, kind))) + 2 * PAD;
    const tall = lines.length * LINE + 2 * PAD;
    const [x, y] = [Math.abs(Math.cos((slope * Math.PI) / 180)), Math.abs(Math.sin((slope * Math.PI) / 180))];
    return L.point(wide * x + tall * y, wide * y + tall * x);
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
    const taken = this.covered(), shown = this.small();
    /** @type {[string, any][]} names along lines, and where they stand */
    const said = [];
    for (const word of this.words()) {
      if ((zoom < (FROM[word.kind] || 0) && !word.told) || !seen.contains([word.lat, word.lng])) { continue; }
      if (word.slope !== undefined && this.isNear(word, said)) { continue; }
      for (const lines of this.fitting(word)) {
        const clear = shown && word.kind !== '小区' && this.free(word, lines, [...taken, shown]);
        const box = clear || this.free(word, lines, taken);
        if (!box) { continue; }
        taken.push(box);
        if (word.slope !== undefined) { said.push([word.lines[0], box.getCenter()]); }
        this.put(lines, word, this.map.layerPointToLatLng(box.getCenter()));
        break;
      }
    }
  }

  /**
   * @param {Word} word
   * @param {[string, any][]} said
   * @returns {boolean} whether the line is named already, not far off
   */
  isNear(word, said) {
    const here = this.map.latLngToLayerPoint([word.lat, word.lng]);
    return said.some(([name, at]) => name === word.lines[0] && at.distanceTo(here) < APART);
  }

  /**
   * @param {Word} word
   * @param {string[]} lines
   * @param {any[]} taken
   * @returns {any} a place near its own where nothing stands; null for none
   */
  free(word, lines, taken) {
    const size = this.size(lines, word.kind, word.slope), half = size.divideBy(2);
    const here = this.map.latLngToLayerPoint([word.lat, word.lng]);
    const steps = word.slope !== undefined ? [0] : word.kind === '社区' || word.must ? [0, -1, 1, -2, 2] : [0, -1, 1];
    const places = word.beside ? this.sides(word, here) : steps.map((step) => [0, step * size.y]);
    for (const step of places) {
      const middle = here.add(step);
      const box = L.bounds(middle.subtract(half), middle.add(half));
      if (!taken.some((other) => other.intersects(box)) && (!step[1] || this.isInside(word, middle))) { return box; }
    }
    return null;
  }

  /**
   * @param {Word} word
   * @param {any} here
   * @returns {number[][]} steps off its line, away from what it passes first
   */
  sides({ slope = 0, beside }, here) {
    const turn = (slope * Math.PI) / 180, [x, y] = [-Math.sin(turn) * (LINE + 2), Math.cos(turn) * (LINE + 2)];
    const to = this.map.latLngToLayerPoint(beside).subtract(here);
    const sign = to.x * x + to.y * y > 0 ? -1 : 1;
    return [[sign * x, sign * y], [-sign * x, -sign * y], [0, 0]];
  }

  /** @returns {any} the box of what is shown, in pixels of the layer, where it is so small that a name hides it */
  small() {
    const shown = this.shown();
    if (!shown) { return null; }
    const ends = [shown.getNorthWest(), shown.getSouthEast()].map((place) => this.map.latLngToLayerPoint(place));
    const box = L.bounds(ends[0], ends[1]), size = box.getSize();
    return Math.max(size.x, size.y) < HIDDEN ? box : null;
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
   * @param {Word} word
   * @param {any} at
   */
  put(lines, { kind, slope, told }, at) {
    const text = document.createElement('span');
    lines.forEach((line, k) => {
      if (k) { text.append(document.createElement('br')); }
      text.append(line);
    });
    text.style.font = FONTS[kind] + this.family;
    text.style.lineHeight = LINE + 'px';
    text.dataset.kind = kind;
    if (told) { text.dataset.told = ''; }
    if (slope) { text.style.transform = 'translate(-50%, -50%) rotate(' + slope + 'deg)'; }
    L.marker(at, {
      interactive: false, keyboard: false, pane: 'labels',
      icon: L.divIcon({ className: 'name', html: text, iconSize: null }),
    }).addTo(this.group);
  }
}
