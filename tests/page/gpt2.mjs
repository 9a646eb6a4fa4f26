// GPT-2's forward pass and what is drawn from it, in float64 and as plainly as it can be written: what the page shows of a model
// whose weights are known is compared with this.

/** A matrix of rows times weights, inputs by outputs, plus a bias. */
const affine = (rows, weight, bias) => rows.map((row) => Array.from(bias, (start, out) => (
  row.reduce((sum, value, at) => sum + value * weight[at * bias.length + out], start)
)));

function layer_norm(rows, weight, bias) {
  return rows.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, at) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[at] + bias[at]);
  });
}

export function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

const gelu = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const add = (a, b) => a.map((row, i) => row.map((value, j) => value + b[i][j]));

/** Of the tokens `ids`: the attention of every head, layer by layer, row by row, and the logits after each token. Heads whose
 * numbers are in `off` give nothing. `weights` are by the names of GPT-2, without `transformer.`. */
export function forward(weights, { layers, heads, channels }, ids, off = []) {
  const part = (name) => weights.get(`transformer.${name}`);
  const size = channels / heads;
  const vector = (table, i) => [...part(table).subarray(i * channels, (i + 1) * channels)];
  let x = add(ids.map((id) => vector('wte.weight', id)), ids.map((_, at) => vector('wpe.weight', at)));
  const attention = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const own = (name) => part(`h.${layer}.${name}`);
    const through = (rows, name) => affine(rows, own(`${name}.weight`), own(`${name}.bias`));
    const normal = (rows, name) => layer_norm(rows, own(`${name}.weight`), own(`${name}.bias`));
    const qkv = through(normal(x, 'ln_1'), 'attn.c_attn');
    const mixed = ids.map(() => []);
    for (let head = 0; head < heads; head += 1) {
      const of = (which, at) => qkv[at].slice(which * channels + head * size, which * channels + (head + 1) * size);
      const rows = ids.map((_, row) => softmax(Array.from({ length: row + 1 }, (_, column) => (
        of(0, row).reduce((sum, value, i) => sum + value * of(1, column)[i], 0) / Math.sqrt(size)
      ))));
      attention.push(rows);
      const left = off.includes(layer * heads + head) ? 0 : 1;
      rows.forEach((row, at) => {
        for (let i = 0; i < size; i += 1) mixed[at].push(left * row.reduce((sum, weight, column) => sum + weight * of(2, column)[i], 0));
      });
    }
    x = add(x, through(mixed, 'attn.c_proj'));
    x = add(x, through(through(normal(x, 'ln_2'), 'mlp.c_fc').map((row) => row.map(gelu)), 'mlp.c_proj'));
  }
  const last = layer_norm(x, part('ln_f.weight'), part('ln_f.bias'));
  const vocab = part('wte.weight').length / channels;
  const logits = last.map((row) => Array.from({ length: vocab }, (_, id) => vector('wte.weight', id).reduce((sum, value, i) => sum + value * row[i], 0)));
  return { attention, logits };
}

/** Bits of the entropy of a head's looks, on average. */
export const entropy = (rows) => rows.reduce((sum, row) => sum - row.reduce((bits, p) => bits + (p > 0 ? p * Math.log2(p) : 0), 0), 0) / rows.length;

/** What a draw chooses from: after the temperature, of the `top_k` likeliest as many as reach `top_p` of the whole. */
export function shares(logits, { temperature, top_k: k, top_p: p }) {
  const tempered = softmax(logits.map((logit) => logit / temperature));
  const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
  const kept = [];
  let sum = 0;
  for (const id of order.slice(0, k)) {
    if (kept.length > 0 && sum >= p) break;
    kept.push(id);
    sum += tempered[id];
  }
  return { tempered, kept, share: logits.map((_, id) => (kept.includes(id) ? tempered[id] / sum : 0)) };
}
