// m = β1 m + (1-β1) g, v = β2 v + (1-β2) g², p -= lr (m / (1-β1ᵗ) / (sqrt(v / (1-β2ᵗ)) + ε) + decay p)

struct Params {
    len: u32,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    decay: f32,
}

@group(0) @binding(0) var<uniform> p: Params;

@group(0) @binding(1) var<storage, read> gradients: array<vec4<f32>>; // (len)
@group(0) @binding(2) var<storage, read> norm: array<f32>; // (3): norm, factor, 1 once a norm was not finite
@group(0) @binding(3) var<storage, read> scalars: array<f32>; // step scalars
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<f32>>; // (len)
@group(0) @binding(5) var<storage, read_write> first_moment: array<vec4<f32>>; // (len)
@group(0) @binding(6) var<storage, read_write> second_moment: array<vec4<f32>>; // (len)

@compute @workgroup_size(WORKGROUP)
fn update(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    // A branch, since 0 · NaN is NaN: weights and moments stay as they are.
    if norm[2] != 0.0 {
        return;
    }
    let rate = scalars[LEARNING_RATE];
    for (var i = id.x; i < (p.len + 3u) / 4u; i += groups.x * WORKGROUP) {
        let g = gradients[i] * norm[1];
        let m = p.beta1 * first_moment[i] + (1.0 - p.beta1) * g;
        let v = p.beta2 * second_moment[i] + (1.0 - p.beta2) * g * g;
        let root = sqrt(v * scalars[CORRECTION_2]) + p.epsilon;
        first_moment[i] = m;
        second_moment[i] = v;
        parameters[i] = parameters[i] * (1.0 - rate * p.decay) - rate * (m * scalars[CORRECTION_1]) / root;
    }
}
