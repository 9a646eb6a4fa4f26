// What page, worker and engine tell each other: the engine's part as src/engine/protocol/ and src/web.rs have it. No code is
// made of this: `make lint` and `make test` hold www/ to it.

declare namespace Told {
  /** Whose a figure is: of the run in this tab, of the recorded run, or computed from the recorded weights. */
  type Source = 'live' | 'recorded' | 'derived';
  type State = 'idle' | 'preparing' | 'running' | 'paused' | 'finished';
  interface Piece { id: number; text: string }
  interface Candidate extends Piece { rank: number; logit: number; probability: number; log_probability: number; tempered: number; reached: number; share: number }
  interface Sampling { temperature: number; top_k: number | null; top_p: number; seed: number }
  /** How the next token is chosen, and by which draw. */
  interface Choice { sampling: Sampling; draw: number }
  /** What a choice makes of a row of logits: by rank, and `cumulative` in the order of ids. */
  interface Distribution {
    kept: number; kept_by_k: number; kept_by_p: number; uniform: number; picked: number; ranked: Uint32Array;
    tempered: Float64Array; reached: Float64Array; shares: Float64Array; cumulative: Float64Array;
  }
  interface Model { layers: number; heads: number; channels: number; context: number; vocab: number }
  interface Train {
    seed: number; steps: number; batch: number; accumulate: number; lr: number; warmup: number; schedule: string; weight_decay: number;
    beta1: number; beta2: number; eps: number; clip: number; eval_every: number; save_every: number; sample_every: number;
  }
  /** What a run is told; what is left out is the preset's. */
  interface Settings extends Partial<Omit<Train, 'beta1' | 'beta2' | 'eps'>>, Partial<Omit<Model, 'vocab'>> {
    preset?: string; vocab_size?: number; stop_after?: number;
  }
  interface Preset { name: string; model: Model; train: Train; vocab: Record<string, number>; merges: Record<string, number> }
  interface Defaults { presets: Preset[]; generate: { max_tokens: number } & Sampling }
  /** A file's name and what is in it. */
  interface File { name: string; bytes: Uint8Array<ArrayBuffer> }

  interface Report {
    step: number; tokens: number; loss: number; smoothed: number; validation_loss?: number; lr: number; grad_norm: number;
    tokens_per_second: number; seconds: number; seconds_left: number | null;
  }
  interface Ready {
    model: Model; train: Train; parameters: number; train_tokens: number; validation_tokens: number; step: number; notices: string[];
    uniform_loss: number; unigram_loss?: number; bigram_loss?: number; history: Report[]; run?: Source;
  }
  interface Snapshots { steps: number[]; pinned: number[] }
  interface Token { step: number; index: number; piece: Piece; text: string; probability: number; rank: number; candidates: Candidate[]; run?: Source }
  interface Sample { step: number; prompt: string; text: string; ids: number[]; probabilities: number[]; asked: boolean; words?: number; known_words?: number; run?: Source }
  interface Looked {
    step: number; prompt: string; tokens: Piece[]; layers: number; heads: number; attention: Float32Array; entropy: number[];
    candidates: Candidate[]; vocab: number; kept: number; uniform: number; picked: number; logits?: Float32Array; run?: Source;
    /** Of a snapshot: the page adds it. */
    past?: boolean;
  }
  /** A part of a step in slow motion. */
  interface Part {
    step: number; part: 'forward' | 'loss' | 'backward' | 'clip' | 'update'; micro_batch: number; micro_batches: number; tokens: number; parameters: number;
    loss?: number | null; gradient_norm?: number | null; clip_factor?: number | null; learning_rate?: number | null;
  }
  interface Spread { mean: number; deviation: number; least: number; most: number }
  /** A stop of a forward pass, and what it is computed from: other stops, or parameters by their names. */
  interface Station {
    name: string; number: number; tensor: string; kind: 'parameter' | 'activation'; formula: string; sources: string[]; down: string; across: string;
    rows: number; columns: number; spread?: Spread | null;
  }
  /** A number, and what stands in its formula. */
  interface Cell { row: number; column: number; value: number; parts: { formula: string; [part: string]: any } }
  interface Traced {
    step: number; prompt: string; tokens: Piece[]; layers: number; heads: number; layer: number; head: number; position: number;
    candidates: Piece[]; vocab: number; stops: Station[]; stop: string; values: Float32Array; cell?: Cell | null; run?: Source; past?: boolean;
  }
  interface Standing { rank: number; probability: number; log_probability: number }
  interface Shift extends Piece { before: Standing; after: Standing; log_change: number }
  interface Rest { tokens: number; before: number; after: number; log_change: number }
  interface HeadShift { layer: number; head: number; mean: number; largest: number; from: number; to: number }
  interface Updated {
    step: number; updates: number; count: number; text?: string | null; tokens: Piece[]; left_out: number; rows: number; position: number;
    loss_before: number; loss_after: number; learning_rate: number; gradient_norm?: number | null; target: Shift; candidates: Shift[];
    rest: Rest; vocab: number; log_probabilities_before: number[]; log_probabilities_after: number[];
    attention_change: Float32Array; heads: HeadShift[]; most_changed?: number | null;
    elsewhere: { name: string; loss_before: number; loss_after: number }[]; held_out: boolean;
  }

  interface Limits { max_binding: number; max_buffer: number; storage_buffers: number; workgroup_memory: number; workgroup_invocations: number; groups: number }
  interface Device {
    kind: 'cpu' | 'gpu'; name: string; reason: string; adapter?: string | null; threads?: number | null; instructions?: string | null;
    memory?: number | null; limits?: Limits | null;
  }
  interface Estimate { tokens_per_second: number; seconds_a_step: number; steps: number; seconds: number }
  /** What settings come to, or why they come to nothing. */
  interface Description { parameters?: number | null; memory?: number | null; estimate?: Estimate | null; refused?: string | null }

  interface Document { start: number; bytes: number; title: string }
  /** A character of a text and its bytes; a byte that is no UTF-8 has no text. */
  interface Character { text?: string | null; bytes: ArrayLike<number> & Iterable<number>; begins: boolean }
  interface Window { at: number; characters: Character[] }
  /** Some of a text's documents, from the one at `first` on. */
  interface Documents { first: number; documents: Document[] }
  /** A text, and how many documents it has. */
  interface Read { name: string; bytes: number; all: number; run?: Source }
  /** A rule of a stage: its threshold (none where it never fires), between which values that changes anything, and what falls by it. */
  interface Threshold {
    name: string; threshold?: number; default?: number; low: number; high: number; fires: 'above' | 'below' | 'needed'; documents: number | null;
    /** By the table of another language, where that has others. */
    other: { language: string; threshold?: number; default?: number } | null;
  }
  interface Counts { [name: string]: number }
  interface CleaningStage {
    name: string; documents_in: number; documents_out: number; bytes_in: number; bytes_out: number; tokens_in: number; tokens_out: number;
    reasons: Counts; lines?: Counts; replaced?: Counts; unjudged?: Counts; by?: string;
  }
  interface Fallen { document: number; title: string; reason: string; value: number; kept: boolean; of: string | null }
  /** What the cleaning pipeline makes of pages, of one stage what it takes out, and of one document the text. The tokens are `words`, or
   * those of a tokenizer. */
  interface Cleaned {
    name?: string; tokens: string; documents: number; kept: number; skipped: Counts; stages: CleaningStage[]; stage: string; settings: Threshold[]; dropped: Fallen[];
    excerpt?: { document: number; id: string; url: string | null; before: string; inside: string; after: string } | null;
  }
  /** What is looked at in the pipeline, and what is to change. */
  interface Sieve { stage: string | null; document?: number; set?: string; reset?: string; keep?: boolean; count?: string }
  interface Pair { left: number; right: number; left_text: string; right_text: string; count: number }
  interface Merge extends Pair { k: number; id: number; text: string; tokens: number }
  interface Merged { done: number; total: number; finished: boolean; tokens: number; bytes: number; merges: Merge[]; top: Pair[]; run?: Source }
  interface Segment { first: number; count: number; text: string }
  interface Tokens { ids: Uint32Array; starts: Uint32Array; segments: Segment[]; run?: Source }
  /** A token and the two that it was merged from; a byte, and what no merge makes, has none. */
  interface Tree { id: number; text: string; bytes: number[]; rank: number | null; left: Tree | null; right: Tree | null }
  /** Where the vocabulary of another model was taken from. */
  interface Package { registry: string; name: string; version: string; licence: string; author: string }
  interface Learnt { merges: number; sample: string }
  interface Vocabulary { name: string; loaded?: number; total?: number; failed?: string; source?: Package; merges?: number; vocab?: number }

  /** What a save is called in the list of kept runs. */
  interface Save { preset?: string | null; corpus: string; step: number; steps: number; loss?: number | null; parameters: number }
  interface KeptRun extends Save { id: string; bytes: number; saved: number; place: 'here' | 'elsewhere' | 'free' }
  interface Kept { runs: KeptRun[]; most: number; refused?: string; gone?: Pick<Save, 'preset' | 'step'>[] }
  interface Unkept { why: 'full' | 'refused' | 'failed'; message: string; step: number; again: boolean }

  /** Why a run was paused: which condition, its bound, what was found and at which step. */
  interface Stop { name: string; bound: number; found: number; step: number }
  /** What the worker answers, by name. */
  interface Events {
    loaded: Defaults; device: Device; described: Description; cleaned: Cleaned; cleaning: { done: number; total: number }; survivors: { bytes: Uint8Array<ArrayBuffer> }; read: Read; documents: Documents; window: Window; learnt: Learnt; merged: Merged; tokens: Tokens;
    tokenizer: { name: string; merges: number; vocab: number };
    vocabulary: Vocabulary;
    tree: { from: string; tree: Tree };
    begun: {}; forgotten: {}; stopped: {};
    state: { state: State };
    preparing: { stage: string; done: number; total: number };
    ready: Ready; step: Report; part: Part; snapshots: Snapshots; token: Token; sample: Sample; looked: Looked; traced: Traced; updated: Updated;
    pieces: { texts: string[]; run?: Source };
    update_kept: { step: number; updates: number };
    update_undone: { why: 'asked' | 'went_on' | 'not_finite' };
    saved: { step: number };
    stop: Stop;
    archive: File;
    measured: { settings?: Settings; given_up?: boolean };
    kept: Kept; unkept: Unkept;
    device_lost: { message: string; running?: boolean };
    recovered: Device;
    error: { message: string; fatal?: boolean; saved?: number };
    /** Questions that nothing will answer. */
    unanswered: { questions: number[] };
  }
  /** An event, with the number of the question that it answers, where it answers one. */
  type Event = { [Name in keyof Events]: { event: Name; question?: number } & Events[Name] }[keyof Events];
  /** What the page hears, by name: events, and of steps those that came at once. */
  type Heard = Omit<Events, 'step' | 'unanswered'> & { steps: Report[] };

  interface Generate { command: 'generate'; prompt: string; max_tokens: number; sampling: Sampling; ignore_end: boolean; given: number[]; at: number | null }
  interface Look extends Choice {
    command: 'look'; prompt: string; factors: number[]; at: number | null;
    /** Whether what was recorded is not enough: the page sees to it. */
    anew?: boolean;
  }
  interface Trace {
    command: 'trace'; prompt: string; layer: number; head: number; position: number | null; at: number | null; stop: string; cell: number[] | null;
  }
  /** The engine's commands. */
  type Command = { command: 'run' | 'pause' | 'step' | 'reset' | 'save' | 'stop_generating' | 'keep_update' | 'undo_update' | 'part' | 'pieces' }
    | { command: 'slow'; on: boolean }
    | Generate | Look | Trace
    | { command: 'pin'; step: number | null; pinned: boolean }
    | { command: 'update'; text: string | null; position: number | null; count: number };
  /** What a run is to stop at, by the names of engine/stops.js. */
  type Bounds = Record<string, number>;
  /** What the worker can be asked. */
  interface Calls {
    open: { device: string };
    describe: { settings: Settings; corpus: string };
    train: { settings: Settings; corpus: string; files: File[]; single: boolean; bounds: Bounds };
    read: { corpus: string; files: File[] };
    clean: { files: File[] | null };
    sieve: Sieve;
    clean_hand: {};
    documents: { first: number; count: number };
    window: { at: number; count: number };
    merge_begin: { merges: number };
    merge: { budget: number };
    tokenizer: File;
    vocabulary: { name: string };
    vocabulary_came: { name: string; file: string; bytes: Uint8Array<ArrayBuffer>; source: Package };
    tokens: { from: string; text: string; merges: number; special: string };
    tree: { from: string; id: number };
    send: { command: Command };
    derive: { name: string; step: number; command: Command };
    stops: { bounds: Bounds };
    download: {};
    resume: { bytes: Uint8Array<ArrayBuffer>; files: File[] };
    continue: { id: string; files: File[] };
    kept: {};
    forget: { id: string };
    hand: { id: string };
    measure: { settings: Settings; corpus: string };
    choose: { settings: Settings; corpus: string };
    extend: { steps: number };
  }
  type Call = <Name extends keyof Calls>(...asked: {} extends Calls[Name] ? [name: Name] : [name: Name, values: Calls[Name]]) => void;
  type Send = (command: Command) => void;
  /** A call under way, with its number where it is a question. */
  type Asked = { [Name in keyof Calls]: { call: Name; question?: number } & Calls[Name] }[keyof Calls];
}
