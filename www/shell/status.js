// What the page says of its state, and of what went wrong: both are said anew where the language changes.

import { count, loss, measure } from '../words/format.js';
import { tell, text } from '../words/language.js';

const find = (selector) => document.querySelector(selector);
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
 * @param {() => { message?: string, [gap: string]: string | number }} [values] */
export function say_error(key = null, values = () => ({})) {
  said.alert = () => {
    const { message, ...others } = values();
    if (message !== undefined) tell(find('#alert'), message, key, others);
    else find('#alert').textContent = key === null ? '' : text(key, others);
  };
  said.alert();
}

/** Why a run stands at `step`: what was found at which step, and what was asked for.
 * @param {Told.Stop} stop
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

document.addEventListener('languagechange', () => {
  say(said.status);
  said.alert();
});
