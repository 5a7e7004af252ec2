//! The file of the service, as systemd (systemd.service(5), systemd.syntax(7)) and launchd (launchd.plist(5)) read it.
//!
//! Enters: a command and variables, none of which is a secret. Leaves: the text. Whatever a path holds, it stays one word.

use std::fmt::Write as _;
use std::path::Path;

/// Who runs services of a user's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    Systemd,
    Launchd,
}

/// What is to be run.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) command: Vec<String>,
    pub(super) variables: Vec<(String, String)>,
}

impl Manager {
    /// The one of this system.
    pub(super) const fn here() -> Self {
        if cfg!(target_os = "macos") { Self::Launchd } else { Self::Systemd }
    }

    /// Whether it started this machine: a container, or a machine with another init, has its commands at most (`sd_booted(3)`).
    pub(super) fn runs_this_machine(self) -> bool {
        match self {
            Self::Systemd => Path::new("/run/systemd/system").is_dir(),
            Self::Launchd => true,
        }
    }

    pub(super) const fn file_name(self) -> &'static str {
        match self {
            Self::Systemd => "tokenward-watch.service",
            Self::Launchd => "tokenward.watch.plist",
        }
    }

    /// The commands that start the service now and from now on.
    pub(super) fn start(self, file: &Path) -> Vec<Vec<String>> {
        match self {
            // One that runs already is started anew, with what its file says now.
            Self::Systemd => vec![
                words(&["systemctl", "--user", "daemon-reload"]),
                words(&["systemctl", "--user", "enable", UNIT]),
                words(&["systemctl", "--user", "restart", UNIT]),
            ],
            Self::Launchd => {
                let file = file.display().to_string();
                vec![words(&["launchctl", "unload", &file]), words(&["launchctl", "load", "-w", &file])]
            }
        }
    }

    /// The command that ends it, and the one after its file is gone.
    pub(super) fn stop(self, file: &Path) -> [Vec<String>; 2] {
        match self {
            Self::Systemd => [
                words(&["systemctl", "--user", "disable", "--now", UNIT]),
                words(&["systemctl", "--user", "daemon-reload"]),
            ],
            Self::Launchd => [words(&["launchctl", "unload", "-w", &file.display().to_string()]), vec![]],
        }
    }

    /// The commands that succeed if it runs, and if it starts with the session.
    pub(super) fn questions(self) -> [Vec<String>; 2] {
        match self {
            Self::Systemd => [
                words(&["systemctl", "--user", "is-active", UNIT]),
                words(&["systemctl", "--user", "is-enabled", UNIT]),
            ],
            Self::Launchd => [words(&["launchctl", "list", LABEL]), words(&["launchctl", "list", LABEL])],
        }
    }

    /// The command that shows what it wrote.
    pub(super) const fn log(self) -> &'static str {
        match self {
            Self::Systemd => "journalctl --user --unit tokenward-watch",
            Self::Launchd => "tail ~/Library/Logs/tokenward-watch.log",
        }
    }
}

impl Unit {
    /// The whole file.
    pub(super) fn text(&self, manager: Manager) -> String {
        match manager {
            Manager::Systemd => self.systemd(),
            Manager::Launchd => self.launchd(),
        }
    }

    fn systemd(&self) -> String {
        let command: Vec<_> = self.command.iter().map(|word| quoted(word).replace('$', "$$")).collect();
        let mut variables = String::new();
        for (name, value) in &self.variables {
            let _ = writeln!(variables, "Environment={}", quoted(&format!("{name}={value}")));
        }
        format!(
            "# {MARK}; `tokenward service remove` takes it away.\n\
             [Unit]\n\
             Description=Tokenward: keeps linked files in sync and logins valid\n\
             Documentation=man:tokenward-watch(1)\n\
             \n\
             [Service]\n\
             ExecStart={}\n\
             {variables}\
             Restart=on-failure\n\
             RestartSec=30\n\
             # 2: wrong settings, which no restart mends.\n\
             RestartPreventExitStatus=2\n\
             \n\
             [Install]\n\
             WantedBy=default.target\n",
            command.join(" ")
        )
    }

    fn launchd(&self) -> String {
        let mut command = String::new();
        for word in &self.command {
            let _ = writeln!(command, "    <string>{}</string>", escaped(word));
        }
        let mut variables = String::new();
        for (name, value) in &self.variables {
            let _ = writeln!(variables, "    <key>{}</key><string>{}</string>", escaped(name), escaped(value));
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!-- {MARK}; `tokenward service remove` takes it away. -->\n\
             <plist version=\"1.0\">\n\
             <dict>\n  \
               <key>Label</key><string>{LABEL}</string>\n  \
               <key>ProgramArguments</key>\n  <array>\n{command}  </array>\n  \
               <key>EnvironmentVariables</key>\n  <dict>\n{variables}  </dict>\n  \
               <key>RunAtLoad</key><true/>\n  \
               <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n  \
               <key>ThrottleInterval</key><integer>300</integer>\n  \
               <key>StandardOutPath</key><string>Library/Logs/tokenward-watch.log</string>\n  \
               <key>StandardErrorPath</key><string>Library/Logs/tokenward-watch.log</string>\n\
             </dict>\n\
             </plist>\n"
        )
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// One word for systemd: `%` begins one of its specifiers, and quotes and backslashes are its own.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+".contains(c);
    let word = word.replace('%', "%%");
    if !word.is_empty() && word.chars().all(|c| plain(c) || c == '%') {
        return word;
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// By this the file is known for ours.
pub(super) const MARK: &str = "Written by `tokenward service install`";
const UNIT: &str = "tokenward-watch.service";
const LABEL: &str = "tokenward.watch";

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Unit {
        let home = "/home/小明/a \"b\" 100% $HOME \\ <&>";
        Unit {
            command: words(&["/opt/my tools/tokenward", "watch", "--on-trouble", "/usr/bin/tell $USER 50%", "default"]),
            variables: vec![("TOKENWARD_HOME".to_owned(), home.to_owned())],
        }
    }

    #[test]
    fn every_word_stays_one_for_systemd() {
        let text = unit().text(Manager::Systemd);
        let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        assert_eq!(
            line("ExecStart="),
            r#""/opt/my tools/tokenward" watch --on-trouble "/usr/bin/tell $$USER 50%%" default"#
        );
        assert_eq!(line("Environment="), r#""TOKENWARD_HOME=/home/小明/a \"b\" 100%% $HOME \\ <&>""#);
        assert!(text.starts_with("# Written by `tokenward service install`"), "{text}");
    }

    #[test]
    fn every_word_stays_one_for_launchd() {
        let text = unit().text(Manager::Launchd);
        for part in [
            "    <string>/opt/my tools/tokenward</string>\n    <string>watch</string>\n",
            "    <string>/usr/bin/tell $USER 50%</string>\n",
            "<key>TOKENWARD_HOME</key><string>/home/小明/a \"b\" 100% $HOME \\ &lt;&amp;&gt;</string>",
            "<key>Label</key><string>tokenward.watch</string>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(text.contains(MARK));
    }
}
