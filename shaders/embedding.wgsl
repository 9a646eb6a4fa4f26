// y = token_table[token] + position_table[position]
// dtoken_table[v] = Σ dy over the places of token v, dposition_table[t] = Σ dy over the batch

struct Params {
    rows: u32,
    context: u32,
    channels: u32,
    first: u32,
    window: u32,
    positions: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

@group(0) @binding(1) var<storage, read> ids: array<u32>; // (B·T)
@group(0) @binding(2) var<storage, read> table: array<f32>; // (window, C)
@group(0) @binding(3) var<storage, read> positions: array<f32>; // (positions, C)
@group(0) @binding(4) var<storage, read> scalars: array<f32>; // step scalars
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // (B·T, C)

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let cached = u32(scalars[CACHE_LENGTH]);
    for (var i = id.x; i < p.rows * p.channels; i += groups.x * WORKGROUP) {
        let row = i / p.channels;
        let c = i % p.channels;
        // Another dispatch binds the window that holds a token outside of this one.
        let token = ids[row] - p.first;
        if ids[row] >= p.first && token < p.window {
            let position = min(cached + row % p.context, p.positions - 1u);
            y[i] = table[token * p.channels + c] + positions[position * p.channels + c];
        }
    }
}

@group(0) @binding(1) var<storage, read> order: array<u32>; // (B·T): places sorted by token
@group(0) @binding(2) var<storage, read> offsets: array<u32>; // (V + 1): where a token's places begin
@group(0) @binding(3) var<storage, read> dy: array<f32>; // (B·T, C)
@group(0) @binding(5) var<storage, read_write> dtable: array<f32>; // (window, C)

@compute @workgroup_size(WORKGROUP)
fn backward_tokens(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let add = accumulates(p.accumulate, scalars[MICRO_BATCH]);
    for (var i = id.x; i < p.window * p.channels; i += groups.x * WORKGROUP) {
        let token = p.first + i / p.channels;
        let begin = offsets[token];
        let end = offsets[token + 1u];
        if add && begin == end {
            continue;
        }
        var sum = 0.0;
        for (var place = begin; place < end; place++) {
            sum += dy[order[place] * p.channels + i % p.channels];
        }
        dtable[i] = sum + select(0.0, dtable[i], add);
    }
}

@group(0) @binding(1) var<storage, read> upstream: array<f32>; // (B·T, C): dy
@group(0) @binding(2) var<storage, read> step_scalars: array<f32>; // step scalars
@group(0) @binding(3) var<storage, read_write> dpositions: array<f32>; // (positions, C)

@compute @workgroup_size(WORKGROUP)
fn backward_positions(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let add = accumulates(p.accumulate, step_scalars[MICRO_BATCH]);
    for (var i = id.x; i < p.positions * p.channels; i += groups.x * WORKGROUP) {
        let position = i / p.channels;
        var sum = 0.0;
        if position < p.context {
            for (var row = position; row < p.rows; row += p.context) {
                sum += upstream[row * p.channels + i % p.channels];
            }
        }
        dpositions[i] = sum + select(0.0, dpositions[i], add);
    }
}
