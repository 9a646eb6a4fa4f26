// What is done with files that are brought.

import { refuse, say_error } from './says.js';
import { Unreadable, read } from './settings.js';

/** Takes files: a zip is a run to open, in the stage Tokenizer a JSON or tiktoken file a vocabulary, anything else is text to
 * train on; but what is dropped on the stage Data, or brought by the input that says so, is pages to clean. */
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
    } else if (input === '#clean-files' || (!input && stages.stage === 'data' && files.length > 0)) {
      cleaning.begin(await read(files));
    } else if (files.length > 0) {
      settings.take(await read(files));
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    refuse(error);
  }
}
