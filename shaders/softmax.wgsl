// y = exp(x - max) / Σ exp(x - max) over each row
// dx = y · (dy - Σ y · dy)

struct Params {
    rows: u32,
    columns: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

@group(0) @binding(1) var<storage, read> x: array<f32>; // (N, V)
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (N, V)

@compute @workgroup_size(WORKGROUP)
fn forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    for (var row = group.x; row < p.rows; row += groups.x) {
        let first = row * p.columns;
        var largest = LOWEST;
        for (var c = local; c < p.columns; c += WORKGROUP) {
            largest = max(largest, x[first + c]);
        }
        largest = lanes_max(largest, local, WORKGROUP);
        var sum = 0.0;
        for (var c = local; c < p.columns; c += WORKGROUP) {
            sum += exp(x[first + c] - largest);
        }
        sum = lanes_sum(sum, local, WORKGROUP);
        for (var c = local; c < p.columns; c += WORKGROUP) {
            y[first + c] = exp(x[first + c] - largest) / sum;
        }
    }
}

@compute @workgroup_size(EMULATED)
fn forward_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < p.rows; row += groups.x * EMULATED) {
        let first = row * p.columns;
        let end = first + p.columns;
        var largest = LOWEST;
        for (var i = first; i < end; i++) {
            largest = max(largest, x[i]);
        }
        var sum = 0.0;
        for (var run = first; run < end; run += RUN) {
            var part = 0.0;
            for (var i = run; i < min(run + RUN, end); i++) {
                let e = exp(x[i] - largest);
                part += e;
                y[i] = e;
            }
            sum += part;
        }
        for (var i = first; i < end; i++) {
            y[i] /= sum;
        }
    }
}

@group(0) @binding(1) var<storage, read> saved_y: array<f32>; // (N, V)
@group(0) @binding(2) var<storage, read> dy: array<f32>; // (N, V)
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // (N, V)

@compute @workgroup_size(WORKGROUP)
fn backward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    for (var row = group.x; row < p.rows; row += groups.x) {
        let first = row * p.columns;
        var dot = 0.0;
        for (var c = local; c < p.columns; c += WORKGROUP) {
            dot += saved_y[first + c] * dy[first + c];
        }
        dot = lanes_sum(dot, local, WORKGROUP);
        for (var c = local; c < p.columns; c += WORKGROUP) {
            let i = first + c;
            let value = saved_y[i] * (dy[i] - dot);
            dx[i] = select(value, dx[i] + value, p.accumulate == ADD);
        }
    }
}

@compute @workgroup_size(EMULATED)
fn backward_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var row = id.x; row < p.rows; row += groups.x * EMULATED) {
        let first = row * p.columns;
        let end = first + p.columns;
        var dot = 0.0;
        for (var run = first; run < end; run += RUN) {
            var part = 0.0;
            for (var i = run; i < min(run + RUN, end); i++) {
                part += saved_y[i] * dy[i];
            }
            dot += part;
        }
        for (var i = first; i < end; i++) {
            let value = saved_y[i] * (dy[i] - dot);
            dx[i] = select(value, dx[i] + value, p.accumulate == ADD);
        }
    }
}
