// The engine's commands and events, out of src/engine/protocol/ by `WRITE_TYPES=1 cargo test --lib types_of_commands`.

/** What the rows or the columns of a matrix stand for. */
export type Axis = "tokens" | "channels" | "candidates";

/** A token that may come next. */
export type Candidate = {
  /** Its place by logit, from 0. */
  rank: number,
  /** The model's score. */
  logit: number,
  /** At temperature 1, before top-k and top-p. */
  probability: number,
  /** Its natural logarithm. */
  log_probability: number,
  /** After the temperature. */
  tempered: number,
  /** The sum of that up to this token by rank, over the whole vocabulary: what top-p is held against. */
  reached: number,
  /** After top-k and top-p: what a draw chooses from. */
  share: number,
  /** Its number. */
  id: number,
  /** What it stands for. */
  text: string, };

/** One number of a stop. */
export type Cell = {
  /** Its row. */
  row: number,
  /** Its column. */
  column: number,
  /** The number. */
  value: number,
  /** What it is made of. */
  parts: Parts, };

/** What may change when a run is resumed. */
export type Changes = {
  /** Updates of the whole run. */
  steps?: number | null,
  /** The highest learning rate. */
  lr?: number | null,
  /** Updates after which this call saves and stops. */
  stop_after?: number | null,
  /** Steps between evaluations; 0 for none. */
  eval_every?: number | null,
  /** Steps between saves; 0 for one at the end. */
  save_every?: number | null,
  /** Steps between samples; 0 for none. */
  sample_every?: number | null, };

/** What the outside asks for. */
export type Command = { "command": "train",
  /** The run. */
  settings: Settings,
  /** What it is trained on. */
  text: Text,
  /** A tokenizer.json; without one a tokenizer is trained. */
  tokenizer?: Array<number> | null, } | { "command": "resume",
  /** The run's folder, zipped. */
  zip: Array<number>,
  /** What it was trained on, where the save does not bring it along. */
  text?: Text | null,
  /** What changes. */
  changes: Changes,
  /** Whether it runs at once, or waits. */
  run: boolean, } | { "command": "extend",
  /** Its steps in all. */
  steps: number, } | { "command": "describe",
  /** The run. */
  settings: Settings,
  /** What its text is called. */
  corpus: string, } | { "command": "measure",
  /** The run. */
  settings: Settings,
  /** What its text is called. */
  corpus: string,
  /** A number that the answer carries back. */
  id?: number | null, } | { "command": "choose",
  /** What its text is called. */
  corpus: string,
  /** A number that the answer carries back. */
  id?: number | null, } | { "command": "run" } | { "command": "pause" } | { "command": "step" } | { "command": "slow",
  /** Whether it does. */
  on: boolean, } | { "command": "part" } | { "command": "reset" } | { "command": "save" } | { "command": "generate",
  /** Empty: the beginning of a document. */
  prompt: string,
  /** At most so many tokens. */
  max_tokens: number,
  /** How they are chosen. */
  sampling: Sampling,
  /** Whether the end of a document does not end it. */
  ignore_end: boolean,
  /** Tokens that it begins with behind the prompt, before any is drawn; they count among `max_tokens`. */
  given: Array<number>,
  /** The step of the snapshot that generates; none: the model as it is. */
  at?: number | null,
  /** A number that the answer carries back. */
  id?: number | null, } | { "command": "stop_generating" } | { "command": "pin",
  /** Its step; none: the model as it is after the step under way, of which one is taken. */
  step?: number | null,
  /** Whether it is kept. */
  pinned: boolean, } | { "command": "look",
  /** Empty: the beginning of a document. Of a long one the end is looked at. */
  prompt: string,
  /** What each head's output is multiplied by, (L, H): 0 switches it off. Empty: nothing is changed. */
  factors: Array<number>,
  /** How the next token would be chosen. */
  sampling: Sampling,
  /** The number of the draw that chooses it. */
  draw: number,
  /** The step of the snapshot that is looked into; none: the model as it is. */
  at?: number | null,
  /** A number that the answer carries back. */
  id?: number | null, } | { "command": "trace",
  /** Empty: the beginning of a document. Of a long one the end is taken. */
  prompt: string,
  /** The layer whose stops are reported, from 0. */
  layer: number,
  /** The head. */
  head: number,
  /** The token after which the likeliest tokens are named; none: the last. */
  position?: number | null,
  /** The step of the snapshot that it is made with; none: the model as it is. */
  at?: number | null,
  /** The stop whose numbers are sent. */
  stop: Stop,
  /** Row and column of the number among them that is sent with all that it is made of. */
  cell?: [number, number] | null,
  /** A number that the answer carries back. */
  id?: number | null, } | { "command": "update",
  /** What the model is shown; the run's next batch where there is none. Of a long one the beginning is taken. */
  text?: string | null,
  /** The token, counted from 0, whose chances are shown; the last where none is named. */
  position?: number | null,
  /** How many updates, all on the same tokens. With 0 nothing is tried and the run does not pause: what was tried so far
   * is held against the run. */
  count: number,
  /** A number that the answer carries back. */
  id?: number | null, } | { "command": "keep_update" } | { "command": "undo_update" } | { "command": "pieces",
  /** A number that the answer carries back. */
  id?: number | null, };

/** What updates did to the loss on a window of other text. */
export type Elsewhere = {
  /** How the window begins. */
  name: string,
  /** Nats a token. */
  loss_before: number,
  /** Behind them. */
  loss_after: number, };

/** What a run of some settings takes, by a measurement. */
export type Estimate = {
  /** Tokens trained on in a second. */
  tokens_per_second: number,
  /** Seconds of a step. */
  seconds_a_step: number,
  /** Steps of the run. */
  steps: number,
  /** Seconds of all its steps: evaluations, samples and saves come on top. */
  seconds: number, };

/** What the engine reports. */
export type Event = { "event": "state",
  /** The new state. */
  state: State, } | { "event": "preparing",
  /** Its name. */
  stage: string,
  /** Merges, or bytes. */
  done: number,
  /** Of so many. */
  total: number, } | { "event": "ready",
  /** Its shape. */
  model: ModelConfig,
  /** Its numbers. */
  train: TrainConfig,
  /** Weights of the model. */
  parameters: number,
  /** Tokens to train on. */
  train_tokens: number,
  /** Tokens to measure with. */
  validation_tokens: number,
  /** The entropy of the tokens to train on, in nats: what guessing each by how frequent it is costs at least. */
  unigram_loss: number,
  /** The same of a token given the one before it. */
  bigram_loss: number,
  /** Steps taken already. */
  step: number,
  /** What the person who trains should know: a smaller vocabulary, no validation. */
  notices: Array<string>, } | { "event": "step",
  /** Counted from 1. */
  step: number,
  /** Tokens seen so far. */
  tokens: number,
  /** Nats a token, before this step's update. */
  loss: number,
  /** The learning rate. */
  lr: number,
  /** The global norm of the gradient, before it is clipped. */
  grad_norm: number,
  /** Over the last steps. */
  tokens_per_second: number,
  /** Spent on steps since the run began. */
  seconds: number,
  /** Nats a token on the validation tokens, after this step's update. */
  validation_loss?: number | null, } | { "event": "part",
  /** The step that it is of, counted from 1. */
  step: number,
  /** The part. */
  part: Part,
  /** The micro-batch that it was of, counted from 1. */
  micro_batch: number,
  /** Of so many. */
  micro_batches: number,
  /** Tokens of a micro-batch. */
  tokens: number,
  /** Weights of the model. */
  parameters: number,
  /** Behind the loss: nats a token, over the micro-batches of the step so far. */
  loss?: number | null,
  /** Behind the clipping: the norm of all gradients before it. */
  gradient_norm?: number | null,
  /** And the factor that they are multiplied by. */
  clip_factor?: number | null,
  /** Behind the update: its learning rate. */
  learning_rate?: number | null, } | { "event": "snapshots",
  /** In order. */
  steps: Array<number>,
  /** Those among them that are pinned. */
  pinned: Array<number>, } | { "event": "token",
  /** The steps that the model had seen. */
  step: number,
  /** Its place behind the prompt, from 0. */
  index: number,
  /** The token. */
  piece: Piece,
  /** What can be read since the token before: bytes of a character wait until it is whole. */
  text: string,
  /** What the model gave it, at temperature 1. */
  probability: number,
  /** Its place by logit, from 0. */
  rank: number,
  /** The likeliest tokens at its place, by rank. */
  candidates: Array<Candidate>,
  /** The number that the question came with. */
  id?: number | null, } | { "event": "sample",
  /** The steps that the model had seen. */
  step: number,
  /** The prompt. */
  prompt: string,
  /** The continuation alone; bytes that are no UTF-8 are replaced, and a character that is not whole in the end is
   * left out. */
  text: string,
  /** Its tokens. */
  ids: Array<number>,
  /** What the model gave each, at temperature 1. */
  probabilities: Array<number>,
  /** Whether somebody asked for it; else the run shows it of itself. */
  asked: boolean,
  /** Its whole words, in a script without spaces its pairs of neighbours. None are counted where the text that was
   * trained on is not at hand, or is very long. */
  words: number,
  /** Those of them that occur in the text that was trained on. */
  known_words: number,
  /** The number that the question came with. */
  id?: number | null, } | { "event": "looked",
  /** The steps that the model had seen. */
  step: number,
  /** The prompt. */
  prompt: string,
  /** Its tokens, T. */
  tokens: Array<Piece>,
  /** L. */
  layers: number,
  /** H. */
  heads: number,
  /** Attention probabilities (L, H, T, T), a query each row. */
  attention: Array<number>,
  /** The mean entropy of each head's rows, in bits, (L, H). */
  entropy: Array<number>,
  /** The likeliest next tokens by rank, and behind them the one that was drawn where it is not among these. */
  candidates: Array<Candidate>,
  /** Tokens that the model chooses among. */
  vocab: number,
  /** Tokens that top-k and top-p keep. */
  kept: number,
  /** The draw, in [0, 1). */
  uniform: number,
  /** The token that it picks. */
  picked: number,
  /** The scores behind the last token, of all V tokens. */
  logits: Array<number>,
  /** The number that the question came with. */
  id?: number | null, } | { "event": "pieces",
  /** What each stands for, by its number. */
  texts: Array<string>,
  /** The number that the question came with. */
  id?: number | null, } | { "event": "traced",
  /** The steps that the model had seen. */
  step: number,
  /** The prompt. */
  prompt: string,
  /** Its tokens, T. */
  tokens: Array<Piece>,
  /** L. */
  layers: number,
  /** H. */
  heads: number,
  /** The layer whose stops these are, from 0. */
  layer: number,
  /** The head. */
  head: number,
  /** The token after which the candidates are the likeliest, from 0. */
  position: number,
  /** The likeliest next tokens by rank: columns of the logits, rows of the table. */
  candidates: Array<Piece>,
  /** Tokens that the model chooses among. */
  vocab: number,
  /** The stops, in order, each with what it is computed from. */
  stops: Array<Station>,
  /** The one whose numbers are sent. */
  stop: Stop,
  /** Its numbers, a row after the other. */
  values: Array<number>,
  /** The number that was asked for, where there is such a one. */
  cell?: Cell | null,
  /** The number that the question came with. */
  id?: number | null, } | { "event": "updated",
  /** The steps that the run has taken. */
  step: number,
  /** Updates tried so far on this copy. */
  updates: number,
  /** Updates of this command. */
  count: number,
  /** What was typed; none where it was the run's next batch. */
  text?: string | null,
  /** Its tokens, or those of the batch's first window, T: all but the last are seen, all but the first predicted. */
  tokens: Array<Piece>,
  /** Tokens at the end that were left out, because the model does not take so many at once. */
  left_out: number,
  /** Rows that the update is made on. */
  rows: number,
  /** Where the target stands among the tokens, from 1. */
  position: number,
  /** Nats a token over all rows. */
  loss_before: number,
  /** The same behind the updates. */
  loss_after: number,
  /** The learning rate of each update: that of the run's next step, and behind the last one the run's highest. */
  learning_rate: number,
  /** The global norm of the first update's gradient, before it is clipped. */
  gradient_norm?: number | null,
  /** The token at that place. */
  target: Shift,
  /** The likeliest tokens at that place, before or after, and the target: by probability, the likeliest after first. */
  candidates: Array<Shift>,
  /** All other tokens. */
  rest: Rest,
  /** Tokens that the model chooses among. */
  vocab: number,
  /** Of each token but the first, (T - 1), given those before it. */
  log_probabilities_before: Array<number>,
  /** The same behind the updates. */
  log_probabilities_after: Array<number>,
  /** Attention probabilities after - before (L, H, T - 1, T - 1), of the tokens that are seen, a query each row. Empty
   * where nothing is tried. */
  attention_change: Array<number>,
  /** How far each head has moved (L, H); empty where nothing is tried. */
  heads: Array<HeadShift>,
  /** The place among them of the one that has changed most. */
  most_changed?: number | null,
  /** The loss on some other windows. */
  elsewhere: Array<Elsewhere>,
  /** Whether those are of text that is never trained on. */
  held_out: boolean,
  /** The number that the question came with. */
  id?: number | null, } | { "event": "update_kept",
  /** The steps that it has taken: no more than before. */
  step: number,
  /** Updates that were kept. */
  updates: number, } | { "event": "update_undone",
  /** Why. */
  why: Undone,
  /** The number of the question that came to nothing by it, where it came with one. */
  id?: number | null, } | { "event": "saved",
  /** The step it holds. */
  step: number, } | { "event": "begun" } | { "event": "forgotten" } | { "event": "described",
  /** Weights of the model. */
  parameters?: number | null,
  /** Bytes that it takes on the device. */
  memory?: number | null,
  /** What it takes, where steps of this shape were measured. */
  estimate?: Estimate | null,
  /** Why there would be none. */
  refused?: string | null, } | { "event": "measured",
  /** The settings that were looked for. */
  settings?: Settings | null,
  /** Whether it was given up. */
  given_up: boolean,
  /** The number that the question came with. */
  id?: number | null, } | { "event": "device_lost",
  /** What the device said. */
  message: string,
  /** Whether a run ran on it. */
  running?: boolean | null, } | { "event": "error",
  /** What, and what to do. */
  message: string,
  /** The step of the last save, where there is one. */
  saved?: number | null, } | { "event": "stopped" };

/** How a matrix is computed, or read. */
export type Formula = "lookup" | "sum" | "layer_norm" | "linear" | "scores" | "mask" | "softmax" | "mix" | "join" | "gelu" | "logits";

/** How updates changed where one head looks, in what it may look at: each token at itself and at those before it. */
export type HeadShift = {
  /** Its layer, from 0. */
  layer: number,
  /** Its place in the layer, from 0. */
  head: number,
  /** The mean of |after - before|. */
  mean: number,
  /** The change that is largest, whatever its sign. */
  largest: number,
  /** The token that looks there. */
  from: number,
  /** The token that it looks at. */
  to: number, };

/** The shape of a GPT-2. */
export type ModelConfig = {
  /** Blocks, L. */
  layers: number,
  /** Attention heads of a block, H. */
  heads: number,
  /** Width of the residual stream, C. */
  channels: number,
  /** Tokens that the model sees at once, T. */
  context: number,
  /** Tokens in the vocabulary, V. */
  vocab: number, };

/** A part of a step. The first three come once a micro-batch. */
export type Part = "forward" | "loss" | "backward" | "clip" | "update";

/** What stands in the formula of one number y. */
export type Parts = { "formula": "lookup",
  /** Its row: the token's number, or the position. */
  index: number, } | { "formula": "sum",
  /** The first. */
  a: number,
  /** The second; of a stream that several layers have added to, all that they added. */
  b: number, } | { "formula": "layer_norm",
  /** The number that is normalised. */
  x: number,
  /** Of its row. */
  mean: number,
  /** Of its row: √(variance + ε). */
  deviation: number,
  /** What scales it. */
  weight: number,
  /** What is added. */
  bias: number, } | { "formula": "product",
  /** The largest terms by magnitude, the largest first. */
  terms: Array<Term>,
  /** The sum of all others. */
  rest: number,
  /** How many these are. */
  others: number,
  /** √D in scores, else 1. */
  divisor: number,
  /** Where one is added. */
  bias: number | null, } | { "formula": "mask",
  /** The score. */
  x: number,
  /** Whether the token sees the other one. */
  seen: boolean, } | { "formula": "softmax",
  /** The score or logit. */
  x: number,
  /** The largest of the row. */
  most: number,
  /** Σ exp(· - most) over the row. */
  sum: number, } | { "formula": "join",
  /** The head, from 0. */
  head: number,
  /** The place in its output. */
  index: number, } | { "formula": "gelu",
  /** The input. */
  x: number,
  /** √(2/π) (x + 0.044715 x³). */
  inner: number, };

/** A token, and its text: bytes that are no UTF-8 by themselves are written `<0xE4>`. */
export type Piece = {
  /** Its number. */
  id: number,
  /** What it stands for. */
  text: string, };

/** Shapes with defaults that were tried. */
export type Preset = "tiny" | "small" | "baby" | "gpt2";

/** What updates did to the chances of all tokens that are not listed. */
export type Rest = {
  /** How many they are. */
  tokens: number,
  /** The sum of their probabilities before. */
  before: number,
  /** The sum behind the updates. */
  after: number,
  /** How much the logarithm of the sum rose, in nats; 0 where there is none. */
  log_change: number, };

/** How the next token is chosen from its distribution. */
export type Sampling = {
  /** Divides the logits; 0 takes the most probable token. */
  temperature: number,
  /** Keeps the tokens whose logit is at least the k-th largest; `None` keeps all. */
  top_k: number | null,
  /** Keeps the most probable tokens up to this share of the whole distribution; 1 keeps all. */
  top_p: number,
  /** Keeps the tokens with at least this share of the most probable one's probability; `None` keeps all. */
  min_p?: number | null,
  /** Fixes the draws. */
  seed: number, };

/** How the learning rate falls after the warm-up. */
export type Schedule = "cosine" | "linear" | "constant" | "wsd";

/** The settings of a run; what is `None` is the preset's. */
export type Settings = {
  /** `tiny` where none is named. */
  preset?: Preset | null,
  /** Blocks. */
  layers?: number | null,
  /** Attention heads of a block. */
  heads?: number | null,
  /** Width of the residual stream. */
  channels?: number | null,
  /** Tokens that the model sees at once. */
  context?: number | null,
  /** The size of the vocabulary, special tokens included. */
  vocab_size?: number | null,
  /** Windows in one pass. */
  batch?: number | null,
  /** Passes before one update. */
  accumulate?: number | null,
  /** Where the learning rate ends. */
  min_lr?: number | null,
  /** Steps in which it rises. */
  warmup?: number | null,
  /** How it falls. */
  schedule?: Schedule | null,
  /** AdamW's decay. */
  weight_decay?: number | null,
  /** The first moment's decay. */
  beta1?: number | null,
  /** The second moment's decay. */
  beta2?: number | null,
  /** The largest norm of a gradient. */
  clip?: number | null,
  /** What every draw follows from. */
  seed?: number | null,
  /** Updates of the whole run. */
  steps?: number | null,
  /** The highest learning rate. */
  lr?: number | null,
  /** Updates after which this call saves and stops. */
  stop_after?: number | null,
  /** Steps between evaluations; 0 for none. */
  eval_every?: number | null,
  /** Steps between saves; 0 for one at the end. */
  save_every?: number | null,
  /** Steps between samples; 0 for none. */
  sample_every?: number | null, };

/** What updates did to one token's chances. */
export type Shift = {
  /** Before them. */
  before: Standing,
  /** Behind them. */
  after: Standing,
  /** How much its log-probability rose, in nats. */
  log_change: number,
  /** Its number. */
  id: number,
  /** What it stands for. */
  text: string, };

/** How the numbers of a stop lie; of those that are numbers, and not infinite. */
export type Spread = {
  /** Their mean. */
  mean: number,
  /** How far they lie from it: the root of the mean square. */
  deviation: number,
  /** The smallest. */
  least: number,
  /** The largest. */
  most: number, };

/** How likely a token is. */
export type Standing = {
  /** Its place among all tokens, from 0. */
  rank: number,
  /** At temperature 1. */
  probability: number,
  /** Its natural logarithm. */
  log_probability: number, };

/** What the engine is doing. */
export type State = "idle" | "preparing" | "running" | "paused" | "finished";

/** A stop of the pass. */
export type Station = {
  /** Which one. */
  name: Stop,
  /** Its place among all stops, those that this layer does not have counted too. */
  number: number,
  /** Its rows. */
  rows: number,
  /** Its columns. */
  columns: number,
  /** How its numbers lie; for the table only where its rows are sent. */
  spread?: Spread | null,
  /** Its name, in the manner of the parameters': `h.2.attn scores[1]` is of layer 2, head 1, both from 0. */
  tensor: string,
  /** Whether it is trained. */
  kind: TensorKind,
  /** How it is computed. */
  formula: Formula,
  /** What of, in the formula's order: stops, and parameters by their names. */
  sources: Array<string>,
  /** What its rows are. */
  down: Axis,
  /** What its columns are. */
  across: Axis, };

/** A matrix on the way from tokens to probabilities, in order. */
export type Stop = string;

/** Weights, or what is computed with them. */
export type TensorKind = "parameter" | "activation";

/** A product in a sum of them. */
export type Term = {
  /** Its place in the sum: a channel, or a token where values are mixed. */
  index: number,
  /** From the row: an input, a query, an attention's weight. */
  left: number,
  /** From the column: a weight, a key, a value. */
  right: number, };

/** The text of a run. */
export type Text = {
  /** `en`, `zh`, or what the user's text is called. */
  name: string,
  /** Its documents. */
  documents: Array<Array<number>>,
  /** Whether a save brings the text along: it has no other place. */
  keep: boolean, };

/** The numbers of a training run. All of them are the same when the run is resumed, but for `steps`, `lr` and the `_every`s. */
export type TrainConfig = {
  /** What every random draw of the run follows from. */
  seed: number,
  /** Updates of the weights in the whole run. */
  steps: number,
  /** Windows in one pass through the model. */
  batch: number,
  /** Passes whose gradients are added up before one update. */
  accumulate: number,
  /** The highest learning rate. */
  lr: number,
  /** Where the schedule ends; 0 in runs that were saved before it could be said. */
  min_lr: number,
  /** Steps in which the learning rate rises; 0 means none. */
  warmup: number,
  /** How it falls. */
  schedule: Schedule,
  /** AdamW's decoupled decay of matrices and embeddings. */
  weight_decay: number,
  /** The first moment's decay. */
  beta1: number,
  /** The second moment's decay. */
  beta2: number,
  /** What keeps AdamW from dividing by zero. */
  eps: number,
  /** The largest global norm of a gradient; 0 means any. */
  clip: number,
  /** Steps between evaluations; 0 means none. */
  eval_every: number,
  /** Steps between saves; 0 means one at the end. */
  save_every: number,
  /** Steps between samples; 0 means none. */
  sample_every: number, };

/** Why updates that were tried are gone. */
export type Undone = "asked" | "went_on" | "not_finite";
