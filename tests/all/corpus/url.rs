//! Addresses are blocked in datatrove's order and by its words, and lists with errors are read all the same.
#![cfg(feature = "addresses")]

use std::io::{BufReader, Read};

use glasshouse::corpus::Document;
use glasshouse::corpus::url::{ListFault, ListKind, Lists, UrlFilter};
use proptest::prelude::*;

/// A filter by lists, and the faults in them.
fn filter(lists: &[(ListKind, &[u8])]) -> (UrlFilter, Vec<(u64, ListFault)>) {
    let (mut all, mut faults) = (Lists::default(), Vec::new());
    for (kind, bytes) in lists {
        // Three bytes at a time, so that lines come in pieces.
        all.add(*kind, BufReader::with_capacity(3, *bytes), |number, fault| faults.push((number, fault))).unwrap();
    }
    (UrlFilter::new(all).unwrap(), faults)
}

fn without_faults(lists: &[(ListKind, &str)]) -> UrlFilter {
    let lists: Vec<(ListKind, &[u8])> = lists.iter().map(|(kind, text)| (*kind, text.as_bytes())).collect();
    let (filter, faults) = filter(&lists);
    assert_eq!(faults, []);
    filter
}

fn reason(filter: &UrlFilter, url: &str) -> &'static str {
    filter.blocks(url).map_or("", |(reason, _)| reason)
}

/// The table of datatrove's own test.
#[test]
fn domains_are_datatroves() {
    let filter = without_faults(&[(ListKind::Domains, "blocked.com\ndanger.org\nbadsubdomain.nice.com\n")]);
    for (url, want) in [
        ("https://blocked.com/some-sub-url?with=stuff", "domain"),
        ("https://hey.danger.org/some-sub-url?with=stuff", "domain"),
        ("http://hey.danger.org/some-sub-url?with=stuff", "domain"),
        ("http://www.danger.org/some-sub-url?with=stuff", "domain"),
        ("https://nice.com/some-sub-url?with=stuff", ""),
        ("https://badsubdomain.nice.com/some-sub-url?with=stuff", "subdomain"),
        ("https://sdsd.badsubdomain.nice.com/some-sub-url?with=stuff", ""),
        ("https://blocke.dcom/some-sub-url?with=stuff", ""),
        // Not of that test.
        ("https://BLOCKED.com", ""),
        ("https://blocked.com.", "domain"),
        ("https://blocked.com.org/", ""),
        ("https://x.org/blocked.com", ""),
    ] {
        assert_eq!(reason(&filter, url), want, "{url}");
    }
}

#[test]
fn each_check_has_its_turn() {
    let filter = without_faults(&[
        (ListKind::Domains, "all.org\none.two.org\n1.2.3.4\nuser.github.io\nkept.co.uk\nco.uk\n"),
        (ListKind::Urls, "http://three.org/a?b\nfour.org/page\n"),
        (ListKind::Words, "poison\nsore-thumb\n"),
        (ListKind::SoftWords, "rum\ngin\nale\nRUM\n"),
        (ListKind::Subwords, "bad word\n"),
    ]);
    for (url, want) in [
        ("http://x.all.org/poison", "domain"),
        ("http://one.two.org/poison", "subdomain"),
        ("http://1.2.3.4:80/x", "subdomain"),
        ("http://user.github.io/", "subdomain"),
        ("http://other.github.io/", ""),
        ("http://kept.co.uk", "domain"),
        ("http://other.co.uk", ""),
        ("http://three.org/a?b", "url"),
        ("http://three.org/a", ""),
        ("https://three.org/a?b", ""),
        ("https://four.org/page", "url"),
        ("https://four.org/page/", ""),
        ("http://x.org/rum/gin/poison", "hard_blacklisted"),
        ("http://x.org/my_poison-badword", "hard_blacklisted"),
        ("http://x.org/poisoned", ""),
        ("http://x.org/Poison", ""),
        ("http://x.org/sorethumb", "hard_blacklisted"),
        ("http://x.org/sore-thumb", ""),
        ("http://rum.org/gin?badword", "soft_blacklisted"),
        ("http://rum.org/rum", ""),
        ("http://x.org/abadwordy", "blacklisted_subword"),
        ("http://x.org/B.a.D/w-O-r-D", "blacklisted_subword"),
        ("http://x.org/bad%77ord", ""),
        ("", ""),
        ("no address at all", ""),
    ] {
        assert_eq!(reason(&filter, url), want, "{url}");
    }
    assert_eq!(filter.blocks("http://ale.org/rum/gin"), Some(("soft_blacklisted", 3.0)));
    let mut strict = filter;
    strict.set_soft_words(1.0);
    assert_eq!(reason(&strict, "http://rum.org/rum"), "soft_blacklisted");
    strict.set_soft_words(f64::INFINITY);
    assert_eq!(reason(&strict, "http://ale.org/rum/gin"), "");

    let document =
        |url: Option<&str>| Document { url: url.map(String::from), text: "text".into(), ..Document::default() };
    let removal = strict.judge(&document(Some("http://x.all.org"))).unwrap_err();
    assert_eq!((&*removal.stage, &*removal.reason, removal.value, removal.span), ("url", "domain", 1.0, 0..0));
    assert_eq!(strict.judge(&document(None)), Ok(()));
    let empty = without_faults(&[]);
    assert_eq!(reason(&empty, "http://x.org/poison"), "");
}

#[test]
fn lists_with_errors_are_read_all_the_same() {
    let long = [b"x".repeat(70_000), b"\nbehind.com\n".to_vec()].concat();
    let domains: &[u8] = b"# a comment\n\n  spaced.com \r\ntwo words.com\nwith/slash.com\n\xff\xfe.com\nnul\0l.com\nspaced.com\nlast.com";
    let (filter, faults) = filter(&[
        (ListKind::Domains, domains),
        (ListKind::Domains, &long),
        (ListKind::Words, "!!!\nпривет\nfine\n".as_bytes()),
        (ListKind::Subwords, b"-\n"),
    ]);
    use ListFault::{NoHost, NoWord, NotUtf8, Space, TooLong};
    let want = [(4, Space), (5, NoHost), (6, NotUtf8), (7, Space), (1, TooLong), (1, NoWord), (2, NoWord), (1, NoWord)];
    assert_eq!(faults, want);
    let counts: Vec<usize> = filter.lists().counts().iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [3, 0, 1, 0, 0]);
    for host in ["spaced.com", "last.com", "behind.com"] {
        assert_eq!(reason(&filter, &format!("http://{host}/")), "domain");
    }
    assert_eq!(reason(&filter, "http://x.org/"), "", "a word of no letters blocks nothing");
    assert!(faults.iter().all(|(_, fault)| fault.to_string().starts_with("expected ")));
}

#[test]
fn files_are_known_by_name() {
    for (name, kind) in [
        ("domains", Some(ListKind::Domains)),
        ("urls", Some(ListKind::Urls)),
        ("banned_words.txt", Some(ListKind::Words)),
        ("soft_banned_words.txt", Some(ListKind::SoftWords)),
        ("banned_subwords.txt", Some(ListKind::Subwords)),
        ("expressions", None),
        ("usage", None),
        ("domains.txt", None),
    ] {
        assert_eq!(ListKind::of(name), kind, "{name}");
    }
}

/// A line without an end takes no memory.
#[test]
fn an_endless_line_is_passed_over() {
    let mut faults = Vec::new();
    let endless = BufReader::new(std::io::repeat(b'a').take(1 << 28));
    let mut lists = Lists::default();
    lists.add(ListKind::Domains, endless, |number, fault| faults.push((number, fault))).unwrap();
    assert_eq!(faults, [(1, ListFault::TooLong)]);
    assert_eq!(lists.counts()[0].1, 0);
}

#[test]
fn a_million_names_are_all_found_and_no_other() {
    let names: String = (0..1_000_000).map(|n| format!("site{n}.example{}.com\n", n % 7)).collect();
    let filter = without_faults(&[(ListKind::Domains, &names)]);
    assert_eq!(filter.lists().counts()[0].1, 1_000_000);
    for n in (0..1_000_000).step_by(997) {
        assert_eq!(reason(&filter, &format!("http://site{n}.example{}.com/", n % 7)), "subdomain");
        assert_eq!(reason(&filter, &format!("http://site{n}.example{}.com/", (n + 1) % 7)), "");
        assert_eq!(reason(&filter, &format!("http://ite{n}.example{}.com/", n % 7)), "");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_list_and_any_address_are_gone_through(
        bytes in prop::collection::vec(prop_oneof![
            prop::sample::select(vec![b'\n', b'\r', b'#', b'.', b'/', b' ', b'a', b'b', 0, 0xc3, 0xa9, 0xff]),
            any::<u8>(),
        ], 0..200),
        url in prop_oneof![
            any::<String>(),
            prop::collection::vec(prop::sample::select(vec![
                "http", ":", "/", "//", "@", "[", "]", ".", "。", "com", "co.uk", "xn--", "a", "İ", "ß", "?", "#", " ", "1.2.3.4",
            ]), 0..12).prop_map(|parts| parts.concat()),
        ],
    ) {
        for kind in [ListKind::Domains, ListKind::Urls, ListKind::Words, ListKind::SoftWords, ListKind::Subwords] {
            let (filter, faults) = filter(&[(kind, &bytes)]);
            let lines = bytes.split(|&byte| byte == b'\n').count();
            let kept: usize = filter.lists().counts().iter().map(|(_, count)| count).sum();
            prop_assert!(kept + faults.len() <= lines);
            filter.blocks(&url);
            if kind == ListKind::Urls && kept == 1 && lines == 1 {
                let is_space = |c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
                let text = std::str::from_utf8(&bytes).unwrap().trim_matches(is_space);
                prop_assert_eq!(reason(&filter, text), "url");
            }
        }
    }
}
