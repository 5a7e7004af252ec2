//! A notice as one sentence, in English: for logs, and for programs that hand it on. What a person at a terminal reads is the command's.
//!
//! No secret is in any of it (I4): a notice holds none.

use std::fmt;

use tokenward_core::{Oddity, Subject};

use super::{Notice, Recovered};

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RotationFailed(error) => {
                write!(f, "a refresh was due and failed: {error}; the token that is handed out is still valid")
            }
            Self::LoginOver { code, ends, .. } => {
                write!(f, "{code}: the login has ended and somebody has to log in; its last token expires at {ends}")
            }
            Self::RotatedElsewhere => {
                f.write_str("another process is refreshing the token; the one that is handed out is still valid")
            }
            Self::Odd(oddity) => write!(f, "the provider's answer was unusual: {}", unusual(*oddity)),
            Self::Recovered(Recovered::Answer) => {
                f.write_str("an earlier refresh was interrupted after its answer was saved; it is finished now")
            }
            Self::Recovered(Recovered::Replay) => f.write_str(
                "the outcome of an earlier refresh was unknown; the provider was asked again and has answered",
            ),
            Self::RescueSlotUsed => f.write_str(
                "the journal could not be written; the provider's response is kept in the rescue slot (vault/rescue). Check the disk's free space and permissions soon",
            ),
            Self::Parked => {
                f.write_str("a late answer arrived after the login had been refreshed; its tokens are archived")
            }
            Self::ClockWentBack => {
                f.write_str("the clock was set back; a refresh that succeeds corrects the stored times")
            }
            Self::ShorterThanAsked => f.write_str("the provider's tokens are valid for less time than was asked for"),
            Self::TakenBack { adopted, generation, code } => write!(
                f,
                "{code}: the provider refused the imported login (token set {adopted}); the previous one is restored, as token set \
                 {generation}"
            ),
            Self::KeptAside { before, now, grant } => write!(
                f,
                "the imported login belongs to {} and the profile to {}: the profile keeps its login, and the imported one is kept \
                 without a profile ({grant})",
                whose(now.as_ref()),
                whose(before.as_ref())
            ),
            Self::AnotherUser { before, now } => {
                let (before, now) = (whose(Some(before)), whose(Some(now)));
                write!(f, "the imported login belongs to another user: {now} instead of {before}")
            }
            of_file => of_file.about_a_file(f),
        }
    }
}

impl Notice {
    /// Of those about a linked file.
    fn about_a_file(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkHealed { file, held } => {
                write!(f, "{} held used tokens (token set {held}) and has the current ones now", file.display())
            }
            Self::LinkClosed { file, was } => {
                write!(f, "others could read {} (mode {was:o}); since it was written they cannot", file.display())
            }
            Self::LinkAdopted { file, .. } => {
                write!(f, "{} held a login that the vault did not know; the profile uses it now", file.display())
            }
            Self::LinkNotWritten { file, error } => {
                write!(f, "{} could not be updated and will be retried: {error}", file.display())
            }
            Self::StaleCopy { file, places } => {
                let places = places.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                write!(f, "{} has the current tokens; an old token of this login is left at {places}", file.display())
            }
            Self::LinkUnusable { file, error } => {
                write!(f, "the linked file {} cannot be read and is left unchanged: {error}", file.display())
            }
            Self::LinkOfAnother { file, profile } => {
                write!(f, "{} has the login of profile {profile} and is left unchanged", file.display())
            }
            Self::LinkBlank { file } => {
                write!(f, "{} has no token at its place and is left unchanged", file.display())
            }
            Self::LinkOfAnotherUser { file, profile, user, .. } => write!(
                f,
                "{} has the login of {}, who is not the user of profile {profile}: file and profile are left unchanged",
                file.display(),
                known(user.as_deref())
            ),
            Self::LinkGivenItsOwn { file, profile, user, .. } => write!(
                f,
                "{} has the login of {}, who is not the user of profile {profile}: the file has that login's new tokens, and the \
                 profile is left unchanged",
                file.display(),
                known(user.as_deref())
            ),
            Self::LinkOfEndedLogin { file, profile, user } => write!(
                f,
                "{} has a login of {} that has ended, and is left unchanged; it is not known to be of the user of profile {profile}",
                file.display(),
                known(user.as_deref())
            ),
            Self::LinkReplaced { file, user, is_kept, .. } => write!(
                f,
                "{} had the login of {} and has the profile's now; the login that was in it {}",
                file.display(),
                known(user.as_deref()),
                if *is_kept { "is kept without a profile" } else { "had ended" }
            ),
            Self::LinkOfFormerUser { file, profile, user } => write!(
                f,
                "{} has the login of {user} that was logged out, who is not the user of profile {profile} now; the file is left unchanged",
                file.display()
            ),
            Self::LinkOfOtherOwner { file, owner } => write!(
                f,
                "{} belongs to another user of this machine ({owner}), has an unknown login and is left unchanged",
                file.display()
            ),
            // Said above.
            Self::RotationFailed(_)
            | Self::LoginOver { .. }
            | Self::RotatedElsewhere
            | Self::Odd(_)
            | Self::Recovered(_)
            | Self::RescueSlotUsed
            | Self::Parked
            | Self::ClockWentBack
            | Self::ShorterThanAsked
            | Self::TakenBack { .. }
            | Self::KeptAside { .. }
            | Self::AnotherUser { .. } => Ok(()),
        }
    }
}

fn whose(subject: Option<&Subject>) -> &str {
    known(subject.map(|subject| subject.name.as_deref().unwrap_or(&subject.id)))
}

fn known(user: Option<&str>) -> &str {
    user.unwrap_or("an unknown user")
}

const fn unusual(oddity: Oddity) -> &'static str {
    match oddity {
        Oddity::AccessMissing => "it has no access token",
        Oddity::AccessEnded => "its access token had expired already when it was issued",
        Oddity::AccessLifeMissing => {
            "it does not say how long the access token is valid; the shortest documented lifetime is assumed"
        }
        Oddity::RefreshMissing => "it has no new refresh token, so this login expires with its access token",
        Oddity::RefreshLifeMissing => "it does not say how long the refresh token is valid; seven days are assumed",
        Oddity::NumberAsText => "a number in the response is not an integer",
        Oddity::TokenType => "the token type is not Bearer",
        Oddity::CutOff => "it was cut off after the tokens; the tokens are kept",
        Oddity::TokensDespiteFailure => "it says failure and has tokens; they are kept",
        _ => "something in it was unusual; the tokens are kept",
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tokenward_core::{Code, Generation};

    use super::*;
    use crate::{Error, KeptState};

    fn error() -> Error {
        Error::with_detail(Code::BadSetting, KeptState::Everything, "it is a folder".to_owned())
    }

    #[test]
    fn a_notice_is_a_sentence_and_no_structure() {
        let file = PathBuf::from("/srv/.env");
        let told = [
            (
                Notice::Odd(Oddity::CutOff),
                "the provider's answer was unusual: it was cut off after the tokens; the tokens are kept",
            ),
            (
                Notice::LinkHealed { file: file.clone(), held: Generation::new(3) },
                "/srv/.env held used tokens (token set 3) and has the current ones now",
            ),
            (
                Notice::LinkClosed { file: file.clone(), was: 0o644 },
                "others could read /srv/.env (mode 644); since it was written they cannot",
            ),
            (
                Notice::LinkUnusable { file: file.clone(), error: error() },
                "the linked file /srv/.env cannot be read and is left unchanged: TW0207 BadSetting: it is a folder",
            ),
            (
                Notice::LinkOfFormerUser { file, profile: "work".parse().unwrap(), user: "Li Hua".to_owned() },
                "/srv/.env has the login of Li Hua that was logged out, who is not the user of profile work now; the file is left unchanged",
            ),
        ];
        for (notice, sentence) in told {
            assert_eq!(notice.to_string(), sentence);
        }
    }
}
