// What a file of the page weighs on its way: the program packs better than the zlib in Node.

import { execFileSync } from 'node:child_process';

/** The bytes of a file after `gzip -9`.
 * @param {string} path */
export const gzip = (path) => execFileSync('gzip', ['-9', '--no-name', '--stdout', path], { maxBuffer: 1 << 26 });
