// The page's rules on the shared vectors, the desk, and the sum over a patch. Run by deno.

import { faults, freshFaults, movedFromPlan, movedFromToday, neighbours, outBy, pieces } from '../../lingwu_grid/maps/templates/review/core.js';
import { Desk } from '../../lingwu_grid/maps/templates/review/desk.js';
import { complaint, sealed, sha256 } from '../../lingwu_grid/maps/templates/review/patch.js';

const vectors = JSON.parse(Deno.readTextFileSync(new URL('./vectors.json', import.meta.url)));

/** @param {string} name */
function rule(name) {
  return JSON.parse(Deno.readTextFileSync(new URL('../rules/' + name + '.json', import.meta.url)));
}

/** @param {unknown} found @param {unknown} wanted */
function same(found, wanted) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) { throw new Error('found ' + a + ', wanted ' + b); }
}

/** @param {any} example */
function towned(example) {
  const town = structuredClone(vectors.town);
  for (const level of ['grids', 'communities']) {
    for (const [k, claims] of Object.entries(example[level] || {})) { Object.assign(town[level][k], claims); }
  }
  const grids = town.grids.concat((example.new || []).map((/** @type {number} */ community) => (
    { id: 'new-1', name: '', community, range: vectors.town.gridRange, locked: false, enclave: false })));
  const grid = town.grid.slice();
  for (const [u, g] of Object.entries(example.give)) { grid[Number(u)] = g; }
  return { town, grids, grid };
}

for (const example of rule('sizes')) {
  Deno.test('sizes: ' + example.name, () => {
    same(outBy({ range: example.own || example.usual }, example.size), example.out);
  });
}

for (const example of rule('pieces')) {
  Deno.test('pieces: ' + example.name, () => {
    const graph = neighbours(example.zone.length, example.joins.flat());
    same([...pieces(graph, example.zone, example.pieces.length)], example.pieces);
  });
}

for (const example of rule('moves')) {
  Deno.test('moves: ' + example.name, () => {
    const places = ['G1', 'G2', 'H1'];
    // The page is given today's grids by the codes of the plan, as lingwu_grid.lawful.followed has it.
    const old = (example.recoded || {})[example.old] || example.old;
    const was = old === '' ? -1 : places.indexOf(old) < 0 ? -2 : places.indexOf(old);
    const town = {
      unitIds: ['U'], households: [7], grid: [places.indexOf(example.new)], was: [[was, was, 7]],
      grids: places.map((id, community) => ({ id, community })),
    };
    const moved = movedFromToday(town, town.grid, town.grids);
    same([moved.grid, moved.community], example.moves ? [7, 7] : [0, 0]);
  });
}

for (const example of vectors.fresh) {
  Deno.test('fresh: ' + example.name, () => { same(freshFaults(example.now, example.before), example.fresh); });
}

for (const example of vectors.cases) {
  Deno.test('rules: ' + example.name, () => {
    const { town, grids, grid } = towned(example);
    same(faults(town, neighbours(town.unitIds.length, town.joins), grid, grids), example.faults);
    same(movedFromPlan(town, grid, grids), example.from_plan);
    same(movedFromToday(town, grid, grids), example.from_today);
  });
}

Deno.test('what is done can be undone and done again', () => {
  const desk = new Desk(structuredClone(vectors.town));
  same(desk.give([5, 0], 0), [5]);
  same(desk.give([1], 2), [1]);
  same(desk.undo(), [1]);
  same([...desk.grid], [0, 1, 2, 3, 0, 0, 2, 3, 0, 1, 2, 3]);
  same(desk.redo(), [1]);
  same(desk.grid[1], 2);
  desk.undo();
  desk.undo();
  same([...desk.grid], vectors.town.grid);
  same(desk.undo(), []);
  desk.give([2], 3);
  same(desk.redo(), []);
});

Deno.test('grids beside units come first, then those beside their grid', () => {
  const desk = new Desk(structuredClone(vectors.town));
  same(desk.beside([4]), [0, 1]);
  same(desk.beside([0, 4, 8]), [1]);
  same(desk.beside([1]), [0, 1, 2]);
  same(desk.beside([7]), [3, 2]);
});

Deno.test('an outlook tells what giving would do, and takes empty land along to join', () => {
  const town = structuredClone(vectors.town);
  town.households[1] = 0;
  const desk = new Desk(town);
  const size = (/** @type {number} */ g) => town.households.reduce((/** @type {number} */ n, /** @type {number} */ h, /** @type {number} */ u) => n + (town.grid[u] === g ? h : 0), 0);
  same(desk.outlook([0], 2), { way: [1], size: size(2) + town.households[0], pieces: 1 });
  same(desk.outlook([4], 2), { way: [], size: size(2) + town.households[4], pieces: 2 });
  same(desk.outlook([4], 1), { way: [], size: size(1) + town.households[4], pieces: 1 });
  same([...desk.grid], town.grid);
  same(desk.leftover([4]), [{ grid: 0, size: size(0) - town.households[4], pieces: 2 }]);
  same(desk.leftover([0, 4, 8]), [{ grid: 0, size: 0, pieces: 0 }]);
});

Deno.test('a lock set since stands against undoing', () => {
  const desk = new Desk(structuredClone(vectors.town));
  desk.give([5], 0);
  desk.toggleLock(0);
  same(desk.undo(), []);
  same(desk.grid[5], 0);
  desk.toggleLock(0);
  same(desk.undo(), [5]);
});

Deno.test('a file with holes is told, not tripped over', () => {
  const desk = new Desk(structuredClone(vectors.town));
  for (const broken of [{ edits: [null] }, { comments: [{ x: 0.5, y: 1, grid: '', text: '' }] }, { locks: [3] }]) {
    same(complaint(Object.assign(desk.patch(), broken), 'abc', 'S'), '文件不完整');
  }
});

Deno.test('a locked grid is left alone', () => {
  const desk = new Desk(structuredClone(vectors.town));
  desk.toggleLock(1);
  same(desk.give([5], 0), []);
  same(desk.give([0], 1), []);
  same(desk.patch().locks, ['B']);
  desk.toggleLock(1);
  same(desk.patch().locks, []);
});

Deno.test('a patch brings the desk back to where it was', () => {
  const desk = new Desk(structuredClone(vectors.town));
  const fresh = desk.open(0);
  desk.give([4, 8, 9], fresh);
  desk.give([7], 2);
  desk.toggleLock(0);
  desk.comments.push({ x: 106000001, y: 38000002, grid: 'A', text: '桥"<b>\n' });
  desk.reviewer = '王';
  const patch = desk.patch();
  same(complaint(patch, 'abc', 'S'), '');
  const again = new Desk(structuredClone(vectors.town));
  same(again.restore(JSON.parse(JSON.stringify(patch))), []);
  same(again.patch(), patch);
  same(again.grids[again.open(1)].id, 'new-2');
});

Deno.test('a patch that does not fit is told', () => {
  const patch = new Desk(structuredClone(vectors.town)).patch();
  same(complaint(null, 'abc', 'S') === '', false);
  same(complaint({}, 'abc', 'S') === '', false);
  same(complaint(patch, 'other', 'S').includes('另一个方案'), true);
  same(complaint(patch, 'abc', 'T').includes('另一个街道'), true);
  same(complaint(Object.assign({}, patch, { reviewer: 'x' }), 'abc', 'S').includes('改动过'), true);
  same(sealed(patch).hash, patch.hash);
});

Deno.test('the sum is SHA-256 (FIPS 180-4 examples)', () => {
  same(sha256('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  same(sha256(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  same(sha256('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'), '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1');
  same(sha256('a'.repeat(1000)), '41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3');
});
