// A tab that nobody sees is given less time by the browser: what a run did meanwhile is said when it is seen again.

import { count, duration } from '../words/format.js';
import { text } from '../words/language.js';

/** Says in `place` what happened while the tab was hidden; `run` tells `{state, step}`. */
export class Hidden {
  constructor(place, run) {
    this.place = place;
    this.run = run;
    this.left = null;
    this.told = null;
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.leave();
      else this.back();
    });
    document.addEventListener('languagechange', () => this.show());
  }

  leave() {
    const { state, step } = this.run();
    this.left = state === 'running' ? { step, time: performance.now() } : null;
  }

  back() {
    if (this.left === null) return;
    const { step, time } = this.left;
    this.told = { steps: Math.max(0, this.run().step - step), seconds: (performance.now() - time) / 1000 };
    this.left = null;
    this.show();
  }

  /** Says nothing more of it. */
  forget() {
    this.told = null;
    this.show();
  }

  show() {
    const { told } = this;
    this.place.textContent = told === null ? '' : text('hidden', { steps: count(told.steps), time: duration(told.seconds) });
  }
}
