//! Door two: the command line.

fn main() {}
