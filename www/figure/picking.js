// The one rule of all views: pointing at a thing or going to it by key previews it everywhere, a click or Enter keeps it.

import { target_of } from './caption.js';
import { selection } from './selection.js';

const ALONG = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity });

/** Lets the things in `list` that match `kind` be pointed at, kept, and where they have a place in the order of the keys gone
 * through by arrows. `means` says what of the selection a thing stands for (null for nothing); `keep` keeps it.
 * @param {HTMLElement} list
 * @param {string} kind
 * @param {(item: HTMLElement) => Partial<import('./selection.js').Chosen> | null} means
 * @param {(item: HTMLElement) => void} [keep] */
export function pick(list, kind, means, keep) {
  /** @param {Event} event
   * @returns {HTMLElement | null} */
  const at = (event) => target_of(event).closest(kind);
  /** @param {Event} event */
  const preview = (event) => {
    const item = at(event);
    selection.preview(item && means(item));
    return item;
  };
  const kept = keep ?? ((/** @type {HTMLElement} */ item) => {
    const meant = means(item);
    if (meant) selection.keep(meant);
  });
  list.addEventListener('pointermove', preview);
  list.addEventListener('pointerleave', () => selection.preview(null));
  list.addEventListener('focusin', (event) => {
    const item = preview(event);
    if (item?.hasAttribute('tabindex')) rove(list.querySelectorAll(kind), item);
  });
  list.addEventListener('focusout', ({ relatedTarget }) => {
    // What is read of a thing may itself be gone through.
    if (!(relatedTarget instanceof Element && relatedTarget.closest('.token-reading'))) selection.preview(null);
  });
  list.addEventListener('click', (event) => {
    const item = at(event);
    if (item) kept(item);
  });
  list.addEventListener('keydown', (event) => {
    const item = at(event);
    if (!item?.hasAttribute('tabindex')) return;
    const items = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(kind))];
    if (event.key in ALONG) items[Math.min(items.length - 1, Math.max(0, items.indexOf(item) + ALONG[event.key]))].focus();
    else if (item.tagName !== 'BUTTON' && ['Enter', ' '].includes(event.key)) kept(item);
    else return;
    event.preventDefault();
  });
}

/** Of `items` only `one` is reached by Tab; the others from there.
 * @param {Iterable<Element>} items
 * @param {Element | null | undefined} one */
export function rove(items, one) {
  for (const item of /** @type {Iterable<HTMLElement>} */ (items)) item.tabIndex = item === one ? 0 : -1;
}

/** Puts `items` into `list` in the place of those before; those that match `kind` can be gone to, and where one of them had
 * the focus, the one in its place has it.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} items */
export function refill(list, items, kind = '*') {
  const at = [...list.querySelectorAll(kind)].findIndex((item) => item === document.activeElement);
  list.replaceChildren(...items);
  const places = items.filter((item) => item.matches(kind));
  const one = places[Math.min(Math.max(0, at), places.length - 1)];
  rove(places, one);
  if (at >= 0) one?.focus({ preventScroll: true });
}
