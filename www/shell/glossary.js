// The glossary: what a word means, behind the word. All of it stands in the footer, and each figure has its own.

import { element } from '../figure/caption.js';
import { named, text, worded } from '../words/language.js';

/** The words, in the order in which the story needs them. */
const TERMS = [
  'corpus', 'web_crawl', 'cleaning', 'filter', 'byte', 'token', 'tokenizer', 'vocabulary', 'merge', 'context', 'prompt', 'batch',
  'distribution', 'loss', 'validation_loss', 'gradient', 'optimiser', 'learning_rate', 'step', 'parameter', 'embedding', 'attention',
  'head', 'layer', 'forward_pass', 'residual', 'layer_norm', 'query', 'softmax', 'feed_forward', 'logit', 'sampling', 'temperature', 'nucleus', 'entropy', 'seed', 'checkpoint', 'pretraining', 'base_model',
];
/** The word behind the title of each figure. */
const FIGURES = {
  documents: 'corpus', cleaning: 'cleaning', stream: 'byte', merges: 'merge', tokens: 'token', loss: 'loss', update: 'gradient', attention: 'attention', next: 'logit', pass: 'forward_pass',
  writing: 'sampling', timeline: 'checkpoint',
};

/** Words as buttons in `place`, and what the one that was pressed means. */
export class Definitions {
  /** The words that are shown.
   * @type {string | undefined} */
  shown;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /** @param {string[]} terms */
  show(terms) {
    const labels = terms.map((term) => text(`term.${term}`));
    if (this.shown === labels.join()) return;
    this.shown = labels.join();
    this.place.replaceChildren(...terms.flatMap((term, i) => disclosure(term, labels[i])));
  }
}

/** A button that shows and hides what `term` means, and the place where it does.
 * @param {string} term
 * @param {string} label */
function disclosure(term, label) {
  const button = element('button', 'term', label);
  const meaning = element('p', 'meaning');
  Object.assign(button, { type: 'button' });
  button.setAttribute('aria-expanded', 'false');
  button.dataset.term = term;
  meaning.hidden = true;
  button.addEventListener('click', () => {
    meaning.hidden = !meaning.hidden;
    button.setAttribute('aria-expanded', String(!meaning.hidden));
    meaning.textContent = text(`define.${term}`);
  });
  button.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape' && !meaning.hidden) button.click();
  });
  worded(() => {
    meaning.textContent = meaning.hidden ? '' : text(`define.${term}`);
  });
  return [button, meaning];
}

/** Writes the glossary into `list`, and puts a question mark behind the title of every figure that has a word.
 * @param {HTMLElement} list */
export function glossary(list) {
  for (const term of TERMS) {
    const [word, meaning] = [element('dt'), element('dd')];
    named(word, `term.${term}`);
    named(meaning, `define.${term}`);
    word.id = `term-${term}`;
    list.append(element('div', '', word, meaning));
  }
  for (const [figure, term] of Object.entries(FIGURES)) {
    const title = document.querySelector(`[data-figure=${figure}] h2`);
    if (!title) continue;
    const [button, meaning] = disclosure(term, '?');
    const name = () => button.setAttribute('aria-label', text('term.what', { term: text(`term.${term}`) }));
    name();
    worded(name);
    title.append(button);
    title.after(meaning);
  }
}
