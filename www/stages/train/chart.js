// <loss-chart> and <run-chart>: curves over the steps of a run, drawn by uPlot. They draw numbers and compute none.

import uPlot from '../../vendor/uplot.js';
import { amount, count, fine, loss, measure, tick } from '../../words/format.js';
import { text } from '../../words/language.js';

/** Pixels around what is drawn: labels of the left axis, of the lower one, and half a label at the right end. */
const [LEFT, BOTTOM, RIGHT, TOP] = [44, 24, 20, 8];

/** The first of the round numbers `start` times 1, 2, 5, 10, 20 ... that is `least` or more.
 * @param {number} least
 * @param {number} start */
function round(least, start) {
  for (let power = start; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  }
}

/** At most `most` round numbers from `start` to `end`, all multiples of one that is `least` or more.
 * @param {number} start
 * @param {number} end
 * @param {number} most
 * @param {number} least */
function ticks(start, end, most, least) {
  for (let power = least; ; power *= 10) {
    for (const factor of [1, 2, 5]) {
      const step = factor * power;
      const [first, last] = [Math.ceil(start / step - 1e-9), Math.floor(end / step + 1e-9)];
      if (last - first < most) return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
    }
  }
}

/** Round numbers from `start` to `end` that stand apart by a factor of `apart` or more.
 * @param {number} start
 * @param {number} end
 * @param {number} apart */
function ratios(start, end, apart) {
  const found = [];
  for (let power = 10 ** Math.floor(Math.log10(start)); power <= end; power *= 10) {
    for (const factor of [1, 1.5, 2, 3, 4, 5, 6, 8]) {
      const value = factor * power;
      if (value >= start && value <= end && value >= (found.at(-1) ?? 0) * apart) found.push(value);
    }
  }
  return found;
}

/** A number as it stands at an axis, where there is little room.
 * @param {number} value */
const at_axis = (value) => (value >= 10_000 ? amount(value) : value >= 10 ? count(value) : fine(value));

/** One canvas with curves. `asks` is called with the place in the record that a person points at (null for none), and
 * whether it is `kept` or gone to by `key`. */
export class Chart extends HTMLElement {
  /** @type {import('../../engine/history.js').Record} */
  record;
  /** @type {uPlot} */
  plot;
  /** @type {(index: number | null, how?: 'kept' | 'key') => void} */
  asks = () => {};
  /** The place that is read, and how many steps the run is to take.
   * @type {number | null} */
  index = null;
  total = 0;
  /** The columns that are drawn.
   * @type {string[]} */
  names = [];
  reading = document.createElement('p');
  /** Whether its scale is logarithmic. */
  log = false;
  /** @type {{ chart: string, sentence: string } | undefined} */
  described;

  connectedCallback() {
    if (this.plot) return;
    this.reading.className = 'cursor';
    this.reading.setAttribute('aria-hidden', 'true');
    this.build();
    this.append(this.reading);
    new ResizeObserver(() => this.fit()).observe(this);
    document.addEventListener('themechange', () => this.plot.redraw());
  }

  /** The column whose curve it is. */
  get column() {
    return this.dataset.column ?? '';
  }

  /**
   * The curves: of each its column, colour, width, and other options of uPlot.
   * @returns {({ column: string, colour: string } & uPlot.Series)[]} */
  curves() {
    return [{ column: this.column, colour: '--train', width: 1.4 }];
  }

  /**
   * The lowest and the highest value of the left axis.
   * @returns {[number, number]} */
  span() {
    const { high } = this.record.extents[this.column];
    return [0, high > 0 && Number.isFinite(high) ? round(high * 1.02, 1e-9) : 1];
  }

  /** The values of the left axis that have a line.
   * @param {number} low
   * @param {number} high
   * @param {number} height */
  lines(low, high, height) {
    return ticks(low, high, Math.max(2, height / 44), 1e-9);
  }

  /** What is written at them.
   * @param {number[]} values */
  labels(values) {
    return values.map(at_axis);
  }

  /** What is read at the place of the cursor.
   * @param {number} index */
  read(index) {
    return `${count(this.record.at('step', index))}: ${fine(this.record.at(this.column, index))}`;
  }

  /** @param {string} name */
  colour(name) {
    return getComputedStyle(this).getPropertyValue(name).trim();
  }

  build() {
    const font = `11px ${getComputedStyle(this).fontFamily}`;
    const axis = {
      stroke: () => this.colour('--ink-3'), font, gap: 6, ticks: { show: false },
      grid: { stroke: () => this.colour('--line'), width: 1 },
    };
    const none = () => null;
    const names = ['mousedown', 'mouseup', 'click', 'dblclick', 'mousemove', 'mouseleave', 'mouseenter'];
    const drawn = this.curves();
    this.names = drawn.map(({ column }) => column);
    this.plot = new uPlot({
      width: Math.max(1, this.clientWidth), height: Math.max(1, this.clientHeight),
      padding: [TOP, RIGHT, 0, 0],
      legend: { show: false },
      // The canvas hears the pointer itself, so that what is pointed at is what is focused.
      cursor: {
        y: false, drag: { x: false, y: false }, bind: Object.fromEntries(names.map((name) => [name, none])),
        points: { size: 6, width: 0, fill: (_, i) => this.colour(drawn[i - 1].colour) },
      },
      scales: {
        x: { time: false, range: () => [0, this.end()] },
        y: { distr: this.log ? 3 : 1, range: () => (this.record ? this.span() : [1, 10]) },
      },
      axes: [
        { ...axis, grid: { show: false }, size: BOTTOM, splits: (u, _, low, high) => ticks(low, high, Math.max(2, u.width / 90), 1), values: (_, steps) => steps.map(count) },
        { ...axis, size: LEFT, splits: (u, _, low, high) => this.lines(low, high, u.height), filter: (_, values) => values, values: (_, values) => this.labels(values) },
      ],
      series: [{}, ...drawn.map(({ colour, width, ...more }) => ({
        stroke: () => this.colour(colour), width, points: { show: (/** @type {uPlot} */ u, /** @type {number} */ _, /** @type {number} */ from, /** @type {number} */ to) => to - from < 2, size: 4, fill: () => this.colour(colour) }, ...more,
      }))],
      // Where a step lies is known when its scale is.
      hooks: { drawAxes: [(u) => this.behind(u)], draw: [() => this.place(this.index)] },
    }, [[], ...drawn.map(() => [])], this);
    this.surface();
    this.draw();
  }

  /** The canvas is what is focused, named and pressed. */
  surface() {
    const { canvas } = this.plot.ctx;
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'application');
    canvas.setAttribute('aria-describedby', this.dataset.describedby ?? '');
    canvas.setAttribute('aria-details', this.dataset.details ?? '');
    canvas.addEventListener('pointermove', (event) => this.point(event));
    canvas.addEventListener('click', (event) => this.point(event, 'kept'));
    for (const left of ['pointerleave', 'blur']) canvas.addEventListener(left, () => this.asks(null));
    canvas.addEventListener('keydown', (event) => this.key(event));
    if (this.described) this.describe(this.described);
  }

  /** Hides nothing of what the curves draw later.
   * @param {uPlot} plot */
  behind(plot) {}

  /** Shows a record, of a run that is to take `total` steps.
   * @param {import('../../engine/history.js').Record} record
   * @param {number} total */
  show(record, total) {
    this.record = record;
    this.total = total;
    this.draw();
  }

  /** The axis grows in round steps, so that the picture seldom jumps. */
  end() {
    const last = this.record?.columns.step.at(-1) ?? 0;
    return this.total > 0 ? Math.max(last, Math.min(this.total, round(Math.max(1, last) * 1.05, 100))) : 100;
  }

  draw() {
    if (!this.record) return;
    const { columns } = this.record;
    this.plot.setData(/** @type {uPlot.AlignedData} */ ([columns.step, ...this.names.map((name) => columns[name])]));
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this;
    if (width === 0 || height === 0) return;
    if (width !== this.plot.width || height !== this.plot.height) this.plot.setSize({ width, height });
    // What came while nobody saw it was not drawn.
    this.draw();
  }

  /** The picture in words.
   * @param {{ chart: string, sentence: string }} described */
  describe(described) {
    this.described = described;
    const { canvas } = this.plot.ctx;
    canvas.setAttribute('aria-roledescription', text('curve.role'));
    canvas.setAttribute('aria-label', text('loss.described', described));
    if (this.index !== null) this.place(this.index);
  }

  /** Asks for the step nearest to the pointer.
   * @param {MouseEvent} event
   * @param {'kept'} [how] */
  point(event, how = undefined) {
    if (!this.record?.length) return;
    this.asks(this.plot.posToIdx(event.offsetX - this.plot.over.offsetLeft), how);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const last = (this.record?.length ?? 0) - 1;
    if (last < 0) return;
    const at = this.index ?? last;
    const far = Math.max(1, Math.round(last / 20));
    const places = /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at + far, PageDown: at - far, Home: 0, End: last });
    if (event.key === 'Enter') this.asks(at, 'kept');
    else if (event.key in places) this.asks(Math.min(last, Math.max(0, places[event.key])), 'key');
    else return;
    event.preventDefault();
  }

  /** Puts the crosshair on a place of the record, or takes it away.
   * @param {number | null} index */
  place(index) {
    this.index = index;
    const shown = index === null ? '' : this.read(index);
    if (this.reading.textContent !== shown) this.reading.textContent = shown;
    const left = index === null ? -10 : this.plot.valToPos(this.record.at('step', index), 'x');
    this.plot.setCursor({ left, top: index === null ? -10 : 0 }, false);
  }
}

/** The losses: each step's faint, their average strong, on validation text as points, and what guessing gives. */
export class LossChart extends Chart {
  /** What guesses cost.
   * @type {(number | undefined)[]} */
  guesses = [];

  curves() {
    return [
      { column: 'loss', colour: '--train', width: 1, alpha: 0.3 },
      { column: 'smoothed', colour: '--train', width: 1.6 },
      {
        column: 'validation_loss', colour: '--validation', width: 1.4, dash: [5, 3], spanGaps: true,
        points: { show: true, size: 5, width: 0, fill: () => this.colour('--validation') },
      },
    ];
  }

  /** Shows what guesses cost: of all tokens alike, by how frequent each is, by the token before it.
   * @param {(number | undefined)[]} guesses */
  guess(guesses) {
    this.guesses = guesses;
  }

  /** On a logarithmic scale, or on one with a step of the same height everywhere.
   * @param {boolean} log */
  scale(log) {
    this.log = log;
    this.plot.destroy();
    this.build();
  }

  /** @returns {[number, number]} */
  span() {
    const { loss: single, validation_loss: validation } = this.record.extents;
    const lowest = Math.min(single.low, validation.low);
    const highest = Math.max(single.high, validation.high, this.guesses[0] ?? -Infinity);
    if (this.log) return [Number.isFinite(lowest) ? Math.max(1e-6, lowest * 0.95) : 1, Number.isFinite(highest) ? highest * 1.05 : 10];
    return [
      Number.isFinite(lowest) ? Math.max(0, Math.floor(lowest * 2 - 0.2) / 2) : 0,
      Number.isFinite(highest) ? Math.ceil(highest * 2 + 0.2) / 2 : 8,
    ];
  }

  /** @param {number} low
   * @param {number} high
   * @param {number} height */
  lines(low, high, height) {
    if (this.log) return ratios(low, high, (high / low) ** Math.min(1, 36 / height));
    return ticks(low, high, Math.max(2, height / 44), 0.1);
  }

  /** @param {number[]} values */
  labels(values) {
    return values.map(this.log ? measure : tick);
  }

  /** @param {number} index */
  read(index) {
    const [step, single, average] = ['step', 'loss', 'smoothed'].map((name) => this.record.at(name, index));
    return `${count(step)}: ${loss(single)} · ${loss(average)}`;
  }

  /** @param {uPlot} plot */
  behind(plot) {
    if (!this.record || !this.guesses) return;
    const { left, top, width, height } = plot.bbox;
    const g = plot.ctx;
    g.save();
    g.strokeStyle = this.colour('--ink-3');
    g.lineWidth = devicePixelRatio;
    for (const [i, guess] of this.guesses.entries()) {
      const y = Math.round(plot.valToPos(guess ?? NaN, 'y', true)) + 0.5;
      if (!(y >= top && y <= top + height)) continue;
      g.setLineDash([[2, 4], [6, 3], [12, 3]][i].map((length) => length * devicePixelRatio));
      g.beginPath();
      g.moveTo(left, y);
      g.lineTo(left + width, y);
      g.stroke();
    }
    g.restore();
  }
}

customElements.define('loss-chart', LossChart);
customElements.define('run-chart', Chart);
