// White space and control characters, made visible.

/** Appends `string` to `element`, with a mark at each line's end, each tab, each control character, and each space that
 * has no word before it.
 * @param {string} string
 * @param {HTMLElement} element */
export function visible(string, element) {
  for (const part of string.split(/(\n|\t|[\0-\x1f\x7f]|(?<=^|\s) +)/)) {
    if (part === '') continue;
    const symbol = mark(part);
    if (symbol === null) {
      element.append(part);
      continue;
    }
    // The mark stands over the white space itself, so that what is copied is what the model wrote.
    const span = document.createElement('span');
    span.className = 'mark-space';
    span.dataset.mark = symbol;
    span.textContent = part;
    element.append(span);
  }
}

/** What turns the words around it round, or is not seen and joins nothing: as its number.
 * @param {string} string */
export const plain = (string) => string.replace(/[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g, numbered);

/** @param {string} character */
const numbered = (character) => `<U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}>`;

/** Characters that a label has at most. */
const MAX_CHARACTERS = 200;

/** A short text with every white space and control character replaced by its mark: for labels, not to be copied. What is seen
 * only beside others is seen by itself, and of many marks on one letter there are a few.
 * @param {string} string
 * @returns {string} */
export function marked(string) {
  if (string.length > MAX_CHARACTERS) return `${marked([...string.slice(0, MAX_CHARACTERS)].slice(0, -1).join(''))}…`;
  if (/^[\u200c\u200d\ufe00-\ufe0f]+$/.test(string)) return string.replace(/./g, numbered);
  return plain(string).replace(/^\p{M}/u, '◌$&').replace(/(\p{M}{8})\p{M}+/gu, '$1…').replace(/[\0- \x7f]/g, (part) => mark(part) ?? part);
}

/** How white space and control characters are shown; null for what shows itself.
 * @param {string} part */
function mark(part) {
  if (part === '\n') return '↵';
  if (part === '\t') return '→';
  if (/^ +$/.test(part)) return '·'.repeat(part.length);
  if (part.length > 1 || part > '\x1f') return part === '\x7f' ? '␡' : null;
  return String.fromCharCode(0x2400 + part.charCodeAt(0));
}
