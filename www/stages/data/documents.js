// The stage Data: the documents of the text, and the one line that they are joined into, as characters, bytes and bits.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { caption, element } from '../../figure/caption.js';
import { marked, plain } from '../../words/glyphs.js';
import { pick, refill, rove } from '../../figure/picking.js';
import { selection } from '../../figure/selection.js';
import { count, size } from '../../words/format.js';
import { text } from '../../words/language.js';

/** Characters that are shown of the line at once. */
const SHOWN = 64;
/** Documents that are listed at once: a corpus may have a million. */
const LISTED = 100;

/** What a text is called: the built-in ones have names in the page's language.
 * @param {string} name */
const titled = (name) => (['en', 'zh'].includes(name) ? text(`corpus.${name}`) : name);

/** Lists the documents of the text in one figure, and shows a stretch of its line in another. */
export class Data {
  /** @type {Messages.Window} */
  shown;
  /** @type {Messages.Document[]} */
  listed;
  /** @type {Messages.Source} */
  run;
  /** What the text is called, how long it is, how many documents it has, and the first that is listed. */
  name = '';
  bytes = 0;
  all = 0;
  first = 0;

  /** @param {HTMLElement} documents
   * @param {HTMLElement} stream
   * @param {import('../../shell/chosen-text.js').ChosenText} chosen */
  constructor(documents, stream, chosen) {
    this.documents = documents;
    this.stream = stream;
    this.slider = stream.querySelector('input');
    this.slider.addEventListener('input', () => this.go(Number(this.slider.value)));
    this.rows = documents.querySelector('tbody');
    this.turning = documents.querySelector('label');
    this.turn = this.turning.querySelector('input');
    this.turn.step = String(LISTED);
    this.turn.addEventListener('input', () => this.list_from(Number(this.turn.value)));
    /** @param {HTMLElement} item */
    const document_of = ({ dataset }) => ({ tensor: 'documents', cell: [Number(dataset.index)] });
    pick(this.rows, 'button', document_of, (button) => {
      selection.set(document_of(button));
      this.go(Number(button.dataset.start));
    });
    this.list = stream.querySelector('.characters');
    pick(this.list, '[data-at]', ({ dataset }) => ({ tensor: 'text', cell: [Number(dataset.at)] }));
    selection.on(['cell', 'preview'], () => this.mark());
    selection.readers.documents = (cell) => this.read_document(cell);
    selection.readers.text = (cell) => this.read_character(cell);
    document.addEventListener('languagechange', () => {
      if (!this.shown) return;
      this.show_documents();
      this.show_stream();
    });
    engine.on(['read'], (read) => this.read(read));
    engine.on(['documents'], (listed) => this.documents_came(listed));
    engine.on(['window'], (shown) => this.window(shown));
    run.on_recorded((recorded) => {
      if (!chosen.takes_recorded) return;
      const { read, window } = recorded.text;
      this.read(read);
      this.documents_came({ first: 0, documents: read.documents });
      this.window(window);
    });
  }

  /** A text was read: its size, and how many documents it has.
   * @param {Messages.Read} read */
  read({ name, bytes, all, run = 'live' }) {
    this.name = name;
    this.bytes = bytes;
    this.all = all;
    this.run = run;
    Object.assign(this.slider, { max: String(Math.max(0, bytes - 1)), value: '0' });
    Object.assign(this.turn, { max: String(all - 1), disabled: run !== 'live' });
    if (run !== 'live') return;
    // What a link or a reader has chosen is among what is shown.
    /** @param {string} tensor
     * @param {number} most */
    const chosen = (tensor, most) => {
      const [at] = selection.cell ?? [0];
      return selection.tensor === tensor && at < most ? at : 0;
    };
    this.list_from(chosen('documents', all));
    this.go(chosen('text', bytes));
  }

  /** Lists the documents among which number `one` is, from 0 on.
   * @param {number} one */
  list_from(one) {
    engine.call('documents', { first: one - (one % LISTED), count: LISTED });
  }

  /** Shows the line from byte `at` on.
   * @param {number} at */
  go(at) {
    engine.call('window', { at, count: SHOWN });
  }

  /** Documents came to be listed.
   * @param {Messages.Documents} listed */
  documents_came({ first, documents }) {
    this.first = first;
    this.listed = documents;
    this.show_documents();
    if (this.run === 'live') selection.came('documents');
  }

  show_documents() {
    const { name, bytes, first, listed: documents, all } = this;
    const said = text('documents.listed', { from: count(first + 1), to: count(first + documents.length), all: count(all) });
    this.turning.hidden = documents.length === all;
    this.turning.querySelector('span').textContent = said;
    this.turn.value = String(first);
    this.turn.setAttribute('aria-valuetext', said);
    this.rows.replaceChildren(...documents.map(({ start, bytes: length, title }, i) => {
      const button = element('button', 'link', plain(title) || text('documents.untitled'));
      Object.assign(button, { type: 'button' });
      Object.assign(button.dataset, { start: String(start), index: String(first + i) });
      return element('tr', '', element('td', 'number', count(first + i + 1)), element('td', '', button), element('td', 'number', count(length)));
    }));
    const buttons = this.rows.querySelectorAll('button');
    rove(buttons, buttons[0]);
    caption(this.documents, {
      sentence: text('documents.sentence', { documents: count(all), size: size(bytes), bytes: count(bytes) }),
      chip: text('text.source', { name: titled(name), bytes: count(bytes) }),
      tensor: 'text', shape: bytes, step: 0, run: this.run,
    });
  }

  /** A stretch of the line came.
   * @param {Messages.Window} shown */
  window(shown) {
    this.shown = shown;
    this.show_stream();
    if (this.run === 'live') selection.came('text');
  }

  show_stream() {
    const { at, characters } = this.shown;
    this.slider.value = String(at);
    this.slider.setAttribute('aria-valuetext', text('stream.place', { at: count(at), bytes: count(this.bytes) }));
    const bytes = characters.reduce((sum, character) => sum + character.bytes.length, 0);
    let next = at;
    refill(this.list, characters.flatMap((character) => {
      const item = element('li', '', element('b', '', character.text ? marked(character.text) : '�'));
      const cells = [...character.bytes].map((byte) => {
        const bits = byte.toString(2).padStart(8, '0');
        const hex = byte.toString(16).toUpperCase().padStart(2, '0');
        return element('span', 'byte', element('code', '', hex), element('small', '', bits.slice(0, 4)), element('small', '', bits.slice(4)));
      });
      item.append(element('span', 'bytes', ...cells));
      item.dataset.at = String(next);
      next += character.bytes.length;
      item.setAttribute('role', 'option');
      if (!character.begins) return [item];
      const begins = element('li', 'begins', text('stream.begins'));
      begins.setAttribute('role', 'option');
      begins.setAttribute('aria-disabled', 'true');
      return [begins, item];
    }), '[data-at]');
    this.mark();
    caption(this.stream, {
      sentence: text('stream.sentence', {
        at: count(at), characters: count(characters.length), bytes: count(bytes), bits: count(8 * bytes),
        documents: count(this.all), all: count(this.bytes),
      }),
      chip: text('stream.source', { name: titled(this.name), from: count(at), to: count(at + bytes) }),
      tensor: 'text', shape: bytes, step: 0, run: this.run,
    });
  }

  /** Marks the character that is seen, and the one that is kept. */
  mark() {
    const [shown, kept] = [selection.shown, selection].map(({ tensor, cell }) => tensor === 'text' && cell && this.place(cell[0]));
    for (const item of this.list.children) {
      item.classList.toggle('seen-cell', item === shown);
      item.setAttribute('aria-selected', String(item === kept));
    }
  }

  /** The place where byte `byte` of the line is shown, or the first one. */
  place(byte = this.shown?.at) {
    const item = [...this.list.querySelectorAll('[data-at]')].findLast(({ dataset }) => Number(dataset.at) <= byte);
    return item && byte < Number(item.dataset.at) + item.querySelectorAll('code').length ? item : null;
  }

  /** A character of the line in words, and its bytes.
   * @param {number[] | null} cell
   * @returns {import('../../figure/selection.js').Reading | null} */
  read_character(cell) {
    const item = this.place(cell?.[0]);
    if (!item) return null;
    const shown = [...item.querySelectorAll('code')].map(({ textContent }) => textContent).join(' ');
    const where = text('stream.place', { at: count(Number(item.dataset.at)), bytes: count(this.bytes) });
    return { name: 'text', shape: this.bytes, place: `“${item.firstElementChild?.textContent}” · ${where}`, value: shown, shown };
  }

  /** A document in words, and its size.
   * @param {number[] | null} cell
   * @returns {import('../../figure/selection.js').Reading | null} */
  read_document(cell) {
    const at = cell?.[0] ?? -1;
    const found = this.listed?.[at - this.first];
    if (!found) return null;
    const { title, bytes } = found;
    const place = `${text('documents.number')} ${count(at + 1)} · ${title || text('documents.untitled')}`;
    return { name: 'documents', shape: this.all, place, value: bytes, shown: count(bytes), unit: text('documents.unit') };
  }
}
