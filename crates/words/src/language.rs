//! Which language the environment asks for.

/// Whether it is Chinese: by our own variable, then the locale by the order of POSIX (`LC_ALL`, `LC_MESSAGES`, `LANG`; an empty one does not
/// count). Every Chinese locale reads Chinese; everything else, `C` too, reads English.
pub fn reads_chinese(variable: impl Fn(&str) -> Option<String>) -> bool {
    let asked = ["TOKENWARD_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    asked.is_some_and(|locale| {
        locale.split(['_', '-', '.', '@']).next().is_some_and(|language| language.eq_ignore_ascii_case("zh"))
    })
}
