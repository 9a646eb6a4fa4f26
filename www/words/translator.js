// The engine speaks English: what its sentences are in another language.

import { filled } from './template.js';

/** Says the engine's sentences in the language of `sentences`, which has each as the engine's source writes it; null for one that
 * it has not. Gaps of a sentence, and the place that it may begin with, may be sentences themselves: of what can be read into
 * it, what leaves the least English is meant.
 * @param {Record<string, string>} sentences
 * @returns {(sentence: string) => string | null} */
export function translator(sentences) {
  // The more of a sentence is fixed, the earlier it is looked for.
  const patterns = Object.entries(sentences).map(([written, answer]) => {
    const parts = written.split(/\$?\{[^}]*\}/).map((part) => part.replaceAll('\\"', '"'));
    const source = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.*?)');
    return { pattern: new RegExp(`^${source}$`, 's'), answer, fixed: parts.join('').length };
  }).sort((a, b) => b.fixed - a.fixed);
  /** @type {(sentence: string) => string | null} */
  const translated = (sentence) => {
    /** @type {string[]} */
    const all = [];
    for (let at = sentence.indexOf(': '); at >= 0; at = sentence.indexOf(': ', at + 1)) {
      const [place, message] = [sentence.slice(0, at), translated(sentence.slice(at + 2))];
      if (message !== null) all.push(`${translated(place) ?? place}：${message}`);
    }
    for (const { pattern, answer } of patterns) {
      const found = pattern.exec(sentence);
      if (found) all.push(filled(answer, found.map((part, i) => (i > 0 && translated(part)) || part)));
    }
    /** @param {string} string */
    const english = (string) => string.match(/[a-z]/gi)?.length ?? 0;
    return all.reduce((best, one) => (best === null || english(one) < english(best) ? one : best), /** @type {string | null} */ (null));
  };
  return translated;
}
