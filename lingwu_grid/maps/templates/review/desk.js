// The reviewer's desk: what has been changed, undone, locked and remarked; kept in the browser.

import { bridge, faults, movedFromPlan, movedFromToday, neighbours, piecesOf, sizes } from './core.js';
import { SCHEMA, sealed } from './patch.js';

/** @typedef {import('./core.js').Town} Town */
/** @typedef {import('./core.js').Grid} Grid */
/** @typedef {import('./patch.js').Patch} Patch */
/** @typedef {{units: number[], before: number[], after: number}} Step */

export class Desk {
  /**
   * @param {Town & {plan: string, street: string}} town
   */
  constructor(town) {
    this.town = town;
    this.graph = neighbours(town.unitIds.length, town.joins);
    this.grid = Int32Array.from(town.grid);
    /** @type {Grid[]} */
    this.grids = [];
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
    this.undone = [];
    /** @type {Set<string>} */
    this.locks = new Set();
    /** @type {{x: number, y: number, grid: string, text: string}[]} */
    this.comments = [];
    this.reviewer = '';
    this.clear();
  }

  clear() {
    this.grid.set(this.town.grid);
    this.grids = this.town.grids.map((g) => Object.assign({}, g));
    this.done = [];
    this.undone = [];
    this.locks.clear();
    this.comments = [];
    this.reviewer = '';
  }

  /**
   * Give units to a grid; those that are there already, or sit in a locked grid, are left out.
   * @param {number[]} units
   * @param {number} to
   * @returns {number[]} the units that changed
   */
  give(units, to) {
    if (this.grids[to].locked) { return []; }
    const moving = units.filter((u) => this.grid[u] !== to && !this.grids[this.grid[u]].locked);
    if (!moving.length) { return []; }
    this.done.push({ units: moving, before: moving.map((u) => this.grid[u]), after: to });
    this.undone = [];
    for (const u of moving) { this.grid[u] = to; }
    return moving;
  }

  /**
   * @param {number} community
   * @returns {number} the number of the new grid
   */
  open(community) {
    let number = 1;
    while (this.grids.some((g) => g.id === 'new-' + number)) { number += 1; }
    this.grids.push({
      id: 'new-' + number, name: '新网格 ' + number, community,
      range: this.town.gridRange, locked: false, enclave: false,
    });
    return this.grids.length - 1;
  }

  /**
   * Tell what giving some units to a grid would do, before it is done.
   * @param {number[]} units
   * @param {number} to
   * @returns {{way: number[], size: number, pieces: number}} empty units that go along to join
   *   them; households and pieces of the grid then
   */
  outlook(units, to) {
    const moving = units.filter((u) => this.grid[u] !== to);
    const way = bridge(this.graph, this.grid, this.town.households, moving, to,
      (u) => !this.grids[this.grid[u]].locked && this._isNear(u, to));
    const after = this.grid.slice();
    for (const u of [...moving, ...way]) { after[u] = to; }
    const size = this.town.households.reduce((sum, n, u) => sum + (after[u] === to ? n : 0), 0);
    return { way, size, pieces: this.grids[to].enclave ? 1 : piecesOf(this.graph, after, to) };
  }

  /**
   * Tell what is left of the grids that some units leave.
   * @param {number[]} units
   * @returns {{grid: number, size: number, pieces: number}[]}
   */
  leftover(units) {
    const gone = new Set(units);
    const rest = Int32Array.from(this.grid, (g, u) => (gone.has(u) ? -1 : g));
    return [...new Set(units.map((u) => this.grid[u]))].map((g) => ({
      grid: g,
      size: this.town.households.reduce((sum, n, u) => sum + (rest[u] === g ? n : 0), 0),
      pieces: this.grids[g].enclave ? 1 : piecesOf(this.graph, rest, g),
    }));
  }

  /**
   * @param {number} u
   * @param {number} to
   */
  _isNear(u, to) {
    const own = this.grids[this.grid[u]].community;
    return own === this.grids[to].community || !this.town.communities[own].locked;
  }

  /**
   * @param {Step | undefined} step
   * @returns {boolean} whether a lock set since stands against it
   */
  isBarred(step) {
    if (!step) { return false; }
    const grids = [step.after, ...step.before];
    return grids.some((g) => this.grids[g].locked);
  }

  /** @returns {number[]} the units that changed */
  undo() {
    if (this.isBarred(this.done[this.done.length - 1])) { return []; }
    const step = this.done.pop();
    if (!step) { return []; }
    step.units.forEach((u, k) => { this.grid[u] = step.before[k]; });
    this.undone.push(step);
    return step.units;
  }

  /** @returns {number[]} */
  redo() {
    if (this.isBarred(this.undone[this.undone.length - 1])) { return []; }
    const step = this.undone.pop();
    if (!step) { return []; }
    for (const u of step.units) { this.grid[u] = step.after; }
    this.done.push(step);
    return step.units;
  }

  /** @param {number} g */
  toggleLock(g) {
    const grid = this.grids[g];
    if (this.town.grids[g] && this.town.grids[g].locked) { return; }
    grid.locked = !grid.locked;
    if (grid.locked) { this.locks.add(grid.id); } else { this.locks.delete(grid.id); }
  }

  check() {
    // A lock of the reviewer is about other people's changes: it is no fault of his own.
    const grids = this.grids.map((g, k) => {
      const own = this.town.grids[k];
      return Object.assign({}, g, { locked: Boolean(own && own.locked) });
    });
    return {
      faults: faults(this.town, this.graph, this.grid, grids),
      sizes: sizes(this.grid, this.town.households, this.grids.length),
      fromPlan: movedFromPlan(this.town, this.grid, this.grids),
      fromToday: movedFromToday(this.town, this.grid, this.grids),
    };
  }

  /**
   * Grids that some units may go to: those next to them, most joins first, then those next to
   * their own grids, for a compound that its grid's empty land surrounds.
   * @param {number[]} units
   * @returns {number[]}
   */
  beside(units) {
    const near = this._touching(new Set(units), units);
    const own = new Set(units.map((u) => this.grid[u]));
    const around = [];
    for (let u = 0; u < this.grid.length; u += 1) { if (own.has(this.grid[u])) { around.push(u); } }
    const next = this._touching(new Set(around), around);
    return [...new Set([...near, ...next])];
  }

  /**
   * @param {Set<number>} inside
   * @param {number[]} units
   * @returns {number[]} grids of what joins them from outside
   */
  _touching(inside, units) {
    /** @type {Map<number, number>} */
    const touch = new Map();
    for (const u of units) {
      for (let k = this.graph.from[u]; k < this.graph.from[u + 1]; k += 1) {
        const v = this.graph.to[k];
        if (!inside.has(v)) { touch.set(this.grid[v], (touch.get(this.grid[v]) || 0) + 1); }
      }
    }
    return [...touch].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([g]) => g);
  }

  /** @returns {Patch} */
  patch() {
    const edits = [];
    for (let u = 0; u < this.grid.length; u += 1) {
      if (this.grid[u] !== this.town.grid[u]) {
        edits.push({
          unit: this.town.unitIds[u],
          from: this.grids[this.town.grid[u]].id,
          to: this.grids[this.grid[u]].id,
        });
      }
    }
    const used = new Set(edits.map((e) => e.to));
    const opened = this.grids.slice(this.town.grids.length).filter((g) => used.has(g.id));
    return sealed({
      schema: SCHEMA, plan: this.town.plan, street: this.town.street, reviewer: this.reviewer,
      edits,
      new_grids: opened.map((g) => ({ id: g.id, community: this.town.communities[g.community].id })),
      locks: [...this.locks].sort(),
      comments: this.comments,
    });
  }

  /**
   * Go on from a patch that fits this plan; what it names and we have not is told.
   * @param {Patch} patch
   * @returns {string[]} ids that are not known here
   */
  restore(patch) {
    this.clear();
    const unit = new Map(this.town.unitIds.map((id, k) => [id, k]));
    const community = new Map(this.town.communities.map((c, k) => [c.id, k]));
    /** @type {string[]} */
    const unknown = [];
    /** @type {Map<string, number>} */
    const grid = new Map(this.town.grids.map((g, k) => [g.id, k]));
    for (const g of patch.new_grids) {
      const c = community.get(g.community);
      if (c === undefined) { unknown.push(g.community); continue; }
      const number = this.open(c);
      this.grids[number].id = g.id;
      grid.set(g.id, number);
    }
    /** @type {Map<number, number[]>} */
    const together = new Map();
    for (const edit of patch.edits) {
      const u = unit.get(edit.unit);
      const to = grid.get(edit.to);
      if (u === undefined || to === undefined) { unknown.push(u === undefined ? edit.unit : edit.to); continue; }
      together.set(to, (together.get(to) || []).concat(u));
    }
    for (const [to, units] of together) { this.give(units, to); }
    for (const id of patch.locks) {
      const g = grid.get(id);
      if (g === undefined) { unknown.push(id); } else { this.toggleLock(g); }
    }
    this.comments = patch.comments.map((c) => ({ x: c.x, y: c.y, grid: String(c.grid), text: String(c.text) }));
    this.reviewer = String(patch.reviewer || '');
    return unknown;
  }
}
