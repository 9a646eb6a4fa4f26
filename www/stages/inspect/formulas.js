// The formulas of a forward pass: each stands once in the page, in letters, and is filled with the numbers of one cell.

import { count, fine } from '../../words/format.js';
import { text } from '../../words/language.js';

/** The formula `name`, with `values` in the place of its letters. Below zero a number has brackets, but where it comes first.
 * @param {Record<string, number | string>} [values]
 * @param {string} name */
function formula(name, values) {
  const made = /** @type {HTMLTemplateElement} */ (document.querySelector('#formulas')).content.querySelector(`[data-formula=${name}]`).cloneNode(true);
  if (!values) return made;
  for (const part of /** @type {Element} */ (made).querySelectorAll('[data-part]')) {
    const value = values[/** @type {HTMLElement} */ (part).dataset.part ?? ''];
    const written = typeof value === 'number' ? fine(value).replace('-', '−') : value;
    part.textContent = Number(value) < 0 && !part.hasAttribute('data-first') ? `(${written})` : written;
    part.setAttribute('mathvariant', 'normal');
  }
  for (const letters of /** @type {Element} */ (made).querySelectorAll('[data-letters]')) letters.remove();
  return made;
}

/** The formula of a stop in letters.
 * @param {string} name */
export const written = (name) => formula(name);

/** How a cell comes to its value, in parts between which a line may end; `called` names a place in a sum.
 * @param {Messages.Cell} cell
 * @param {(i: number) => string} called */
export function filled({ column, value, parts: { formula: name, terms, rest, others, divisor, bias, seen, index, head, ...numbers } }, called) {
  const whole = () => formula(seen === undefined ? name : 'y', {
    ...numbers, bias, column: count(column + 1), index: count(index + 1), head: count(head + 1),
  });
  const sum = () => [
    formula(divisor === 1 ? 'begin' : 'share', { divisor }),
    .../** @type {{ left: number, right: number, index: number }[]} */ (terms).map(({ left, right, index: place }, i) => formula(i > 0 ? 'more' : 'term', { left, right, called: called(place) })),
    ...(others > 0 ? [formula('rest', { rest, called: text('pass.others', { others: count(others) }) })] : []),
    ...(divisor === 1 ? [] : [formula('end')]),
    ...(typeof bias === 'number' ? [formula('bias', { bias })] : []),
  ];
  return [...(terms ? sum() : [whole()]), formula('is', { value })].flatMap((part) => [part, ' ']);
}
