// What wasm-bindgen makes of src/web.rs and src/web/, with what the values are that it calls `any`.

export default function init(): Promise<{ memory: WebAssembly.Memory }>;

export class Session {
  private constructor();
  static defaults(): Messages.Defaults;
  static open(asked: string): Promise<Session>;
  set_corpus(name: string, file: Uint8Array): void;
  set_own_text(files: Messages.File[]): void;
  train(settings: Messages.Settings): void;
  send(command: Messages.Command): void;
  request_archive(): void;
  open_run(zip: Uint8Array): string | undefined;
  resume(): void;
  extend(steps: number): void;
  busy(): boolean;
  tick(): Messages.Event[];
  recover(run: boolean): Promise<void>;
  lost(): string | undefined;
  device(): Messages.Device;
  describe(settings: Messages.Settings, corpus: string): Messages.Description;
  last_save(): Messages.Save;
  write_save(handle: object): number;
}

export class Viewing {
  private constructor();
  static open(session: Session, zip: Uint8Array, step: number): Viewing;
  send(command: Messages.Command): void;
  busy(): boolean;
  tick(): Messages.Event[];
}

export class TextStream {
  private constructor();
  static from_corpus(file: Uint8Array): TextStream;
  static from_files(files: Messages.File[]): TextStream;
  describe(): { bytes: number; all: number };
  documents(first: number, count: number): Messages.Documents;
  window(at: number, count: number): Messages.Window;
  head(most: number): Uint8Array<ArrayBuffer>;
}

export class Cleaning {
  private constructor();
  static from_files(files: Messages.File[]): Cleaning;
  extracts(): boolean;
  count_tokens(tokens: TokenizerView, name: string): void;
  count_words(): void;
  set(setting: string): void;
  reset(name: string): void;
  keep(document: number, kept: boolean): void;
  busy(): boolean;
  work(): [number, number];
  describe(stage: string, document?: number): Messages.Cleaned;
  survivors(): Uint8Array<ArrayBuffer>;
}

export class Merges {
  private constructor();
  static begin(text: Uint8Array, merges: number, pattern: string): Merges;
  advance(budget: number): Messages.Merged;
  finish(): TokenizerView;
}

export class TokenizerView {
  private constructor();
  static from_file(name: string, bytes: Uint8Array): TokenizerView;
  static bytes(): TokenizerView;
  encode(text: Uint8Array, merges: number, special: string): Messages.Tokens;
  tree(id: number): Messages.Tree;
  readonly vocab_size: number;
  readonly merge_count: number;
}

export function distribution(logits: Float32Array, sampling: Messages.Sampling, draw: number): Messages.Distribution;
