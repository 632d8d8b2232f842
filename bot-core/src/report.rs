// SPDX-License-Identifier: AGPL-3.0-or-later
//! Reports as files: for a wiki, for a text, for a program, for a browser.
//!
//! Rule: functions from value to text; the same report gives the same bytes. Names and reasons are
//! words of people: they become no markup anywhere.

pub mod chats;
pub mod ledger;
mod mark;
mod page;
mod wiki;

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use bridge_model::RichText;
use bridge_policy::calendar::Date;
use bridge_policy::figures::SMALLEST_GROUP;
use bridge_policy::report::{
    ChatReport, ExceptionReport, LinkReport, PortalReport, Report, SideReport, WeekReport,
};
use bridge_policy::requirements::{Because, Compliance, Ground, Requirement};
use bridge_policy::stage::Stage;

use crate::i18n::{Arg, Key};
use crate::store::backup_request::CopyRequest;
use crate::wording::{Wording, label};

/// Writes the report of all portals, once there is somebody who can.
pub type Reports = Arc<OnceLock<Weak<dyn Reporter>>>;

/// Somebody who writes reports.
#[async_trait]
pub trait Reporter: Send + Sync {
    /// The report of all portals.
    ///
    /// # Errors
    /// Why there is none at present.
    async fn report(&self, format: Format) -> Result<String, String>;

    /// The ledger of consent as JSON lines.
    ///
    /// # Errors
    /// Why there is none at present.
    async fn consent(&self) -> Result<String, String>;

    /// How the bot stands in each joined chat, as JSON ([`chats`]); the platforms are asked.
    ///
    /// # Errors
    /// Why there is no answer at present.
    async fn chats(&self) -> Result<String, String>;

    /// Copies the store into a folder, if who asks may write there.
    ///
    /// # Errors
    /// Why there is no copy.
    async fn backup(&self, request: CopyRequest) -> Result<(), String>;
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A sortable table between markers, for a bot that keeps a page of a wiki.
    Wikitext,
    /// CommonMark with tables.
    Markdown,
    /// The shape of `docs/report.schema.json`.
    Json,
    /// A page of its own, with charts.
    Html,
}

impl Format {
    /// All, by the names that are typed.
    pub const ALL: [(&'static str, Self); 4] = [
        ("wikitext", Self::Wikitext),
        ("markdown", Self::Markdown),
        ("json", Self::Json),
        ("html", Self::Html),
    ];

    /// The name by which it is typed.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// The media type of what is written.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Wikitext => "text/plain; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Json => "application/json",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// Writes a report.
///
/// # Errors
/// When it cannot be said as JSON, which no report should lead to.
pub fn write(
    report: &Report,
    format: Format,
    wording: &Wording,
) -> Result<String, serde_json::Error> {
    let words = Words { wording, dates: Dates::Iso };
    Ok(match format {
        Format::Wikitext => wiki::write(report, &words),
        Format::Markdown => mark::write(report, &words),
        Format::Json => serde_json::to_string_pretty(report)? + "\n",
        Format::Html => page::write(report, &words),
    })
}

/// What stands for a share that is not told.
pub fn untold_share(wording: &Wording) -> String {
    let words = Words { wording, dates: Dates::Spelled };
    words.line(words.say(Key::ReportShareLast, &[]), words.say(Key::ReportUnknown, &[]))
}

/// An exception in one line.
pub fn exception_line(exception: &ExceptionReport, wording: &Wording) -> String {
    Words { wording, dates: Dates::Spelled }.exception(exception)
}

/// A week in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekLine {
    /// Its Monday, as `2026-11-30`.
    pub begins: String,
    /// How many of its authors wrote on Matrix.
    pub share: String,
    /// The same as a number, where at least five people wrote.
    pub percent: Option<u32>,
    /// It is not over.
    pub running: bool,
}

/// The weeks of a portal, oldest first.
pub fn weeks(portal: &PortalReport, wording: &Wording) -> Vec<WeekLine> {
    let words = Words { wording, dates: Dates::Spelled };
    let line = |week: &WeekReport| WeekLine {
        begins: week.begins.clone(),
        share: words.share(week),
        percent: week.native_percent,
        running: week.running,
    };
    portal.weeks.iter().map(line).collect()
}

/// The names of the chats of a portal.
pub fn chats_of(portal: &PortalReport, wording: &Wording) -> String {
    Words { wording, dates: Dates::Spelled }.chats(portal)
}

/// How many of last week's authors wrote on Matrix.
pub fn share_of_last_week(portal: &PortalReport, wording: &Wording) -> String {
    Words { wording, dates: Dates::Spelled }.share_last(portal)
}

/// How the requirements of the policy stand.
pub fn requirements(portal: &PortalReport, wording: &Wording) -> Vec<String> {
    Words { wording, dates: Dates::Spelled }.requirements(portal)
}

/// A portal in some lines, for a chat.
pub fn lines(portal: &PortalReport, wording: &Wording) -> Vec<RichText> {
    let words = Words { wording, dates: Dates::Spelled };
    let mut lines = Vec::new();
    let share = Arg::text(words.share_last(portal));
    match portal.last_week() {
        Some(week) => {
            lines.push(wording.say(Key::ReportLastWeek, &[words.day(&week.begins), share]));
            lines.push(RichText::plain_text(&words.authors(week)));
        }
        None => lines.push(wording.say(Key::ReportNoLastWeek, &[])),
    }
    if let Some(week) = portal.this_week() {
        lines.push(wording.say(Key::ReportThisWeek, &[words.day(&week.begins)]));
        lines.push(RichText::plain_text(&words.authors(week)));
    }
    let headed =
        |head: Key, list: String| RichText::plain_text(&words.line(words.say(head, &[]), list));
    let requirements = words.requirements(portal).into_iter();
    lines.extend(requirements.map(|one| RichText::plain_text(&one)));
    lines.push(headed(Key::ReportLinks, words.list(words.links(portal))));
    lines.push(headed(Key::ReportExceptions, words.list(words.exceptions(portal))));
    lines
}

fn bare_of_isolates(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

/// Makes words that are no markup in a format.
type Bare = fn(&str) -> String;

/// How days are written: all in one way.
#[derive(Clone, Copy)]
enum Dates {
    /// `2026-11-26`, which programs and tables can sort.
    Iso,
    /// As the language spells it.
    Spelled,
}

/// What all formats say, in plain words.
struct Words<'a> {
    wording: &'a Wording,
    dates: Dates,
}

impl Words<'_> {
    fn say(&self, key: Key, args: &[Arg]) -> String {
        // Isolates are for chats; here each piece has a cell of its own.
        bare_of_isolates(&self.wording.plain(key, args))
    }

    fn line(&self, head: String, what: String) -> String {
        self.say(Key::ReportLine, &[Arg::Text(head), Arg::Text(what)])
    }

    fn list(&self, items: Vec<String>) -> String {
        let more = |list, item| self.say(Key::ReportMore, &[Arg::Text(list), Arg::Text(item)]);
        items.into_iter().reduce(more).unwrap_or_default()
    }

    fn title(&self, report: &Report) -> String {
        self.say(Key::ReportTitle, &[Arg::text(&report.day)])
    }

    fn chats(&self, portal: &PortalReport) -> String {
        let one = |chat: &ChatReport| {
            let network = label(&chat.network.as_str().into());
            match &chat.name {
                Some(name) => self.say(Key::ReportChat, &[Arg::text(name), Arg::text(network)]),
                None => network,
            }
        };
        portal.chats.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn stage(&self, portal: &PortalReport) -> String {
        let stage = Stage::parse(&portal.stage).map(|stage| self.wording.stage(stage));
        let name = stage.unwrap_or_else(|| portal.stage.clone());
        bare_of_isolates(&name)
    }

    /// A day that a report writes as `2026-11-26`.
    fn day(&self, iso: &str) -> Arg {
        match (self.dates, Date::parse(iso)) {
            (Dates::Spelled, Some(day)) => Arg::day(day),
            (Dates::Iso | Dates::Spelled, _) => Arg::text(iso),
        }
    }

    fn share(&self, week: &WeekReport) -> String {
        match week.native_percent {
            _ if week.is_silent() => self.say(Key::ReportNobody, &[]),
            Some(percent) => {
                let share = self.say(Key::ReportPercent, &[Arg::number(u64::from(percent))]);
                self.about(week, share)
            }
            None => self.say(Key::ReportUnknown, &[]),
        }
    }

    /// The share of last week.
    fn share_last(&self, portal: &PortalReport) -> String {
        match portal.last_week() {
            Some(week) => self.share(week),
            None => self.say(Key::ReportNotCounted, &[]),
        }
    }

    /// A number of a week that was only estimated says so.
    fn about(&self, week: &WeekReport, number: String) -> String {
        if week.estimated { self.say(Key::ReportAbout, &[Arg::Text(number)]) } else { number }
    }

    fn authors(&self, week: &WeekReport) -> String {
        let side = |side: &SideReport| {
            let network = label(&side.network.as_str().into());
            let authors = match side.authors {
                Some(0) => "0".to_owned(),
                Some(authors) => self.about(week, authors.to_string()),
                None => {
                    let least = Arg::number(u64::from(SMALLEST_GROUP));
                    self.say(Key::ReportFew, &[least])
                }
            };
            let args = [
                Arg::text(network),
                Arg::number(side.messages),
                Arg::text(authors),
                Arg::number(side.crossing),
            ];
            self.say(Key::ReportSide, &args)
        };
        self.list(week.sides.iter().map(side).collect())
    }

    /// How the requirements stand; those that stand alike for the same reasons are one line.
    fn requirements(&self, portal: &PortalReport) -> Vec<String> {
        let mut alike: Vec<(String, String)> = Vec::new();
        for one in &portal.requirements {
            let stands = self.stands(one);
            match alike.iter_mut().find(|(_, known)| *known == stands) {
                Some((ids, _)) => ids.push_str(&format!(", {}", one.id)),
                None => alike.push((one.id.to_owned(), stands)),
            }
        }
        alike.into_iter().map(|(ids, stands)| self.line(ids, stands)).collect()
    }

    /// How a requirement stands, and why.
    fn stands(&self, requirement: &Requirement) -> String {
        let state = match requirement.state {
            Compliance::Met => Key::ReportMet,
            Compliance::UnderWay => Key::ReportUnderWay,
            Compliance::NotMet => Key::ReportNotMet,
            Compliance::NotMeasured => Key::ReportNotMeasured,
        };
        let why: Vec<String> = requirement.rules.iter().map(|it| self.ground(it)).collect();
        let args = [Arg::Text(self.say(state, &[])), Arg::Text(why.join(" "))];
        self.say(Key::ReportStands, &args)
    }

    /// A rule that led to a state, as a sentence.
    fn ground(&self, ground: &Ground) -> String {
        let key = match ground.rule {
            Because::NothingAgainstIt => Key::RuleNothingAgainst,
            Because::NothingSeen => Key::RuleNothingSeen,
            Because::NothingShared => Key::RuleNothingShared,
            Because::LegacyFirst => Key::RuleLegacyFirst,
            Because::NoException => Key::RuleNoException,
            Because::OnRecord => Key::RuleOnRecord,
            Because::ReviewOverdue => Key::RuleReviewOverdue,
            Because::FirstToWatch => Key::RuleFirstToWatch,
            Because::NoEvidence => Key::RuleNoEvidence,
            Because::HostsWait => {
                let count = [Arg::number(u64::from(ground.count))];
                return self.say(Key::RuleHostsWait, &count);
            }
            Because::AsksForId => Key::RuleAsksForId,
        };
        self.say(key, &[Arg::Text(self.list(ground.services.clone()))])
    }

    fn links(&self, portal: &PortalReport) -> Vec<String> {
        let one = |it: &LinkReport| {
            let all = it.links.saturating_add(it.running);
            if it.running == 0 {
                return self.line(it.name.clone(), all.to_string());
            }
            let args = [Arg::text(&it.name), Arg::number(all), Arg::number(it.running)];
            self.say(Key::ReportLinkRunning, &args)
        };
        self.or_none(portal.links.iter().map(one).collect())
    }

    fn exceptions(&self, portal: &PortalReport) -> Vec<String> {
        self.or_none(portal.exceptions.iter().map(|it| self.exception(it)).collect())
    }

    fn exception(&self, exception: &ExceptionReport) -> String {
        let state = match (exception.closed, exception.overdue) {
            (true, _) => Key::ReportExceptionClosed,
            (false, true) => Key::ReportExceptionOverdue,
            (false, false) => Key::ReportExceptionOpen,
        };
        let args = [
            Arg::text(&exception.service),
            Arg::text(&exception.reason),
            Arg::text(&exception.candidate),
            Arg::text(&exception.owner),
            self.day(&exception.review),
            Arg::number(u64::from(exception.age_days)),
        ];
        let mut text = self.say(state, &args);
        if let Some(tracker) = &exception.tracker {
            text.push(' ');
            text.push_str(tracker);
        }
        text
    }

    fn or_none(&self, list: Vec<String>) -> Vec<String> {
        if list.is_empty() { vec![self.say(Key::ReportNone, &[])] } else { list }
    }

    /// The heads of the columns of the table of portals.
    fn columns(&self, bare: Bare) -> [String; 8] {
        [
            Key::ReportCommunity,
            Key::ReportStage,
            Key::ReportSince,
            Key::ReportShareLast,
            Key::ReportGate,
            Key::ReportPolicy,
            Key::ReportLinks,
            Key::ReportExceptions,
        ]
        .map(|key| bare(&self.say(key, &[])))
    }

    /// The cells of a portal's row.
    fn row(&self, portal: &PortalReport, bare: Bare) -> [String; 8] {
        [
            vec![self.chats(portal)],
            vec![self.stage(portal)],
            vec![portal.since.clone().unwrap_or_default()],
            vec![self.share_last(portal)],
            portal.gate.iter().map(|line| line.what.clone()).collect(),
            self.requirements(portal),
            self.links(portal),
            self.exceptions(portal),
        ]
        .map(|lines| lines.iter().map(|line| bare(line)).collect::<Vec<_>>().join("<br>"))
    }

    /// The heads of the columns of the table of weeks.
    fn columns_of_weeks(&self, bare: Bare) -> [String; 3] {
        [Key::ReportWeek, Key::ReportShare, Key::ReportSides].map(|key| bare(&self.say(key, &[])))
    }

    /// The cells of a week's row.
    fn week(&self, week: &WeekReport, bare: Bare) -> [String; 3] {
        let begins = if week.running {
            self.say(Key::ReportRunning, &[Arg::text(&week.begins)])
        } else {
            week.begins.clone()
        };
        [begins, self.share(week), self.authors(week)].map(|cell| bare(&cell))
    }
}

#[cfg(test)]
mod tests;
