// The stage Tokenizer, second figure: a text as tokens after the first k merges, and what each token is made of.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { NOTHING, caption, element, finder } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { pick, rove } from '../../figure/picking.js';
import { selection } from '../../figure/selection.js';
import { count, size } from '../../words/format.js';
import { text } from '../../words/language.js';
import { say_error } from '../../shell/status.js';

/** Tokens that are shown at once. */
const SHOWN = 600;
const COLOURS = 8;
/** Of a token of more bytes than LEAVES so many are shown, and its merges DEEP levels down. */
const [LEAVES, DEEP] = [64, 4];

/** Shows in `figure` a text as tokens, of the tokenizer that is chosen. */
/** What was asked: a text, and of which tokenizer how many merges.
 * @typedef {{ text: string, merges: number, from?: string, special?: string }} Asked */
/** What makes whole characters: its tokens, with their bytes.
 * @typedef {Messages.Segment & { ids: number[], bytes: number[] }} Segment */

export class Strip {
  /** @type {Map<number, Messages.Tree>} */
  trees = new Map();
  /** @type {Record<string, Messages.Package & { vocab?: number }>} */
  sources = {};
  /** @type {Record<string, { loaded: number, total?: number }>} */
  fetching = {};
  /** How many merges each tokenizer has, by its name.
   * @type {Record<string, number>} */
  merges = { bytes: 0 };
  /** What an answer is waited for, what is to be asked then, and what was answered last.
   * @type {Asked | null} */
  request = null;
  /** @type {Asked | null} */
  wanted = null;
  /** @type {Messages.Tokens & { answered: Asked }} */
  answer = NOTHING;
  /** What is shown of it.
   * @type {Segment[]} */
  shown = [];
  /** The text that is shown where nobody has typed one.
   * @type {string | undefined} */
  sample;
  /** The tokenizer whose tokens are shown.
   * @type {string | undefined} */
  shown_from;
  /** The tokenizer that came in a file.
   * @type {{ name: string, vocab: number } | undefined} */
  file;
  /** What is read.
   * @type {Segment | null | undefined} */
  previewed;

  /** @param {HTMLElement} figure
   * @param {import('../../shell/chosen-text.js').ChosenText} chosen */
  constructor(figure, chosen) {
    this.figure = figure;
    this.place = finder(figure);
    this.slider = this.place('[name=first-merges]');
    /** @type {HTMLSelectElement} */
    this.from = this.place('[data-input=tokenizer]');
    this.vocabularies = [...this.from.querySelectorAll('[data-vocabulary]')].map(({ value }) => value);
    this.special = this.place('[name=special]');
    this.text = this.place('textarea');
    this.list = this.place('.tokens');
    this.reading = this.place('.token-reading');
    this.slider.addEventListener('input', () => this.other());
    this.text.addEventListener('input', () => this.other());
    this.special.addEventListener('change', () => this.other());
    this.from.addEventListener('change', () => {
      this.let_go();
      this.take();
    });
    pick(this.list, 'li', ({ dataset }) => ({ tensor: 'tokens', cell: [this.shown[Number(dataset.index)].first] }));
    selection.on(['cell', 'preview'], () => this.point());
    selection.readers.tokens = (cell) => this.read_token(cell);
    document.addEventListener('languagechange', () => {
      if (this.answer) this.show();
      this.name_file();
      this.show_source();
    });
    engine.on(['learnt'], (learnt) => this.offer(learnt));
    engine.on(['merged'], ({ done }) => this.go(done));
    engine.on(['tokens'], (answer) => this.tokens(answer));
    engine.on(['tokenizer'], (answer) => this.tokenizer(answer));
    engine.on(['vocabulary'], (answer) => this.vocabulary(answer));
    engine.on(['tree'], (answer) => this.tree(answer));
    engine.on(['error'], () => {
      this.request = null;
    });
    run.on_recorded((recorded) => {
      if (chosen.takes_recorded) this.recorded(recorded.text);
    });
  }

  /** A tokenizer of `merges` merges is there; `sample` is text to show where nobody has typed one.
   * @param {Messages.Learnt} learnt */
  offer({ merges, sample }) {
    this.merges.ours = merges;
    if (this.answer?.run === 'recorded') this.request = null;
    if (this.text.value === '' || this.text.value === this.sample) this.text.value = this.sample = sample;
    if (this.from.value === 'ours') this.take();
    else this.ask();
  }

  /** Shows recorded tokens until a tokenizer is there to be asked.
   * @param {{ learnt: Messages.Learnt, tokens: Messages.Tokens }} values */
  recorded({ learnt: { merges, sample }, tokens }) {
    this.request = { text: sample, merges };
    this.answer = { ...tokens, answered: this.request };
    this.wanted = this.request;
    this.text.value = sample;
    this.sample = sample;
    Object.assign(this.slider, { max: String(merges), value: String(merges) });
    this.show();
  }

  /** Takes the tokenizer that is chosen, with all its merges. */
  take() {
    const name = this.from.value;
    this.show_source();
    if (this.merges[name] === undefined) {
      if (this.vocabularies.includes(name)) this.fetch(name);
      return;
    }
    this.shown_from = name;
    this.trees.clear();
    this.slider.max = String(this.merges[this.from.value] ?? 0);
    this.slider.value = this.slider.max;
    this.ask();
  }

  /** A tokenizer came in a file.
   * @param {Messages.Events['tokenizer']} event */
  tokenizer({ name, merges, vocab }) {
    this.file = { name, vocab };
    this.merges.file = merges;
    this.name_file();
    this.from.value = 'file';
    this.take();
  }

  /** Asks for the vocabulary of another model.
   * @param {string} name */
  fetch(name) {
    if (this.fetching[name]) return;
    this.fetching[name] = { loaded: 0 };
    this.show_source();
    engine.call('vocabulary', { name });
  }

  /** Some of a vocabulary came, or all of it, or it `failed`: then what was shown before is chosen again.
   * @param {Messages.Vocabulary} event */
  vocabulary({ name, loaded, total, failed, source, merges, vocab }) {
    if (loaded !== undefined) {
      this.fetching[name] = { loaded, total };
      this.show_source();
      return;
    }
    delete this.fetching[name];
    if (failed === undefined) {
      this.sources[name] = { .../** @type {Messages.Package} */ (source), vocab };
      this.merges[name] = merges ?? 0;
    } else if (this.from.value === name) {
      this.from.value = this.shown_from ?? 'ours';
    }
    if (this.from.value === name) this.take();
    else this.show_source();
    if (failed !== undefined) say_error(null, () => ({ message: failed }));
  }

  /** Says where the vocabulary that is chosen comes from, or how much of it has come. */
  show_source() {
    const name = this.from.selectedOptions[0].textContent;
    const [source, fetching] = [this.sources[this.from.value], this.fetching[this.from.value]];
    const [bar, sentence, licence] = /** @type {HTMLElement[]} */ ([...this.place('.vocabulary').children]);
    licence.hidden = !source;
    bar.hidden = !fetching;
    sentence.textContent = '';
    if (source) {
      const { name: called, vocab, ...others } = source;
      sentence.textContent = text('strip.vocabulary', { name, package: called, vocab: count(vocab ?? 0), ...others });
    } else if (fetching?.total) {
      Object.assign(bar, { max: fetching.total, value: Math.min(fetching.total, fetching.loaded) });
      sentence.textContent = text('strip.loading', { name, loaded: size(fetching.loaded), total: size(fetching.total) });
    } else if (fetching) {
      bar.removeAttribute('value');
      sentence.textContent = text('strip.fetching', { name });
    }
  }

  name_file() {
    const option = this.from.querySelector('[value=file]');
    option.hidden = !this.file;
    option.textContent = this.file ? text('strip.file', { name: this.file.name, vocab: count(this.file.vocab) }) : '';
  }

  /** Shows the text after the first `merges` merges of the tokenizer that learns.
   * @param {number} merges */
  go(merges) {
    if (this.from.value !== 'ours') return;
    this.slider.value = String(merges);
    this.ask();
  }

  /** Somebody asks for other tokens: none of those before is kept. */
  other() {
    this.let_go();
    this.ask();
  }

  let_go() {
    if (selection.tensor === 'tokens') selection.release();
  }

  ask() {
    if (this.merges[this.from.value] === undefined) return;
    const wanted = { from: this.from.value, text: this.text.value, merges: Number(this.slider.value), special: this.special.value };
    this.wanted = wanted;
    if (this.request) return;
    this.request = wanted;
    engine.call('tokens', wanted);
  }

  /** Tokens came: ids, where each begins, and the groups of them that make whole characters.
   * @param {Messages.Tokens} answer */
  tokens(answer) {
    const answered = this.request;
    this.request = null;
    if (answered !== this.wanted) this.ask();
    if (!answered) return;
    this.answer = { ...answer, answered };
    this.show();
    selection.came('tokens');
  }

  show() {
    const { ids, starts, segments, answered } = this.answer;
    const bytes = new TextEncoder().encode(answered.text);
    this.shown = segments.filter(({ first }) => first < SHOWN).map((segment) => ({
      ...segment,
      ids: [...ids.slice(segment.first, segment.first + segment.count)],
      bytes: [...bytes.slice(starts[segment.first], starts[segment.first + segment.count])],
    }));
    this.list.replaceChildren(...this.shown.map((segment, i) => {
      const item = element('li', '', marked(segment.text) || '�');
      item.setAttribute('role', 'option');
      item.setAttribute('aria-label', text('strip.token', { text: marked(segment.text), ids: segment.ids.join(' '), bytes: segment.bytes.length }));
      item.dataset.colour = String(segment.first % COLOURS);
      item.dataset.index = String(i);
      if (segment.count > 1) item.append(element('sup', '', String(segment.count)));
      return item;
    }));
    rove(this.list.children, this.list.firstElementChild);
    this.slider.setAttribute('aria-valuetext', text('strip.place', { merges: count(answered.merges) }));
    const values = { merges: count(answered.merges), bytes: count(bytes.length), tokens: count(ids.length) };
    const sentence = text('strip.sentence', values);
    caption(this.figure, {
      sentence: ids.length > SHOWN ? `${sentence} ${text('strip.cut', { shown: count(SHOWN) })}` : sentence,
      chip: text('strip.source', values),
      tensor: 'tokens', shape: ids.length, step: answered.merges, run: this.answer.run ?? 'live',
    });
    this.previewed = undefined;
    this.point();
  }

  /** The box that a token of the text is in; none where there is no such one.
   * @param {number} token */
  segment(token) {
    return this.shown?.find(({ first, count: tokens }) => first <= token && token < first + tokens);
  }

  /** What stands in a box, and its tokens.
   * @param {number[] | null} cell */
  read_token(cell) {
    const segment = this.segment(cell?.[0] ?? -1);
    if (!segment) return null;
    return { name: 'tokens', shape: this.answer.ids.length, place: this.facts(segment), value: segment.ids.join(' '), shown: segment.ids.map(count).join(', ') };
  }

  /** Reads the token that is pointed at, or the one that is kept. */
  point() {
    const { tensor, cell } = selection.shown;
    const segment = (tensor === 'tokens' && cell && this.segment(cell[0])) || null;
    const kept = selection.tensor === 'tokens' && selection.cell ? this.segment(selection.cell[0]) : null;
    for (const [i, item] of [...this.list.children].entries()) item.setAttribute('aria-selected', String(this.shown[i] === kept));
    if (segment === this.previewed) return;
    this.previewed = segment;
    if (!segment) {
      this.reading.replaceChildren(element('p', 'hint', text('strip.hint')));
      return;
    }
    const missing = segment.ids.find((id) => !this.trees.has(id));
    if (missing !== undefined) engine.call('tree', { from: this.from.value, id: missing });
    else this.read(segment);
  }

  /** What a token is made of came.
   * @param {Messages.Events['tree']} event */
  tree({ from, tree }) {
    if (from !== this.from.value) return;
    this.trees.set(tree.id, tree);
    const segment = this.previewed;
    if (!segment) return;
    const missing = segment.ids.find((id) => !this.trees.has(id));
    if (missing === undefined) this.read(segment);
    else if (segment.ids.includes(tree.id)) engine.call('tree', { from, id: missing });
  }

  /** A token's number and bytes.
   * @param {Segment} segment */
  facts(segment) {
    const bytes = segment.bytes.slice(0, LEAVES).map(hex).join(' ') + (segment.bytes.length > LEAVES ? ' …' : '');
    return text('strip.reading', { text: marked(segment.text), ids: segment.ids.map(count).join(', '), bytes });
  }

  /** @param {Segment} segment */
  read(segment) {
    this.reading.replaceChildren(
      element('p', '', this.facts(segment)),
      ...segment.ids.flatMap((id) => this.trees.get(id) ?? []).map((tree) => element('ul', 'tree', branch(tree, leaves(tree) > LEAVES ? DEEP : Infinity))),
    );
  }
}

/** @param {number} byte */
const hex = (byte) => byte.toString(16).toUpperCase().padStart(2, '0');

/** Bytes that a token comes down to.
 * @param {Messages.Tree} node
 * @returns {number} */
const leaves = (node) => (node.left && node.right ? leaves(node.left) + leaves(node.right) : 1);

/** A token and the two that it was merged from, down to bytes, or so many levels down.
 * @param {Messages.Tree} node
 * @param {number} levels */
function branch(node, levels) {
  const item = element('li', '', element('b', '', marked(node.text)), ' ');
  if (!node.left || !node.right) {
    const { bytes: [byte], bytes: { length } } = node;
    // A number of a token is no byte: most vocabularies give the bytes other numbers.
    const said = length === 1 ? text('strip.byte', { byte, hex: hex(byte) }) : text('strip.whole', { bytes: count(length) });
    item.append(element('span', 'hint', said));
    return item;
  }
  item.append(
    element('span', 'hint', text('strip.merge', { rank: count((node.rank ?? 0) + 1) })),
    ...(levels > 0 ? [element('ul', '', branch(node.left, levels - 1), branch(node.right, levels - 1))] : []),
  );
  return item;
}
