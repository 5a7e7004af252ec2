//! What stands between us and a provider: proxies and certificates that the environment names.
//!
//! Enters: the environment, a failure. Leaves: warnings about certificates that cannot be used; a failure that names the proxy
//! or the certificates it may be due to. Nothing is read but the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.

use std::ffi::OsStr;
use std::path::Path;

use tokenward::{Environment, Proxies};
use tokenward_core::Code;

use crate::failure::Failure;
use crate::words::Lang;

/// Says what to look at when a provider cannot be reached.
pub(crate) fn explained(failure: Failure, env: &Environment, lang: Lang) -> Failure {
    if let Some(reason) = failure.reason_of(Code::NoUsableProxy).map(str::to_owned) {
        let variable = proxies(env).unusable().find(|variable| reason.starts_with(variable));
        return match variable {
            Some(variable) => failure.detail(lang.proxy_barred(variable)),
            None => failure,
        };
    }
    let Some(reason) = failure.reason_of(Code::Unreachable).map(str::to_owned) else { return failure };
    if reason.contains("certificate") {
        let failure =
            certificates(env, lang).into_iter().rev().fold(failure, |failure, trouble| failure.first(lang, trouble));
        let failure = failure.or_then(lang, lang.certificate_next());
        return if env.get(FILE).is_none() { failure.then(lang.certificate_system_next()) } else { failure };
    }
    match proxy(env).filter(|_| !is_own(&reason)) {
        Some((variable, proxy)) => failure.or_then(lang, lang.proxy_next(variable, proxy)),
        None => failure,
    }
}

/// What is wrong with what the environment says about the network.
pub(crate) fn troubles(env: &Environment, lang: Lang) -> Vec<String> {
    let mut told = certificates(env, lang);
    told.extend(proxies(env).unusable().map(|name| lang.proxy_unusable(name)));
    told
}

fn proxies(env: &Environment) -> Proxies {
    Proxies::new(|name| env.raw(name).map(OsStr::to_owned))
}

/// What is wrong with the certificates that the environment names.
pub(crate) fn certificates(env: &Environment, lang: Lang) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(file) = env.path(FILE) {
        match std::fs::read(&file) {
            Err(error) => told.push(lang.certificates_missing(FILE, file.display(), error)),
            Ok(bytes) if !holds_certificate(&bytes) => told.push(lang.certificates_none(FILE, file.display())),
            Ok(_) => {}
        }
    }
    for folder in env.get(FOLDERS).unwrap_or_default().split(':').filter(|folder| !folder.is_empty()) {
        if let Err(error) = std::fs::read_dir(Path::new(folder)) {
            told.push(lang.certificates_missing(FOLDERS, folder, error));
        }
    }
    told
}

fn holds_certificate(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 2] = [b"-----BEGIN CERTIFICATE-----", b"-----BEGIN TRUSTED CERTIFICATE-----"];
    MARKS.iter().any(|mark| bytes.windows(mark.len()).any(|window| window == *mark))
}

/// The variable that sends https requests through a proxy, and the proxy's host and port: a password in it is nobody's business.
fn proxy(env: &Environment) -> Option<(&'static str, String)> {
    let proxies = proxies(env);
    let (variable, url) = proxies.secure()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some((variable, format!("{}{port}", url.host_str()?)))
}

/// Whether the reason names this machine, which no proxy stands before.
fn is_own(reason: &str) -> bool {
    let host = reason.split([' ', ':']).next().unwrap_or_default();
    reason.starts_with("[::1]") || host.starts_with("127.") || host == "localhost" || host.ends_with(".localhost")
}

const FILE: &str = "SSL_CERT_FILE";
const FOLDERS: &str = "SSL_CERT_DIR";

#[cfg(test)]
mod tests {
    use tokenward_core::TransportFault;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        Environment::new(pairs.iter().copied())
    }

    #[test]
    fn the_proxy_is_named_without_its_password() {
        let of = |value| proxy(&env(&[("HTTPS_PROXY", value)])).map(|(_, proxy)| proxy);
        assert_eq!(of("http://u:p%40@proxy.test:3128").as_deref(), Some("proxy.test:3128"));
        assert_eq!(of("proxy.test:3128").as_deref(), Some("proxy.test:3128"));
        assert_eq!(of("socks5h://127.0.0.1:1080").as_deref(), Some("127.0.0.1:1080"));
        assert_eq!(proxy(&env(&[])), None);
        assert!(is_own("127.0.0.1:9 cannot be reached") && is_own("[::1]:9 x") && !is_own("accounts.feishu.cn cannot"));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_told_without_its_password() {
        for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            let told = troubles(&env(&[(name, "socks://u:secret@p.test:1")]), Lang::En);
            assert!(told.len() == 1 && told[0].contains(name) && !told[0].contains("secret"), "{told:?}");
        }
        assert_eq!(troubles(&env(&[("HTTPS_PROXY", "p.test:3128")]), Lang::En), Vec::<String>::new());
        let fault = TransportFault::barred("HTTPS_PROXY does not hold".to_owned());
        let failure = Failure::of(fault.unsent_code()).detail(fault.reason);
        let failure = explained(failure, &env(&[("HTTPS_PROXY", "socks://u:secret@p.test:1")]), Lang::Zh);
        let told = failure.reason_of(Code::NoUsableProxy).unwrap();
        assert!(told.contains("HTTPS_PROXY 的值不是代理的地址") && !told.contains("secret"), "{told}");
    }

    #[test]
    fn certificates_that_cannot_be_used_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (good, empty) = (file("ca.pem", "x\n-----BEGIN CERTIFICATE-----\nMII\n"), file("empty.pem", ""));
        let gone = folder.path().join("gone").to_str().unwrap().to_owned();
        let told = |pairs: &[(&str, &str)]| certificates(&env(pairs), Lang::En);
        assert_eq!(told(&[(FILE, &good), (FOLDERS, folder.path().to_str().unwrap())]), Vec::<String>::new());
        assert!(told(&[(FILE, &empty)])[0].contains("holds no certificate"));
        assert!(told(&[(FILE, &gone)])[0].contains("cannot be read"));
        assert!(told(&[(FOLDERS, &format!("{gone}:{}", folder.path().display()))])[0].contains(&gone));
    }
}
