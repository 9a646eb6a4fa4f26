// A link to what is seen: settings, seed, text and view; the person's own words and hidden controls only where asked for.

import { address, settle } from './address.js';
import { element } from '../figure/caption.js';
import { selection } from '../figure/selection.js';
import { count } from '../words/format.js';
import { named, text } from '../words/language.js';
import { NAMES } from './deep-link.js';

/** Characters of one's own text that a link may carry: browsers and mail programs cut longer ones. */
const MAX_TEXT_CHARACTERS = 4_000;
/** What a teacher may hide, and the controls that belong to it. */
const PARTS = {
  settings: '#settings',
  controls: '[data-action=train], [data-action=pause], [data-action=step], [data-action=reset], #linked',
  files: '[data-action=download], [data-action=open], #kept-offer',
  numbers: '.numbers',
  share: '[data-action=share], #share',
};
/** What an address may say beside the settings. */
export const VIEW = ['stage', ...NAMES, 'prompt', 'text', 'hide'];
/** What is said of a link by a name that is no setting's. */
const CALLED = /** @type {Record<string, string>} */ ({ corpus: 'corpus', step: 'column.step', layer: 'reading.layer', head: 'reading.head', token: 'inspect.token', cell: 'reading.cell', prompt: 'prompt', text: 'corpus.own' });

/** What a link holds, in words; what is counted from 0 in it is shown from 1.
 * @param {URLSearchParams} said */
function holds(said) {
  const parts = [...said].filter(([key]) => !['tensor', 'hide'].includes(key)).map(([key, value]) => {
    if (key === 'stage') return text(`stage.${value}`);
    const words = /** @type {Record<string, string>} */ ({ corpus: text(`corpus.${value}`), prompt: '', text: '' });
    const shown = words[key]
      ?? (['layer', 'head', 'token', 'cell'].includes(key) ? value.split('.').map((at) => Number(at) + 1).join(' / ') : value);
    return `${text(CALLED[key] ?? `setting.${key}`)} ${shown}`.trim();
  });
  return parts.length > 0 ? text('share.holds', { parts: parts.join(' · ') }) : '';
}

/** The names of what the address asks to hide. */
const hidden = () => (address().get('hide') ?? '').split(',').filter(Boolean);

/** Whether the address asks to hide one of these parts.
 * @param {...keyof typeof PARTS} parts */
export const hides = (...parts) => parts.some((part) => hidden().includes(part));

/** Hides what the address asks to hide. Returns the names that are none. */
export function hide() {
  const names = hidden();
  for (const [name, selector] of Object.entries(PARTS)) {
    for (const part of document.querySelectorAll(selector)) part.classList.toggle('put-away', names.includes(name));
  }
  return names.filter((name) => !(name in PARTS));
}

/** The panel behind the button `share`. */
export class Share {
  /** @param {HTMLButtonElement} button
   * @param {HTMLElement} panel
   * @param {import('./settings.js').Settings} settings */
  constructor(button, panel, settings) {
    this.button = button;
    this.panel = panel;
    this.settings = settings;
    this.link = panel.querySelector('[name=link]');
    this.words = panel.querySelector('[name=own-words]');
    this.said = panel.querySelector('[role=status]');
    button.addEventListener('click', () => this.open(Boolean(panel.hidden)));
    panel.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.open(false);
      button.focus();
    });
    for (const name of Object.keys(PARTS)) {
      const box = Object.assign(document.createElement('input'), { type: 'checkbox', name: 'hide', value: name });
      const title = element('span');
      named(title, `share.hide.${name}`);
      panel.querySelector('fieldset').append(element('label', 'choice', box, title));
    }
    panel.addEventListener('input', () => this.write());
    panel.querySelector('[data-action=copy]').addEventListener('click', () => this.copy());
    this.link.addEventListener('focus', () => this.link.select());
    // What is seen changes while the panel is open.
    for (const type of ['addresschange', 'languagechange']) document.addEventListener(type, () => this.follow());
    selection.on(['prompt'], () => this.follow());
  }

  /** @param {boolean} shown */
  open(shown) {
    this.panel.hidden = !shown;
    this.button.setAttribute('aria-expanded', String(shown));
    // The address is to hold at once what the link holds.
    if (shown) settle();
  }

  follow() {
    if (!this.panel.hidden) this.write();
  }

  /** Makes the link anew. It says what makes the run also where that is left as it is: another reader's text may be another. */
  write() {
    this.said.textContent = '';
    const said = address();
    for (const key of ['prompt', 'text', 'hide']) said.delete(key);
    for (const [key, value] of Object.entries(this.settings.for_link())) if (value) said.set(key, value);
    const hidden = [...this.panel.querySelectorAll('[name=hide]:checked')].map(({ value }) => value);
    if (hidden.length > 0) said.set('hide', hidden.join(','));
    if (this.words.checked) {
      for (const [key, value] of Object.entries({ prompt: selection.prompt, text: this.settings.corpus === 'own' ? this.settings.pasted.value : '' })) {
        if (!value) continue;
        if (value.length > MAX_TEXT_CHARACTERS) this.said.textContent = text('share.long', { found: count(value.length), most: count(MAX_TEXT_CHARACTERS) });
        else said.set(key, value);
      }
    }
    this.panel.querySelector('.share-holds').textContent = holds(said);
    this.link.value = new URL(`#${said}`, location.href).href;
  }

  async copy() {
    settle();
    try {
      await navigator.clipboard.writeText(this.link.value);
      this.said.textContent = text('share.copied');
    } catch {
      // Where the clipboard is refused, the link is selected to be copied by hand.
      this.link.focus();
      this.link.select();
      this.said.textContent = text('share.by-hand');
    }
  }
}

