//! `tokenward explain`: what a code means and what to do, in the user's language. All of it is built in: no file is read, and nobody asked.

use std::process::ExitCode;

use serde_json::json;
use tokenward::KnownAnswer;
use tokenward_core::{Code, ExitClass, ProviderName, Remedy};

use crate::args::{Asked, Explain};
use crate::context::Context;
use crate::embedded_error_pages::page;
use crate::failure::Failure;
use crate::words::Lang;

pub(super) fn run(explain: &Explain, context: &Context) -> Result<ExitCode, Failure> {
    match &explain.code {
        Asked::Ours(code) => ours(*code, context),
        Asked::Theirs(asked, known) => theirs(asked, known, context),
    }
}

fn ours(code: Code, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let (happened, next, text) = (lang.happened(code), lang.next_step(code), text(code, lang));
    if printer.json {
        printer.document(&json!({
            "code": code,
            "name": code.name(),
            "exit": code.exit() as u8,
            "message": happened,
            "next": [next],
            "text": text,
            "page": code.explained_by(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let exit = match code.exit() {
        ExitClass::Done => lang.exit_of_finding(code.exit() as u8),
        class => lang.exit_code(class as u8, lang.exit_class(class)),
    };
    // What to do stands in the page, where there is one, with all the ways.
    let more = text.unwrap_or_else(|| format!("{}{}{next}", lang.next_head(), lang.gap()));
    printer.prose(&format!("{code} {}\n{happened}\n{exit}\n\n{more}", code.name()))?;
    Ok(ExitCode::SUCCESS)
}

/// A provider's code or word: what each provider means by it.
fn theirs(asked: &str, known: &[KnownAnswer], context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    if printer.json {
        let calls = |known: &KnownAnswer| known.calls.iter().map(|call| lang.of(*call)).collect::<Vec<_>>();
        let meaning = |known: &KnownAnswer| {
            json!({
                "providers": providers(known.provider),
                "calls": calls(known),
                "description": known.sentence,
                "class": known.fact.class,
                "message": lang.of(known.fact.meaning),
                "next": next_steps(asked, known, lang),
            })
        };
        printer.document(&json!({ "asked": asked, "meanings": known.iter().map(meaning).collect::<Vec<_>>() }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = vec![asked.to_owned()];
    for known in known {
        let (provider, meaning) = (lang.who_says(known.provider), lang.of(known.fact.meaning));
        let calls: Vec<_> = known.calls.iter().map(|call| lang.of(*call)).collect();
        lines.push(String::new());
        lines.push(match known.sentence {
            Some(sentence) => lang.meaning_beside(provider, sentence, meaning),
            None if calls.is_empty() => format!("{provider}{}{meaning}", lang.colon()),
            None => lang.meaning_at_calls(provider, calls.join(lang.list_gap()), meaning),
        });
        for step in next_steps(asked, known, lang) {
            lines.push(format!("{}{}{step}", lang.next_head(), lang.gap()));
        }
    }
    printer.prose(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What to do. Who asks of a used token here has mostly met it in a program of his own, which may hold an old copy while the login lives, or
/// refresh at another endpoint than the one that issued the token.
fn next_steps(asked: &str, known: &KnownAnswer, lang: Lang) -> Vec<String> {
    let remedy = known.fact.remedy;
    let old_copy = (remedy == Remedy::LogInAfterUse).then(|| lang.explain_old_copy());
    let elsewhere =
        (asked == OF_ANOTHER_ENDPOINT && known.provider.brand().is_some()).then(|| lang.explain_other_endpoint());
    old_copy.into_iter().chain(elsewhere).chain([lang.remedy_anywhere(remedy)]).collect()
}

/// What Feishu and Lark answer to a refresh token that another endpoint issued, too.
const OF_ANOTHER_ENDPOINT: &str = "20026";

/// Those who mean the same by it, by their names in the settings.
const fn providers(provider: ProviderName) -> &'static [&'static str] {
    match provider {
        ProviderName::Feishu | ProviderName::Lark => &["feishu", "lark"],
        ProviderName::BlueKing => &["blueking"],
        ProviderName::OAuth2 => &["oauth2"],
    }
}

/// What the page of a code says below its title in one language.
fn text(code: Code, lang: Lang) -> Option<String> {
    let half = match lang {
        Lang::En => 1,
        Lang::Zh => 2,
    };
    let (_, text) = page(code)?.split("\n## ").nth(half)?.split_once('\n')?;
    // Chinese has no space behind a full stop or a colon; there it stands for the eye of whoever reads the source.
    Some(without_emphasis(&without_links(&text.trim().replace("。** ", "。").replace("：** ", "：").replace("**", ""))))
}

/// A text whose links are the words that stand for them.
fn without_links(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let link = after.split_once("](").and_then(|(words, to)| Some((words, to.split_once(')')?.1)));
        match link {
            Some((words, behind)) if !words.contains('[') => {
                plain.push_str(words);
                rest = behind;
            }
            _ => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain + rest
}

/// A text without the stars of emphasis. One in code is what it is, and so is one with a space behind it.
fn without_emphasis(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (at, piece) in text.split('`').enumerate() {
        if at > 0 {
            plain.push('`');
        }
        if at % 2 == 1 {
            plain.push_str(piece);
            continue;
        }
        let mut rest = piece;
        while let Some((before, after)) = rest.split_once('*') {
            plain.push_str(before);
            let emphasis = after
                .split_once('*')
                .filter(|(words, _)| !words.is_empty() && words.trim() == *words && !words.contains("\n\n"));
            if let Some((words, behind)) = emphasis {
                plain.push_str(words);
                rest = behind;
            } else {
                plain.push('*');
                rest = after;
            }
        }
        plain.push_str(rest);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emphasis_is_shown_without_its_stars() {
        for (text, plain) in [
            ("*Feishu and Lark.* Then *more*", "Feishu and Lark. Then more"),
            ("* an item\n* `a*b*` and *c*", "* an item\n* `a*b*` and c"),
            ("2 * 3 *", "2 * 3 *"),
            ("*飞书与 Lark。*接着", "飞书与 Lark。接着"),
        ] {
            assert_eq!(without_emphasis(text), plain);
        }
    }

    #[test]
    fn a_link_is_shown_by_its_words() {
        for (text, plain) in [
            ("see [settings](../reference/settings.md#key), then go on", "see settings, then go on"),
            ("`api [METHOD] PATH` is [told](api.md)", "`api [METHOD] PATH` is told"),
            ("[a](b)[c](d) [e", "ac [e"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }

    #[test]
    fn every_page_has_both_languages() {
        for &code in Code::ALL.iter().filter(|code| code.has_page()) {
            for (lang, head) in [(Lang::En, "What it means. "), (Lang::Zh, "含义：")] {
                let text = text(code, lang).unwrap();
                assert!(text.starts_with(head), "{code}: {text}");
                assert!(!text.contains("](") && !text.contains("**"), "{code}: {text}");
            }
        }
    }
}
