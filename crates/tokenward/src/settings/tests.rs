//! The layers, the errors, the edits.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use proptest::prelude::*;
use tokenward_core::{AppKind, AppSecret, Brand, Code, FeishuApp, Platform, ProviderName, TokenApi};

use super::file::ConfigFile;
use super::*;
use crate::{Environment, Registration};

const FILE: &str = r#"# mine
default_profile = "work"

[apps.work]
provider = "feishu"   # where it was made
app_id = "cli_file"
scopes = "a b"

[profiles.work]
app = "work"

[profiles.lab]
app = "work"
scopes = ["c", "d"]
"#;

/// What only Feishu and Lark know of a profile's app.
fn feishu(profile: &ResolvedProfile) -> FeishuApp {
    match &profile.platform {
        Platform::Feishu(app) => app.clone(),
        other => panic!("{other:?}"),
    }
}

struct Case {
    folder: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
    flags: Overrides,
}

impl Case {
    fn new(file: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if !file.is_empty() {
            std::fs::write(folder.path().join("config.toml"), file).unwrap();
        }
        Self { folder, env: Vec::new(), flags: Overrides::default() }
    }

    fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    fn flag(mut self, setting: Setting, value: &str) -> Self {
        self.flags = self.flags.with(setting, Some(value));
        self
    }

    fn home(&self) -> Home {
        Home::resolve(Some(self.folder.path()), &Environment::default()).unwrap()
    }

    fn load(&self) -> Result<(Settings, Vec<Warning>), SettingsError> {
        Settings::load(self.home(), Environment::new(self.env.clone()), self.flags.clone())
    }

    fn profile(&self, name: &str) -> Result<ResolvedProfile, SettingsError> {
        let name = (!name.is_empty()).then(|| name.parse().unwrap());
        self.load()?.0.profile(name.as_ref())
    }

    fn error(&self, name: &str) -> (Code, String) {
        let error = self.profile(name).unwrap_err();
        (error.code(), error.to_string().replace(self.folder.path().to_str().unwrap(), "HOME"))
    }
}

#[test]
fn a_file_alone_is_enough() {
    let profile = Case::new(FILE).profile("").unwrap();
    assert_eq!((profile.name.as_str(), profile.app_name.as_str()), ("work", "work"));
    assert_eq!(profile.client_id, "cli_file");
    assert_eq!(profile.hosts, Brand::Feishu.hosts());
    assert_eq!((profile.token_api, feishu(&profile).fallback), (TokenApi::V3, true));
    assert_eq!(profile.redirect_uri.as_str(), "http://127.0.0.1:9768/callback");
    assert_eq!(profile.scopes.to_string(), "a b");
    assert!(matches!(profile.secret, SecretSource::Vault));
    assert_eq!(feishu(&profile).kind, AppKind::SelfBuilt);
    let lab = Case::new(FILE).profile("lab").unwrap();
    assert_eq!(lab.scopes.to_string(), "c d");
}

/// Whose token is handed out at once is asked without resolving anything: it never says yes where the resolved profile says no.
#[test]
fn the_app_of_a_token_is_named_word_for_word() {
    let known = |provider: Option<&str>, id: &str, accounts: Option<&str>| {
        Some(Registration::new(provider.map(str::to_owned), id.to_owned(), accounts.map(str::to_owned)))
    };
    let own = "[apps.gitlab]\nprovider = \"gitlab\"\napp_id = \" x \"\naccounts_url = \"https://git.example/\"\n[profiles.git]\napp = \"gitlab\"\n";
    let cases = [
        (Case::new(FILE), "work", "work", None, true),
        (Case::new(FILE), "work:ada", "work", known(Some("feishu"), "cli_file", None), true),
        (Case::new(FILE), "work", "lab", None, false),
        (Case::new(FILE), "other", "other", None, false),
        (Case::new(FILE), "work", "work", known(None, "cli_file", None), true),
        (Case::new(FILE), "work", "work", known(None, "cli_old", None), false),
        (Case::new(FILE), "work", "work", known(Some("lark"), "cli_file", None), false),
        (Case::new(FILE).env("TOKENWARD_APP_ID", "cli_env"), "work", "work", known(None, "cli_file", None), false),
        (Case::new(FILE).env("TOKENWARD_APP_ID", "cli_env"), "work", "work", known(None, "cli_env", None), true),
        (Case::new(FILE).env("TOKENWARD_APP_ID", "cli_env"), "default", "default", None, true),
        (Case::new("").env("TOKENWARD_APP_ID", "cli_env"), "ci", "ci", known(Some("feishu"), "cli_env", None), true),
        (Case::new(""), "default", "default", None, false),
        (Case::new(own), "git", "gitlab", known(Some("oauth2"), "x", Some("https://git.example")), true),
        (Case::new(own), "git", "gitlab", known(Some("oauth2"), "x", Some("https://gitlab.com")), false),
        (Case::new("[profiles.p]\napp = \"gone\"\n"), "p", "gone", None, false),
    ];
    for (case, profile, app, known, named) in cases {
        let (settings, _) = case.load().unwrap();
        let (profile, app) = (profile.parse().unwrap(), app.parse().unwrap());
        assert_eq!(settings.names_app(&profile, &app, known.as_ref()), named, "{profile} {known:?}");
        if named {
            let resolved = settings.profile(Some(&profile)).unwrap();
            assert_eq!(resolved.app_name, app);
            let is = known.is_none_or(|known| known.is(&resolved.client_id, resolved.provider(), &resolved.hosts));
            assert!(is, "{profile}: {resolved:?}");
        }
    }
}

#[test]
fn variables_alone_are_enough() {
    let case = Case::new("").env("TOKENWARD_APP_ID", "cli_env").env("TOKENWARD_APP_SECRET", "s3cret");
    let profile = case.env("TOKENWARD_OPEN_URL", "http://127.0.0.1:8080").profile("").unwrap();
    assert_eq!((profile.name.as_str(), profile.app_name.as_str()), ("default", "default"));
    assert_eq!(profile.hosts.accounts.as_str(), "http://127.0.0.1:8080/");
    let secret = profile.secret.read().unwrap().unwrap();
    assert_eq!(secret.expose(), "s3cret");
    assert!(!format!("{profile:?}").contains("s3cret"));
    assert_eq!(profile.app(Some(secret)).client_id, "cli_env");
    let named = Case::new("").env("TOKENWARD_APP_ID", "cli_env").env("TOKENWARD_PROFILE", "ci");
    assert_eq!(named.profile("").unwrap().app_name.as_str(), "ci");
    assert_eq!(named.profile("by-flag").unwrap().name.as_str(), "by-flag");
    let beside = Case::new(FILE).env("TOKENWARD_APP_ID", "cli_env");
    assert_eq!(beside.error("wrok").0, Code::UnknownProfile);
    let named = Case::new(FILE).env("TOKENWARD_PROFILE", "wrok").error("").1;
    assert!(
        named.starts_with("there is no profile \"wrok\", which TOKENWARD_PROFILE names; existing profiles:"),
        "{named}"
    );
    assert_eq!(beside.env("TOKENWARD_PROFILE", "ci").profile("").unwrap().client_id, "cli_env");
    // Theirs is found by its name, and may be the one that is meant where none is named.
    let named = Case::new(&FILE.replace("default_profile = \"work\"", "default_profile = \"default\""));
    let (code, words) = named.error("");
    assert_eq!(code, Code::UnknownProfile);
    assert!(
        words.ends_with("existing profiles: lab, work. If variables describe its app, TOKENWARD_APP_ID has to be set"),
        "{words}"
    );
    let named = named.env("TOKENWARD_APP_ID", "cli_env");
    for name in ["", "default"] {
        let profile = named.profile(name).unwrap();
        assert_eq!((profile.name.as_str(), profile.client_id.as_str()), ("default", "cli_env"));
    }
}

#[test]
fn a_flag_comes_before_a_variable_before_the_file() {
    let case = Case::new(FILE).env("TOKENWARD_APP_ID", "cli_env").env("TOKENWARD_SCOPES", "e");
    assert_eq!(case.profile("").unwrap().client_id, "cli_env");
    let case = case.flag(Setting::AppId, "cli_flag").flag(Setting::Profile, "lab");
    let profile = case.profile("").unwrap();
    assert_eq!((profile.name.as_str(), profile.client_id.as_str()), ("lab", "cli_flag"));
    assert_eq!(profile.scopes.to_string(), "e");
    assert_eq!(case.profile("work").unwrap().name.as_str(), "work");
}

#[test]
fn an_empty_variable_is_none_but_an_empty_secret_is_an_error() {
    let case = Case::new(FILE).env("TOKENWARD_APP_ID", "").env("TOKENWARD_PROFILE", "");
    assert_eq!(case.profile("").unwrap().client_id, "cli_file");
    let (code, text) = Case::new(FILE).env("TOKENWARD_APP_SECRET", " ").error("");
    assert_eq!((code, text.as_str()), (Code::BadSecret, "TOKENWARD_APP_SECRET holds no usable secret: it is empty"));
    let keyed = Case::new(FILE).env("TOKENWARD_KEY", "").load().unwrap().0;
    assert_eq!(keyed.key_source().unwrap_err().code(), Code::BadSecret);
}

#[test]
fn a_secret_file_is_found_beside_the_file_and_read_without_its_line_end() {
    let case = Case::new("[apps.a]\napp_id = \"x\"\nsecret_file = \"s\"\n[profiles.p]\napp = \"a\"\n");
    assert_eq!(case.profile("p").unwrap().secret.read().unwrap_err().code(), Code::BadSecret);
    std::fs::write(case.folder.path().join("s"), "abc\n").unwrap();
    assert_eq!(case.profile("p").unwrap().secret.read().unwrap().unwrap().expose(), "abc");
    let case = case.env("TOKENWARD_APP_SECRET", "env");
    assert_eq!(case.profile("p").unwrap().secret.read().unwrap().unwrap().expose(), "env");
    let file = case.folder.path().join("t");
    std::fs::write(&file, "flag").unwrap();
    let case = case.flag(Setting::AppSecretFile, file.to_str().unwrap());
    assert_eq!(case.profile("p").unwrap().secret.read().unwrap().unwrap().expose(), "flag");
}

#[test]
fn errors_name_the_place_and_the_remedy() {
    let app = "[profiles.p]\napp = \"a\"\n[apps.a]\napp_id = \"x\"\n";
    let cases = [
        (FILE.to_owned(), "wrok", Code::UnknownProfile, "there is no profile \"wrok\"; existing profiles: lab, work"),
        (FILE.to_owned(), "labb", Code::UnknownProfile, "Did you mean lab?"),
        (String::new(), "", Code::SettingMissing, "nothing is set up yet: run `tokenward init`"),
        (String::new(), "x", Code::UnknownProfile, "no profile exists yet: run `tokenward init`"),
        ("a = 1\nb = ".to_owned(), "", Code::ConfigUnreadable, "HOME/config.toml line 2, column"),
        (
            "[apps]\nwork = \"x\"\n".to_owned(),
            "",
            Code::ConfigUnreadable,
            "line 2, column 1: a table [apps.work] belongs here",
        ),
        ("apps = 7\n".to_owned(), "", Code::ConfigUnreadable, "apps is written as [apps.NAME] tables"),
        (
            "default_profile = 7\n".to_owned(),
            "",
            Code::ConfigUnreadable,
            "default_profile takes a text in quotes: default_profile = 7",
        ),
        (
            format!("{app}fallback = \"no\"\n"),
            "",
            Code::BadSetting,
            "apps.a.fallback (HOME/config.toml line 5): \"no\" cannot be used: say true or false",
        ),
        (format!("{app}fallback = 1\n"), "", Code::ConfigUnreadable, "apps.a.fallback takes true or false"),
        (
            format!("{app}provider = \"feisu\"\n"),
            "",
            Code::BadSetting,
            "\"feisu\" cannot be used: say feishu, lark, blueking or oauth2",
        ),
        (format!("{app}token_api = \"v9\"\n"), "", Code::BadSetting, "say v3, v2, oidc-v1 or legacy-v1"),
        (format!("{app}app_kind = \"shop\"\n"), "", Code::BadSetting, "say self-built or store"),
        (format!("{app}open_url = \"open.feishu.cn\"\n"), "", Code::BadSetting, "give an address such as https://host"),
        (format!("{app}open_url = \"https://x/y\"\n"), "", Code::BadSetting, "without a path"),
        (
            format!("{app}open_url = \"https://gateway.corp\"\n"),
            "",
            Code::SettingMissing,
            "the other host cannot be derived from it: set --accounts-url or TOKENWARD_ACCOUNTS_URL or apps.NAME.accounts_url in config.toml as well",
        ),
        (
            format!("{app}provider = \"lark\"\nopen_url = \"https://open.feishu.cn\"\n"),
            "",
            Code::BrandMismatch,
            "the provider would refuse with 20046. Say provider = \"feishu\"",
        ),
        (format!("{app}scopes = \"读\"\n"), "", Code::BadScopes, "is not a scope"),
        (
            format!("{app}app_secret = \"s3cret\"\n"),
            "",
            Code::BadSetting,
            "HOME/config.toml line 5: apps.a.app_secret does not belong into this file",
        ),
        (
            "[profiles.p]\napp = \"b\"\n[apps.bb]\n".to_owned(),
            "",
            Code::BadSetting,
            "there is no [apps.b] table. Did you mean bb?",
        ),
        ("[profiles.p]\n".to_owned(), "", Code::SettingMissing, "the app is missing for profile \"p\""),
        (
            "[profiles.p]\napp = \"a\"\n[apps.a]\n".to_owned(),
            "",
            Code::SettingMissing,
            "the App ID is missing for profile \"p\": give --app-id or TOKENWARD_APP_ID or apps.NAME.app_id in config.toml",
        ),
        ("[profiles.\"a b\"]\n".to_owned(), "", Code::BadSetting, "\"a b\" is not a name"),
        (
            "[profiles.p]\n[profiles.q]\n".to_owned(),
            "",
            Code::SettingMissing,
            "several profiles (p, q): say which with --profile",
        ),
        ("[profiles.p]\n[profiles.p]\n".to_owned(), "", Code::ConfigUnreadable, "line 2"),
    ];
    for (file, name, code, part) in cases {
        let (got, text) = Case::new(&file).error(name);
        assert_eq!(got, code, "{text}");
        assert!(text.contains(part), "{text:?} lacks {part:?}");
        assert!(!text.contains("s3cret"));
    }
}

#[test]
fn an_unparsable_line_is_shown_without_its_secret() {
    for file in ["app_secret = \"s3cret", "[apps.a]\nrefresh_token = s3cret", "s3cret", "apps = \"s3cret\""] {
        let error = Case::new(file).load().unwrap_err();
        assert!(matches!(error, SettingsError::Unparsable { .. } | SettingsError::SecretInFile { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn hosts_follow_from_each_other() {
    let case = |open: &str, accounts: &str| {
        Case::new("")
            .env("TOKENWARD_APP_ID", "x")
            .env("TOKENWARD_OPEN_URL", open)
            .env("TOKENWARD_ACCOUNTS_URL", accounts)
    };
    let hosts = |open: &str, accounts: &str| {
        let profile = case(open, accounts).profile("").unwrap();
        (profile.hosts.open.to_string(), profile.hosts.accounts.to_string())
    };
    let pair = |open: &str, accounts: &str| (open.to_owned(), accounts.to_owned());
    assert_eq!(hosts("https://open.corp.cn", ""), pair("https://open.corp.cn/", "https://accounts.corp.cn/"));
    assert_eq!(
        hosts("", "https://accounts.corp.cn:8443"),
        pair("https://open.corp.cn:8443/", "https://accounts.corp.cn:8443/")
    );
    assert_eq!(hosts("http://[::1]:9", ""), pair("http://[::1]:9/", "http://[::1]:9/"));
    assert_eq!(hosts("https://a.cn", "https://b.cn"), pair("https://a.cn/", "https://b.cn/"));
    let lark = case("https://open.larksuite.com", "").profile("").unwrap();
    assert_eq!((lark.provider(), lark.token_api), (ProviderName::Lark, TokenApi::V2));
    assert_eq!(lark.hosts, Brand::Lark.hosts());
    assert!(lark.warnings.is_empty());
    let (code, text) = case("http://a.cn", "https://b.cn").error("");
    assert!(code == Code::BadSetting && text.contains("use https"), "{text}");
    let clear = case("", "").env("TOKENWARD_REDIRECT_URI", "http://a.cn/back").profile("").unwrap();
    assert!(matches!(&clear.warnings[..], [Warning::NotEncrypted { .. }]));
}

#[test]
fn what_means_nothing_is_named() {
    let case = Case::new("[apps.a]\napp_di = \"x\"\ncolour = 1\n[profile.p]\n")
        .env("TOKENWARD_APPID", "x")
        .env("TOKENWARD_ACCESS_TOKEN", "t");
    let (_, warnings) = case.load().unwrap();
    let texts: Vec<_> = warnings
        .iter()
        .map(|warning| warning.to_string().replace(case.folder.path().to_str().unwrap(), "HOME"))
        .collect();
    assert_eq!(
        texts,
        [
            "HOME/config.toml line 2: unknown key apps.a.app_di is ignored. Did you mean apps.a.app_id?",
            "HOME/config.toml line 3: unknown key apps.a.colour is ignored",
            "HOME/config.toml line 4: unknown key profile is ignored. Did you mean profiles?",
            "unknown variable TOKENWARD_APPID is ignored. Did you mean TOKENWARD_APP_ID?",
        ]
    );
    let commas = Case::new("").env("TOKENWARD_APP_ID", "x").env("TOKENWARD_SCOPES", "a,b").profile("").unwrap();
    assert!(matches!(&commas.warnings[..], [Warning::CommasInScopes { .. }]));
}

#[test]
fn a_store_app_has_a_ticket_and_a_tenant() {
    let case = Case::new("").env("TOKENWARD_APP_ID", "x").env("TOKENWARD_TENANT_KEY", "t");
    assert!(matches!(&case.profile("").unwrap().warnings[..], [Warning::TenantKeyUnused { .. }]));
    let case = case.env("TOKENWARD_APP_KIND", "store").env("TOKENWARD_APP_TICKET", "g-1");
    let AppKind::Store { ticket, tenant_key } = feishu(&case.profile("").unwrap()).kind.clone() else { panic!() };
    assert_eq!((ticket.unwrap().expose(), tenant_key.as_deref()), ("g-1", Some("t")));
}

#[test]
fn the_home_folder_is_found() {
    let find = |vars: &[(&str, &str)]| {
        let env = Environment::new(vars.iter().copied());
        Home::resolve(None, &env).map(|home| home.path().to_str().unwrap().to_owned()).ok()
    };
    assert_eq!(find(&[("TOKENWARD_HOME", "/t"), ("HOME", "/h")]).unwrap(), "/t");
    assert_eq!(find(&[("XDG_DATA_HOME", "/x"), ("HOME", "/h")]).unwrap(), "/x/tokenward");
    assert_eq!(find(&[("XDG_DATA_HOME", "x"), ("HOME", "/h")]).unwrap(), "/h/.local/share/tokenward");
    assert_eq!(find(&[("HOME", "")]), None);
}

#[test]
fn a_home_folder_that_others_can_write_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::resolve(Some(&folder.path().join("a/b")), &Environment::default()).unwrap();
    let mode = || std::fs::metadata(home.path()).unwrap().mode() & 0o7777;
    assert_eq!(home.prepare().unwrap(), None);
    assert_eq!(mode(), 0o700);
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(home.prepare().unwrap(), Some(Warning::FolderClosed { mode: 0o777, .. })));
    assert_eq!(mode(), 0o700);
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(home.prepare().unwrap_err().code(), Code::VaultOpenToOthers);
    assert_eq!(mode(), 0o1777);
}

#[test]
fn an_edit_keeps_comments_and_strangers() {
    let case = Case::new(&FILE.replace("scopes = \"a b\"", "colour = 1 # odd"));
    let record = AppRecord::default().with(Setting::Provider, Some("lark")).with(Setting::AppId, Some("cli_2"));
    let mut edit = ConfigEdit::open(&case.home()).unwrap();
    assert!(edit.has_default_profile());
    edit.app(&"work".parse().unwrap(), &record).app(&"new".parse().unwrap(), &record);
    let profile = ProfileRecord { app: "new".parse().unwrap(), redirect_uri: None, scopes: Some("z".into()) };
    edit.profile(&"n".parse().unwrap(), &profile).remove_profile(&"lab".parse().unwrap());
    edit.default_profile(&"n".parse().unwrap()).save().unwrap();
    let path = case.home().config();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        r#"# mine
default_profile = "n"

[apps.work]
provider = "lark"   # where it was made
app_id = "cli_2"
colour = 1 # odd

[apps.new]
provider = "lark"
app_id = "cli_2"

[profiles.work]
app = "work"

[profiles.n]
app = "new"
scopes = "z"
"#
    );
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(case.profile("").unwrap().provider(), ProviderName::Lark);
    assert_eq!(std::fs::read_dir(case.folder.path()).unwrap().count(), 1);
}

#[test]
fn an_edit_follows_a_symbolic_link_and_starts_from_nothing() {
    let case = Case::new("");
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("dotfile");
    std::fs::write(&real, "").unwrap();
    std::os::unix::fs::symlink(&real, case.home().config()).unwrap();
    let mut edit = ConfigEdit::open(&case.home()).unwrap();
    edit.app(&"a".parse().unwrap(), &AppRecord::default().with(Setting::AppId, Some("x"))).save().unwrap();
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "[apps.a]\napp_id = \"x\"\n");
    assert!(std::fs::symlink_metadata(case.home().config()).unwrap().is_symlink());
}

#[test]
fn what_cannot_be_read_is_not_written_over() {
    let case = Case::new("= broken");
    assert_eq!(ConfigEdit::open(&case.home()).unwrap_err().code(), Code::ConfigUnreadable);
    assert_eq!(std::fs::read_to_string(case.home().config()).unwrap(), "= broken");
}

#[test]
fn two_edits_at_once_both_stay() {
    let case = Case::new("");
    let home = case.home();
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d", "e", "f"] {
            let home = &home;
            scope.spawn(move || {
                let mut edit = ConfigEdit::open(home).unwrap();
                edit.app(&name.parse().unwrap(), &AppRecord::default()).save().unwrap();
            });
        }
    });
    assert_eq!(case.load().unwrap().0.file.apps.len(), 6);
}

#[test]
fn settings_page_is_printed_from_the_table() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    for (name, page) in reference() {
        let path = folder.join(name);
        if option_env!("TOKENWARD_BLESS").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap_or_default() == page,
            "docs/reference/{name} is old: TOKENWARD_BLESS=1 cargo test --locked --workspace --lib settings_page"
        );
    }
    let [(_, page), (_, chinese)] = reference();
    let has_han = |row: &str| row.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let rows = chinese.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take(Setting::ALL.len());
    rows.for_each(|row| assert!(row.starts_with("| ") && has_han(row), "{row}"));
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let case = Case::new(example);
    assert!(case.load().unwrap().1.is_empty());
    assert_eq!(case.profile("assistant").unwrap().scopes.len(), 2);
    assert_eq!(case.profile("").unwrap().name.as_str(), "work");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,80}|[a-z=\\[\\]\"'. \n#{}]{0,120}") {
        let _ = ConfigFile::parse(std::path::Path::new("c"), &text);
    }

    #[test]
    fn a_saved_value_is_read_back(id in "[!-~]{1,40}", scopes in "[a-z:]{1,9}( [a-z:]{1,9}){0,3}") {
        let case = Case::new("");
        let mut edit = ConfigEdit::open(&case.home()).unwrap();
        let app = AppRecord::default().with(Setting::AppId, Some(id.clone()));
        let profile = ProfileRecord { app: "a".parse().unwrap(), redirect_uri: None, scopes: Some(scopes.clone()) };
        edit.app(&profile.app, &app).profile(&"p".parse().unwrap(), &profile).save().unwrap();
        let read = case.profile("p").unwrap();
        prop_assert_eq!(read.client_id, id);
        prop_assert_eq!(read.scopes.to_string(), tokenward_core::Scopes::parse(&scopes).unwrap().0.to_string());
    }
}

#[test]
fn every_secret_type_is_mute() {
    let env = Environment::new([("TOKENWARD_APP_SECRET", "s3cret")]);
    assert_eq!(format!("{env:?}"), "{\"TOKENWARD_APP_SECRET\"}");
    let source = SecretSource::Given(AppSecret::parse("s3cret").unwrap());
    assert!(!format!("{source:?}").contains("s3cret"));
}

fn mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_configuration_that_others_could_have_written_is_not_believed() {
    let case = Case::new(FILE);
    let file = case.folder.path().join("config.toml");
    for open in [0o666, 0o602, 0o777] {
        mode(&file, open);
        let (code, text) = case.error("");
        assert_eq!(code, Code::FileNotTrusted, "{text}");
        assert!(text.contains("chmod go-w"), "{text}");
    }
    mode(&file, 0o644);
    assert!(case.profile("").is_ok());
    // Nobody may exchange it in its folder; a sticky one lets nobody touch what is not theirs.
    mode(case.folder.path(), 0o777);
    assert_eq!(case.error("").0, Code::VaultOpenToOthers);
    mode(case.folder.path(), 0o1777);
    assert!(case.profile("").is_ok());
    // Only root can make a file that belongs to somebody else.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&file, Some(2002), None).unwrap();
        let (code, text) = case.error("");
        assert_eq!(code, Code::FileNotTrusted, "{text}");
        assert!(text.contains("belongs to user 2002"), "{text}");
        assert!(ConfigEdit::open(&case.home()).is_err(), "nor is it edited");
    } else {
        println!("a file of another user is not tried: this test does not run as root");
    }
}

#[test]
fn a_secret_file_that_others_can_write_is_refused_and_one_that_they_can_read_is_told() {
    let case = Case::new("[apps.a]\napp_id = \"x\"\nsecret_file = \"s\"\n[profiles.p]\napp = \"a\"\n");
    let file = case.folder.path().join("s");
    std::fs::write(&file, "abc\n").unwrap();
    mode(&file, 0o600);
    let look = || case.profile("p").unwrap().secret.look();
    assert!(look().unwrap().1.is_none());
    mode(&file, 0o644);
    assert!(matches!(look().unwrap().1, Some(Warning::SecretReadable { mode: 0o644, .. })));
    mode(&file, 0o666);
    assert_eq!(look().unwrap_err().code(), Code::FileNotTrusted);
}

#[test]
fn what_looks_like_a_secret_is_not_repeated() {
    let secret = "724e303c8204cce55f265ffeb1580d56";
    let case = Case::new(FILE).env("TOKENWARD_APP_SECRET_FILE", secret);
    let error = case.profile("").unwrap().secret.read().unwrap_err().to_string();
    assert!(!error.contains(secret) && error.contains("32 characters"), "{error}");
    for url in ["https://u:hunter2@idp.example.test", "https://u:hunter2@idp.example.test:8443/x", "u:hunter2@idp"] {
        let (_, error) = Case::new(FILE).env("TOKENWARD_ACCOUNTS_URL", url).error("");
        assert!(!error.contains("hunter2") && error.contains("idp"), "{error}");
    }
    let broken = "[apps.a]\nopen_url = \"https://u:hunter2@idp.example.test\n";
    let (_, error) = Case::new(broken).error("");
    assert!(!error.contains("hunter2"), "{error}");
}

/// Counted, not timed: each byte is looked at a few times, however many profiles there are.
#[test]
fn the_file_is_read_in_linear_time() {
    let looked = |profiles: usize| {
        let entries = (0..profiles).map(|n| format!("[profiles.p{n}]\napp = \"work\"\nscopes = \"a b\"\n\n"));
        let text = entries.collect::<Vec<_>>().concat();
        text_utils::LOOKED.set(0);
        file::ConfigFile::parse(std::path::Path::new("config.toml"), &text).unwrap();
        (text_utils::LOOKED.get(), text.len())
    };
    for (bytes, length) in [looked(10), looked(1000), looked(10_000)] {
        assert!(bytes <= 2 * length, "{bytes} of {length}");
    }
}
