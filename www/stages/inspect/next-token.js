// The next token: from the logits by temperature, top-k and top-p to a chance for every token there is, and the draw. Every
// number is the engine's; the sliders act at once.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { Bars } from './bars.js';
import { NOTHING, caption, element, finder } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { pick, refill } from '../../figure/picking.js';
import { distribution } from '../../engine/sampling.js';
import { selection } from '../../figure/selection.js';
import { count, measure } from '../../words/format.js';
import { text } from '../../words/language.js';

/** The likeliest tokens whose sum is shown. */
const MAX_LISTED = 10;

/** Shows in `figure` what was seen behind a prompt. */
export class Next {
  /** @type {Messages.Looked & Messages.Choice & { whole?: Messages.Distribution }} */
  seen;
  /** Looks once more: whoever looks into the model does.
   * @type {(anew?: boolean) => void} */
  look = () => {};
  /** What every token stands for, by its number.
   * @type {string[] | null} */
  texts = null;
  /** Whether it was asked for. */
  wanted = false;
  /** What is drawn.
   * @type {import('./bars.js').Shown} */
  shown;
  figure;

  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.figure = figure;
    this.find = finder(figure);
    this.knobs = Object.fromEntries(['temperature', 'top_k', 'top_p', 'draw'].map((name) => [name, this.find(`[name=${name}]`)]));
    for (const knob of Object.values(this.knobs)) knob.addEventListener('input', () => this.turned());
    this.find('[data-action=next-all]').addEventListener('click', () => this.look(true));
    this.body = this.find('tbody');
    /** @param {number | null} rank */
    const logit = (rank) => (rank === null ? null : { tensor: 'logits', cell: [this.seen.tokens.length - 1, this.shown.ranked[rank]] });
    this.bars = new Bars(this.find('.bars'), this.find('.draw'), logit);
    pick(this.body, 'tr', ({ dataset }) => logit(Number(dataset.rank)));
    selection.on(['cell', 'preview'], () => this.point());
    selection.readers.logits = (cell) => this.read(cell);
    engine.on(['begun', 'forgotten'], () => this.forget());
    run.on_recorded(() => this.forget());
  }

  /** How the next token is chosen, and by which draw.
   * @returns {Messages.Choice} */
  get choice() {
    const { temperature, top_k: k, top_p: p, draw } = this.knobs;
    const sampling = { temperature: Number(temperature.value), top_k: Number(k.value) || null, top_p: Number(p.value), seed: 0 };
    return { sampling, draw: Number(draw.value) };
  }

  /** The model is another one: its tokens are too. */
  forget() {
    this.texts = null;
    this.wanted = false;
  }

  /** A look is over that was asked for with `choice`.
   * @param {Messages.Looked} seen
   * @param {Messages.Choice} choice */
  looked(seen, choice) {
    this.seen = { ...seen, ...choice };
    this.knobs.top_k.max = String(seen.vocab);
    // Whoever has moved a slider since then sees what it says now.
    if (JSON.stringify(choice) !== JSON.stringify(this.choice)) this.turned();
  }

  /** A slider was moved: the logits are here, so that what follows from them shows at once. */
  turned() {
    const { seen, choice } = this;
    const whole = seen ? distribution(seen.logits, choice) : null;
    if (!whole) {
      this.look();
      return;
    }
    const { kept, uniform, picked } = whole;
    // Behind the likeliest stands the one that was drawn before: it goes where another is drawn now.
    const candidates = seen.candidates.filter(({ id, rank }, i) => rank === i || id === picked).map((candidate) => {
      const [tempered, reached, share] = [whole.tempered, whole.reached, whole.shares].map((values) => values[candidate.rank]);
      return { ...candidate, tempered, reached, share };
    });
    this.seen = { ...seen, ...choice, kept, uniform, picked, candidates, whole };
    this.show();
    selection.came('logits');
    // What stands for the token that is drawn now is still to be asked for.
    if (!candidates.some(({ id }) => id === picked)) this.look();
  }

  /** There is nothing to show. */
  none() {
    this.seen = NOTHING;
    this.figure.classList.add('waiting');
    caption(this.figure, { sentence: text('inspect.none'), chip: '', tensor: 'none', shape: 0, step: 0, run: 'live' });
  }

  show() {
    if (!this.seen) {
      this.none();
      return;
    }
    this.figure.classList.remove('waiting');
    const { step, past, tokens, candidates, vocab, kept, uniform, picked, run = 'live' } = this.seen;
    const first = candidates[0];
    const { temperature, top_k: k, top_p: p, draw } = this.knobs;
    for (const [knob, shown] of [[temperature, temperature.value], [k, Number(k.value) === 0 ? text('generate.all') : k.value], [p, p.value], [draw, draw.value]]) {
      knob.parentElement.querySelector('.value').textContent = shown;
    }
    this.shown = this.drawn();
    this.describe();
    caption(this.figure, {
      sentence: text('next.sentence', {
        token: marked(first.text), probability: measure(first.probability), kept: count(kept), vocab: count(vocab),
        uniform: measure(uniform), picked: this.name(picked),
      }),
      chip: text('next.source', { vocab: count(vocab), step: count(step), position: count(tokens.length) }),
      tensor: 'logits', shape: vocab, step, run, past,
    });
    refill(this.body, candidates.map((candidate) => {
      const bar = element('span', 'race-bar');
      bar.style.width = `${100 * candidate.share}%`;
      const { rank, logit, tempered, probability, log_probability: log, reached, share } = candidate;
      const cells = [count(rank + 1), marked(candidate.text), ...[logit, tempered, probability, log, reached, share].map(measure)];
      const row = element('tr', '', ...cells.map((cell, i) => element('td', i === 1 ? 'token' : 'number', cell)), element('td', 'chance', bar));
      row.dataset.rank = String(rank);
      row.dataset.id = String(candidate.id);
      row.classList.toggle('cut', share === 0);
      row.classList.toggle('picked', candidate.id === picked);
      return row;
    }));
    this.point();
  }

  /** What there is to draw, of all tokens, or of those that are known.
   * @returns {import('./bars.js').Shown} */
  drawn() {
    const { seen } = this;
    seen.whole ??= distribution(seen.logits, seen) ?? undefined;
    const { vocab, kept, uniform, picked, candidates, sampling: { top_p } } = seen;
    const likeliest = candidates.filter(({ rank }, i) => rank === i);
    const names = /** @type {const} */ (['id', 'tempered', 'reached', 'share']);
    const [ranked, tempered, reached, shares] = names.map((name) => likeliest.map((candidate) => candidate[name]));
    return { vocab, top_p, ...(seen.whole ?? { kept, uniform, picked, ranked, tempered, reached, shares }) };
  }

  /** What the bars say, in words and numbers. */
  describe() {
    const { shown: { vocab, kept, kept_by_k: k, kept_by_p: p, top_p, tempered: { length: known }, reached, shares, uniform, picked, ranked, cumulative }, seen } = this;
    const few = Math.min(MAX_LISTED, known);
    this.find('.bars-sentence').textContent = text(known < vocab ? 'bars.some' : 'bars.sentence', { vocab: count(vocab), known: count(known), few: count(few), held: measure(reached[few - 1]) });
    this.find('[data-action=next-all]').hidden = seen.run !== 'recorded';
    const last = Math.min(kept, known);
    /** @param {string} name
     * @param {boolean} there */
    const key = (name, there, values = {}) => {
      const item = this.find(`.key-${name}`);
      item.hidden = !there;
      item.textContent = there ? text(`bars.${name}`, values) : '';
    };
    key('share', true, { most: measure(shares[0]) });
    key('line', true);
    key('sums', true, { rank: count(last), sum: measure(reached[last - 1]) });
    // Cuts are known where all tokens are.
    key('k', k !== undefined && k < vocab, { rank: count(k ?? 0) });
    key('p', p !== undefined && p < vocab, { rank: count(p ?? 0), share: measure(top_p) });
    key('picked', ranked.includes(picked));
    // Where a token stands on the stretch of the draw follows from all of them.
    const drawn = this.find('.draw-sentence');
    drawn.hidden = this.bars.strip.hidden = !cumulative;
    if (cumulative) drawn.textContent = text('draw.sentence', { uniform: measure(uniform), token: this.name(picked), from: measure(cumulative[picked - 1] ?? 0), share: measure(shares[ranked.indexOf(picked)]) });
    this.bars.bars.setAttribute('aria-roledescription', text('curve.role'));
  }

  /** What a token stands for, as far as it is known here.
   * @param {number} id */
  name(id) {
    const known = this.seen.candidates.find((candidate) => candidate.id === id)?.text ?? this.texts?.[id];
    if (known !== undefined) return marked(known) || '�';
    if (!this.wanted) {
      this.wanted = true;
      run.ask({ command: 'pieces' }, (answer) => (answer ? this.pieces(answer) : this.forget()));
    }
    return '…';
  }

  /** The texts of all tokens have come.
   * @param {Messages.Events['pieces']} event */
  pieces({ texts }) {
    if (texts.length !== this.seen?.vocab) return;
    this.texts = texts;
    selection.came('logits');
    this.point();
  }

  /** A token that may come next, in words and as a number.
   * @param {number[] | null} cell
   * @returns {import('../../figure/selection.js').Reading | null} */
  read(cell) {
    const { seen, shown } = this;
    const rank = seen && cell ? shown.ranked.indexOf(cell[1]) : -1;
    if (!cell || rank < 0) return null;
    const values = { rank: count(rank + 1), token: this.name(cell[1]), probability: measure(shown.tempered[rank]), sum: measure(shown.reached[rank]), share: measure(shown.shares[rank]) };
    const value = seen.logits?.[cell[1]] ?? seen.candidates[rank].logit;
    return { name: 'logits', shape: seen.vocab, place: text('bars.reading', values), value, shown: measure(value), unit: text('next.logit') };
  }

  /** Marks the token that is pointed at or kept, and tells of it. */
  point() {
    if (!this.seen) return;
    const { tensor, cell } = selection.shown;
    const id = tensor === 'logits' && cell ? cell[1] : null;
    const rank = id === null ? -1 : this.shown.ranked.indexOf(id);
    this.bars.show(this.shown, rank < 0 ? null : rank);
    for (const row of this.body.children) row.classList.toggle('seen-cell', row.dataset.id === String(id));
    this.find('.bars-reading').textContent = this.read(id === null ? null : cell)?.place ?? text('bars.hint');
  }
}
