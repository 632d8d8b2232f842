// SPDX-License-Identifier: AGPL-3.0-or-later
//! Superscript and subscript as characters: Unicode has its own for digits and many letters.
//!
//! Rule: what is raised never runs into the word before it, because `10⁵` is not `105`. Lowered
//! characters without a form of their own stay as they are: `H2O` says the same as `H₂O`.

const SUPERSCRIPT: [(&str, &str); 3] = [
    ("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾"),
    ("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"),
    ("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ"),
];

const SUBSCRIPT: [(&str, &str); 2] =
    [("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎"), ("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")];

/// `text` in superscript: in characters of that shape where each has one (`⁵`), else behind a
/// circumflex (`^q`, `^(a/b)`). What begins with a bracket or a sign without such a shape, as the
/// marks of footnotes do, stands apart from the word already.
pub fn superscript(text: &str) -> String {
    if let Some(raised) = converted(text, &SUPERSCRIPT) {
        return raised;
    }
    let mut letters = text.trim().chars();
    match (letters.next(), letters.next()) {
        (Some(first), None) if first.is_alphanumeric() => format!("^{first}"),
        (Some(first), Some(_)) if first.is_alphanumeric() => format!("^({})", text.trim()),
        (None | Some(_), _) => text.to_owned(),
    }
}

/// `text` in subscript, where each character has such a form; else as it is.
pub fn subscript(text: &str) -> String {
    converted(text, &SUBSCRIPT).unwrap_or_else(|| text.to_owned())
}

fn converted(text: &str, forms: &[(&str, &str)]) -> Option<String> {
    let form = |letter: char| {
        forms.iter().find_map(|(from, to)| {
            from.chars().zip(to.chars()).find(|(it, _)| *it == letter).map(|(_, form)| form)
        })
    };
    if text.is_empty() { None } else { text.chars().map(form).collect() }
}

#[cfg(test)]
mod superscript_tests {
    use super::*;

    #[test]
    fn every_form_has_its_letter() {
        for (from, to) in SUPERSCRIPT.iter().chain(&SUBSCRIPT) {
            assert_eq!(from.chars().count(), to.chars().count(), "{from}");
        }
    }

    #[test]
    fn a_power_is_no_digit_of_the_number() {
        assert_eq!(superscript("5"), "⁵");
        assert_eq!(superscript("-12"), "⁻¹²");
        assert_eq!(superscript("th"), "ᵗʰ");
    }

    #[test]
    fn what_has_no_raised_form_stands_behind_a_circumflex() {
        assert_eq!(superscript("q"), "^q");
        assert_eq!(superscript("2/3"), "^(2/3)");
        assert_eq!(superscript("Это"), "^(Это)");
        assert_eq!(superscript("[1]"), "[1]");
        assert_eq!(superscript(" "), " ");
    }

    #[test]
    fn what_is_lowered_keeps_its_characters() {
        assert_eq!(subscript("2"), "₂");
        assert_eq!(subscript("max"), "ₘₐₓ");
        assert_eq!(subscript("Б"), "Б");
    }
}
