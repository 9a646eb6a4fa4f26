//! `corpus run` over what holds pages and not yet texts, over Parquet, and over input that is bad.

use std::io::Write;
use std::process::Command;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use super::Place;
use super::corpus::{ids, line, page, read};

/// A page in HTML around a text.
#[cfg(feature = "extraction")]
pub fn html(text: &str) -> String {
    let paragraphs: String = text.lines().map(|line| format!("<p>{line}</p>\n")).collect();
    format!(
        "<html><head><title>t</title></head><body><nav><a href='/'>Home</a></nav><article>{paragraphs}</article>\
         <footer>All rights reserved</footer></body></html>"
    )
}

#[cfg(feature = "extraction")]
pub fn response(number: usize, head: &str, body: &[u8]) -> Vec<u8> {
    let block = [b"HTTP/1.1 200 OK\r\n", head.as_bytes(), b"\r\n\r\n", body].concat();
    let head = format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x.org/{number}\r\nWARC-Date: 2024-05-21T00:00:00Z\r\n\
         WARC-Record-ID: <urn:uuid:{number}>\r\nContent-Type: application/http; msgtype=response\r\n\
         Content-Length: {}\r\n\r\n",
        block.len()
    );
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&[head.as_bytes(), &block, b"\r\n\r\n"].concat()).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "extraction")]
#[test]
fn pages_become_texts() {
    let place = Place::new();
    let latin: Vec<u8> =
        html(&page(3).replace("said", "said: très élevé")).chars().map(|character| character as u32 as u8).collect();
    let records = [
        response(1, "Content-Type: text/html; charset=utf-8", html(&page(1)).as_bytes()),
        response(2, "Content-Type: image/png", b"\x89PNG"),
        response(3, "Content-Type: text/html; charset=iso-8859-1", &latin),
        response(4, "Content-Type: text/html", "<div>".repeat(100_000).as_bytes()),
        response(5, "X-Nothing: here", html(&page(5)).as_bytes()),
        response(6, "Content-Type: text/html", &[0xff, 0, 1].repeat(100)),
        response(7, "Content-Type: application/xhtml+xml", b"<html><body><nav>menu</nav></body></html>"),
    ];
    place.write("crawl/a.warc.gz", records.concat());
    place.write("crawl/b/one.html", html(&page(10)));
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(html(&page(11)).as_bytes()).unwrap();
    place.write("crawl/b/two.HTM.gz", packed.finish().unwrap());
    place.write("crawl/c.jsonl", line("text", &page(12)));

    let report = place.json("corpus run --input crawl --out out --only extract --keep-removed --json");
    let stages = report["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 1, "{report}");
    assert_eq!((&stages[0]["name"], &stages[0]["documents_in"]), (&json!("extract"), &json!(8)));
    assert_eq!(stages[0]["reasons"], json!({ "too_deep": 1, "no_encoding": 1, "empty": 1 }));
    assert_eq!(report["skipped"], json!({ "not_html": 1 }));
    assert!(stages[0]["bytes_in"].as_u64() > stages[0]["bytes_out"].as_u64());
    assert_eq!(report.get("not_reproducible"), None);

    let kept: Vec<Value> = (0..3).flat_map(|n| read(&place.path(&format!("out/documents/0000{n}.jsonl.gz")))).collect();
    let names = ["<urn:uuid:1>", "<urn:uuid:3>", "<urn:uuid:5>", "crawl/b/one.html", "crawl/b/two.HTM.gz", "text"];
    assert_eq!(ids(&kept), names);
    for (document, seed) in kept.iter().zip([1, 3, 5, 10, 11, 12]) {
        let want = if seed == 3 { page(3).replace("said", "said: très élevé") } else { page(seed) };
        assert_eq!(document["text"], want, "all of the text and nothing around it");
    }
    assert_eq!(kept[0]["url"], "http://x.org/1");
    assert_eq!(kept[0]["date"], "2024-05-21T00:00:00Z");
    let deep = &read(&place.path("out/removed/extract/00000.jsonl.gz"))[0];
    assert_eq!(
        (&deep["id"], &deep["reason"], &deep["value"]),
        (&json!("<urn:uuid:4>"), &json!("too_deep"), &json!(501.0))
    );
    assert!(place.ok("corpus show out --reason too_deep").contains("extract: too_deep at 501"));

    // On any number of threads, and with the stages behind it; the shards' report is that of one run.
    let mut command = place.command("corpus run --input crawl --out again --only extract --keep-removed", &[]);
    assert!(command.env("RAYON_NUM_THREADS", "1").status().unwrap().success());
    for file in
        ["documents/00000.jsonl.gz", "documents/00001.jsonl.gz", "removed/extract/00000.jsonl.gz", "report.json"]
    {
        let [one, other] = ["out", "again"].map(|out| std::fs::read(place.path(&format!("{out}/{file}"))).unwrap());
        assert!(one == other, "{file}");
    }
    place.ok("corpus run --input crawl --out whole");
    for shard in [0, 1] {
        place.ok(&format!("corpus run --input crawl --out shard{shard} --shard {shard}/2"));
    }
    place.ok("corpus dedup --input shard1 shard0 --out joined");
    assert_eq!(place.read("whole/report.json"), place.read("joined/report.json"));
    let whole: Value = serde_json::from_str(&place.read("whole/report.json")).unwrap();
    assert_eq!(whole["stages"].as_array().unwrap().len(), 8, "{whole}");
    let [pages, texts] = [&whole["stages"][0], &whole["stages"][1]];
    assert_eq!((&pages["documents_out"], &texts["documents_in"]), (&json!(5), &json!(6)), "JSONL starts behind it");
    assert!(pages["tokens_out"].as_u64() < texts["tokens_in"].as_u64());
    let bare = place.run("corpus run --input crawl --out bare --only filters --json");
    let skipped: Value = serde_json::from_str(&bare.ok()).unwrap();
    assert_eq!(skipped["skipped"], json!({ "not_html": 1, "not_extracted": 8 }));
    assert!(bare.stderr().contains("passed over (8)") && bare.stderr().contains("--only extract"), "{}", bare.stderr());
}

#[cfg(not(feature = "extraction"))]
#[test]
fn a_build_without_extraction_says_so() {
    let place = Place::new();
    place.write("page.html", "<p>text</p>");
    let outcome = place.run("corpus run --input page.html --out out --json");
    assert!(outcome.ok().contains("not_in_this_build"));
    assert!(outcome.stderr().contains("--features full"), "{}", outcome.stderr());
}

/// A file of Parquet with these groups of rows: the text if there is one, and the number of the row.
#[cfg(feature = "parquet")]
fn parquet(groups: &[Vec<Option<String>>], codec: parquet::basic::Compression) -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    let schema = "message schema { optional binary text (UTF8); required binary id (UTF8); optional binary url (UTF8); \
                  required int64 token_count; optional double language_score; }";
    let schema = std::sync::Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(codec).set_dictionary_enabled(false).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties.into()).unwrap();
    let mut row = 0;
    for group in groups {
        let mut columns = writer.next_row_group().unwrap();
        let numbers: Vec<i64> = (row..).take(group.len()).collect();
        let all = vec![1_i16; group.len()];
        let bytes = |text: String| ByteArray::from(text.into_bytes());
        let mut texts = columns.next_column().unwrap().unwrap();
        let levels: Vec<i16> = group.iter().map(|text| text.is_some() as i16).collect();
        let values: Vec<ByteArray> = group.iter().flatten().cloned().map(bytes).collect();
        texts.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).unwrap();
        texts.close().unwrap();
        let mut column = columns.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = numbers.iter().map(|n| bytes(format!("row {n}"))).collect();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        let mut column = columns.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = numbers.iter().map(|n| bytes(format!("http://x.org/{n}"))).collect();
        column.typed::<ByteArrayType>().write_batch(&values, Some(&all), None).unwrap();
        column.close().unwrap();
        let mut column = columns.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&numbers, None, None).unwrap();
        column.close().unwrap();
        let mut column = columns.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(&vec![0.75; group.len()], Some(&all), None).unwrap();
        column.close().unwrap();
        columns.close().unwrap();
        row += group.len() as i64;
    }
    writer.into_inner().unwrap()
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_goes_in() {
    use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};

    let place = Place::new();
    let text = |n: usize| (n % 50 != 7).then(|| page(n));
    let groups: Vec<Vec<Option<String>>> =
        (0..3).map(|group| (0..100).map(|n| text(group * 100 + n)).collect()).collect();
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ];
    for (n, codec) in codecs.into_iter().enumerate() {
        place.write("data/a.parquet", parquet(&groups, codec));
        let report = place.json(&format!("corpus run --input data --out {n} --only filters --json"));
        assert_eq!(report["skipped"], json!({ "row_without_text": 6 }), "{codec}");
        let kept = read(&place.path(&format!("{n}/documents/00000.jsonl.gz")));
        assert_eq!(kept.len(), 294, "{codec}");
        let first = json!({ "id": "row 0", "url": "http://x.org/0", "date": null, "language": null, "language_score": 0.75, "text": page(0) });
        assert_eq!(kept[0], first);
        assert_eq!(kept[293]["text"], page(299));
    }

    // What is damaged costs its group of rows; a file without its end is counted, and one without texts refused.
    let whole = parquet(&groups, Compression::SNAPPY);
    let mut damaged = whole.clone();
    let middle = damaged.len() * 45 / 100;
    damaged[middle..middle + 2000].fill(0xff);
    place.write("data/a.parquet", damaged);
    let outcome = place.run("corpus run --input data --out damaged --only filters --json");
    let report: Value = serde_json::from_str(&outcome.ok()).unwrap();
    assert_eq!(report["skipped"]["rows_damaged"], 1, "{report}");
    assert!(outcome.stderr().contains("a.parquet: damaged at row 1"), "{}", outcome.stderr());
    let kept = read(&place.path("damaged/documents/00000.jsonl.gz"));
    assert_eq!(kept.iter().filter(|document| document["text"] == page(299) || document["text"] == page(99)).count(), 2);
    for (n, (bytes, part)) in [
        (&whole[..whole.len() - 100], "no whole file of Parquet"),
        (b"PAR1", "no whole file of Parquet"),
        (b"PAR1\xff\xff\xff\x7fPAR1", "no whole file of Parquet"),
    ]
    .into_iter()
    .enumerate()
    {
        place.write("data/a.parquet", bytes);
        let outcome = place.run(&format!("corpus run --input data --out none{n} --only filters --json"));
        let report: Value = serde_json::from_str(&outcome.ok()).unwrap();
        assert_eq!(
            (&report["skipped"], &report["stages"][0]["documents_in"]),
            (&json!({ "file_damaged": 1 }), &json!(0))
        );
        let said = format!("a.parquet: it is {part}");
        assert!(outcome.stderr().contains(&said), "{said}: {}", outcome.stderr());
    }
    // What unpacks to more than any text costs its group of rows, too, and is not unpacked.
    let bomb = vec![Some("a".repeat(80 << 20))];
    let zstd = Compression::ZSTD(ZstdLevel::default());
    place.write("data/a.parquet", parquet(&[vec![text(1)], bomb, vec![text(2)]], zstd));
    let outcome = place.run("corpus run --input data --out bomb --only filters --json");
    let report: Value = serde_json::from_str(&outcome.ok()).unwrap();
    assert_eq!((&report["skipped"], &report["stages"][0]["documents_in"]), (&json!({ "rows_damaged": 1 }), &json!(2)));
    assert!(
        outcome.stderr().contains("a.parquet: damaged at row 1") && outcome.stderr().contains("unpack to 838"),
        "{}",
        outcome.stderr()
    );
    // However it is broken, it is a message or a count.
    let small = parquet(&[vec![text(1), text(2)]], Compression::SNAPPY);
    for n in 0..40 {
        let mut bytes = small.clone();
        let at = bytes.len() * n / 40;
        bytes[at] ^= 0xff;
        place.write("data/a.parquet", bytes);
        let outcome = place.run(&format!("corpus run --input data --out broken{n} --only filters"));
        assert!(!outcome.stderr().contains("panicked"), "{}", outcome.stderr());
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_so() {
    let place = Place::new();
    place.write("a.parquet", "PAR1 and more");
    place.refuses("corpus run --input a.parquet --out out", 1, &["a.parquet", "--features full"]);
}

/// A run in a shell that limits it.
#[cfg(target_os = "linux")]
fn limited(place: &Place, limit: &str, arguments: &str) -> super::Outcome {
    let script = format!("{limit}; exec {} {arguments}", env!("CARGO_BIN_EXE_glasshouse"));
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(place.path("")).env("RAYON_NUM_THREADS", "2");
    super::Outcome(command.output().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn bombs_do_not_fill_the_memory() {
    let place = Place::new();
    // Two gigabytes without the end of a line; then lines again.
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b' '; 1 << 20];
    (0..256).for_each(|_| member.write_all(&zeros).unwrap());
    let mut bomb = member.finish().unwrap().repeat(8);
    let mut last = GzEncoder::new(bomb.split_off(bomb.len()), Compression::fast());
    last.write_all(("x\n".to_owned() + &line("last", &page(1))).as_bytes()).unwrap();
    bomb.extend(last.finish().unwrap());
    place.write("bomb.jsonl.gz", bomb);
    let outcome =
        limited(&place, "ulimit -v 1000000", "corpus run --input bomb.jsonl.gz --out out --only filters --json");
    let report: Value = serde_json::from_str(&outcome.ok()).unwrap();
    assert_eq!(report["skipped"], json!({ "line_too_long": 1 }));
    assert_eq!(report["stages"][3]["documents_out"], 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing_that_was_written() {
    let place = Place::new();
    let lines: String = (0..600).map(|n| line(&n.to_string(), &page(n))).collect();
    place.write("pages/0.jsonl", line("first", &page(1)));
    place.write("pages/1.jsonl", lines);
    let arguments = "corpus run --input pages --only filters --out";
    // No file may grow beyond 8 kB, which fails as a full disk does.
    let outcome = limited(&place, "trap '' XFSZ; ulimit -f 16", &format!("{arguments} out"));
    outcome.refusal("a full disk", 1, &["out", "documents/00001"]);
    assert_eq!(ids(&read(&place.path("out/documents/00000.jsonl.gz"))), ["first"]);
    assert_eq!(super::files(&place.path("out/documents")), ["00000.jsonl.gz"], "no half file is left");
    assert!(!place.path("out/report.json").exists());
    place.ok(&format!("{arguments} out"));
    place.ok(&format!("{arguments} whole"));
    for file in ["documents/00001.jsonl.gz", "report.json"] {
        let [one, other] = ["out", "whole"].map(|out| std::fs::read(place.path(&format!("{out}/{file}"))).unwrap());
        assert!(one == other, "{file}");
    }
}

#[test]
fn two_runs_do_not_share_a_folder() {
    let place = Place::new();
    place.write("pages.jsonl", line("a", &page(1)));
    place.write("out/work/.lock", "");
    let held = std::fs::File::open(place.path("out/work/.lock")).unwrap();
    held.lock().unwrap();
    place.refuses("corpus run --input pages.jsonl --out out", 1, &["out", "being written by another run"]);
    drop(held);
    place.ok("corpus run --input pages.jsonl --out out");
}

#[test]
fn the_report_counts_by_a_tokenizer() {
    let place = Place::new();
    place.write("pages.jsonl", (0..20).map(|n| line(&n.to_string(), &page(n))).collect::<String>());
    place.ok("tokenizer train --input pages.jsonl --vocab-size 300 --out tokenizer.json");
    let words = place.json("corpus run --input pages.jsonl --out words --json --set duplicated_5_n_grams=off");
    let tokens = place.json(
        "corpus run --input pages.jsonl --out tokens --json --set duplicated_5_n_grams=off --tokenizer tokenizer.json",
    );
    assert_eq!((&words["tokens"], &tokens["tokens"]), (&json!("words"), &json!("tokenizer.json")));
    let first = |report: &Value| report["stages"][0]["tokens_in"].as_u64().unwrap();
    assert!(first(&tokens) > first(&words) + 20, "300 tokens are less than words");
    place.write("one.jsonl", line("one", &page(1)));
    place.write("one.txt", page(1));
    let one = place.json("corpus run --input one.jsonl --out one --json --only filters --tokenizer tokenizer.json");
    let ids = place.ok("tokenizer encode --input one.txt --tokenizer tokenizer.json");
    assert_eq!(first(&one) as usize, ids.split_whitespace().count());
    assert!(place.ok("corpus stats tokens").contains("tokens are tokenizer.json"));
    place.ok("corpus run --input pages.jsonl --out shard --shard 0/1 --tokenizer tokenizer.json");
    place.refuses("corpus dedup --input shard --out joined", 1, &["shard", "tokenizer.json", "--tokenizer"]);
    place.refuses("corpus run --input pages.jsonl --out x --tokenizer missing", 1, &["missing", "check the path"]);
}
