// loss = log Σ exp(logits) - logits[target] of each row
// dlogits = (softmax(logits) - [target]) · weight · weight_scale, in place of the logits
// mean = Σ loss · weight · weight_scale

struct Params {
    rows: u32,
    vocab: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

// A maximum and the sum of exponentials relative to it, with one more number.
fn join(online: vec2<f32>, x: f32) -> vec2<f32> {
    if x > online.x {
        return vec2(x, online.y * exp(online.x - x) + 1.0);
    }
    return vec2(online.x, online.y + exp(x - online.x));
}

// The maximum over all invocations, and the sum relative to it.
fn joined(online: vec2<f32>, local: u32) -> vec2<f32> {
    let largest = lanes_max(online.x, local, WORKGROUP);
    return vec2(largest, lanes_sum(online.y * exp(online.x - largest), local, WORKGROUP));
}

@group(0) @binding(1) var<storage, read> logits: array<f32>; // (N, V)
@group(0) @binding(2) var<storage, read> targets: array<u32>; // (N)
@group(0) @binding(3) var<storage, read_write> losses: array<f32>; // (N)

@compute @workgroup_size(WORKGROUP)
fn forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    for (var row = group.x; row < p.rows; row += groups.x) {
        let first = row * p.vocab;
        var online = vec2(LOWEST, 0.0);
        for (var v = local; v < p.vocab; v += WORKGROUP) {
            online = join(online, logits[first + v]);
        }
        online = joined(online, local);
        if local == 0u {
            losses[row] = online.x + log(online.y) - logits[first + targets[row]];
        }
    }
}

@compute @workgroup_size(EMULATED)
fn forward_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < p.rows; row += groups.x * EMULATED) {
        let first = row * p.vocab;
        let end = first + p.vocab;
        var largest = LOWEST;
        for (var i = first; i < end; i++) {
            largest = max(largest, logits[i]);
        }
        var sum = 0.0;
        for (var run = first; run < end; run += RUN) {
            var part = 0.0;
            for (var i = run; i < min(run + RUN, end); i++) {
                part += exp(logits[i] - largest);
            }
            sum += part;
        }
        losses[row] = largest + log(sum) - logits[first + targets[row]];
    }
}

@group(0) @binding(1) var<storage, read> labels: array<u32>; // (N): targets
@group(0) @binding(2) var<storage, read> weights: array<f32>; // (N)
@group(0) @binding(3) var<storage, read> scalars: array<f32>; // step scalars
@group(0) @binding(4) var<storage, read_write> row_losses: array<f32>; // (N)
@group(0) @binding(5) var<storage, read_write> dlogits: array<f32>; // (N, V): logits in, their gradient out

@compute @workgroup_size(WORKGROUP)
fn backward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    for (var row = group.x; row < p.rows; row += groups.x) {
        let first = row * p.vocab;
        let target_place = first + labels[row];
        let at_target = dlogits[target_place];
        var online = vec2(LOWEST, 0.0);
        for (var v = local; v < p.vocab; v += WORKGROUP) {
            online = join(online, dlogits[first + v]);
        }
        // The barriers within keep every read of the row in front of the writes below.
        online = joined(online, local);
        if local == 0u {
            row_losses[row] = online.x + log(online.y) - at_target;
        }
        let weight = weights[row] * scalars[WEIGHT_SCALE];
        for (var v = local; v < p.vocab; v += WORKGROUP) {
            let i = first + v;
            let probability = exp(dlogits[i] - online.x) / online.y;
            dlogits[i] = weight * (probability - select(0.0, 1.0, i == target_place));
        }
    }
}

@compute @workgroup_size(EMULATED)
fn backward_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < p.rows; row += groups.x * EMULATED) {
        let first = row * p.vocab;
        let target_place = first + labels[row];
        let at_target = dlogits[target_place];
        let end = first + p.vocab;
        var largest = LOWEST;
        for (var i = first; i < end; i++) {
            largest = max(largest, dlogits[i]);
        }
        var sum = 0.0;
        for (var run = first; run < end; run += RUN) {
            var part = 0.0;
            for (var i = run; i < min(run + RUN, end); i++) {
                let e = exp(dlogits[i] - largest);
                part += e;
                dlogits[i] = e;
            }
            sum += part;
        }
        row_losses[row] = largest + log(sum) - at_target;
        let weight = weights[row] * scalars[WEIGHT_SCALE];
        let factor = weight / sum;
        for (var i = first; i < end; i++) {
            dlogits[i] *= factor;
        }
        dlogits[target_place] -= weight;
    }
}

@group(0) @binding(1) var<storage, read> all_losses: array<f32>; // (N)
@group(0) @binding(4) var<storage, read_write> mean: array<f32>; // (1)

@compute @workgroup_size(WORKGROUP)
fn reduce(@builtin(local_invocation_index) local: u32) {
    var sum = 0.0;
    for (var row = local; row < p.rows; row += WORKGROUP) {
        // A branch, since 0 · NaN is NaN: what does not count may be anything.
        if weights[row] != 0.0 {
            sum += all_losses[row] * weights[row];
        }
    }
    sum = lanes_sum(sum, local, WORKGROUP) * scalars[WEIGHT_SCALE];
    if local == 0u {
        mean[0] = sum + select(0.0, mean[0], accumulates(p.accumulate, scalars[MICRO_BATCH]));
    }
}
