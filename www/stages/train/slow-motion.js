// A step in slow motion: the engine stops behind each of its parts, and here stands what the part has done, with its number.
// The page sets the pace. Nothing is played back: while a part is shown, nothing else is computed.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { caption, element } from '../../figure/caption.js';
import { amount, count, fine, loss } from '../../words/format.js';
import { named, text, worded } from '../../words/language.js';

/** Milliseconds that a part is shown. */
const PACE = 1000;
/** The parts in their order: the tensor that each leaves, the number that is shown of it, and how it is written. */
const PARTS = [
  { part: 'forward', tensor: 'tokens', of: 'tokens', write: count },
  { part: 'loss', tensor: 'loss', of: 'loss', write: loss },
  { part: 'backward', tensor: 'gradients', of: 'parameters', write: amount },
  { part: 'clip', tensor: 'grad_norm', of: 'gradient_norm', write: fine },
  { part: 'update', tensor: 'lr', of: 'learning_rate', write: fine },
];

/** Sends the engine's commands `slow` and `part`, and shows what it tells of each part in `figure`. */
export class Slow {
  /** The events of the parts of the last step, by their names.
   * @type {Record<string, Messages.Part>} */
  parts = {};
  /** The last part.
   * @type {Messages.Part | null} */
  now = null;
  on = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** What was said last. */
  said = '';
  /** What the run did last.
   * @type {string | undefined} */
  state;

  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.figure = figure;
    this.button = figure.querySelector('[data-action=slow]');
    this.button.addEventListener('click', () => this.turn());
    this.items = PARTS.map(({ part }) => {
      const [name, value, what] = [element('b'), element('span', 'value'), element('p', 'hint')];
      named(name, `slow.name.${part}`);
      named(what, `slow.what.${part}`);
      const item = element('li', '', name, value, what);
      item.dataset.part = part;
      return { item, value };
    });
    figure.querySelector('ol').append(...this.items.map(({ item }) => item));
    worded(() => this.show());
    engine.on(['part'], (event) => this.part(event));
    engine.on(['begun', 'forgotten'], () => this.forget());
    engine.on(['recovered'], () => this.again());
    run.on(['state'], () => this.follow());
    this.forget();
  }

  /** There is no step to tell of. */
  forget() {
    clearTimeout(this.timer);
    this.parts = {};
    this.now = null;
    this.show();
  }

  /** Begins slow motion, or ends it. */
  turn() {
    this.on = !this.on;
    this.again();
    if (!this.on) this.now = null;
    this.show();
  }

  /** Says to the engine how it is, also to one that is new. */
  again() {
    clearTimeout(this.timer);
    engine.send({ command: 'slow', on: this.on });
  }

  /** What the run does; whoever pauses waits for no part. */
  follow() {
    if (run.state === this.state) return;
    this.state = run.state;
    if (run.state !== 'running') clearTimeout(this.timer);
    this.show();
  }

  /** A part is done: the next comes when this one was seen.
   * @param {Messages.Part} event */
  part(event) {
    if (event.step !== this.now?.step) this.parts = {};
    this.parts[event.part] = event;
    this.now = event;
    clearTimeout(this.timer);
    if (this.on && this.state === 'running') this.timer = setTimeout(() => engine.send({ command: 'part' }), PACE);
    this.show();
  }

  show() {
    const { now, on, parts } = this;
    const stands = on && now && this.state === 'running';
    this.button.setAttribute('aria-pressed', String(on));
    const at = PARTS.findIndex(({ part }) => part === now?.part);
    const values = now ? { step: count(now.step), name: text(`slow.name.${now.part}`), at: count(at + 1), all: count(PARTS.length), batch: count(now.micro_batch), batches: count(now.micro_batches) } : {};
    const sentence = !on ? text('slow.off') : !now ? text('slow.ready') : stands
      ? [text('slow.stands', values), now.micro_batches > 1 && at < 3 ? text('slow.batch', values) : ''].filter(Boolean).join(text('update.join'))
      : text('slow.over', values);
    if (sentence !== this.said) {
      caption(this.figure, {
        sentence, chip: now ? text('slow.source', values) : '', tensor: now ? PARTS[at].tensor : 'none', shape: '1', step: now?.step ?? 0, run: 'live',
      });
    }
    this.said = sentence;
    for (const [i, { item, value }] of this.items.entries()) {
      const { part, of, write } = PARTS[i];
      const number = /** @type {number | null | undefined} */ (parts[part]?.[/** @type {keyof Messages.Part} */ (of)]);
      value.textContent = number === undefined || number === null ? text('metric.none') : text(`slow.value.${part}`, { value: write(number), factor: fine(parts[part].clip_factor ?? 1) });
      if (number === undefined) delete item.dataset.value;
      else item.dataset.value = String(number);
      // Behind a pause too: the mark says what was done last, not that the engine stands there.
      if (on && i === at) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
    }
  }
}
