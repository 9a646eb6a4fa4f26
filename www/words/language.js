// The language of the page: which one is chosen, its strings, and what the engine's sentences mean in it.

import { filled } from './template.js';
import { plain } from './glyphs.js';
import { translator } from './translator.js';

/** Of each language the tag that HTML and Intl know it by. */
const TAGS = /** @type {Record<string, string>} */ ({ en: 'en', zh: 'zh-Hans' });
/** The language of the engine. */
const SPOKEN = 'en';
const STORAGE_KEY = 'glasshouse.language';
/** Of each language its strings, once they were fetched, and what says the engine's sentences in it where it is not the engine's.
 * @type {Record<string, { strings: Record<string, string>, translated?: (sentence: string) => string | null }>} */
const words = {};
/** Of each language the story, once it was fetched: what the tour, the glossary, the stops of a pass and the parts of a step tell.
 * @type {Record<string, Record<string, string>>} */
const stories = {};

let chosen = preferred();
/** The language that was asked for last. */
let wanted = chosen;

/** The language that was chosen last, or else the first of the browser's that there is. */
function preferred() {
  /** @param {string | null | undefined} tag */
  const known = (tag) => Object.keys(TAGS).find((name) => name === tag?.toLowerCase().split('-')[0]);
  let kept = null;
  try {
    kept = localStorage.getItem(STORAGE_KEY);
  } catch {
    // Storage may be refused: then every visit is the first.
  }
  return known(kept) ?? (globalThis.navigator?.languages ?? []).map(known).find(Boolean) ?? 'en';
}

/** The language of the page: `en` or `zh`. */
export const language = () => chosen;

/** The tag that HTML and Intl know it by. */
export const tag = () => TAGS[chosen];

/** Writes the page in its language, once the words are there, or it is known that they do not come now. */
export async function show_language() {
  await fetch_words(chosen).catch(() => {});
  document.documentElement.lang = TAGS[chosen];
  fill(document);
  fetch_story(chosen);
}

/** @type {(name: string) => Promise<any>} */
const fetched = async (name) => (await fetch(new URL(`words/${name}.json`, document.baseURI))).json();

/** Fetches the words of a language, and what the engine's sentences are in it where it is not the engine's.
 * @param {string} name */
async function fetch_words(name) {
  if (words[name]) return;
  const [strings, sentences] = await Promise.all([fetched(name), name === SPOKEN ? null : fetched(`sentences.${name}`)]);
  words[name] = { strings, translated: sentences && translator(sentences) };
}

/** Fetches the words that are not there: those of the other languages, so that they show at once where they are chosen, and
 * those of the page's own, where they did not come. */
export function fetch_others() {
  for (const name of Object.keys(TAGS).filter((known) => !words[known])) {
    fetch_words(name).then(() => (name === chosen ? changed() : undefined)).catch(() => {});
  }
}

/** Fetches the story in a language, behind the first picture of the page. Where it cannot be had, the page works without.
 * @param {string} name */
async function fetch_story(name) {
  if (stories[name]) return;
  try {
    stories[name] = await fetched(`story.${name}`);
  } catch {
    return;
  }
  if (name !== chosen) return;
  for (const element of document.querySelectorAll('[data-text]')) {
    const { text: key = '' } = element.dataset;
    if (key in stories[name]) named(element, key);
  }
  document.dispatchEvent(new Event('storycome'));
}

/** Chooses a language and keeps the choice: the whole page changes at once. Where its words cannot be had, nothing changes.
 * @param {string} name */
export async function set_language(name) {
  wanted = name;
  await fetch_words(name);
  // Meanwhile another may have been chosen.
  if (wanted !== name) return;
  chosen = name;
  try {
    localStorage.setItem(STORAGE_KEY, name);
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
  await changed();
}

/** The words of the page are others. */
async function changed() {
  await show_language();
  document.dispatchEvent(new Event('languagechange'));
}

/** What stands in the gaps of a string.
 * @typedef {Record<string, string | number | null | undefined>} Values */

/** The string `key`, with `{name}` replaced by values. A key that is missing shows itself, and nothing until words and story are there.
 * @param {string} key
 * @param {Values} [values] */
export function text(key, values = {}) {
  return filled(words[chosen]?.strings[key] ?? stories[chosen]?.[key] ?? (stories[chosen] ? key : ''), values);
}

/** Calls `hear` whenever what the story says is another: in another language, or because it is there now.
 * @param {() => void} hear */
export function worded(hear) {
  for (const type of ['languagechange', 'storycome']) document.addEventListener(type, hear);
}

/** Names the string `key` as an element's text, also in the languages to come.
 * @param {HTMLElement} element
 * @param {string} key */
export function named(element, key) {
  element.dataset.text = key;
  element.textContent = text(key);
}

/** Fills in every element that names a string as its text (`data-text`), its label or its content.
 * @param {Document} root */
function fill(root) {
  for (const element of root.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text ?? '');
  for (const element of root.querySelectorAll('[data-label]')) element.setAttribute('aria-label', text(element.dataset.label ?? ''));
  for (const element of root.querySelectorAll('[data-content]')) element.setAttribute('content', text(element.dataset.content ?? ''));
}

/** An engine's sentence as the page says it, with the language it then is in. The engine names options as the command
 * line does: here they are called what the page calls them.
 * @param {string} sentence */
export function localise(sentence) {
  const { strings, translated: known } = words[chosen] ?? { strings: {} };
  const found = known ? known(sentence) : sentence;
  const foreign = found === null;
  const labels = foreign ? words.en?.strings ?? {} : strings;
  const said = (found ?? sentence).replace(/ ?--([a-z][a-z-]*) ?/g, (option, name) => {
    const key = name.replaceAll('-', '_');
    const label = labels[`setting.${key}`] ?? labels[`generate.${key}`];
    if (!label) return option;
    return known && !foreign ? `“${label}”` : option.replace(/--[a-z-]+/, () => `“${label}”`);
  });
  return { said, foreign };
}

/** Writes a sentence of the engine into an element, in the gap of the string `key` where one is given. What is left in
 * English is marked as English.
 * @param {HTMLElement} element
 * @param {string} sentence
 * @param {string | null} [key]
 * @param {Values} [values]
 * @param {string} [gap] */
export function tell(element, sentence, key = null, values = {}, gap = 'message') {
  const { said, foreign } = localise(sentence);
  const [before, after = ''] = key === null ? ['', ''] : text(key, { ...values, [gap]: '\0' }).split('\0');
  const middle = document.createElement('span');
  middle.textContent = plain(said);
  if (foreign) middle.lang = 'en';
  element.replaceChildren(before, middle, after);
}
