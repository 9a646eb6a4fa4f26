// The gaps of a string.

import { plain } from './glyphs.js';

/** Replaces the gaps of a string: `{name}` by its value, `{name|one|more}` by the words for one where that is 1, or else by those
 * for more. What comes from elsewhere does not turn the sentence.
 * @type {(string: string, values: Record<string, unknown> | string[]) => string} */
export const filled = (string, values) => string.replace(/\{(\w+)(?:\|([^{|}]*)\|([^{|}]*))?\}/g, (_, name, one, more) => {
  const value = String(/** @type {Record<string, unknown>} */ (values)[name] ?? '');
  return one === undefined ? plain(value) : value === '1' ? one : more;
});
