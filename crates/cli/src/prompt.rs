//! Questions to a person at a terminal.
//!
//! A question appears only where stdin and stderr are terminals; elsewhere the caller gets an error that names the
//! flag and the variable to use instead (design/0000-charter.md §8). Secrets are read without echo. Reading happens on
//! a thread of its own, so that signals are still heard; [`Asker::restore`] gives the terminal back when one ends the
//! program.

use std::io::BufRead;
use std::sync::OnceLock;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokenward_core::Code;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::render::Printer;

/// How the terminal was before the first question without echo.
static BEFORE: OnceLock<Termios> = OnceLock::new();

/// Asks, where one can.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    printer: Printer,
    can_ask: bool,
}

impl Asker {
    /// Asks through this printer if there is someone to ask.
    pub(crate) const fn new(printer: Printer, can_ask: bool) -> Self {
        Self { printer, can_ask }
    }

    /// Whether there is someone to ask.
    pub(crate) const fn can_ask(self) -> bool {
        self.can_ask
    }

    /// Asks for a line; an empty answer is `default`. `ways` names the flag and the variable for when nobody is there.
    pub(crate) async fn line(self, question: String, default: Option<&str>, ways: &str) -> Result<String, Failure> {
        if !self.can_ask {
            return Err(self.nobody(&question, ways));
        }
        loop {
            let shown = default.map_or_else(|| format!("{question}:"), |default| format!("{question} [{default}]:"));
            self.printer.question(&shown);
            let answer = self.read_by(ways).await?;
            match (answer.is_empty(), default) {
                (false, _) => return Ok(answer),
                (true, Some(default)) => return Ok(default.to_owned()),
                (true, None) => self.printer.always(self.printer.lang.answer_needed()),
            }
        }
    }

    /// Asks for a secret, without echo.
    pub(crate) async fn secret(self, question: String, ways: &str) -> Result<Zeroizing<String>, Failure> {
        if !self.can_ask {
            return Err(self.nobody(&question, ways));
        }
        self.printer.question(&format!("{question}:"));
        let answer = tokio::task::spawn_blocking(|| {
            if let Ok(before) = tcgetattr(std::io::stdin()) {
                BEFORE.get_or_init(|| before);
            }
            rpassword::read_password().map(Zeroizing::new)
        });
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            // Ctrl-C: where there is no echo the terminal sends a character instead of a signal.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => {
                self.printer.note(self.printer.lang.interrupted("SIGINT"));
                Err(Failure::silent(128 + 2))
            }
            Ok(Err(error)) => Err(self.no_answer(ways).detail(error.to_string())),
            Err(_) => Err(self.no_answer(ways)),
        }
    }

    /// Asks for a yes. Nobody there means no one said no: the caller decides before asking whether that will do.
    pub(crate) async fn yes(self, question: String, ways: &str) -> Result<bool, Failure> {
        if !self.can_ask {
            return Err(self.nobody(&question, ways));
        }
        self.printer.question(&format!("{question} [y/N]"));
        let answer = self.read_by(ways).await?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes" | "是" | "好"))
    }

    /// Asks whether to go on; an empty answer is a yes. Nobody there says no.
    pub(crate) async fn goes_on(self, question: String) -> Result<bool, Failure> {
        if !self.can_ask {
            return Ok(false);
        }
        self.printer.question(&format!("{question} [Y/n]"));
        let answer = self.read().await?;
        Ok(matches!(answer.to_lowercase().as_str(), "" | "y" | "yes" | "是" | "好"))
    }

    /// Reads a line that somebody types or pipes in, asked for or not.
    pub(crate) async fn read(self) -> Result<String, Failure> {
        self.read_by("").await
    }

    async fn read_by(self, ways: &str) -> Result<String, Failure> {
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map(|read| (read, line))
        });
        match line.await {
            Ok(Ok((0, _))) | Err(_) => Err(self.no_answer(ways)),
            Ok(Ok((_, line))) => Ok(line.trim().to_owned()),
            Ok(Err(error)) => Err(self.no_answer(ways).detail(error.to_string())),
        }
    }

    /// Gives the terminal back as it was.
    pub(crate) fn restore() {
        if let Some(before) = BEFORE.get() {
            // A terminal that is gone needs no restoring.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }

    fn nobody(self, question: &str, ways: &str) -> Failure {
        let lang = self.printer.lang;
        Failure::new(Code::SettingMissing, lang.nobody_to_ask(question)).then(lang.give_it_by(ways))
    }

    /// Where a flag or a variable can say it, the advice names them.
    fn no_answer(self, ways: &str) -> Failure {
        let lang = self.printer.lang;
        let failure = Failure::new(Code::SettingMissing, lang.no_answer());
        if ways.is_empty() { failure.complete() } else { failure.then(lang.give_it_by(ways)) }
    }
}
