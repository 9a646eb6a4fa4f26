// White space and control characters, made visible.

/** Appends `string` to `element`, with a mark at each line's end, each tab, each control character, and each space that
 * has no word before it. */
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

/** A short text with every white space and control character replaced by its mark: for labels, not to be copied. */
export function marked(string) {
  return string.replace(/[\0- \x7f]/g, (part) => mark(part) ?? part);
}

/** How white space and control characters are shown; null for what shows itself. */
function mark(part) {
  if (part === '\n') return '↵';
  if (part === '\t') return '→';
  if (/^ +$/.test(part)) return '·'.repeat(part.length);
  if (part.length > 1 || part > '\x1f') return part === '\x7f' ? '␡' : null;
  return String.fromCharCode(0x2400 + part.charCodeAt(0));
}
