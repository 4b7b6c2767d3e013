// How clear the borders are: metres that follow nothing, and how compact each grid is.
// No page in here: numbers in, numbers out.

/**
 * @typedef {Object} Ground
 * @property {number[]} pairs two units, metres of their border, metres of it that follow nothing; and again
 * @property {number[]} rim metres of each unit's outline that borders no unit here
 * @property {number[]} area square metres of each unit
 */

/** @typedef {{border: number, off: number, compact: number[], mean: number}} Score */

/**
 * @param {Ground} ground
 * @param {ArrayLike<number>} grid of each unit
 * @param {number} grids
 * @returns {Score} metres of border between grids, of it off all lines; 4πA/P² of each grid
 *   (Polsby and Popper 1991; 0 for one without ground), and their mean
 */
export function score(ground, grid, grids) {
  const { pairs, rim, area } = ground;
  const girth = new Array(grids).fill(0), ground2 = new Array(grids).fill(0);
  let border = 0, off = 0;
  for (let u = 0; u < area.length; u += 1) {
    girth[grid[u]] += rim[u];
    ground2[grid[u]] += area[u];
  }
  for (let k = 0; k < pairs.length; k += 4) {
    const [one, other] = [grid[pairs[k]], grid[pairs[k + 1]]];
    if (one === other) { continue; }
    border += pairs[k + 2];
    off += pairs[k + 3];
    girth[one] += pairs[k + 2];
    girth[other] += pairs[k + 2];
  }
  const compact = girth.map((p, g) => (p ? (4 * Math.PI * ground2[g]) / (p * p) : 0));
  const real = compact.filter((c) => c > 0);
  return { border, off, compact, mean: real.length ? real.reduce((sum, c) => sum + c, 0) / real.length : 0 };
}
