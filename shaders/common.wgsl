// What every kernel shares; this file stands in front of each op's.
//
// Letters in shape comments: B batch, T context, C channels, H heads, D head size, V vocabulary.

// Invocations of a workgroup in every kernel that does not say otherwise.
const WORKGROUP = 256u;

// The same in kernels for adapters that a CPU emulates. There a barrier costs more than what it lets invocations share, so
// each invocation has a row, or a column, for itself.
const EMULATED = 16u;
// Terms that such an invocation adds up before it adds their sum to the sum of all: one long sum of small terms loses digits.
const RUN = 64u;

// Columns of a workgroup that sums over rows; its invocations share the rows.
const COLUMNS = 16u;

// Places of the step scalars: tape.rs, Scalar.
const LEARNING_RATE = 0u;
const CORRECTION_1 = 1u;
const CORRECTION_2 = 2u;
const MICRO_BATCH = 3u;
const WEIGHT_SCALE = 4u;
const CACHE_LENGTH = 5u;

// How a gradient is written: tape.rs, Accumulate.
const OVERWRITE = 0u;
const ADD = 1u;
const ADD_AFTER_FIRST = 2u;

const LOWEST = -3.4028234e38;

// Whether a gradient is added to what is there: always, or in every micro-batch but the first.
fn accumulates(how: u32, micro_batch: f32) -> bool {
    return how == ADD || (how == ADD_AFTER_FIRST && micro_batch > 0.0);
}

// 1 / (1 + e^-x), clamped where e^-x would overflow.
fn sigmoid(x: vec4<f32>) -> vec4<f32> {
    return 1.0 / (1.0 + exp(-clamp(x, vec4(-80.0), vec4(80.0))));
}

fn horizontal_sum(x: vec4<f32>) -> f32 {
    return (x.x + x.y) + (x.z + x.w);
}

fn is_finite(x: f32) -> bool {
    // By bits: a compiler may take it that no number is infinite or NaN.
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

var<workgroup> reduced: array<f32, WORKGROUP>;
var<workgroup> reduced_pairs: array<vec2<f32>, WORKGROUP>;

// The sum over each aligned run of `lanes` invocations (a power of two), given to all of them. All invocations of the
// workgroup call it; every sum has one order.
fn lanes_sum(value: f32, local: u32, lanes: u32) -> f32 {
    let lane = local % lanes;
    reduced[local] = value;
    for (var half = lanes / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            reduced[local] += reduced[local + half];
        }
    }
    workgroupBarrier();
    let sum = reduced[local - lane];
    workgroupBarrier();
    return sum;
}

// Two sums at once.
fn lanes_sum_pair(value: vec2<f32>, local: u32, lanes: u32) -> vec2<f32> {
    let lane = local % lanes;
    reduced_pairs[local] = value;
    for (var half = lanes / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            reduced_pairs[local] += reduced_pairs[local + half];
        }
    }
    workgroupBarrier();
    let sum = reduced_pairs[local - lane];
    workgroupBarrier();
    return sum;
}

// The sums over all invocations of a column, which are those `COLUMNS` apart: two at once, given to the first `COLUMNS`
// invocations. All invocations of the workgroup call it; every sum has one order.
fn columns_sum_pair(value: vec2<f32>, local: u32) -> vec2<f32> {
    reduced_pairs[local] = value;
    for (var half = WORKGROUP / 2u; half >= COLUMNS; half /= 2u) {
        workgroupBarrier();
        if local < half {
            reduced_pairs[local] += reduced_pairs[local + half];
        }
    }
    let sum = reduced_pairs[local];
    workgroupBarrier();
    return sum;
}

fn lanes_max(value: f32, local: u32, lanes: u32) -> f32 {
    let lane = local % lanes;
    reduced[local] = value;
    for (var half = lanes / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            reduced[local] = max(reduced[local], reduced[local + half]);
        }
    }
    workgroupBarrier();
    let largest = reduced[local - lane];
    workgroupBarrier();
    return largest;
}
