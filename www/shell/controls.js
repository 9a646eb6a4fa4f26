// The controls of a run: what they do, which of them make sense, and what they are called.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { text } from '../words/language.js';
import { Unreadable } from './settings.js';
import { shortcuts } from './shortcuts.js';
import { refuse, say, say_error } from './status.js';

/** @param {string} action */
const button = (action) => document.querySelector(`[data-action=${action}]`);

/** Acts on the run as `settings` say; every press lets go of what is said of a tab that was hidden. */
export class Controls {
  /** @param {import('./settings.js').Settings} settings
   * @param {import('./hidden-tab.js').Hidden} hidden
   * @param {import('./timeline.js').Timeline} timeline */
  constructor(settings, hidden, timeline) {
    this.settings = settings;
    /** @type {Record<string, () => void>} */
    const actions = {
      train: () => this.train(),
      'train-linked': () => this.train(),
      pause: () => this.pause(),
      step: () => (run.fresh ? this.begin(true) : engine.send({ command: 'step' })),
      reset: () => engine.send({ command: 'reset' }),
      download() {
        say(() => text('state.archive'));
        engine.call('download');
      },
    };
    for (const [name, action] of Object.entries(actions)) {
      button(name).addEventListener('click', () => {
        say_error();
        hidden.forget();
        action();
      });
    }
    shortcuts(document.querySelector('.shortcuts'), {
      run: () => press(['running', 'preparing'].includes(run.state) ? 'pause' : 'train'),
      step: () => press('step'),
      ten() {
        // Each that is asked for while one is under way is one more.
        if (press('step')) for (let more = 1; more < 10; more += 1) engine.send({ command: 'step' });
      },
      a: () => timeline.compare('a'),
      b: () => timeline.compare('b'),
    });
    engine.on(['begun', 'forgotten'], () => {
      document.querySelector('#linked').hidden = true;
    });
    run.on(['state', 'able'], () => this.show());
    settings.on(['changed'], () => this.show());
    document.addEventListener('languagechange', () => this.show());
  }

  /** Begins a run, or lets the one that there is go on. */
  train() {
    if (run.fresh) this.begin(false);
    else if (run.state === 'finished') attempt(() => run.extend(this.settings.value().steps ?? 0));
    else run.go_on();
  }

  /** Begins a run, or one step of it.
   * @param {boolean} single */
  begin(single) {
    const { settings } = this;
    attempt(() => {
      const { corpus } = settings;
      settings.chosen = true;
      const files = corpus === 'own' ? settings.own_files() : [];
      run.train({ settings: settings.value(), corpus, files, single, bounds: settings.bounds() });
      say(() => text('state.fetching'));
    });
  }

  pause() {
    if (['finished', 'stopped'].includes(run.state)) say(() => text('state.over'));
    else engine.send({ command: run.state === 'paused' ? 'run' : 'pause' });
    if (run.state === 'running') run.save();
  }

  /** Whether the settings ask for more steps than the finished run has. */
  get extends_run() {
    try {
      return (this.settings.value().steps ?? 0) > (run.ready?.train.steps ?? Infinity);
    } catch {
      return false;
    }
  }

  show() {
    const { state, fresh, stands } = run;
    const able = {
      'train-linked': fresh,
      train: fresh || state === 'paused' || (state === 'finished' && this.extends_run),
      // What is over is over, but whoever presses should know.
      pause: stands || ['preparing', 'stopped'].includes(state),
      step: fresh || state === 'paused',
      reset: !['loading', 'idle'].includes(state),
      download: stands || (state === 'stopped' && run.saved !== null),
      open: state !== 'loading',
      generate: run.answers,
      slow: state !== 'loading',
    };
    for (const [name, enabled] of Object.entries(able)) button(name).disabled = !enabled;
    button('pause').setAttribute('aria-pressed', String(state === 'paused'));
    const labels = /** @type {Record<string, string>} */ ({ paused: run.ready ? 'action.resume' : 'action.train', finished: 'action.extend' });
    button('train').textContent = text(labels[state] ?? 'action.train');
  }
}

/** Presses a button, where it is seen and makes sense; says whether it did.
 * @param {string} action */
function press(action) {
  const pressed = button(action);
  const able = !pressed.disabled && pressed.checkVisibility();
  if (able) pressed.click();
  return able;
}

/** Does something with the settings, and says why where they cannot be read.
 * @param {() => void} action */
function attempt(action) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    refuse(error);
  }
}
