//! Languages are told as fastText tells them, a damaged model is refused, and each language has its own rules or none.
#![cfg(feature = "chinese")]

use std::path::Path;
use std::sync::OnceLock;

use glasshouse::corpus::filters::{Filters, Rules, Stage, Tables};
use glasshouse::corpus::language::{FastTextModel, Identifier, LanguageFilter, Languages};
use glasshouse::corpus::words::Words;
use glasshouse::corpus::{Document, Report};

fn document(text: &str) -> Document {
    Document { text: text.into(), ..Document::default() }
}

fn lid() -> &'static FastTextModel {
    static MODEL: OnceLock<FastTextModel> = OnceLock::new();
    MODEL.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("build/vocabularies/lid.176.ftz");
        let bytes = std::fs::read(&path);
        let bytes = bytes.unwrap_or_else(|error| panic!("{}: {error}: run scripts/setup.sh languages", path.display()));
        FastTextModel::read("lid.176.ftz", &bytes).unwrap()
    })
}

/// The texts of datatrove's own test, and four more, with what fastText's C++ makes of them.
const GOLDEN: [(&str, &str, f32); 6] = [
    (
        "I wish it need not have happened in my time,' said Frodo. 'So do I,' said Gandalf, 'and so do all who live to see such \
         times. But that is not for them to decide. All we have to decide is what to do with the time that is given us.'",
        "en",
        0.988214,
    ),
    (
        "Un magicien n'est jamais en retard Frodon Sacquet. Pas plus qu'il est en avance. Il arrive précisément à l'heure prévue.",
        "fr",
        0.985918,
    ),
    (
        "Um mago nunca chega tarde, Frodo Bolseiro. Nem cedo. Ele chega precisamente na hora que pretende.",
        "pt",
        0.915749,
    ),
    (
        "Molti tra i vivi meritano la morte. E parecchi che sono morti avrebbero meritato la vita. Sei forse tu in grado di \
         dargliela? E allora non essere troppo generoso nel distribuire la morte nei tuoi giudizi: sappi che nemmeno i più saggi \
         possono vedere tutte le conseguenze.",
        "it",
        0.995218,
    ),
    ("The quick brown fox jumps over the lazy dog.", "en", 0.697451),
    ("12345 67890", "en", 0.124504),
];

#[test]
fn scores_are_fasttexts() {
    for (text, language, score) in GOLDEN {
        let labels = lid().labels(text);
        assert_eq!(labels[0].0, language, "{text}");
        assert!((labels[0].1 - score).abs() < 1e-4, "{text}: {} and not {score}", labels[0].1);
        let sum: f32 = labels.iter().map(|(_, score)| score).sum();
        assert!((sum - 1.0).abs() < 0.02 && labels.is_sorted_by(|a, b| a.1 >= b.1), "{text}: {sum}");
    }
    assert_eq!(lid().labels("")[0], lid().labels(" \t\0\r ")[0], "a line without words is its end alone");
    assert_eq!(lid().labels("one </s> zwei drei"), lid().labels("one </s>"), "nothing is read behind an end");
    assert_eq!(lid().labels("one __label__de __label__none two"), lid().labels("one two"), "labels are no words");
}

/// A small model in fastText's format: words a, b and the line's end, labels x, y and z. `code` is the byte that stands for all
/// parts of quantised rows.
struct Small {
    words_in_a_row: i32,
    quantised: bool,
    with_lengths: bool,
    kept: Option<Vec<[i32; 2]>>,
    counts: [i64; 3],
}

const COLUMNS: i32 = 5;
const BUCKETS: i32 = 7;

impl Small {
    fn new(quantised: bool) -> Self {
        let kept = quantised.then(|| vec![[0, 2], [3, 0], [6, 1]]);
        Small { words_in_a_row: 2, quantised, with_lengths: quantised, kept, counts: [50, 30, 20] }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut put = |part: &[u8]| bytes.extend_from_slice(part);
        for number in [793_712_314, 12, COLUMNS, 5, 5, 1, 5, self.words_in_a_row, 1, 3, BUCKETS, 2, 3, 100] {
            put(&number.to_le_bytes());
        }
        put(&1e-4f64.to_le_bytes());
        for number in [6, 3, 3] {
            put(&i32::to_le_bytes(number));
        }
        put(&100i64.to_le_bytes());
        put(&self.kept.as_ref().map_or(-1, |kept| kept.len() as i64).to_le_bytes());
        let words = [("</s>", 100, 0), ("a", 60, 0), ("bé", 40, 0)];
        let labels = ["x", "y", "z"].map(|label| format!("__label__{label}"));
        let labels = labels.iter().zip(self.counts).map(|(label, count)| (&**label, count, 1));
        for (word, count, kind) in words.into_iter().chain(labels) {
            put(word.as_bytes());
            put(&[0]);
            put(&i64::to_le_bytes(count));
            put(&[kind]);
        }
        for pair in self.kept.iter().flatten() {
            pair.iter().for_each(|number| put(&number.to_le_bytes()));
        }
        let rows = 3 + self.kept.as_ref().map_or(BUCKETS as i64, |kept| kept.len() as i64);
        for (rows, seed) in [(rows, 1), (3, 2)] {
            let number = |nth: i64| ((nth * 37 + seed * 11) % 19 - 9) as f32 / 7.0;
            put(&[self.quantised as u8]);
            if !self.quantised {
                put(&rows.to_le_bytes());
                put(&(COLUMNS as i64).to_le_bytes());
                (0..rows * COLUMNS as i64).for_each(|nth| put(&number(nth).to_le_bytes()));
                continue;
            }
            put(&[self.with_lengths as u8]);
            put(&rows.to_le_bytes());
            put(&(COLUMNS as i64).to_le_bytes());
            put(&(rows as i32 * 3).to_le_bytes());
            (0..rows * 3).for_each(|nth| put(&[(nth * 71 % 256) as u8]));
            let quantiser = |[dim, parts, part, last]: [i32; 4]| {
                let head = [dim, parts, part, last].into_iter().flat_map(i32::to_le_bytes);
                head.chain((0..dim as i64 * 256).flat_map(|nth| number(nth).to_le_bytes())).collect::<Vec<u8>>()
            };
            put(&quantiser([COLUMNS, 3, 2, 1]));
            if self.with_lengths {
                (0..rows).for_each(|nth| put(&[(nth * 5) as u8]));
                put(&quantiser([1, 1, 1, 1]));
            }
        }
        bytes
    }
}

fn refusal(bytes: &[u8]) -> String {
    FastTextModel::read("model.ftz", bytes).err().expect("a damaged model is refused").to_string()
}

const LINE: &str = "a bé aa ébé unknown a </s>";

#[test]
fn plain_and_quantised_models_are_read() {
    for quantised in [false, true] {
        let model = FastTextModel::read("small", &Small::new(quantised).bytes()).unwrap();
        let labels = model.labels(LINE);
        let mut names: Vec<&str> = labels.iter().map(|(label, _)| *label).collect();
        names.sort();
        assert_eq!(names, ["x", "y", "z"]);
        let sum: f32 = labels.iter().map(|(_, score)| score).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{labels:?}");
        assert_ne!(model.labels("a"), model.labels("bé"));
        if !quantised {
            assert_ne!(model.labels("a bé"), model.labels("bé a"), "two words in a row are hashed in their order");
        }
    }
    let loose = Small { words_in_a_row: 1, ..Small::new(false) };
    let model = FastTextModel::read("small", &loose.bytes()).unwrap();
    let near = |a: Vec<(&str, f32)>, b: Vec<(&str, f32)>| a.iter().zip(&b).all(|(a, b)| (a.1 - b.1).abs() < 1e-6);
    assert!(near(model.labels("a bé"), model.labels("bé a")));
}

#[test]
fn a_foreign_model_is_refused_with_what_was_expected() {
    let whole = Small::new(true).bytes();
    let with = |at: usize, number: i32| {
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        refusal(&bytes)
    };
    for (message, part) in [
        (refusal(b""), "expected 4 bytes of the head"),
        (refusal(b"PK\x03\x04 a zip file"), "fastText's mark"),
        (with(4, 13), "version 11 or 12"),
        (with(9 * 4, 1), "hierarchical softmax"),
        (with(8 * 4, 3), "hierarchical softmax"),
        (with(2 * 4, 0), "0 columns"),
        (with(10 * 4, -1), "-1 rows of hashes"),
        (with(12 * 4, 1000), "1000"),
        (with(64, 7), "7 words and labels"),
        (with(68, i32::MAX), "words"),
        (refusal(&Small { counts: [-1, 0, 0], ..Small::new(false) }.bytes()), "examples"),
        (refusal(&Small { counts: [1 << 48, 1 << 48, 0], ..Small::new(false) }.bytes()), "examples"),
        (refusal(&Small { kept: Some(vec![[0, 1]]), ..Small::new(true) }.bytes()), "1 rows for a hash"),
        (refusal(&[&whole[..], b"\0"].concat()), "1 bytes more"),
    ] {
        assert!(message.contains(part) && message.contains("model.ftz"), "{part}: {message}");
    }
    let mut infinite = Small::new(false).bytes();
    let last = infinite.len() - 4;
    infinite[last..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert!(refusal(&infinite).contains("finite"));
    // All labels without examples make the tree a chain, and that is no fault.
    assert_eq!(
        FastTextModel::read("x", &Small { counts: [0; 3], ..Small::new(true) }.bytes()).unwrap().labels("a").len(),
        3
    );
}

/// The most memory that the process held, in bytes, where the system says it.
fn most_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().ok()? << 10)
}

/// Whether this process runs the test of that name and no other; if not, it runs in one that does. What a process takes of
/// memory is told for the whole of it.
fn by_itself(test: &str) -> bool {
    const ALONE: &str = "GLASSHOUSE_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let ran = std::process::Command::new(program).args(["--exact", test]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    false
}

/// Cut off anywhere, and with any byte changed, a model is refused or read, and what is read can be asked.
#[test]
fn damaged_models_never_panic() {
    if !by_itself("corpus::language::damaged_models_never_panic") {
        return;
    }
    let (mut refused, mut read) = (0, 0);
    let mut try_it = |bytes: &[u8]| match FastTextModel::read("damaged", bytes) {
        Err(_) => refused += 1,
        Ok(model) => {
            read += 1;
            model.labels(LINE);
        }
    };
    for quantised in [false, true] {
        let whole = Small::new(quantised).bytes();
        for length in 0..whole.len() {
            assert!(FastTextModel::read("cut", &whole[..length]).is_err(), "cut off at {length}");
        }
        // The numbers of a matrix are all alike; what stands before them decides.
        for at in (0..whole.len()).filter(|&at| at < 500 || at % 97 == 0) {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = if value == 1 { bytes[at] ^ 1 } else { value };
                try_it(&bytes);
            }
        }
        // Numbers of four and eight bytes that are too large.
        for at in 0..400.min(whole.len() - 8) {
            for huge in [i64::MAX, i64::MIN, i32::MAX as i64, 1 << 40, -1] {
                for length in [4, 8] {
                    let mut bytes = whole.clone();
                    bytes[at..at + length].copy_from_slice(&huge.to_le_bytes()[..length]);
                    try_it(&bytes);
                }
            }
        }
    }
    assert!(refused > 1000 && read > 1000, "{refused} were refused and {read} read");
    let most = most_memory();
    assert!(most.is_none_or(|most| most < 1 << 29), "{most:?} bytes of memory for models of some kilobytes");
}

fn judged(filter: &LanguageFilter, text: &str) -> (Option<String>, Option<String>) {
    let mut document = document(text);
    let result = filter.judge(&mut document);
    assert_eq!(document.language.is_some(), document.language_score.is_some());
    (document.language, result.err().map(|removal| removal.reason.into_owned()))
}

#[test]
fn languages_are_kept_by_datatroves_rule() {
    let filter = |languages: &str| {
        let model = FastTextModel::read("lid", &std::fs::read("build/vocabularies/lid.176.ftz").unwrap()).unwrap();
        LanguageFilter::new(Identifier::FastText(model, "lid".into()), languages.parse().unwrap())
    };
    let said = |filter: &LanguageFilter| GOLDEN.map(|(text, ..)| judged(filter, text).1.unwrap_or_default());
    // datatrove's own test.
    let other = "other_language";
    assert_eq!(said(&filter("en,it")), ["", other, other, "", "", "language_score"]);
    assert_eq!(said(&filter("any")), ["", "", "", "", "", "language_score"]);
    let mut strict = filter("any");
    strict.set_least(0.95);
    assert_eq!(said(&strict), ["", "", "language_score", "", "language_score", "language_score"]);
    let mut loose = filter("es");
    loose.set_least(0.02);
    assert_eq!(said(&loose)[4], "", "a language that is not the surest is enough where the threshold is low");
    let mut fox = document(GOLDEN[4].0);
    filter("de").judge(&mut fox).unwrap_err();
    assert_eq!(fox.language.as_deref(), Some("en"));
    assert!((fox.language_score.unwrap() - 0.697451).abs() < 1e-4);
    // Lines are words apart.
    let [one, other] = ["Un magicien n'est\njamais en retard", "Un magicien n'est jamais en retard"];
    assert_eq!(lid().labels(one), lid().labels(other));
}

#[test]
fn without_a_model_whatlang_tells_languages() {
    let filter = |languages: &str| LanguageFilter::new(Identifier::Whatlang, languages.parse().unwrap());
    assert_eq!(filter("any").identifier().name(), "whatlang");
    let italian = GOLDEN[3].0;
    assert_eq!(judged(&filter("it"), italian), (Some("it".into()), None));
    assert_eq!(judged(&filter("en"), italian), (Some("it".into()), Some("other_language".into())));
    assert_eq!(judged(&filter("any"), "12345"), (None, Some("language_score".into())));
    assert_eq!(judged(&filter("zh"), "船在河的北岸停了一夜。"), (Some("zh".into()), None));
}

#[test]
fn languages_are_listed_by_code() {
    assert_eq!("any".parse(), Ok(Languages::Any));
    assert_eq!("en,zh".parse(), Ok(Languages::These(vec!["en".into(), "zh".into()])));
    for wrong in ["", "en,", "English", "e", "en;zh", "en zh", "any,en,"] {
        let error = wrong.parse::<Languages>().unwrap_err();
        assert!(error.contains("en,zh"), "{wrong}: {error}");
    }
}

/// What all filters say of a text in a corpus of these languages: the reason, or nothing.
fn said(languages: &str, language: Option<&str>, text: &str) -> (String, Report) {
    let tables = Tables::new(languages.parse().unwrap(), []).unwrap();
    let mut document = Document { language: language.map(String::from), ..document(text) };
    let mut report = Report::default();
    let rules = tables.rules(tables.number(&document)).clone();
    let result = Filters::new(rules).run(&mut document, &mut report);
    (result.err().map_or(String::new(), |removal| removal.reason.into_owned()), report)
}

/// Pages of ordinary prose: four of ours, and the beginnings of 故乡 by 鲁迅 and of 背影 by 朱自清, in the public domain.
const PROSE: [&str; 6] = [
    "我们住的小镇在河的北岸，每年春天都有很多人来看花。镇上有一座石桥，是两百年前修的，桥上的石头已经被磨得很光滑。\n\
     桥的南边有一家茶馆，老板姓李，他在这里卖茶已经三十年了。早上六点，他就打开门，把桌子和椅子搬到外面。\n\
     下雨的时候，客人们坐在屋里，一边喝茶一边谈天气和收成。孩子们在门口看雨，等雨停了就跑到河边去。\n\
     去年秋天，河水涨得很高，桥也被淹了两天。大家一起把沙袋搬到岸边，没有人受伤，只是几家的地下室进了水。\n\
     现在桥已经修好了，茶馆也重新开了门。李老板说，只要还有人来喝茶，他就不会离开这个地方。",
    "种番茄并不难，但是有几件事要注意。首先，种子应该在三月初放进温水里泡一夜，然后种在小花盆中，放在窗台上。\n\
     等到苗长出四片叶子，就可以把它们移到大一点的盆里。这时候不要浇太多水，土表面干了再浇，否则根会烂掉。\n\
     五月中旬，夜里的温度不再低于十度，苗就可以种到院子里去。每两棵之间留半米的距离，旁边插一根竹竿，让它们往上爬。\n\
     夏天最热的几个星期，每天早上都要浇一次水。叶子之间长出来的小芽要摘掉，这样果实才会长得又大又甜。",
    "昨天晚上，市图书馆的新楼正式对外开放。新楼一共有五层，可以放下八十万本书，还有三百多个座位供读者使用。\n\
     馆长王女士在开幕时说，旧楼是一九八六年建的，早就不够用了，读者常常要站着看书。为了这座新楼，他们等了十二年。\n\
     一楼是儿童阅览室，地上铺着软垫，墙上画着海洋和森林。二楼和三楼是外借部，四楼用来保存旧报纸和地方志。\n\
     许多市民下班以后赶来参观。一位退休教师告诉记者，他年轻时在旧楼里读完了大学的课程，今天特地带孙女来办借书证。\n\
     图书馆每天早上九点开门，晚上九点关门，星期一休息。借书证是免费的，只需要带身份证去一楼办理。",
    "地球绕着太阳转一圈需要一年，同时它自己也在转动，转一圈是一天。因为地轴是斜的，所以一年里太阳照到各地的角度不同。\n\
     夏天，北半球朝向太阳，白天长，夜晚短，气温也就比较高。到了冬天，情况正好相反，阳光斜着照过来，地面得到的热量少了。\n\
     赤道附近的地方一年四季都差不多，那里的人只分雨季和旱季。而在两极，夏天有一段时间太阳整天都不落下去。\n\
     古代的人虽然不知道这些道理，但是他们仔细观察影子的长短，很早就定出了节气，用来安排播种和收割的时间。",
    "我冒了严寒，回到相隔二千余里，别了二十余年的故乡去。\n\
     时候既然是深冬；渐近故乡时，天气又阴晦了，冷风吹进船舱中，呜呜的响，从篷隙向外一望，苍黄的天底下，远近横着几个萧索的荒村，\
     没有一些活气。我的心禁不住悲凉起来了。\n\
     阿！这不是我二十年来时时记得的故乡？\n\
     我所记得的故乡全不如此。我的故乡好得多了。但要我记起他的美丽，说出他的佳处来，却又没有影像，没有言辞了。仿佛也就如此。",
    "我与父亲不相见已二年余了，我最不能忘记的是他的背影。\n\
     那年冬天，祖母死了，父亲的差使也交卸了，正是祸不单行的日子，我从北京到徐州，打算跟着父亲奔丧回家。到徐州见着父亲，\
     看见满院狼藉的东西，又想起祖母，不禁簌簌地流下眼泪。父亲说，“事已如此，不必难过，好在天无绝人之路！”",
];

#[test]
fn ordinary_chinese_prose_is_kept() {
    for page in PROSE {
        assert_eq!(said("zh", Some("zh"), page).0, "", "{page}");
        assert_eq!(said("en,zh", Some("zh"), page).0, "", "{page}");
        assert_eq!(said("zh", None, page).0, "", "where there is one language only it is that");
        assert_ne!(said("any", Some("zh"), page).0, "", "the English rules have no use for it");
    }
}

#[test]
fn chinese_junk_is_dropped() {
    let ad = "优惠价格批发零售正品代购";
    let menu = "首页\n新闻\n产品\n关于我们\n联系方式\n登录\n注册\n".repeat(9);
    let stuffed = (0..60).map(|n| format!("{ad}{n}号店铺")).collect::<Vec<_>>().join(" ");
    let numbers = (0..200).map(|n| format!("{} {}.5 ", 13 * n, n)).collect::<String>();
    let prose = PROSE[1];
    let short = Filters::new(Rules::chinese()).alone(Stage::GopherQuality, &mut document("今天很好。")).unwrap_err();
    assert_eq!((&*short.reason, short.value), ("gopher_short_doc", 2.0));
    let long = (0..60).map(|n| format!("abcdefgh{n}qrstuvw")).collect::<Vec<_>>().join(" ");
    let letters: Vec<char> = PROSE[..4].concat().chars().filter(|c| c.is_alphabetic()).collect();
    let list = letters.chunks(6).map(|line| line.iter().collect::<String>() + "。").collect::<Vec<_>>().join(
        "
",
    );
    for (text, reason) in [
        (&*menu, "dup_line_frac"),
        (&ad.repeat(40), "top_2_gram"),
        (&stuffed, "duplicated_5_n_grams"),
        (&numbers, "gopher_below_alpha_threshold"),
        (&long, "gopher_above_avg_threshold"),
        (&list, "list_ratio"),
        (&prose.repeat(3), "dup_line_frac"),
        (
            &prose.replace(['。', '！', '？', '」', '”', '：', '；', '，', '、', '』', '…', '—'], "x"),
            "line_punct_ratio",
        ),
    ] {
        let found = said("zh", Some("zh"), text).0;
        let near = |a: &str, b: &str| a == b || (a.ends_with("grams") && (b.ends_with("grams") || b.ends_with("gram")));
        assert!(near(reason, &found), "{reason}, and not {found}: {}", text.chars().take(60).collect::<String>());
    }
}

#[test]
fn a_language_has_its_table_or_none() {
    let german = "Das ist kein langer Text.";
    let (reason, report) = said("en,de", Some("de"), german);
    assert_eq!(reason, "");
    for stage in Stage::ALL {
        let stage = report.stages.iter().find(|found| found.name == stage.name()).unwrap();
        assert_eq!((stage.documents_in, stage.documents_out, stage.unjudged["no rules"]), (1, 1, 1));
    }
    assert_ne!(said("en,de", Some("en"), german).0, "");
    assert_ne!(said("any", Some("de"), german).0, "", "datatrove puts the English rules to all");
    assert_eq!(said("en,zh", None, german).0, "", "of two languages it may be either");
    let (_, report) = said("zh", Some("zh"), PROSE[0]);
    let c4 = report.stages.iter().find(|stage| stage.name == "c4").unwrap();
    assert_eq!((c4.documents_out, c4.unjudged["no rules"]), (1, 1), "FineWeb-2 leaves C4's rules out");
    let tables = Tables::new(Languages::Any, ["top_2_gram=0.5".to_owned()].iter()).unwrap();
    assert!(Tables::new(Languages::Any, ["nothing=1".to_owned()].iter()).is_err());
    for number in 0..tables.count() {
        assert_eq!(tables.rules(number).threshold(glasshouse::corpus::filters::Id::Top2Gram), 0.5);
    }
    assert_eq!(Rules::chinese().threshold(glasshouse::corpus::filters::Id::List), 0.178);
}

#[test]
fn chinese_words_are_cut() {
    let mut tokens = Vec::new();
    for (text, words) in [
        ("今天天气很好，我们一起去公园散步吧。", "今天 天气 很好 ， 我们 一起去 公园 散步 吧 。"),
        ("他说：“好！” iPhone 15\n\u{3000}a", "他 说 ： “ 好 ！ ” iPhone 15 a"),
        ("\u{3000}\n ", ""),
        ("", ""),
    ] {
        Words::Chinese.cut(text, &mut tokens);
        let found: Vec<&str> = tokens.iter().map(|token| token.text(text)).collect();
        assert_eq!(found.join(" "), words);
    }
    assert_eq!(Words::of(Some("zh")), Words::Chinese);
    assert_eq!([Words::of(Some("de")), Words::of(None)], [Words::English; 2]);
}
