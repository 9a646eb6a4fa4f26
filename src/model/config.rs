//! The shape of a model, and the presets.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The shape of a GPT-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ModelConfig {
    /// Blocks, L.
    pub layers: usize,
    /// Attention heads of a block, H.
    pub heads: usize,
    /// Width of the residual stream, C.
    pub channels: usize,
    /// Tokens that the model sees at once, T.
    pub context: usize,
    /// Tokens in the vocabulary, V.
    pub vocab: usize,
}

impl ModelConfig {
    /// Channels of one head, D.
    pub fn head_size(&self) -> usize {
        self.channels / self.heads
    }

    /// Refuses a shape that cannot be built, naming the number at fault. Every product of two of a valid shape's
    /// numbers fits 64 bits, and the count of its parameters 32.
    pub fn validate(&self) -> Result<()> {
        let ranges = [
            ("layers", self.layers, 1 << 10),
            ("heads", self.heads, 1 << 12),
            // Four times their square is the largest matrix, of which kernels count at most 2^31 elements.
            ("channels", self.channels, 23_170),
            ("context", self.context, 1 << 20),
            ("the vocabulary", self.vocab, 1 << 22),
        ];
        for (what, found, most) in ranges {
            if !(1..=most).contains(&found) {
                return Err(Error::Usage(format!("{what}: expected a number from 1 to {most}, found {found}")));
            }
        }
        if !self.channels.is_multiple_of(self.heads) {
            let (channels, heads) = (self.channels, self.heads);
            let near = (1..=channels).filter(|&near| channels.is_multiple_of(near)).min_by_key(|h| h.abs_diff(heads));
            return Err(Error::Usage(format!(
                "{heads} heads do not divide {channels} channels: take {} heads or {} channels",
                near.unwrap_or(1),
                channels.next_multiple_of(heads)
            )));
        }
        if self.head_size() > 256 {
            return Err(Error::Usage(format!(
                "{} channels over {} heads make a head of {}, and at most 256 are computed: take {} heads or more",
                self.channels,
                self.heads,
                self.head_size(),
                self.channels.div_ceil(256)
            )));
        }
        // All weights are one tensor: kernels count its elements in 32 bits, and in a tab it is to be addressable.
        let most = (isize::MAX as u64 / 4).min(u64::from(u32::MAX) - 64 * 1024);
        if self.parameter_count() > most {
            return Err(Error::Usage(format!(
                "this shape has {} parameters, and at most {most} are computed here: take fewer layers or channels",
                self.parameter_count()
            )));
        }
        Ok(())
    }

    /// Weights of the model, the tied head counted once. Exact for all shapes whose numbers lie in the valid ranges.
    pub fn parameter_count(&self) -> u64 {
        let [layers, channels, context, vocab] =
            [self.layers, self.channels, self.context, self.vocab].map(|number| number as u64);
        (vocab + context) * channels + layers * (12 * channels + 13) * channels + 2 * channels
    }
}

/// Shapes with defaults that were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// What two cores train in half a minute.
    Tiny,
    /// A few minutes.
    Small,
    /// nanoGPT's baby GPT.
    Baby,
    /// GPT-2 of 124 million parameters.
    Gpt2,
}

impl Preset {
    /// All of them, the smallest first.
    pub const ALL: [Preset; 4] = [Preset::Tiny, Preset::Small, Preset::Baby, Preset::Gpt2];

    /// The preset's shape. Its vocabulary is that for English; see [`Preset::vocab`].
    pub fn model(self) -> ModelConfig {
        let (layers, heads, channels, context) = match self {
            Preset::Tiny => (4, 4, 128, 64),
            Preset::Small => (6, 6, 192, 128),
            Preset::Baby => (6, 6, 384, 256),
            Preset::Gpt2 => (12, 12, 768, 1024),
        };
        ModelConfig { layers, heads, channels, context, vocab: self.vocab("en") }
    }

    /// The preset's vocabulary on the built-in corpus of that name, or on any other text: Chinese has more characters.
    pub fn vocab(self, corpus: &str) -> usize {
        match self {
            Preset::Tiny if corpus == "zh" => 2_048,
            Preset::Tiny => 1_024,
            Preset::Small => 2_048,
            Preset::Baby => 4_096,
            Preset::Gpt2 => 50_257,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Preset::Tiny => "tiny",
            Preset::Small => "small",
            Preset::Baby => "baby",
            Preset::Gpt2 => "gpt2",
        })
    }
}

impl FromStr for Preset {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Preset::ALL.into_iter().find(|preset| preset.to_string() == name);
        known.ok_or_else(|| Error::Usage(format!("there is no preset `{name}`: choose tiny, small, baby or gpt2")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid_and_keep_their_names() {
        for preset in Preset::ALL {
            preset.model().validate().unwrap();
            assert_eq!(preset.to_string().parse::<Preset>().unwrap(), preset);
        }
        assert!("huge".parse::<Preset>().is_err());
    }

    #[test]
    fn gpt2_has_its_parameters() {
        assert_eq!(Preset::Gpt2.model().parameter_count(), 124_439_808);
    }

    #[test]
    fn shapes_that_cannot_be_built_are_refused() {
        let tiny = Preset::Tiny.model();
        let refusals = [
            (ModelConfig { heads: 3, ..tiny }, "3 heads do not divide 128 channels: take 2 heads or 129 channels"),
            (ModelConfig { layers: 0, ..tiny }, "layers: expected a number from 1 to 1024, found 0"),
            (ModelConfig { vocab: usize::MAX, ..tiny }, "the vocabulary: expected a number from 1 to 4194304"),
            (ModelConfig { channels: 514, heads: 2, ..tiny }, "a head of 257, and at most 256"),
            (
                ModelConfig { layers: 1 << 10, channels: 1 << 14, heads: 256, ..tiny },
                "parameters, and at most 4294901759",
            ),
        ];
        for (config, message) in refusals {
            let refusal = config.validate().unwrap_err().to_string();
            assert!(refusal.contains(message), "{refusal}");
        }
    }
}
