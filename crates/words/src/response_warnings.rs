//! What was strange about an answer that was kept all the same.

use tokenward_core::{Oddity, Words};

use crate::w;

/// The oddity in words.
pub const fn oddity(oddity: Oddity) -> Words {
    match oddity {
        Oddity::AccessMissing => w("the response contains no access token", "应答中没有访问令牌"),
        Oddity::AccessEnded => w(
            "the access token in the response had already expired when it was issued",
            "应答中的访问令牌在签发时就已过期",
        ),
        Oddity::AccessLifeMissing => w(
            "the answer does not say how long the access token is valid, or gives an unusable number; the shortest documented lifetime is assumed",
            "应答未说明访问令牌的有效期，或所给的秒数不可用；按文档所写的最短有效期计算",
        ),
        Oddity::RefreshMissing => w(
            "the response contains no new refresh token, so this login expires with its access token",
            "应答中没有新的刷新令牌，登录将与访问令牌同时失效",
        ),
        Oddity::RefreshLifeMissing => w(
            "the answer does not say how long the refresh token is valid, or gives an unusable number; seven days are assumed",
            "应答未说明刷新令牌的有效期，或所给的秒数不可用；按七天计算",
        ),
        Oddity::NumberAsText => w("a number in the response is not an integer", "应答中的数字不是以整数形式给出"),
        Oddity::TokenType => w("the token type is not Bearer", "令牌类型不是 Bearer"),
        Oddity::CutOff => {
            w("the answer was cut off after the tokens; the tokens are kept", "应答在令牌之后被截断；令牌已保留")
        }
        Oddity::TokensDespiteFailure => w(
            "the response reports a failure but contains tokens; they are kept",
            "应答表示失败，却含有令牌；令牌已保留",
        ),
        _ => w("something in the answer was unusual; the tokens are kept", "应答中有异常之处；令牌已保留"),
    }
}

/// Every row.
pub fn all() -> Vec<Words> {
    [
        Oddity::AccessMissing,
        Oddity::AccessEnded,
        Oddity::AccessLifeMissing,
        Oddity::RefreshMissing,
        Oddity::RefreshLifeMissing,
        Oddity::NumberAsText,
        Oddity::TokenType,
        Oddity::CutOff,
        Oddity::TokensDespiteFailure,
    ]
    .map(oddity)
    .to_vec()
}
