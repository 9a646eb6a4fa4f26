// The runs that the browser keeps: the offer to go on with the last one, and the list of all of them.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { element } from '../figure/caption.js';
import { say_error } from './status.js';
import { count, loss, moment, size } from '../words/format.js';
import { named, text } from '../words/language.js';

/** Why a save was not kept, as the page says it. */
const MISSED = { full: 'saved.full', refused: 'saved.refused', failed: 'saved.failed' };

/** Shows what the worker says of saved runs in `section`, and the last one in `offer`. */
export class SavedRuns {
  /** @type {Messages.SavedRun[]} */
  runs = [];
  /** The one that is offered.
   * @type {Messages.SavedRun | undefined} */
  offered;
  /** What is said of them.
   * @type {() => string} */
  said = () => '';
  /** How many there are at most.
   * @type {number | undefined} */
  most;
  /** Why none is kept, where the browser refuses.
   * @type {string | undefined} */
  refused;
  /** Whether the last save was not kept. */
  missed = false;
  /** Whether the browser was asked to keep them, and whether it does. */
  persisting = false;
  /** @type {boolean | undefined} */
  persisted;

  /** @param {HTMLElement} section
   * @param {HTMLElement} offer
   * @param {import('./settings.js').Settings} settings */
  constructor(section, offer, settings) {
    this.section = section;
    this.offer = offer;
    this.settings = settings;
    this.list = section.querySelector('ul');
    offer.querySelector('button').addEventListener('click', () => this.open(this.offered?.id ?? ''));
    this.list.addEventListener('click', ({ target }) => this.press(/** @type {Element} */ (target).closest('button')));
    this.list.addEventListener('focusout', ({ target }) => this.unsure(target));
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) run.save();
      else if (this.most) engine.call('saved_runs');
    });
    document.addEventListener('languagechange', () => this.show());
    engine.on(['saved_runs'], (event) => this.list_runs(event));
    engine.on(['not_saved'], (event) => this.not_saved(event));
    run.on(['state', 'able'], () => this.show());
  }

  /** The runs that there are; those that went because there were too many.
   * @param {Messages.SavedRuns} facts */
  list_runs({ runs, most, refused, gone = [] }) {
    this.runs = runs;
    this.most = most;
    this.refused = refused;
    if (gone.length > 0) this.said = () => text('saved.gone', { runs: gone.map(({ preset, step }) => text('saved.one', { preset, step: count(step) })).join(' · ') });
    else if (this.missed && runs.some(({ place }) => place === 'here')) this.said = () => '';
    this.missed = false;
    if (runs.some(({ place }) => place === 'here')) this.persist();
    this.show();
  }

  /** A save was not kept: the run goes on without. It is an alert where it is news.
   * @param {Messages.NotSaved} facts */
  not_saved({ why, message, step, again }) {
    const key = MISSED[why];
    const values = () => ({ step: count(step), reason: message });
    this.missed = true;
    this.said = () => text(key, values());
    if (!again) say_error(key, values);
    this.show();
  }

  /** Asks the browser once to keep the runs also where its storage grows short. */
  async persist() {
    if (this.persisting || !navigator.storage?.persist) return;
    this.persisting = true;
    this.persisted = (await navigator.storage.persisted()) || (await navigator.storage.persist());
    this.show();
  }

  /** Writes all of it in the page's language. */
  show() {
    const free = this.runs.find(({ place }) => place === 'free');
    this.offered = run.vacant ? free : undefined;
    this.offer.hidden = !this.offered;
    if (this.offered) this.offer.querySelector('span').textContent = text('saved.offer', { name: this.name(this.offered), facts: this.facts(this.offered) });
    /** @param {string} selector */
    const place = (selector) => this.section.querySelector(selector);
    const none = this.refused !== undefined ? 'saved.none.refused' : 'saved.none';
    const rule = text('saved.rule', { most: count(this.most ?? 0) });
    const safe = this.persisted === undefined ? '' : text(this.persisted ? 'saved.persisted' : 'saved.temporary');
    place('.hint').textContent = this.runs.length > 0 ? rule : text(none, { rule });
    place('.safe').textContent = safe;
    place('[role=status]').textContent = this.said();
    const focus = document.activeElement?.closest?.('#kept button');
    const held = focus && [focus.dataset.action, focus.closest('li')?.dataset.id];
    this.list.replaceChildren(...this.runs.map((run) => this.item(run)));
    if (held) this.list.querySelector(`[data-id="${held[1]}"] [data-action=${held[0]}]`)?.focus();
  }

  /** What a run is called: its preset and its text.
   * @param {Messages.Save} run */
  name({ preset, corpus }) {
    const known = { en: 'corpus.en', zh: 'corpus.zh', 'pasted.txt': 'saved.pasted' }[corpus];
    return text('saved.name', { preset: preset ?? text('saved.other'), corpus: known ? text(known) : corpus });
  }

  /** @param {Messages.SavedRun} run */
  facts({ step, steps, loss: last, bytes, saved }) {
    return text('saved.facts', {
      step: count(step), steps: count(steps), size: size(bytes), date: moment(saved),
      loss: typeof last === 'number' ? loss(last) : text('metric.none'),
    });
  }

  /** @param {Messages.SavedRun} run */
  item(run) {
    const { id, place } = run;
    const facts = element('p', 'hint', this.facts(run));
    facts.id = `kept-${id}`;
    /** @param {string} action
     * @param {string} key
     * @param {boolean} able */
    const button = (action, key, able) => {
      const made = element('button');
      named(made, key);
      Object.assign(made, { type: 'button', disabled: !able });
      made.dataset.action = action;
      made.setAttribute('aria-describedby', facts.id);
      return made;
    };
    const buttons = element('div', 'merge-controls', button('kept-open', 'saved.open', place !== 'here'), button('kept-download', 'saved.download', true), button('kept-delete', 'saved.delete', place === 'free'));
    const item = element('li', '', element('b', '', this.name(run)), facts, buttons);
    if (place !== 'free') facts.append(text(`saved.${place}`));
    item.dataset.id = id;
    return item;
  }

  /** @param {HTMLButtonElement | null} button */
  press(button) {
    if (!button || button.disabled) return;
    say_error();
    const { id = '' } = button.closest('li')?.dataset ?? {};
    if (button.dataset.action === 'kept-open') this.open(id);
    else if (button.dataset.action === 'kept-download') engine.call('hand', { id });
    else if (button.dataset.sure) engine.call('forget', { id });
    else {
      // What is deleted is gone: it takes two presses.
      button.dataset.sure = 'true';
      named(button, 'saved.delete.sure');
    }
  }

  /** Whoever goes elsewhere does not mean to delete.
   * @param {EventTarget | null} button */
  unsure(button) {
    if (!(button instanceof HTMLElement && button.dataset.sure)) return;
    delete button.dataset.sure;
    named(button, 'saved.delete');
  }

  /** Opens a saved run, paused.
   * @param {string} id */
  open(id) {
    say_error();
    engine.call('continue', { id, files: this.settings.own_files() });
  }
}
