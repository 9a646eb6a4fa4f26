// The stage Generate: a text token by token, each with what else could have stood in its place. Every number is the
// engine's; choosing another token goes on from there with it.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { caption, element, finder, target_of } from '../../figure/caption.js';
import { marked, visible } from '../../words/glyphs.js';
import { pick } from '../../figure/picking.js';
import { selection } from '../../figure/selection.js';
import { count, measure } from '../../words/format.js';
import { text } from '../../words/language.js';

/** Shows what the engine writes in `figure`; `form` has what stops and repeats it. */
export class Writing {
  /** What was asked for.
   * @type {Messages.Generate | null} */
  request = null;
  /** The number of the question, among those that were asked here. */
  question = 0;
  /** @type {Messages.Token[]} */
  tokens = [];
  /** @type {Messages.Source | null} */
  run = null;
  figure;
  /** The step whose model writes, once a token is there.
   * @type {number | null} */
  step = null;
  /** Whether nothing more is to come. */
  done = true;
  /** The place that takes the focus when its token is there.
   * @type {number | null} */
  returns = null;
  /** Whether there is a model that answers. */
  able_to_ask = false;
  /** The token of which is read what else could have stood in its place.
   * @type {Messages.Token | null | undefined} */
  pointed;
  /** @type {number | undefined} */
  frame;

  /** @param {HTMLElement} figure
   * @param {HTMLElement} form */
  constructor(figure, form) {
    this.figure = figure;
    this.find = finder(figure);
    this.chips = this.find('.chips');
    this.reading = this.find('.token-reading');
    this.buttons = Object.fromEntries(['stop', 'regenerate'].map((name) => [name, form.querySelector(`[data-action=${name}]`)]));
    this.buttons.stop.addEventListener('click', () => this.stop());
    this.buttons.regenerate.addEventListener('click', () => this.again());
    pick(this.chips, 'button', ({ dataset }) => ({ tensor: 'writing', cell: [Number(dataset.index)] }));
    selection.on(['cell', 'preview'], () => this.point());
    selection.readers.writing = (cell) => this.read(cell);
    this.reading.addEventListener('click', (event) => {
      const other = target_of(event).closest('button');
      if (other) this.continue(Number(other.dataset.index), Number(other.dataset.id));
    });
    selection.on(['step', 'stage'], () => this.follow());
    document.addEventListener('languagechange', () => this.write());
    engine.on(['begun', 'forgotten'], () => this.forget());
    run.on_recorded((recorded) => this.recorded(recorded.writing));
    run.on(['shown'], () => this.follow());
    run.on(['state', 'able'], () => this.may(run.answers));
    this.forget();
  }

  /** There is no run, or another one. */
  forget() {
    this.request = this.step = this.run = this.returns = null;
    this.question += 1;
    this.tokens = [];
    this.done = true;
    this.write();
  }

  /** Shows a text that was recorded, as if it had been asked for.
   * @param {{ request: Messages.Generate, tokens: Messages.Token[], step: number }} text */
  recorded({ request, tokens, step }) {
    this.forget();
    this.request = request;
    this.tokens = tokens;
    this.step = step;
    this.run = 'recorded';
    this.write();
  }

  /** Whether there is a model that answers.
   * @param {boolean} ask */
  may(ask) {
    if (ask === this.able_to_ask) return;
    this.able_to_ask = ask;
    this.show();
    this.show_alternatives();
  }

  /** Where somebody looks, what was written at another step is written anew. */
  follow() {
    // A text was recorded of one step alone.
    if (selection.stage === 'generate' && this.request && this.run !== 'recorded' && (this.request.at ?? null) !== selection.step) this.ask({ ...this.request, given: [] });
  }

  /** Asks for a text, instead of the one that is being written.
   * @param {Messages.Generate} command */
  ask(command) {
    if (!this.done) this.stop();
    if (command.given.length === 0) this.returns = null;
    this.request = { ...command, at: selection.step };
    this.tokens = [];
    this.step = this.run = null;
    this.done = false;
    this.question += 1;
    const { question } = this;
    this.write();
    run.ask(this.request, (answer) => {
      // Of a text that was stopped for another some is still on its way.
      if (question === this.question) this.answered(answer);
    });
  }

  stop() {
    run.ask({ command: 'stop_generating' });
  }

  /** Asks once more, with the next seed. */
  again() {
    const { request } = this;
    if (!request) return;
    const { sampling } = request;
    this.ask({ ...request, given: [], sampling: { ...sampling, seed: sampling.seed + 1 } });
  }

  /** Goes on with another token in the place of token `index`.
   * @param {number} index
   * @param {number} id */
  continue(index, id) {
    const { request } = this;
    if (!request) return;
    const before = this.tokens.slice(0, index).map(({ piece }) => piece.id);
    // The place keeps the focus, so that one who goes by keys goes on there.
    this.returns = index;
    this.ask({ ...request, given: [...before, id], max_tokens: Math.max(request.max_tokens, index + 1) });
  }

  /** A token has come, or the text is done; null where nothing more comes.
   * @param {Messages.Event | null} answer */
  answered(answer) {
    if (answer?.event === 'token') {
      if (this.tokens.length === 0) this.written_by(answer);
      this.tokens.push(answer);
      this.append(answer);
      this.later();
      return;
    }
    if (answer?.event === 'sample') this.written_by(answer);
    this.done = true;
    this.show();
  }

  /** @param {{ step: number, run?: Messages.Source }} model */
  written_by({ step, run: source = 'live' }) {
    this.step = step;
    this.run = source;
  }

  /** Adds a token to what stands there.
   * @param {Messages.Token} token */
  append({ index, piece, text: written, probability }) {
    const bar = element('span', 'chance');
    bar.style.width = `${100 * probability}%`;
    const chip = element('button', 'token-chip', element('span', '', marked(piece.text) || '�'), bar);
    Object.assign(chip, { type: 'button', tabIndex: index === 0 ? 0 : -1 });
    chip.dataset.index = String(index);
    chip.setAttribute('aria-pressed', 'false');
    this.chips.append(chip);
    if (index === this.returns) chip.focus();
    visible(written, this.find('.sample-text'));
  }

  /** Writes all of it anew. */
  write() {
    if (selection.tensor === 'writing') selection.release();
    this.chips.replaceChildren();
    const place = this.find('.sample');
    const [before, after] = [element('span', 'sample-prompt'), element('span', 'sample-text')];
    if (this.request?.prompt) visible(this.request.prompt, before);
    place.replaceChildren(before, after);
    for (const token of this.tokens) this.append(token);
    this.pointed = undefined;
    this.point();
    this.show();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.show();
    });
  }

  show() {
    const { request, tokens, step, done } = this;
    this.figure.classList.toggle('waiting', !request);
    this.buttons.stop.disabled = done;
    this.buttons.regenerate.disabled = !request || !this.able_to_ask;
    if (!request || step === null) {
      const sentence = text(request ? 'writing.begun' : 'writing.none');
      caption(this.figure, { sentence, chip: '', tensor: 'none', shape: 0, step: 0, run: 'live' });
      return;
    }
    const values = {
      step: count(step), tokens: count(tokens.length), seed: String(request.sampling.seed),
      temperature: measure(request.sampling.temperature), most: count(request.max_tokens),
    };
    const mean = Math.exp(tokens.reduce((sum, { probability }) => sum + Math.log(probability), 0) / tokens.length);
    caption(this.figure, {
      sentence: text(done ? 'writing.sentence' : 'writing.sentence.going', { ...values, mean: tokens.length > 0 ? measure(mean) : '' }),
      chip: text('writing.source', values),
      tensor: 'logits', shape: tokens.length, step, run: this.run ?? 'live', past: request.at !== null && this.run === 'live',
    });
  }

  /** A token in words, and its probability.
   * @param {number[] | null} cell */
  read(cell) {
    const token = this.tokens[cell?.[0] ?? -1];
    if (!token) return null;
    const { index, piece, probability, rank } = token;
    const place = text('writing.token', { token: marked(piece.text), place: count(index + 1), probability: measure(probability), rank: count(rank + 1) });
    return { name: 'logits', shape: this.tokens.length, place, value: probability, shown: measure(probability), unit: text('update.unit') };
  }

  /** Shows what else could have stood in the place of the token that is pointed at, or of the one that is kept. */
  point() {
    const { tensor, cell } = selection.shown;
    const token = tensor === 'writing' && cell ? this.tokens[cell[0]] : null;
    for (const [i, chip] of [...this.chips.children].entries()) chip.setAttribute('aria-pressed', String(selection.tensor === 'writing' && i === selection.cell?.[0]));
    if (token === this.pointed) return;
    this.pointed = token;
    this.show_alternatives();
  }

  show_alternatives() {
    const token = this.pointed;
    if (!token) {
      this.reading.replaceChildren(element('p', 'hint', text('writing.hint')));
      return;
    }
    const { index, piece, candidates } = token;
    this.reading.replaceChildren(
      element('p', '', this.read([this.tokens.indexOf(token)])?.place ?? ''),
      element('ol', 'race', ...candidates.map((candidate) => this.alternative(index, candidate, candidate.id === piece.id))),
    );
  }

  /** @param {number} index
   * @param {Messages.Candidate} candidate
   * @param {boolean} chosen */
  alternative(index, candidate, chosen) {
    const name = marked(candidate.text) || '�';
    const button = element('button', 'race-pair link', name);
    Object.assign(button, { type: 'button', disabled: !this.able_to_ask });
    button.setAttribute('aria-label', text(chosen ? 'writing.chosen' : 'writing.other', { token: name, probability: measure(candidate.probability) }));
    Object.assign(button.dataset, { index: String(index), id: String(candidate.id) });
    const bar = element('span', 'race-bar');
    bar.style.width = `${100 * candidate.probability}%`;
    const item = element('li', chosen ? 'chosen' : '', button, element('span', '', bar), element('span', 'number', measure(candidate.probability)));
    return item;
  }
}
