// SPDX-License-Identifier: AGPL-3.0-or-later
//! The laws of the converters, for Discord Markdown.
//!
//! Rule: 10,000 cases each; `PROPTEST_CASES` says otherwise.

use bridge_discord::convert::markdown::{
    Names, Role, TEXT, degrade, from_markdown, measure, piece_to_markdown, to_markdown,
};
use bridge_model::text::arbitrary;
use bridge_model::{Block, Leaf, Mention, RichText, Span};
use proptest::prelude::*;

/// The names that a gateway event would give for what `text` mentions.
fn names(text: &RichText) -> Names {
    let mut names = Names::default();
    for mention in text.mentions() {
        match mention {
            Mention::Person { who, name } => {
                names.users.insert(who.user.as_str().to_owned(), name.clone());
            }
            Mention::Chat { place, name } => {
                names.chats.insert(place.chat.as_str().to_owned(), name.clone());
            }
            Mention::Role { id, name, colour } => {
                names.roles.insert(id.clone(), Role { name: name.clone(), colour: *colour });
            }
            Mention::Everyone => names.everyone = true,
        }
    }
    names
}

fn there_and_back(text: &RichText) -> RichText {
    from_markdown(&to_markdown(text), &names(text))
}

/// What is said, without marks that a piece may repeat: numbers, addresses, white space.
fn letters(text: &RichText) -> String {
    text.0.iter().map(letters_of).collect()
}

fn letters_of(block: &Block) -> String {
    let inside = |blocks: &[Block]| blocks.iter().map(letters_of).collect::<String>();
    let said = match block {
        Block::Paragraph(spans) | Block::Heading { content: spans, .. } => {
            spans.iter().map(|span| span.leaf.shown()).collect()
        }
        Block::Quote { blocks, .. } => inside(blocks),
        Block::List { items, .. } => items.iter().map(|item| inside(&item.0)).collect(),
        Block::Code { text, .. } => text.clone(),
        Block::Table { .. } | Block::Details { .. } | Block::Rule => format!("{block:?}"),
    };
    said.chars().filter(|c| !c.is_whitespace()).collect()
}

fn config() -> ProptestConfig {
    let cases = std::env::vars().find(|(key, _)| key == "PROPTEST_CASES");
    let cases = cases.and_then(|(_, value)| value.parse().ok()).unwrap_or(10_000);
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 3000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn law_1_any_input_is_read(source in prop_oneof![any::<String>(), arbitrary::literal(), "[-*_~|`<>#\\[\\]() a\n\\\\:/0-9.@]{0,60}"]) {
        let read = from_markdown(&source, &Names::default());
        prop_assert_eq!(read.clone().normalise(), read);
    }

    #[test]
    fn laws_2_and_3_characters_and_formatting_survive(text in arbitrary::rich_text(TEXT, "discord")) {
        let shaped = degrade(&text);
        let written = to_markdown(&text);
        let read = from_markdown(&written, &names(&text));
        prop_assert_eq!(read.plain(), shaped.plain(), "written as {:?}", written);
        prop_assert_eq!(read, shaped, "written as {:?}", written);
    }

    #[test]
    fn law_3_holds_for_careless_texts(text in arbitrary::raw_text("discord")) {
        let shaped = degrade(&text);
        let written = to_markdown(&text);
        prop_assert_eq!(from_markdown(&written, &names(&text)), shaped.clone(), "written as {:?}", written);
        prop_assert_eq!(degrade(&shaped), shaped);
    }

    #[test]
    fn law_4_literal_text_never_becomes_markup(literal in prop_oneof![arbitrary::literal(), any::<String>()]) {
        let text = RichText::plain_text(&literal).normalise();
        prop_assert_eq!(there_and_back(&text), text.clone(), "written as {:?}", to_markdown(&text));
    }

    #[test]
    fn law_4_also_in_a_message_that_calls_everybody(literal in arbitrary::literal()) {
        let text = RichText::plain_text(&literal).normalise();
        let names = Names { everyone: true, ..Names::default() };
        prop_assert_eq!(from_markdown(&to_markdown(&text), &names), text);
    }

    #[test]
    fn law_5_pieces_fit_and_lose_nothing(text in arbitrary::rich_text(TEXT, "discord"), max in 200_usize..500) {
        let whole = degrade(&text);
        let pieces = whole.split(max, &measure);
        for piece in &pieces {
            prop_assert!(measure(piece) <= max, "{} of {max}: {:?}", measure(piece), to_markdown(piece));
            prop_assert_eq!(there_and_back(piece), degrade(piece));
            prop_assert_eq!(piece_to_markdown(piece), to_markdown(piece));
        }
        prop_assert_eq!(pieces.iter().map(letters).collect::<String>(), letters(&whole));
    }

    #[test]
    fn law_6_nobody_is_called_by_accident(literal in arbitrary::literal(), meant in any::<bool>()) {
        let mut spans = vec![Span::text(&*literal)];
        if meant {
            let leaf = Leaf::Mention(Mention::Everyone);
            spans.push(Span { leaf, style: bridge_model::Style::default() });
        }
        let written = to_markdown(&RichText(vec![Block::Paragraph(spans)]));
        let calls = written.matches("@everyone").count() + written.matches("@here").count();
        prop_assert_eq!(calls, usize::from(meant), "written as {:?}", written);
    }
}
