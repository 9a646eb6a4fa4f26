// What wasm-bindgen makes of src/web.rs and src/web/, with what the values are that it calls `any`.

export default function init(): Promise<{ memory: WebAssembly.Memory }>;

export class Session {
  private constructor();
  static defaults(): Told.Defaults;
  static open(asked: string): Promise<Session>;
  set_corpus(name: string, file: Uint8Array): void;
  set_own_text(files: Told.File[]): void;
  train(settings: Told.Settings): void;
  send(command: Told.Command): void;
  request_archive(): void;
  open_run(zip: Uint8Array): string | undefined;
  resume(): void;
  extend(steps: number): void;
  busy(): boolean;
  tick(): Told.Event[];
  recover(run: boolean): Promise<void>;
  lost(): string | undefined;
  device(): Told.Device;
  describe(settings: Told.Settings, corpus: string): Told.Description;
  measure(settings: Told.Settings, corpus: string): void;
  choose(corpus: string): void;
  last_save(): Told.Save;
  write_save(handle: object): number;
}

export class Viewing {
  private constructor();
  static open(session: Session, zip: Uint8Array, step: number): Viewing;
  send(command: Told.Command): void;
  busy(): boolean;
  tick(): Told.Event[];
}

export class TextStream {
  private constructor();
  static from_corpus(file: Uint8Array): TextStream;
  static from_files(files: Told.File[]): TextStream;
  describe(): { bytes: number; all: number };
  documents(first: number, count: number): Told.Documents;
  window(at: number, count: number): Told.Window;
  head(most: number): Uint8Array<ArrayBuffer>;
}

export class Cleaning {
  private constructor();
  static from_files(files: Told.File[]): Cleaning;
  extracts(): boolean;
  count_tokens(tokens: Tokens, name: string): void;
  count_words(): void;
  set(setting: string): void;
  reset(name: string): void;
  keep(document: number, kept: boolean): void;
  busy(): boolean;
  work(): [number, number];
  told(stage: string, document?: number): Told.Cleaned;
  survivors(): Uint8Array<ArrayBuffer>;
}

export class Merges {
  private constructor();
  static begin(text: Uint8Array, merges: number, pattern: string): Merges;
  advance(budget: number): Told.Merged;
  finish(): Tokens;
}

export class Tokens {
  private constructor();
  static from_file(name: string, bytes: Uint8Array): Tokens;
  static bytes(): Tokens;
  encode(text: Uint8Array, merges: number, special: string): Told.Tokens;
  tree(id: number): Told.Tree;
  readonly vocab_size: number;
  readonly merge_count: number;
}

export function distribution(logits: Float32Array, sampling: Told.Sampling, draw: number): Told.Distribution;
