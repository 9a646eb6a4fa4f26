// y = x / 2 · (1 + tanh(u)) with u = sqrt(2/π) · (x + 0.044715 x³), which is x · sigmoid(2u)
// dx = dy · (s + x · s · (1 - s) · 2u') with s = sigmoid(2u)

struct Params {
    len: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

// 2 · sqrt(2/π)
const SCALE = 1.5957691216057308;
const CUBIC = 0.044715;

@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>; // (len)
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>; // (len)

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < (p.len + 3u) / 4u; i += groups.x * WORKGROUP) {
        let v = x[i];
        y[i] = v * sigmoid(SCALE * (v + CUBIC * v * v * v));
    }
}

@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>; // (len)
@group(0) @binding(3) var<storage, read_write> dx: array<vec4<f32>>; // (len)

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < (p.len + 3u) / 4u; i += groups.x * WORKGROUP) {
        let v = x[i];
        let square = v * v;
        let s = sigmoid(SCALE * (v + CUBIC * v * square));
        let slope = SCALE * (1.0 + 3.0 * CUBIC * square);
        let value = dy[i] * (s + v * s * (1.0 - s) * slope);
        dx[i] = select(value, dx[i] + value, p.accumulate == ADD);
    }
}
