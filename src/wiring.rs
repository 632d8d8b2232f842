// SPDX-License-Identifier: AGPL-3.0-or-later
//! Puts the parts together as the configuration says.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bot_core::budgets::Budgets;
use bot_core::clock::{Clock, Dice, SystemDice};
use bot_core::core::{Core, CoreParts};
use bot_core::desk::allow::Allowed;
use bot_core::desk::{About, Desk, DeskParts, commands};
use bot_core::ghost::Ghosts;
use bot_core::homeserver::Accounts;
use bot_core::homeserver::Rooms;
use bot_core::i18n::I18n;
use bot_core::measure::{Measures, Stopwatch};
use bot_core::media::drawing::ChildProcess;
use bot_core::network::CommandHelp;
use bot_core::portal::Settings;
use bot_core::pseudonym::Pseudonyms;
use bot_core::relay::{Networks, Relay, RelayParts};
use bot_core::report::Reporter;
use bot_core::store::Store;
use bot_core::wording::Wording;
use bridge_config::{Bot, Catalogue, Config, FirstStage};
use bridge_discord::{DiscordNetwork, DiscordSettings};
use bridge_matrix::MatrixNetwork;
use bridge_matrix::accounts::SynapseAccounts;
use bridge_matrix::client::Client;
use bridge_matrix::crypto::{self, Crypto};
use bridge_matrix::media_proxy::MediaProxy;
use bridge_matrix::restart::Restart;
use bridge_policy::budget::{Limits, Quiet};
use bridge_policy::gate::Thresholds;
use bridge_policy::stage::Stage;
use bridge_telegram::{Patience, TelegramNetwork};
use tokio_util::sync::CancellationToken;

use crate::monitoring::{Counters, Monitor, MonitorParts};
use crate::node::Node;
use crate::public_media::MediaParts;
use crate::web::WebServer;

/// The wired bridge.
pub struct Wired {
    core: Arc<Core>,
    commands: Vec<CommandHelp>,
    media: Option<Arc<MediaProxy>>,
    monitor: Arc<Monitor>,
    restart: Arc<Restart>,
    web: Option<WebServer>,
    stop: CancellationToken,
}

impl Wired {
    /// Runs until stopped.
    ///
    /// # Errors
    /// What the core says, or when nobody can be served media where the configuration says.
    pub async fn run(&self) -> anyhow::Result<()> {
        let commands = self.commands.clone();
        let stop = self.stop.child_token();
        let watched = self.monitor.open().await?;
        let media = match &self.media {
            Some(media) => {
                let opening = media.open().await;
                let opening = opening.context("cannot listen at `media_proxy.listen`")?;
                Some(Arc::clone(media).serve(opening, stop.clone()))
            }
            None => None,
        };
        let web = match &self.web {
            Some(web) => Some(web.serve(web.open().await?, stop.clone())),
            None => None,
        };
        let run = async {
            let ended = self.core.run(commands).await;
            stop.cancel();
            ended
        };
        let watched = Arc::clone(&self.monitor).serve(watched, stop.clone());
        let media = async {
            if let Some(media) = media {
                media.await;
            }
        };
        let web = async {
            if let Some(web) = web {
                web.await;
            }
        };
        let (ended, (), (), ()) = tokio::join!(run, media, watched, web);
        Ok(ended?)
    }

    /// Returns when `freeside reload` has asked for another start.
    pub async fn asked_anew(&self) {
        self.restart.asked().await;
    }

    /// Tells how the bridge is.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Returns when everything has come to rest after the stop.
    pub async fn ended(&self) {
        self.core.ended().await;
    }
}

/// Puts the parts together; nothing is sent yet.
///
/// # Errors
/// When the store cannot be opened or an address cannot be used.
pub async fn wire(
    config: &Config,
    (clock, node): (Arc<dyn Clock>, &Node),
    stop: &CancellationToken,
) -> anyhow::Result<Wired> {
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let store = open(config, node, &dice)?;
    let pseudonyms = Pseudonyms::new(config.privacy.pseudonym_secret.expose().as_bytes());
    let ghosts = ghosts(config, &pseudonyms);
    let media = MediaParts::of(config, &pseudonyms);
    let counters = counters(config, &clock);
    let measures = Arc::clone(&counters) as Arc<dyn Measures>;
    let shared = node.shares_ports();
    let matrix = matrix(config, (&store, shared), (&ghosts, &clock), (&dice, &measures)).await?;
    let networks = networks(config, &matrix, (&dice, &measures))?;
    let wording = wording(config);
    let commands = commands::menu(&wording);
    let monitor = monitor(config, &counters, (&store, &clock), (matrix.client(), shared));
    let proxy = media.proxy(config, (&store, &networks), (&wording, &clock), shared);
    let relay = Relay::new(RelayParts {
        networks: networks.clone(),
        store: Arc::clone(&store),
        ghosts,
        pseudonyms: pseudonyms.clone(),
        names: config.privacy.names,
        media_links: media.links,
        wording: Arc::clone(&wording),
        clock: Arc::clone(&clock),
        new_ghosts: config.bot.new_accounts_per_day,
    });
    let desk = Desk::new(DeskParts {
        networks,
        matrix: Arc::clone(&matrix) as Arc<dyn Rooms>,
        store: Arc::clone(&store),
        wording: Arc::clone(&wording),
        pseudonyms,
        names: config.privacy.names,
        clock: Arc::clone(&clock),
        dice: Arc::clone(&dice),
        about: about(config),
        allowed: allowed(config),
        budgets: Arc::new(Budgets::per_minute(config.bot.commands_per_minute)),
        defaults: Settings::from_config(&config.portals),
        first: first_stage(config),
        thresholds: thresholds(config),
        catalogue: Arc::new(Catalogue::load(config.notices.catalogue.as_deref())?),
        limits: limits(config),
        accounts: accounts(config)?,
        media_cache: media.cache,
    });
    let core = core(config, (store, relay, desk), (&clock, measures), stop);
    matrix.report_from(Arc::downgrade(&core) as std::sync::Weak<dyn Reporter>);
    let web = WebServer::of(config, (&core, &wording), (&monitor, &clock), shared);
    let restart = matrix.restart();
    let stop = stop.clone();
    Ok(Wired { core, commands, media: proxy, monitor, restart, web, stop })
}

fn core(
    config: &Config,
    (store, relay, desk): (Arc<Store>, Relay, Desk),
    (clock, measures): (&Arc<dyn Clock>, Arc<dyn Measures>),
    stop: &CancellationToken,
) -> Arc<Core> {
    Core::new(CoreParts {
        store,
        relay,
        desk,
        clock: Arc::clone(clock),
        dice: Arc::new(SystemDice),
        concurrency: config.lanes.concurrency,
        reactions: config.bot.reactions_per_minute,
        max_age: Duration::from_secs(config.lanes.max_age_hours.saturating_mul(3600)),
        measures,
        stop: stop.clone(),
    })
}

fn wording(config: &Config) -> Arc<Wording> {
    let Bot { language, display_name, .. } = &config.bot;
    Arc::new(Wording::new(I18n::embedded(), language, display_name))
}

fn networks(
    config: &Config,
    matrix: &Arc<MatrixNetwork>,
    (dice, measures): (&Arc<dyn Dice>, &Arc<dyn Measures>),
) -> anyhow::Result<Networks> {
    let mut networks = Networks::default();
    draw_in_a_child(&mut networks);
    networks.add(Arc::clone(matrix) as Arc<dyn bot_core::Network>);
    add_remote(config, (dice, measures), &mut networks)?;
    Ok(networks)
}

fn monitor(
    config: &Config,
    counters: &Arc<Counters>,
    (store, clock): (&Arc<Store>, &Arc<dyn Clock>),
    (homeserver, shared): (&Client, bool),
) -> Arc<Monitor> {
    Arc::new(Monitor::new(&MonitorParts {
        listen: config.monitoring.as_ref().map(|it| it.listen),
        shared,
        folder: &config.store.path,
        limits: limits(config),
        counters,
        store,
        homeserver,
        clock,
    }))
}

/// Counts for the networks that are configured.
fn counters(config: &Config, clock: &Arc<dyn Clock>) -> Arc<Counters> {
    let remotes = [
        config.telegram.as_ref().map(|_| bridge_telegram::NETWORK),
        config.discord.as_ref().map(|_| bridge_discord::NETWORK),
    ];
    let networks = [Some(bridge_matrix::NETWORK)].into_iter().chain(remotes).flatten();
    Arc::new(Counters::new(&networks.collect::<Vec<_>>(), clock))
}

/// Which Matrix ids are ours.
fn ghosts(config: &Config, pseudonyms: &Pseudonyms) -> Ghosts {
    Ghosts::new(
        pseudonyms.clone(),
        &config.appservice.ghost_prefix,
        &config.homeserver.server_name,
        &config.appservice.sender_localpart,
    )
}

/// The homeserver as one of its admins, where the operator lets the bridge give accounts.
fn accounts(config: &Config) -> anyhow::Result<Option<Arc<dyn Accounts>>> {
    let Some(token) = &config.moving.admin_token else { return Ok(None) };
    let http = to_homeserver(config)?.timeout(Duration::from_secs(10)).build()?;
    let base = config.homeserver.url.as_str();
    Ok(Some(Arc::new(SynapseAccounts::new(http, base, token.expose()))))
}

/// A client for requests to the homeserver: through the proxy of the configuration and no other, and to
/// no other host, which would learn what is sent.
fn to_homeserver(config: &Config) -> anyhow::Result<reqwest::ClientBuilder> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy();
    Ok(match &config.homeserver.proxy {
        Some(proxy) => client.proxy(reqwest::Proxy::all(proxy.as_str())?),
        None => client,
    })
}

/// Who may invite the bot and link rooms.
fn allowed(config: &Config) -> Allowed {
    let own = || vec![config.homeserver.server_name.clone()];
    let named = config.bot.allow.clone().unwrap_or_else(own);
    Allowed::read(named.iter().chain(&config.bot.admins))
}

fn limits(config: &Config) -> Limits {
    let notices = &config.notices;
    let hours = |(from, to)| Quiet { from, to, offset: notices.utc_offset };
    Limits { room: notices.per_room, person: notices.per_person, quiet: notices.quiet.map(hours) }
}

fn first_stage(config: &Config) -> Stage {
    match config.stages.first {
        FirstStage::Inventory => Stage::Inventory,
        FirstStage::Bridged => Stage::Bridged,
    }
}

fn thresholds(config: &Config) -> Thresholds {
    let stages = &config.stages;
    Thresholds {
        admins: stages.admins,
        servers: stages.servers,
        announced_days: stages.announced_days,
        native_percent: stages.native_percent,
        majority_percent: stages.majority_percent,
        majority_weeks: stages.majority_weeks,
        closing_notice_days: stages.closing_notice_days,
        sunset_notice_days: stages.sunset_notice_days,
        self_test_days: stages.self_test_days,
    }
}

fn open(config: &Config, node: &Node, dice: &Arc<dyn Dice>) -> anyhow::Result<Arc<Store>> {
    let mut random = [0; 32];
    dice.roll(&mut random);
    let bound = u64::try_from(config.lanes.most_waiting).unwrap_or(u64::MAX);
    Ok(Store::bounded(node.open(&config.store, dice)?, random, bound)?)
}

async fn matrix(
    config: &Config,
    (store, shared): (&Arc<Store>, bool),
    (ghosts, clock): (&Ghosts, &Arc<dyn Clock>),
    (dice, measures): (&Arc<dyn Dice>, &Arc<dyn Measures>),
) -> anyhow::Result<Arc<MatrixNetwork>> {
    let http = to_homeserver(config)?
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(120))
        .build()?;
    let base = config.homeserver.url.as_str();
    let client = Client::new(http, base, config.appservice.as_token.expose())
        .watched(Stopwatch::new(bridge_matrix::NETWORK, measures));
    let crypto = config.appservice.encryption.as_ref().map(|secret| {
        let dir = config.store.path.join("crypto");
        let settings = crypto::Settings { dir, secret: secret.expose().to_owned() };
        Arc::new(Crypto::new(settings, &client, ghosts, dice))
    });
    let parts = bridge_matrix::Parts {
        settings: bridge_matrix::Settings {
            listen: config.appservice.listen,
            shared,
            appservice_id: config.appservice.id.clone(),
            hs_token: config.appservice.hs_token.expose().to_owned(),
            suffix: config.privacy.ghost_suffix.clone(),
            avatars: config.privacy.avatars,
            bot_name: config.bot.display_name.clone(),
        },
        client,
        store: Arc::clone(store),
        ghosts: ghosts.clone(),
        clock: Arc::clone(clock),
        instance: store.instance().await?,
        crypto,
    };
    Ok(Arc::new(MatrixNetwork::new(parts)))
}

/// Has stickers drawn by this binary in a process of its own. Where another program runs the
/// bridge (tests, examples) they are drawn in its process.
fn draw_in_a_child(networks: &mut Networks) {
    let own = std::env::current_exe().ok();
    if let Some(own) = own.filter(|own| own.file_stem().is_some_and(|name| name == "freeside")) {
        networks.draw_with(Arc::new(ChildProcess::new(own)));
    }
}

fn add_remote(
    config: &Config,
    (dice, measures): (&Arc<dyn Dice>, &Arc<dyn Measures>),
    networks: &mut Networks,
) -> anyhow::Result<()> {
    let fraction = |dice: &Arc<dyn Dice>| -> Arc<dyn Fn() -> f64 + Send + Sync> {
        let dice = Arc::clone(dice);
        Arc::new(move || dice.fraction())
    };
    if let Some(telegram) = &config.telegram {
        let settings = bridge_telegram::Settings {
            token: telegram.token.expose().to_owned(),
            api_url: telegram.api_url.clone(),
            proxy: telegram.proxy.clone(),
            local_server: telegram.api_url.host_str() != Some("api.telegram.org"),
            local_files: telegram.local_files.clone(),
            patience: Patience::new(fraction(dice)),
            watch: Stopwatch::new(bridge_telegram::NETWORK, measures),
        };
        networks.add(Arc::new(TelegramNetwork::new(settings)?));
    }
    if let Some(discord) = &config.discord {
        let settings = DiscordSettings {
            api_url: Some(discord.api_url.join("/api/v10")?),
            gateway_url: discord.gateway_url.clone(),
            cdn_url: discord.cdn_url.clone(),
            proxy: discord.proxy.clone(),
            members: discord.members,
            proxies: discord.proxies.clone(),
            random: fraction(dice),
            watch: Stopwatch::new(bridge_discord::NETWORK, measures),
            ..DiscordSettings::new(discord.token.expose())
        };
        networks.add(Arc::new(DiscordNetwork::new(settings)?));
    }
    Ok(())
}

fn about(config: &Config) -> About {
    About {
        version: env!("CARGO_PKG_VERSION").into(),
        commit: env!("FREESIDE_COMMIT").into(),
        source_url: config.bot.source_url.to_string(),
        operators: config.bot.admins.clone(),
        conduct: config.bot.conduct_url.to_string(),
        server: config.homeserver.server_name.clone(),
        web_client: config.moving.web_client.to_string(),
        pages: config.pages.as_ref().map(|it| it.public_url.to_string()).unwrap_or_default(),
        operator: config.bot.operator.clone().unwrap_or_default(),
        contact: config.bot.contact.clone().unwrap_or_default(),
    }
}
