// The stage Tokenizer, first figure: merges as they happen, the pairs that race to be next, and how short the line grows.

import { Alphabet } from './alphabet.js';
import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { caption, element, finder } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { selection } from '../../figure/selection.js';
import { count, measure } from '../../words/format.js';
import { named, text } from '../../words/language.js';

/** Merges of one request where all are wanted at once: the page stays quick between two. */
const MERGES_AT_ONCE = 64;

/** Shows in `figure` the merges of the text that is read. */
export class Merges {
  /** @type {Messages.Merged} */
  state;
  figure;
  /** @type {Pick<Messages.Merge, 'k' | 'tokens' | 'id' | 'text'>[]} */
  curve = [];
  playing = false;
  /** Whether an answer is waited for. */
  pending = false;
  /** Whether somebody chose how many merges are made. */
  chosen = false;
  finished = false;
  /** How many merges there will be, and how many bytes the text has. */
  total = 0;
  bytes = 0;
  /** The merge that was made last.
   * @type {Messages.Merge | null | undefined} */
  last = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /** @param {HTMLElement} figure
   * @param {import('../../shell/settings.js').Settings} settings
   * @param {import('../../shell/chosen-text.js').ChosenText} chosen */
  constructor(figure, settings, chosen) {
    this.figure = figure;
    this.place = finder(figure);
    this.target = this.place('[name=merges]');
    this.alphabet = new Alphabet(this.place('.alphabet'));
    const actions = {
      'merge-play': () => this.play(!this.playing),
      'merge-step': () => {
        this.play(false);
        this.ask(1);
      },
      'merge-reset': () => this.begin(),
    };
    for (const [name, action] of Object.entries(actions)) this.place(`[data-action=${name}]`).addEventListener('click', action);
    this.target.addEventListener('change', () => {
      this.chosen = true;
      this.begin();
    });
    selection.readers.merges = () => this.read();
    document.addEventListener('languagechange', () => this.show());
    engine.on(['read'], () => {
      this.offer(settings.merges);
      this.begin();
    });
    engine.on(['merged'], (state) => this.merged(state));
    engine.on(['error'], () => {
      this.pending = false;
      this.play(false);
    });
    run.on_recorded((recorded) => {
      if (chosen.takes_recorded) this.merged(recorded.text.merged);
    });
  }

  /** Where the merges stand, and how often the last pair stood there.
   * @returns {import('../../figure/selection.js').Reading | null} */
  read() {
    const { last, state } = this;
    return state && { name: 'merges', shape: state.done, place: this.place('figcaption').textContent ?? '', value: last?.count ?? '', shown: last ? count(last.count) : '' };
  }

  /** So many merges are made where nobody asks for another number.
   * @param {number} merges */
  offer(merges) {
    if (!this.chosen) this.target.value = String(merges);
  }

  /** Begins with single bytes again, on the text that was read. */
  begin() {
    this.play(false);
    this.curve = [];
    this.last = null;
    const merges = Math.min(100_000, Math.max(1, Math.floor(Number(this.target.value)) || 1));
    this.target.value = String(merges);
    engine.call('merge_begin', { merges });
  }

  /** @param {number} budget */
  ask(budget) {
    if (this.pending || this.finished || this.state?.run === 'recorded') return;
    this.pending = true;
    engine.call('merge', { budget });
  }

  /** @param {boolean} playing */
  play(playing) {
    this.playing = playing && !this.finished;
    const button = this.place('[data-action=merge-play]');
    button.setAttribute('aria-pressed', String(this.playing));
    named(button, this.playing ? 'merges.pause' : 'merges.play');
    clearTimeout(this.timer);
    if (this.playing) this.next();
  }

  /** Asks for what comes next, at the speed that is chosen. */
  next() {
    const speed = Number(this.place('[name=merge-speed]').value);
    if (speed === 0) this.ask(MERGES_AT_ONCE);
    else this.timer = setTimeout(() => this.ask(1), 1000 / speed);
  }

  /** Merges were made, or a training has begun.
   * @param {Messages.Merged} state */
  merged(state) {
    this.pending = false;
    this.finished = state.finished;
    this.total = state.total;
    if (state.done === 0) this.curve = [];
    this.bytes = state.bytes;
    this.curve.push(...state.merges.map(({ k, tokens, id, text: symbol }) => ({ k, tokens, id, text: symbol })));
    if (state.merges.length > 0) this.last = state.merges.at(-1);
    this.state = state;
    this.show();
    if (this.finished) this.play(false);
    if (this.playing) this.next();
  }

  show() {
    const { state, last } = this;
    if (!state) return;
    const ratio = measure(state.bytes / Math.max(1, state.tokens));
    const values = { bytes: count(state.bytes), tokens: count(state.tokens), ratio };
    const sentence = last
      ? text('merges.sentence', { ...values, k: count(last.k), left: marked(last.left_text), right: marked(last.right_text), pair: marked(last.text), count: count(last.count) })
      : text('merges.none', values);
    caption(this.figure, {
      sentence: this.finished ? `${sentence} ${text('merges.finished')}` : sentence,
      chip: text('merges.source', { done: count(state.done), total: count(state.total) }),
      tensor: 'merges', shape: state.done, step: state.done, run: state.run ?? 'live',
    });
    this.place('[data-action=merge-step]').disabled = this.finished;
    this.place('[data-action=merge-play]').disabled = this.finished;
    const most = state.top[0]?.count ?? 1;
    this.place('.race').replaceChildren(...state.top.map((pair) => {
      const bar = element('span', 'race-bar');
      bar.style.width = `${(100 * pair.count) / most}%`;
      return element('li', '',
        element('span', 'race-pair', element('b', '', marked(pair.left_text)), ' + ', element('b', '', marked(pair.right_text))),
        element('span', 'race-track', bar),
        element('span', 'number', count(pair.count)));
    }));
    this.alphabet.show(state.done, this.curve);
    this.draw();
  }

  /** Bytes a token over the merges, from one on. */
  draw() {
    const { curve, total, bytes, state } = this;
    /** @type {{ k: number, tokens: number }[]} */
    const points = [{ k: 0, tokens: bytes }, ...curve];
    const newest = points[points.length - 1];
    /** @param {{ tokens: number }} values */
    const ratio = ({ tokens }) => bytes / Math.max(1, tokens);
    const top = Math.max(2, Math.ceil(ratio(newest)));
    /** @param {number} k */
    const x = (k) => (600 * k) / Math.max(1, total);
    /** @param {number} value */
    const y = (value) => 160 - (160 * value) / top;
    const stride = Math.ceil(points.length / 600);
    const drawn = points.filter((_, i) => i % stride === 0 || i === points.length - 1);
    this.place('.curve-line').setAttribute('d', drawn.map((point, i) => `${i ? 'L' : 'M'}${x(point.k).toFixed(1)} ${y(ratio(point)).toFixed(1)}`).join(''));
    this.place('.curve-here').setAttribute('d', `M${x(state.done).toFixed(1)} 0V160`);
    this.place('title').textContent = text('merges.curve.name', { done: count(state.done), ratio: measure(ratio(newest)) });
    this.place('.curve-axis').textContent = text('merges.curve.axis', { total: count(total), top: count(top) });
  }
}
