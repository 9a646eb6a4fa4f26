// The peer: the same GPT-2 and the same AdamW step in jax-js, one jitted function a step.
import { blockUntilReady, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';

const LEARNING_RATE = 1e-3;
const [BETA1, BETA2, EPSILON, DECAY, CLIP] = [0.9, 0.95, 1e-8, 0.1, 1.0];

// jax-js counts references: a function owns its arguments, `.ref` keeps a value for another use.
const linear = (x, p, name) => np.matmul(x, p[`${name}.weight`].ref).add(p[`${name}.bias`].ref);
const layerNorm = (x, p, name) =>
  nn.standardize(x, -1, { epsilon: 1e-5 }).mul(p[`${name}.weight`].ref).add(p[`${name}.bias`].ref);

function attention(x, p, name, { heads }) {
  const [batch, context, channels] = x.shape;
  const [query, key, value] = np
    .split(linear(x, p, `${name}.c_attn`), 3, -1)
    .map((third) => third.reshape([batch, context, heads, channels / heads]));
  const mixed = nn.dotProductAttention(query, key, value, { isCausal: true });
  return linear(mixed.reshape([batch, context, channels]), p, `${name}.c_proj`);
}

// A gather's gradient is a scatter, which jax-js 0.1.25 cannot jit ("scatter input is not imm"): one-hot products stand for
// the embedding and for the choice of the target.
function loss(p, tokens, targets, shape) {
  let x = np.matmul(nn.oneHot(tokens, shape.vocab), p['wte.weight'].ref).add(p['wpe.weight'].ref);
  for (let layer = 0; layer < shape.layers; layer++) {
    const h = `h.${layer}`;
    x = x.ref.add(attention(layerNorm(x, p, `${h}.ln_1`), p, `${h}.attn`, shape));
    const inner = nn.gelu(linear(layerNorm(x.ref, p, `${h}.ln_2`), p, `${h}.mlp.c_fc`), { approximate: true });
    x = x.add(linear(inner, p, `${h}.mlp.c_proj`));
  }
  const logits = np.matmul(layerNorm(x, p, 'ln_f'), np.transpose(p['wte.weight'].ref));
  tree.dispose(p);
  return nn.logSoftmax(logits, -1).mul(nn.oneHot(targets, shape.vocab)).sum().mul(-1 / (shape.batch * shape.context));
}

// One step: the loss, and the parameters and moments after it. `corrections` are 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ).
const update = (shape) => (p, first, second, tokens, targets, corrections) => {
  const [value, gradients] = valueAndGrad((q) => loss(q, tokens, targets, shape))(tree.ref(p));
  const squares = Object.values(gradients).map((g) => np.square(g.ref).sum());
  const norm = np.sqrt(squares.reduce((a, b) => a.add(b)));
  const factor = np.minimum(np.reciprocal(norm.add(1e-6)).mul(CLIP), 1);
  const [correction1, correction2] = np.unstack(corrections);
  const after = { p: {}, first: {}, second: {} };
  for (const name of Object.keys(p)) {
    const decay = p[name].ndim === 2 ? 1 - LEARNING_RATE * DECAY : 1;
    const gradient = gradients[name].mul(factor.ref);
    const m = first[name].mul(BETA1).add(gradient.ref.mul(1 - BETA1));
    const v = second[name].mul(BETA2).add(np.square(gradient).mul(1 - BETA2));
    const denominator = np.sqrt(v.ref.mul(correction2.ref)).add(EPSILON);
    const delta = m.ref.mul(correction1.ref).div(denominator);
    after.p[name] = p[name].mul(decay).sub(delta.mul(LEARNING_RATE));
    after.first[name] = m;
    after.second[name] = v;
  }
  factor.dispose();
  correction1.dispose();
  correction2.dispose();
  return [value, after.p, after.first, after.second];
};

export class Peer {
  /** `weights` maps a name to {shape, values}; `batches` are Uint32Arrays of B rows of T + 1 tokens. */
  constructor(shape, weights, batches) {
    this.shape = shape;
    this.step = jit(update(shape));
    const arrays = (values) =>
      Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, np.array(values(tensor)).reshape(tensor.shape)]));
    this.p = arrays((tensor) => tensor.values);
    this.first = arrays((tensor) => new Float32Array(tensor.values.length));
    this.second = arrays((tensor) => new Float32Array(tensor.values.length));
    this.batches = batches;
    this.taken = 0;
  }

  // Losses stay on the device until the last step is queued.
  async losses(steps) {
    const { batch, context } = this.shape;
    const losses = [];
    for (let i = 0; i < steps; i++) {
      const rows = this.batches[this.taken++ % this.batches.length];
      const part = (from) => {
        const values = new Int32Array(batch * context);
        for (let b = 0; b < batch; b++) values.set(rows.subarray(b * (context + 1) + from, b * (context + 1) + from + context), b * context);
        return np.array(values, { dtype: np.int32 }).reshape([batch, context]);
      };
      const corrections = np.array(new Float32Array([1 / (1 - BETA1 ** this.taken), 1 / (1 - BETA2 ** this.taken)]));
      const [value, p, first, second] = this.step(this.p, this.first, this.second, part(0), part(1), corrections);
      Object.assign(this, { p, first, second });
      losses.push(value);
      // jax-js advises against queueing up more than a few steps.
      if (losses.length > 3) await blockUntilReady(losses[losses.length - 4]);
    }
    return Promise.all(losses.map(async (value) => (await value.data())[0]));
  }
}
