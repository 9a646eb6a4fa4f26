// A tab that nobody sees is given less time by the browser: what a run did meanwhile is said when it is seen again.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { count, duration } from '../words/format.js';
import { text } from '../words/language.js';

/** Says in `place` what happened while the tab was hidden. */
export class Hidden {
  /** The step and the time at which it was left while a run was under way.
   * @type {{ step: number, time: number } | null} */
  left = null;
  /** What happened meanwhile.
   * @type {{ steps: number, seconds: number } | null} */
  progress = null;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.leave();
      else this.back();
    });
    document.addEventListener('languagechange', () => this.show());
    engine.on(['begun', 'forgotten'], () => this.forget());
  }

  leave() {
    this.left = run.state === 'running' ? { step: run.step, time: performance.now() } : null;
  }

  back() {
    if (this.left === null) return;
    const { step, time } = this.left;
    this.progress = { steps: Math.max(0, run.step - step), seconds: (performance.now() - time) / 1000 };
    this.left = null;
    this.show();
  }

  /** Says nothing more of it. */
  forget() {
    this.progress = null;
    this.show();
  }

  show() {
    const { progress } = this;
    this.place.textContent = progress === null ? '' : text('hidden', { steps: count(progress.steps), time: duration(progress.seconds) });
  }
}
