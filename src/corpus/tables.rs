//! English word rules as tables. Made by scripts/make_word_rules.py: change that, not this.
//!
//! The rules are those of spaCy 3.8.18; TERMINAL and MARK are datatrove 0.10.1's. spaCy's notice:
//!
//! The MIT License (MIT)
//!
//! Copyright (C) 2016-2024 ExplosionAI GmbH, 2016 spaCy GmbH, 2015 Matthew Honnibal
//!
//! Permission is hereby granted, free of charge, to any person obtaining a copy
//! of this software and associated documentation files (the "Software"), to deal
//! in the Software without restriction, including without limitation the rights
//! to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
//! copies of the Software, and to permit persons to whom the Software is
//! furnished to do so, subject to the following conditions:
//!
//! The above copyright notice and this permission notice shall be included in
//! all copies or substantial portions of the Software.
//!
//! THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
//! IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
//! FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
//! AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
//! LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
//! OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
//! THE SOFTWARE.

/// spaCy's letters.
#[rustfmt::skip]
pub(super) const ALPHA: &[u32] = &[
    65, 26, 6, 26, 69, 23, 1, 31, 1, 200, 4, 236, 214, 1, 1, 3, 1, 1, 1, 2, 1, 25, 2, 4, 1, 25, 2, 3, 49, 2, 1, 8,
    1, 2, 2, 66, 1, 8, 1, 2, 50, 2, 4, 2, 10, 2, 10, 2, 10, 2, 28, 2, 14, 2, 167, 100, 43, 43, 35, 104, 15, 27, 80,
    48, 288, 30, 66, 256, 384, 384, 128, 128, 768, 640, 2432, 38, 69, 13, 1, 34, 101, 256, 3424, 28, 2, 2, 512, 352,
    16, 272, 192, 48, 16, 7104, 64, 20992, 1826, 78, 1, 23, 3, 4, 1, 42, 64, 1, 821, 43, 5, 5, 155, 11184, 8528,
    512, 29, 149, 33, 363, 18, 120, 40, 12, 52, 32, 32, 141, 36, 26, 6, 26, 61093, 188, 836, 256, 3328, 42720, 32,
    17648, 3088, 544,
];

/// Its lower case, and what has no case.
#[rustfmt::skip]
pub(super) const LOWER: &[u32] = &[
    97, 26, 100, 24, 1, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 3, 2, 1, 1, 1, 2, 1, 3, 2, 4, 1, 2, 1, 3, 3, 2, 1, 2,
    1, 1, 1, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 3, 1, 1, 1, 2, 2, 2, 3, 6, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7, 2, 1, 2, 2, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 97, 252, 4, 1, 25, 2, 3,
    97, 34, 1, 8, 1, 2, 51, 1, 5, 1, 11, 1, 11, 1, 11, 1, 29, 1, 15, 1, 167, 100, 43, 43, 35, 104, 15, 27, 80, 48,
    288, 30, 66, 256, 384, 384, 128, 128, 768, 640, 2432, 38, 69, 13, 1, 34, 102, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3425, 1, 3, 2, 1, 1, 1, 1, 1, 1, 4, 1, 1, 2, 1, 6, 516, 352, 16, 272,
    192, 48, 16, 7104, 64, 20992, 1827, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 1, 1, 1, 2, 1, 1, 3,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5, 1, 5, 1, 1, 1, 1, 1, 64, 1, 821, 43, 5, 5, 155,
    11184, 8528, 512, 29, 149, 33, 363, 18, 120, 40, 12, 52, 32, 32, 141, 68, 26, 61093, 188, 836, 256, 3328, 42720,
    32, 17648, 3088, 544,
];

/// Its upper case, and what has no case.
#[rustfmt::skip]
pub(super) const UPPER: &[u32] = &[
    65, 26, 101, 23, 1, 7, 33, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 3, 2, 1, 1, 1, 2, 1, 3, 2, 4, 1, 2, 1, 3, 3, 2,
    1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 3, 1, 1, 1, 2, 3, 1, 7, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 1, 1, 3, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7, 2, 1, 2, 2, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 311, 1, 1, 3, 1, 1,
    1, 2, 1, 25, 86, 2, 1, 8, 1, 2, 2, 32, 96, 1, 5, 1, 11, 1, 11, 1, 11, 1, 29, 1, 15, 1, 168, 100, 43, 43, 35,
    104, 15, 27, 80, 48, 288, 30, 66, 256, 384, 384, 128, 128, 768, 640, 2688, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3425, 1, 1, 3, 2, 1, 1, 1, 1, 1, 1, 4, 1, 1, 2, 1, 8, 2, 512, 352, 16,
    272, 192, 48, 16, 7104, 64, 20992, 1826, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 10, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 4, 1, 1, 1, 2, 1, 1, 1, 3,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5, 1, 5, 1, 1, 1, 1, 1095, 11184, 8528, 512, 29,
    149, 33, 363, 18, 120, 40, 12, 52, 32, 32, 141, 36, 26, 61125, 188, 836, 256, 3328, 42720, 32, 17648, 3088, 544,
];

/// Its quotation marks and brackets.
#[rustfmt::skip]
pub(super) const QUOTE: &[u32] = &[
    34, 1, 4, 1, 4, 1, 51, 1, 74, 1, 8, 1, 6, 1, 8028, 3, 1, 3, 778, 2, 1211, 2, 2080, 10, 2, 2, 52978, 2,
];

/// Its symbols, which are words wherever they stand, and the ellipsis.
#[rustfmt::skip]
pub(super) const ICON: &[u32] = &[
    166, 1, 2, 1, 4, 1, 1, 1, 977, 1, 266, 2, 127, 2, 206, 1, 10, 1, 19, 2, 247, 1, 515, 1, 373, 1, 130, 6, 1, 1,
    132, 1, 207, 1, 41, 1, 391, 3, 15, 1, 1, 3, 2, 6, 20, 1, 1, 1, 1, 1, 133, 8, 1, 6, 1, 2, 5, 4, 197, 2, 752, 10,
    1446, 1, 157, 34, 353, 10, 9, 9, 1193, 1, 217, 2, 1, 4, 1, 2, 10, 1, 1, 2, 6, 6, 1, 1, 1, 1, 1, 1, 4, 1, 11, 2,
    14, 1, 1, 2, 1, 1, 58, 2, 9, 5, 2, 4, 1, 2, 1, 2, 1, 7, 1, 31, 2, 2, 1, 1, 1, 31, 268, 8, 4, 20, 2, 7, 2, 81, 1,
    30, 25, 40, 6, 69, 25, 11, 81, 78, 22, 183, 1, 9, 1, 54, 8, 111, 1, 248, 44, 44, 64, 256, 512, 48, 21, 2, 6, 39,
    2, 32, 2, 49, 1, 53, 230, 6, 405, 26, 1, 89, 12, 214, 26, 12, 8, 1, 13, 2, 12, 1, 21, 2, 6, 2, 336, 2, 4, 10,
    32, 36, 28, 31, 11, 30, 8, 1, 15, 32, 10, 39, 15, 63, 1, 256, 6592, 64, 22160, 55, 865, 4, 10, 2, 1, 1, 573, 3,
    21379, 1, 486, 1, 3, 1, 4, 2, 13, 2, 313, 9, 57, 17, 2, 3, 1, 12, 4, 1, 47, 45, 1658, 2, 591, 1, 3190, 1, 21500,
    4, 5, 1, 20822, 1, 4963, 246, 10, 39, 2, 60, 5, 3, 22, 2, 7, 30, 4, 59, 23, 66, 3, 1, 186, 87, 1193, 512, 55, 4,
    50, 8, 1, 14, 1, 2, 4645, 1, 851, 44, 4, 100, 12, 15, 2, 15, 1, 15, 1, 37, 26, 92, 4, 61, 57, 29, 13, 44, 4, 9,
    7, 2, 14, 6, 154, 251, 5, 725, 11, 13, 3, 10, 6, 116, 12, 89, 39, 12, 4, 56, 8, 10, 6, 40, 8, 30, 82, 12, 4, 47,
    1, 49, 2, 4, 3, 1, 1, 39, 13, 10, 6, 3, 13, 48, 96, 14,
];

/// What is cut off at the beginning of a word.
#[rustfmt::skip]
pub(super) const PREFIX: &[u32] = &[
    33, 10, 1, 1, 13, 6, 27, 1, 1, 1, 1, 2, 26, 1, 1, 1, 35, 1, 1, 1, 1, 3, 1, 1, 1, 1, 2, 1, 1, 1, 3, 1, 2, 1, 3,
    1, 3, 1, 962, 1, 266, 2, 125, 1, 1, 2, 11, 1, 3, 1, 74, 1, 105, 1, 9, 1, 10, 1, 19, 2, 247, 1, 365, 1, 149, 1,
    373, 1, 130, 6, 1, 1, 132, 1, 207, 1, 41, 1, 197, 1, 193, 3, 15, 1, 1, 3, 2, 6, 20, 1, 1, 1, 1, 1, 133, 8, 1, 6,
    1, 2, 5, 4, 197, 2, 752, 10, 1446, 1, 157, 34, 353, 10, 9, 9, 1174, 2, 3, 3, 1, 3, 7, 1, 121, 32, 64, 2, 1, 4,
    1, 2, 10, 1, 1, 2, 6, 6, 1, 1, 1, 1, 1, 1, 4, 1, 11, 2, 14, 1, 1, 2, 1, 1, 58, 2, 9, 5, 2, 4, 1, 2, 1, 2, 1, 7,
    1, 31, 2, 2, 1, 1, 1, 31, 268, 8, 4, 20, 2, 90, 1, 30, 25, 40, 6, 69, 25, 11, 81, 78, 22, 183, 1, 9, 1, 54, 8,
    111, 1, 248, 44, 44, 38, 2, 24, 256, 512, 48, 21, 2, 6, 39, 2, 32, 2, 49, 1, 53, 230, 6, 405, 26, 1, 89, 12,
    214, 26, 12, 5, 2, 1, 1, 3, 14, 10, 1, 21, 2, 6, 2, 336, 2, 4, 10, 32, 36, 28, 31, 11, 30, 8, 1, 15, 32, 10, 39,
    15, 63, 1, 256, 6592, 64, 22160, 55, 865, 4, 10, 2, 1, 1, 573, 3, 21378, 2, 259, 1, 6, 2, 2, 1, 13, 2, 3, 1, 62,
    1, 133, 1, 3, 1, 4, 2, 13, 2, 313, 9, 57, 17, 2, 3, 1, 12, 4, 1, 47, 45, 1658, 2, 591, 1, 3190, 1, 21500, 4, 5,
    1, 20822, 1, 4963, 246, 10, 39, 2, 60, 5, 3, 22, 2, 7, 30, 4, 59, 23, 66, 3, 1, 186, 87, 1193, 512, 55, 4, 50,
    8, 1, 14, 1, 2, 4645, 1, 851, 44, 4, 100, 12, 15, 2, 15, 1, 15, 1, 37, 26, 92, 4, 61, 57, 29, 13, 44, 4, 9, 7,
    2, 14, 6, 154, 251, 5, 725, 11, 13, 3, 10, 6, 116, 12, 89, 39, 12, 4, 56, 8, 10, 6, 40, 8, 30, 82, 12, 4, 47, 1,
    49, 2, 4, 3, 1, 1, 39, 13, 10, 6, 3, 13, 48, 96, 14,
];

/// What is cut off at its end.
#[rustfmt::skip]
pub(super) const SUFFIX: &[u32] = &[
    33, 3, 2, 5, 1, 1, 13, 3, 1, 2, 27, 1, 1, 1, 1, 2, 26, 1, 1, 1, 35, 1, 4, 1, 2, 1, 1, 1, 2, 1, 1, 1, 3, 1, 2, 1,
    3, 1, 3, 1, 962, 1, 266, 2, 125, 1, 1, 2, 11, 1, 3, 1, 74, 1, 105, 1, 9, 1, 10, 1, 19, 2, 247, 1, 365, 1, 149,
    1, 373, 1, 130, 6, 1, 1, 132, 1, 207, 1, 41, 1, 391, 3, 15, 1, 1, 3, 2, 6, 20, 1, 1, 1, 1, 1, 133, 8, 1, 6, 1,
    2, 5, 4, 197, 2, 752, 10, 1446, 1, 157, 34, 353, 10, 9, 9, 1174, 2, 3, 3, 1, 3, 7, 1, 217, 2, 1, 4, 1, 2, 10, 1,
    1, 2, 6, 6, 1, 1, 1, 1, 1, 1, 4, 1, 11, 2, 14, 1, 1, 2, 1, 1, 58, 2, 9, 5, 2, 4, 1, 2, 1, 2, 1, 7, 1, 31, 2, 2,
    1, 1, 1, 31, 268, 8, 4, 20, 2, 90, 1, 30, 25, 40, 6, 69, 25, 11, 81, 78, 22, 183, 1, 9, 1, 54, 8, 111, 1, 248,
    44, 44, 38, 2, 24, 256, 512, 48, 21, 2, 6, 39, 2, 32, 2, 49, 1, 53, 230, 6, 405, 26, 1, 89, 12, 214, 26, 12, 5,
    2, 1, 1, 3, 14, 10, 1, 21, 2, 6, 2, 336, 2, 4, 10, 32, 36, 28, 31, 11, 30, 8, 1, 15, 32, 10, 39, 15, 63, 1, 256,
    6592, 64, 22160, 55, 865, 4, 10, 2, 1, 1, 573, 3, 21379, 1, 259, 1, 6, 2, 2, 1, 13, 2, 3, 1, 62, 1, 133, 1, 3,
    1, 4, 2, 13, 2, 313, 9, 57, 17, 2, 3, 1, 12, 4, 1, 47, 45, 1658, 2, 591, 1, 3190, 1, 21500, 4, 5, 1, 20822, 1,
    4963, 246, 10, 39, 2, 60, 5, 3, 22, 2, 7, 30, 4, 59, 23, 66, 3, 1, 186, 87, 1193, 512, 55, 4, 50, 8, 1, 14, 1,
    2, 4645, 1, 851, 44, 4, 100, 12, 15, 2, 15, 1, 15, 1, 37, 26, 92, 4, 61, 57, 29, 13, 44, 4, 9, 7, 2, 14, 6, 154,
    251, 5, 725, 11, 13, 3, 10, 6, 116, 12, 89, 39, 12, 4, 56, 8, 10, 6, 40, 8, 30, 82, 12, 4, 47, 1, 49, 2, 4, 3,
    1, 1, 39, 13, 10, 6, 3, 13, 48, 96, 14,
];

/// After what a full stop is cut off.
#[rustfmt::skip]
pub(super) const BEFORE_STOP: &[u32] = &[
    33, 3, 1, 9, 2, 13, 1, 2, 27, 1, 1, 1, 1, 31, 35, 1, 9, 1, 6, 1, 1, 1, 2, 1, 3, 1, 3, 1, 31, 24, 1, 8, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 2, 1, 1, 1, 1, 3, 2, 1, 1, 1, 2, 1, 3, 2, 4, 1, 2, 1, 3, 3, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 2, 1,
    1, 2, 1, 3, 1, 1, 1, 2, 2, 2, 3, 6, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 7, 2, 1, 2, 2, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 97, 252, 4, 1, 25, 2, 3, 97, 34, 1, 8, 1, 2, 51, 1, 5,
    1, 11, 1, 11, 1, 11, 1, 29, 1, 15, 1, 167, 100, 23, 1, 14, 1, 3, 44, 31, 1, 3, 104, 15, 27, 80, 48, 288, 30, 66,
    256, 384, 384, 128, 128, 768, 640, 2432, 38, 69, 13, 1, 34, 102, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 280, 3, 1, 3, 7, 1, 770, 2, 1211, 2, 1145, 1, 3, 2, 1, 1, 1, 1, 1, 1, 4, 1, 1, 2, 1,
    6, 516, 352, 16, 272, 192, 48, 16, 7104, 64, 20992, 1827, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4,
    1, 1, 1, 2, 1, 1, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5, 1, 5, 1, 1, 1, 1, 1, 64, 1,
    821, 43, 5, 5, 155, 11184, 8528, 512, 29, 149, 33, 363, 18, 120, 40, 12, 52, 32, 32, 141, 4, 1, 6, 2, 2, 1, 13,
    2, 3, 1, 33, 26, 3, 1, 61089, 188, 836, 256, 3328, 42720, 32, 17648, 3088, 544,
];

/// What ends a sentence for spaCy's sentencizer.
#[rustfmt::skip]
pub(super) const SENTENCE: &[u32] = &[
    33, 1, 12, 1, 16, 1, 1353, 1, 149, 1, 180, 1, 43, 3, 246, 1, 362, 2, 1764, 2, 790, 1, 4, 2, 773, 1, 198, 2, 204,
    1, 5, 1, 314, 2, 354, 4, 174, 2, 2, 2, 219, 2, 65, 2, 956, 2, 9, 3, 3556, 1, 13, 1, 453, 1, 29948, 1, 270, 2,
    227, 1, 3, 1, 382, 2, 86, 2, 95, 1, 152, 2, 147, 3, 144, 2, 249, 1, 21094, 1, 3, 2, 169, 1, 12, 1, 16, 1, 65, 1,
    2804, 2, 1519, 2, 117, 4, 127, 3, 129, 2, 6, 1, 16, 2, 88, 2, 1, 2, 108, 1, 417, 2, 373, 2, 5, 15, 105, 2, 249,
    3, 771, 2, 87, 2, 420, 2, 20011, 2, 133, 1, 65, 2, 11, 1, 20826, 1, 7656, 1,
];

/// What ends a sentence for datatrove.
#[rustfmt::skip]
pub(super) const TERMINAL: &[u32] = &[
    33, 1, 12, 1, 16, 1, 1353, 1, 147, 3, 180, 1, 43, 3, 246, 1, 61, 1, 1, 1, 3, 2, 293, 2, 1764, 2, 790, 1, 4, 2,
    773, 1, 198, 2, 157, 3, 2, 2, 40, 1, 5, 1, 314, 2, 354, 4, 174, 2, 2, 2, 29, 2, 188, 2, 65, 2, 956, 2, 9, 3,
    3556, 1, 13, 1, 22, 2, 429, 1, 29948, 1, 270, 2, 227, 1, 3, 1, 382, 2, 86, 2, 95, 1, 152, 2, 147, 3, 144, 2,
    249, 1, 21094, 1, 3, 2, 169, 1, 12, 1, 16, 1, 65, 1, 2804, 2, 1277, 5, 44, 4, 189, 2, 117, 4, 127, 3, 129, 2, 6,
    1, 16, 2, 88, 2, 1, 2, 108, 1, 417, 2, 373, 2, 5, 15, 105, 2, 249, 3, 517, 1, 1, 1, 251, 2, 87, 2, 420, 2, 692,
    2, 74, 2, 19241, 2, 133, 1, 65, 2, 11, 1, 851, 1, 19974, 1, 7656, 1,
];

/// What is punctuation for datatrove, controls among it.
#[rustfmt::skip]
pub(super) const MARK: &[u32] = &[
    0, 9, 2, 21, 1, 15, 10, 7, 26, 6, 26, 37, 11, 1, 8, 1, 6, 1, 8023, 2, 4, 1, 2, 3, 7, 1, 527, 1, 714, 1, 184, 1,
    2630, 2, 5, 6, 2, 2, 52975, 1, 3, 1, 2, 2, 2, 1, 1, 1, 2, 1, 8, 2, 3, 1, 62, 1,
];

/// What is cut off after a digit: currencies and units.
#[rustfmt::skip]
pub(super) const MEASURES: &[&str] = &[
    "$", "%", "A$", "C$", "G", "GB", "K", "KB", "M", "MB", "Pa", "T", "TB", "US$", "cm", "cm²", "cm³", "dm", "dm²",
    "dm³", "ft", "g", "gb", "hPa", "ha", "in", "kb", "kg", "km", "km/h", "kmh", "km²", "km³", "lb", "m", "m/s",
    "mb", "mbar", "mg", "mm", "mm²", "mm³", "mph", "m²", "m³", "nm", "oz", "t", "tb", "yd", "£", "¥", "µg", "µm",
    "ГБ", "Гб", "КБ", "Кб", "МБ", "Мб", "Па", "ТБ", "Тб", "г", "гб", "дм", "дм²", "дм³", "кПа", "кб", "кг", "км",
    "км/ч", "км²", "км³", "м", "м/с", "м²", "м³", "мб", "мбар", "мг", "мм", "мм²", "мм³", "нм", "см", "см²", "см³",
    "тбكم", "اكواب", "جرام", "جم", "سم", "سم²", "سم³", "غرام", "كغ", "كم", "كم²", "كم³", "كوب", "م", "م²", "م³",
    "ملغ", "مم", "مم²", "مم³", "฿", "₠", "₡", "₢", "₣", "₤", "₥", "₦", "₧", "₨", "₩", "₪", "₫", "€", "₭", "₮", "₯",
    "₰", "₱", "₲", "₳", "₴", "₵", "₶", "₷", "₸", "₹", "₺", "₻", "₼", "₽", "₾", "₿", "﷼",
];

/// Words that have a rule of their own, with a space where they are cut.
#[rustfmt::skip]
pub(super) const SPECIAL: &[&str] = &[
    "'", "''", "'Cause", "'Cos", "'Coz", "'Cuz", "'S", "'bout", "'cause", "'cos", "'coz", "'cuz", "'d", "'em",
    "'ll", "'nuff", "'re", "'s", "(*_*)", "(-8", "(-:", "(-;", "(-_-)", "(._.)", "(:", "(;", "(=", "(>_<)", "(^_^)",
    "(o:", "(¬_¬)", "(ಠ_ಠ)", "(╯°□°）╯︵┻━┻", ")-:", "):", "-_-", "-__-", "._.", "0.0", "0.o", "0_0", "0_o",
    "10 a.m.", "10 am", "10 p.m.", "10 pm", "11 a.m.", "11 am", "11 p.m.", "11 pm", "12 a.m.", "12 am", "12 p.m.",
    "12 pm", "1 a.m.", "1 am", "1 p.m.", "1 pm", "2 a.m.", "2 am", "2 p.m.", "2 pm", "3 a.m.", "3 am", "3 p.m.",
    "3 pm", "4 a.m.", "4 am", "4 p.m.", "4 pm", "5 a.m.", "5 am", "5 p.m.", "5 pm", "6 a.m.", "6 am", "6 p.m.",
    "6 pm", "7 a.m.", "7 am", "7 p.m.", "7 pm", "8)", "8-)", "8-D", "8D", "8 a.m.", "8 am", "8 p.m.", "8 pm",
    "9 a.m.", "9 am", "9 p.m.", "9 pm", ":'(", ":')", ":'-(", ":'-)", ":(", ":((", ":(((", ":()", ":)", ":))",
    ":)))", ":*", ":-(", ":-((", ":-(((", ":-)", ":-))", ":-)))", ":-*", ":-/", ":-0", ":-3", ":->", ":-D", ":-O",
    ":-P", ":-X", ":-]", ":-o", ":-p", ":-x", ":-|", ":-}", ":/", ":0", ":1", ":3", ":>", ":D", ":O", ":P", ":X",
    ":]", ":o", ":o)", ":p", ":x", ":|", ":}", ":’(", ":’)", ":’-(", ":’-)", ";)", ";-)", ";-D", ";D", ";_;", "<.<",
    "</3", "<3", "<33", "<333", "<space>", "=(", "=)", "=/", "=3", "=D", "=[", "=]", "=|", ">.<", ">.>", ">:(",
    ">:o", "><(((*>", "@_@", "Adm.", "Ai n't", "Ai nt", "Ai n’t", "Ak.", "Ala.", "Apr.", "Are n't", "Are nt",
    "Are n’t", "Ariz.", "Ark.", "Aug.", "Bros.", "C'm on", "C++", "Calif.", "Ca n't", "Ca n't 've", "Can not",
    "Ca nt", "Ca nt ve", "Ca n’t", "Ca n’t ’ve", "Co.", "Colo.", "Conn.", "Corp.", "Could 've", "Could n't",
    "Could n't 've", "Could nt", "Could nt ve", "Could n’t", "Could n’t ’ve", "Could ve", "Could ’ve", "C’m on",
    "D.C.", "Dare n't", "Dare nt", "Dare n’t", "Dec.", "Del.", "Did n't", "Did n't 've", "Did nt", "Did nt ve",
    "Did n’t", "Did n’t ’ve", "Does n't", "Does n't 've", "Does nt", "Does nt ve", "Does n’t", "Does n’t ’ve",
    "Doin", "Doin'", "Doin’", "Do n't", "Do n't 've", "Do nt", "Do nt ve", "Do n’t", "Do n’t ’ve", "Dr.", "E.G.",
    "E.g.", "Feb.", "Fla.", "Ga.", "Gen.", "Goin", "Goin'", "Goin’", "Gon na", "Got ta", "Gov.", "Had n't",
    "Had n't 've", "Had nt", "Had nt ve", "Had n’t", "Had n’t ’ve", "Has n't", "Has nt", "Has n’t", "Have n't",
    "Have nt", "Have n’t", "Havin", "Havin'", "Havin’", "He 'd", "He 'd 've", "He 'll", "He 'll 've", "He 's",
    "He d", "He d ve", "He ll ve", "He s", "He ’d", "He ’d ’ve", "He ’ll", "He ’ll ’ve", "He ’s", "How 'd",
    "How 'd 've", "How 'd 'y", "How 'll", "How 'll 've", "How 're", "How 's", "How 've", "How d", "How d ve",
    "How ll", "How ll ve", "How re", "How s", "How ve", "How ’d", "How ’d ’ve", "How ’d ’y", "How ’ll",
    "How ’ll ’ve", "How ’re", "How ’s", "How ’ve", "I 'd", "I 'd 've", "I 'll", "I 'll 've", "I 'm", "I 'm a",
    "I 've", "I.E.", "I.e.", "Ia.", "I d", "Id.", "I d ve", "Ill.", "I ll ve", "I m", "I m a", "Inc.", "Ind.",
    "Is n't", "Is nt", "Is n’t", "It 'd", "It 'd 've", "It 'll", "It 'll 've", "It 's", "It d", "It d ve", "It ll",
    "It ll ve", "It ’d", "It ’d ’ve", "It ’ll", "It ’ll ’ve", "It ’s", "I ve", "I ’d", "I ’d ’ve", "I ’ll",
    "I ’ll ’ve", "I ’m", "I ’m a", "I ’ve", "Jan.", "Jr.", "Jul.", "Jun.", "Kan.", "Kans.", "Ky.", "La.", "Let 's",
    "Let ’s", "Lovin", "Lovin'", "Lovin’", "Ltd.", "Ma'am", "Mar.", "Mass.", "May n't", "May n't 've", "May nt",
    "May nt ve", "May n’t", "May n’t ’ve", "Ma’am", "Md.", "Messrs.", "Mich.", "Might 've", "Might n't",
    "Might n't 've", "Might nt", "Might nt ve", "Might n’t", "Might n’t ’ve", "Might ve", "Might ’ve", "Minn.",
    "Miss.", "Mo.", "Mont.", "Mr.", "Mrs.", "Ms.", "Mt.", "Must 've", "Must n't", "Must n't 've", "Must nt",
    "Must nt ve", "Must n’t", "Must n’t ’ve", "Must ve", "Must ’ve", "N.C.", "N.D.", "N.H.", "N.J.", "N.M.", "N.Y.",
    "Neb.", "Nebr.", "Need n't", "Need n't 've", "Need nt", "Need nt ve", "Need n’t", "Need n’t ’ve", "Nev.",
    "Not 've", "Nothin", "Nothin'", "Nothin’", "Not ve", "Not ’ve", "Nov.", "Nuthin", "Nuthin'", "Nuthin’",
    "O'clock", "O.O", "O.o", "O_O", "O_o", "Oct.", "Okla.", "Ol", "Ol'", "Ol’", "Ore.", "Ought n't",
    "Ought n't 've", "Ought nt", "Ought nt ve", "Ought n’t", "Ought n’t ’ve", "O’clock", "Pa.", "Ph.D.", "Prof.",
    "Rep.", "Rev.", "S.C.", "Sen.", "Sep.", "Sept.", "Sha n't", "Sha n't 've", "Sha nt", "Sha nt ve", "Sha n’t",
    "Sha n’t ’ve", "She 'd", "She 'd 've", "She 'll", "She 'll 've", "She 's", "She d ve", "She ll ve", "She s",
    "She ’d", "She ’d ’ve", "She ’ll", "She ’ll ’ve", "She ’s", "Should 've", "Should n't", "Should n't 've",
    "Should nt", "Should nt ve", "Should n’t", "Should n’t ’ve", "Should ve", "Should ’ve", "Somethin", "Somethin'",
    "Somethin’", "St.", "Tenn.", "That 'd", "That 'd 've", "That 'll", "That 'll 've", "That 's", "That d",
    "That d ve", "That ll", "That ll ve", "That s", "That ’d", "That ’d ’ve", "That ’ll", "That ’ll ’ve", "That ’s",
    "There 'd", "There 'd 've", "There 'll", "There 'll 've", "There 're", "There 's", "There 've", "There d",
    "There d ve", "There ll", "There ll ve", "There re", "There s", "There ve", "There ’d", "There ’d ’ve",
    "There ’ll", "There ’ll ’ve", "There ’re", "There ’s", "There ’ve", "These 'd", "These 'd 've", "These 'll",
    "These 'll 've", "These 're", "These 've", "These d", "These d ve", "These ll", "These ll ve", "These re",
    "These ve", "These ’d", "These ’d ’ve", "These ’ll", "These ’ll ’ve", "These ’re", "These ’ve", "They 'd",
    "They 'd 've", "They 'll", "They 'll 've", "They 're", "They 've", "They d", "They d ve", "They ll",
    "They ll ve", "They re", "They ve", "They ’d", "They ’d ’ve", "They ’ll", "They ’ll ’ve", "They ’re",
    "They ’ve", "This 'd", "This 'd 've", "This 'll", "This 'll 've", "This 's", "This d", "This d ve", "This ll",
    "This ll ve", "This s", "This ’d", "This ’d ’ve", "This ’ll", "This ’ll ’ve", "This ’s", "Those 'd",
    "Those 'd 've", "Those 'll", "Those 'll 've", "Those 're", "Those 've", "Those d", "Those d ve", "Those ll",
    "Those ll ve", "Those re", "Those ve", "Those ’d", "Those ’d ’ve", "Those ’ll", "Those ’ll ’ve", "Those ’re",
    "Those ’ve", "V.V", "V_V", "Va.", "Wash.", "Was n't", "Was nt", "Was n’t", "We 'd", "We 'd 've", "We 'll",
    "We 'll 've", "We 're", "We 've", "We d", "We d ve", "We ll ve", "Were n't", "Were nt", "Were n’t", "We ve",
    "We ’d", "We ’d ’ve", "We ’ll", "We ’ll ’ve", "We ’re", "We ’ve", "What 'd", "What 'd 've", "What 'll",
    "What 'll 've", "What 're", "What 's", "What 've", "What d", "What d ve", "What ll", "What ll ve", "What re",
    "What s", "What ve", "What ’d", "What ’d ’ve", "What ’ll", "What ’ll ’ve", "What ’re", "What ’s", "What ’ve",
    "When 'd", "When 'd 've", "When 'll", "When 'll 've", "When 're", "When 's", "When 've", "When d", "When d ve",
    "When ll", "When ll ve", "When re", "When s", "When ve", "When ’d", "When ’d ’ve", "When ’ll", "When ’ll ’ve",
    "When ’re", "When ’s", "When ’ve", "Where 'd", "Where 'd 've", "Where 'll", "Where 'll 've", "Where 're",
    "Where 's", "Where 've", "Where d", "Where d ve", "Where ll", "Where ll ve", "Where re", "Where s", "Where ve",
    "Where ’d", "Where ’d ’ve", "Where ’ll", "Where ’ll ’ve", "Where ’re", "Where ’s", "Where ’ve", "Who 'd",
    "Who 'd 've", "Who 'll", "Who 'll 've", "Who 're", "Who 's", "Who 've", "Who d", "Who d ve", "Who ll",
    "Who ll ve", "Who s", "Who ve", "Who ’d", "Who ’d ’ve", "Who ’ll", "Who ’ll ’ve", "Who ’re", "Who ’s",
    "Who ’ve", "Why 'd", "Why 'd 've", "Why 'll", "Why 'll 've", "Why 're", "Why 's", "Why 've", "Why d",
    "Why d ve", "Why ll", "Why ll ve", "Why re", "Why s", "Why ve", "Why ’d", "Why ’d ’ve", "Why ’ll",
    "Why ’ll ’ve", "Why ’re", "Why ’s", "Why ’ve", "Wis.", "Wo n't", "Wo n't 've", "Wo nt", "Wo nt ve", "Wo n’t",
    "Wo n’t ’ve", "Would 've", "Would n't", "Would n't 've", "Would nt", "Would nt ve", "Would n’t",
    "Would n’t ’ve", "Would ve", "Would ’ve", "XD", "XDD", "You 'd", "You 'd 've", "You 'll", "You 'll 've",
    "You 're", "You 've", "You d", "You d ve", "You ll", "You ll ve", "You re", "You ve", "You ’d", "You ’d ’ve",
    "You ’ll", "You ’ll ’ve", "You ’re", "You ’ve", "[-:", "[:", "[=", "\\\")", "\\n", "\\t", "]=", "^_^", "^__^",
    "^___^", "a.", "a.m.", "ai n't", "ai nt", "ai n’t", "and/or", "are n't", "are nt", "are n’t", "b.", "c'm on",
    "c.", "ca n't", "ca n't 've", "can not", "ca nt", "ca nt ve", "ca n’t", "ca n’t ’ve", "co.", "could 've",
    "could n't", "could n't 've", "could nt", "could nt ve", "could n’t", "could n’t ’ve", "could ve", "could ’ve",
    "c’m on", "d.", "dare n't", "dare nt", "dare n’t", "did n't", "did n't 've", "did nt", "did nt ve", "did n’t",
    "did n’t ’ve", "does n't", "does n't 've", "does nt", "does nt ve", "does n’t", "does n’t ’ve", "doin", "doin'",
    "doin’", "do n't", "do n't 've", "do nt", "do nt ve", "do n’t", "do n’t ’ve", "e.", "e.g.", "em", "f.", "g.",
    "goin", "goin'", "goin’", "gon na", "got ta", "h.", "had n't", "had n't 've", "had nt", "had nt ve", "had n’t",
    "had n’t ’ve", "has n't", "has nt", "has n’t", "have n't", "have nt", "have n’t", "havin", "havin'", "havin’",
    "he 'd", "he 'd 've", "he 'll", "he 'll 've", "he 's", "he d", "he d ve", "he ll ve", "he s", "he ’d",
    "he ’d ’ve", "he ’ll", "he ’ll ’ve", "he ’s", "how 'd", "how 'd 've", "how 'd 'y", "how 'll", "how 'll 've",
    "how 're", "how 's", "how 've", "how d", "how d ve", "how ll", "how ll ve", "how re", "how s", "how ve",
    "how ’d", "how ’d ’ve", "how ’d ’y", "how ’ll", "how ’ll ’ve", "how ’re", "how ’s", "how ’ve", "i 'd",
    "i 'd 've", "i 'll", "i 'll 've", "i 'm", "i 'm a", "i 've", "i.", "i.e.", "i d", "i d ve", "i ll ve", "i m",
    "i m a", "is n't", "is nt", "is n’t", "it 'd", "it 'd 've", "it 'll", "it 'll 've", "it 's", "it d", "it d ve",
    "it ll", "it ll ve", "it ’d", "it ’d ’ve", "it ’ll", "it ’ll ’ve", "it ’s", "i ve", "i ’d", "i ’d ’ve", "i ’ll",
    "i ’ll ’ve", "i ’m", "i ’m a", "i ’ve", "j.", "k.", "l.", "let 's", "let ’s", "ll", "lovin", "lovin'", "lovin’",
    "m.", "ma'am", "may n't", "may n't 've", "may nt", "may nt ve", "may n’t", "may n’t ’ve", "ma’am", "might 've",
    "might n't", "might n't 've", "might nt", "might nt ve", "might n’t", "might n’t ’ve", "might ve", "might ’ve",
    "must 've", "must n't", "must n't 've", "must nt", "must nt ve", "must n’t", "must n’t ’ve", "must ve",
    "must ’ve", "n.", "need n't", "need n't 've", "need nt", "need nt ve", "need n’t", "need n’t ’ve", "not 've",
    "nothin", "nothin'", "nothin’", "not ve", "not ’ve", "nuff", "nuthin", "nuthin'", "nuthin’", "o'clock", "o.",
    "o.0", "o.O", "o.o", "o_0", "o_O", "o_o", "ol", "ol'", "ol’", "ought n't", "ought n't 've", "ought nt",
    "ought nt ve", "ought n’t", "ought n’t ’ve", "o’clock", "p.", "p.m.", "q.", "r.", "s.", "sha n't",
    "sha n't 've", "sha nt", "sha nt ve", "sha n’t", "sha n’t ’ve", "she 'd", "she 'd 've", "she 'll",
    "she 'll 've", "she 's", "she d ve", "she ll ve", "she s", "she ’d", "she ’d ’ve", "she ’ll", "she ’ll ’ve",
    "she ’s", "should 've", "should n't", "should n't 've", "should nt", "should nt ve", "should n’t",
    "should n’t ’ve", "should ve", "should ’ve", "somethin", "somethin'", "somethin’", "t.", "that 'd",
    "that 'd 've", "that 'll", "that 'll 've", "that 's", "that d", "that d ve", "that ll", "that ll ve", "that s",
    "that ’d", "that ’d ’ve", "that ’ll", "that ’ll ’ve", "that ’s", "there 'd", "there 'd 've", "there 'll",
    "there 'll 've", "there 're", "there 's", "there 've", "there d", "there d ve", "there ll", "there ll ve",
    "there re", "there s", "there ve", "there ’d", "there ’d ’ve", "there ’ll", "there ’ll ’ve", "there ’re",
    "there ’s", "there ’ve", "these 'd", "these 'd 've", "these 'll", "these 'll 've", "these 're", "these 've",
    "these d", "these d ve", "these ll", "these ll ve", "these re", "these ve", "these ’d", "these ’d ’ve",
    "these ’ll", "these ’ll ’ve", "these ’re", "these ’ve", "they 'd", "they 'd 've", "they 'll", "they 'll 've",
    "they 're", "they 've", "they d", "they d ve", "they ll", "they ll ve", "they re", "they ve", "they ’d",
    "they ’d ’ve", "they ’ll", "they ’ll ’ve", "they ’re", "they ’ve", "this 'd", "this 'd 've", "this 'll",
    "this 'll 've", "this 's", "this d", "this d ve", "this ll", "this ll ve", "this s", "this ’d", "this ’d ’ve",
    "this ’ll", "this ’ll ’ve", "this ’s", "those 'd", "those 'd 've", "those 'll", "those 'll 've", "those 're",
    "those 've", "those d", "those d ve", "those ll", "those ll ve", "those re", "those ve", "those ’d",
    "those ’d ’ve", "those ’ll", "those ’ll ’ve", "those ’re", "those ’ve", "u.", "v.", "v.s.", "v.v", "v_v", "vs.",
    "w.", "w/o", "was n't", "was nt", "was n’t", "we 'd", "we 'd 've", "we 'll", "we 'll 've", "we 're", "we 've",
    "we d", "we d ve", "we ll ve", "were n't", "were nt", "were n’t", "we ve", "we ’d", "we ’d ’ve", "we ’ll",
    "we ’ll ’ve", "we ’re", "we ’ve", "what 'd", "what 'd 've", "what 'll", "what 'll 've", "what 're", "what 's",
    "what 've", "what d", "what d ve", "what ll", "what ll ve", "what re", "what s", "what ve", "what ’d",
    "what ’d ’ve", "what ’ll", "what ’ll ’ve", "what ’re", "what ’s", "what ’ve", "when 'd", "when 'd 've",
    "when 'll", "when 'll 've", "when 're", "when 's", "when 've", "when d", "when d ve", "when ll", "when ll ve",
    "when re", "when s", "when ve", "when ’d", "when ’d ’ve", "when ’ll", "when ’ll ’ve", "when ’re", "when ’s",
    "when ’ve", "where 'd", "where 'd 've", "where 'll", "where 'll 've", "where 're", "where 's", "where 've",
    "where d", "where d ve", "where ll", "where ll ve", "where re", "where s", "where ve", "where ’d",
    "where ’d ’ve", "where ’ll", "where ’ll ’ve", "where ’re", "where ’s", "where ’ve", "who 'd", "who 'd 've",
    "who 'll", "who 'll 've", "who 're", "who 's", "who 've", "who d", "who d ve", "who ll", "who ll ve", "who s",
    "who ve", "who ’d", "who ’d ’ve", "who ’ll", "who ’ll ’ve", "who ’re", "who ’s", "who ’ve", "why 'd",
    "why 'd 've", "why 'll", "why 'll 've", "why 're", "why 's", "why 've", "why d", "why d ve", "why ll",
    "why ll ve", "why re", "why s", "why ve", "why ’d", "why ’d ’ve", "why ’ll", "why ’ll ’ve", "why ’re", "why ’s",
    "why ’ve", "wo n't", "wo n't 've", "wo nt", "wo nt ve", "wo n’t", "wo n’t ’ve", "would 've", "would n't",
    "would n't 've", "would nt", "would nt ve", "would n’t", "would n’t ’ve", "would ve", "would ’ve", "x.", "xD",
    "xDD", "y' all", "y.", "y all", "you 'd", "you 'd 've", "you 'll", "you 'll 've", "you 're", "you 've", "you d",
    "you d ve", "you ll", "you ll ve", "you re", "you ve", "you ’d", "you ’d ’ve", "you ’ll", "you ’ll ’ve",
    "you ’re", "you ’ve", "y’ all", "z.", "¯\\(ツ)/¯", "° C .", "° F .", "° K .", "° c .", "° f .", "° k .", "ä.",
    "ö.", "ü.", "ಠ_ಠ", "ಠ︵ಠ", "—", "‘S", "‘s", "’", "’Cause", "’Cos", "’Coz", "’Cuz", "’S", "’bout", "’cause",
    "’cos", "’coz", "’cuz", "’d", "’em", "’ll", "’nuff", "’re", "’s", "’’",
];

/// Those of them that the other rules would cut, as these cut them.
#[rustfmt::skip]
pub(super) const SEQUENCES: &[&str] = &[
    "'", "' '", "' Cause", "' Cos", "' Coz", "' Cuz", "' S", "' bout", "' cause", "' cos", "' coz", "' cuz", "' d",
    "' em", "' ll", "' nuff", "' re", "' s", "( * _ * )", "( -8", "( - :", "( - ;", "( -_- )", "( . _ . )", "( :",
    "( ;", "( =", "( > _ < )", "( ^_^ )", "( o :", "( ¬_¬ )", "( ಠ_ಠ )", "( ╯ ° □ ° ） ╯ ︵ ┻ ━ ┻", ") - :", ") :",
    ". _ .", "10a.m .", "10p.m .", "11a.m .", "11p.m .", "12a.m .", "12p.m .", "1a.m .", "1p.m .", "2a.m .",
    "2p.m .", "3a.m .", "3p.m .", "4a.m .", "4p.m .", "5a.m .", "5p.m .", "6a.m .", "6p.m .", "7a.m .", "7p.m .",
    "8 )", "8- )", "8 - D", "8a.m .", "8p.m .", "9a.m .", "9p.m .", ": ' (", ": ' )", ": ' - (", ": ' - )", ": (",
    ": ( (", ": ( ( (", ": ( )", ": )", ": ) )", ": ) ) )", ": *", ": - (", ": - ( (", ": - ( ( (", ": - )",
    ": - ) )", ": - ) ) )", ": - *", ": -/", ": -0", ": -3", ": - >", ": -D", ": -O", ": -P", ": -X", ": - ]",
    ": -o", ": -p", ": -x", ": -|", ": - }", ": /", ": 0", ": 1", ": 3", ": >", ": D", ": O", ": P", ": X", ": ]",
    ": o", ": o )", ": p", ": x", ": |", ": }", ": ’ (", ": ’ )", ": ’ - (", ": ’ - )", "; )", "; - )", "; -D",
    "; D", "; _ ;", "< . <", "< /3", "< 3", "< 33", "< 333", "< space >", "= (", "= )", "= /", "= 3", "= D", "= [",
    "= ]", "= |", "> . <", "> . >", "> : (", "> : o", "> < ( ( ( * >", "Adm .", "Ak .", "Ala .", "Apr .", "Ariz .",
    "Ark .", "Aug .", "Bros .", "Calif .", "Co .", "Colo .", "Conn .", "Corp .", "Dec .", "Del .", "Doin '",
    "Doin ’", "Dr .", "E.g .", "Feb .", "Fla .", "Ga .", "Gen .", "Goin '", "Goin ’", "Gov .", "Havin '", "Havin ’",
    "He 's", "He ’s", "How 's", "How ’s", "I.e .", "Ia .", "Id .", "Ill .", "Inc .", "Ind .", "It 's", "It ’s",
    "Jan .", "Jr .", "Jul .", "Jun .", "Kan .", "Kans .", "Ky .", "La .", "Let 's", "Let ’s", "Lovin '", "Lovin ’",
    "Ltd .", "Mar .", "Mass .", "Md .", "Messrs .", "Mich .", "Minn .", "Miss .", "Mo .", "Mont .", "Mr .", "Mrs .",
    "Ms .", "Mt .", "Neb .", "Nebr .", "Nev .", "Nothin '", "Nothin ’", "Nov .", "Nuthin '", "Nuthin ’", "Oct .",
    "Okla .", "Ol '", "Ol ’", "Ore .", "Pa .", "Ph . D.", "Prof .", "Rep .", "Rev .", "Sen .", "Sep .", "Sept .",
    "She 's", "She ’s", "Somethin '", "Somethin ’", "St .", "Tenn .", "That 's", "That ’s", "There 's", "There ’s",
    "This 's", "This ’s", "Va .", "Wash .", "What 's", "What ’s", "When 's", "When ’s", "Where 's", "Where ’s",
    "Who 's", "Who ’s", "Why 's", "Why ’s", "Wis .", "[ - :", "[ :", "[ =", "\\ \" )", "] =", "a .", "a.m .",
    "and / or", "b .", "c .", "co .", "d .", "doin '", "doin ’", "e .", "e.g .", "f .", "g .", "goin '", "goin ’",
    "h .", "havin '", "havin ’", "he 's", "he ’s", "how 's", "how ’s", "i .", "i.e .", "it 's", "it ’s", "j .",
    "k .", "l .", "let 's", "let ’s", "lovin '", "lovin ’", "m .", "n .", "nothin '", "nothin ’", "nuthin '",
    "nuthin ’", "o .", "o . O", "ol '", "ol ’", "p .", "p.m .", "q .", "r .", "s .", "she 's", "she ’s",
    "somethin '", "somethin ’", "t .", "that 's", "that ’s", "there 's", "there ’s", "this 's", "this ’s", "u .",
    "v .", "v.s .", "vs .", "w .", "w / o", "what 's", "what ’s", "when 's", "when ’s", "where 's", "where ’s",
    "who 's", "who ’s", "why 's", "why ’s", "x .", "y .", "z .", "° C.", "° F.", "° K.", "° c .", "° f .", "° k .",
    "ä .", "ö .", "ü .", "—", "‘ S", "‘ s", "’", "’ Cause", "’ Cos", "’ Coz", "’ Cuz", "’ S", "’ bout", "’ cause",
    "’ cos", "’ coz", "’ cuz", "’ d", "’ em", "’ ll", "’ nuff", "’ re", "’ s", "’ ’",
];
