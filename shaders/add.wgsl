// y = a + b; da = dy, db = dy

struct Params {
    len: u32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>; // (len)
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>; // (len)
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>; // (len)

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < (p.len + 3u) / 4u; i += groups.x * WORKGROUP) {
        y[i] = a[i] + b[i];
    }
}

@group(0) @binding(1) var<storage, read> dy: array<vec4<f32>>; // (len)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4<f32>>; // (len)

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < (p.len + 3u) / 4u; i += groups.x * WORKGROUP) {
        dx[i] = select(dy[i], dx[i] + dy[i], p.accumulate == ADD);
    }
}
