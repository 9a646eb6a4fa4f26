// y = x · factor of the head that the channel belongs to

struct Params {
    len: u32,
    channels: u32,
    size: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

@group(0) @binding(1) var<storage, read> x: array<f32>; // (N, C)
@group(0) @binding(2) var<storage, read> factors: array<f32>; // (H)
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // (N, C)

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < p.len; i += groups.x * WORKGROUP) {
        y[i] = x[i] * factors[i % p.channels / p.size];
    }
}
