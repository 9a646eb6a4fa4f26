//! The host of an address, and which part of it one can register, as tldextract has them.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use crate::corpus::python_str;

/// Full stops of other scripts, which stand for the one between labels.
const STOPS: [char; 3] = ['\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// The host's name as it is written, and where the part of it begins that is registered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host<'a> {
    name: Cow<'a, str>,
    /// None of a name below no known suffix.
    registered: Option<usize>,
}

impl<'a> Host<'a> {
    /// The host of an address.
    pub(super) fn of(url: &'a str) -> Self {
        let rest = without_scheme(url);
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let host = authority.rsplit('@').next().unwrap_or_default();
        let bracket = if host.starts_with('[') { host.find(']') } else { None };
        let name = match bracket {
            Some(end) => &host[..=end],
            None => python_str::strip(host.split(':').next().unwrap_or_default())
                .trim_end_matches(|c| c == '.' || STOPS.contains(&c)),
        };
        let name = if name.contains(STOPS) { Cow::Owned(name.replace(STOPS, ".")) } else { Cow::Borrowed(name) };
        let registered = registered(&name);
        Host { name, registered }
    }

    /// What was registered: example.co.uk.
    pub(super) fn domain(&self) -> Option<&str> {
        self.registered.map(|at| &self.name[at..])
    }

    /// The whole name, if part of it was registered, or an address of four numbers.
    pub(super) fn name(&self) -> Option<&str> {
        let known = self.registered.is_some() || self.name.parse::<Ipv4Addr>().is_ok();
        known.then_some(&*self.name)
    }
}

/// An address without its scheme.
pub(super) fn without_scheme(url: &str) -> &str {
    let Some((scheme, rest)) = url.split_once("//") else { return url };
    let is_scheme = |scheme: &str| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    if scheme.is_empty() || scheme.strip_suffix(':').is_some_and(is_scheme) { rest } else { url }
}

/// Where the registered part of a name begins: the label before the longest suffix that registries have.
fn registered(name: &str) -> Option<usize> {
    let lower = name.to_lowercase();
    // What is written in other lower-case letters may be as long or not; labels are counted from the end.
    let mut rest = lower.as_str();
    let suffix = loop {
        let suffix = psl::suffix(rest.as_bytes())?;
        match suffix.typ()? {
            psl::Type::Icann => break std::str::from_utf8(suffix.as_bytes()).ok()?,
            // Below it there are names, but not a registry's: the suffix of its own name is looked for.
            psl::Type::Private => rest = std::str::from_utf8(suffix.as_bytes()).ok()?.split_once('.')?.1,
        }
    };
    let labels = suffix.split('.').count();
    let start = name.rmatch_indices('.').nth(labels - 1)?.0;
    let first = name[..start].rfind('.').map_or(0, |stop| stop + 1);
    (first < start).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_tldextracts() {
        for (url, domain, name) in [
            ("http://www.google.com", Some("google.com"), Some("www.google.com")),
            ("https://user:word@a.B.example.CO.uk:8080/x@y?q#f", Some("example.CO.uk"), Some("a.B.example.CO.uk")),
            ("//x.org", Some("x.org"), Some("x.org")),
            ("x.org?a=//b", Some("x.org"), Some("x.org")),
            ("git+ssh://x.org/a", Some("x.org"), Some("x.org")),
            ("no scheme://x.org/a", None, None),
            ("http://foo.blogspot.com", Some("blogspot.com"), Some("foo.blogspot.com")),
            ("http://foo.github.io.", Some("github.io"), Some("foo.github.io")),
            ("http://github.io", Some("github.io"), Some("github.io")),
            ("http://a.x.compute.amazonaws.com.cn", Some("amazonaws.com.cn"), Some("a.x.compute.amazonaws.com.cn")),
            ("http://co.uk", None, None),
            ("http://com", None, None),
            ("http://www.ck", Some("www.ck"), Some("www.ck")),
            ("http://a.b.c.ck", Some("b.c.ck"), Some("a.b.c.ck")),
            ("http://食狮.公司.cn/", Some("食狮.公司.cn"), Some("食狮.公司.cn")),
            ("http://a\u{3002}b\u{ff0e}org\u{ff61}", Some("b.org"), Some("a.b.org")),
            ("http://xn--85x722f.xn--55qx5d.cn", Some("xn--85x722f.xn--55qx5d.cn"), Some("xn--85x722f.xn--55qx5d.cn")),
            ("http://10.0.0.1/a", None, Some("10.0.0.1")),
            ("http://[::1]:80/", None, None),
            ("http://localhost", None, None),
            ("https://blocke.dcom/x", None, None),
            ("http://.com", None, None),
            ("", None, None),
            ("://", None, None),
        ] {
            let host = Host::of(url);
            assert_eq!((host.domain(), host.name()), (domain, name), "{url}");
        }
    }
}
