// y = (x - mean) · rstd · weight + bias over each row, with rstd = 1 / sqrt(variance + ε)
// n = (x - mean) · rstd, g = dy · weight: dx = rstd · (g - mean(g) - n · mean(g · n)), dweight = Σ dy · n, dbias = Σ dy

struct Params {
    rows: u32,
    channels: u32,
    accumulate: u32,
    accumulate_bias: u32,
    epsilon: f32,
}

@group(0) @binding(0) var<uniform> p: Params;

// Invocations that share a row, and rows of a workgroup.
const LANES = 32u;
const ROWS = WORKGROUP / LANES;

@group(0) @binding(1) var<storage, read> x: array<f32>; // (N, C)
@group(0) @binding(2) var<storage, read> weight: array<f32>; // (C)
@group(0) @binding(3) var<storage, read> bias: array<f32>; // (C)
@group(0) @binding(4) var<storage, read_write> stats: array<vec2<f32>>; // (N): mean, rstd
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // (N, C)

@compute @workgroup_size(WORKGROUP)
fn forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let of_c = 1.0 / f32(p.channels);
    for (var first = group.x * ROWS; first < p.rows; first += groups.x * ROWS) {
        let row = first + local / LANES;
        // Rows past the end are computed like the last one, and not written.
        let at = min(row, p.rows - 1u) * p.channels;
        var sum = 0.0;
        for (var c = local % LANES; c < p.channels; c += LANES) {
            sum += x[at + c];
        }
        let mean = lanes_sum(sum, local, LANES) * of_c;
        var squares = 0.0;
        for (var c = local % LANES; c < p.channels; c += LANES) {
            let centred = x[at + c] - mean;
            squares += centred * centred;
        }
        let rstd = 1.0 / sqrt(lanes_sum(squares, local, LANES) * of_c + p.epsilon);
        if row < p.rows {
            for (var c = local % LANES; c < p.channels; c += LANES) {
                y[at + c] = (x[at + c] - mean) * rstd * weight[c] + bias[c];
            }
            if local % LANES == 0u {
                stats[row] = vec2(mean, rstd);
            }
        }
    }
}

@compute @workgroup_size(EMULATED)
fn forward_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let of_c = 1.0 / f32(p.channels);
    for (var row = id.x; row < p.rows; row += groups.x * EMULATED) {
        let at = row * p.channels;
        var sum = 0.0;
        for (var c = 0u; c < p.channels; c++) {
            sum += x[at + c];
        }
        let mean = sum * of_c;
        var squares = 0.0;
        for (var c = 0u; c < p.channels; c++) {
            let centred = x[at + c] - mean;
            squares += centred * centred;
        }
        let rstd = 1.0 / sqrt(squares * of_c + p.epsilon);
        for (var c = 0u; c < p.channels; c++) {
            y[at + c] = (x[at + c] - mean) * rstd * weight[c] + bias[c];
        }
        stats[row] = vec2(mean, rstd);
    }
}

@group(0) @binding(2) var<storage, read> saved: array<vec2<f32>>; // (N): mean, rstd
@group(0) @binding(3) var<storage, read> dy: array<f32>; // (N, C)
@group(0) @binding(4) var<storage, read> scale: array<f32>; // (C): weight
@group(0) @binding(5) var<storage, read_write> dx: array<f32>; // (N, C)

@compute @workgroup_size(WORKGROUP)
fn backward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    for (var first = group.x * ROWS; first < p.rows; first += groups.x * ROWS) {
        let row = first + local / LANES;
        let at = min(row, p.rows - 1u) * p.channels;
        let mean = saved[min(row, p.rows - 1u)].x;
        let rstd = saved[min(row, p.rows - 1u)].y;
        var sums = vec2(0.0);
        for (var c = local % LANES; c < p.channels; c += LANES) {
            let g = dy[at + c] * scale[c];
            sums += vec2(g, g * (x[at + c] - mean) * rstd);
        }
        let means = lanes_sum_pair(sums, local, LANES) / f32(p.channels);
        if row < p.rows {
            for (var c = local % LANES; c < p.channels; c += LANES) {
                let n = (x[at + c] - mean) * rstd;
                let value = rstd * (dy[at + c] * scale[c] - means.x - n * means.y);
                dx[at + c] = select(value, dx[at + c] + value, p.accumulate == ADD);
            }
        }
    }
}

@compute @workgroup_size(EMULATED)
fn backward_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < p.rows; row += groups.x * EMULATED) {
        let at = row * p.channels;
        let mean = saved[row].x;
        let rstd = saved[row].y;
        var sums = vec2(0.0);
        for (var c = 0u; c < p.channels; c++) {
            let g = dy[at + c] * scale[c];
            sums += vec2(g, g * (x[at + c] - mean) * rstd);
        }
        let means = sums / f32(p.channels);
        for (var c = 0u; c < p.channels; c++) {
            let n = (x[at + c] - mean) * rstd;
            let value = rstd * (dy[at + c] * scale[c] - means.x - n * means.y);
            dx[at + c] = select(value, dx[at + c] + value, p.accumulate == ADD);
        }
    }
}

@group(0) @binding(4) var<storage, read> scalars: array<f32>; // step scalars
@group(0) @binding(5) var<storage, read_write> dweight: array<f32>; // (C)
@group(0) @binding(6) var<storage, read_write> dbias: array<f32>; // (C)

@compute @workgroup_size(WORKGROUP)
fn backward_weight(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    for (var first = group.x * COLUMNS; first < p.channels; first += groups.x * COLUMNS) {
        let c = first + local % COLUMNS;
        var sums = vec2(0.0);
        if c < p.channels {
            for (var row = local / COLUMNS; row < p.rows; row += WORKGROUP / COLUMNS) {
                let d = dy[row * p.channels + c];
                sums += vec2(d * (x[row * p.channels + c] - saved[row].x) * saved[row].y, d);
            }
        }
        sums = columns_sum_pair(sums, local);
        if local < COLUMNS && c < p.channels {
            let micro_batch = scalars[MICRO_BATCH];
            dweight[c] = sums.x + select(0.0, dweight[c], accumulates(p.accumulate, micro_batch));
            dbias[c] = sums.y + select(0.0, dbias[c], accumulates(p.accumulate_bias, micro_batch));
        }
    }
}

@compute @workgroup_size(EMULATED)
fn backward_weight_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var c = id.x; c < p.channels; c += groups.x * EMULATED) {
        var sums = vec2(0.0);
        for (var row = 0u; row < p.rows; row++) {
            let d = dy[row * p.channels + c];
            sums += vec2(d * (x[row * p.channels + c] - saved[row].x) * saved[row].y, d);
        }
        let micro_batch = scalars[MICRO_BATCH];
        dweight[c] = sums.x + select(0.0, dweight[c], accumulates(p.accumulate, micro_batch));
        dbias[c] = sums.y + select(0.0, dbias[c], accumulates(p.accumulate_bias, micro_batch));
    }
}
