//! Personal data is found where datatrove finds it, and what stands in its place depends on the document alone.

use glasshouse::corpus::personal::{Replaced, replace};
use proptest::prelude::*;

/// The text with M for mail, A for addresses and T for telephone numbers.
fn marked(text: &str, telephones: bool) -> String {
    let mut text = text.to_owned();
    replace(&mut text, telephones);
    let mail = text.replace("email@example.com", "M").replace("firstname.lastname@example.org", "M");
    ["22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168"]
        .iter()
        .fold(mail, |text, address| text.replace(address, "A"))
        .replace("202-555-0100", "T")
}

/// The lines of datatrove's own test.
#[test]
fn mail_is_datatroves() {
    for (text, want) in [
        ("first.last@sub.example.com", "M"),
        ("first+last@example.com", "M"),
        ("email@123.123.123.123", "M"),
        ("email@[123.123.123.123]", "M"),
        ("\"email\"@example.com", "\"email\"@example.com"),
        ("1234567890@example-one.co.jp", "M"),
        ("_______@example.museum", "M"),
        ("NAME@MYSITE.COM", "M"),
        ("much.”more\\ unusual”@example.com", "much.”more\\ unusual”@example.com"),
        ("very.unusual.”@”.unusual.com@example.com", "very.unusual.”@”.M"),
        ("very@\\ \"very”.unusual@strange.example.com", "very@\\ \"very”.M"),
        ("#@%^%#$@#$@#.com", "#@%^%#$@#$@#.com"),
        ("Joe <joe@x.org>, joe.x.org, @x.org", "Joe <M>, joe.x.org, @x.org"),
        ("email@example@example.com", "email@M"),
        (".email@example.com", ".M"),
        ("email.@example.com", "email.@example.com"),
        ("email..email@example.com", "email..M"),
        ("あいうえお@example.com", "あいうえお@example.com"),
        ("email@example", "email@example"),
        ("email@-example.com", "email@-example.com"),
        ("email@111.222.333.44444", "M"),
        ("email@example..com", "email@example..com"),
        ("just”not”right@example.com", "just”not”M"),
        // Not of that test.
        ("a@b.c. And b@c-.d, c@d.e-", "M. And b@c-.d, M-"),
        ("x@[1.2.3.a-b:] x@[1.2.3.256] x@[1.2.3.-:]", "M x@[A6] x@[1.2.3.-:]"),
        ("a@b.c@d.e", "M@d.e"),
        ("é+x@y.zz !x@y.zz", "éM !M"),
    ] {
        assert_eq!(marked(text, false), want, "{text}");
    }
}

#[test]
fn addresses_are_datatroves() {
    let stay = "999.999.999.999. 108.0.0.01 0.1.2.3 00.0000.00.00 192.168.l.1 912.456.123.123 172.16.0.9 172.31.254.254 127.0.0.2 \
                10.0.1.5 10.255.255.254 192.168.254.0 169.254.1.1 100.64.0.1 198.18.0.1 203.0.113.9 240.0.0.1 255.255.255.255";
    assert_eq!(marked(stay, false), stay);
    for (text, want) in [
        (".3.3.3.0", ".A"),
        ("163.36.107.25 57.120.21.121:80, 4.132.211.142/", "A A:80, A/"),
        ("172.32.0.1 172.15.0.1 100.128.0.1 192.0.0.9 224.0.0.1", "A A A A A"),
        ("1999.1.1.1 9.9.9.256 9.9.9.2555 1.2.3.4.5.6.7.8", "19A A6 A5 A.A"),
        ("version 1.2.3", "version 1.2.3"),
    ] {
        assert_eq!(marked(text, false), want, "{text}");
    }
}

#[test]
fn telephones_are_replaced_on_demand() {
    for (text, want) in [
        ("Call (202) 555-0147 or 202.555.0147, or 2025550147.", "Call T or T, or T."),
        ("+44 20 7946 0958, +1 (415) 555-2671; +491711234567", "T, T; T"),
        (
            "from 1984 to 2001, 1,234,567 of 12345678901 x2025550147",
            "from 1984 to 2001, 1,234,567 of 12345678901 x2025550147",
        ),
        ("3+4567890123 +12 and +1234567890123456", "3+4567890123 +12 and +1234567890123456"),
        ("202 555 0147", "T"),
    ] {
        assert_eq!(marked(text, true), want, "{text}");
        assert_eq!(marked(text, false), text);
    }
}

#[test]
fn replacements_are_taken_in_turn_and_counted() {
    let mut text = "a@b.cd, b@c.de, c@d.ef at 8.8.8.8 and 9.9.9.9 and 10.0.0.1, (202) 555-0147".to_owned();
    assert_eq!(replace(&mut text, false), Replaced { mail: 3, addresses: 2, telephones: 0 });
    assert_eq!(
        text,
        "email@example.com, firstname.lastname@example.org, email@example.com at 22.214.171.124 and 126.96.36.199 and \
         10.0.0.1, (202) 555-0147"
    );
    let mut plain = "nothing personal".to_owned();
    assert_eq!(replace(&mut plain, true), Replaced::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_gone_through(pieces in prop::collection::vec(prop_oneof![
        prop::sample::select(vec!["a", "@", ".", "-", "b.c", "1", "25", "[", "]", "+", "(", ")", " ", "é", "👍", ":", "8.8.8.8"]).prop_map(String::from),
        any::<String>(),
    ], 0..40)) {
        let text = pieces.concat();
        let mut without = text.clone();
        let replaced = replace(&mut without, false);
        prop_assert_eq!(replaced.mail + replaced.addresses == 0, without == text);
        replace(&mut without, true);
    }
}

/// A million characters without an end to what begins.
#[test]
fn long_runs_are_gone_through() {
    for piece in ["1", "1.", "a@", "a.", "@", "+1 ", "123 ", "(", "a@b.", "12345678901234567"] {
        replace(&mut piece.repeat((1 << 20) / piece.len()), true);
    }
}
