// What the model wrote, the newest first, with white space that can be seen.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { visible } from '../../words/glyphs.js';
import { selection } from '../../figure/selection.js';
import { count, loss } from '../../words/format.js';
import { text } from '../../words/language.js';

/** The page keeps so many. */
const MAX_SAMPLES = 200;

/** Which guesses that know less the average loss is under: none, of all tokens alike, by how frequent each is, by the token
 * before it.
 * @param {{ average: number, uniform: number, unigram: number, bigram: number }} measured */
export function phase({ average, uniform, unigram, bigram }) {
  return average < bigram ? 'beyond' : average < unigram ? 'before' : average < uniform ? 'frequent' : 'alike';
}

/** Shows samples in `list`, and `empty` while there are none; `measured` gives what was measured by a step. */
export class Samples {
  /** @param {HTMLElement} list
   * @param {HTMLElement} empty
   * @param {(step: number) => Parameters<typeof phase>[0] | null} measured */
  constructor(list, empty, measured) {
    this.list = list;
    this.empty = empty;
    this.measured = measured;
    /** What is said of each, as what says it. */
    this.says = /** @type {WeakMap<Element, () => string[]>} */ (new WeakMap());
    selection.on(['step'], () => this.mark());
    engine.on(['begun', 'forgotten'], () => this.reset());
    engine.on(['sample'], (sample) => this.add(sample));
    run.on_recorded((recorded) => {
      this.reset();
      for (const sample of recorded.data.samples) this.add(sample);
    });
    document.addEventListener('languagechange', () => {
      for (const item of this.list.children) this.say(item);
    });
  }

  reset() {
    this.list.replaceChildren();
    this.empty.hidden = false;
  }

  /** @param {Messages.Sample} sample */
  add({ step, prompt, text: continuation, ids, words = 0, known_words: known }) {
    const item = document.createElement('li');
    item.dataset.step = String(step);
    const head = document.createElement('p');
    head.className = 'sample-head';
    const facts = () => [
      text('sample.step', { step: count(step) }),
      text('sample.tokens', { count: count(ids.length) }),
      ...(prompt ? [text('sample.prompt')] : []),
    ].join(' · ');
    const note = document.createElement('p');
    note.className = 'sample-note hint';
    const measured = this.measured(step);
    if (measured) note.dataset.phase = phase(measured);
    const written = /\p{Script=Han}/u.test(continuation) ? 'phase.pairs' : 'phase.words';
    const notes = () => [
      measured ? text(`phase.${phase(measured)}`, Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, loss(value)]))) : '',
      words > 0 ? text(written, { words: count(words), known: count(known ?? 0) }) : '',
    ].filter(Boolean).join(text('update.join'));
    this.says.set(item, () => [facts(), notes()]);
    const body = document.createElement('p');
    body.className = 'sample';
    body.dir = 'auto';
    if (prompt) {
      const before = document.createElement('span');
      before.className = 'sample-prompt';
      visible(prompt, before);
      body.append(before);
    }
    const after = document.createElement('span');
    after.className = 'sample-text';
    visible(continuation, after);
    body.append(after);
    item.append(head, body, note);
    this.say(item);
    this.list.prepend(item);
    this.empty.hidden = true;
    if (this.list.childElementCount > MAX_SAMPLES) this.list.lastElementChild?.remove();
    this.mark();
  }

  /** Says what is said of a sample, in the language of the page.
   * @param {Element} item */
  say(item) {
    const [head, , note] = item.children;
    [head.textContent, note.textContent] = this.says.get(item)?.() ?? [];
  }

  /** Marks what was written at the step that is looked at, or last before it. */
  mark() {
    const { step } = selection;
    const items = /** @type {HTMLElement[]} */ ([...this.list.children]);
    const before = items.filter((item) => step !== null && Number(item.dataset.step) <= step);
    const newest = before.reduce((best, item) => (best && Number(best.dataset.step) >= Number(item.dataset.step) ? best : item), /** @type {HTMLElement | null} */ (null));
    for (const item of items) {
      if (item === newest) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
    }
  }
}
