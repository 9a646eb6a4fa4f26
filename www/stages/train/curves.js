// The curves of a run: loss, learning rate, gradient norm and speed over one record, with one crosshair for all.

import './chart.js';
import { Announcer } from '../../figure/announce.js';
import { caption } from '../../figure/caption.js';
import { drawn_later } from '../../figure/pacing.js';
import { Record } from '../../engine/history.js';
import { selection } from '../../figure/selection.js';
import { StepTable } from './step-table.js';
import { count, loss, fine } from '../../words/format.js';
import { text } from '../../words/language.js';

/** The small figures: of each its name, its column, and its strings. */
const SMALL = [
  { key: 'rate', column: 'lr', empty: 'rate.empty', says: 'rate.sentence', source: 'rate.source' },
  { key: 'gradient', column: 'grad_norm', empty: 'gradient.empty', says: 'gradient.sentence', source: 'gradient.source' },
  { key: 'speed', column: 'tokens_per_second', empty: 'speed.empty', says: 'speed.sentence', source: 'speed.source' },
];
/** The columns whose cells are read, and the strings of their units. */
const READ = /** @type {{ [name: string]: string }} */ ({ loss: 'loss.unit', lr: 'rate.unit', grad_norm: 'gradient.unit', tokens_per_second: 'speed.unit' });

/** Draws in the figures that hold charts, all below `place`. */
export class Curves {
  /** @type {Record} */
  record = new Record();
  /** How many steps the run is to take, and the longest gradient that it keeps whole. */
  total = 0;
  clip = 0;
  /** The place that all views look back at, and the one that is shown.
   * @type {number | null} */
  marked = null;
  /** @type {number | null} */
  index = null;

  /** @param {HTMLElement} place */
  constructor(place) {
    /** @type {import('./chart.js').LossChart} */
    this.loss = place.querySelector('loss-chart');
    this.small = SMALL.map((small) => {
      const figure = place.querySelector(`[data-figure=${small.key}]`);
      const legend = ['now', 'low', 'high'].map((name) => {
        const item = document.createElement('li');
        item.className = name;
        figure.querySelector('.legend').append(item);
        return { name, item };
      });
      /** @type {import('./chart.js').Chart} */
      const chart = figure.querySelector('run-chart');
      return { ...small, figure, legend, chart };
    });
    /** @type {import('./chart.js').Chart[]} */
    this.charts = [this.loss, ...this.small.map(({ chart }) => chart)];
    for (const chart of this.charts) chart.asks = (index, how) => this.point(chart.names[0], index, how);
    selection.on(['cell', 'preview'], () => this.follow());
    for (const name of Object.keys(READ)) selection.readers[name] = (cell) => this.read(name, cell);
    this.announcer = new Announcer(place.querySelector('#curve-reading'));
    this.table = new StepTable(place.querySelector('#steps'));
    const scale = place.querySelector('[name=loss-scale]');
    scale.addEventListener('change', () => {
      this.loss.scale(scale.value === 'log');
    });
    this.reset();
  }

  /** A run that is to take `total` steps, whose losses by guessing are `guesses`, of all tokens alike first; `clip` is its
   * largest gradient.
   * @param {number} [total]
   * @param {(number | undefined)[]} [guesses]
   * @param {number} [clip] */
  reset(total = 0, guesses = [], clip = 0) {
    this.record = new Record();
    this.total = total;
    this.clip = clip;
    this.marked = null;
    if ((selection.tensor ?? '') in READ) selection.release();
    this.loss.guess(guesses);
    this.place(null);
    for (const chart of this.charts) chart.show(this.record, total);
    this.table.show(this.record);
    this.describe('live');
  }

  /** Takes in reports, the oldest first.
   * @param {Messages.Report[]} reports */
  add(reports) {
    this.record.add(reports);
    this.later();
  }

  /** Draws with one of the next pictures. */
  later() {
    drawn_later(this, () => this.draw());
  }

  draw() {
    for (const chart of this.charts) if (chart.clientWidth > 0) chart.show(this.record, this.total);
    this.table.draw();
    selection.came(...Object.keys(READ));
  }

  /** Pointing at a step of the curve `name` previews it in every one, keeping it lets it stay.
   * @param {string} name
   * @param {number | null} index
   * @param {string} [how] */
  point(name, index, how) {
    const cell = index === null ? null : { tensor: name, cell: [this.record.at('step', index)] };
    if (cell && how === 'kept') selection.keep(cell);
    else selection.preview(cell);
    if (how && index !== null) this.announcer.say(this.reading(index));
  }

  /** Shows the step that is pointed at or kept. The one that the views look back at is marked where nothing else is. */
  follow() {
    const { tensor, cell } = selection.shown;
    const shown = (cell && (tensor ?? '') in READ ? this.record.find(cell[0]) : null) ?? this.marked;
    if (shown !== this.index) this.place(shown);
  }

  /** A step of a curve in words, and its value there; without a cell the last one.
   * @param {string} name
   * @param {number[] | null} cell
   * @returns {import('../../figure/selection.js').Reading | null} */
  read(name, cell) {
    const { length } = this.record;
    const index = (cell ? this.record.find(cell[0]) : this.marked ?? length - 1) ?? -1;
    const value = this.record.at(name, index);
    if (value === undefined) return null;
    return { name, shape: length, place: this.reading(index), value, shown: (name === 'loss' ? loss : fine)(value), unit: text(READ[name]) };
  }

  /** Marks the step that all views look back at; null for the live one.
   * @param {number | null} step */
  mark(step) {
    const marked = step === null ? null : this.record.find(step);
    if (marked === this.marked) return;
    this.marked = marked;
    this.follow();
  }

  /** The loss of a step, or what `name` is; null where there is none.
   * @param {number | null} step */
  at(step, name = 'loss') {
    const index = step === null ? null : this.record.find(step);
    return index === null ? null : this.record.at(name, index);
  }

  /** @param {number | null} index */
  place(index) {
    this.index = index;
    for (const chart of this.charts) if (chart.record) chart.place(index);
  }

  /** Everything at a step, in words.
   * @param {number} index */
  reading(index) {
    /** @param {string} name */
    const at = (name) => this.record.at(name, index);
    const values = {
      step: count(at('step')), loss: loss(at('loss')), smoothed: loss(at('smoothed')), rate: fine(at('lr')),
      gradient: fine(at('grad_norm')), speed: fine(at('tokens_per_second')),
    };
    return text('curve.reading', values);
  }

  /** Says what the small figures show, in the language of the page.
   * @param {Messages.Source} run */
  describe(run) {
    const { length, extents } = this.record;
    // That of the step that the views look back at.
    const index = this.marked ?? length - 1;
    const step = length > 0 ? this.record.at('step', index) : 0;
    for (const { key, column, empty, says, source, figure, legend, chart } of this.small) {
      const now = length > 0 ? this.record.at(column, index) : 0;
      const [value, low, high] = [now, extents[column].low, extents[column].high].map((x) => (length > 0 ? fine(x) : ''));
      const sentence = length > 0 ? text(key === 'gradient' && this.clip > 0 ? 'gradient.clipped' : says, { step: count(step), value, low, high, clip: fine(this.clip) }) : text(empty);
      const chip = length > 0 ? text(source, { step: count(step) }) : '';
      const past = this.marked !== null;
      caption(figure, { sentence, chip, tensor: column, shape: '1', step, run, past: past && run === 'live' });
      for (const { name, item } of legend) item.textContent = text(past && name === 'now' ? 'curve.then' : `curve.${name}`, { value: /** @type {{ [name: string]: string }} */ ({ now: value, low, high })[name] });
      chart.describe({ chart: text(key), sentence });
    }
    this.table.describe();
  }
}
