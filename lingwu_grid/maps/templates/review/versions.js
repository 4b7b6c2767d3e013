// Versions with names: kept in this browser, opened again, two of them set side by side.

import { Desk } from './desk.js';
import { find, made } from './dom.js';
import { complaint } from './patch.js';

/** @typedef {import('./patch.js').Patch} Patch */
/** @typedef {{name: string, patch: Patch}} Version */

/** The last is kept by itself: opening a version loses nothing. */
const PLAN = '原方案', NOW = '本页现在', BEFORE = '打开之前';
const MOST = 12;

export class Versions {
  /**
   * @param {any} town
   * @param {Desk} desk
   * @param {import('./zones.js').Zones} zones
   * @param {string} shelf where they are kept
   * @param {{open: (patch: Patch) => void, differ: (units: number[]) => void, say: (text: string) => void}} then
   */
  constructor(town, desk, zones, shelf, then) {
    this.town = town;
    this.desk = desk;
    this.zones = zones;
    this.shelf = shelf;
    this.then = then;
    /** @type {Version[]} */
    this.kept = [];
    /** @type {string[]} names of the two that are compared, the last chosen at the end */
    this.chosen = [PLAN, NOW];
    try { this.kept = this.sound(JSON.parse(localStorage.getItem(shelf) || '[]')); } catch { this.kept = []; }
    find('version-save').addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      this.save(find('version-name').value.trim());
    });
    find('versions').addEventListener('toggle', () => this.tell());
  }

  /**
   * @param {any} stored anybody may have touched it
   * @returns {Version[]}
   */
  sound(stored) {
    if (!Array.isArray(stored)) { return []; }
    return stored.filter((v) => v && typeof v.name === 'string' && !complaint(v.patch, this.town.plan, this.town.street));
  }

  /** @param {string} name */
  save(name) {
    if (!name || name === PLAN || name === NOW || name === BEFORE) { this.then.say('给这一版起个别的名字'); return; }
    const isThere = this.kept.some((v) => v.name === name);
    if (isThere && !confirm('已有“' + name + '”，换成现在的？')) { return; }
    if (!isThere && this.kept.length >= MOST) { this.then.say('已有 ' + MOST + ' 版，先删去一版'); return; }
    this.put(name);
    find('version-name').value = '';
    this.then.say('已存为“' + name + '”');
  }

  /** @param {string} name */
  put(name) {
    this.kept = [...this.kept.filter((v) => v.name !== name), { name, patch: this.desk.patch() }];
    this.store();
  }

  /** @param {Version} version */
  open(version) {
    const now = this.desk.patch();
    const isWork = now.edits.length || now.comments.length || now.locks.length;
    const isKept = this.kept.some((v) => v.patch.hash === now.hash);
    if (isWork && !isKept) { this.put(BEFORE); }
    this.then.open(version.patch);
    this.then.say('打开了“' + version.name + '”' + (isWork && !isKept ? '；之前的改动存为“' + BEFORE + '”' : ''));
  }

  store() {
    try { localStorage.setItem(this.shelf, JSON.stringify(this.kept)); } catch { this.then.say('浏览器不让存储：这一版关闭页面后就没有了'); }
    this.tell();
  }

  /**
   * @param {string} name
   * @returns {Desk}
   */
  desked(name) {
    const desk = new Desk(this.town);
    const version = this.kept.find((v) => v.name === name);
    if (version) { desk.restore(version.patch); } else if (name === NOW) { desk.restore(this.desk.patch()); }
    return desk;
  }

  tell() {
    if (!find('versions').open) { return; }
    const list = find('version-list');
    list.textContent = '';
    for (const name of [PLAN, NOW, ...this.kept.map((v) => v.name)]) {
      const item = document.createElement('li');
      const label = made('label', '');
      const box = document.createElement('input');
      box.type = 'checkbox';
      box.checked = this.chosen.includes(name);
      box.addEventListener('change', () => {
        this.chosen = this.chosen.filter((n) => n !== name);
        if (box.checked) { this.chosen = [...this.chosen, name].slice(-2); }
        this.tell();
      });
      label.append(box, name);
      item.append(label);
      const version = this.kept.find((v) => v.name === name);
      if (version) {
        item.append(this.button('打开', () => this.open(version)), this.button('删', () => {
          this.kept = this.kept.filter((v) => v !== version);
          this.chosen = this.chosen.filter((n) => n !== name);
          this.store();
        }));
      }
      list.append(item);
    }
    this.compare();
  }

  /**
   * @param {string} word
   * @param {() => void} then
   */
  button(word, then) {
    const button = made('button', word);
    button.setAttribute('type', 'button');
    button.addEventListener('click', then);
    return button;
  }

  compare() {
    const box = find('version-compare');
    box.textContent = '';
    if (this.chosen.length < 2) { box.append(made('p', '勾两版，比一比。', 'hint')); return; }
    const [one, other] = this.chosen.map((name) => this.desked(name));
    const told = [one, other].map((desk) => {
      const state = desk.check(), clear = this.zones.scoreOf(desk.grid, desk.grids.length);
      return { state, clear };
    });
    const table = made('table', '');
    /** @param {string[]} cells @param {string} tag */
    const row = (cells, tag) => {
      const line = document.createElement('tr');
      for (const cell of cells) { line.append(made(tag, cell)); }
      table.append(line);
    };
    row(['', ...this.chosen], 'th');
    row(['比现状共变动（户）', ...told.map((t) => String(t.state.fromToday.grid))], 'td');
    row(['其中换社区', ...told.map((t) => String(t.state.fromToday.community))], 'td');
    row(['不合规处', ...told.map((t) => String(t.state.faults.length))], 'td');
    row(['界线不沿线（米）', ...told.map((t) => String(t.clear.off))], 'td');
    row(['平均紧凑度', ...told.map((t) => t.clear.mean.toFixed(3))], 'td');
    const ids = (/** @type {Desk} */ desk) => Array.from(desk.grid, (g) => desk.grids[g].id);
    const [a, b] = [ids(one), ids(other)];
    const units = a.map((id, u) => (id === b[u] ? -1 : u)).filter((u) => u >= 0);
    const households = units.reduce((sum, u) => sum + this.town.households[u], 0);
    box.append(table, made('p', units.length ? '两版有 ' + units.length + ' 个单元、' + households + ' 户归属不同。' : '两版相同。'));
    if (units.length) { box.append(this.button('在图上看不同之处', () => this.then.differ(units))); }
  }
}
