// The tokenizer's alphabet: the 256 bytes, which stay whatever is merged, and behind them the symbols that were made of pairs.

import { element } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { count } from '../../words/format.js';
import { text } from '../../words/language.js';

const BYTES = 256;
/** New symbols that are shown: the newest. */
const SHOWN = 24;

/** @param {number} byte */
const hex = (byte) => byte.toString(16).toUpperCase().padStart(2, '0');

/** Shows the alphabet in `place`: a heading, a sentence, the bytes, the new symbols. */
export class Alphabet {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.sentence = place.querySelector('p');
    this.made = place.querySelector('.made');
    // A byte that is no character by itself is named by its number.
    place.querySelector('.bytes-all').append(...Array.from({ length: BYTES }, (_, byte) => {
      const seen = (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a;
      const cell = element('span', seen ? '' : 'hex', seen ? marked(String.fromCharCode(byte)) : hex(byte));
      cell.title = hex(byte);
      return cell;
    }));
  }

  /** So many merges were `made`, the last of them `merges`.
   * @param {number} made
   * @param {Pick<Messages.Merge, 'id' | 'text'>[]} merges */
  show(made, merges) {
    this.sentence.textContent = text('merges.alphabet.sentence', { bytes: count(BYTES), made: count(made), all: count(BYTES + made) });
    this.made.replaceChildren(...merges.slice(-SHOWN).reverse().map(({ id, text: symbol }) => (
      element('li', '', element('small', '', count(id)), element('b', '', marked(symbol)))
    )));
  }
}
