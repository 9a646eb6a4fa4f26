// The tour: eleven stations, each beside the view that it speaks of. A station is done when the reader has done the thing.

import { finder, target_of } from '../figure/caption.js';
import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { selection } from '../figure/selection.js';
import { count, loss } from '../words/format.js';
import { text, worded } from '../words/language.js';
import { Definitions } from './glossary.js';

const STORAGE_KEY = 'glasshouse.tour';
const find = finder(document);
/** @param {Event | null} event
 * @param {string} type
 * @param {string} selector */
const within = (event, type, selector) => event?.type === type && target_of(event).closest?.(selector);

/** Updates that the eighth station asks for. */
const UPDATES = 100;

/** The step of the run in this tab, as its number stands there; 0 where there is none. */
const step = () => (run.ready && !run.waiting ? run.step : 0);

/**
 * Where each station takes place: its stage (none: wherever the reader is), what it speaks of, the words that it uses, and when it
 * is done: `begin` notes what stood there before, `done` compares, with what was done in the engine and the event that may have
 * changed it.
 * @type {{ name: string, stage?: string, show: string, terms: string[], begin?: (deeds: Tour['deeds']) => unknown,
 *   done: (before: any, deeds: Tour['deeds'], event: Event | null) => unknown }[]}
 */
const STATIONS = [
  { name: 'road', show: '.stages', terms: ['pretraining', 'base_model'], begin: () => selection.stage, done: (before) => selection.stage !== before },
  { name: 'library', stage: 'data', show: '#documents', terms: ['corpus', 'web_crawl'], done: (_, deeds, event) => within(event, 'click', '#documents tbody button') },
  {
    name: 'sieve', stage: 'data', show: '#cleaning', terms: ['cleaning', 'filter'],
    done: (_, deeds, event) => within(event, 'click', '#cleaning tbody [data-document]') || within(event, 'input', '#cleaning [name=threshold]'),
  },
  { name: 'line', stage: 'data', show: '#stream', terms: ['byte'], done: (_, deeds, event) => within(event, 'input', '#stream') },
  { name: 'symbols', stage: 'tokenizer', show: '#merges', terms: ['token', 'merge', 'vocabulary'], done: (_, { merges }) => merges > 0 },
  { name: 'question', stage: 'inspect', show: '#next', terms: ['prompt', 'distribution', 'loss'], done: (_, deeds, event) => within(event, 'input', '[data-input=prompt]') },
  { name: 'wrong', stage: 'train', show: '#update', terms: ['gradient', 'optimiser', 'learning_rate'], done: (_, { likelier }) => likelier && !run.waiting },
  { name: 'million', stage: 'train', show: '#loss', terms: ['step', 'validation_loss'], begin: step, done: (before) => step() >= before + UPDATES },
  { name: 'inside', stage: 'inspect', show: '#attention', terms: ['embedding', 'attention', 'head', 'layer'], done: () => find('[data-action=head-off]').dataset.off !== undefined },
  { name: 'talking', stage: 'generate', show: '#writing', terms: ['sampling', 'temperature', 'nucleus', 'seed'], begin: ({ texts }) => texts, done: (before, { texts }) => texts > before },
  {
    name: 'base', stage: 'generate', show: '#writing', terms: ['base_model'], begin: ({ texts }) => texts,
    done: (before, { texts }) => /[?？]\s*$/.test(selection.prompt) && texts > before,
  },
];

/** Shows the tour in `card`; `open` opens a stage. */
export class Tour {
  /** The stations that are done, by their names.
   * @type {Set<string>} */
  done = new Set();
  /** The number of the station, from 0. */
  at = 0;
  /** What stood there when it began.
   * @type {unknown} */
  before;
  /** What was done in the engine: merges of the text that is read, whether updates have made their token likelier, and how many
   * texts were begun. */
  deeds = { merges: 0, likelier: false, texts: 0 };
  /** @type {number | undefined} */
  frame;

  /** @param {HTMLElement} card
   * @param {HTMLElement} button
   * @param {(stage: string) => void} open */
  constructor(card, button, open) {
    this.card = card;
    this.button = button;
    this.open = open;
    this.place = finder(card);
    this.definitions = new Definitions(this.place('.tour-terms'));
    this.restore();
    button.addEventListener('click', () => (card.hidden ? this.begin() : this.close()));
    for (const [name, action] of Object.entries({ back: () => this.go(this.at - 1), next: () => this.go(this.at + 1), close: () => this.close() })) {
      this.place(`[data-action=tour-${name}]`).addEventListener('click', action);
    }
    card.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.close();
    });
    for (const type of ['click', 'input', 'change']) document.addEventListener(type, (event) => this.check(event));
    engine.on(['merged'], ({ done }) => {
      this.deeds.merges = done;
      this.later();
    });
    engine.on(['updated'], ({ updates, target: { before, after } }) => {
      this.deeds.likelier = updates > 0 && after.probability > before.probability;
      this.later();
    });
    engine.on(['token'], ({ index }) => {
      if (index === 0) this.deeds.texts += 1;
      this.later();
    });
    engine.on(['begun', 'forgotten'], () => {
      this.deeds.likelier = false;
    });
    engine.on(['steps'], () => this.later());
    run.on(['shown', 'state', 'waiting'], () => this.later());
    selection.on(['stage', 'came'], () => this.later());
    worded(() => this.show());
  }

  /** What follows from a deed is looked at with the next picture. */
  later() {
    if (this.card.hidden) return;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.check();
    });
  }

  /** Storage may be refused: then the tour begins anew with each visit. */
  restore() {
    try {
      const { at, done } = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}');
      this.at = STATIONS[at] ? at : 0;
      this.done = new Set((done ?? []).filter((/** @type {string} */ name) => STATIONS.some((station) => station.name === name)));
    } catch {
      // What cannot be read is no progress.
    }
  }

  keep() {
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify({ at: this.at, done: [...this.done] }));
    } catch {
      // See above.
    }
  }

  begin() {
    this.card.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    this.go(this.at);
    this.place('h2').focus();
  }

  close() {
    this.card.hidden = true;
    this.mark(null);
    this.button.setAttribute('aria-expanded', 'false');
    this.button.focus();
  }

  get station() {
    return STATIONS[this.at];
  }

  /** Goes to a station: its stage opens, and what it speaks of is marked.
   * @param {number} at */
  go(at) {
    this.at = Math.min(STATIONS.length - 1, Math.max(0, at));
    if (this.station.stage) this.open(this.station.stage);
    this.before = this.station.begin?.(this.deeds);
    this.keep();
    this.show();
    this.mark(this.station.show);
    this.later();
  }

  /** The numbers of the run that is shown, as the stations name them.
   * @returns {import('../words/language.js').Values} */
  numbers() {
    if (!run.shown) return {};
    const { model, uniform_loss: uniform, parameters, step: begun } = run.shown;
    return { vocab: count(model.vocab), uniform: loss(uniform), parameters: count(parameters), step: count(run.last?.step ?? begun), loss: loss(run.last?.loss ?? uniform) };
  }

  /** @param {string | null} selector */
  mark(selector) {
    for (const marked of document.querySelectorAll('.tour-mark')) marked.classList.remove('tour-mark');
    if (selector) find(selector)?.classList.add('tour-mark');
  }

  /** Whether the station's thing has been done.
   * @param {Event | null} event */
  check(event = null) {
    if (this.card.hidden || this.done.has(this.station.name) || !this.station.done(this.before, this.deeds, event)) return;
    this.done.add(this.station.name);
    this.keep();
    this.show();
  }

  show() {
    if (this.card.hidden) return;
    const { name, terms } = this.station;
    const done = this.done.has(name);
    const facts = { ...this.numbers(), updates: UPDATES };
    this.card.dataset.station = name;
    this.card.classList.toggle('done', done);
    this.place('.tour-place').textContent = text('tour.place', { at: this.at + 1, all: STATIONS.length, done: this.done.size });
    this.place('h2').textContent = text(`tour.title.${name}`);
    this.place('.tour-text').textContent = text(`tour.text.${name}`, facts);
    this.place('.tour-task').textContent = text(`tour.task.${name}`, facts);
    const said = done ? text(`tour.done.${name}`, facts) : '';
    if (this.place('.tour-done').textContent !== said) this.place('.tour-done').textContent = said;
    this.definitions.show(terms);
    this.place('[data-action=tour-back]').disabled = this.at === 0;
    const next = this.place('[data-action=tour-next]');
    next.disabled = this.at === STATIONS.length - 1;
    next.textContent = text(done ? 'tour.next' : 'tour.skip');
    next.classList.toggle('go', done);
  }
}
