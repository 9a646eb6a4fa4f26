// What is done with files that are brought.

import { plain } from '../words/glyphs.js';
import { refuse, say, say_error } from './status.js';
import { Unreadable, read } from './settings.js';
import { text } from '../words/language.js';

/** Files whose text is to be taken out before anything trains on it, by their names: pages, archives, and what is packed. */
const WRAPPED = /\.(html?|xhtml|warc|wet|gz|zst|xz|bz2|parquet|pdf)$/i;

/** Takes files: a zip is a run to open, in the stage Tokenizer a JSON or tiktoken file a vocabulary, anything else is text to
 * train on, which in the stage Data is also cleaned. What is brought by the input that says so is only cleaned. */
export async function take(files, { stages, settings, cleaning, call }, input = null) {
  say_error();
  try {
    const zip = files.find(({ name }) => name.toLowerCase().endsWith('.zip'));
    const tokenizer = stages.stage === 'tokenizer' && files.find(({ name }) => /\.(json|tiktoken)$/i.test(name));
    if (tokenizer) {
      const [{ name, bytes }] = await read([tokenizer]);
      call('tokenizer', { name, bytes });
    } else if (zip) {
      const [{ bytes }] = await read([zip]);
      call('resume', { bytes, files: settings.own_files() });
    } else if (input === '#clean-files') {
      cleaning.begin(await read(files));
    } else if (!input && stages.stage === 'data' && files.length > 0) {
      const came = await read(files);
      const wrapped = came.filter(({ name, bytes }) => WRAPPED.test(name) || bytes.includes(0));
      const whole = came.filter((file) => !wrapped.includes(file));
      if (whole.length > 0) settings.take(whole);
      cleaning.begin(came);
      say(() => [told('cleaning.both', whole), told('cleaning.alone', wrapped)].filter(Boolean).join(' '));
    } else if (files.length > 0) {
      settings.take(await read(files));
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    refuse(error);
  }
}

/** What became of files, by their names; nothing of none. */
function told(key, files) {
  return files.length > 0 ? text(key, { names: files.map(({ name }) => plain(name)).join(', '), count: files.length }) : '';
}
