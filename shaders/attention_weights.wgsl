// y = softmax(q · kᵀ / sqrt(D), causal) for each head: what attention.wgsl multiplies with v and never keeps

struct Params {
    batch: u32,
    context: u32,
    heads: u32,
    size: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

@group(0) @binding(1) var<storage, read> qkv: array<f32>; // (B·T, 3C)
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (B·H, T, T)

// A row of y is one query: row % T is its place, row / T its batch and head.
fn rows() -> u32 {
    return p.batch * p.heads * p.context;
}

// The score of a row's query and a key at or before it.
fn score(row: u32, key: u32) -> f32 {
    let width = 3u * p.heads * p.size;
    let head = row / p.context % p.heads;
    let first = row / p.context / p.heads * p.context;
    let query_at = (first + row % p.context) * width + head * p.size;
    let key_at = (first + key) * width + (p.heads + head) * p.size;
    var dot = 0.0;
    for (var d = 0u; d < p.size; d++) {
        dot += qkv[query_at + d] * qkv[key_at + d];
    }
    return dot / sqrt(f32(p.size));
}

@compute @workgroup_size(WORKGROUP)
fn forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    for (var row = group.x; row < rows(); row += groups.x) {
        let seen = row % p.context + 1u;
        var largest = LOWEST;
        for (var key = local; key < seen; key += WORKGROUP) {
            let s = score(row, key);
            y[row * p.context + key] = s;
            largest = max(largest, s);
        }
        largest = lanes_max(largest, local, WORKGROUP);
        var sum = 0.0;
        for (var key = local; key < seen; key += WORKGROUP) {
            let e = exp(y[row * p.context + key] - largest);
            y[row * p.context + key] = e;
            sum += e;
        }
        sum = lanes_sum(sum, local, WORKGROUP);
        for (var key = local; key < p.context; key += WORKGROUP) {
            // Not seen: whatever stood there before.
            let e = select(0.0, y[row * p.context + key], key < seen);
            y[row * p.context + key] = e / sum;
        }
    }
}

@compute @workgroup_size(EMULATED)
fn forward_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < rows(); row += groups.x * EMULATED) {
        let first = row * p.context;
        let seen = row % p.context + 1u;
        var largest = LOWEST;
        for (var key = 0u; key < seen; key++) {
            let s = score(row, key);
            y[first + key] = s;
            largest = max(largest, s);
        }
        var sum = 0.0;
        for (var run = 0u; run < seen; run += RUN) {
            var part = 0.0;
            for (var key = run; key < min(run + RUN, seen); key++) {
                let e = exp(y[first + key] - largest);
                part += e;
                y[first + key] = e;
            }
            sum += part;
        }
        for (var key = 0u; key < seen; key++) {
            y[first + key] /= sum;
        }
        for (var key = seen; key < p.context; key++) {
            y[first + key] = 0.0;
        }
    }
}
