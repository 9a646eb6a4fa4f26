// The stage Data: the documents of the text, and the one line that they are joined into, as characters, bytes and bits.

import { caption, element } from './figure.js';
import { marked } from './glyphs.js';
import { count, size, text } from './text.js';

/** Characters that are shown of the line at once. */
const SHOWN = 64;

/** What a text is called: the built-in ones have names in the page's language. */
const titled = (name) => (['en', 'zh'].includes(name) ? text(`corpus.${name}`) : name);

/** Asks the worker through `call`, and shows what it answers. */
export class Data {
  /** @type {Told.Window} */
  shown;
  /** @type {Told.Document[]} */
  listed;
  /** @type {Told.Source} */
  run;
  documents; stream; name; bytes; all;
  /** @type {Told.Call} */
  call;

  constructor(documents, stream, call) {
    Object.assign(this, { documents, stream, call });
    this.slider = stream.querySelector('input');
    this.slider.addEventListener('input', () => this.go(Number(this.slider.value)));
    this.rows = documents.querySelector('tbody');
    this.rows.addEventListener('click', ({ target }) => {
      const start = target.closest('button')?.dataset.start;
      if (start !== undefined) this.go(Number(start));
    });
    this.list = stream.querySelector('.characters');
    document.addEventListener('languagechange', () => {
      if (!this.shown) return;
      this.show_documents();
      this.show_stream();
    });
  }

  /** A text was read: its size and its documents.
   * @param {Told.Read} read */
  read({ name, bytes, documents, all = documents.length, run = 'live' }) {
    Object.assign(this, { name, bytes, listed: documents, all, run });
    Object.assign(this.slider, { max: String(Math.max(0, bytes - 1)), value: '0' });
    this.show_documents();
    if (run === 'live') this.go(0);
  }

  show_documents() {
    const { name, bytes, listed: documents, all } = this;
    this.rows.replaceChildren(...documents.map(({ start, bytes: length, title }, i) => {
      const button = element('button', 'link', title || text('documents.untitled'));
      Object.assign(button, { type: 'button' }).dataset.start = String(start);
      return element('tr', '', element('td', 'number', count(i + 1)), element('td', '', button), element('td', 'number', count(length)));
    }));
    caption(this.documents, {
      sentence: text('documents.sentence', { documents: count(all), size: size(bytes), bytes: count(bytes) }),
      chip: text('text.source', { name: titled(name), bytes: count(bytes) }),
      tensor: 'text', shape: bytes, step: 0, run: this.run,
    });
  }

  /** Shows the line from byte `at` on. */
  go(at) {
    this.call('window', { at, count: SHOWN });
  }

  /** A stretch of the line came.
   * @param {Told.Window} shown */
  window(shown) {
    this.shown = shown;
    this.show_stream();
  }

  show_stream() {
    const { at, characters } = this.shown;
    this.slider.value = String(at);
    this.slider.setAttribute('aria-valuetext', text('stream.place', { at: count(at), bytes: count(this.bytes) }));
    const bytes = characters.reduce((sum, character) => sum + character.bytes.length, 0);
    this.list.replaceChildren(...characters.flatMap((character) => {
      const item = element('li', '', element('b', '', character.text === null ? '�' : marked(character.text)));
      const cells = [...character.bytes].map((byte) => {
        const bits = byte.toString(2).padStart(8, '0');
        const hex = byte.toString(16).toUpperCase().padStart(2, '0');
        return element('span', 'byte', element('code', '', hex), element('small', '', bits.slice(0, 4)), element('small', '', bits.slice(4)));
      });
      item.append(element('span', 'bytes', ...cells));
      return character.begins ? [element('li', 'begins', text('stream.begins')), item] : [item];
    }));
    caption(this.stream, {
      sentence: text('stream.sentence', {
        at: count(at), characters: count(characters.length), bytes: count(bytes), bits: count(8 * bytes),
        documents: count(this.all), all: count(this.bytes),
      }),
      chip: text('stream.source', { name: titled(this.name), from: count(at), to: count(at + bytes) }),
      tensor: 'text', shape: bytes, step: 0, run: this.run,
    });
  }
}
