// What the page says of its state, and of what went wrong: both are said anew where the language changes.

import { finder } from '../figure/caption.js';
import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { count, loss, measure, size } from '../words/format.js';
import { tell, text } from '../words/language.js';
import { hand_over } from './files.js';
import { hides } from './share.js';

const find = finder(document);
/** What is said, as what says it.
 * @type {{ status: () => string, alert: () => void }} */
const said = { status: () => '', alert: () => '' };

/** Says what `sentence` gives.
 * @param {() => string} sentence */
export function say(sentence) {
  said.status = sentence;
  const [place, words] = [find('#status'), sentence()];
  if (place.textContent !== words) place.textContent = words;
}

/** Says a string of the catalogue as an error, or nothing; a `message` among the values is the engine's.
 * @param {string | null} [key]
 * @param {() => import('../words/language.js').Values} [values] */
export function say_error(key = null, values = () => ({})) {
  said.alert = () => {
    const { message, ...others } = values();
    if (message !== undefined) tell(find('#alert'), String(message), key, others);
    else find('#alert').textContent = key === null ? '' : text(key, others);
  };
  said.alert();
}

/** Why a run stands at `step`: what was found at which step, and what was asked for.
 * @param {Messages.Stop} stop
 * @param {number} step */
export function paused_by({ name, bound, found, step: at }, step) {
  const write = name === 'stop_minutes' ? measure : loss;
  return text(`state.${name}`, { step: count(step), at: count(at), found: write(found), bound: measure(bound) });
}

/** Says why something cannot be taken.
 * @param {import('./settings.js').Unreadable} unreadable */
export function refuse(unreadable) {
  said.alert = () => {
    find('#alert').textContent = unreadable.say();
  };
  said.alert();
}

/** Says what the run does, how far its preparation is, and what went wrong in the engine. */
export class Status {
  constructor() {
    run.on(['state'], () => this.show());
    engine.on(['ready'], ({ step }) => {
      if (run.recovered) say_error('state.recovered', () => ({ step: count(step) }));
    });
    engine.on(['archive'], ({ name, bytes }) => {
      hand_over(name, new Blob([bytes], { type: 'application/zip' }));
      const { length } = bytes;
      say(() => text('state.downloaded', { name, size: size(length) }));
    });
    engine.on(['device_lost'], ({ message }) => say_error('state.lost', () => ({ message })));
    engine.on(['recovered'], () => say_error('state.reopened'));
    engine.on(['error'], ({ message, fatal, saved }) => {
      if (fatal) say_error(run.device === null ? 'error.worker' : 'error.fatal', () => ({ message }));
      else if (saved == null) say_error(null, () => ({ message }));
      else say_error('error.download', () => ({ message, step: count(saved) }));
    });
    document.addEventListener('languagechange', () => {
      say(said.status);
      said.alert();
    });
  }

  show() {
    const { state, preparing, step, stop } = run;
    const bar = /** @type {HTMLProgressElement} */ (find('#progress'));
    bar.hidden = state !== 'preparing';
    if (state === 'loading') {
      say(() => '');
    } else if (state === 'preparing' && preparing) {
      Object.assign(bar, { max: Math.max(1, preparing.total), value: preparing.done });
      say(() => text(`state.${preparing.stage}`, { done: count(preparing.done), total: count(preparing.total) }));
    } else if (state === 'preparing') {
      bar.removeAttribute('value');
      say(() => text('state.preparing'));
    } else {
      // Whoever does not see Train or the settings is not sent to them.
      const named = state === 'idle' && hides('controls', 'settings') ? 'ready' : state;
      say(() => (state === 'paused' && stop !== null ? paused_by(stop, step) : text(`state.${named}`, { step: count(step) })));
    }
  }
}
