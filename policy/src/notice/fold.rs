// SPDX-License-Identifier: AGPL-3.0-or-later
//! Words as they are compared: small letters without accents and vowel signs.
//!
//! Rule: people leave accents away and type digits and brackets of their keyboard; what differs
//! in nothing else is the same word.

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its letters, folded.
    pub(super) text: String,
    /// Where each of them begins in the text, in bytes.
    pub(super) at: Vec<usize>,
    /// Where the word ends in the text.
    pub(super) end: usize,
}

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_mark(c) {
            // A mark belongs to the letter before it.
            if let Some(word) = found.last_mut().filter(|_| open) {
                word.end = end;
            }
            continue;
        }
        if !is_part(c) {
            open = false;
            continue;
        }
        if !open {
            found.push(Word { text: String::new(), at: Vec::new(), end });
            open = true;
        }
        if let Some(word) = found.last_mut() {
            for folded in c.to_lowercase().filter(|c| !is_mark(*c)) {
                word.text.push(base(folded));
                word.at.push(at);
            }
            word.end = end;
        }
    }
    found.retain(|word| !word.text.is_empty());
    found
}

/// Writing that has no spaces between words, and what Korean writes below a word without one.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffef}')
}

fn is_part(c: char) -> bool {
    // The sign that joins two consonants is no letter; the bars of sentences are none either.
    let indic = matches!(c, '\u{900}'..='\u{dff}') && !matches!(c, '\u{964}' | '\u{965}');
    let wide = is_wide(c) && !matches!(c, '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}');
    c.is_alphanumeric() && !is_wide(c) || indic || wide && c.is_alphanumeric()
}

/// What is left away: accents, vowel signs of Arabic, dots below letters of India, joiners.
fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{640}'
            | '\u{93c}'
            | '\u{9bc}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2066}'..='\u{2069}'
            | '\u{202a}'..='\u{202e}'
            | '\u{fe0f}'
    )
}

/// The letter without what makes it another one.
fn base(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).map_or(c, |ascii| ascii.to_ascii_lowercase())
        }
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => latin(c),
        'ё' => 'е',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        'ى' | 'ي' | 'ئ' => 'ی',
        'ة' | 'ۀ' => 'ه',
        'ك' => 'ک',
        'ؤ' => 'و',
        '\u{901}' => '\u{902}',
        '\u{958}' => 'क',
        '\u{959}' => 'ख',
        '\u{95a}' => 'ग',
        '\u{95b}' => 'ज',
        '\u{95c}' => 'ड',
        '\u{95d}' => 'ढ',
        '\u{95e}' => 'फ',
        '\u{9dc}' => 'ড',
        '\u{9dd}' => 'ঢ',
        '\u{9df}' => 'য',
        _ => c,
    }
}

fn latin(c: char) -> char {
    match c {
        'à'..='æ' | '\u{100}'..='\u{105}' | '\u{1ea0}'..='\u{1eb7}' | 'ǎ' => 'a',
        'ç' | '\u{106}'..='\u{10d}' => 'c',
        'ð' | '\u{10e}'..='\u{111}' => 'd',
        'è'..='ë' | '\u{112}'..='\u{11b}' | '\u{1eb8}'..='\u{1ec7}' => 'e',
        '\u{11c}'..='\u{123}' => 'g',
        '\u{124}'..='\u{127}' => 'h',
        'ì'..='ï' | '\u{128}'..='\u{131}' | '\u{1ec8}'..='\u{1ecb}' => 'i',
        '\u{134}' | '\u{135}' => 'j',
        '\u{136}' | '\u{137}' => 'k',
        '\u{139}'..='\u{142}' => 'l',
        'ñ' | '\u{143}'..='\u{148}' => 'n',
        'ò'..='ö'
        | 'ø'
        | '\u{14c}'..='\u{153}'
        | '\u{1a0}'
        | '\u{1a1}'
        | '\u{1ecc}'..='\u{1ee3}' => 'o',
        '\u{154}'..='\u{159}' => 'r',
        'ß' | '\u{15a}'..='\u{161}' | 'ș' => 's',
        '\u{162}'..='\u{167}' | 'ț' => 't',
        'ù'..='ü' | '\u{168}'..='\u{173}' | '\u{1af}' | '\u{1b0}' | '\u{1ee4}'..='\u{1ef1}' => {
            'u'
        }
        '\u{174}' | '\u{175}' => 'w',
        'ý' | 'ÿ' | '\u{176}'..='\u{178}' | '\u{1ef2}'..='\u{1ef9}' => 'y',
        '\u{179}'..='\u{17e}' => 'z',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_the_same_with_and_without_accents() {
        for (one, other) in [
            ("Únanse", "unanse"),
            ("Übertragung", "ubertragung"),
            ("Đăng ký", "dang ky"),
            ("ёлка", "елка"),
            ("اَلْتَسْجِيلُ", "التسجيل"),
            ("إلغاء", "الغاء"),
            ("می‌زنه", "میزنه"),
            ("फ़ॉलो", "फॉलो"),
            ("Ｚｏｏｍ", "zoom"),
            ("İptal", "iptal"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_eq!(folded("don't, n'est-ce"), ["don", "t", "n", "est", "ce"]);
        assert_eq!(folded("रद्द है।"), ["रद्द", "है"]);
        assert_eq!(folded("报名：《表》"), ["报名", "表"]);
    }

    #[test]
    fn each_letter_knows_where_it_stands() {
        let text = "ça, عَدَد";
        let all = words(text);
        assert_eq!(all.first().map(|word| (word.at.clone(), word.end)), Some((vec![0, 2], 3)));
        let last = all.last().unwrap();
        assert_eq!(text.get(last.at[0]..last.end), Some("عَدَد"));
    }
}
