//! Removes elements that hold no text from a page, and refuses pages that are too large or too deep.

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use html5ever::ParseOpts;
use html5ever::driver::parse_document;
use html5ever::tendril::TendrilSink;
use scraper::node::Element;
use scraper::{Html, HtmlTreeSink, Node};

use super::{MAX_DEPTH, MAX_NODES, Reason};

/// Nodes and depth are checked again each time this many bytes have been parsed.
const CHUNK_BYTES: usize = 4 << 10;

/// Elements that hold no main text, whatever is in them: what the extraction would drop as well, and later.
const DROPPED: [&str; 36] = [
    "aside",
    "audio",
    "button",
    "canvas",
    "datalist",
    "dialog",
    "embed",
    "footer",
    "head",
    "iframe",
    "img",
    "input",
    "label",
    "link",
    "map",
    "math",
    "menu",
    "meta",
    "nav",
    "noframes",
    "noscript",
    "object",
    "optgroup",
    "option",
    "picture",
    "plaintext",
    "script",
    "select",
    "source",
    "style",
    "svg",
    "template",
    "textarea",
    "time",
    "video",
    "xmp",
];

/// Elements without an end.
const VOID: [&str; 7] = ["area", "base", "br", "col", "hr", "param", "track"];

/// The page anew, much shorter; or what is too much of it, and how much.
pub fn prune(html: &str) -> Result<String, (Reason, usize)> {
    let page = parse(html)?;
    let mut out = String::with_capacity(html.len() / 2);
    out.push_str("<!DOCTYPE html>");
    let mut dropping: Option<NodeId> = None;
    let mut depth = 0;
    for edge in page.tree.root().traverse() {
        match edge {
            Edge::Open(node) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err((Reason::TooDeep, depth));
                }
                match node.value() {
                    _ if dropping.is_some() => {}
                    Node::Text(text) => escape(text, &mut out),
                    Node::Element(element) if DROPPED.binary_search(&element.name()).is_ok() => {
                        dropping = Some(node.id());
                    }
                    Node::Element(element) => begin(element, &mut out),
                    _ => {}
                }
            }
            Edge::Close(node) => {
                depth -= 1;
                if dropping == Some(node.id()) {
                    dropping = None;
                } else if let (None, Node::Element(element)) = (dropping, node.value())
                    && !VOID.contains(&element.name())
                {
                    out.extend(["</", element.name(), ">"]);
                }
            }
        }
    }
    Ok(out)
}

/// Parses a page as browsers do, and stops where it is too much: deep pages would take time by the square of their length.
fn parse(html: &str) -> Result<Html, (Reason, usize)> {
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = html;
    let mut seen = 0;
    while !rest.is_empty() {
        let end = (CHUNK_BYTES..rest.len()).find(|&end| rest.is_char_boundary(end)).unwrap_or(rest.len());
        let (chunk, after) = rest.split_at(end);
        rest = after;
        parser.process(chunk.into());
        let page = parser.tokenizer.sink.sink.0.borrow();
        let nodes = page.tree.nodes();
        let count = nodes.len();
        if count > MAX_NODES {
            return Err((Reason::TooManyNodes, count));
        }
        // What is new is deepest, or was moved with what is new.
        for node in nodes.rev().take(count - seen) {
            let depth = node.ancestors().take(MAX_DEPTH + 1).count();
            if depth > MAX_DEPTH {
                return Err((Reason::TooDeep, depth));
            }
        }
        seen = count;
    }
    Ok(parser.finish())
}

fn begin(element: &Element, out: &mut String) {
    out.extend(["<", element.name()]);
    for (name, value) in element.attrs() {
        // Only what may say that something is hidden matters of a style; of links, that they are some.
        let of_no_use = name.starts_with("data-")
            || name.starts_with("on")
            || matches!(name, "src" | "srcset")
            || name == "style" && !value.contains("display") && !value.contains("visibility")
            || name == "href" && value.len() > 200;
        // Names that a parser takes out of damaged pages may hold anything.
        if !of_no_use && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':')) {
            out.extend([" ", name, "=\""]);
            escape(value, out);
            out.push('"');
        }
    }
    out.push('>');
}

fn escape(text: &str, out: &mut String) {
    for part in text.split_inclusive(['&', '<', '>', '"']) {
        let (plain, escaped) = match part.as_bytes().last() {
            Some(b'&') => (&part[..part.len() - 1], "&amp;"),
            Some(b'<') => (&part[..part.len() - 1], "&lt;"),
            Some(b'>') => (&part[..part.len() - 1], "&gt;"),
            Some(b'"') => (&part[..part.len() - 1], "&quot;"),
            _ => (part, ""),
        };
        out.extend([plain, escaped]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_in_order() {
        assert!(DROPPED.is_sorted());
    }

    #[test]
    fn a_page_loses_what_is_no_text() {
        let page = "<html><head><title>t</title><script>if (a < b) {}</script></head><body onload=x><nav><p>menu</nav>\
                    <p class='a \"b\"' style='color: red' data-x=1>one &amp; two &lt;b&gt;<br>three<!-- four --><svg><p>";
        let want =
            "<!DOCTYPE html><html><body><p class=\"a &quot;b&quot;\">one &amp; two &lt;b&gt;<br>three</p><p></p>";
        assert_eq!(prune(page).unwrap().replace("</body></html>", ""), want);
    }

    #[test]
    fn what_is_too_much_is_refused_and_measured() {
        let nested = |depth: usize| "<div>".repeat(depth) + "text";
        assert!(prune(&nested(MAX_DEPTH - 20)).is_ok());
        for deep in
            [nested(MAX_DEPTH + 1), nested(100_000), "<b><div>".repeat(5_000), "</body><!-- --><div>".repeat(100_000)]
        {
            assert!(matches!(prune(&deep), Err((Reason::TooDeep, _))));
        }
        let many = "<p>a".repeat(MAX_NODES / 2 + 1);
        assert!(matches!(prune(&many), Err((Reason::TooManyNodes, found)) if found > MAX_NODES));
    }
}
