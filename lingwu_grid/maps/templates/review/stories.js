// The change told one story at a time, and what the office says of each: it goes back as a remark.

import { find, made } from './dom.js';

/** @typedef {import('./desk.js').Desk} Desk */
/** @typedef {import('./view.js').View} View */

/**
 * @typedef {Object} Story
 * @property {string} head
 * @property {string} way from where to where, with counts
 * @property {string} reason
 * @property {string} border
 * @property {number} elderly
 * @property {string} across the change of community; empty for none
 * @property {number[]} units numbers of units on this page
 * @property {number} x
 * @property {number} y place, millionths of a degree
 * @property {[number, number]} aim where the arrow ends, likewise
 * @property {string} grid the grid that gets it
 */

const YES = '同意：', NO = '不同意：';

export class Stories {
  /**
   * @param {Story[]} stories
   * @param {Desk} desk
   * @param {View} view
   * @param {{choose: (units: number[]) => void, noted: () => void}} then what the panel does
   */
  constructor(stories, desk, view, then) {
    this.stories = stories;
    this.desk = desk;
    this.view = view;
    this.then = then;
    this.at = 0;
    find('stories').hidden = !stories.length;
    if (!stories.length) { return; }
    view.moved = new Set(stories.flatMap((s) => s.units));
    find('story-back').addEventListener('click', () => this.go(this.at - 1));
    find('story-next').addEventListener('click', () => this.go(this.at + 1));
    find('story-yes').addEventListener('click', () => this.answer(YES, ''));
    find('story-no').addEventListener('click', () => {
      find('story-why').hidden = false;
      find('story-reason').focus();
    });
    find('story-why').addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      this.answer(NO, find('story-reason').value.trim());
    });
    find('story-change').addEventListener('click', () => this.then.choose(this.stories[this.at].units));
    document.addEventListener('keydown', (event) => {
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) { return; }
      if (event.target === view.map.getContainer()) { return; }  // there the arrows move the map
      if (event.key === 'ArrowRight') { this.go(this.at + 1); }
      if (event.key === 'ArrowLeft') { this.go(this.at - 1); }
    });
    this.tell();
  }

  /** @param {number} to */
  go(to) {
    this.at = (to + this.stories.length) % this.stories.length;
    const story = this.stories[this.at];
    this.view.showStory(story.units, [story.x, story.y], story.aim);
    this.tell();
  }

  /**
   * @param {Story} story
   * @returns {number} the place among the remarks of what was said of it; -1 for nothing
   */
  said(story) {
    return this.desk.comments.findIndex((c) => c.x === story.x && c.y === story.y
      && (c.text.startsWith(YES) || c.text.startsWith(NO)) && c.text.includes(story.head));
  }

  /**
   * @param {string} word
   * @param {string} why
   */
  answer(word, why) {
    const story = this.stories[this.at];
    const old = this.said(story);
    if (old >= 0) { this.desk.comments.splice(old, 1); }
    const text = (word + story.head + (why ? '。' + why : '')).slice(0, 500);
    this.desk.comments.push({ x: story.x, y: story.y, grid: story.grid, text });
    find('story-reason').value = '';
    this.then.noted();
    this.tell();
  }

  tell() {
    if (!this.stories.length) { return; }
    const story = this.stories[this.at];
    const answered = this.stories.filter((s) => this.said(s) >= 0).length;
    find('story-at').textContent = (this.at + 1) + ' / ' + this.stories.length;
    find('story-done').textContent = '已表态 ' + answered + ' 项，未表态 ' + (this.stories.length - answered) + ' 项';
    const body = find('story-body');
    body.textContent = '';
    body.append(made('b', story.head));
    for (const line of [story.way, story.across, '原因：' + story.reason,
      story.border ? '界线：' + story.border : '', story.elderly ? '老年人 ' + story.elderly + ' 人' : '']) {
      if (line) { body.append(made('p', line)); }
    }
    body.append(made('p', '原因里的户数：别的调整照做、单单不划这一块时的户数；说网格改属的，是整个网格不在这里时的户数', 'hint'));
    const at = this.said(story);
    const text = at >= 0 ? this.desk.comments[at].text : '';
    find('story-yes').setAttribute('aria-pressed', String(text.startsWith(YES)));
    find('story-no').setAttribute('aria-pressed', String(text.startsWith(NO)));
    find('story-why').hidden = true;
  }
}
