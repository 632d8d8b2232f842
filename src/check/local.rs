// SPDX-License-Identifier: AGPL-3.0-or-later
//! What is on this machine: files, the store, the disk, addresses, proxies.
//!
//! Rule: nothing is changed. A store that is open elsewhere is left alone, one that needs work is not
//! brought up to date.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bot_core::clock::{Clock, Dice, SystemDice};
use bot_core::store::sealing::{self, Looked};
use bridge_config::{Catalogue, Config, ConfigErrors};
use bridge_policy::calendar::DAY_MS;
use reqwest::Url;
use tokio::net::TcpStream;

use super::ask::{Answer, Asker};
use super::finding::{FindingKind, Findings};
use super::portals::is_free;

/// How long a proxy may take to be connected to.
const PATIENCE: Duration = Duration::from_secs(5);
/// Entries of the catalogue may be so many days older than `check-config` asks for.
const GRACE_DAYS: i64 = 90;

/// Every mistake of a configuration that cannot be used.
pub(super) fn mistakes(path: &Path, errors: &ConfigErrors, found: &mut Findings) {
    if !path.exists() {
        return found.add(FindingKind::NoConfig, [&path.display()]);
    }
    for error in errors.errors() {
        let place = error.position.map(|it| format!("{}:{}: ", it.line, it.column));
        let key = if error.key.is_empty() { String::new() } else { format!("{}: ", error.key) };
        let problem = format!("{}{key}{}", place.unwrap_or_default(), error.problem);
        found.add(FindingKind::Config, [&problem, &error.mend]);
    }
}

/// Who else can read or write what.
pub(super) fn modes(path: &Path, config: &Config, found: &mut Findings) {
    if let Some(mode) = mode(path).filter(|mode| mode & 0o022 != 0) {
        found.add(FindingKind::ConfigWritable, [&path.display(), &format!("{mode:03o}")]);
    }
    let registration = path.with_file_name("registration.yaml");
    let Ok(text) = std::fs::read_to_string(&registration) else { return };
    if let Some(mode) = mode(&registration).filter(|mode| mode & 0o077 != 0) {
        let mode = format!("{mode:03o}");
        found.add(FindingKind::RegistrationReadable, [&registration.display(), &mode]);
    }
    if text != bridge_config::registration_yaml(config) {
        found.add(FindingKind::RegistrationOld, [&registration.display()]);
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> Option<u32> {
    None
}

/// The folder, or the nearest one above it that is there.
fn nearest(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.ancestors().find(|it| it.exists()).unwrap_or(Path::new("/")).to_owned()
}

/// The store: key, folder, room, layout. `runs` says that the bridge has it open.
pub(super) fn store(config: &Config, runs: bool, min_free_mb: u64, found: &mut Findings) {
    let store = &config.store;
    let folder = nearest(&store.path);
    let us = match tempfile_in(&folder) {
        Ok(us) => us,
        Err(error) => {
            return found.add(FindingKind::StoreFolder, [&store.path.display(), &error]);
        }
    };
    if let Ok(free) = fs2::available_space(&folder) {
        let free = free / 1_000_000;
        if free < min_free_mb {
            found.add(FindingKind::DiskSpace, [&free, &min_free_mb, &folder.display()]);
        } else {
            found.fine(format!("{free} MB are free on the disk of the store"));
        }
    }
    if let Err(error) = crate::keys::check(store) {
        let lost = sealing::is_sealed(&store.path) && !store.key_file.exists();
        let kind = if lost { FindingKind::KeyLost } else { FindingKind::KeyMissing };
        return found.add(kind, [&error]);
    }
    if runs {
        return found.fine("the running bridge has the store open");
    }
    // Opening it may write files, which would then belong to the wrong user.
    let owner = owner(&store.path.join("sealed").join("db"));
    if owner.is_some() && owner != us {
        return found
            .fine("the store belongs to another user and was not opened: check as that user");
    }
    let Ok(kek) = crate::keys::read(&store.key_file) else { return };
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    match sealing::look(&store.path, &kek, &dice) {
        Ok(Looked::Nothing) => found.fine("there is no store yet; the first start makes it"),
        Ok(Looked::Clear) => found.fine("the store will be encrypted at the next start"),
        Ok(Looked::Opened { layout }) => {
            let layout = layout.map_or_else(String::new, |layout| format!(", layout {layout}"));
            found.fine(format!("the store can be opened{layout}"));
        }
        Ok(Looked::Held) => found.add(FindingKind::StoreHeld, [&store.path.display()]),
        Ok(Looked::Unfinished) => found.add(FindingKind::StoreUnfinished, [&store.path.display()]),
        Err(error) => found.add(FindingKind::StoreBroken, [&error]),
    }
}

/// Writes a file and takes it away; whose it was.
fn tempfile_in(folder: &Path) -> std::io::Result<Option<u32>> {
    let path = folder.join(format!(".freeside-check-{}", std::process::id()));
    std::fs::write(&path, b"can this be written?")?;
    let us = owner(&path);
    std::fs::remove_file(&path)?;
    Ok(us)
}

#[cfg(unix)]
fn owner(path: &Path) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(path).ok()?))
}

#[cfg(not(unix))]
fn owner(_path: &Path) -> Option<u32> {
    None
}

/// The addresses of media: that of the bridge, and the public one.
pub(super) async fn media(config: &Config, runs: bool, found: &mut Findings) -> anyhow::Result<()> {
    let Some(media) = &config.media_proxy else { return Ok(()) };
    if !runs {
        port(media.listen, "media_proxy.listen", found);
        return Ok(());
    }
    let base = media.public_url.as_str().trim_end_matches('/');
    let why = match Asker::new(None)?.get(&format!("{base}/m/check")).await {
        // The bridge knows no such file, and says so.
        Answer::Json(_) => return Ok(()),
        Answer::Page(404) => return Ok(()),
        Answer::Page(status) => format!("HTTP {status}"),
        Answer::Moved(to) => format!("it is at {to}"),
        Answer::Silent(why) => why,
    };
    found.add(FindingKind::MediaAddress, [&base, &why]);
    Ok(())
}

/// The addresses of pages: that of the bridge, and the public one.
pub(super) async fn pages(config: &Config, runs: bool, found: &mut Findings) -> anyhow::Result<()> {
    let Some(pages) = &config.pages else { return Ok(()) };
    if !runs {
        port(pages.listen, "pages.listen", found);
        return Ok(());
    }
    let base = pages.public_url.as_str().trim_end_matches('/');
    let why = match Asker::new(None)?.get(&format!("{base}/status")).await {
        Answer::Page(200) => return Ok(()),
        Answer::Page(status) => format!("HTTP {status}"),
        Answer::Json(reply) => format!("HTTP {} and no page", reply.status),
        Answer::Moved(to) => format!("it is at {to}"),
        Answer::Silent(why) => why,
    };
    found.add(FindingKind::PagesAddress, [&base, &why]);
    Ok(())
}

/// Whether the bridge can listen there.
fn port(listen: SocketAddr, key: &str, found: &mut Findings) {
    match is_free(listen) {
        Ok(true) => {}
        Ok(false) => found.add(FindingKind::PortTaken, [&listen, &key]),
        Err(error) => found.add(FindingKind::ListenAddress, [&listen, &key, &error]),
    }
}

/// Whether each proxy can be connected to.
pub(super) async fn proxies(config: &Config, found: &mut Findings) {
    let telegram = config.telegram.as_ref().and_then(|it| it.proxy.as_ref());
    let discord = config.discord.as_ref().and_then(|it| it.proxy.as_ref());
    let all = [
        ("homeserver", config.homeserver.proxy.as_ref()),
        ("telegram", telegram),
        ("discord", discord),
    ];
    for (section, proxy) in all {
        let Some(proxy) = proxy else { continue };
        match connect(proxy).await {
            Ok(()) => found.fine(format!("the proxy of [{section}] answers")),
            Err(why) => found.add(FindingKind::Proxy, [&section, proxy, &why]),
        }
    }
}

async fn connect(proxy: &Url) -> Result<(), String> {
    let host = proxy.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let usual = if proxy.scheme().starts_with("socks") { 1080 } else { 80 };
    let port = proxy.port_or_known_default().unwrap_or(usual);
    match tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

/// The catalogue of services, and how old it is.
pub(super) fn catalogue(config: &Config, clock: &dyn Clock, found: &mut Findings) {
    let catalogue = match Catalogue::load(config.notices.catalogue.as_deref()) {
        Ok(catalogue) => catalogue,
        Err(errors) => return found.add(FindingKind::Catalogue, [&errors]),
    };
    let today = clock.now().0.div_euclid(DAY_MS);
    let old = catalogue.unchecked(today - GRACE_DAYS);
    let dated = old.iter().filter(|(_, day)| day.is_some()).count();
    if dated > 0 {
        return found.add(FindingKind::CatalogueOld, [&dated]);
    }
    let (known, undated) = (catalogue.services.len(), old.len());
    found.fine(format!(
        "{known} services are known; of {undated} entries nobody has written down when they were \
         looked at"
    ));
}
