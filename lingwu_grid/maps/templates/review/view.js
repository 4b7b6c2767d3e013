// The map: units on a canvas, coloured by grid; pick, brush and box.

import { L, Labels } from './labels.js';

const COLOURS = ['#8dd3c7', '#fdb462', '#bebada', '#fb8072', '#80b1d3', '#b3de69', '#fccde5', '#ffed6f'];
const NEW_COLOURS = ['#e040fb', '#00e5ff', '#ffab00', '#76ff03'];
const LINES = {
  road: { color: '#9e968b', weight: 1.5, opacity: 0.9 },
  grid: { color: '#424242', weight: 1.4 },
  community: { color: '#4527a0', weight: 3.5 },
};
const BRUSH_STEP = 5;

/**
 * Whole numbers, each from the one before, to latitudes and longitudes.
 * @param {number[]} flat
 * @param {[number, number]} origin
 * @returns {[number, number][]}
 */
export function decode(flat, origin) {
  const out = [];
  let x = origin[0], y = origin[1];
  for (let k = 0; k < flat.length; k += 2) {
    x += flat[k];
    y += flat[k + 1];
    out.push(/** @type {[number, number]} */ ([y / 1e6, x / 1e6]));
  }
  return out;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {[number, number][]} ring
 */
function inRing(x, y, ring) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [yi, xi] = ring[i], [yj, xj] = ring[j];
    if ((yi > y) !== (yj > y) && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) { inside = !inside; }
  }
  return inside;
}

export class View {
  /**
   * @param {any} town
   * @param {import('./desk.js').Desk} desk
   * @param {string} element
   */
  constructor(town, desk, element) {
    this.town = town;
    this.desk = desk;
    this.mode = 'pick';
    /** @type {Set<number>} */
    this.selected = new Set();
    /** Units that the plan moves, those of the story that is told, and whether today is shown. */
    this.moved = new Set();
    this.story = new Set();
    this.isToday = false;
    /** @type {any} */
    this.arrow = null;
    /** @type {(units: number[], additive: boolean) => void} */
    this.onSelect = () => {};
    /** @type {(lat: number, lng: number) => void} */
    this.onPlace = () => {};
    /** @type {(g: number) => string} what giving the selection to a grid would do; empty for nothing */
    this.outlook = () => '';
    /** @type {number[][]} */
    this.buckets = [];
    this.cells = { west: 0, south: 0, dx: 1, dy: 1, side: 1 };
    const renderer = L.canvas({ padding: 0.3 });
    this.map = L.map(element, { renderer, zoomSnap: 0.25, attributionControl: false, doubleClickZoom: false });
    this.map.fitBounds([[town.bounds[1] / 1e6, town.bounds[0] / 1e6], [town.bounds[3] / 1e6, town.bounds[2] / 1e6]], {
      paddingTopLeft: [innerWidth > 700 ? 380 : 10, 10],
    });
    this.rings = town.rings.map((/** @type {number[][]} */ unit) => unit.map((r) => decode(r, town.origin)));
    this.polygons = this.rings.map((/** @type {any} */ rings) => L.polygon(rings, { interactive: false, weight: 0.5 }));
    /** @type {[string, any][]} */
    this.named = [];
    this.units = L.layerGroup(this.polygons).addTo(this.map);
    for (const [kind, flat, name] of town.lines) {
      const line = L.polyline(decode(flat, town.origin), Object.assign({ interactive: Boolean(name) }, LINES[/** @type {'road'} */ (kind)] || town.styles[kind]));
      if (name) { this.named.push([name, line]); }
      if (name) { line.bindTooltip(document.createTextNode(name), { sticky: true }); }
      line.addTo(this.map);
    }
    this.remarks = L.layerGroup().addTo(this.map);
    this._index();
    this.repaint(this.polygons.map((/** @type {any} */ _, /** @type {number} */ u) => u));
    L.control.scale({ imperial: false, position: 'bottomright' }).addTo(this.map);
    this.labels = new Labels(this.map, () => this._words());
    this.labels.draw();
    this._tools();
  }

  /** @returns {import('./labels.js').Word[]} names of zones with their counts as they are now */
  _words() {
    const sizes = this.desk.check().sizes;
    const number = new Map(this.desk.grids.map((g, k) => [g.id, k]));
    const zones = this.town.labels.map((/** @type {any} */ z) => {
      const k = number.get(z[1]);
      const count = z[0] === '网格' && k !== undefined ? [sizes[k] + ' 户'] : [];
      return { kind: z[0], lines: [z[2], ...count], lat: z[3], lng: z[4], box: z[5] };
    });
    const places = this.town.places.map((/** @type {any} */ p) => (
      { kind: '小区', lines: [p[0]], lat: p[2] / 1e6, lng: p[1] / 1e6 }));
    const along = this.town.along.map((/** @type {any} */ l) => ({ kind: l[0], lines: [l[1]], lat: l[2], lng: l[3], slope: l[4] }));
    const isWater = (/** @type {any} */ word) => word.kind === '水系、铁路';
    return [...zones, ...along.filter(isWater), ...places, ...along.filter((/** @type {any} */ word) => !isWater(word))];
  }

  _index() {
    const [west, south, east, north] = this.town.bounds;
    const side = Math.max(8, Math.ceil(Math.sqrt(this.rings.length)));
    this.cells = { west: west / 1e6, south: south / 1e6, dx: (east - west) / 1e6 / side || 1, dy: (north - south) / 1e6 / side || 1, side };
    this.buckets = Array.from({ length: side * side }, () => /** @type {number[]} */ ([]));
    this.rings.forEach((/** @type {any} */ rings, /** @type {number} */ u) => {
      const ys = rings[0].map((/** @type {any} */ p) => p[0]), xs = rings[0].map((/** @type {any} */ p) => p[1]);
      const [c0, r0] = this._cell(Math.min(...xs), Math.min(...ys));
      const [c1, r1] = this._cell(Math.max(...xs), Math.max(...ys));
      for (let r = r0; r <= r1; r += 1) { for (let c = c0; c <= c1; c += 1) { this.buckets[r * side + c].push(u); } }
    });
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  _cell(x, y) {
    const { west, south, dx, dy, side } = this.cells;
    const clamp = (/** @type {number} */ v) => Math.max(0, Math.min(side - 1, Math.floor(v)));
    return [clamp((x - west) / dx), clamp((y - south) / dy)];
  }

  /**
   * @param {{lat: number, lng: number}} at
   * @returns {number} -1 for none
   */
  unitAt(at) {
    const [c, r] = this._cell(at.lng, at.lat);
    const here = this.buckets[r * this.cells.side + c];
    for (const u of here) {
      // Even and odd: a point inside a hole is inside two rings.
      const inside = this.rings[u].filter((/** @type {any} */ ring) => inRing(at.lng, at.lat, ring)).length;
      if (inside % 2) { return u; }
    }
    return -1;
  }

  /** @param {number} g */
  colour(g) {
    const own = this.town.grids.length;
    return g < own ? COLOURS[this.town.colours[g]] : NEW_COLOURS[(g - own) % NEW_COLOURS.length];
  }

  /**
   * The colour of the grid that most households of a unit are in today; grey for none here.
   * @param {number} u
   */
  colourToday(u) {
    const was = this.town.was[u];
    let best = this.desk.grid[u], most = -1;
    for (let k = 0; k < was.length; k += 3) {
      if (was[k + 2] > most) { best = was[k]; most = was[k + 2]; }
    }
    return best < 0 ? '#bdbdbd' : this.colour(best);
  }

  /** @param {boolean} isToday */
  showToday(isToday) {
    this.isToday = isToday;
    this.repaint(this.polygons.map((/** @type {any} */ _, /** @type {number} */ u) => u));
  }

  /**
   * @param {number[]} units
   * @param {[number, number]} from
   * @param {[number, number]} to millionths of a degree
   */
  showStory(units, from, to) {
    const before = [...this.story];
    this.story = new Set(units);
    this.repaint(new Set([...before, ...units]));
    if (this.arrow) { this.map.removeLayer(this.arrow); }
    const ends = [from, to].map(([x, y]) => [y / 1e6, x / 1e6]);
    this.arrow = L.layerGroup(from[0] === to[0] && from[1] === to[1] ? [] : [
      L.polyline(ends, { color: '#b71c1c', weight: 4, interactive: false }),
      L.circleMarker(ends[1], { radius: 7, color: '#fff', weight: 2, fillColor: '#b71c1c', fillOpacity: 1, interactive: false }),
    ]).addTo(this.map);
    const seen = L.latLngBounds(ends).extend(units.flatMap((u) => this.rings[u][0]));
    this.map.fitBounds(seen.pad(0.4), { animate: false, maxZoom: 18, paddingTopLeft: [innerWidth > 700 ? 380 : 10, 10] });
  }

  /** @param {Iterable<number>} units */
  repaint(units) {
    for (const u of units) {
      const g = this.desk.grid[u];
      const isChanged = g !== this.town.grid[u];
      const isSelected = this.selected.has(u);
      const isTold = this.story.has(u);
      const isMoved = this.moved.has(u);
      this.polygons[u].setStyle({
        fillColor: isSelected ? '#0d47a1' : this.isToday ? this.colourToday(u) : this.colour(g),
        fillOpacity: isSelected ? 0.75 : isChanged || isTold ? 0.9 : 0.5,
        color: isChanged ? '#d50000' : isTold || isMoved ? '#e65100' : '#9e9e9e',
        weight: isTold ? 2.5 : isChanged ? 1.5 : isMoved ? 1 : 0.4,
      });
    }
  }

  /**
   * Show units as if they were in a grid; without one, as they are.
   * @param {number[]} units
   * @param {number} g
   */
  preview(units, g) {
    if (g < 0) { this.repaint(units); return; }
    for (const u of units) { this.polygons[u].setStyle({ fillColor: this.colour(g), fillOpacity: 0.95, color: '#0d47a1', weight: 2.5 }); }
  }

  /** @param {number[]} units */
  select(units) {
    const before = [...this.selected];
    this.selected = new Set(units);
    this.repaint(new Set([...before, ...units]));
  }

  /** @param {number[]} units */
  showUnits(units) {
    const points = units.flatMap((u) => this.rings[u][0]);
    if (points.length) { this.map.fitBounds(points, { maxZoom: 17, paddingTopLeft: [innerWidth > 700 ? 380 : 10, 10] }); }
  }

  /**
   * @param {string} word
   * @returns {boolean} whether a road or water of that name is here
   */
  showLine(word) {
    const lines = this.named.filter(([name]) => name.includes(word)).map(([, line]) => line.getBounds());
    if (!lines.length) { return false; }
    const all = lines.reduce((whole, one) => whole.extend(one), L.latLngBounds(lines[0]));
    this.map.fitBounds(all, { maxZoom: 17, paddingTopLeft: [innerWidth > 700 ? 380 : 10, 10] });
    return true;
  }

  showRemarks() {
    this.remarks.clearLayers();
    this.desk.comments.forEach((c, k) => {
      const word = document.createElement('b');
      word.textContent = String(k + 1);
      const text = document.createElement('span');
      text.textContent = c.text;
      L.marker([c.y / 1e6, c.x / 1e6], { icon: L.divIcon({ className: 'remark', html: word, iconSize: [22, 22] }) })
        .bindTooltip(text).addTo(this.remarks);
    });
  }

  /** A sheet has another shape than a screen: what is in view stays in view, beside the panel. */
  printWhole() {
    /** @type {any} */
    let onScreen = null;
    const snap = this.map.options.zoomSnap;
    const [west, south, east, north] = this.town.bounds.map((/** @type {number} */ n) => n / 1e6);
    const town = L.latLngBounds([south, west], [north, east]);
    addEventListener('beforeprint', () => {
      onScreen = onScreen || this.map.getBounds();
      document.documentElement.classList.add('on-paper');
      this.map.invalidateSize({ animate: false, pan: false });
      this.map.options.zoomSnap = 0.05;  // as large as the sheet allows
      const seen = onScreen.contains(town) ? town : onScreen;
      this.map.fitBounds(seen, { animate: false, paddingTopLeft: [350, 20], paddingBottomRight: [10, 30] });
    });
    addEventListener('afterprint', () => {
      document.documentElement.classList.remove('on-paper');
      this.map.options.zoomSnap = snap;
      this.map.invalidateSize({ animate: false, pan: false });
      if (onScreen) { this.map.fitBounds(onScreen, { animate: false }); }
      onScreen = null;
    });
  }

  /** @param {string} mode */
  setMode(mode) {
    this.mode = mode;
    const dragging = mode === 'pick' || mode === 'remark';
    this.map.dragging[dragging ? 'enable' : 'disable']();
    this.map.getContainer().style.touchAction = dragging ? '' : 'none';
    this.map.getContainer().dataset.mode = mode;
  }

  _tools() {
    /** @type {HTMLElement} */
    const box = this.map.getContainer();
    // What is selected, and a grid under the pointer: what would become of it, before a click.
    const told = L.tooltip({ direction: 'top', offset: [0, -12] });
    let over = -1;
    this.map.on('mousemove', (/** @type {any} */ event) => {
      const u = this.selected.size && this.mode === 'pick' ? this.unitAt(event.latlng) : -1;
      const g = u < 0 ? -1 : this.desk.grid[u];
      if (g !== over) {
        over = g;
        const text = g < 0 ? '' : this.outlook(g);
        if (text) { told.setContent(document.createTextNode(text)); this.map.openTooltip(told.setLatLng(event.latlng)); } else { this.map.closeTooltip(told); }
      }
      told.setLatLng(event.latlng);
    });
    this.map.on('mouseout', () => { over = -1; this.map.closeTooltip(told); });
    this.map.on('click', (/** @type {any} */ event) => {
      if (this.mode === 'remark') { this.onPlace(event.latlng.lat, event.latlng.lng); }
      if (this.mode === 'pick') {
        const u = this.unitAt(event.latlng);
        if (u >= 0) { this.onSelect([u], true); }
      }
    });
    // Without a mouse: arrows move the map, Enter takes the unit under its middle.
    box.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') { return; }
      const at = this.map.getCenter();
      const u = this.unitAt(at);
      if (this.mode === 'remark') { this.onPlace(at.lat, at.lng); } else if (u >= 0) { this.onSelect([u], true); }
      event.preventDefault();
    });
    /** @type {any} */
    let stroke = null;
    const point = (/** @type {PointerEvent} */ event) => this.map.mouseEventToContainerPoint(event);
    box.addEventListener('pointerdown', (event) => {
      if ((this.mode !== 'brush' && this.mode !== 'box') || event.button) { return; }
      if (event.target instanceof Element && event.target.closest('.leaflet-control')) { return; }
      stroke = { from: point(event), last: point(event), units: new Set(), frame: null };
      try { box.setPointerCapture(event.pointerId); } catch { /* a pointer that was let go of already */ }
      this._brush(stroke, stroke.from);
      event.preventDefault();
    });
    box.addEventListener('pointermove', (event) => {
      if (!stroke) { return; }
      if (this.mode === 'brush') { this._brush(stroke, point(event)); } else { this._frame(stroke, point(event)); }
    });
    const end = (/** @type {PointerEvent} */ event) => {
      if (!stroke) { return; }
      if (this.mode === 'box') { this._boxed(stroke, point(event)); }
      const units = [...stroke.units];
      stroke = null;
      if (units.length) { this.onSelect(units, true); }
    };
    box.addEventListener('pointerup', end);
    box.addEventListener('pointercancel', end);
  }

  /**
   * Every unit along the way, however fast the pointer went.
   * @param {any} stroke
   * @param {any} to
   */
  _brush(stroke, to) {
    if (this.mode !== 'brush') { return; }
    const far = stroke.last.distanceTo(to);
    const steps = Math.max(1, Math.ceil(far / BRUSH_STEP));
    for (let k = 0; k <= steps; k += 1) {
      const at = L.point(
        stroke.last.x + ((to.x - stroke.last.x) * k) / steps,
        stroke.last.y + ((to.y - stroke.last.y) * k) / steps,
      );
      const u = this.unitAt(this.map.containerPointToLatLng(at));
      if (u >= 0 && !stroke.units.has(u)) {
        stroke.units.add(u);
        this.polygons[u].setStyle({ fillColor: '#0d47a1', fillOpacity: 0.75 });
      }
    }
    stroke.last = to;
  }

  /**
   * @param {any} stroke
   * @param {any} to
   */
  _frame(stroke, to) {
    const bounds = L.latLngBounds(this.map.containerPointToLatLng(stroke.from), this.map.containerPointToLatLng(to));
    if (stroke.frame) { stroke.frame.setBounds(bounds); } else {
      stroke.frame = L.rectangle(bounds, { color: '#0d47a1', weight: 1, dashArray: '4 3', interactive: false }).addTo(this.map);
    }
  }

  /**
   * @param {any} stroke
   * @param {any} to
   */
  _boxed(stroke, to) {
    if (stroke.frame) { this.map.removeLayer(stroke.frame); }
    const bounds = L.latLngBounds(this.map.containerPointToLatLng(stroke.from), this.map.containerPointToLatLng(to));
    this.town.points.forEach((/** @type {[number, number]} */ p, /** @type {number} */ u) => {
      if (bounds.contains([p[1] / 1e6, p[0] / 1e6])) { stroke.units.add(u); }
    });
  }
}
