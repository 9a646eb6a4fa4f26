// The stages: tabs in the order of the story, and the panel of the one that is open. The address keeps it.

import { selection } from '../figure/selection.js';
import { address, note, settle } from './address.js';

export class Stages {
  /** @param {HTMLElement} bar */
  constructor(bar) {
    /** @type {HTMLElement[]} */
    this.tabs = [...bar.querySelectorAll('[data-stage]')];
    bar.addEventListener('click', ({ target }) => {
      const tab = /** @type {Element} */ (target).closest('[data-stage]');
      if (tab) this.open(tab.dataset.stage ?? '');
    });
    bar.addEventListener('keydown', (event) => this.move(event));
    addEventListener('hashchange', () => this.follow());
  }

  /** Opens the stage that the address names, or the one that the page begins with. */
  follow() {
    const named = address().get('stage');
    const tab = this.tabs.find(({ dataset }) => dataset.stage === named) ?? this.tabs.find(({ dataset }) => dataset.first !== undefined);
    this.show(tab?.dataset.stage ?? '');
  }

  /** Whether there is such a stage.
   * @param {string} stage */
  has(stage) {
    return this.tabs.some(({ dataset }) => dataset.stage === stage);
  }

  /** @param {string} stage */
  open(stage) {
    note({ stage });
    settle();
    this.show(stage);
  }

  /** @param {string} stage */
  show(stage) {
    if (stage === selection.stage) return;
    document.body.dataset.open = stage;
    for (const tab of this.tabs) {
      const chosen = tab.dataset.stage === stage;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) document.querySelector('#view').setAttribute('aria-labelledby', tab.id);
    }
    for (const part of document.querySelectorAll('[data-in]')) part.hidden = !part.dataset.in?.split(' ').includes(stage);
    selection.set({ stage });
  }

  /** Arrows, Home and End go from tab to tab.
   * @param {KeyboardEvent} event */
  move(event) {
    const at = this.tabs.findIndex((tab) => tab === document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: this.tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = this.tabs[(to + this.tabs.length) % this.tabs.length];
    this.open(tab.dataset.stage ?? '');
    tab.focus();
  }
}
