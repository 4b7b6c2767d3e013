// The panel: what is selected, whom it may be given to, what that does, and the file that goes back.

import { freshFaults, outBy } from './core.js';
import { Desk } from './desk.js';
import { find, made } from './dom.js';
import { folding } from './fold.js';
import { Host } from './host.js';
import { complaint } from './patch.js';
import { Stories } from './stories.js';
import { Versions } from './versions.js';
import { View } from './view.js';
import { Zones } from './zones.js';

const WORDS = /** @type {Record<string, string>} */ ({
  grid_over: '网格超上限', grid_under: '网格不足下限', grid_pieces: '网格不连片', grid_locked: '锁定的网格被改动',
  community_over: '社区超上限', community_under: '社区不足下限', community_pieces: '社区不连片',
  community_locked: '锁定的社区被改动',
});
/** Metres off all lines that are told before a change is made. */
const WORTH_TELLING = 20;
const KEYS = /** @type {Record<string, string>} */ ({ p: 'pick', b: 'brush', x: 'box', m: 'remark' });

const town = JSON.parse(find('town').textContent);
const desk = new Desk(town);
const view = new View(town, desk, 'map');
const shelf = 'lingwu-review-' + town.plan + '-' + town.street;
/** @type {Stories | null} */
let stories = null;
const zones = new Zones(desk, town.ground, (g) => {
  view.showUnits([...desk.grid].map((own, u) => (own === g ? u : -1)).filter((u) => u >= 0));
});
const versions = new Versions(town, desk, zones, shelf + '-versions', {
  open: (patch) => imported(JSON.stringify(patch)),
  differ: (units) => { view.select(units); view.showUnits(units); showSelection(); },
  say,
});
/** Faults that the plan itself has: an office need not mend them. */
const atFirst = desk.check().faults;

/** @param {string} text */
function say(text) { find('said').textContent = text; }

/** @param {number} g */
function gridName(g) {
  const grid = desk.grids[g];
  return grid.name + (grid.locked ? '（锁定）' : '');
}

function keep() {
  try {
    localStorage.setItem(shelf, JSON.stringify(desk.patch()));
  } catch {
    say('浏览器不让存储：关闭前请导出意见文件');
  }
}

/** @param {Iterable<number>} units */
function changed(units) {
  view.selected = new Set();
  view.repaint(units);
  show();
  keep();
  requestAnimationFrame(() => { performance.measure('edit-to-frame', 'edit'); });
}

/** Notes when somebody asked for something: what they wait for begins there. */
function began() { performance.mark('edit'); }

/** @param {number} g */
function give(g) {
  began();
  const chosen = [...view.selected];
  const way = g < town.grids.length ? desk.outlook(chosen, g).way : [];
  const units = [...chosen, ...way];
  const moving = desk.give(units, g);
  if (moving.length < units.length) {
    say((units.length - moving.length) + ' 个单元没有动：已在该网格，或所在、所去的网格锁定');
  } else { say(way.length ? '为连片，连同 ' + way.length + ' 块空地一并划入' : ''); }
  changed(units);
}

/** @param {number[]} units @param {boolean} additive */
view.onSelect = (units, additive) => {
  performance.mark('select');
  const next = new Set(additive ? view.selected : []);
  const isOff = units.length === 1 && next.has(units[0]);
  for (const u of units) { if (isOff) { next.delete(u); } else { next.add(u); } }
  view.select([...next]);
  showSelection();
  requestAnimationFrame(() => { performance.measure('select-to-frame', 'select'); });
};

/** @param {number} lat @param {number} lng */
view.onPlace = (lat, lng) => {
  const u = view.unitAt({ lat, lng });
  find('remark').hidden = false;
  find('remark').dataset.at = JSON.stringify([Math.round(lng * 1e6), Math.round(lat * 1e6), u < 0 ? '' : desk.grids[desk.grid[u]].id]);
  find('remark-text').focus();
};

/**
 * Tell what giving some units to a grid would do.
 * @param {number[]} units
 * @param {number} g
 */
function outlook(units, g) {
  const then = desk.outlook(units, g), size = desk.check().sizes[g];
  const all = [...units, ...then.way], off = zones.added(all, g);
  const along = then.way.length ? '（连同 ' + then.way.length + ' 块空地）' : '';
  return {
    units: all.filter((u) => !desk.grids[desk.grid[u]].locked),
    isFine: outBy(desk.grids[g], then.size) === 0 && then.pieces < 2,
    text: '划给 ' + gridName(g) + '：' + size + ' → ' + then.size + ' 户' + along + (then.pieces > 1 ? '，不连片' : '')
      + (off >= WORTH_TELLING ? '，不沿线的界线 +' + off + ' 米' : ''),
  };
}

/** @param {number} g */
view.outlook = (g) => {
  const units = [...view.selected];
  return desk.grids[g].locked || units.every((u) => desk.grid[u] === g) ? '' : outlook(units, g).text;
};

function showSelection() {
  const units = [...view.selected];
  const box = find('selection');
  box.textContent = '';
  if (!units.length) {
    box.append(made('p', '在图上点选、刷选或框选要调整的单元。', 'hint'));
    return;
  }
  const total = units.reduce((sum, u) => sum + town.households[u], 0);
  const from = [...new Set(units.map((u) => desk.grid[u]))];
  const places = [...new Set(units.map((u) => town.placeOf[u]).filter(Boolean))].slice(0, 4).join('、');
  box.append(made('p', '选中 ' + units.length + ' 个单元，' + total + ' 户' + (places ? '（' + places + '）' : '')));
  box.append(made('p', '现属 ' + from.map(gridName).join('、')));
  const stuck = from.filter((g) => desk.grids[g].locked);
  if (stuck.length) { box.append(made('p', stuck.map((g) => desk.grids[g].name).join('、') + ' 锁定，其单元不动', 'warn')); }
  for (const rest of desk.leftover(units)) {
    const short = rest.pieces > 0 ? -outBy(desk.grids[rest.grid], rest.size) : 0;
    const isLow = short > 0;
    if (!isLow && rest.pieces < 2) { continue; }
    const why = [isLow ? '不足 ' + short + ' 户' : '', rest.pieces > 1 ? '断成 ' + rest.pieces + ' 片' : ''];
    box.append(made('p', '划走后 ' + gridName(rest.grid) + ' 剩 ' + rest.size + ' 户：' + why.filter(Boolean).join('，'), 'warn'));
  }
  const beside = [...from, ...desk.beside(units).filter((g) => !from.includes(g))].slice(0, 9);
  for (const g of beside) {
    if (from.length === 1 && g === from[0]) { continue; }
    const would = outlook(units, g);
    const button = made('button', would.text, would.isFine ? 'fine' : 'bad');
    button.setAttribute('type', 'button');
    button.dataset.give = String(g);
    button.style.borderLeft = '10px solid ' + view.colour(g);
    button.toggleAttribute('disabled', desk.grids[g].locked || from.every((own) => desk.grids[own].locked));
    button.addEventListener('click', () => give(g));
    for (const [what, to] of /** @type {[string, number][]} */ ([['pointerenter', g], ['focus', g], ['pointerleave', -1], ['blur', -1]])) {
      button.addEventListener(what, () => view.preview(would.units, to));
    }
    box.append(button);
  }
  const isGrid = total >= town.gridRange[0] && total <= town.gridRange[1];
  const fresh = made('button', '划成新网格：' + total + ' 户' + (isGrid ? '' : '（不在 ' + town.gridRange.join('—') + ' 户）'), isGrid ? 'plain' : 'bad');
  fresh.setAttribute('type', 'button');
  fresh.id = 'give-new';
  fresh.addEventListener('click', () => give(desk.open(desk.grids[from[0]].community)));
  box.append(fresh);
  for (const g of from) {
    if (g >= town.grids.length || town.grids[g].locked) { continue; }
    const lock = made('button', (desk.grids[g].locked ? '解锁 ' : '锁定 ') + desk.grids[g].name, 'plain');
    lock.setAttribute('type', 'button');
    lock.dataset.lock = String(g);
    lock.addEventListener('click', () => { desk.toggleLock(g); showSelection(); show(); keep(); });
    box.append(lock);
  }
}

function show() {
  const state = desk.check();
  find('moved').textContent = '比方案改动 ' + state.fromPlan.grid + ' 户（换社区 ' + state.fromPlan.community + '）；比现状共变动 '
    + state.fromToday.grid + ' 户（换社区 ' + state.fromToday.community + '）';
  const list = find('faults');
  list.textContent = '';
  const fresh = freshFaults(state.faults, atFirst);
  const names = new Map([...desk.grids, ...town.communities].map((z) => [z.id, z.name]));
  for (const fault of state.faults) {
    const unit = fault.kind.endsWith('pieces') ? ' 片' : fault.kind.endsWith('locked') ? ' 个单元' : ' 户';
    const isOld = !fresh.includes(fault);
    const item = made('li', WORDS[fault.kind] + '：' + (names.get(fault.zone) || fault.zone) + '，' + fault.amount + unit + (isOld ? '（原方案已有）' : ''), isOld ? 'old' : 'new');
    item.tabIndex = 0;
    const goThere = () => {
      const inside = fault.kind.startsWith('grid')
        ? (/** @type {number} */ g) => desk.grids[g].id === fault.zone
        : (/** @type {number} */ g) => town.communities[desk.grids[g].community].id === fault.zone;
      view.showUnits([...desk.grid].map((g, u) => (inside(g) ? u : -1)).filter((u) => u >= 0));
    };
    item.addEventListener('click', goThere);
    item.addEventListener('keydown', (event) => { if (event.key === 'Enter') { goThere(); } });
    list.append(item);
  }
  find('verdict').textContent = fresh.length ? '有 ' + fresh.length + ' 处不合规，由本次改动引起或加重' : '本次改动合规';
  find('verdict').className = fresh.length ? 'bad' : 'fine';
  find('undo').disabled = !desk.done.length;
  find('redo').disabled = !desk.undone.length;
  const remarks = find('remarks');
  remarks.textContent = '';
  desk.comments.forEach((c, k) => {
    const item = made('li', c.text);
    const off = made('button', '删');
    off.setAttribute('type', 'button');
    off.setAttribute('aria-label', '删除意见 ' + (k + 1));
    off.addEventListener('click', () => { desk.comments.splice(k, 1); show(); keep(); });
    item.append(off);
    remarks.append(item);
  });
  view.showRemarks();
  view.labels.draw();
  zones.tell();
  versions.tell();
  showSelection();
  if (stories) { stories.tell(); }
}

/** @param {string} mode */
function setMode(mode) {
  view.setMode(mode);
  for (const button of document.querySelectorAll('[data-mode]')) {
    if (button instanceof HTMLButtonElement) { button.setAttribute('aria-pressed', String(button.dataset.mode === mode)); }
  }
}

function exported() {
  const patch = desk.patch();
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(patch, null, 1)], { type: 'application/json' }));
  link.download = '审议意见_' + town.street + '_' + town.plan + '.json';
  link.click();
  URL.revokeObjectURL(link.href);
  say('已导出：' + link.download + '，' + patch.edits.length + ' 处调整、' + patch.comments.length + ' 条意见');
}

/** @param {string} text */
function imported(text) {
  let patch = null;
  try { patch = JSON.parse(text); } catch { say('这不是审议意见文件'); return; }
  let wrong = '';
  try { wrong = complaint(patch, town.plan, town.street); } catch { wrong = '文件不完整'; }
  if (wrong) { say(wrong); return; }
  began();
  const unknown = desk.restore(patch);
  find('reviewer').value = desk.reviewer;
  say(unknown.length ? '本页没有：' + unknown.slice(0, 5).join('、') : '已读入，可继续');
  changed(town.unitIds.map((/** @type {string} */ _, /** @type {number} */ u) => u));
}

for (const button of document.querySelectorAll('[data-mode]')) {
  if (button instanceof HTMLButtonElement) { button.addEventListener('click', () => setMode(button.dataset.mode || 'pick')); }
}
/** @param {'undo' | 'redo'} which */
function step(which) {
  began();
  const steps = which === 'undo' ? desk.done : desk.undone;
  if (desk.isBarred(steps[steps.length - 1])) { say('这一步涉及锁定的网格，先解锁'); return; }
  changed(desk[which]());
}
find('undo').addEventListener('click', () => step('undo'));
find('redo').addEventListener('click', () => step('redo'));
find('unselect').addEventListener('click', () => { view.select([]); showSelection(); });
find('restart').addEventListener('click', () => {
  if (!confirm('放弃本页的全部改动和意见？')) { return; }
  began();
  desk.clear();
  find('reviewer').value = '';
  changed(town.unitIds.map((/** @type {string} */ _, /** @type {number} */ u) => u));
});
find('export').addEventListener('click', exported);
find('import').addEventListener('change', (/** @type {any} */ event) => {
  const file = event.target.files[0];
  if (file) { file.text().then(imported); }
  event.target.value = '';
});
find('reviewer').addEventListener('input', (/** @type {any} */ event) => { desk.reviewer = event.target.value.trim(); keep(); });
find('remark').addEventListener('submit', (/** @type {any} */ event) => {
  event.preventDefault();
  const text = find('remark-text').value.trim();
  const [x, y, grid] = JSON.parse(find('remark').dataset.at);
  if (text) { desk.comments.push({ x, y, grid, text: text.slice(0, 500) }); }
  find('remark-text').value = '';
  find('remark').hidden = true;
  show();
  keep();
});
/** @param {string} word */
function searched(word) {
  const grids = new Set(desk.grids.map((g, k) => (g.id.includes(word) || g.name.includes(word) ? k : -1)));
  const inPlace = town.placeOf.map((/** @type {string} */ p, /** @type {number} */ u) => (p.includes(word) ? u : -1)).filter((/** @type {number} */ u) => u >= 0);
  const inGrid = inPlace.length ? [] : [...desk.grid].map((g, u) => (grids.has(g) ? u : -1)).filter((u) => u >= 0);
  return [...inPlace, ...inGrid];
}
find('search').addEventListener('input', (/** @type {any} */ event) => {
  const word = event.target.value.trim();
  say('');
  if (!word) { return; }
  const found = searched(word);
  if (found.length) { view.showUnits(found); } else if (!view.showLine(word)) { say('没有找到“' + word + '”'); }
});
find('search').addEventListener('keydown', (/** @type {any} */ event) => {
  const word = event.target.value.trim();
  if (event.key === 'Enter' && word) { view.onSelect(searched(word), false); }
});
document.addEventListener('keydown', (event) => {
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) { return; }
  const key = event.key.toLowerCase();
  if (key === 'z' && (event.ctrlKey || event.metaKey)) { step(event.shiftKey ? 'redo' : 'undo'); event.preventDefault(); }
  if (key === 'y' && (event.ctrlKey || event.metaKey)) { step('redo'); event.preventDefault(); }
  if (event.ctrlKey || event.metaKey || event.altKey) { return; }
  if (KEYS[key]) { setMode(KEYS[key]); }
  if (key === 'escape') { view.select([]); showSelection(); }
});

folding(view.map);

let stored = null;
try { stored = localStorage.getItem(shelf); } catch { say('浏览器不让存储：关闭前请导出意见文件'); }
if (stored) { imported(stored); }
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') { find('remark').hidden = true; }
});
setMode('pick');
view.printWhole();
stories = new Stories(town.stories, desk, view, {
  choose: (units) => { view.select(units); showSelection(); },
  noted: () => { show(); keep(); },
});
for (const button of document.querySelectorAll('[data-today]')) {
  button.addEventListener('click', () => {
    view.showToday(button.getAttribute('data-today') === '1');
    for (const b of document.querySelectorAll('[data-today]')) { b.setAttribute('aria-pressed', String(b === button)); }
  });
}
view.repaint(view.moved);
show();
if (town.hosted) { new Host(desk, view); }
performance.mark('ready');
/** @type {any} */ (window).lingwuMap = view.map;
/** @type {any} */ (window).lingwuReview = { desk, view, stories, zones, versions, imported };
