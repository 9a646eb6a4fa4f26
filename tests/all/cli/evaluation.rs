//! `glasshouse eval`: windows that overlap, and documents by themselves.

use serde_json::Value;

use super::Place;

/// A folder with a model of context 16 in `model`, and three documents.
fn with_model() -> Place {
    let place = Place::with_text();
    place.train("--steps 40 --out model").ok();
    let lines: Vec<String> =
        ["the old king went down to the river and the bird sang of winter. ".repeat(6), "queen".into(), String::new()]
            .iter()
            .map(|text| serde_json::json!({ "text": text }).to_string())
            .collect();
    place.write("three.jsonl", lines.join("\n"));
    place
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} in {value}"))
}

#[test]
fn windows_overlap_and_score_each_token_once() {
    let place = with_model();
    let eval = "eval --model model --data three.jsonl --device cpu --json";
    let plain = place.json(eval);
    let mut losses = Vec::new();
    for stride in [1, 4, 8, 15] {
        let found = place.json(&format!("{eval} --stride {stride}"));
        assert_eq!(found["tokens"], plain["tokens"], "each token but the first, once");
        // The nats of the token between documents are in the loss, and stand for no byte.
        let bytes = "the old king went down to the river and the bird sang of winter. ".len() * 6 + "queen".len();
        let all = number(&found, "loss") * number(&found, "tokens") / (bytes as f64 * std::f64::consts::LN_2);
        assert!((0.8 * all..all).contains(&number(&found, "bits_per_byte")), "{found} of {all}");
        assert!((number(&found, "perplexity").ln() - number(&found, "loss")).abs() < 1e-9);
        losses.push(number(&found, "loss"));
    }
    assert!(losses.windows(2).all(|pair| pair[0] != pair[1]), "{losses:?}");
    for stride in ["0", "16", "100"] {
        place.refuses(&format!("{eval} --stride {stride}"), 2, &["--stride is to lie between 1 and 15"]);
    }
}

#[test]
fn each_document_is_measured_by_itself() {
    let place = with_model();
    let eval = "eval --model model --device cpu";
    for stride in ["", "--stride 5"] {
        let lines = place.lines(&format!("{eval} --data three.jsonl --per-document --json {stride}"));
        let [first, second, third, all] = &lines[..] else { panic!("{lines:?}") };
        place.write("first.txt", "the old king went down to the river and the bird sang of winter. ".repeat(6));
        place.write("second.txt", "queen");
        for (number, (name, found)) in [("first.txt", first), ("second.txt", second)].into_iter().enumerate() {
            let alone = place.json(&format!("{eval} --data {name} --json {stride}"));
            assert_eq!(found["document"], number as u64 + 1);
            for key in ["loss", "perplexity", "bits_per_byte", "tokens"] {
                assert_eq!(found[key], alone[key], "{name}: {key}");
            }
        }
        assert_eq!((&third["tokens"], &third["loss"]), (&0.into(), &Value::Null));
        let nats: f64 = [first, second].map(|found| number(found, "loss") * number(found, "tokens")).iter().sum();
        assert!((number(all, "loss") * number(all, "tokens") - nats).abs() < 1e-9, "{all}");
    }
    let shown = place.ok(&format!("{eval} --data three.jsonl --per-document"));
    assert!(shown.contains("document      3  loss     none") && shown.contains("bits per byte  "), "{shown}");
}
