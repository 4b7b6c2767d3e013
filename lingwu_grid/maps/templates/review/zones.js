// All grids in a table: their counts as bars, how they stand, how clear their borders are.

import { outBy, sizes } from './core.js';
import { find, made } from './dom.js';
import { score } from './score.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('./score.js').Ground} Ground */

/** A grid less compact than this is long and thin: a square has 0.79. */
const THIN = 0.2;
/** @typedef {{g: number, grid: import('./core.js').Grid, size: number, was: number, out: number, compact: number}} Row */

/**
 * The headings of the table, and the order a press on one brings: names from the first, counts
 * from the most. Nothing pressed: what is out of range, then what changes most.
 * @type {[string, ((a: Row, b: Row) => number)][]}
 */
const HEADS = [
  ['网格', (a, b) => a.grid.name.localeCompare(b.grid.name, 'zh', { numeric: true })],
  ['超限', (a, b) => Math.abs(b.out) - Math.abs(a.out)],
  ['户数', (a, b) => b.size - a.size],
  ['变化', (a, b) => Math.abs(b.size - b.was) - Math.abs(a.size - a.was)],
];
const [, OUT, , CHANGE] = HEADS.map((head) => head[1]);

/** Bars end at this many times the upper limit. */
const ROOM = 1.3;

export class Zones {
  /**
   * @param {Desk} desk
   * @param {Ground} ground
   * @param {(g: number) => void} goTo
   */
  constructor(desk, ground, goTo) {
    this.desk = desk;
    this.ground = ground;
    this.goTo = goTo;
    /** Households of each grid in the plan. */
    this.planned = sizes(desk.town.grid, desk.town.households, desk.town.grids.length);
    this.first = score(ground, desk.town.grid, desk.town.grids.length);
    find('zones').addEventListener('toggle', () => this.tell());
    /** The heading pressed last, and whether it was pressed again. */
    this.by = -1;
    this.isBack = false;
    HEADS.forEach(([name], k) => {
      const head = document.createElement('th');
      const press = made('button', name);
      press.setAttribute('type', 'button');
      press.addEventListener('click', () => {
        this.isBack = this.by === k && !this.isBack;
        this.by = k;
        this.tell();
      });
      head.append(press);
      find('zone-heads').append(head);
    });
  }

  /**
   * @param {Row} a
   * @param {Row} b
   * @returns {number}
   */
  order(a, b) {
    const first = this.by < 0 ? 0 : HEADS[this.by][1](a, b) * (this.isBack ? -1 : 1);
    return first || OUT(a, b) || CHANGE(a, b) || a.g - b.g;
  }

  /**
   * @param {ArrayLike<number>} grid
   * @param {number} [grids] how many there are; those of the desk by default
   * @returns {import('./score.js').Score}
   */
  scoreOf(grid, grids = this.desk.grids.length) { return score(this.ground, grid, grids); }

  /**
   * Metres off all lines that giving some units to a grid would add; fewer than nothing for less.
   * @param {number[]} units
   * @param {number} to
   * @returns {number}
   */
  added(units, to) {
    const after = this.desk.grid.slice();
    for (const u of units) { after[u] = to; }
    return this.scoreOf(after).off - this.scoreOf(this.desk.grid).off;
  }

  tell() {
    const now = this.scoreOf(this.desk.grid);
    const sign = (/** @type {number} */ n, /** @type {number} */ digits) => (n > 0 ? '+' : '') + n.toFixed(digits);
    find('score').textContent = '界线不沿路、河、墙和现状界的 ' + now.off + ' 米（比方案 ' + sign(now.off - this.first.off, 0)
      + '）；平均紧凑度 ' + now.mean.toFixed(3) + '（' + sign(now.mean - this.first.mean, 3) + '）';
    if (!find('zones').open) { return; }
    const size = this.desk.check().sizes;
    const rows = this.desk.grids.map((g, k) => ({
      g: k, grid: g, size: size[k], was: this.planned[k] || 0,
      out: outBy(g, size[k]), compact: now.compact[k],
    })).filter((row) => row.size || row.was);
    rows.sort((a, b) => this.order(a, b));
    [...find('zone-heads').children].forEach((head, k) => {
      head.setAttribute('aria-sort', k !== this.by ? 'none' : (k === 0) === this.isBack ? 'descending' : 'ascending');
    });
    const body = find('zone-list');
    body.textContent = '';
    for (const row of rows) { body.append(this.row(row)); }
  }

  /** @param {Row} row */
  row(row) {
    const line = document.createElement('tr');
    line.tabIndex = 0;
    const isThin = row.compact > 0 && row.compact < THIN && row.compact < (this.first.compact[row.g] || 1) - 0.005;
    const mark = row.out > 0 ? '▲' : row.out < 0 && row.size ? '▼' : '';
    const change = row.size - row.was;
    line.append(made('td', (mark ? mark + ' ' : '') + row.grid.name + (isThin ? '（变得细长）' : '')));
    const cell = document.createElement('td');
    const bar = made('span', '', 'bar' + (row.out && row.size ? ' bad' : ''));
    const most = this.desk.town.gridRange[1] * ROOM;
    const share = (/** @type {number} */ n) => Math.min(100, (100 * n) / most) + '%';
    const fill = made('i', '', 'fill');
    fill.style.width = share(row.size);
    bar.append(fill);
    for (const limit of row.grid.range) {
      if (limit === null) { continue; }
      const tick = made('i', '', 'tick');
      tick.style.left = share(limit);
      bar.append(tick);
    }
    cell.append(bar);
    line.append(cell, made('td', row.size ? String(row.size) : '撤并'), made('td', change ? (change > 0 ? '+' : '') + change : ''));
    const go = () => this.goTo(row.g);
    line.addEventListener('click', go);
    line.addEventListener('keydown', (event) => { if (event.key === 'Enter') { go(); } });
    return line;
  }
}
