// norm = sqrt(Σ g²) over all gradients; factor = min(1, clip / (norm + 1e-6))

struct Params {
    len: u32,
    partials: u32,
    clip: f32,
}

@group(0) @binding(0) var<uniform> p: Params;

@group(0) @binding(1) var<storage, read> gradients: array<vec4<f32>>; // (len)
@group(0) @binding(2) var<storage, read_write> partials: array<f32>; // (windows · 256)

@compute @workgroup_size(WORKGROUP)
fn partial(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    var sums = vec4(0.0);
    for (var i = group.x * WORKGROUP + local; i < (p.len + 3u) / 4u; i += groups.x * WORKGROUP) {
        let places = 4u * i + vec4(0u, 1u, 2u, 3u);
        let g = select(vec4(0.0), gradients[i], places < vec4(p.len));
        sums += g * g;
    }
    let sum = lanes_sum(horizontal_sum(sums), local, WORKGROUP);
    if local == 0u {
        partials[p.partials + group.x] = sum;
    }
}

@compute @workgroup_size(EMULATED)
fn partial_emulated(@builtin(global_invocation_id) id: vec3<u32>) {
    let end = (p.len + 3u) / 4u;
    var sums = vec4(0.0);
    for (var first = id.x; first < end; first += RUN * WORKGROUP) {
        var part = vec4(0.0);
        for (var i = first; i < min(first + RUN * WORKGROUP, end); i += WORKGROUP) {
            let places = 4u * i + vec4(0u, 1u, 2u, 3u);
            let g = select(vec4(0.0), gradients[i], places < vec4(p.len));
            part += g * g;
        }
        sums += part;
    }
    partials[p.partials + id.x] = horizontal_sum(sums);
}

@group(0) @binding(1) var<storage, read> summed: array<f32>; // (windows · 256)
@group(0) @binding(2) var<storage, read_write> norm: array<f32>; // (3): norm, factor, 1 once a norm was not finite

@compute @workgroup_size(WORKGROUP)
fn total(@builtin(local_invocation_index) local: u32) {
    var sum = 0.0;
    for (var i = local; i < p.partials; i += WORKGROUP) {
        sum += summed[i];
    }
    sum = lanes_sum(sum, local, WORKGROUP);
    if local == 0u {
        let root = sqrt(sum);
        norm[0] = root;
        norm[1] = select(1.0, min(1.0, p.clip / (root + 1e-6)), p.clip > 0.0);
        if !is_finite(root) {
            norm[2] = 1.0;
        }
    }
}
