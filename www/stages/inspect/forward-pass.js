// One forward pass, step by step: every matrix between a prompt's tokens and their probabilities, its formula, and what one
// number of it is made of. All numbers are the engine's, which is asked only while somebody looks.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { NOTHING, caption, element, finder, target_of } from '../../figure/caption.js';
import { filled, written } from './formulas.js';
import { marked } from '../../words/glyphs.js';
import { Matrix, nearest } from '../../figure/matrix.js';
import { on_screen } from '../../figure/on-screen.js';
import { paced } from '../../figure/pacing.js';
import { colour, diverging, fill } from '../../figure/colours.js';
import { selection } from '../../figure/selection.js';
import { count, fine } from '../../words/format.js';
import { text, worded } from '../../words/language.js';

/** Milliseconds between two passes of a model that is training. */
const PASS_PAUSE = 500;
/** Rows that are high enough for a name beside each, and columns that are wide enough for one above. */
const [ROWS, COLUMNS] = [40, 24];
/** Where colours end, in standard deviations; how many there are; and that of what is no number. */
const [FAR, SHADES, BROKEN] = [3, 256, [200, 0, 60]];

/** Stops that are alike have their words together. */
const ALIKE = /** @type {Record<string, string>} */ ({
  input: 'stream', last: 'stream', ln_1: 'norm', ln_2: 'norm', ln_f: 'norm', attn_sum: 'sum', output: 'sum', attn_projection: 'project', mlp_projection: 'project',
});
/** What a stop is called.
 * @param {string} stop */
const named = (stop) => text(`pass.stop.${ALIKE[stop] ?? stop}`);

/** Asks for the engine's `trace`, and shows in `figure` what it tells. */
export class Pass {
  /** @type {Messages.Traced} */
  seen;
  /** @type {Messages.Model | undefined} */
  model;
  /** What was asked last.
   * @type {string | undefined} */
  sent;
  /** Whether the sentence is to be said aloud. */
  tells = false;
  /** The stops that are listed.
   * @type {string | null} */
  listed = null;
  stop = 'token_embedding';
  pending = false;
  again = false;
  /** Whether the numbers may be others by now. */
  stale = true;
  timer = /** @type {ReturnType<typeof setTimeout> | null} */ (null);

  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.figure = figure;
    this.place = finder(figure);
    /** @type {HTMLDetailsElement} */
    this.details = this.place('details');
    this.list = this.place('.pass-stops');
    /** @type {HTMLDetailsElement} */
    this.row = this.place('.pass-row');
    this.details.addEventListener('toggle', () => {
      if (!this.details.open) {
        this.seen = NOTHING;
        this.let_go();
      }
      this.show();
      this.ask();
    });
    this.row.addEventListener('toggle', () => this.show_row());
    this.details.addEventListener('click', (event) => {
      const { stop, by } = target_of(event).closest('button')?.dataset ?? {};
      if (by) this.go(Number(by));
      else if (stop) this.open(stop);
    });
    this.details.addEventListener('keydown', (event) => this.key(event));
    /** @type {Matrix} */
    this.matrix = new Matrix(this.place('.pass-matrix'), 'pass', {
      size: () => [this.station.rows, this.station.columns], start: () => this.cell[0], within: () => [this.station.number],
      /** @param {number} row */
      means: (row) => (this.station.down === 'tokens' && this.station.across !== 'candidates' ? { token: row } : {}),
    });
    selection.readers.pass = (cell) => this.read(cell);
    selection.on(['step', 'prompt', 'layer', 'head', 'token', 'cell', 'preview'], () => {
      this.follow();
      if (this.seen) this.matrix.show();
      this.ask();
    });
    this.on_screen = on_screen([figure], () => this.ask());
    worded(() => {
      this.listed = null;
      this.show();
    });
    document.addEventListener('themechange', () => this.show());
    engine.on(['begun', 'forgotten'], () => this.able(undefined));
    engine.on(['steps'], () => this.changed());
    const follow = () => this.able(run.shown?.model);
    run.on(['shown'], follow);
    selection.on(['stage'], follow);
    this.show();
  }

  /** Whether there is a model to look into; another one has other numbers.
   * @param {Messages.Model | undefined} model */
  able(model) {
    if (model !== this.model) {
      this.model = model;
      this.seen = NOTHING;
      this.show();
    }
    this.stale = true;
    this.ask();
  }

  /** Asks for the pass at its turn, where somebody sees it: now, or as soon as the one before is there. */
  ask() {
    if (!this.model || !this.details.open || !this.on_screen()) return;
    if (this.pending) this.again = true;
    else paced(this, () => this.trace());
  }

  trace() {
    const { stop, cell } = this;
    const { prompt, token: position, step: at, shown: { layer, head } } = selection;
    /** @type {Messages.Trace} */
    const command = { command: 'trace', prompt, layer, head, position, at, stop, cell };
    const sent = JSON.stringify(command);
    if (this.pending || !this.details.open || !this.on_screen() || (sent === this.sent && !this.stale && this.seen)) return;
    this.pending = true;
    this.again = this.stale = false;
    this.sent = sent;
    run.ask(command, (seen) => {
      this.pending = false;
      if (seen) this.traced({ ...seen, past: at !== null && !seen.run }, stop);
    });
  }

  /** The live model has changed: it is looked at again, though not at every step. */
  changed() {
    if (selection.step !== null) return;
    this.stale = true;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.ask();
    }, PASS_PAUSE);
  }

  /** The pass is there that was asked for with the stop `wanted`.
   * @param {Messages.Traced} seen
   * @param {string} wanted */
  traced(seen, wanted) {
    if (!this.details.open) return;
    this.seen = seen;
    // A layer that has no such stop tells of another.
    if (this.stop === wanted) this.stop = seen.stop;
    this.follow();
    this.show();
    if (this.stop === seen.stop) selection.came('pass');
    // Only now is it known where a cell is that a link has named: what was asked already is not asked twice.
    if (this.again || this.stop !== seen.stop || !this.stale) this.ask();
  }

  /** Goes where a kept cell is: a link may name one. */
  follow() {
    const { tensor, cell } = selection;
    if (tensor !== 'pass') return;
    this.details.open = true;
    this.stop = this.seen?.stops.find(({ number }) => number === cell?.[0])?.name ?? this.stop;
  }

  /** Lets go of a cell that is kept here. */
  let_go() {
    if (selection.tensor === 'pass') selection.set({ tensor: null, cell: null });
  }

  /** The description of the stop that is shown: it is among the stops.
   * @returns {Messages.Station} */
  get station() {
    return this.seen.stops.find(({ name }) => name === this.seen.stop) ?? NOTHING;
  }

  /** Row and column of the number that is explained: the one that is chosen, or the first of the token's row.
   * @returns {number[]} */
  get cell() {
    const { seen, stop, matrix } = this;
    const last = (seen?.tokens.length ?? 1) - 1;
    return (seen?.stop === stop && matrix.seen) || [stop === 'table' ? 0 : Math.min(selection.shown.token ?? last, last), 0];
  }

  /** What the inspector reads of a cell.
   * @param {number[] | null} cell
   * @returns {import('../../figure/selection.js').Reading | null} */
  read(cell) {
    const [number, row, column] = cell ?? [];
    if (!this.seen) return null;
    const { stops, stop, values } = this.seen;
    const station = stops.find((known) => known.number === number);
    if (!station || !(row < station.rows && column < station.columns)) return null;
    const { name, tensor, rows, columns } = station;
    const value = name === stop ? values[row * columns + column] : '';
    return { name: tensor, shape: `${rows} × ${columns}`, place: `${named(name)} · ${this.where(station, row, column)}`, value, shown: value === '' ? '' : fine(value) };
  }

  /** A cell in words.
   * @param {Messages.Station} station
   * @param {number} row
   * @param {number} column */
  where({ down, across }, row, column) {
    return text(`pass.cell.${across}`, { row: this.name(down, row), column: this.name(across, column) });
  }

  /** Goes so many stops on.
   * @param {number} by */
  go(by) {
    const names = this.seen.stops.map(({ name }) => name);
    this.open(names[nearest(names.length, names.indexOf(this.stop) + by)]);
  }

  /** @param {string} stop */
  open(stop) {
    this.stop = stop;
    this.tells = true;
    this.let_go();
    this.mark();
    if (this.list.contains(document.activeElement)) this.list.querySelector('[aria-current]').focus();
    this.ask();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { key } = event;
    const by = /** @type {Record<string, number>} */ ({ ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, Enter: 1, Home: -Infinity, End: Infinity })[key];
    if (!this.seen) return;
    if (key === 'Backspace') this.go(-1);
    else if (by && this.list.contains(target_of(event))) this.go(by);
    else return;
    event.preventDefault();
  }

  show() {
    const { seen } = this;
    this.figure.classList.toggle('waiting', !seen);
    if (!seen) {
      const sentence = text(!this.model ? 'inspect.none' : this.details.open ? 'pass.waiting' : 'pass.closed');
      caption(this.figure, { sentence, chip: '', tensor: 'none', shape: 0, step: 0, run: 'live' });
      return;
    }
    const { step, past, stops, run = 'live' } = seen;
    const { tensor, rows, columns, formula, sources } = this.station;
    caption(this.figure, {
      sentence: this.sentence(this.station),
      chip: text('pass.source', { tensor, rows: count(rows), columns: count(columns), step: count(step) }),
      tensor, shape: `${rows}x${columns}`, step, run, past,
    });
    /** @param {string} stop */
    const button = (stop) => {
      const made = element('button', '', named(stop));
      made.type = 'button';
      made.dataset.stop = stop;
      return made;
    };
    const listed = stops.map(({ name }) => name).join();
    if (this.listed !== listed) {
      this.listed = listed;
      this.list.replaceChildren(...stops.map(({ name, tensor: path }) => element('li', path.startsWith('h.') ? 'block' : '', button(name))));
    }
    this.mark();
    this.place('h3').textContent = named(seen.stop);
    this.place('.pass-formula').replaceChildren(written(formula));
    this.place('.pass-from').replaceChildren(...sources.flatMap((source) => [' ', stops.some(({ name }) => name === source) ? button(source) : `“${source}”`]));
    this.place('.pass-words').replaceChildren(...stops.map((station) => element('li', '', `${named(station.name)}: ${this.sentence(station)}`)));
    this.paint();
    this.show_cell();
    this.show_row();
    if (this.tells && seen.stop === this.stop) {
      this.place('[aria-live]').textContent = this.sentence(this.station);
      this.tells = false;
    }
  }

  /** Marks the present stop, also before its numbers are there. */
  mark() {
    const buttons = [...this.list.querySelectorAll('button')];
    const at = buttons.findIndex(({ dataset }) => dataset.stop === this.stop);
    for (const [i, button] of buttons.entries()) {
      if (i === at) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
      button.tabIndex = i === Math.max(0, at) ? 0 : -1;
    }
    this.place('.pass-place').textContent = text('pass.place', { at: count(at + 1), all: count(buttons.length) });
    this.place('[data-action=pass-back]').disabled = at <= 0;
    this.place('[data-action=pass-next]').disabled = at === buttons.length - 1;
  }

  /** What happens at a stop, in words with its numbers.
   * @param {Messages.Station} station */
  sentence({ name, rows, columns, spread }) {
    const { layer, head, vocab, tokens, position, candidates } = this.seen;
    const numbers = Object.fromEntries(Object.entries(spread ?? {}).map(([key, x]) => [key, fine(x)]));
    const said = text(`pass.say.${ALIKE[name] ?? name}`, {
      rows: count(rows), columns: count(columns), vocab: count(vocab), layer: count(layer + 1), head: count(head + 1),
      token: marked(tokens[position].text), likeliest: marked(candidates[0].text),
    });
    return spread ? `${said} ${text('pass.range', numbers)}` : said;
  }

  /** The matrix, and a legend in the same colours. */
  paint() {
    const { values } = this.seen;
    const { rows, columns, formula, across, down, spread } = this.station;
    const { mean, deviation, least, most } = spread ?? NOTHING;
    // What stands above the diagonal is never seen; scores are there all the same.
    const causal = across === 'tokens' && formula !== 'scores';
    const chances = formula === 'softmax';
    const end = causal && chances ? 1 : chances ? most : Math.min(Math.max(-least, most), Math.abs(mean) + FAR * deviation) || 1;
    const tint = chances ? colour : diverging();
    /** @param {number} i */
    const place = (i) => i / (SHADES - 1);
    const shades = Array.from({ length: SHADES }, (_, i) => tint(chances ? place(i) : 2 * place(i) - 1));
    let broken = false;
    /** @type {HTMLCanvasElement} */
    const canvas = this.place('.pass-matrix');
    fill(canvas, values, columns, (value, i) => {
      if (causal && i % columns > Math.floor(i / columns)) return null;
      if (Number.isFinite(value)) return shades[nearest(SHADES, Math.round((SHADES - 1) * (chances ? value / end : (value / end + 1) / 2)))];
      broken = true;
      return BROKEN;
    });
    fill(this.place('.pass-bar'), shades, SHADES, (shade) => shade);
    this.place('.pass-low').textContent = chances ? '0' : fine(-end);
    this.place('.pass-high').textContent = fine(end);
    this.place('.pass-scale').textContent = chances ? text('inspect.unit') : text('pass.scale', { deviation: fine(deviation) });
    this.place('.pass-broken').hidden = !broken;
    this.place('.pass-masked').hidden = !causal;
    for (const part of [canvas, this.place('.labels')]) part.style.height = `${rows * (rows > ROWS ? 8 : 20)}px`;
    this.place('.pass-picture').style.maxWidth = `${columns * 32}px`;
    canvas.setAttribute('aria-label', text('pass.matrix', { stop: named(this.seen.stop), rows: count(rows), columns: count(columns) }));
    /** @param {string} axis
     * @param {number} n */
    const names = (axis, n) => Array.from({ length: n }, (_, i) => element('li', '', this.name(axis, i)));
    this.place('.labels').replaceChildren(...(rows > ROWS ? [] : names(down, rows)));
    this.place('.pass-across').replaceChildren(...(columns > COLUMNS ? [] : names(across, columns)));
  }

  /** What a row or a column is called.
   * @param {string} axis
   * @param {number} i */
  name(axis, i) {
    const { tokens, candidates } = this.seen;
    return axis === 'channels' ? count(i + 1) : marked((axis === 'candidates' ? candidates : tokens)[i].text);
  }

  /** The number that is explained, with its formula. */
  show_cell() {
    const { seen: { cell }, station } = this;
    const reading = this.place('.pass-reading');
    this.matrix.show();
    reading.hidden = !cell;
    if (!cell) return;
    const { row, column, value } = cell;
    Object.assign(reading.dataset, { value: String(value), row: String(row), column: String(column) });
    reading.title = String(value);
    this.place('.pass-where').textContent = this.where(station, row, column);
    this.place('.pass-how').replaceChildren(...filled(cell, (i) => this.name(station.formula === 'mix' ? 'tokens' : 'channels', i)));
    for (const [i, label] of [...this.place('.labels').children].entries()) label.classList.toggle('chosen', i === row);
  }

  /** The chosen row in numbers, where somebody looks. */
  show_row() {
    if (!this.seen || !this.row.open) return;
    const { seen: { cell, values }, station: { columns, down, across } } = this;
    const row = cell?.row ?? 0;
    this.row.querySelector('caption').textContent = this.name(down, row);
    this.row.querySelector('tbody').replaceChildren(...Array.from({ length: columns }, (_, i) => {
      const value = values[row * columns + i];
      const [head, number] = [element('th', 'token', this.name(across, i)), element('td', 'number', fine(value))];
      head.scope = 'row';
      number.title = String(value);
      return element('tr', '', head, number);
    }));
  }
}
