// The time line: the losses of the run, its snapshots as ticks, and the one step that every view shows.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { caption, element, finder, surface } from '../figure/caption.js';
import { drawn_later } from '../figure/pacing.js';
import { selection } from '../figure/selection.js';
import { count, loss } from '../words/format.js';
import { text } from '../words/language.js';

/** Milliseconds from snapshot to snapshot while it plays. */
const PACE = 400;
/** Half of a slider's thumb: its middle never comes nearer to an end. */
const THUMB = 8;
/** Losses that the picture draws at most. */
const POINTS = 1000;
/** The two steps that are compared, by the keys that mark them. */
export const MARKS = /** @type {const} */ ({ '[': 'a', ']': 'b' });
/** Their names. */
const NAMES = /** @type {const} */ (['a', 'b']);

/** Shows the run in `figure`. */
export class Timeline {
  /** The steps of which there are snapshots.
   * @type {number[]} */
  steps = [];
  /** @type {Set<number>} */
  pinned = new Set();
  /** By step.
   * @type {Map<number, number>} */
  losses = new Map();
  /** By step, how many were kept there.
   * @type {Map<number, number>} */
  updates = new Map();
  /** Steps and their losses, as many as are drawn: `every` so manieth.
   * @type {[step: number, loss: number][]} */
  curve = [];
  every = 1;
  /** @type {Messages.Source} */
  run = 'live';
  /** Pins that are there for the steps that are compared.
   * @type {Set<number>} */
  own = new Set();
  /** Which of them waits for its pin.
   * @type {'a' | 'b' | null} */
  marking = null;
  loops = false;
  /** @type {number | null} */
  playing = null;
  /** The first and the last step, and how many the run is to take. */
  first = 0;
  last = 0;
  total = 0;
  parameters = 0;
  /** What was said last. */
  said = '';

  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.figure = figure;
    this.find = finder(figure);
    this.slider = this.find('[name=at]');
    /** @type {HTMLCanvasElement} */
    this.canvas = this.find('canvas');
    this.slider.addEventListener('input', () => this.go(this.nearest(Number(this.slider.value))));
    this.slider.addEventListener('keydown', (event) => this.key(event));
    for (const [name, action] of Object.entries({
      play: () => (this.playing === null ? this.play() : this.pause()),
      loop: () => {
        this.loops = !this.loops;
        this.show();
      },
      pin: () => this.pin(selection.step, !this.pinned.has(selection.step ?? this.last)),
      live: () => this.go(null),
      'compare-a': () => this.compare('a'),
      'compare-b': () => this.compare('b'),
    })) this.find(`[data-action=${name}]`).addEventListener('click', action);
    selection.on(['step', 'a', 'b'], () => this.show());
    document.addEventListener('languagechange', () => this.show());
    document.addEventListener('themechange', () => this.later());
    new ResizeObserver(() => this.later()).observe(this.canvas);
    engine.on(['begun', 'forgotten'], () => this.forget());
    engine.on(['ready'], (ready) => this.begin(ready));
    engine.on(['steps'], (reports) => this.add(reports));
    engine.on(['snapshots'], (list) => this.snapshots(list));
    engine.on(['update_kept'], (event) => this.keep(event));
    // What was to be pinned will not be.
    engine.on(['device_lost', 'error'], () => {
      this.marking = null;
    });
    run.on_recorded((recorded) => {
      const { ready, steps } = recorded;
      this.begin({ ...ready, history: recorded.reports() });
      this.snapshots({ steps, pinned: [] });
    });
    this.forget();
  }

  /** There is no run. */
  forget() {
    this.pause();
    this.steps = [];
    this.curve = [];
    [this.pinned, this.own] = [new Set(), new Set()];
    [this.losses, this.updates] = [new Map(), new Map()];
    this.marking = null;
    this.every = 1;
    this.first = this.last = this.total = this.parameters = 0;
    this.figure.hidden = true;
    selection.set({ step: null, a: null, b: null });
  }

  /** A run is there, at `step`; the reports of its earlier life come with it.
   * @param {Pick<Messages.Ready, 'step' | 'history' | 'train' | 'parameters' | 'run'>} ready */
  begin({ step, history, train, parameters, run = 'live' }) {
    this.forget();
    this.run = run;
    this.first = Math.min(history[0]?.step ?? step, step);
    this.last = step;
    this.total = train.steps;
    this.parameters = parameters;
    this.figure.hidden = false;
    this.add(history);
    this.show();
  }

  /** Takes in steps, the oldest first.
   * @param {Messages.Report[]} reports */
  add(reports) {
    for (const report of reports) {
      this.losses.set(report.step, report.loss);
      this.last = report.step;
      if (this.losses.size % this.every === 0) this.curve.push([report.step, report.loss]);
    }
    // The picture is small: of a long run it draws every second loss, then every fourth.
    while (this.curve.length > POINTS) {
      this.every *= 2;
      this.curve = this.curve.filter((_, i) => i % 2 === 1);
    }
    this.later();
  }

  /** Updates were kept at a step: its weights are behind them, its loss is not.
   * @param {Messages.Events['update_kept']} event */
  keep({ step, updates }) {
    this.updates.set(step, (this.updates.get(step) ?? 0) + updates);
    this.show();
  }

  /** Of which steps there are snapshots. A view at one that is gone goes to the nearest.
   * @param {Messages.Snapshots} event */
  snapshots({ steps, pinned }) {
    const fresh = pinned.find((step) => !this.pinned.has(step));
    this.steps = steps;
    this.pinned = new Set(pinned);
    this.first = Math.min(this.first, ...steps);
    for (const name of NAMES) {
      const marked = selection[name];
      if (marked !== null && !steps.includes(marked)) selection.set({ [name]: null });
    }
    if (this.marking && fresh !== undefined) {
      this.own.add(fresh);
      selection.set({ [this.marking]: fresh });
      this.marking = null;
    }
    if (selection.step !== null && !steps.includes(selection.step)) this.go(this.nearest(selection.step));
    this.later();
  }

  /** The stops, in order: each snapshot before the live step, and the live one as null. */
  stops() {
    return [...this.steps.filter((step) => step < this.last), null];
  }

  /** The stop nearest to a step.
   * @param {number} step */
  nearest(step) {
    /** @param {number | null} stop */
    const far = (stop) => Math.abs((stop ?? this.last) - step);
    return this.stops().reduce((best, stop) => (far(stop) <= far(best) ? stop : best));
  }

  /** @param {number | null} step */
  go(step) {
    selection.set({ step });
    this.show();
  }

  /** Goes so many stops on; says whether it could.
   * @param {number} by */
  move(by) {
    const stops = this.stops();
    const at = stops.indexOf(selection.step);
    const to = Math.min(stops.length - 1, Math.max(0, at + by));
    this.go(stops[to]);
    return to !== at;
  }

  /** Marks the step that is shown as `name`, a or b. One that is marked is gone to, and from it the other; where there is no
   * other, it is let go.
   * @param {'a' | 'b'} name */
  compare(name) {
    if (this.figure.hidden || this.marking) return;
    const [marked, other] = [selection[name], selection[name === 'a' ? 'b' : 'a']];
    const at = selection.step ?? this.last;
    if (marked === null) this.mark(name, at);
    else if (marked !== at) this.go(this.nearest(marked));
    else if (other !== null) this.go(this.nearest(other));
    else this.unmark();
  }

  /** A step that is marked is pinned, so that it stays: it is marked once it is.
   * @param {'a' | 'b'} name
   * @param {number} at */
  mark(name, at) {
    if (this.run !== 'live' || this.pinned.has(at)) selection.set({ [name]: at });
    else {
      this.marking = name;
      this.pin(selection.step, true);
    }
  }

  /** Lets both steps go, and the pins that were there for them. */
  unmark() {
    for (const step of this.own) if (this.pinned.has(step)) this.pin(step, false);
    this.own.clear();
    selection.set({ a: null, b: null });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { [/** @type {keyof typeof MARKS} */ (event.key)]: name } = MARKS;
    if (name) this.compare(name);
    if (event.key === 'Escape' && (selection.a !== null || selection.b !== null)) {
      this.unmark();
      event.preventDefault();
    }
    const far = Math.max(2, Math.round(this.stops().length / 8));
    const by = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -far, PageUp: far, Home: -Infinity, End: Infinity,
    }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.pause();
    this.move(by);
    if (event.shiftKey && this.run === 'live') this.pin(selection.step, true);
  }

  /** @param {number | null} step
   * @param {boolean} pinned */
  pin(step, pinned) {
    engine.send({ command: 'pin', step, pinned });
  }

  /** Goes from snapshot to snapshot, from the first where it stands at the end. */
  play() {
    if (selection.step === null) this.go(this.stops()[0]);
    this.playing = setInterval(() => {
      if (this.move(1)) return;
      if (this.loops) this.go(this.stops()[0]);
      else this.pause();
    }, PACE);
    this.show();
  }

  pause() {
    clearInterval(this.playing ?? undefined);
    this.playing = null;
    this.show();
  }

  /** Shows it with one of the next pictures: there may be many steps between two. */
  later() {
    drawn_later(this, () => this.show());
  }

  /** A step in words, with its loss where it has one, and the updates that were kept since.
   * @param {number} step */
  words(step) {
    const [value, kept] = [this.losses.get(step), this.updates.get(step)];
    const values = { step: count(step), total: count(this.total), loss: value === undefined ? '' : loss(value) };
    const said = text(value === undefined ? 'timeline.step.first' : 'timeline.step', values);
    return kept ? text('timeline.kept', { step: said, updates: count(kept) }) : said;
  }

  show() {
    if (this.figure.hidden || !this.steps) return;
    const { last, steps, pinned } = this;
    const past = selection.step !== null;
    const at = selection.step ?? last;
    Object.assign(this.slider, { min: String(this.first), max: String(Math.max(last, this.first + 1)), value: String(at) });
    const recorded = this.run !== 'live';
    this.slider.setAttribute('aria-valuetext', text(recorded ? 'timeline.at.recorded' : past ? 'timeline.at' : 'timeline.at.live', { step: this.words(at) }));
    /** @param {string} name
     * @param {boolean} pressed */
    const press = (name, pressed) => this.find(`[data-action=${name}]`).setAttribute('aria-pressed', String(pressed));
    press('play', this.playing !== null);
    press('loop', this.loops);
    press('pin', pinned.has(at));
    press('live', !past);
    this.find('[data-action=live]').textContent = text(recorded ? 'timeline.last' : 'timeline.live');
    for (const name of NAMES) {
      press(`compare-${name}`, selection[name] === at);
      const label = selection[name] === null ? 'compare.mark' : selection[name] === at ? 'compare.here' : 'compare.go';
      const said = text(label, { name: name.toUpperCase(), step: count(selection[name] ?? at) });
      const button = this.find(`[data-action=compare-${name}]`);
      button.title = said;
      button.setAttribute('aria-label', said);
    }
    // What was recorded keeps what it has.
    this.find('[data-action=pin]').disabled = recorded;
    this.find('[data-action=play]').textContent = text(this.playing === null ? 'timeline.play' : 'timeline.stop');
    this.find('[data-action=play]').disabled = this.stops().length < 2;
    const step = { step: this.words(at), live: count(last) };
    const marked = NAMES.filter((name) => selection[name] !== null);
    const live = past ? 'timeline.sentence' : 'timeline.sentence.live';
    const sentence = [
      text(recorded ? (past ? 'timeline.sentence.recorded' : 'timeline.sentence.recorded.last') : live, step),
      ...marked.map((name) => text('compare.marked', { name: name.toUpperCase(), step: count(selection[name] ?? 0) })),
    ].join(text('update.join'));
    const chip = text('timeline.source', { parameters: count(this.parameters), step: count(at) });
    if (this.said !== sentence) caption(this.figure, { sentence, chip, tensor: 'weights', shape: this.parameters, step: at, run: this.run, past: past && !recorded });
    this.find('figcaption').title = this.said = sentence;
    this.figure.classList.toggle('past', past);
    const marks = steps.map((step) => text(pinned.has(step) ? 'timeline.snapshot.pinned' : 'timeline.snapshot', { step: this.words(step) }));
    const list = this.find('.snapshots');
    if (list.dataset.marks !== marks.join()) {
      list.dataset.marks = marks.join();
      list.replaceChildren(...marks.map((mark) => element('li', '', mark)));
      steps.forEach((step, i) => { list.children[i].dataset.step = String(step); });
    }
    this.draw(at);
  }

  /** The losses as an area, the snapshots as ticks under it.
   * @param {number} at */
  draw(at) {
    if (!this.canvas.clientWidth) return;
    const { g, width, height, colour } = surface(this.canvas);
    /** @param {number} step */
    const x = (step) => THUMB + ((width - 2 * THUMB) * (step - this.first)) / Math.max(1, this.last - this.first);
    let [low, top] = [Infinity, 0];
    for (const [, value] of this.curve) [low, top] = [Math.min(low, value), Math.max(top, value)];
    const floor = height - 10;
    if (this.curve.length > 0) {
      /** @param {number} value */
      const y = (value) => 2 + ((top - value) / Math.max(0.1, top - low)) * (floor - 6);
      const path = new Path2D();
      let first = /** @type {number | null} */ (null);
      let end = 0;
      for (const [step, value] of this.curve) {
        end = x(step);
        first ??= end;
        path.lineTo(end, y(value));
      }
      const area = new Path2D(path);
      area.lineTo(end, floor);
      area.lineTo(first ?? end, floor);
      g.fillStyle = colour('--sunk');
      g.fill(area);
      g.strokeStyle = colour('--ink-3');
      g.stroke(path);
    }
    for (const name of NAMES) {
      const mark = this.find(`.mark-${name}`);
      mark.hidden = selection[name] === null;
      mark.style.left = `${this.canvas.offsetLeft + Math.round(x(selection[name] ?? this.first))}px`;
    }
    for (const step of this.steps) {
      const pin = this.pinned.has(step);
      g.fillStyle = colour(pin ? '--ink' : '--ink-3');
      g.fillRect(Math.round(x(step)) - (pin ? 1 : 0), floor + (pin ? 0 : 3), pin ? 3 : 1, pin ? 10 : 7);
    }
    g.fillStyle = colour('--ink');
    g.fillRect(Math.round(x(at)), 0, 1, height);
    for (const [name, value] of Object.entries({ top, low })) this.find(`.${name}`).textContent = this.curve.length > 0 ? loss(value) : '';
  }
}
