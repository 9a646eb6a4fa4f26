// What is done with files that are brought.

import { engine } from '../engine/client.js';
import { selection } from '../figure/selection.js';
import { size } from '../words/format.js';
import { plain } from '../words/glyphs.js';
import { refuse, say, say_error } from './status.js';
import { Unreadable, read } from './settings.js';
import { text } from '../words/language.js';
import { bring } from './files.js';

/** Files whose text is to be taken out before anything trains on it, by their names: pages, archives, and what is packed. */
const WRAPPED = /\.(html?|xhtml|warc|wet|gz|zst|xz|bz2|parquet|pdf)$/i;

/** The buttons behind which files are chosen, each with its input. */
const CHOSEN = [['#own-choose', '#own-files'], ['[data-action=clean-open]', '#clean-files'], ['[data-action=open-tokenizer]', '#tokenizer-file'], ['[data-action=open]', '#run-file']];

/** Takes files from wherever they come, also the texts that are left of the pages in the sieve; `clean` puts pages through it.
 * @param {import('./settings.js').Settings} settings
 * @param {(files: Messages.File[]) => void} clean */
export function take_files(settings, clean) {
  bring({ take: (files, input) => take(files, settings, clean, input), open: CHOSEN });
  engine.on(['survivors'], ({ bytes }) => {
    settings.take([{ name: 'cleaned.jsonl', bytes }]);
    say(() => text('cleaning.handed', { size: size(bytes.length) }));
  });
}

/** Takes files: a zip is a run to open, in the stage Tokenizer a JSON or tiktoken file a vocabulary, anything else is text to
 * train on, which in the stage Data is also cleaned. What is brought by the input that says so is only cleaned.
 * @param {File[]} files
 * @param {import('./settings.js').Settings} settings
 * @param {(files: Messages.File[]) => void} clean
 * @param {string | null} input */
async function take(files, settings, clean, input = null) {
  say_error();
  try {
    const zip = files.find(({ name }) => name.toLowerCase().endsWith('.zip'));
    const tokenizer = selection.stage === 'tokenizer' && files.find(({ name }) => /\.(json|tiktoken)$/i.test(name));
    if (tokenizer) {
      const [{ name, bytes }] = await read([tokenizer]);
      engine.call('tokenizer', { name, bytes });
    } else if (zip) {
      const [{ bytes }] = await read([zip]);
      engine.call('resume', { bytes, files: settings.own_files() });
    } else if (input === '#clean-files') {
      clean(await read(files));
    } else if (!input && selection.stage === 'data' && files.length > 0) {
      const came = await read(files);
      const wrapped = came.filter(({ name, bytes }) => WRAPPED.test(name) || bytes.includes(0));
      const whole = came.filter((file) => !wrapped.includes(file));
      if (whole.length > 0) settings.take(whole);
      clean(came);
      say(() => [sentence('cleaning.both', whole), sentence('cleaning.alone', wrapped)].filter(Boolean).join(' '));
    } else if (files.length > 0) {
      settings.take(await read(files));
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    refuse(error);
  }
}

/** What became of files, by their names; nothing of none.
 * @param {string} key
 * @param {Messages.File[]} files */
function sentence(key, files) {
  return files.length > 0 ? text(key, { names: files.map(({ name }) => plain(name)).join(', '), count: files.length }) : '';
}
