// The tour: eleven stations, each beside the view that it speaks of. A station is done when the reader has done the thing.

import { Definitions } from './glossary.js';
import { count, loss } from '../words/format.js';
import { text, worded } from '../words/language.js';

const KEPT = 'glasshouse.tour';
const find = (selector) => document.querySelector(selector);
const number = (selector, key = 'value') => Number(find(selector)?.dataset[key] || 0);
/** The first token of the text that stands there: another text has another. */
const generated = () => find('#writing .chips > *');
const within = (event, type, selector) => event?.type === type && event.target.closest?.(selector);

/** Updates that the eighth station asks for. */
const UPDATES = 100;

/**
 * Where each station is told: its stage (none: wherever the reader is), what it speaks of, the words that it uses, and when it
 * is done: `begin` notes what stood there before, `done` compares, with the event that may have changed it.
 */
const STATIONS = [
  { name: 'road', show: '.stages', terms: ['pretraining', 'base_model'], begin: () => document.body.dataset.open, done: (before) => document.body.dataset.open !== before },
  { name: 'library', stage: 'data', show: '#documents', terms: ['corpus', 'web_crawl'], done: (_, event) => within(event, 'click', '#documents tbody button') },
  { name: 'sieve', stage: 'data', show: '#cleaning', terms: ['cleaning', 'filter'], done: (_, event) => within(event, 'click', '#cleaning tbody [data-document]') || within(event, 'input', '#cleaning [name=threshold]') },
  { name: 'line', stage: 'data', show: '#stream', terms: ['byte'], done: (_, event) => within(event, 'input', '#stream') },
  { name: 'symbols', stage: 'tokenizer', show: '#merges', terms: ['token', 'merge', 'vocabulary'], done: () => find('#merges').dataset.run === 'live' && number('#merges', 'step') > 0 },
  { name: 'question', stage: 'inspect', show: '#next', terms: ['prompt', 'distribution', 'loss'], done: (_, event) => within(event, 'input', '[data-input=prompt]') },
  {
    name: 'wrong', stage: 'train', show: '#update', terms: ['gradient', 'optimiser', 'learning_rate'],
    done: () => find('[data-metric=target-probability-after]')?.dataset.value && number('[data-metric=target-probability-after]') > number('[data-metric=target-probability-before]'),
  },
  { name: 'million', stage: 'train', show: '#loss', terms: ['step', 'validation_loss'], begin: () => number('[data-metric=step][data-run=live]'), done: (before) => number('[data-metric=step][data-run=live]') >= before + UPDATES },
  { name: 'inside', stage: 'inspect', show: '#attention', terms: ['embedding', 'attention', 'head', 'layer'], done: () => find('[data-action=head-off]').dataset.off !== undefined },
  { name: 'talking', stage: 'generate', show: '#writing', terms: ['sampling', 'temperature', 'nucleus', 'seed'], begin: generated, done: (before) => generated() !== null && generated() !== before },
  {
    name: 'base', stage: 'generate', show: '#writing', terms: ['base_model'], begin: generated,
    done: (before) => /[?？]\s*$/.test(find('#view [data-in=generate] [data-input=prompt], [data-input=prompt]').value) && generated() !== null && generated() !== before,
  },
];

/** Shows the tour in `card`; `open` opens a stage, `facts` gives the numbers that the stations name. */
export class Tour {
  card; button; open; facts; done; at;

  constructor(card, button, open, facts) {
    Object.assign(this, { card, button, open, facts, done: new Set(), at: 0 });
    this.place = (selector) => card.querySelector(selector);
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
    // What follows from a deed comes later: numbers, marks and new elements tell of it.
    this.watch = new MutationObserver(() => {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = undefined;
        this.check();
      });
    });
    worded(() => this.show());
  }

  /** Storage may be refused: then the tour begins anew with each visit. */
  restore() {
    try {
      const { at, done } = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
      this.at = STATIONS[at] ? at : 0;
      this.done = new Set((done ?? []).filter((name) => STATIONS.some((station) => station.name === name)));
    } catch {
      // What cannot be read is no progress.
    }
  }

  keep() {
    try {
      localStorage.setItem(KEPT, JSON.stringify({ at: this.at, done: [...this.done] }));
    } catch {
      // See above.
    }
  }

  begin() {
    this.card.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    this.watch.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-value', 'data-step', 'data-open', 'data-off'] });
    this.go(this.at);
    this.place('h2').focus();
  }

  close() {
    this.card.hidden = true;
    this.watch.disconnect();
    this.mark(null);
    this.button.setAttribute('aria-expanded', 'false');
    this.button.focus();
  }

  get station() {
    return STATIONS[this.at];
  }

  /** Goes to a station: its stage opens, and what it speaks of is marked. */
  go(at) {
    this.at = Math.min(STATIONS.length - 1, Math.max(0, at));
    if (this.station.stage) this.open(this.station.stage);
    this.before = this.station.begin?.();
    this.keep();
    this.show();
    this.mark(this.station.show);
  }

  /** The numbers of the run that is shown, as the stations name them. */
  numbers() {
    const { model, uniform_loss: uniform, parameters, step = 0, last } = this.facts();
    if (!model) return {};
    return { vocab: count(model.vocab), uniform: loss(uniform), parameters: count(parameters), step: count(step), loss: loss(last?.loss ?? uniform) };
  }

  mark(selector) {
    for (const marked of document.querySelectorAll('.tour-mark')) marked.classList.remove('tour-mark');
    if (selector) find(selector)?.classList.add('tour-mark');
  }

  /** Whether the station's thing has been done. */
  check(event = null) {
    if (this.card.hidden || this.done.has(this.station.name) || !this.station.done(this.before, event)) return;
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
