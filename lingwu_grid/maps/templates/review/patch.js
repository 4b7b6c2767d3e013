// The file that goes back: small, readable, with the plan it is about and a sum over its content.

export const SCHEMA = 'lingwu_grid/patch/1';

/**
 * @typedef {Object} Patch
 * @property {string} schema
 * @property {string} plan
 * @property {string} street
 * @property {string} reviewer
 * @property {{unit: string, from: string, to: string}[]} edits
 * @property {{id: string, community: string}[]} new_grids
 * @property {string[]} locks
 * @property {{x: number, y: number, grid: string, text: string}[]} comments places in millionths of a degree
 * @property {string} hash
 */

/**
 * The content as one line, the same in every language that writes JSON.
 * @param {Omit<Patch, 'hash'>} patch
 * @returns {string}
 */
export function canonical(patch) {
  return JSON.stringify([
    patch.schema, patch.plan, patch.street, patch.reviewer,
    patch.edits.map((e) => [e.unit, e.from, e.to]),
    patch.new_grids.map((g) => [g.id, g.community]),
    patch.locks,
    patch.comments.map((c) => [c.x, c.y, c.grid, c.text]),
  ]);
}

/**
 * @param {Omit<Patch, 'hash'>} patch
 * @returns {Patch}
 */
export function sealed(patch) {
  return Object.assign({}, patch, { hash: sha256(canonical(patch)) });
}

/**
 * Say what is wrong with a file; an empty text if it may be used for the plan.
 * @param {any} patch
 * @param {string} plan
 * @param {string} street
 * @returns {string}
 */
export function complaint(patch, plan, street) {
  if (!patch || patch.schema !== SCHEMA) { return '这不是审议意见文件'; }
  const lists = ['edits', 'new_grids', 'locks', 'comments'];
  if (!lists.every((name) => Array.isArray(patch[name]))) { return '文件不完整'; }
  if (!isWhole(patch)) { return '文件不完整'; }
  if (patch.plan !== plan) { return '这份意见是对另一个方案（' + patch.plan + '）提的，本页是 ' + plan; }
  if (patch.street !== street) { return '这份意见是对另一个街道提的'; }
  if (sha256(canonical(patch)) !== patch.hash) { return '文件被改动过，校验和不符'; }
  return '';
}

/**
 * @param {any} patch
 * @returns {boolean} whether every entry is what it should be
 */
function isWhole(patch) {
  const has = (/** @type {any} */ item, /** @type {string[]} */ names) =>
    item !== null && typeof item === 'object' && names.every((n) => typeof item[n] === 'string');
  return typeof patch.reviewer === 'string'
    && patch.edits.every((/** @type {any} */ e) => has(e, ['unit', 'from', 'to']))
    && patch.new_grids.every((/** @type {any} */ g) => has(g, ['id', 'community']))
    && patch.locks.every((/** @type {any} */ g) => typeof g === 'string')
    && patch.comments.every((/** @type {any} */ c) => has(c, ['grid', 'text']) && Number.isInteger(c.x) && Number.isInteger(c.y));
}

const PRIMES = (() => {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; found.length < 64; n += 1) {
    if (found.every((p) => n % p)) { found.push(n); }
  }
  return found;
})();

/**
 * First 32 bits of the fraction of a root.
 * @param {number} value
 * @returns {number}
 */
const fraction = (value) => ((value - Math.floor(value)) * 2 ** 32) | 0;

const ROUND = PRIMES.map((p) => fraction(Math.cbrt(p)));
const START = PRIMES.slice(0, 8).map((p) => fraction(Math.sqrt(p)));

/**
 * SHA-256 (FIPS 180-4) of a text in UTF-8: the browser's own is not offered to every local file.
 * @param {string} text
 * @returns {string} hexadecimal
 */
export function sha256(text) {
  const bytes = new TextEncoder().encode(text);
  const blocks = new Uint8Array(((bytes.length + 72) >> 6) << 6);
  blocks.set(bytes);
  blocks[bytes.length] = 128;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(blocks.length - 4, bytes.length << 3);
  const state = START.slice();
  const words = new Int32Array(64);
  const turn = (/** @type {number} */ x, /** @type {number} */ n) => (x >>> n) | (x << (32 - n));
  for (let at = 0; at < blocks.length; at += 64) {
    for (let i = 0; i < 64; i += 1) {
      if (i < 16) { words[i] = view.getInt32(at + 4 * i); continue; }
      const a = words[i - 15], b = words[i - 2];
      words[i] = words[i - 16] + words[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3))
        + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + words[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] = (state[i] + value) | 0; });
  }
  return state.map((value) => (value >>> 0).toString(16).padStart(8, '0')).join('');
}
