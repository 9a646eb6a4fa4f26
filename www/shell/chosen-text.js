// The text that the stages before training show: it is read where one of them is open, and where it is another than before.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { selection } from '../figure/selection.js';

/** Milliseconds without a key after which typed text is read. */
const TYPING_PAUSE = 300;

export class ChosenText {
  /** The text as it was last asked for.
   * @type {{ corpus: string, source: Messages.File[] | string | null } | null} */
  request = null;
  /** Whether a text is shown, if only the recorded run's. */
  shown = false;
  /** Whether the recorded run's text is to be shown now. */
  takes_recorded = true;
  /** @type {number | undefined} */
  timer;

  /** @param {import('./settings.js').Settings} settings */
  constructor(settings) {
    this.settings = settings;
    run.on_recorded(() => {
      this.takes_recorded = this.request === null || !this.shown;
      this.shown = true;
    });
    engine.on(['read'], () => {
      this.shown = true;
    });
    run.on(['shown'], () => this.read());
    settings.on(['changed'], () => this.read());
    selection.on(['stage'], () => this.read());
  }

  read() {
    const { corpus, source } = this.settings;
    if (!['data', 'tokenizer'].includes(selection.stage ?? '')) return;
    if (this.request?.corpus === corpus && this.request?.source === source) return;
    if (corpus === 'own' && source === '') return;
    this.request = { corpus, source };
    // Whoever types is not read at every key.
    clearTimeout(this.timer);
    const files = () => (corpus === 'own' ? this.settings.own_files() : []);
    this.timer = setTimeout(() => engine.call('read', { corpus, files: files() }), typeof source === 'string' ? TYPING_PAUSE : 0);
  }
}
