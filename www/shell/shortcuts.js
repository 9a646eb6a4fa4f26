// Single keys that do what buttons do. They are listed in the footer, and switched off there.

import { element } from '../figure/caption.js';
import { named } from '../words/language.js';

const STORAGE_KEY = 'glasshouse.shortcuts';
/** What takes keys itself: a field or a list all of them, whatever else is focused the space bar. */
const FIELDS = 'input, select, textarea, [role=listbox], [role=textbox]';
const FOCUSED = 'a, button, summary, [tabindex]';
/** The keys as they are written, and what they do; of the last three the time line hears where it has the focus, of J and K the
 * pages that a stage of the sieve takes out. */
const LIST = [
  ['', 'run'], ['.', 'step'], ['Shift + .', 'ten'], ['[', 'a'], [']', 'b'], ['J K', 'read'],
  ['← →', 'move'], ['Shift + ← →', 'pin'], ['Esc', 'clear'],
];

/** Whether the keys were switched off in an earlier visit. */
function off() {
  try {
    return localStorage.getItem(STORAGE_KEY) === 'off';
  } catch {
    return false;
  }
}

/** Lists the keys in `place`, and does for each what `actions` has under its name.
 * @param {HTMLElement} place
 * @param {Record<string, () => void>} actions */
export function shortcuts(place, actions) {
  const box = place.querySelector('input');
  box.checked = !off();
  box.addEventListener('change', () => {
    try {
      localStorage.setItem(STORAGE_KEY, box.checked ? 'on' : 'off');
    } catch {
      // Without storage the choice lasts until the page is closed.
    }
  });
  place.querySelector('dl').append(...LIST.map(([keys, does]) => {
    const [key, what] = [element('kbd', '', keys), element('dd')];
    if (keys) key.translate = false;
    else named(key, 'shortcuts.space');
    named(what, `shortcuts.${does}`);
    return element('div', '', element('dt', '', key), what);
  }));
  document.addEventListener('keydown', (event) => {
    const { key, code, shiftKey } = event;
    const target = /** @type {HTMLElement} */ (event.target);
    // A third level of the keyboard, where some have brackets, is no command.
    const command = event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState('AltGraph'));
    const does = shiftKey && code === 'Period' ? 'ten' : { ' ': 'run', '.': 'step', '[': 'a', ']': 'b' }[key];
    if (!box.checked || !does || command || event.repeat || event.defaultPrevented) return;
    if (target.isContentEditable || target.closest(FIELDS) || (key === ' ' && target.closest(FOCUSED))) return;
    event.preventDefault();
    actions[does]();
  });
}
