// y = softmax(q · kᵀ / sqrt(D), causal) · v for each head; lse = log Σ exp(scores) of each query
// With P = exp(scores - lse), delta = Σ y · dy, dS = P · (dy · vᵀ - delta) / sqrt(D):
// dq = dS · k, dk = dSᵀ · q, dv = Pᵀ · dy
//
// The launcher puts in front: HEAD (D).

struct Params {
    batch: u32,
    context: u32,
    heads: u32,
    size: u32,
    capacity: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

// Query (or key) rows of a workgroup, one an invocation.
const ROWS = 64u;
// A row in registers, in vec4s; the last one is filled up with zeros.
const VECTORS = (HEAD + 3u) / 4u;
alias Row = array<vec4<f32>, VECTORS>;
// Of the other side, rows whose scores are computed before the running sums are brought to a new maximum.
const CHUNK = 8u;
// Rows that stand in workgroup memory at a time, whole chunks: 16 KiB of two kinds at most.
const TILE = min(4u, 64u / VECTORS) * CHUNK;

var<workgroup> first_tile: array<vec4<f32>, TILE * VECTORS>;
var<workgroup> second_tile: array<vec4<f32>, TILE * VECTORS>;

@group(0) @binding(1) var<storage, read> qkv: array<vec4<f32>>; // (B·T, 3C)

// The vec4 d of the head's row that begins at element `at`.
fn load(at: u32, d: u32) -> vec4<f32> {
    if HEAD % 4u == 0u {
        return qkv[at / 4u + d];
    }
    var v = vec4(0.0);
    for (var n = 0u; n < 4u; n++) {
        if 4u * d + n < HEAD {
            let i = at + 4u * d + n;
            v[n] = qkv[i / 4u][i % 4u];
        }
    }
    return v;
}

// Where a token's query (kind 0), key (1) or value (2) begins.
fn place(batch: u32, token: u32, head: u32, kind: u32) -> u32 {
    return ((batch * p.context + token) * 3u + kind) * p.heads * HEAD + head * HEAD;
}

fn load_row(at: u32) -> Row {
    var row: Row;
    for (var d = 0u; d < VECTORS; d++) {
        row[d] = load(at, d);
    }
    return row;
}

@group(0) @binding(2) var<storage, read_write> lse: array<f32>; // (B·H, T)
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // (B·T, C)

@compute @workgroup_size(ROWS)
fn forward(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let batch = group.z;
    let head = group.y;
    // The last rows see the most keys: they begin first.
    let first = (groups.x - 1u - group.x) * ROWS;
    let row = first + local;
    let scale = 1.0 / sqrt(f32(HEAD));
    var query = load_row(place(batch, min(row, p.context - 1u), head, 0u));
    var sums: Row;
    var largest = LOWEST;
    var total = 0.0;
    let keys = min(first + ROWS, p.context);
    for (var tile = 0u; tile < keys; tile += TILE) {
        for (var i = local; i < TILE * VECTORS; i += ROWS) {
            let key = min(tile + i / VECTORS, p.context - 1u);
            first_tile[i] = load(place(batch, key, head, 1u), i % VECTORS);
            second_tile[i] = load(place(batch, key, head, 2u), i % VECTORS);
        }
        workgroupBarrier();
        for (var chunk = 0u; chunk < TILE; chunk += CHUNK) {
            if tile + chunk > row {
                break;
            }
            var scores: array<f32, CHUNK>;
            var chunk_largest = largest;
            for (var j = 0u; j < CHUNK; j++) {
                var products = vec4(0.0);
                for (var d = 0u; d < VECTORS; d++) {
                    products += query[d] * first_tile[(chunk + j) * VECTORS + d];
                }
                scores[j] = select(LOWEST, horizontal_sum(products) * scale, tile + chunk + j <= row);
                chunk_largest = max(chunk_largest, scores[j]);
            }
            let shrink = exp(largest - chunk_largest);
            largest = chunk_largest;
            total *= shrink;
            for (var d = 0u; d < VECTORS; d++) {
                sums[d] *= shrink;
            }
            for (var j = 0u; j < CHUNK; j++) {
                let e = select(0.0, exp(scores[j] - largest), tile + chunk + j <= row);
                total += e;
                for (var d = 0u; d < VECTORS; d++) {
                    sums[d] += e * second_tile[(chunk + j) * VECTORS + d];
                }
            }
        }
        workgroupBarrier();
    }
    if row < p.context {
        lse[(batch * p.heads + head) * p.context + row] = largest + log(total);
        let at = ((batch * p.context + row) * p.heads + head) * HEAD;
        for (var d = 0u; d < HEAD; d++) {
            y[at + d] = sums[d / 4u][d % 4u] / total;
        }
    }
}

// The same for adapters that a CPU emulates, without workgroup memory: an invocation has 4 rows and takes 4 rows of the other
// side at a time, so that products are those of 4×4 matrices and every load serves 4 of them.
const BLOCK = 4u;
const BLOCKS = 8u;

// The vec4 d of the rows of 4 tokens from `token` on, one a column; rows past the end are like the last one.
fn load_block(batch: u32, token: u32, head: u32, kind: u32, d: u32) -> mat4x4<f32> {
    let last = p.context - 1u;
    return mat4x4(
        load(place(batch, min(token, last), head, kind), d),
        load(place(batch, min(token + 1u, last), head, kind), d),
        load(place(batch, min(token + 2u, last), head, kind), d),
        load(place(batch, min(token + 3u, last), head, kind), d),
    );
}

@compute @workgroup_size(BLOCKS)
fn forward_emulated(@builtin(global_invocation_id) id: vec3<u32>) {
    let batch = id.z;
    let head = id.y;
    let row = BLOCK * id.x;
    if row >= p.context {
        return;
    }
    let scale = 1.0 / sqrt(f32(HEAD));
    var sums: array<mat4x4<f32>, VECTORS>;
    var largest = vec4(LOWEST);
    var total = vec4(0.0);
    for (var key = 0u; key <= row; key += BLOCK) {
        // Column n has the scores of query n.
        var scores = mat4x4<f32>();
        for (var d = 0u; d < VECTORS; d++) {
            scores += transpose(load_block(batch, key, head, 1u, d)) * load_block(batch, row, head, 0u, d);
        }
        let keys = key + vec4(0u, 1u, 2u, 3u);
        for (var n = 0u; n < BLOCK; n++) {
            scores[n] = select(vec4(LOWEST), scores[n] * scale, keys <= vec4(row + n));
        }
        let by_key = transpose(scores);
        let now = max(max(largest, max(by_key[0], by_key[1])), max(by_key[2], by_key[3]));
        let shrink = exp(largest - now);
        largest = now;
        // Column n has the factors of key n.
        let e = mat4x4(exp(by_key[0] - now), exp(by_key[1] - now), exp(by_key[2] - now), exp(by_key[3] - now));
        total = total * shrink + ((e[0] + e[1]) + (e[2] + e[3]));
        let by_query = transpose(e);
        for (var d = 0u; d < VECTORS; d++) {
            let old = sums[d];
            let added = load_block(batch, key, head, 2u, d) * by_query;
            sums[d] = added + mat4x4(old[0] * shrink.x, old[1] * shrink.y, old[2] * shrink.z, old[3] * shrink.w);
        }
    }
    let logs = largest + log(total);
    for (var n = 0u; n < min(BLOCK, p.context - row); n++) {
        lse[(batch * p.heads + head) * p.context + row + n] = logs[n];
        let at = ((batch * p.context + row + n) * p.heads + head) * HEAD;
        for (var d = 0u; d < HEAD; d++) {
            y[at + d] = sums[d / 4u][n][d % 4u] / total[n];
        }
    }
}

@group(0) @binding(1) var<storage, read> saved_y: array<f32>; // (B·T, C)
@group(0) @binding(2) var<storage, read> upstream: array<f32>; // (B·T, C): dy
@group(0) @binding(3) var<storage, read_write> delta: array<f32>; // (B·H, T)

@compute @workgroup_size(WORKGROUP)
fn backward_delta(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < p.batch * p.context * p.heads; i += groups.x * WORKGROUP) {
        var sum = 0.0;
        for (var d = i * HEAD; d < (i + 1u) * HEAD; d++) {
            sum += saved_y[d] * upstream[d];
        }
        let row = i / p.heads;
        delta[(row / p.context * p.heads + i % p.heads) * p.context + row % p.context] = sum;
    }
}

@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>; // (B·T, C)
@group(0) @binding(3) var<storage, read> saved_lse: array<f32>; // (B·H, T)
@group(0) @binding(4) var<storage, read> saved_delta: array<f32>; // (B·H, T)
@group(0) @binding(5) var<storage, read_write> dqkv: array<f32>; // (B·T, 3C)

// The vec4 d of a token's upstream gradient.
fn load_dy(batch: u32, token: u32, head: u32, d: u32) -> vec4<f32> {
    let at = ((batch * p.context + token) * p.heads + head) * HEAD;
    if HEAD % 4u == 0u {
        return dy[at / 4u + d];
    }
    var v = vec4(0.0);
    for (var n = 0u; n < 4u; n++) {
        if 4u * d + n < HEAD {
            let i = at + 4u * d + n;
            v[n] = dy[i / 4u][i % 4u];
        }
    }
    return v;
}

// The queries' part of dqkv: each invocation has a query row and sums over keys.
@compute @workgroup_size(ROWS)
fn backward_query(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let batch = group.z;
    let head = group.y;
    let first = (groups.x - 1u - group.x) * ROWS;
    let row = first + local;
    let at = min(row, p.context - 1u);
    let scale = 1.0 / sqrt(f32(HEAD));
    var query = load_row(place(batch, at, head, 0u));
    var gradient: Row;
    for (var d = 0u; d < VECTORS; d++) {
        gradient[d] = load_dy(batch, at, head, d);
    }
    let saved = (batch * p.heads + head) * p.context + at;
    let row_lse = saved_lse[saved];
    let row_delta = saved_delta[saved];
    var sums: Row;
    let keys = min(first + ROWS, p.context);
    for (var tile = 0u; tile < keys; tile += TILE) {
        for (var i = local; i < TILE * VECTORS; i += ROWS) {
            let key = min(tile + i / VECTORS, p.context - 1u);
            first_tile[i] = load(place(batch, key, head, 1u), i % VECTORS);
            second_tile[i] = load(place(batch, key, head, 2u), i % VECTORS);
        }
        workgroupBarrier();
        for (var j = 0u; j < TILE; j++) {
            if tile + j > row {
                break;
            }
            var products = vec4(0.0);
            var gradient_products = vec4(0.0);
            for (var d = 0u; d < VECTORS; d++) {
                products += query[d] * first_tile[j * VECTORS + d];
                gradient_products += gradient[d] * second_tile[j * VECTORS + d];
            }
            let probability = exp(horizontal_sum(products) * scale - row_lse);
            let dscore = probability * (horizontal_sum(gradient_products) - row_delta) * scale;
            for (var d = 0u; d < VECTORS; d++) {
                sums[d] += dscore * first_tile[j * VECTORS + d];
            }
        }
        workgroupBarrier();
    }
    if row < p.context {
        let out = place(batch, row, head, 0u);
        for (var d = 0u; d < HEAD; d++) {
            dqkv[out + d] = sums[d / 4u][d % 4u];
        }
    }
}

// The keys' and values' parts of dqkv: each invocation has a key row and sums over the queries that see it.
@compute @workgroup_size(ROWS)
fn backward_key_value(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let batch = group.z;
    let head = group.y;
    let first = group.x * ROWS;
    let row = first + local;
    let scale = 1.0 / sqrt(f32(HEAD));
    var key = load_row(place(batch, min(row, p.context - 1u), head, 1u));
    var value = load_row(place(batch, min(row, p.context - 1u), head, 2u));
    let saved = (batch * p.heads + head) * p.context;
    var key_sums: Row;
    var value_sums: Row;
    for (var tile = first / TILE * TILE; tile < p.context; tile += TILE) {
        for (var i = local; i < TILE * VECTORS; i += ROWS) {
            let query = min(tile + i / VECTORS, p.context - 1u);
            first_tile[i] = load(place(batch, query, head, 0u), i % VECTORS);
            second_tile[i] = load_dy(batch, query, head, i % VECTORS);
        }
        workgroupBarrier();
        for (var j = 0u; j < min(TILE, p.context - tile); j++) {
            if tile + j < row {
                continue;
            }
            var products = vec4(0.0);
            var gradient_products = vec4(0.0);
            for (var d = 0u; d < VECTORS; d++) {
                products += key[d] * first_tile[j * VECTORS + d];
                gradient_products += value[d] * second_tile[j * VECTORS + d];
            }
            let probability = exp(horizontal_sum(products) * scale - saved_lse[saved + tile + j]);
            let dscore = probability * (horizontal_sum(gradient_products) - saved_delta[saved + tile + j]) * scale;
            for (var d = 0u; d < VECTORS; d++) {
                key_sums[d] += dscore * first_tile[j * VECTORS + d];
                value_sums[d] += probability * second_tile[j * VECTORS + d];
            }
        }
        workgroupBarrier();
    }
    if row < p.context {
        let key_out = place(batch, row, head, 1u);
        let value_out = place(batch, row, head, 2u);
        for (var d = 0u; d < HEAD; d++) {
            dqkv[key_out + d] = key_sums[d / 4u][d % 4u];
            dqkv[value_out + d] = value_sums[d / 4u][d % 4u];
        }
    }
}

fn load_dy_block(batch: u32, token: u32, head: u32, d: u32) -> mat4x4<f32> {
    let last = p.context - 1u;
    return mat4x4(
        load_dy(batch, min(token, last), head, d),
        load_dy(batch, min(token + 1u, last), head, d),
        load_dy(batch, min(token + 2u, last), head, d),
        load_dy(batch, min(token + 3u, last), head, d),
    );
}

// Of a block of 4 queries and 4 keys, column n of each for query n: the probabilities and the gradients of the scores.
struct Gradients {
    probabilities: mat4x4<f32>,
    dscores: mat4x4<f32>,
}

fn block_gradients(batch: u32, head: u32, query: u32, key: u32) -> Gradients {
    let scale = 1.0 / sqrt(f32(HEAD));
    var scores = mat4x4<f32>();
    var products = mat4x4<f32>();
    for (var d = 0u; d < VECTORS; d++) {
        scores += transpose(load_block(batch, key, head, 1u, d)) * load_block(batch, query, head, 0u, d);
        products += transpose(load_block(batch, key, head, 2u, d)) * load_dy_block(batch, query, head, d);
    }
    let keys = key + vec4(0u, 1u, 2u, 3u);
    var g = Gradients();
    for (var n = 0u; n < BLOCK; n++) {
        let row = min(query + n, p.context - 1u);
        let saved = (batch * p.heads + head) * p.context + row;
        // A query past the end counts for nothing.
        let seen = (keys <= vec4(row)) & vec4(query + n < p.context);
        let probabilities = select(vec4(0.0), exp(scores[n] * scale - saved_lse[saved]), seen);
        g.probabilities[n] = probabilities;
        g.dscores[n] = probabilities * (products[n] - saved_delta[saved]) * scale;
    }
    return g;
}

@compute @workgroup_size(BLOCKS)
fn backward_query_emulated(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = BLOCK * id.x;
    if row >= p.context {
        return;
    }
    var sums: array<mat4x4<f32>, VECTORS>;
    for (var key = 0u; key <= row; key += BLOCK) {
        let g = block_gradients(id.z, id.y, row, key);
        for (var d = 0u; d < VECTORS; d++) {
            sums[d] += load_block(id.z, key, id.y, 1u, d) * g.dscores;
        }
    }
    for (var n = 0u; n < min(BLOCK, p.context - row); n++) {
        let out = place(id.z, row + n, id.y, 0u);
        for (var d = 0u; d < HEAD; d++) {
            dqkv[out + d] = sums[d / 4u][n][d % 4u];
        }
    }
}

@compute @workgroup_size(BLOCKS)
fn backward_key_value_emulated(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = BLOCK * id.x;
    if row >= p.context {
        return;
    }
    var key_sums: array<mat4x4<f32>, VECTORS>;
    var value_sums: array<mat4x4<f32>, VECTORS>;
    for (var query = row; query < p.context; query += BLOCK) {
        let g = block_gradients(id.z, id.y, query, row);
        let probabilities = transpose(g.probabilities);
        let dscores = transpose(g.dscores);
        for (var d = 0u; d < VECTORS; d++) {
            key_sums[d] += load_block(id.z, query, id.y, 0u, d) * dscores;
            value_sums[d] += load_dy_block(id.z, query, id.y, d) * probabilities;
        }
    }
    for (var n = 0u; n < min(BLOCK, p.context - row); n++) {
        let key_out = place(id.z, row + n, id.y, 1u);
        let value_out = place(id.z, row + n, id.y, 2u);
        for (var d = 0u; d < HEAD; d++) {
            dqkv[key_out + d] = key_sums[d / 4u][n][d % 4u];
            dqkv[value_out + d] = value_sums[d / 4u][n][d % 4u];
        }
    }
}

@group(0) @binding(1) var<storage, read> new_qkv: array<f32>; // (T, 3C)
@group(0) @binding(2) var<storage, read> scalars: array<f32>; // step scalars
@group(0) @binding(3) var<storage, read_write> cache: array<f32>; // (capacity, 2C)

// The keys and values of new tokens, behind those that the cache holds.
@compute @workgroup_size(WORKGROUP)
fn append(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let cached = u32(scalars[CACHE_LENGTH]);
    let width = 2u * p.heads * HEAD;
    for (var i = id.x; i < p.context * width; i += groups.x * WORKGROUP) {
        let token = i / width;
        if cached + token < p.capacity {
            cache[(cached + token) * width + i % width] = new_qkv[token * (width / 2u * 3u) + width / 2u + i % width];
        }
    }
}

@group(0) @binding(2) var<storage, read> held: array<f32>; // (capacity, 2C)
@group(0) @binding(3) var<storage, read> step_scalars: array<f32>; // step scalars
@group(0) @binding(4) var<storage, read_write> cached_y: array<f32>; // (T, C)

// Invocations that share a channel of the output, each with some of the keys.
const SLICES = WORKGROUP / HEAD;

var<workgroup> shared_query: array<f32, HEAD>;
var<workgroup> probabilities: array<f32, WORKGROUP>;

// A workgroup has one query of one head, and takes 256 keys at a time.
@compute @workgroup_size(WORKGROUP)
fn cached(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let token = group.x;
    let head = group.y;
    let channels = p.heads * HEAD;
    let keys = min(u32(step_scalars[CACHE_LENGTH]) + token + 1u, p.capacity);
    let scale = 1.0 / sqrt(f32(HEAD));
    let channel = local % HEAD;
    let slice = local / HEAD;
    if local < HEAD {
        shared_query[local] = new_qkv[token * 3u * channels + head * HEAD + local];
    }
    workgroupBarrier();
    var largest = LOWEST;
    var total = 0.0;
    var sum = 0.0;
    for (var first = 0u; first < keys; first += WORKGROUP) {
        var score = LOWEST;
        if first + local < keys {
            var dot = 0.0;
            let at = (first + local) * 2u * channels + head * HEAD;
            for (var d = 0u; d < HEAD; d++) {
                dot += shared_query[d] * held[at + d];
            }
            score = dot * scale;
        }
        let new_largest = max(largest, lanes_max(score, local, WORKGROUP));
        let e = select(0.0, exp(score - new_largest), first + local < keys);
        let shrink = exp(largest - new_largest);
        largest = new_largest;
        total = total * shrink + lanes_sum(e, local, WORKGROUP);
        sum *= shrink;
        probabilities[local] = e;
        workgroupBarrier();
        if slice < SLICES {
            for (var j = slice; j < min(WORKGROUP, keys - first); j += SLICES) {
                sum += probabilities[j] * held[(first + j) * 2u * channels + channels + head * HEAD + channel];
            }
        }
        workgroupBarrier();
    }
    // The slices of a channel, added in order.
    probabilities[local] = sum;
    workgroupBarrier();
    if local < HEAD {
        for (var other = 1u; other < SLICES; other++) {
            sum += probabilities[other * HEAD + local];
        }
        cached_y[token * channels + head * HEAD + local] = sum / total;
    }
}
