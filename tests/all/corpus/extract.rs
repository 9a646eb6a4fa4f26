//! The main text of pages: what is text stays, what is around it goes, and no page, however hostile, takes more than its
//! share. tests/parity/extract.py holds the quality to that of trafilatura.
#![cfg(feature = "extraction")]

use glasshouse::corpus::extract::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_NODES, Reason, decode, text};
use proptest::prelude::*;

const PARAGRAPHS: [&str; 3] = [
    "Nobody in the village remembered when the first bridge had been put up there, across the widest part of the river.",
    "It was said to be older than any house, and three hundred people believed it, though none of them could say why.",
    "Each year a few strangers came with the ferry to look at what was left of it, and went home before it was dark.",
];

/// A page with all that surrounds a text.
fn page(main: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><title>Of a bridge</title><style>p {{ color: red }}</style><script>var text = 'no text';\
         </script></head><body><header><nav><ul><li><a href='/'>Home</a></li><li><a href='/about'>About us</a></li></ul></nav>\
         </header><main><article><h1>Of a bridge</h1>{main}</article></main><aside><h2>Read more</h2><a href='/x'>Ten things \
         about rivers</a></aside><div class='comments'><p>First comment!</p></div><footer>Copyright, all rights reserved \
         <a href='/imprint'>Imprint</a></footer></body></html>"
    )
}

fn article() -> String {
    PARAGRAPHS.map(|paragraph| format!("<p>{paragraph}</p>")).concat()
}

#[test]
fn what_is_around_a_text_goes() {
    let found = text(&page(&article())).unwrap();
    let lines: Vec<&str> = found.lines().collect();
    assert!(lines.ends_with(&PARAGRAPHS), "{found}");
    for around in ["Home", "About us", "no text", "color", "Ten things", "comment", "Copyright", "Imprint"] {
        assert!(!found.contains(around), "{around}: {found}");
    }
}

#[test]
fn pieces_of_a_text_are_lines() {
    let list = "<ul><li>A ferry, which crosses twice a day in summer</li><li>A boat, which anybody may take at night</li></ul>";
    let found = text(&page(&(article() + list + "<pre>the bridge\n  of stone</pre>" + &article()))).unwrap();
    assert!(found.contains("\n- A ferry, which crosses twice a day in summer\n- A boat, which"), "{found}");
    assert!(found.contains("\nthe bridge\n  of stone\n"), "{found}");
}

#[test]
fn a_page_gives_the_same_text_whatever_was_read_before() {
    let pages: Vec<String> = (0..4).map(|n| page(&article().replace("river", &format!("river {n}")))).collect();
    let alone: Vec<_> = pages.iter().map(|page| text(page)).collect();
    assert!(alone.iter().all(Result::is_ok));
    for _ in 0..3 {
        assert_eq!(pages.iter().map(|page| text(page)).collect::<Vec<_>>(), alone);
    }
}

#[test]
fn pages_without_a_text_say_why() {
    let reason = |html: &str| text(html).unwrap_err().0;
    assert_eq!(reason(""), Reason::Empty);
    assert_eq!(reason("<html><body><nav><a href=/>Home</a></nav><script>x</script></body></html>"), Reason::Empty);
    assert_eq!(reason(&page(&("<div>".repeat(100_000) + &article()))), Reason::TooDeep);
    assert_eq!(reason(&"<i><b>".repeat(60_000)), Reason::TooDeep);
    assert_eq!(reason(&"<p>a".repeat(MAX_NODES)), Reason::TooManyNodes);
    let attributes = |count: usize| page(&format!("<p {}>{}", "a1=b ".repeat(count), article()));
    assert_eq!(reason(&attributes(1_000_000)), Reason::TooManyAttributes);
    assert_eq!(text(&attributes(MAX_ATTRIBUTES + 1)).unwrap_err(), (Reason::TooManyAttributes, MAX_ATTRIBUTES + 1));
    assert!(text(&attributes(MAX_ATTRIBUTES)).is_ok(), "as many as may be");
    assert_eq!(decode(&[0xff, 0, 1, 2].repeat(50), None).unwrap_err().0, Reason::NoEncoding);
    assert!(text(&page(&("<div>".repeat(MAX_DEPTH - 50) + &article()))).is_ok(), "as deep as may be");
}

/// As wide as may be, in ways on which extractors stumble: the work ends, and there is some text.
#[test]
fn hostile_pages_end() {
    let long = |part: &str, count: usize| page(&(article() + &part.repeat(count)));
    for (what, html) in [
        ("a farm of links", long("<a href='http://x.org/buy'>buy cheap</a> ", 60_000)),
        ("paragraphs", long("<p>One more line of text, and not the last.</p>", 60_000)),
        ("breaks", long("a<br>", 60_000)),
        ("nested lists", long("<ul><li>", 200)),
        ("formatting that overlaps", long("<b><i>a</b>b</i>", 5_000)),
        ("tables in tables", long("<table><tr><td>", 100)),
        ("attributes", long(&format!("<p {}>a</p>", (0..200).map(|n| format!("a{n}=b ")).collect::<String>()), 500)),
        ("one word", page(&format!("<p>{}</p>", "a".repeat(4 << 20)))),
        ("one tag that does not end", page("<p ") + &"a=b ".repeat(1 << 20)),
        ("a comment that does not end", page("<!-- ") + &"-- ".repeat(1 << 20)),
        ("character references", long("&#x41;&amp;&bogus;&#99999999;", 60_000)),
        ("zero bytes", long("\0<\0p>\0", 20_000)),
    ] {
        assert!(text(&html).is_ok_and(|text| !text.is_empty()), "{what}");
    }
}

/// Tags, attributes and texts in any order.
fn soup() -> impl Strategy<Value = String> {
    let tag = prop::sample::select(vec![
        "html",
        "head",
        "body",
        "div",
        "p",
        "a",
        "b",
        "i",
        "table",
        "tr",
        "td",
        "tbody",
        "ul",
        "li",
        "select",
        "option",
        "script",
        "style",
        "template",
        "svg",
        "math",
        "form",
        "input",
        "br",
        "pre",
        "textarea",
        "title",
        "frameset",
        "iframe",
        "article",
        "h1",
        "span",
        "nobr",
        "button",
        "marquee",
        "dl",
        "dd",
        "noscript",
        "plaintext",
        "blockquote",
    ]);
    let piece = prop_oneof![
        3 => (tag.clone(), prop::sample::select(vec!["", " class='post'", " id=comments", " style='display:none'", " \"=x", " a='"]))
            .prop_map(|(tag, rest)| format!("<{tag}{rest}>")),
        2 => tag.prop_map(|tag| format!("</{tag}>")),
        2 => prop::sample::select(PARAGRAPHS.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => prop::sample::select(vec!["<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE x>", "&amp;", "&#0;", "<", ">", "</", "\0", "\n"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// It ends, and says the same again.
    #[test]
    fn any_page_is_read(html in soup()) {
        prop_assert_eq!(text(&html), text(&html));
    }

    #[test]
    fn any_bytes_are_decoded(bytes in prop::collection::vec(any::<u8>(), 0..400), named in prop::option::of("text/html; charset=[a-z0-9-]{0,12}")) {
        if let Ok(html) = decode(&bytes, named.as_deref()) {
            let _ = text(&html);
        }
    }
}
