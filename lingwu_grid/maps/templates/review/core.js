// What is lawful, by the same rules as review/checks.py; the same vectors test both.
// No page in here: numbers in, numbers out.

/**
 * A street as numbers: units, which of them join, grids and communities.
 * @typedef {Object} Town
 * @property {string[]} unitIds
 * @property {number[]} households of each unit
 * @property {number[]} grid of each unit in the plan
 * @property {number[][]} was for each unit its grid, community and households today, and again; -1 for none
 * @property {number[]} joins pairs of units that join, flat
 * @property {Grid[]} grids
 * @property {Community[]} communities
 * @property {[number, number]} gridRange households, inclusive
 * @property {[number, number]} communityRange
 */

/**
 * @typedef {Object} Grid
 * @property {string} id
 * @property {string} name
 * @property {number} community
 * @property {Range} range households it may have, its exception on record included
 * @property {boolean} locked keeps its units
 * @property {boolean} enclave may lie in pieces
 */

/**
 * @typedef {Object} Community
 * @property {string} id
 * @property {string} name
 * @property {Range} range
 * @property {boolean} locked
 * @property {boolean} enclave holds a grid that may lie in pieces
 */

/** @typedef {[number, number | null]} Range fewest and most households; null for any number */

/** @typedef {{kind: string, zone: string, amount: number}} Fault */

/**
 * Neighbours of every unit: those of u are to[from[u]] … to[from[u + 1] - 1].
 * @param {number} count
 * @param {number[]} joins
 * @returns {{from: Int32Array, to: Int32Array}}
 */
export function neighbours(count, joins) {
  const from = new Int32Array(count + 1);
  for (const u of joins) { from[u + 1] += 1; }
  for (let u = 0; u < count; u += 1) { from[u + 1] += from[u]; }
  const next = from.slice(0, count);
  const to = new Int32Array(joins.length);
  for (let k = 0; k < joins.length; k += 2) {
    to[next[joins[k]]++] = joins[k + 1];
    to[next[joins[k + 1]]++] = joins[k];
  }
  return { from, to };
}

/**
 * Count the pieces of every zone.
 * @param {{from: Int32Array, to: Int32Array}} graph
 * @param {ArrayLike<number>} zone of each unit
 * @param {number} zones
 * @returns {Int32Array}
 */
export function pieces(graph, zone, zones) {
  const count = new Int32Array(zones);
  const seen = new Uint8Array(zone.length);
  const stack = new Int32Array(zone.length);
  for (let first = 0; first < zone.length; first += 1) {
    if (seen[first]) { continue; }
    seen[first] = 1;
    count[zone[first]] += 1;
    let top = 0;
    stack[top++] = first;
    while (top > 0) {
      const u = stack[--top];
      for (let k = graph.from[u]; k < graph.from[u + 1]; k += 1) {
        const v = graph.to[k];
        if (!seen[v] && zone[v] === zone[first]) {
          seen[v] = 1;
          stack[top++] = v;
        }
      }
    }
  }
  return count;
}

/**
 * Count the pieces of one zone, where the others do not matter.
 * @param {{from: Int32Array, to: Int32Array}} graph
 * @param {ArrayLike<number>} zone of each unit
 * @param {number} which
 * @returns {number}
 */
export function piecesOf(graph, zone, which) {
  const seen = Uint8Array.from(zone, (z) => (z === which ? 0 : 1));
  let count = 0;
  const stack = [];
  for (let first = 0; first < zone.length; first += 1) {
    if (seen[first]) { continue; }
    count += 1;
    seen[first] = 1;
    stack.push(first);
    while (stack.length) {
      const u = /** @type {number} */ (stack.pop());
      for (let k = graph.from[u]; k < graph.from[u + 1]; k += 1) {
        const v = graph.to[k];
        if (!seen[v]) { seen[v] = 1; stack.push(v); }
      }
    }
  }
  return count;
}

/**
 * The fewest units without households that lead from some units to a zone.
 * @param {{from: Int32Array, to: Int32Array}} graph
 * @param {ArrayLike<number>} zone of each unit
 * @param {number[]} households
 * @param {number[]} units
 * @param {number} to
 * @param {(unit: number) => boolean} mayGo
 * @returns {number[]} none where they touch it already, or no such way is there
 */
export function bridge(graph, zone, households, units, to, mayGo) {
  const came = new Int32Array(zone.length).fill(-2);
  for (const u of units) { came[u] = -1; }
  let ring = units.slice();
  while (ring.length) {
    const next = [];
    for (const u of ring) {
      for (let k = graph.from[u]; k < graph.from[u + 1]; k += 1) {
        const v = graph.to[k];
        if (zone[v] === to && came[v] !== -1) {
          const way = [];
          for (let w = u; came[w] !== -1; w = came[w]) { way.push(w); }
          return way;
        }
        if (came[v] === -2 && households[v] === 0 && mayGo(v)) { came[v] = u; next.push(v); }
      }
    }
    ring = next;
  }
  return [];
}

/**
 * @param {ArrayLike<number>} zone
 * @param {number[]} households
 * @param {number} zones
 * @returns {number[]}
 */
export function sizes(zone, households, zones) {
  const size = new Array(zones).fill(0);
  for (let u = 0; u < zone.length; u += 1) { size[zone[u]] += households[u]; }
  return size;
}

/**
 * @param {Fault[]} faults
 * @param {string} level
 * @param {{id: string, range: Range}} zone
 * @param {number} size
 */
function sizeFault(faults, level, zone, size) {
  const out = outBy(zone, size);
  if (out > 0) { faults.push({ kind: level + '_over', zone: zone.id, amount: out }); }
  if (out < 0) { faults.push({ kind: level + '_under', zone: zone.id, amount: -out }); }
}

/**
 * Households that a zone has too many, or too few (negative); 0 in its range.
 * @param {{range: Range}} zone
 * @param {number} size
 * @returns {number}
 */
export function outBy(zone, size) {
  const [lower, upper] = zone.range;
  if (upper !== null && size > upper) { return size - upper; }
  return size < lower ? size - lower : 0;
}

/**
 * Households that leave the plan's grid or enter another, of every locked zone.
 * @param {Town} town
 * @param {Grid[]} grids
 * @param {ArrayLike<number>} grid
 * @returns {Fault[]}
 */
function lockFaults(town, grids, grid) {
  const atGrid = new Map();
  const atCommunity = new Map();
  const add = (/** @type {Map<number, number>} */ map, /** @type {number} */ key) =>
    map.set(key, (map.get(key) || 0) + 1);
  for (let u = 0; u < grid.length; u += 1) {
    const was = town.grid[u];
    if (grid[u] === was) { continue; }
    for (const g of [was, grid[u]]) { if (grids[g].locked) { add(atGrid, g); } }
    const [a, b] = [grids[was].community, grids[grid[u]].community];
    if (a !== b) { for (const c of [a, b]) { if (town.communities[c].locked) { add(atCommunity, c); } } }
  }
  return [
    ...[...atGrid].map(([g, n]) => ({ kind: 'grid_locked', zone: grids[g].id, amount: n })),
    ...[...atCommunity].map(([c, n]) => ({ kind: 'community_locked', zone: town.communities[c].id, amount: n })),
  ];
}

/**
 * Tell every fault of an assignment. A grid without units is gone and has none.
 * @param {Town} town
 * @param {{from: Int32Array, to: Int32Array}} graph of town.joins
 * @param {ArrayLike<number>} grid of each unit
 * @param {Grid[]} grids those of the town and new ones
 * @returns {Fault[]} in the order of kind and zone
 */
export function faults(town, graph, grid, grids) {
  /** @type {Fault[]} */
  const found = lockFaults(town, grids, grid);
  const community = Array.from(grid, (g) => grids[g].community);
  const levels = /** @type {const} */ ([
    ['grid', grid, grids],
    ['community', community, town.communities],
  ]);
  for (const [level, zone, zones] of levels) {
    const size = sizes(zone, town.households, zones.length);
    const parts = pieces(graph, zone, zones.length);
    for (let z = 0; z < zones.length; z += 1) {
      if (!parts[z]) { continue; }
      sizeFault(found, level, zones[z], size[z]);
      if (parts[z] > 1 && !zones[z].enclave) {
        found.push({ kind: level + '_pieces', zone: zones[z].id, amount: parts[z] });
      }
    }
  }
  return found.sort((a, b) => (a.kind + a.zone < b.kind + b.zone ? -1 : 1));
}

/**
 * Faults that an edit has made or made worse: the rest the plan has itself, and no office need mend them.
 * @param {Fault[]} now
 * @param {Fault[]} before
 * @returns {Fault[]}
 */
export function freshFaults(now, before) {
  const amount = new Map(before.map((f) => [f.kind + ' ' + f.zone, f.amount]));
  return now.filter((f) => f.amount > (amount.get(f.kind + ' ' + f.zone) || 0));
}

/** @typedef {{grid: number, community: number}} Moved households that change grid, and community */

/**
 * Households that an assignment moves from where the plan has them.
 * @param {Town} town
 * @param {ArrayLike<number>} grid
 * @param {Grid[]} grids
 * @returns {Moved}
 */
export function movedFromPlan(town, grid, grids) {
  const count = { grid: 0, community: 0 };
  for (let u = 0; u < grid.length; u += 1) {
    if (grid[u] === town.grid[u]) { continue; }
    count.grid += town.households[u];
    if (grids[grid[u]].community !== grids[town.grid[u]].community) { count.community += town.households[u]; }
  }
  return count;
}

/**
 * Households that an assignment moves from where they are today.
 * @param {Town} town
 * @param {ArrayLike<number>} grid
 * @param {Grid[]} grids
 * @returns {Moved}
 */
export function movedFromToday(town, grid, grids) {
  const count = { grid: 0, community: 0 };
  for (let u = 0; u < grid.length; u += 1) {
    const was = town.was[u];
    for (let k = 0; k < was.length; k += 3) {
      if (was[k] !== -1 && was[k] !== grid[u]) { count.grid += was[k + 2]; }
      if (was[k + 1] !== -1 && was[k + 1] !== grids[grid[u]].community) { count.community += was[k + 2]; }
    }
  }
  return count;
}
