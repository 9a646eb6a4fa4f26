//! FineWeb's own rules: lists, menus and lines that come twice.

use super::repetition::Repetition;
use super::rules::{Id, Judge};
use super::{EMPTY, Fired, share};
use crate::corpus::characters::{Characters, TERMINAL};
use crate::corpus::python_str;
use crate::corpus::words::Token;

/// The first rule that fires.
pub(super) fn fired(text: &str, words: &[Token], rules: &dyn Judge, repetition: &mut Repetition) -> Option<Fired> {
    let characters = Characters::get();
    let lines = || text.split('\n').filter(|line| !python_str::strip(line).is_empty());
    let ends_well = |line: &str| characters.before(line.as_bytes(), line.len()).0 & TERMINAL != 0;
    let longest = rules.rules().threshold(Id::ShortLineLength);
    let is_short = |line: &str| python_str::length(line) as f64 <= longest;
    let (mut count, mut well, mut short) = (0, 0, 0);
    for line in lines() {
        count += 1;
        well += ends_well(line) as usize;
        short += is_short(line) as usize;
    }
    if count == 0 {
        return Some(EMPTY);
    }
    let first = |holds: &dyn Fn(&str) -> bool| {
        lines().find(|line| holds(line)).map_or(0..0, |line| python_str::place(text, line))
    };
    let value = share(well, count);
    if rules.fires(Id::LinePunctuation, value) {
        return Some(Fired::new(Id::LinePunctuation, value, first(&|line| !ends_well(line))));
    }
    let value = share(short, count);
    if rules.fires(Id::ShortLines, value) {
        return Some(Fired::new(Id::ShortLines, value, first(&is_short)));
    }
    let newlines = text.bytes().filter(|&byte| byte == b'\n').count();
    let duplicates = repetition.duplicates(text, lines());
    let value = share(duplicates.characters, python_str::length(text) - newlines);
    if rules.fires(Id::DuplicateLines, value) {
        return Some(Fired::new(Id::DuplicateLines, value, duplicates.first));
    }
    let value = share(newlines, words.len());
    rules.fires(Id::List, value).then(|| Fired::new(Id::List, value, 0..text.len()))
}
