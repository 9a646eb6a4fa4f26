// The steps of a run in rows: a table that is turned page by page, and the file with all of them.

import { hand_over } from '../../shell/files.js';
import { COLUMNS } from '../../engine/history.js';
import { count, loss, fine } from '../../words/format.js';
import { named, text } from '../../words/language.js';

/** Rows of a page. */
const ROWS = 25;

/** How a column's values are written. */
const WRITE = /** @type {Record<string, (n: number) => string>} */ ({ step: count, tokens: count, loss, smoothed: loss, validation_loss: loss });

/** Shows a record's rows in `place`, the newest page first, as long as it is open. */
export class StepTable {
  /** @type {import('../../engine/history.js').Record} */
  record;

  /** @param {HTMLDetailsElement} place */
  constructor(place) {
    this.place = place;
    this.body = place.querySelector('tbody');
    this.newest = true;
    this.page = 0;
    place.addEventListener('toggle', () => this.draw());
    this.back = place.querySelector('[data-action=rows-back]');
    this.on = place.querySelector('[data-action=rows-on]');
    this.back.addEventListener('click', () => this.turn(-1));
    this.on.addEventListener('click', () => this.turn(1));
    this.save = /** @type {HTMLElement} */ (place.parentElement).querySelector('[data-action=csv]');
    this.save.addEventListener('click', () => this.download());
  }

  /** @param {import('../../engine/history.js').Record} record */
  show(record) {
    this.record = record;
    this.newest = true;
    this.draw();
  }

  /** Names the columns, once somebody looks. */
  head() {
    /** @type {HTMLTableRowElement} */
    const row = this.place.querySelector('thead tr');
    if (row.cells.length > 0) return;
    for (const name of COLUMNS) {
      const head = document.createElement('th');
      head.scope = 'col';
      named(head, `column.${name}`);
      row.append(head);
    }
  }

  /** The last page; the first one is 0. */
  get last() {
    return Math.max(0, Math.ceil(this.record.length / ROWS) - 1);
  }

  /** @param {number} by */
  turn(by) {
    this.page = Math.min(this.last, Math.max(0, this.page + by));
    this.newest = this.page === this.last;
    this.draw();
  }

  draw() {
    this.save.disabled = this.record.length === 0;
    if (!this.place.open) return;
    this.head();
    if (this.newest) this.page = this.last;
    const from = this.page * ROWS;
    const to = Math.min(this.record.length, from + ROWS);
    const rows = Array.from({ length: to - from }, (_, i) => {
      const row = document.createElement('tr');
      for (const name of COLUMNS) {
        const value = this.record.at(name, from + i);
        const cell = row.insertCell();
        cell.textContent = value === null ? '' : (WRITE[name] ?? fine)(value);
        if (value !== null) cell.title = String(value);
      }
      return row;
    });
    this.body.replaceChildren(...rows);
    this.back.disabled = this.page === 0;
    this.on.disabled = this.page === this.last;
    this.describe();
  }

  /** Says which rows are shown. */
  describe() {
    if (!this.record) return;
    const from = this.page * ROWS;
    const all = this.record.length;
    this.place.querySelector('.rows-shown').textContent = all === 0 ? text('rows.none') : text('rows.shown', {
      from: count(from + 1), to: count(Math.min(all, from + ROWS)), all: count(all),
    });
  }

  /** Hands over all rows, with all digits. */
  download() {
    const name = `glasshouse-steps-${this.record.at('step', this.record.length - 1)}.csv`;
    hand_over(name, new Blob([this.record.csv()], { type: 'text/csv' }));
  }
}
