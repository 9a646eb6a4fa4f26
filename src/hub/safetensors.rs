//! A safetensors file, written and read one tensor at a time, so that a model is in memory once.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use safetensors::{Dtype, tensor::Metadata, tensor::TensorInfo};
use serde_json::{Map, json};

use super::damaged;
use crate::{Error, Result};

/// GPT-2's headers have 17 KB; this is enough for thousands of layers, and little enough to be read from anywhere.
const LONGEST_HEADER: u64 = 16 << 20;

/// Numbers that are converted at a time.
const CHUNK: usize = 1 << 16;

/// A tensor to be written: name, shape, values row by row.
pub(super) type View<'a> = (String, &'a [usize], &'a [f32]);

/// Writes `tensors` in their order as 32-bit floats, little-endian. The same tensors give the same bytes.
pub(super) fn write(writer: &mut dyn Write, metadata: &[(&str, &str)], tensors: &[View]) -> io::Result<()> {
    let mut header = Map::new();
    header.insert("__metadata__".into(), metadata.iter().copied().collect());
    let mut end = 0;
    for (name, shape, values) in tensors {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}: expected as many values as {shape:?} has");
        let start = end;
        end += size_of_val(*values);
        header.insert(name.clone(), json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]}));
    }
    let mut header = serde_json::to_vec(&header)?;
    // Data aligned to eight bytes can be used in place by those who map the file.
    header.resize(header.len().next_multiple_of(8), b' ');
    writer.write_all(&(header.len() as u64).to_le_bytes())?;
    writer.write_all(&header)?;
    for (_, _, values) in tensors {
        if cfg!(target_endian = "little") {
            writer.write_all(bytemuck::cast_slice(values))?;
        } else {
            for value in *values {
                writer.write_all(&value.to_le_bytes())?;
            }
        }
    }
    Ok(())
}

/// What a file held: its free metadata, and the wanted tensors with their values in 32 bits.
pub(super) struct Contents {
    pub metadata: HashMap<String, String>,
    pub tensors: HashMap<String, Vec<f32>>,
}

/// Reads a file of `len` bytes. `wants` is shown name and shape of each tensor before any is read, and says whether it
/// is kept; only then is memory taken, and never more than twice the file's. `place` is the file's name.
pub(super) fn read(
    place: &str,
    reader: &mut dyn Read,
    len: u64,
    wants: &mut dyn FnMut(&str, &[usize]) -> Result<bool>,
) -> Result<Contents> {
    let header = read_header(place, reader, len)?;
    let mut wanted = Vec::new();
    for name in header.offset_keys() {
        let info = header.info(&name).expect("the key is the header's own");
        let keep = wants(&name, &info.shape)?;
        if keep && !matches!(info.dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
            let message = format!("{name}: expected numbers of type F16, BF16, F32 or F64, found {}", info.dtype);
            return Err(Error::format(place, message));
        }
        wanted.push((name, keep));
    }
    let mut tensors = HashMap::new();
    for (name, keep) in wanted {
        let info = header.info(&name).expect("the key is the header's own");
        let (start, end) = info.data_offsets;
        if keep {
            let values = read_values(place, reader, info, &name)?;
            tensors.insert(name, values);
        } else {
            let mut skipped = reader.take((end - start) as u64);
            io::copy(&mut skipped, &mut io::sink()).map_err(|error| damaged(place, error))?;
        }
    }
    // A zip checks its sums when the end is read.
    match reader.read(&mut [0]) {
        Ok(0) => Ok(Contents { metadata: header.metadata().clone().unwrap_or_default(), tensors }),
        Ok(_) => Err(Error::format(place, "there is more data than the header tells of: get the file again")),
        Err(error) => Err(damaged(place, error)),
    }
}

fn read_header(place: &str, reader: &mut dyn Read, len: u64) -> Result<Metadata> {
    let refuse = |message: String| {
        Err(Error::format(place, format!("expected a safetensors file, but {message}: it is damaged or another file")))
    };
    if len < 8 {
        return refuse(format!("it has {len} bytes"));
    }
    let mut length = [0; 8];
    reader.read_exact(&mut length).map_err(|error| damaged(place, error))?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER.min(len - 8) {
        return refuse(format!("its header would have {length} bytes"));
    }
    let mut header = vec![0; length as usize];
    reader.read_exact(&mut header).map_err(|error| damaged(place, error))?;
    let header: Metadata = match serde_json::from_slice(&header) {
        Ok(header) => header,
        Err(error) => return refuse(format!("its header cannot be understood ({error})")),
    };
    let (found, declared) = (len - 8 - length, header.data_len() as u64);
    if found != declared {
        let message =
            format!("the header tells of {declared} bytes of numbers and there are {found}: get the file again");
        return Err(Error::format(place, message));
    }
    Ok(header)
}

/// The values of a tensor, next in `reader`, in 32 bits.
fn read_values(place: &str, reader: &mut dyn Read, info: &TensorInfo, name: &str) -> Result<Vec<f32>> {
    let len = info.shape.iter().product();
    let mut values: Vec<f32> = Vec::new();
    if values.try_reserve_exact(len).is_err() {
        return Err(Error::format(place, format!("{name}: there is not enough memory for its {len} numbers")));
    }
    if info.dtype == Dtype::F32 {
        values.resize(len, 0.0);
        let bytes = bytemuck::cast_slice_mut(&mut values);
        reader.read_exact(bytes).map_err(|error| damaged(place, error))?;
        if cfg!(target_endian = "big") {
            values.iter_mut().for_each(|value| *value = f32::from_bits(value.to_bits().swap_bytes()));
        }
        return Ok(values);
    }
    let width = info.dtype.bitsize() / 8;
    let mut buffer = vec![0; width * CHUNK.min(len)];
    while values.len() < len {
        let chunk = &mut buffer[..width * CHUNK.min(len - values.len())];
        reader.read_exact(chunk).map_err(|error| damaged(place, error))?;
        values.extend(chunk.chunks_exact(width).map(|number| match *number {
            [a, b] if info.dtype == Dtype::F16 => half::f16::from_le_bytes([a, b]).to_f32(),
            [a, b] => half::bf16::from_le_bytes([a, b]).to_f32(),
            [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
            _ => unreachable!("only numbers of two and eight bytes come here"),
        }));
    }
    Ok(values)
}
