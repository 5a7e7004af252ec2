//! People read moments in their own zone, with its offset; programs, and whoever asks for it, read UTC.

use crate::world::World;

#[test]
fn moments_are_local_for_people_and_utc_for_programs_and_with_utc() {
    let world = World::logged_in();
    for words in [&["status"][..], &["doctor"]] {
        let shown = |zone: &str, flag: &[&str]| {
            let ran = world.run_with(&[("TZ", zone)], &[words, flag].concat());
            ran.succeeds().out.clone()
        };
        let (local, utc, json) = (shown("CST-8", &[]), shown("CST-8", &["--utc"]), shown("CST-8", &["--json"]));
        assert!(local.contains(" +08:00 (") && !local.contains("UTC"), "{words:?} {local}");
        assert!(utc.contains(" UTC (") && !utc.contains("+08:00"), "{words:?} {utc}");
        assert!(!json.contains("+08:00"), "{words:?} {json}");
        // A zone that nobody knows is no reason to show a wrong hour.
        assert!(shown("No/Such_Zone", &[]).contains(" UTC ("), "{words:?}");
    }
    let zh = world.run_with(&[("TZ", "CST-8"), ("TOKENWARD_LANG", "zh")], &["status"]).succeeds().out.clone();
    assert!(zh.contains(" +08:00（"), "{zh}");
}
