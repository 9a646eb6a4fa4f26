// A small run that waits, as the command line made it: what a test opens that needs any run and not one of its own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';

/** The command line as the stages before this one have built it. */
export const PROGRAM = process.env.GLASSHOUSE ?? 'target/debug/glasshouse';
const FOLDER = 'build/test/small-run';
const ZIP = `${FOLDER}.zip`;

/** A shape that trains in no time. */
export const SMALL = { layers: 1, heads: 2, channels: 32, context: 32, vocab_size: 400, batch: 4 };
/** Text that a small model trains on. */
export const TEXT = 'Full fathom five thy father lies; of his bones are coral made. '.repeat(60);

/** Runs the command line. */
export function glasshouse(options, input = '') {
  assert.ok(existsSync(PROGRAM), `${PROGRAM} is missing: run 'cargo build --features full', or name the program in GLASSHOUSE`);
  return execFileSync(PROGRAM, options, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** The options of the command line for settings of the page. */
export const options_for = (values) => Object.entries(values).flatMap(([name, value]) => [`--${name.replaceAll('_', '-')}`, String(value)]);

/** Makes the run anew: three steps of a hundred thousand, on text that travels with it. */
export function make_small_run() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync('build/test', { recursive: true });
  // As many merges as so little text gives.
  const { vocab_size: _, ...shape } = SMALL;
  const values = { ...shape, steps: 100_000, stop_after: 3, sample_every: 0, eval_every: 0, save_every: 0 };
  glasshouse(['train', '--data', '-', ...options_for(values), '--device', 'cpu', '--out', FOLDER, '--json'], TEXT);
  execFileSync('python3', ['-m', 'zipfile', '-c', `${ZIP}.tmp`, FOLDER]);
  renameSync(`${ZIP}.tmp`, ZIP);
}

/** The zip of the run, made where it is missing or older than the program. */
export function small_run_zip() {
  if (!existsSync(ZIP) || statSync(ZIP).mtimeMs < statSync(PROGRAM).mtimeMs) make_small_run();
  return ZIP;
}
