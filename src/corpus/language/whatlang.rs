//! Identifies languages by whatlang, under fastText's codes.

/// whatlang's codes and fastText's, of which many are the first two letters, and many are not.
const CODES: &str = "epo=eo eng=en rus=ru cmn=zh spa=es por=pt ita=it ben=bn fra=fr deu=de ukr=uk kat=ka ara=ar hin=hi jpn=ja \
                     heb=he yid=yi pol=pl amh=am jav=jv kor=ko nob=no dan=da swe=sv fin=fi tur=tr nld=nl hun=hu ces=cs ell=el \
                     bul=bg bel=be mar=mr kan=kn ron=ro slv=sl hrv=hr srp=sr mkd=mk lit=lt lav=lv est=et tam=ta vie=vi urd=ur \
                     tha=th guj=gu uzb=uz pan=pa aze=az ind=id tel=te pes=fa mal=ml ori=or mya=my nep=ne sin=si khm=km tuk=tk \
                     aka=ak zul=zu sna=sn afr=af lat=la slk=sk cat=ca tgl=tl hye=hy cym=cy";

/// fastText's code of a language of whatlang's.
fn code(theirs: &str) -> &str {
    CODES.split(' ').find_map(|pair| pair.strip_prefix(theirs)?.strip_prefix('=')).unwrap_or(theirs)
}

/// fastText's codes of all languages that it knows.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    CODES.split_whitespace().filter_map(|pair| Some(pair.split_once('=')?.1))
}

/// The language of a text, and how sure it is; none of a text without letters.
pub(super) fn language(text: &str) -> Option<(String, f64)> {
    let found = whatlang::detect(text)?;
    Some((code(found.lang().code()).to_owned(), found.confidence()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_languages_have_fasttexts_code() {
        let all = whatlang::Lang::all();
        assert_eq!(CODES.split(' ').count(), all.len());
        for language in all {
            assert_eq!(code(language.code()).len(), 2, "{}", language.code());
        }
    }
}
