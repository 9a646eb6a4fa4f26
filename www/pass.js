// One forward pass, step by step: every matrix between a prompt's tokens and their probabilities, its formula, and what one
// number of it is made of. All numbers are the engine's, which is asked only while somebody looks.

import { caption, element } from './figure.js';
import { filled, written } from './formulas.js';
import { marked } from './glyphs.js';
import { on_screen } from './on-screen.js';
import { colour, diverging, fill } from './scale.js';
import { selection } from './selection.js';
import { count, fine, text, worded } from './text.js';

/** Milliseconds between two passes of a model that is training, and between any two. */
const [PAUSE, APART] = [500, 100];
/** Rows that are high enough for a name beside each, and columns that are wide enough for one above. */
const [ROWS, COLUMNS] = [40, 24];
/** Where colours end, in standard deviations; how many there are; and that of what is no number. */
const [FAR, SHADES, BROKEN] = [3, 256, [200, 0, 60]];

/** Stops that are alike have their words together. */
const ALIKE = {
  input: 'stream', last: 'stream', ln_1: 'norm', ln_2: 'norm', ln_f: 'norm', attn_sum: 'sum', output: 'sum', attn_projection: 'project', mlp_projection: 'project',
};
/** What a stop is called. */
const named = (stop) => text(`pass.stop.${ALIKE[stop] ?? stop}`);

/** Sends the engine's command `trace` through `send`, and shows what it tells. */
export class Pass {
  /** @type {Told.Traced} */
  seen;
  /** @type {Told.Send} */
  send;
  figure; model; at; wanted; tells;
  again = Infinity;
  stop = 'token_embedding';
  /** The cell that was chosen, and the one that is pointed at.
   * @type {{ row: number, column: number }} */
  kept = null;
  pointed = null;
  asked = false;
  timer = null;
  last = 0;
  due = 0;

  constructor(figure, send) {
    Object.assign(this, { figure, send });
    this.place = (selector) => figure.querySelector(selector);
    this.details = this.place('details');
    this.list = this.place('.pass-stops');
    this.canvas = this.place('.pass-matrix');
    this.row = this.place('.pass-row');
    this.details.addEventListener('toggle', () => {
      if (!this.details.open) this.seen = null;
      this.show();
      this.ask();
    });
    this.row.addEventListener('toggle', () => this.show_row());
    selection.on(['step', 'prompt', 'layer', 'head', 'token'], () => this.ask());
    this.details.addEventListener('click', ({ target }) => {
      const { stop, by } = target.closest('button')?.dataset ?? {};
      if (by) this.go(Number(by));
      else if (stop) this.open(stop);
    });
    this.details.addEventListener('keydown', (event) => this.key(event));
    const under = ({ offsetX, offsetY }) => {
      const { rows, columns } = this.station;
      const { clientWidth, clientHeight } = this.canvas;
      return { row: within(rows, (rows * offsetY) / clientHeight), column: within(columns, (columns * offsetX) / clientWidth) };
    };
    this.canvas.addEventListener('pointermove', (event) => this.point(under(event)));
    this.canvas.addEventListener('pointerleave', () => this.point(null));
    this.canvas.addEventListener('click', (event) => this.keep(under(event)));
    this.on_screen = on_screen([figure], () => this.ask());
    worded(() => this.show());
    document.addEventListener('themechange', () => this.show());
    this.show();
  }

  /** Whether there is a model to look into; another one has other numbers. */
  able(model) {
    if (model !== this.model) {
      Object.assign(this, { model, seen: null, asked: false });
      this.show();
    }
    this.ask();
  }

  /** Asks for the pass as soon as it may be: `pause` milliseconds behind the last, and when that is there. */
  ask(pause = APART) {
    if (!this.model || !this.details.open || !this.on_screen()) return;
    const { asked, timer, due, last, stop } = this;
    const next = last + pause;
    if (asked) this.again = Math.min(this.again, pause);
    else if (performance.now() < next) {
      if (timer !== null && due <= next) return;
      clearTimeout(timer);
      this.due = next;
      this.timer = setTimeout(() => {
        this.timer = null;
        this.ask();
      }, next - performance.now());
    } else {
      const { prompt, layer, head, token: position, step: at } = selection;
      const { row, column } = this.cell;
      Object.assign(this, { asked: true, again: Infinity, at, wanted: stop, last: performance.now() });
      this.send({ command: 'trace', prompt, layer, head, position, at, stop, cell: [row, column] });
    }
  }

  /** The live model has changed. */
  changed() {
    if (selection.step === null) this.ask(PAUSE);
  }

  /** What was asked for will not be answered. */
  release() {
    this.asked = false;
  }

  /** @param {Told.Traced} seen */
  traced(seen) {
    if (!this.details.open) return;
    Object.assign(this, { seen: { ...seen, past: this.at !== null && !seen.run }, asked: false });
    // A layer that has no such stop tells of another.
    if (this.stop === this.wanted) this.stop = seen.stop;
    this.show();
    if (this.again < Infinity) this.ask(this.again);
  }

  /** What is told of the stop that is shown. */
  get station() {
    return this.seen.stops.find(({ name }) => name === this.seen.stop);
  }

  /** The cell that is told: the one pointed at, or the one that was chosen, or the first of the token's row. */
  get cell() {
    const { pointed, kept, stop, seen } = this;
    const token = Math.min(selection.token ?? Infinity, (seen?.tokens.length ?? 1) - 1);
    return pointed ?? { row: stop === 'table' ? (kept?.row ?? 0) : token, column: kept?.column ?? 0 };
  }

  point(cell) {
    if (cell?.row === this.pointed?.row && cell?.column === this.pointed?.column) return;
    this.pointed = cell;
    this.ask();
  }

  /** Chooses a cell until another is chosen; null lets it go. */
  keep(cell) {
    Object.assign(this, { kept: cell, pointed: null, tells: true });
    if (this.stop !== 'table') selection.set({ token: cell?.row ?? null });
    this.ask(0);
  }

  /** Goes so many stops on. */
  go(by) {
    const names = this.seen.stops.map(({ name }) => name);
    this.open(names[within(names.length, names.indexOf(this.stop) + by)]);
  }

  open(stop) {
    Object.assign(this, { stop, kept: null, pointed: null, tells: true });
    this.mark();
    if (this.list.contains(document.activeElement)) this.list.querySelector('[aria-current]').focus();
    this.ask(0);
  }

  key(event) {
    const { key, target } = event;
    if (!this.seen) return;
    const { rows, columns } = this.station;
    const { row, column } = this.cell;
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -Infinity], End: [0, Infinity], Enter: [0, 0] }[key];
    if (key === 'Backspace') this.go(-1);
    else if (key === 'Escape') this.keep(null);
    else if (!move) return;
    else if (target === this.canvas) this.keep({ row: within(rows, row + move[0]), column: within(columns, column + move[1]) });
    else if (this.list.contains(target)) this.go(key === 'Enter' ? 1 : move[0] + move[1]);
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
    const button = (stop) => {
      const made = element('button', '', named(stop));
      made.type = 'button';
      made.dataset.stop = stop;
      return made;
    };
    const listed = `${document.documentElement.lang} ${stops.map(({ name }) => name)}`;
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
    if (this.tells && this.again > 0) {
      this.place('[aria-live]').textContent = this.kept ? this.place('.pass-where').textContent + fine(seen.cell?.value) : this.sentence(this.station);
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
   * @param {Told.Station} station */
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
    const { rows, columns, formula, across, down, spread: { mean, deviation, least, most } } = this.station;
    // What stands above the diagonal is never seen; scores are there all the same.
    const causal = across === 'tokens' && formula !== 'scores';
    const chances = formula === 'softmax';
    const end = causal && chances ? 1 : chances ? most : Math.min(Math.max(-least, most), Math.abs(mean) + FAR * deviation) || 1;
    const tint = chances ? colour : diverging();
    const place = (i) => i / (SHADES - 1);
    const shades = Array.from({ length: SHADES }, (_, i) => tint(chances ? place(i) : 2 * place(i) - 1));
    let broken = false;
    fill(this.canvas, values, columns, (value, i) => {
      if (causal && i % columns > Math.floor(i / columns)) return null;
      if (Number.isFinite(value)) return shades[within(SHADES, Math.round((SHADES - 1) * (chances ? value / end : (value / end + 1) / 2)))];
      broken = true;
      return BROKEN;
    });
    fill(this.place('.pass-bar'), shades, SHADES, (shade) => shade);
    this.place('.pass-low').textContent = chances ? '0' : fine(-end);
    this.place('.pass-high').textContent = fine(end);
    this.place('.pass-scale').textContent = chances ? text('inspect.unit') : text('pass.scale', { deviation: fine(deviation) });
    this.place('.pass-broken').hidden = !broken;
    for (const masked of this.figure.querySelectorAll('.pass-masked')) masked.hidden = !causal;
    for (const part of [this.canvas, this.place('.labels')]) part.style.height = `${rows * (rows > ROWS ? 8 : 20)}px`;
    this.place('.pass-picture').style.maxWidth = `${columns * 32}px`;
    this.canvas.setAttribute('aria-label', text('pass.matrix', { stop: named(this.seen.stop), rows: count(rows), columns: count(columns) }));
    const names = (axis, n) => Array.from({ length: n }, (_, i) => element('li', '', this.name(axis, i)));
    this.place('.labels').replaceChildren(...(rows > ROWS ? [] : names(down, rows)));
    this.place('.pass-across').replaceChildren(...(columns > COLUMNS ? [] : names(across, columns)));
  }

  /** What a row or a column is called. */
  name(axis, i) {
    const { tokens, candidates } = this.seen;
    return axis === 'channels' ? count(i + 1) : marked((axis === 'candidates' ? candidates : tokens)[i].text);
  }

  /** The number that is told, with its formula. */
  show_cell() {
    const { cell } = this.seen;
    const { rows, columns, down, across, formula } = this.station;
    const [reading, where, how, box] = ['.pass-reading', '.pass-where', '.pass-how', '.pass-cell'].map(this.place);
    reading.hidden = box.hidden = !cell;
    if (!cell) return;
    const { row, column, value } = cell;
    Object.assign(reading.dataset, { value: String(value), row: String(row), column: String(column) });
    reading.title = String(value);
    where.textContent = text(`pass.cell.${across}`, { row: this.name(down, row), column: this.name(across, column) });
    how.replaceChildren(...filled(cell, (i) => this.name(formula === 'mix' ? 'tokens' : 'channels', i)));
    Object.assign(box.style, { left: `${(100 * column) / columns}%`, top: `${(100 * row) / rows}%`, width: `${100 / columns}%`, height: `${100 / rows}%` });
    box.classList.toggle('kept', Boolean(this.kept && !this.pointed));
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

/** The place in a list of `n` that is nearest to `at`. */
const within = (n, at) => Math.min(n - 1, Math.max(0, Math.floor(at)));
