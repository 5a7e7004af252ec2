//! QR codes for the terminal.
//!
//! Two modules share a character cell (`▀▄█`). With colour, black on white is said outright, so the code looks the
//! same on dark and light terminals. Without colour the light modules are drawn, as for a dark terminal; on a light
//! one that gives an inverted code, which the scanners of phones read too.

use qrcode::{Color, QrCode};

/// The margin that ISO/IEC 18004 §9.1 asks for, in modules. Two less than the standard's four would save room, but
/// scanners lose the code against a dark terminal.
const QUIET: usize = 4;

/// A QR code for a terminal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drawing {
    pub(crate) text: String,
    /// How wide it is.
    pub(crate) columns: usize,
}

/// Draws a text as a QR code; `None` when it is too long for one.
pub(crate) fn draw(text: &str, colour: bool) -> Option<Drawing> {
    let code = QrCode::with_error_correction_level(text, qrcode::EcLevel::L).ok()?;
    let width = code.width();
    let modules = code.to_colors();
    let dark = |x: usize, y: usize| {
        let inside = (QUIET..QUIET + width).contains(&x) && (QUIET..QUIET + width).contains(&y);
        inside && modules[(y - QUIET) * width + (x - QUIET)] == Color::Dark
    };
    let side = width + 2 * QUIET;
    let mut drawing = String::new();
    for y in (0..side).step_by(2) {
        if colour {
            drawing.push_str(BLACK_ON_WHITE);
        }
        for x in 0..side {
            // What is drawn is the dark modules with colour, the light ones without.
            let (upper, lower) = (dark(x, y) == colour, (y + 1 < side) && dark(x, y + 1) == colour);
            drawing.push(match (upper, lower) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        if colour {
            drawing.push_str(RESET);
        }
        drawing.push('\n');
    }
    Some(Drawing { text: drawing, columns: side })
}

/// Palette entries 16 and 231 are black and white in every theme; the first sixteen are not.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a drawing back into modules, `true` for what is drawn.
    fn modules(drawing: &str) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in drawing.lines() {
            let cells: Vec<_> = line.trim_start_matches(BLACK_ON_WHITE).trim_end_matches(RESET).chars().collect();
            rows.push(cells.iter().map(|c| matches!(c, '█' | '▀')).collect());
            rows.push(cells.iter().map(|c| matches!(c, '█' | '▄')).collect());
        }
        rows
    }

    #[test]
    fn the_drawing_holds_the_code_and_its_margin_in_both_dresses() {
        let text = "https://accounts.feishu.cn/open-apis/authen/v1/authorize?client_id=cli_a&state=x";
        let code = QrCode::with_error_correction_level(text, qrcode::EcLevel::L).unwrap();
        let side = code.width() + 2 * QUIET;
        for colour in [true, false] {
            let drawing = draw(text, colour).unwrap();
            assert_eq!(drawing.columns, side);
            let drawn = modules(&drawing.text);
            for y in 0..side {
                for x in 0..side {
                    let inside = (QUIET..side - QUIET).contains(&x) && (QUIET..side - QUIET).contains(&y);
                    let dark = inside && code[(x - QUIET, y - QUIET)] == Color::Dark;
                    assert_eq!(drawn[y][x], dark == colour, "{x},{y}");
                }
            }
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_no_panic() {
        assert_eq!(draw(&"x".repeat(4000), true), None);
    }
}
