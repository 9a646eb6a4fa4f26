//! The one list of the model's parameters: names, shapes, first values, decay.

use super::config::ModelConfig;
use crate::random;

/// A tensor of weights, under the name that Hugging Face's GPT-2 gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// `transformer.h.2.attn.c_attn.weight`.
    pub name: String,
    /// Rows first. Matrices of a block are (inputs, outputs), as GPT-2's Conv1D keeps them.
    pub shape: Vec<usize>,
    /// Its values before the first step.
    pub init: Init,
    /// Whether AdamW's weight decay applies: to matrices and embeddings only.
    pub decay: bool,
}

impl Parameter {
    /// Numbers in the tensor.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Never: every dimension of a valid model is at least 1.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How a tensor starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// N(0, σ²), with this σ.
    Normal(f64),
    /// Biases.
    Zeros,
    /// The weights of a layer normalisation.
    Ones,
}

/// All parameters of a model, in the order in which data meets them. The head is `transformer.wte.weight` again.
/// Projections into the residual stream start smaller by √(2L), so that its variance does not grow with the depth
/// (Radford et al., "Language models are unsupervised multitask learners", 2019).
pub fn parameters(config: &ModelConfig) -> Vec<Parameter> {
    const STD: f64 = 0.02;
    let ModelConfig { layers, channels, context, vocab, .. } = *config;
    let residual = STD / libm::sqrt(2.0 * layers as f64);
    let mut list = Vec::with_capacity(12 * layers + 4);
    let matrix = |list: &mut Vec<Parameter>, name: String, shape: [usize; 2], std: f64| {
        list.push(Parameter { name, shape: shape.to_vec(), init: Init::Normal(std), decay: true });
    };
    let vector = |list: &mut Vec<Parameter>, name: String, len: usize, init: Init| {
        list.push(Parameter { name, shape: vec![len], init, decay: false });
    };
    matrix(&mut list, "transformer.wte.weight".into(), [vocab, channels], STD);
    matrix(&mut list, "transformer.wpe.weight".into(), [context, channels], STD);
    for layer in 0..layers {
        let name = |rest: &str| format!("transformer.h.{layer}.{rest}");
        vector(&mut list, name("ln_1.weight"), channels, Init::Ones);
        vector(&mut list, name("ln_1.bias"), channels, Init::Zeros);
        matrix(&mut list, name("attn.c_attn.weight"), [channels, 3 * channels], STD);
        vector(&mut list, name("attn.c_attn.bias"), 3 * channels, Init::Zeros);
        matrix(&mut list, name("attn.c_proj.weight"), [channels, channels], residual);
        vector(&mut list, name("attn.c_proj.bias"), channels, Init::Zeros);
        vector(&mut list, name("ln_2.weight"), channels, Init::Ones);
        vector(&mut list, name("ln_2.bias"), channels, Init::Zeros);
        matrix(&mut list, name("mlp.c_fc.weight"), [channels, 4 * channels], STD);
        vector(&mut list, name("mlp.c_fc.bias"), 4 * channels, Init::Zeros);
        matrix(&mut list, name("mlp.c_proj.weight"), [4 * channels, channels], residual);
        vector(&mut list, name("mlp.c_proj.bias"), channels, Init::Zeros);
    }
    vector(&mut list, "transformer.ln_f.weight".into(), channels, Init::Ones);
    vector(&mut list, "transformer.ln_f.bias".into(), channels, Init::Zeros);
    list
}

/// The first values of the parameter at `index` of the list. Each tensor draws from its own stream, so its values do
/// not depend on the others', and they have the same bits everywhere.
pub fn initialise(parameter: &Parameter, index: usize, seed: u64) -> Vec<f32> {
    let len = parameter.len();
    match parameter.init {
        Init::Zeros => vec![0.0; len],
        Init::Ones => vec![1.0; len],
        Init::Normal(std) => {
            let mut values = Vec::with_capacity(len + 1);
            for counter in 0..len.div_ceil(2) as u64 {
                values.extend(
                    random::normals(seed, random::PARAMETERS + index as u64, counter).map(|x| (std * x) as f32),
                );
            }
            values.truncate(len);
            values
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::Preset;

    #[test]
    fn the_list_counts_what_the_config_counts() {
        for preset in Preset::ALL {
            let list = parameters(&preset.model());
            assert_eq!(list.iter().map(|p| p.len() as u64).sum::<u64>(), preset.model().parameter_count());
            let names: std::collections::BTreeSet<_> = list.iter().map(|p| &p.name).collect();
            assert_eq!(names.len(), list.len());
        }
        let gpt2 = parameters(&Preset::Gpt2.model());
        assert_eq!(gpt2.iter().map(Parameter::len).sum::<usize>(), 124_439_808);
        // llm.c counts the same tensors under decay: embeddings and the four matrices of a block.
        assert_eq!(gpt2.iter().filter(|p| p.decay).count(), 2 + 12 * 4);
        assert!(gpt2.iter().all(|p| p.decay == (p.shape.len() == 2)));
    }

    #[test]
    fn first_values_follow_their_distributions() {
        let tiny = Preset::Tiny.model();
        for (index, parameter) in parameters(&tiny).iter().enumerate() {
            let values = initialise(parameter, index, 7);
            assert_eq!(values.len(), parameter.len());
            let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
            let std = (values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
            let want = match parameter.init {
                Init::Normal(_) if parameter.name.ends_with("c_proj.weight") => (0.0, 0.02 / 8f64.sqrt()),
                Init::Normal(_) => (0.0, 0.02),
                Init::Zeros => (0.0, 0.0),
                Init::Ones => (1.0, 0.0),
            };
            let error = 5.0 * want.1 / (values.len() as f64).sqrt();
            assert!(
                (mean - want.0).abs() <= error && (std - want.1).abs() <= error,
                "{}: {mean} {std}",
                parameter.name
            );
        }
        let wpe = &parameters(&tiny)[1];
        assert_ne!(initialise(wpe, 1, 7), initialise(wpe, 1, 8), "another seed");
        assert_ne!(initialise(wpe, 1, 7), initialise(wpe, 2, 7), "another stream");
    }
}
