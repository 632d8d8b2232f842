// SPDX-License-Identifier: AGPL-3.0-or-later
//! Does on a network what a line of the script says.
//!
//! Rule: only what a person there could do with a client.

use anyhow::Context;
use sandbox::discord::File;
use sandbox::synapse::NewFile;
use sandbox::telegram::{MessageId, Post};
use sandbox::town::{Said, Side, Town};
use serde_json::json;

use crate::samples::{PICTURE, STICKER, VOICE, long_text};
use crate::script::Act;
use crate::told::{FACE, Told};

/// Does it.
///
/// # Errors
/// What the platform says; or when a line is not there that the script speaks of.
pub async fn act_out(town: &Town, act: Act, told: &[Told]) -> anyhow::Result<()> {
    match act {
        Act::Say(by, text) => town.say(by, text).await.map(drop),
        Act::Long(by) => town.say(by, &long_text()).await.map(drop),
        Act::Bold(by, words) => say_bold(town, by, words).await,
        Act::Reply(by, to, text) => {
            let to = find(town, by, told.get(to)).await?;
            town.reply(by, &to, text).await.map(drop)
        }
        Act::Thread(by, root, text) => {
            let root = find(town, by, told.get(root)).await?;
            say_in_thread(town, by, (&root, text)).await
        }
        Act::Show(by, 1, caption) => town.show(by, PICTURE, caption).await.map(drop),
        Act::Show(by, count, caption) => show_all(town, by, (count, caption)).await,
        Act::Sticker(by) => post_sticker(town, by).await,
        Act::Speak(by) => speak(town, by).await,
        Act::Ask(by, question, answers) => ask(town, by, (question, answers)).await,
        Act::Vote(by, line, answer) => {
            let poll = find(town, by, told.get(line)).await?;
            vote(town, by, (&poll, answer)).await
        }
        Act::Edit(line, text) => town.edit(&own(town, told.get(line)).await?, text).await,
        Act::React(by, line, emoji) => {
            let to = find(town, by, told.get(line)).await?;
            town.react(by, &to, emoji).await
        }
        Act::Face(line) => {
            let to = find(town, Side::Discord, told.get(line)).await?;
            let name = FACE.trim_matches(':');
            let id = town.guild.emoji(name, PICTURE.to_vec());
            town.react(Side::Discord, &to, &format!("{name}:{id}")).await
        }
        Act::TakeBack(line) => town.take_back(&own(town, told.get(line)).await?).await,
    }
}

/// The id that a line has on a side.
async fn find(town: &Town, side: Side, told: Option<&Told>) -> anyhow::Result<String> {
    let told = told.context("the script speaks of a line that is not said yet")?;
    let lines = town.lines(side).await?;
    let line = lines.into_iter().find(|line| told.is(side, line));
    line.map(|line| line.id).with_context(|| format!("{side:?} does not show {}", told.name()))
}

async fn own(town: &Town, told: Option<&Told>) -> anyhow::Result<Said> {
    let side = told.map_or(Side::Matrix, |told| told.by);
    Ok(Said { side, id: find(town, side, told).await? })
}

async fn say_bold(town: &Town, by: Side, words: [&str; 3]) -> anyhow::Result<()> {
    let [before, bold, after] = words;
    let text = words.concat();
    match by {
        Side::Matrix => {
            let html = format!("{before}<strong>{bold}</strong>{after}");
            town.alice.say_html(&town.room, &text, &html).await.map(drop)
        }
        Side::Telegram => {
            let units = |text: &str| text.encode_utf16().count();
            let bold = json!([{ "type": "bold", "offset": units(before), "length": units(bold) }]);
            town.group.say_with_entities(&town.tanja, &text, &bold).map(drop)
        }
        Side::Discord => {
            town.channel.say(&town.dora, &format!("{before}**{bold}**{after}"));
            Ok(())
        }
    }
}

async fn say_in_thread(town: &Town, by: Side, (root, text): (&str, &str)) -> anyhow::Result<()> {
    match by {
        Side::Matrix => town.alice.say_in_thread(&town.room, root, text).await.map(drop),
        // A group without topics has no threads; people answer.
        Side::Telegram => town.reply(by, root, text).await.map(drop),
        Side::Discord => {
            let id: u64 = root.parse()?;
            let there = town.channel.threads().iter().any(|thread| thread.id == id);
            let thread = match there {
                true => town.channel.at(id),
                false => town.channel.thread_on(&town.dora, id, "Aside")?,
            };
            thread.say(&town.dora, text);
            Ok(())
        }
    }
}

async fn show_all(town: &Town, by: Side, (count, caption): (usize, &str)) -> anyhow::Result<()> {
    match by {
        // No client sends several pictures as one message there.
        Side::Matrix => {
            for number in 0..count {
                town.show(by, PICTURE, if number == 0 { caption } else { "" }).await?;
            }
            Ok(())
        }
        Side::Telegram => {
            let pictures = vec![PICTURE.into(); count];
            town.group.album(&town.tanja, &pictures, caption).map(drop)
        }
        Side::Discord => {
            let file =
                |number| File::new(format!("picture{number}.png"), "image/png", PICTURE.to_vec());
            town.channel.attach_all(&town.dora, (1..=count).map(file).collect(), caption);
            Ok(())
        }
    }
}

async fn post_sticker(town: &Town, by: Side) -> anyhow::Result<()> {
    match by {
        Side::Matrix => {
            let file = NewFile::new(STICKER, "sticker.webp", "image/webp");
            town.alice.send_sticker(&town.room, file, "sticker.webp").await.map(drop)
        }
        Side::Telegram => {
            let sticker = Post::file("sticker", ("sticker.webp", "image/webp"), STICKER.to_vec());
            town.group.send(&town.tanja, &sticker).map(drop)
        }
        Side::Discord => {
            let sticker = town.guild.sticker("sticker", 1, PICTURE.to_vec());
            town.channel.say_with(&town.dora, "", &json!({ "sticker_items": [sticker] }));
            Ok(())
        }
    }
}

async fn speak(town: &Town, by: Side) -> anyhow::Result<()> {
    let (name, mime) = ("voice.ogg", "audio/ogg");
    match by {
        Side::Matrix => {
            // As clients name it, so that the name is no caption.
            let file = NewFile::new(VOICE, "Voice message", mime);
            let heard = (1000, [0_u16, 512, 1024, 512].as_slice());
            town.alice.send_voice(&town.room, file, heard).await.map(drop)
        }
        Side::Telegram => {
            let voice = Post::file("voice", (name, mime), VOICE.to_vec());
            town.group.send(&town.tanja, &voice.about(&json!({ "duration": 1 }))).map(drop)
        }
        Side::Discord => {
            let file = File::new(name, mime, VOICE.to_vec());
            town.channel.attach(&town.dora, file, "");
            Ok(())
        }
    }
}

async fn ask(town: &Town, by: Side, (question, answers): (&str, [&str; 2])) -> anyhow::Result<()> {
    match by {
        Side::Matrix => town.alice.ask(&town.room, question, &answers).await.map(drop),
        Side::Telegram => town.group.ask(&town.tanja, question, &answers).map(drop),
        Side::Discord => {
            town.channel.poll(&town.dora, question, &answers, false);
            Ok(())
        }
    }
}

/// Answers are counted from 0.
async fn vote(town: &Town, by: Side, (poll, answer): (&str, usize)) -> anyhow::Result<()> {
    match by {
        Side::Matrix => {
            let seen = town.alice.transcript(&town.room).await?.0;
            let seen = seen.iter().find(|line| line.event_id == poll);
            let chosen = seen.and_then(|line| line.poll.as_ref()?.answers.get(answer));
            let (id, ..) = chosen.context("Matrix does not show such a poll")?;
            town.alice.vote(&town.room, poll, &[id]).await.map(drop)
        }
        Side::Telegram => town.group.vote(&town.tanja, MessageId(poll.parse()?), &[answer]),
        Side::Discord => {
            let answer = u64::try_from(answer)? + 1;
            town.channel.vote(&town.dora, poll.parse()?, answer)
        }
    }
}
