// c = a · b + bias
// With dy: da = dy · bᵀ, db = aᵀ · dy, dbias = Σ dy over the rows
//
// The launcher puts in front: SIDE (8 or 16: a tile of the product is 8 SIDE wide), and ALIGNED (1 where the rows of a and b
// are whole vec4s).

struct Params {
    rows: u32,
    inner: u32,
    columns: u32,
    a_stride: u32,
    a_offset: u32,
    c_stride: u32,
    c_offset: u32,
    accumulate: u32,
    bias: u32,
}

@group(0) @binding(0) var<uniform> p: Params;

@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>; // (N, K), or (K, N) where it is transposed
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>; // (K, M), or (M, K) where it is transposed
@group(0) @binding(3) var<storage, read> bias: array<f32>; // (M)
@group(0) @binding(4) var<storage, read> scalars: array<f32>; // step scalars
@group(0) @binding(5) var<storage, read_write> c: array<f32>; // (N, M)

// Elements (i, j) to (i, j + 3) of a as it lies in memory, (height, width), with zeros past its edges.
fn load_a(i: u32, j: u32, height: u32, width: u32) -> vec4<f32> {
    if i >= height || j >= width {
        return vec4(0.0);
    }
    let at = p.a_offset + i * p.a_stride + j;
    if ALIGNED == 1u {
        return a[at / 4u];
    }
    // The four may lie in two vec4s.
    let last = min(3u, width - 1u - j);
    let low = a[at / 4u];
    let high = a[(at + last) / 4u];
    return shifted(low, high, at % 4u, last);
}

fn load_b(i: u32, j: u32, height: u32, width: u32) -> vec4<f32> {
    if i >= height || j >= width {
        return vec4(0.0);
    }
    let at = i * width + j;
    if ALIGNED == 1u {
        return b[at / 4u];
    }
    let last = min(3u, width - 1u - j);
    let low = b[at / 4u];
    let high = b[(at + last) / 4u];
    return shifted(low, high, at % 4u, last);
}

// Four elements that begin at place `by` of `low` and go on in `high`; those behind the `last` are zero.
fn shifted(low: vec4<f32>, high: vec4<f32>, by: u32, last: u32) -> vec4<f32> {
    var v = low;
    if by == 1u {
        v = vec4(low.yzw, high.x);
    } else if by == 2u {
        v = vec4(low.zw, high.xy);
    } else if by == 3u {
        v = vec4(low.w, high.xyz);
    }
    return select(vec4(0.0), v, vec4(0u, 1u, 2u, 3u) <= vec4(last));
}

// Rows i to i + 3 of the first factor and terms k to k + 3 of their sums: column n of the result is term k + n.
fn block_a(i: u32, k: u32, transposed: bool) -> mat4x4<f32> {
    if transposed {
        return mat4x4(
            load_a(k, i, p.inner, p.rows),
            load_a(k + 1u, i, p.inner, p.rows),
            load_a(k + 2u, i, p.inner, p.rows),
            load_a(k + 3u, i, p.inner, p.rows),
        );
    }
    return transpose(mat4x4(
        load_a(i, k, p.rows, p.inner),
        load_a(i + 1u, k, p.rows, p.inner),
        load_a(i + 2u, k, p.rows, p.inner),
        load_a(i + 3u, k, p.rows, p.inner),
    ));
}

// The same for columns j to j + 3 of the second factor.
fn block_b(j: u32, k: u32, transposed: bool) -> mat4x4<f32> {
    if transposed {
        return transpose(mat4x4(
            load_b(j, k, p.columns, p.inner),
            load_b(j + 1u, k, p.columns, p.inner),
            load_b(j + 2u, k, p.columns, p.inner),
            load_b(j + 3u, k, p.columns, p.inner),
        ));
    }
    return mat4x4(
        load_b(k, j, p.inner, p.columns),
        load_b(k + 1u, j, p.inner, p.columns),
        load_b(k + 2u, j, p.inner, p.columns),
        load_b(k + 3u, j, p.inner, p.columns),
    );
}

// What one invocation computes: 8 rows of 8 columns, as two vec4 a row.
alias Sums = array<vec4<f32>, 16>;

// One term of all 64 sums.
fn multiply_add(sums: ptr<function, Sums>, a0: vec4<f32>, a1: vec4<f32>, b0: vec4<f32>, b1: vec4<f32>) {
    (*sums)[0] += a0.x * b0;
    (*sums)[1] += a0.x * b1;
    (*sums)[2] += a0.y * b0;
    (*sums)[3] += a0.y * b1;
    (*sums)[4] += a0.z * b0;
    (*sums)[5] += a0.z * b1;
    (*sums)[6] += a0.w * b0;
    (*sums)[7] += a0.w * b1;
    (*sums)[8] += a1.x * b0;
    (*sums)[9] += a1.x * b1;
    (*sums)[10] += a1.y * b0;
    (*sums)[11] += a1.y * b1;
    (*sums)[12] += a1.z * b0;
    (*sums)[13] += a1.z * b1;
    (*sums)[14] += a1.w * b0;
    (*sums)[15] += a1.w * b1;
}

fn store(row: u32, column: u32, v: vec4<f32>, add: bool) {
    if row >= p.rows {
        return;
    }
    store_one(row, column, v.x, add);
    store_one(row, column + 1u, v.y, add);
    store_one(row, column + 2u, v.z, add);
    store_one(row, column + 3u, v.w, add);
}

fn store_one(row: u32, column: u32, sum: f32, add: bool) {
    if column >= p.columns {
        return;
    }
    let at = p.c_offset + row * p.c_stride + column;
    var value = sum;
    if p.bias == 1u {
        value += bias[column];
    }
    if add {
        value += c[at];
    }
    c[at] = value;
}

// Writes the sums of rows i0 to i0 + 3 and i1 to i1 + 3, columns j0 to j0 + 3 and j1 to j1 + 3.
fn store_all(sums: ptr<function, Sums>, i0: u32, i1: u32, j0: u32, j1: u32) {
    let add = accumulates(p.accumulate, scalars[MICRO_BATCH]);
    store(i0, j0, (*sums)[0], add);
    store(i0, j1, (*sums)[1], add);
    store(i0 + 1u, j0, (*sums)[2], add);
    store(i0 + 1u, j1, (*sums)[3], add);
    store(i0 + 2u, j0, (*sums)[4], add);
    store(i0 + 2u, j1, (*sums)[5], add);
    store(i0 + 3u, j0, (*sums)[6], add);
    store(i0 + 3u, j1, (*sums)[7], add);
    store(i1, j0, (*sums)[8], add);
    store(i1, j1, (*sums)[9], add);
    store(i1 + 1u, j0, (*sums)[10], add);
    store(i1 + 1u, j1, (*sums)[11], add);
    store(i1 + 2u, j0, (*sums)[12], add);
    store(i1 + 2u, j1, (*sums)[13], add);
    store(i1 + 3u, j0, (*sums)[14], add);
    store(i1 + 3u, j1, (*sums)[15], add);
}

// A workgroup computes a tile of 8 SIDE rows and columns. Tiles of both factors, STEP terms long, stand in workgroup memory
// as vec4s of 4 rows (or columns) of one term. Where SIDE is 8 four invocations share each block of 8 x 8 sums: each takes a
// quarter of the terms, and their sums are added at the end in a fixed order.
const TILE = 8u * SIDE;
const SLICES = WORKGROUP / (SIDE * SIDE);
const STEP = 2048u / TILE;
const VECTORS = TILE / 4u;
const HALF = 512u;

var<workgroup> tiles: array<vec4<f32>, 1024>; // (2, STEP, VECTORS)

// Where the vec4 `vector` of term k stands in its tile. Neighbouring terms are shifted against each other, so that
// invocations that write a column of the tile do not meet in one bank of memory.
fn place(k: u32, vector: u32) -> u32 {
    return k * VECTORS + (vector ^ (k / 4u * (SIDE / 8u)));
}

fn fill(at: u32, k: u32, vector: u32, block: mat4x4<f32>) {
    tiles[at + place(k, vector)] = block[0];
    tiles[at + place(k + 1u, vector)] = block[1];
    tiles[at + place(k + 2u, vector)] = block[2];
    tiles[at + place(k + 3u, vector)] = block[3];
}

// Indices are written out, so that the sums stay in registers where a compiler does not unroll.
fn hand_over(sums: ptr<function, Sums>, lane: u32) {
    tiles[0u + lane] = (*sums)[0];
    tiles[64u + lane] = (*sums)[1];
    tiles[128u + lane] = (*sums)[2];
    tiles[192u + lane] = (*sums)[3];
    tiles[256u + lane] = (*sums)[4];
    tiles[320u + lane] = (*sums)[5];
    tiles[384u + lane] = (*sums)[6];
    tiles[448u + lane] = (*sums)[7];
    tiles[512u + lane] = (*sums)[8];
    tiles[576u + lane] = (*sums)[9];
    tiles[640u + lane] = (*sums)[10];
    tiles[704u + lane] = (*sums)[11];
    tiles[768u + lane] = (*sums)[12];
    tiles[832u + lane] = (*sums)[13];
    tiles[896u + lane] = (*sums)[14];
    tiles[960u + lane] = (*sums)[15];
}

fn take_over(sums: ptr<function, Sums>, lane: u32) {
    (*sums)[0] += tiles[0u + lane];
    (*sums)[1] += tiles[64u + lane];
    (*sums)[2] += tiles[128u + lane];
    (*sums)[3] += tiles[192u + lane];
    (*sums)[4] += tiles[256u + lane];
    (*sums)[5] += tiles[320u + lane];
    (*sums)[6] += tiles[384u + lane];
    (*sums)[7] += tiles[448u + lane];
    (*sums)[8] += tiles[512u + lane];
    (*sums)[9] += tiles[576u + lane];
    (*sums)[10] += tiles[640u + lane];
    (*sums)[11] += tiles[704u + lane];
    (*sums)[12] += tiles[768u + lane];
    (*sums)[13] += tiles[832u + lane];
    (*sums)[14] += tiles[896u + lane];
    (*sums)[15] += tiles[960u + lane];
}

fn tiled(group: vec3<u32>, local: u32, a_transposed: bool, b_transposed: bool) {
    let row = group.y * TILE;
    let column = group.x * TILE;
    // Half of the invocations load a block of a, half one of b; neighbours load what lies side by side in memory.
    let block = local % 128u;
    let along_k = select(b_transposed, !a_transposed, local < 128u);
    let load_k = 4u * select(block / VECTORS, block % (STEP / 4u), along_k);
    let load_vector = select(block % VECTORS, block / (STEP / 4u), along_k);

    let slice = local / (SIDE * SIDE);
    let x = local % SIDE;
    let y = local / SIDE % SIDE;
    var sums = Sums();
    for (var k = 0u; k < p.inner; k += STEP) {
        if local < 128u {
            fill(0u, load_k, load_vector, block_a(row + 4u * load_vector, k + load_k, a_transposed));
        } else {
            fill(HALF, load_k, load_vector, block_b(column + 4u * load_vector, k + load_k, b_transposed));
        }
        workgroupBarrier();
        for (var n = 0u; n < STEP / SLICES; n++) {
            let term = slice * (STEP / SLICES) + n;
            multiply_add(
                &sums,
                tiles[place(term, y)],
                tiles[place(term, y + SIDE)],
                tiles[HALF + place(term, x)],
                tiles[HALF + place(term, x + SIDE)],
            );
        }
        workgroupBarrier();
    }
    for (var other = 1u; other < SLICES; other++) {
        if slice == other {
            hand_over(&sums, local % 64u);
        }
        workgroupBarrier();
        if slice == 0u {
            take_over(&sums, local);
        }
        workgroupBarrier();
    }
    if slice == 0u {
        store_all(&sums, row + 4u * y, row + 4u * (y + SIDE), column + 4u * x, column + 4u * (x + SIDE));
    }
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    tiled(group, local, false, false);
}

@compute @workgroup_size(WORKGROUP)
fn times_transpose(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    tiled(group, local, false, true);
}

@compute @workgroup_size(WORKGROUP)
fn transpose_times(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    tiled(group, local, true, false);
}

// The same products for adapters that a CPU emulates, where memory of a workgroup is no nearer than any other and a barrier
// costs much: each invocation reads its factors by itself. Loads cost the most there, so it computes 16 rows of 16 columns,
// and whole vec4s are read with no question whether they are needed: what lies past the last row or column is not stored.
// These are for rows of whole vec4s only: with loads that must shift them, such an adapter compiles for minutes.
const EMULATED_X = 4u;
const EMULATED_Y = 2u;

fn whole_a(i: u32, j: u32) -> vec4<f32> {
    return a[(p.a_offset + i * p.a_stride + j) / 4u];
}

// Elements of the term k of all sums; past the last term they are zero.
fn term_a(k: u32, i: u32) -> vec4<f32> {
    return select(vec4(0.0), whole_a(k, i), k < p.inner);
}

fn term_b(k: u32, j: u32) -> vec4<f32> {
    return select(vec4(0.0), b[(k * p.columns + j) / 4u], k < p.inner);
}

// Terms k to k + 3 of rows i to i + 3 of the first factor: column n of the result is row i + n.
fn rows_a(i: u32, k: u32, transposed: bool) -> mat4x4<f32> {
    if transposed {
        return transpose(mat4x4(term_a(k, i), term_a(k + 1u, i), term_a(k + 2u, i), term_a(k + 3u, i)));
    }
    return mat4x4(whole_a(i, k), whole_a(i + 1u, k), whole_a(i + 2u, k), whole_a(i + 3u, k));
}

// Terms k to k + 3 of columns j to j + 3 of the second factor: column n of the result is term k + n.
fn terms_b(j: u32, k: u32, transposed: bool) -> mat4x4<f32> {
    if transposed {
        let at = (j * p.inner + k) / 4u;
        let stride = p.inner / 4u;
        return transpose(mat4x4(b[at], b[at + stride], b[at + 2u * stride], b[at + 3u * stride]));
    }
    return mat4x4(term_b(k, j), term_b(k + 1u, j), term_b(k + 2u, j), term_b(k + 3u, j));
}

fn alone(id: vec3<u32>, a_transposed: bool, b_transposed: bool) {
    let row = 16u * id.y;
    let column = 16u * id.x;
    if row >= p.rows || column >= p.columns {
        return;
    }
    // Blocks of 4 rows, which are the columns of these matrices, and 4 columns of the product. As variables of their own they
    // are in registers where an array would be in memory.
    var s00 = mat4x4<f32>();
    var s01 = mat4x4<f32>();
    var s02 = mat4x4<f32>();
    var s03 = mat4x4<f32>();
    var s10 = mat4x4<f32>();
    var s11 = mat4x4<f32>();
    var s12 = mat4x4<f32>();
    var s13 = mat4x4<f32>();
    var s20 = mat4x4<f32>();
    var s21 = mat4x4<f32>();
    var s22 = mat4x4<f32>();
    var s23 = mat4x4<f32>();
    var s30 = mat4x4<f32>();
    var s31 = mat4x4<f32>();
    var s32 = mat4x4<f32>();
    var s33 = mat4x4<f32>();
    for (var k = 0u; k < p.inner; k += 4u) {
        let b0 = terms_b(column, k, b_transposed);
        let b1 = terms_b(column + 4u, k, b_transposed);
        let b2 = terms_b(column + 8u, k, b_transposed);
        let b3 = terms_b(column + 12u, k, b_transposed);
        let a0 = rows_a(row, k, a_transposed);
        s00 += b0 * a0;
        s01 += b1 * a0;
        s02 += b2 * a0;
        s03 += b3 * a0;
        let a1 = rows_a(row + 4u, k, a_transposed);
        s10 += b0 * a1;
        s11 += b1 * a1;
        s12 += b2 * a1;
        s13 += b3 * a1;
        let a2 = rows_a(row + 8u, k, a_transposed);
        s20 += b0 * a2;
        s21 += b1 * a2;
        s22 += b2 * a2;
        s23 += b3 * a2;
        let a3 = rows_a(row + 12u, k, a_transposed);
        s30 += b0 * a3;
        s31 += b1 * a3;
        s32 += b2 * a3;
        s33 += b3 * a3;
    }
    let add = accumulates(p.accumulate, scalars[MICRO_BATCH]);
    // A loop, since a compiler is not quick to compile 64 stores.
    var sums = array(s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33);
    for (var n = 0u; n < 64u; n++) {
        store(row + n / 16u * 4u + n % 4u, column + n / 4u % 4u * 4u, sums[n / 4u][n % 4u], add);
    }
}

@compute @workgroup_size(EMULATED_X, EMULATED_Y)
fn forward_emulated(@builtin(global_invocation_id) id: vec3<u32>) {
    alone(id, false, false);
}

@compute @workgroup_size(EMULATED_X, EMULATED_Y)
fn times_transpose_emulated(@builtin(global_invocation_id) id: vec3<u32>) {
    alone(id, false, true);
}

@compute @workgroup_size(EMULATED_X, EMULATED_Y)
fn transpose_times_emulated(@builtin(global_invocation_id) id: vec3<u32>) {
    alone(id, true, false);
}

@group(0) @binding(1) var<storage, read> dy: array<f32>; // (N, M)
@group(0) @binding(2) var<storage, read> step_scalars: array<f32>; // step scalars
@group(0) @binding(3) var<storage, read_write> dbias: array<f32>; // (M)

@compute @workgroup_size(WORKGROUP)
fn column_sums(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    for (var first = group.x * COLUMNS; first < p.columns; first += groups.x * COLUMNS) {
        let column = first + local % COLUMNS;
        var sum = 0.0;
        if column < p.columns {
            for (var row = local / COLUMNS; row < p.rows; row += WORKGROUP / COLUMNS) {
                sum += dy[row * p.columns + column];
            }
        }
        sum = columns_sum_pair(vec2(sum, 0.0), local).x;
        if local < COLUMNS && column < p.columns {
            let add = accumulates(p.accumulate, step_scalars[MICRO_BATCH]);
            dbias[column] = sum + select(0.0, dbias[column], add);
        }
    }
}

@compute @workgroup_size(EMULATED)
fn column_sums_emulated(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var column = id.x; column < p.columns; column += groups.x * EMULATED) {
        var sum = 0.0;
        for (var row = 0u; row < p.rows; row++) {
            sum += dy[row * p.columns + column];
        }
        let add = accumulates(p.accumulate, step_scalars[MICRO_BATCH]);
        dbias[column] = sum + select(0.0, dbias[column], add);
    }
}
