// The catalogue: every string of the page, in one place, and how numbers are written.

const en = {
  theme: 'Theme',
  'theme.system': 'System',
  'theme.light': 'Light',
  'theme.dark': 'Dark',

  'device.opening': 'Loading the engine',
  'device.gpu': 'Runs on {name}, WebGPU',
  'device.gpu.software': 'Runs on {name}, WebGPU. It is a software adapter, and slower than the CPU',
  'device.cpu.asked': 'Runs on {name}, as asked',
  'device.cpu.missing': 'Runs on {name}: this browser offers no WebGPU adapter',
  'device.cpu.software': 'Runs on {name}: the WebGPU adapter, {adapter}, is software, and slower',
  'device.cpu.failed': 'Runs on {name}: the WebGPU adapter, {adapter}, could not be opened',
  'device.cpu.insufficient': 'Runs on {name}: the WebGPU adapter, {adapter}, is too small',

  controls: 'Run',
  'action.train': 'Train',
  'action.resume': 'Resume',
  'action.extend': 'Train on',
  'action.pause': 'Pause',
  'action.step': 'One step',
  'action.reset': 'Reset',
  'action.download': 'Download run',
  'action.open': 'Open run',
  'action.generate': 'Generate',

  'state.loading': 'Loading the engine.',
  'state.idle': 'Ready. Train begins with the text and settings below.',
  'state.fetching': 'Reading the text.',
  'state.tokenizer': 'Training the tokenizer: {done} of {total} tokens.',
  'state.tokens': 'Encoding the text: {done} of {total} bytes.',
  'state.preparing': 'Preparing the model.',
  'state.running': 'Training.',
  'state.paused': 'Paused at step {step}.',
  'state.finished': 'Finished: all {step} steps are taken. More steps in the settings let it go on.',
  'state.stopped': 'Stopped.',
  'state.archive': 'Packing the run.',
  'state.downloaded': 'Downloaded {name}, {size}.',
  'state.lost': 'The device was lost: {message}. Going on from the last save.',
  'state.recovered': 'The device was lost and opened again. Training goes on from step {step}.',
  'state.opened': 'Opened a run at step {step}, paused. Resume goes on.',
  'error.fatal': '{message} The engine has stopped: reload the page to begin anew.',
  'error.download': '{message} Download run gives the last save, of step {step}.',
  'error.worker': 'The engine could not be loaded: {message}. Reload the page; a browser with WebAssembly SIMD is needed.',
  'error.file': '{name} cannot be read: {message}.',
  'error.large': '{name} has {size}, and a file may have at most {most}.',
  progress: 'Preparation',

  settings: 'Settings',
  'settings.more': 'Shape, schedule, intervals',
  corpus: 'Text',
  'corpus.en': 'English: Shakespeare',
  'corpus.zh': 'Chinese: 宋词, 元曲',
  'corpus.own': 'Your own text',
  'own.paste': 'Paste text, or drop files anywhere on the page',
  'own.choose': 'Choose files',
  'own.none': 'Nothing yet. It stays in this tab.',
  'own.pasted': '{size} pasted. It stays in this tab.',
  'own.files': '{count} files, {size}: {names}. They stay in this tab.',
  'own.file': '{names}, {size}. It stays in this tab.',
  model: 'Model',
  training: 'Training',
  'setting.preset': 'Preset',
  'setting.preset.option': '{name}: {layers} layers, {channels} channels',
  'setting.steps': 'Steps',
  'setting.batch': 'Batch',
  'setting.lr': 'Learning rate',
  'setting.seed': 'Seed',
  'setting.layers': 'Layers',
  'setting.heads': 'Heads',
  'setting.channels': 'Channels',
  'setting.context': 'Context',
  'setting.vocab_size': 'Vocabulary',
  'setting.accumulate': 'Accumulate',
  'setting.warmup': 'Warm-up',
  'setting.schedule': 'Schedule',
  'setting.weight_decay': 'Weight decay',
  'setting.clip': 'Clip',
  'setting.eval_every': 'Evaluate every',
  'setting.sample_every': 'Sample every',
  'setting.save_every': 'Save every',
  'schedule.cosine': 'cosine',
  'schedule.linear': 'linear',
  'schedule.constant': 'constant',
  'schedule.wsd': 'warm-up, stable, decay',
  'setting.number': '{name}: expected a number that is not negative, found “{found}”.',
  'setting.whole': '{name}: expected a whole number, found “{found}”.',
  described: '{parameters} parameters, {memory} of memory',

  'metric.step': 'Step',
  'metric.step.of': 'of {total}',
  'metric.loss': 'Loss',
  'metric.loss.unit': 'nats a token',
  'metric.validation-loss': 'Validation',
  'metric.validation-loss.at': 'at step {step}',
  'metric.tokens-per-second': 'Speed',
  'metric.tokens-per-second.unit': 'tokens/s',
  'metric.seconds-left': 'Time left',
  'metric.seconds-left.unit': 'at this speed',
  'metric.none': '–',

  loss: 'Loss',
  'loss.unit': 'nats a token',
  'loss.chart': 'Curve of the loss over the steps',
  'loss.empty': 'How well the model predicts the next token is drawn here from the first step on: the lower, the better.',
  'loss.sentence': 'After {step} of {total} steps the loss is {loss}, {smoothed} on average, and was {first} at first. Guessing all tokens alike gives {uniform}.',
  'loss.validation': 'On text it does not train on, at step {step}: {loss}.',
  'loss.source': 'loss · 1 · step {step} · live',
  'legend.loss': 'each step {value}',
  'legend.smoothed': 'average {value}',
  'legend.validation': 'validation {value}',
  'legend.uniform': 'guessing alike {value}',

  run: 'This run',
  'run.none': 'No run yet.',
  'run.shape': 'Layers {layers}, heads {heads}, channels {channels}, context {context}, vocabulary {vocab}: {parameters} parameters. Tokens to train on {train}, to measure with {validation}. Seed {seed}.',

  samples: 'Samples',
  'samples.none': 'What the model writes appears here, the newest first.',
  'sample.step': 'step {step}',
  'sample.tokens': '{count} tokens',
  'sample.prompt': 'after a prompt',
  prompt: 'Prompt',
  'generate.max_tokens': 'Tokens',
  'generate.temperature': 'Temperature',
  'generate.top_k': 'Top-k',
  'generate.top_p': 'Top-p',
  'generate.seed': 'Seed',
  'generate.all': 'all',

  stages: 'Stages',
  'stage.data': 'Data',
  'stage.tokenizer': 'Tokenizer',
  'stage.train': 'Train',
  'text.source': 'text · {bytes} · {name} · live',
  documents: 'Documents',
  'documents.unit': 'bytes',
  'documents.number': 'No.',
  'documents.title': 'First line',
  'documents.bytes': 'Bytes',
  'documents.untitled': '(blank)',
  'documents.sentence': 'The text is {documents} documents, {size}: {bytes} bytes. Choosing one shows where it begins in the line below.',
  stream: 'One long line',
  'stream.unit': 'characters, bytes, bits',
  'stream.position': 'Place in the line',
  'stream.place': 'byte {at} of {bytes}',
  'stream.begins': 'a document begins',
  'stream.sentence': 'All {documents} documents are joined into one line of {all} bytes. From byte {at} on, {characters} characters are {bytes} bytes, or {bits} zeros and ones.',
  'stream.source': 'text · bytes {from} to {to} · {name} · live',
  'stream.legend': 'Each box is a character: above as it is read, then its bytes in hexadecimal, below each byte its eight bits. · is a space, ↵ the end of a line, � a byte that is no character.',
  merges: 'Merges',
  'merges.unit': 'new symbols from pairs',
  'merges.play': 'Play',
  'merges.pause': 'Stop',
  'merges.step': 'One merge',
  'merges.again': 'From bytes',
  'merges.speed': 'Speed',
  'merges.speed.slow': '2 a second',
  'merges.speed.quick': '20 a second',
  'merges.speed.all': 'at once',
  'merges.target': 'Merges',
  'merges.race': 'The most frequent pairs now',
  'merges.curve': 'Bytes a token',
  'merges.curve.name': 'After {done} merges a token has {ratio} bytes on average.',
  'merges.curve.axis': 'Across: 0 to {total} merges. Up: 0 to {top} bytes a token.',
  'merges.none': 'Before any merge the {bytes} bytes are {tokens} tokens: each of the 256 bytes is a symbol, and stays one.',
  'merges.sentence': 'Merge {k}: “{left}” and “{right}” became “{pair}”; they stood side by side {count} times. The {bytes} bytes are now {tokens} tokens, {ratio} bytes each.',
  'merges.finished': 'No merge is left to make.',
  'merges.source': 'merges · {done} of {total} · live',
  strip: 'Tokens',
  'strip.unit': 'a text after the first merges',
  'strip.merges': 'Merges that are used',
  'strip.place': '{merges} merges',
  'strip.text': 'Text',
  'strip.sentence': 'With the first {merges} merges, {bytes} bytes of text are {tokens} tokens.',
  'strip.cut': 'The first {shown} are shown.',
  'strip.source': 'tokens · {tokens} · {merges} merges · live',
  'strip.token': '{text}, number {ids}, bytes: {bytes}',
  'strip.hint': 'Point at a token, or go to it with the arrow keys: its number, its bytes, and what it was merged from. Enter keeps it, Escape lets it go.',
  'strip.reading': '“{text}”: number {ids}, bytes {bytes}',
  'strip.merge': 'merge {rank}',
  'strip.byte': 'byte {id}',

  drop: 'Drop text to train on, or a saved run',
  'link.en': 'About the English text',
  'link.zh': 'About the Chinese text',
  'link.licences': 'Licences',
  privacy: 'Nothing leaves this tab.',
};

const language = 'en';
const catalogue = en;

/** The string `key`, with `{name}` replaced by values. A key that is missing shows itself. */
export function text(key, values = {}) {
  return (catalogue[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** Fills in every element that names a string as its text (`data-text`) or as its label (`data-label`). */
export function fill(root) {
  for (const element of root.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  for (const element of root.querySelectorAll('[data-label]')) element.setAttribute('aria-label', text(element.dataset.label));
}

/** The engine's sentences name options as the command line does: here they are called what the page calls them. */
export function localise(sentence) {
  return sentence.replace(/--([a-z][a-z-]*)/g, (option, name) => {
    const label = catalogue[`setting.${name.replaceAll('-', '_')}`] ?? catalogue[`generate.${name.replaceAll('-', '_')}`];
    return label ? `“${label}”` : option;
  });
}

const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
const compact = new Intl.NumberFormat(language, { maximumSignificantDigits: 3, notation: 'compact' });
const tenths = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const fixed = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A count, all digits. */
export const count = (n) => whole.format(n);
/** A measure, three digits at most. */
export const measure = (x) => (Math.abs(x) >= 100 ? whole.format(Number(x.toPrecision(3))) : short.format(x));
/** A large count in three digits: 918K. */
export const amount = (n) => compact.format(n);
/** A number at an axis. */
export const tick = (x) => tenths.format(x);
/** A loss: two decimals, so that it does not change its width. */
export const loss = (x) => fixed.format(x);

/** Bytes in the largest unit below them. */
export function size(bytes) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit + 1 < units.length) {
    n /= 1000;
    unit += 1;
  }
  return new Intl.NumberFormat(language, { style: 'unit', unit: units[unit], unitDisplay: unit === 0 ? 'long' : 'short', maximumSignificantDigits: 3 }).format(n);
}

/** A time in its two largest units. */
export function duration(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const unit = (n, name) => new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'narrow' }).format(n);
  const [days, hours, minutes] = [Math.floor(all / 86400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60];
  if (days > 0) return `${unit(days, 'day')} ${unit(hours, 'hour')}`;
  if (hours > 0) return `${unit(hours, 'hour')} ${unit(minutes, 'minute')}`;
  if (minutes > 0) return `${unit(minutes, 'minute')} ${unit(all % 60, 'second')}`;
  return unit(all, 'second');
}
