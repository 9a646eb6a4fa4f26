//! Lines of the HTML that the extraction leaves: each paragraph, heading, item and row is one.

use ego_tree::iter::Edge;
use scraper::{Html, Node};

/// Elements that do not stand within a line.
const BLOCKS: [&str; 27] = [
    "article",
    "blockquote",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

/// The text, by lines.
pub fn lines(html: &str) -> String {
    let page = Html::parse_fragment(html);
    let (mut out, mut line) = (String::new(), String::new());
    // How many elements are open that keep their lines.
    let mut kept = 0;
    for edge in page.tree.root().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Text(text) if kept > 0 => {
                    for (n, part) in text.split('\n').enumerate() {
                        if n > 0 {
                            end(&mut line, &mut out);
                        }
                        line.push_str(part);
                    }
                }
                Node::Text(text) => collapse(text, &mut line),
                Node::Element(element) => match element.name() {
                    "br" => end(&mut line, &mut out),
                    "td" | "th" if !line.trim().is_empty() => {
                        line.truncate(line.trim_end().len());
                        // An empty cell is left out.
                        line.push_str(if line.ends_with(" |") { " " } else { " | " });
                    }
                    name if BLOCKS.binary_search(&name).is_ok() => {
                        // A mark of an item stands before what begins it.
                        if line.trim() != "-" {
                            end(&mut line, &mut out);
                        }
                        if name == "li" {
                            line = "- ".into();
                        }
                        kept += (name == "pre") as usize;
                    }
                    _ => {}
                },
                _ => {}
            },
            Edge::Close(node) => {
                if let Some(name) = node.value().as_element().map(|element| element.name())
                    && BLOCKS.binary_search(&name).is_ok()
                {
                    end(&mut line, &mut out);
                    kept -= (name == "pre") as usize;
                }
            }
        }
    }
    end(&mut line, &mut out);
    out
}

/// Puts a line behind the others, if there is something on it.
fn end(line: &mut String, out: &mut String) {
    let text = line.trim_end();
    if !matches!(text.trim_start(), "" | "-") {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(text);
    }
    line.clear();
}

/// White space is one blank, none at the beginning of a line.
fn collapse(text: &str, line: &mut String) {
    for (n, word) in text.split([' ', '\t', '\n', '\r', '\x0c']).enumerate() {
        if n > 0 && !line.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
        line.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_a_line() {
        assert!(BLOCKS.is_sorted());
        let html = "<h1>Of  rivers</h1><p>One <b>wide</b>\n river.<br/>It\u{a0}flows.</p> <p> </p>\
                    <ul><li>first</li><li><p>second</p><ul><li>within</li></ul></li><li></li></ul>\
                    <table><tr><td>a</td><td></td><td>b</td></tr><tr><th>c</th></tr></table>\
                    <pre>if x:\n    y\n</pre>the end";
        let want =
            "Of rivers\nOne wide river.\nIt\u{a0}flows.\n- first\n- second\n- within\na | b\nc\nif x:\n    y\nthe end";
        assert_eq!(lines(html), want);
        assert_eq!(lines(""), "");
    }
}
