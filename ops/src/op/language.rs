//! Languages as people write them (`en`, `zh-CN`) and as containers keep them: three letters of ISO 639-2, of which some
//! languages have two sets.

/// A language tag: a language of two letters (ISO 639-1) or three, with `-` and further parts (`en`, `chi`, `zh-CN`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(String);

impl Language {
    /// Characters of a tag.
    pub const MAX: usize = 35;

    /// `None` for what is no language tag, and for two letters that are no language.
    pub fn new(tag: &str) -> Option<Self> {
        let mut parts = tag.split('-');
        let primary = parts.next()?.to_ascii_lowercase();
        let known = match primary.len() {
            2 => three_letters(&primary).is_some(),
            3 => primary.bytes().all(|b| b.is_ascii_alphabetic()),
            _ => false,
        };
        let further = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        (known && tag.len() <= Self::MAX && parts.all(further)).then(|| Self(tag.to_owned()))
    }

    /// The tag as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Three letters taken from the language's own name (`deu`), as MP4 has them.
    pub(crate) fn own(&self) -> String {
        let code = self.code();
        let own = ENGLISH.iter().find(|(_, english)| *english == code);
        own.map_or(code, |(own, _)| (*own).to_owned())
    }

    /// Three letters taken from its English name (`ger`), as Matroska has them.
    pub(crate) fn english(&self) -> String {
        let code = self.code();
        let english = ENGLISH.iter().find(|(own, _)| *own == code);
        english.map_or(code, |(_, english)| (*english).to_owned())
    }

    /// What libav's writer of QuickTime files knows the language by: a list of old names, of which some are like nothing else.
    pub(crate) fn quick_time(&self) -> String {
        match self.own().as_str() {
            own @ ("fra" | "ron" | "ces" | "slk") => own.to_owned(),
            "swe" => "sve".to_owned(),
            "hrv" => "hr ".to_owned(),
            "srp" => "sr ".to_owned(),
            "fao" => "fo ".to_owned(),
            "pan" => "pa ".to_owned(),
            _ => self.english(),
        }
    }

    fn code(&self) -> String {
        let primary = self
            .0
            .split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        three_letters(&primary).map_or(primary, str::to_owned)
    }
}

fn three_letters(two: &str) -> Option<&'static str> {
    let at = TWO_LETTERS.binary_search_by_key(&two, |(two, _)| two);
    at.ok().map(|at| TWO_LETTERS[at].1)
}

/// ISO 639-1 and ISO 639-2/T, in the order of the alphabet.
#[rustfmt::skip]
const TWO_LETTERS: &[(&str, &str)] = &[
    ("aa", "aar"), ("ab", "abk"), ("ae", "ave"), ("af", "afr"), ("ak", "aka"), ("am", "amh"), ("an", "arg"),
    ("ar", "ara"), ("as", "asm"), ("av", "ava"), ("ay", "aym"), ("az", "aze"), ("ba", "bak"), ("be", "bel"),
    ("bg", "bul"), ("bh", "bih"), ("bi", "bis"), ("bm", "bam"), ("bn", "ben"), ("bo", "bod"), ("br", "bre"),
    ("bs", "bos"), ("ca", "cat"), ("ce", "che"), ("ch", "cha"), ("co", "cos"), ("cr", "cre"), ("cs", "ces"),
    ("cu", "chu"), ("cv", "chv"), ("cy", "cym"), ("da", "dan"), ("de", "deu"), ("dv", "div"), ("dz", "dzo"),
    ("ee", "ewe"), ("el", "ell"), ("en", "eng"), ("eo", "epo"), ("es", "spa"), ("et", "est"), ("eu", "eus"),
    ("fa", "fas"), ("ff", "ful"), ("fi", "fin"), ("fj", "fij"), ("fo", "fao"), ("fr", "fra"), ("fy", "fry"),
    ("ga", "gle"), ("gd", "gla"), ("gl", "glg"), ("gn", "grn"), ("gu", "guj"), ("gv", "glv"), ("ha", "hau"),
    ("he", "heb"), ("hi", "hin"), ("ho", "hmo"), ("hr", "hrv"), ("ht", "hat"), ("hu", "hun"), ("hy", "hye"),
    ("hz", "her"), ("ia", "ina"), ("id", "ind"), ("ie", "ile"), ("ig", "ibo"), ("ii", "iii"), ("ik", "ipk"),
    ("io", "ido"), ("is", "isl"), ("it", "ita"), ("iu", "iku"), ("ja", "jpn"), ("jv", "jav"), ("ka", "kat"),
    ("kg", "kon"), ("ki", "kik"), ("kj", "kua"), ("kk", "kaz"), ("kl", "kal"), ("km", "khm"), ("kn", "kan"),
    ("ko", "kor"), ("kr", "kau"), ("ks", "kas"), ("ku", "kur"), ("kv", "kom"), ("kw", "cor"), ("ky", "kir"),
    ("la", "lat"), ("lb", "ltz"), ("lg", "lug"), ("li", "lim"), ("ln", "lin"), ("lo", "lao"), ("lt", "lit"),
    ("lu", "lub"), ("lv", "lav"), ("mg", "mlg"), ("mh", "mah"), ("mi", "mri"), ("mk", "mkd"), ("ml", "mal"),
    ("mn", "mon"), ("mr", "mar"), ("ms", "msa"), ("mt", "mlt"), ("my", "mya"), ("na", "nau"), ("nb", "nob"),
    ("nd", "nde"), ("ne", "nep"), ("ng", "ndo"), ("nl", "nld"), ("nn", "nno"), ("no", "nor"), ("nr", "nbl"),
    ("nv", "nav"), ("ny", "nya"), ("oc", "oci"), ("oj", "oji"), ("om", "orm"), ("or", "ori"), ("os", "oss"),
    ("pa", "pan"), ("pi", "pli"), ("pl", "pol"), ("ps", "pus"), ("pt", "por"), ("qu", "que"), ("rm", "roh"),
    ("rn", "run"), ("ro", "ron"), ("ru", "rus"), ("rw", "kin"), ("sa", "san"), ("sc", "srd"), ("sd", "snd"),
    ("se", "sme"), ("sg", "sag"), ("si", "sin"), ("sk", "slk"), ("sl", "slv"), ("sm", "smo"), ("sn", "sna"),
    ("so", "som"), ("sq", "sqi"), ("sr", "srp"), ("ss", "ssw"), ("st", "sot"), ("su", "sun"), ("sv", "swe"),
    ("sw", "swa"), ("ta", "tam"), ("te", "tel"), ("tg", "tgk"), ("th", "tha"), ("ti", "tir"), ("tk", "tuk"),
    ("tl", "tgl"), ("tn", "tsn"), ("to", "ton"), ("tr", "tur"), ("ts", "tso"), ("tt", "tat"), ("tw", "twi"),
    ("ty", "tah"), ("ug", "uig"), ("uk", "ukr"), ("ur", "urd"), ("uz", "uzb"), ("ve", "ven"), ("vi", "vie"),
    ("vo", "vol"), ("wa", "wln"), ("wo", "wol"), ("xh", "xho"), ("yi", "yid"), ("yo", "yor"), ("za", "zha"),
    ("zh", "zho"), ("zu", "zul"),
];

/// ISO 639-2/T and ISO 639-2/B where they differ.
#[rustfmt::skip]
const ENGLISH: &[(&str, &str)] = &[
    ("bod", "tib"), ("ces", "cze"), ("cym", "wel"), ("deu", "ger"), ("ell", "gre"), ("eus", "baq"), ("fas", "per"),
    ("fra", "fre"), ("hye", "arm"), ("isl", "ice"), ("kat", "geo"), ("mri", "mao"), ("mkd", "mac"), ("msa", "may"),
    ("mya", "bur"), ("nld", "dut"), ("ron", "rum"), ("slk", "slo"), ("sqi", "alb"), ("zho", "chi"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_have_codes_of_their_own() {
        for (tag, own, english) in [
            ("en", "eng", "eng"),
            ("de", "deu", "ger"),
            ("zh-CN", "zho", "chi"),
            ("chi", "zho", "chi"),
            ("FR", "fra", "fre"),
            ("haw", "haw", "haw"),
        ] {
            let language = Language::new(tag).unwrap();
            assert_eq!(
                (language.own().as_str(), language.english().as_str()),
                (own, english),
                "{tag}"
            );
            assert_eq!(language.as_str(), tag);
        }
        for tag in [
            "xx",
            "e",
            "english",
            "",
            "-",
            "en-",
            "en_US",
            "1a",
            "en-123456789",
        ] {
            assert_eq!(Language::new(tag), None, "{tag}");
        }
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(TWO_LETTERS.is_sorted_by_key(|(two, _)| two));
    }
}
