//! Work over all cores natively, one after another in wasm. How work is divided never depends on how many threads
//! there are, so that every sum has one order and every machine the same bits.

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

/// Threads that kernels run on.
pub fn threads() -> usize {
    #[cfg(not(target_arch = "wasm32"))]
    return rayon::current_num_threads();
    #[cfg(target_arch = "wasm32")]
    1
}

/// Makes the calling thread one of those that kernels run on, so that they begin and end without waking another: of
/// `threads`, or of as many as the machine runs at once. To be called by a program before its first kernel; later it
/// changes nothing.
#[cfg(not(target_arch = "wasm32"))]
pub fn enlist(threads: Option<usize>) {
    // An error means that the threads stand already, and they do as well, but slower.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).use_current_thread().build_global();
}

/// Runs `work(i, item)` for every item.
pub fn each<T: Send>(items: Vec<T>, work: impl Fn(usize, T) + Sync + Send) {
    #[cfg(not(target_arch = "wasm32"))]
    if items.len() > 1 {
        return items.into_par_iter().with_max_len(1).enumerate().for_each(|(i, item)| work(i, item));
    }
    items.into_iter().enumerate().for_each(|(i, item)| work(i, item));
}

/// Calls `work(i)` for 0 to `count` and keeps the results in order.
pub fn map<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    #[cfg(not(target_arch = "wasm32"))]
    if count > 1 {
        return (0..count).into_par_iter().with_max_len(1).map(work).collect();
    }
    (0..count).map(work).collect()
}

/// Rows in one task: about 16 Ki elements, so that a task is worth handing to another thread.
pub fn grain(row: usize) -> usize {
    (16 * 1024 / row.max(1)).max(1)
}
