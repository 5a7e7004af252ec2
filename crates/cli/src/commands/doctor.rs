//! `tokenward doctor`: what is wrong, and what to do about it. No refresh token is ever sent (I8).

use std::collections::BTreeSet;
use std::mem::take;
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;
use tokenward::doctor::{self, Depth, Facts, Finding, SecretFacts, Severity, Story, Wish};
use tokenward::{Overrides, Settings, SystemEntropy};
use tokenward_core::{Code, ExitClass};

use super::notify_command::TroubleProgram;
use crate::args::Doctor;
use crate::context::Context;
use crate::failure::Failure;
use crate::network_diagnosis;
use crate::render::Row;
use crate::words::Lang;
use crate::words::doctor::{SecretOrigin, Setting};

/// A finding as JSON; the fields are documented in `docs/reference/json.md`.
#[derive(Debug, Serialize)]
struct FindingFields {
    profile: Option<String>,
    check: &'static str,
    severity: &'static str,
    code: Code,
    name: &'static str,
    message: String,
    details: Vec<String>,
    next: Vec<String>,
    page: &'static str,
}

pub(super) async fn run(args: &Doctor, context: &Context) -> Result<ExitCode, Failure> {
    let home = context.home()?;
    let mut named = args.of.clone().or_else(|| context.global.profile.clone());
    let facts = match Settings::load(home, context.ambient.env.clone(), Overrides::default()) {
        Ok((settings, warnings)) => {
            if args.of.is_none() && context.global.user.is_some() {
                named = context.named(&settings)?;
            }
            if let Ok(Some(program)) = settings.on_trouble()
                && let Err(failure) = TroubleProgram::find(&program, &context.ambient.env, context.lang())
            {
                context.printer.warning(failure.message(context.lang()));
            }
            let wish = Wish { profile: named.as_ref(), all: args.all, online: args.online };
            let clock = Arc::new(context.ambient.clock);
            doctor::gather(&settings, warnings, clock, Arc::new(SystemEntropy), wish).await
        }
        Err(error) => Facts::unreadable(context.now(), args.online, error),
    };
    for trouble in network_diagnosis::troubles(&context.ambient.env, context.lang()) {
        context.printer.warning(trouble);
    }
    let findings = doctor::examine(&facts);
    let several = facts.profiles.iter().filter(|profile| profile.depth == Depth::Full).count() > 1;
    let script = |finding: &Finding| {
        let of = Finding::profile(finding)?;
        facts.profiles.iter().find(|profile| profile.name == *of)?.script.as_deref()
    };
    let program = |finding: &Finding| {
        let of = Finding::profile(finding);
        of.and_then(|of| facts.profiles.iter().find(|profile| profile.name == *of)).is_some_and(|found| found.program)
    };
    // A script's login has no app here; scripts of that kind are Feishu's and Lark's.
    let console = |finding: &Finding| {
        let found = Finding::profile(finding).and_then(|of| facts.profiles.iter().find(|profile| profile.name == *of));
        let app = found.and_then(|profile| profile.app.as_ref().ok());
        app.is_none_or(|app| app.provider.brand().is_some())
    };
    let secret_given = |finding: &Finding| {
        let found = Finding::profile(finding).and_then(|of| facts.profiles.iter().find(|profile| profile.name == *of));
        found.and_then(|profile| profile.app.as_ref().ok()).is_some_and(|app| matches!(app.secret, SecretFacts::Given))
    };
    let setting = |finding| Setting {
        now: facts.now,
        zone: context.zone(),
        online: args.online,
        console: console(finding),
        script: script(finding),
        program: program(finding),
        secret: if secret_given(finding) { SecretOrigin::Variable } else { SecretOrigin::Kept },
        profile: if several { Finding::profile(finding) } else { named.as_ref() },
    };
    if context.printer.json {
        let findings: Vec<_> = findings.iter().map(|finding| fields(finding, setting(finding), context)).collect();
        context.printer.document(&serde_json::json!({ "online": args.online, "findings": findings }))?;
    } else {
        context.printer.sheet(&rows(&findings, several, setting, context.lang()))?;
        close(&findings, args.online, facts.was_asked(), context);
    }
    Ok(ExitCode::from(exit(&findings) as u8))
}

fn fields(finding: &Finding, setting: Setting<'_>, context: &Context) -> FindingFields {
    let code = finding.story.code();
    let told = context.lang().finding(finding, setting);
    FindingFields {
        profile: finding.profile().map(ToString::to_string),
        check: finding.check.as_str(),
        severity: finding.story.severity().as_str(),
        code,
        name: code.name(),
        message: told.message,
        details: told.details,
        next: told.next,
        page: code.explained_by(),
    }
}

/// The sheet that a person reads.
pub(crate) fn rows<'a>(
    findings: &'a [Finding],
    several: bool,
    setting: impl Fn(&'a Finding) -> Setting<'a>,
    lang: Lang,
) -> Vec<Row> {
    let (mut rows, mut last, mut of) = (Vec::new(), None, None);
    let (mut advised, mut unreached) = (BTreeSet::new(), BTreeSet::new());
    for finding in findings {
        if several && of != Some(&finding.profile) {
            rows.extend(finding.profile.as_ref().map(|name| {
                let script = setting(finding).script;
                let file = script.map(|file| file.display().to_string());
                Row::head(file.unwrap_or_else(|| lang.doctor_profile(name)))
            }));
            (of, last) = (Some(&finding.profile), None);
        }
        let (severity, code) = (finding.story.severity(), finding.story.code());
        let mut told = lang.finding(finding, setting(finding));
        let mut lines = vec![match severity {
            Severity::Good => take(&mut told.message),
            // A code behind what was only not asked looks like an error.
            _ if code == Code::NotChecked => take(&mut told.message),
            _ => lang.noted(&told.message, code),
        }];
        // Of a provider that does not answer the rest is told once, whatever was asked of it.
        let is_known = matches!(&finding.story, Story::NoAnswer(fault) if !unreached.insert(fault.reason.clone()));
        if is_known {
            (told.details, told.next) = (Vec::new(), Vec::new());
        }
        lines.extend(told.details.into_iter().map(|detail| format!("- {detail}")));
        // What is not checked is often so for one and the same reason; the advice against it is given once.
        let mut fresh = |next: &String| {
            let is_new = advised.insert(next.clone());
            is_new || !matches!(code, Code::NotChecked | Code::Unreachable)
        };
        lines.extend(
            told.next
                .into_iter()
                .filter(|next| fresh(next))
                .map(|next| format!("{}{}{next}", lang.next_head(), lang.gap())),
        );
        if severity >= Severity::Warning && !is_known {
            lines.push(format!("{}{}{}", lang.page_head(), lang.gap(), code.explained_by()));
        }
        // A question is named once, however many answers it has, but for what is wrong.
        let name = if last == Some(finding.check) && severity < Severity::Warning {
            String::new()
        } else {
            lang.check(finding.check)
        };
        last = Some(finding.check);
        rows.push(Row { severity: Some((severity, lang.severity(severity))), name, lines });
    }
    rows
}

/// The last word: how many, and that no refresh token was used.
fn close(findings: &[Finding], online: bool, asked: bool, context: &Context) {
    let lang = context.lang();
    let count = |severity| findings.iter().filter(|finding| finding.story.severity() == severity).count();
    let (troubles, warnings) = (count(Severity::Trouble), count(Severity::Warning));
    if !online && troubles + warnings == 0 {
        context.printer.note(lang.doctor_all_well_here());
        return;
    }
    let verdict = if troubles + warnings == 0 { lang.doctor_all_well() } else { lang.doctor_count(troubles, warnings) };
    let sent = match (online, asked) {
        (true, true) => lang.doctor_was_online(),
        (true, false) => lang.doctor_not_asked(),
        (false, _) => lang.doctor_offline(),
    };
    context.printer.note(format!("{verdict}{}{sent}", lang.stop()));
}

/// The exit class of the first finding that is trouble: what comes earlier is what the later rests on.
fn exit(findings: &[Finding]) -> ExitClass {
    let troubles = findings.iter().filter(|finding| finding.story.severity() == Severity::Trouble);
    troubles.map(|finding| finding.story.code().exit()).next().unwrap_or(ExitClass::Done)
}
