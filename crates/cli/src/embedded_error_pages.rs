//! The pages of `docs/errors`, built in: whoever installed the program has no folder of papers beside it.
//!
//! They are one text, of which no address is kept: a table of them would be relocated each time the program starts.

use tokenward_core::Code;

/// The page of a code, in both languages; `None` for what nobody can do anything about.
pub(crate) fn page(code: Code) -> Option<&'static str> {
    let start = PAGES.find(&format!("\n# {code} {}\n", code.name()))?;
    let page = &PAGES[start + 1..];
    Some(page.find("\n# TW").map_or(page, |end| &page[..=end]))
}

/// Joins the pages to one text.
macro_rules! pages {
    ($($number:literal)+) => {
        const PAGES: &str = concat!("\n", $(include_str!(concat!("../../../docs/errors/TW", $number, ".md"))),+);
    };
}

pages! {
    "0100" "0101" "0200" "0201" "0202" "0203" "0204" "0205" "0206" "0207" "0208" "0209" "0210" "0211" "0212" "0213"
    "0214" "0215" "0301" "0302" "0303" "0304" "0305" "0306" "0307" "0308" "0309" "0310" "0311" "0401" "0402" "0403" "0404"
    "0405" "0406" "0407" "0408" "0409" "0410" "0411" "0412" "0413" "0414" "0415" "0416" "0417" "0501" "0502" "0503"
    "0504" "0505" "0506" "0507" "0508" "0509" "0510" "0511" "0512" "0513" "0515" "0516" "0517" "0518" "0519" "0520"
    "0521" "0522" "0523" "0524" "0525" "0526" "0527" "0528" "0529" "0601" "0602" "0701" "0702" "0703" "0704" "0705" "0706" "0707"
    "0708" "0710" "0801" "0802" "0803" "0804" "0805" "0806" "0807" "0808" "0809" "0810" "0811" "0812" "0813" "0820"
    "0821" "0822" "0823" "0824" "0825" "0826" "0827" "0840" "0841" "0842" "0843" "0844" "0845" "0846" "0847" "0848"
    "0849" "0850" "0851" "0852" "0853" "0854" "0855" "0860" "0861" "0862" "0863" "0864" "0865" "0866" "0868" "0870" "0871" "0872" "0901" "0902" "0903" "0904" "0905" "0907" "0909" "0910" "0912"
    "0913" "0914" "0915" "0916" "0917" "0918" "0919" "0920" "0921" "0922" "0924" "0925"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_built_in_as_it_is() {
        for &code in Code::ALL {
            let file = format!("{}/../../docs/errors/{}", env!("CARGO_MANIFEST_DIR"), code.page_name());
            let written = code.has_page().then(|| std::fs::read_to_string(&file).unwrap());
            assert_eq!(page(code), written.as_deref(), "{code}");
        }
    }
}
