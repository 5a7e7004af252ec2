//! Stable codes: one for each story that a person may have to be told.
//!
//! A code never changes its meaning and is never given away twice. Each that somebody can act upon has a page
//! `docs/errors/TWnnnn.md`. The index, the table of exit codes and the head of each page are printed from this table and
//! the command's catalogue (design/0009-errors-once.md).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the exit code of a command says (design/0000-charter.md §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitClass {
    /// 0: done.
    Done = 0,
    /// 1: our fault.
    Ours = 1,
    /// 2: wrong usage or configuration.
    Usage = 2,
    /// 3: a person must log in.
    NeedsConsent = 3,
    /// 4: passing trouble, try later, nothing lost.
    TryLater = 4,
    /// 5: outcome unknown; the login is kept.
    Unknown = 5,
    /// 6: refused by the provider for a cause in the app's settings.
    AppSettings = 6,
}

macro_rules! codes {
    ($($(#[$meta:meta])* $number:literal $name:ident $exit:ident;)+) => {
        /// A stable error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[$meta])* $name,)+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code as written: `TW` and four digits.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => concat!("TW", $number),)+ }
            }

            /// The name of the variant, for tables.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The exit class it leads to.
            pub const fn exit(self) -> ExitClass {
                match self { $(Self::$name => ExitClass::$exit,)+ }
            }

            /// The command that shows its page: what an error names, since whoever installed the program has no papers.
            pub const fn explained_by(self) -> &'static str {
                match self { $(Self::$name => concat!("tokenward explain TW", $number),)+ }
            }

            /// The file in `docs/errors` that tells of it: its page, or the index where there is nothing to do about it.
            pub const fn page_name(self) -> &'static str {
                if !self.has_page() {
                    return "README.md";
                }
                match self { $(Self::$name => concat!("TW", $number, ".md"),)+ }
            }
        }
    };
}

codes! {
    /// A state that our own reasoning excludes.
    "0100" Internal Ours;
    /// The provider says our request was malformed.
    "0101" RequestRejected Ours;

    /// Wrong flags or arguments.
    "0200" Usage Usage;
    /// No profile of that name.
    "0201" UnknownProfile Usage;
    /// The configuration cannot be read.
    "0202" ConfigUnreadable Usage;
    /// A secret is empty or malformed.
    "0203" BadSecret Usage;
    /// A setting is missing and there is no terminal to ask at.
    "0204" SettingMissing Usage;
    /// The scopes asked for cannot be asked for.
    "0205" BadScopes Usage;
    /// The callback port is taken.
    "0206" PortInUse Usage;
    /// A setting has a value that cannot be used.
    "0207" BadSetting Usage;
    /// The text pasted as redirect URL is not one, or belongs to another login.
    "0208" BadRedirectPaste Usage;
    /// The program to run was not found.
    "0209" CommandNotFound Usage;
    /// A file that holds tokens cannot be read, or may not be written.
    "0210" FileUnusable Usage;
    /// A file that steers where secrets go could have been written by somebody else.
    "0211" FileNotTrusted Usage;
    /// Another app is registered under that name, and somebody is logged in with it.
    "0212" AppInUse Usage;
    /// Others could put another file in the place of one that is to hold tokens.
    "0213" SharedFolder Usage;
    /// Others can read or write a file that is to hold tokens.
    "0214" FileOpenToOthers Usage;
    /// What a command printed could not be written: the disk is full, or the descriptor cannot be written.
    "0215" OutputNotWritten TryLater;

    /// The vault cannot be read.
    "0301" VaultUnreadable Usage;
    /// The key of the vault is not there, or is not the right one.
    "0302" VaultKey Usage;
    /// The vault cannot be written.
    "0303" VaultReadOnly TryLater;
    /// There is no room for the vault.
    "0304" VaultFull TryLater;
    /// The vault was written by a newer version.
    "0305" VaultNewer Usage;
    /// The vault's folder or files are open to others and could not be repaired.
    "0306" VaultOpenToOthers Usage;
    /// The vault is busy.
    "0307" VaultBusy TryLater;
    /// A login in the vault is damaged; the others are whole.
    "0308" LoginDamaged Usage;
    /// No vault was put aside by a restore, or it is gone.
    "0309" NothingToUndo Usage;
    /// The operating system gives this process too few open files, or no randomness.
    "0310" SystemShort TryLater;
    /// The folder that is to hold everything cannot be made.
    "0311" HomeUnusable Usage;

    /// Nobody has logged in under this profile.
    "0401" NotLoggedIn NeedsConsent;
    /// The provider refuses the refresh token.
    "0402" RefreshTokenRefused NeedsConsent;
    /// The refresh token has passed its end.
    "0403" RefreshTokenExpired NeedsConsent;
    /// The consent has passed the provider's hard wall.
    "0404" ConsentExpired NeedsConsent;
    /// The refresh token was spent by someone else.
    "0405" ForeignSpender NeedsConsent;
    /// There is no refresh token, and the access token has ended.
    "0406" NoRefreshToken NeedsConsent;
    /// The person said no.
    "0407" ConsentDenied NeedsConsent;
    /// Nobody came back from the login page in time.
    "0408" LoginTimedOut NeedsConsent;
    /// The provider's answer to an earlier spend was lost, and the replay was refused.
    "0409" AnswerLost NeedsConsent;
    /// The authorization code was refused.
    "0410" CodeRefused NeedsConsent;
    /// The login cookie of the user is refused.
    "0411" TicketRefused NeedsConsent;
    /// The tokens are another user's than the one who was asked for, or nobody says whose they are.
    "0412" WrongUser NeedsConsent;
    /// The provider's answer brings no access token that could be used.
    "0413" NoAccessToken NeedsConsent;
    /// The provider's answer could not be stored anywhere.
    "0414" AnswerNotStored NeedsConsent;
    /// The provider says no in words that do not tell whether the login still lives.
    "0415" RefusedUnclearly NeedsConsent;
    /// The provider's answer to a login cannot be read.
    "0416" LoginAnswerOdd NeedsConsent;
    /// The login page ended before the person had done what it asks for.
    "0417" LoginNotFinished NeedsConsent;

    /// The provider is out of order for the moment.
    "0501" ProviderUnavailable TryLater;
    /// The provider cannot be reached; nothing was sent.
    "0502" Unreachable TryLater;
    /// The provider limits the rate.
    "0503" RateLimited TryLater;
    /// Another process is rotating the grant and has not finished.
    "0504" StillTurning TryLater;
    /// A file that holds tokens could not be written; they are in the vault.
    "0505" FileNotWritten TryLater;
    /// No link of that file.
    "0506" LinkNotFound Usage;
    /// Where the tokens stand in the file cannot be told, or no place for a token was named.
    "0507" PlaceUnclear Usage;
    /// Another link keeps that place of the file.
    "0508" PlaceTaken Usage;
    /// The login in the file is another profile's.
    "0509" AnotherProfile Usage;
    /// There is no login in the file, or none that could be taken back.
    "0510" NothingToAdopt Usage;
    /// A token's key stands in the file more than once, and one of its values is a token that the vault does not have.
    "0511" DoubledKey Usage;
    /// The script's file holds another refresh token than the one that was given, and the vault does not have it.
    "0512" AnotherInFile Usage;
    /// At the place that was named for a token of one kind stands one of the other kind.
    "0513" WrongKind Usage;
    /// The file or store is of another app than the profile, or of one that is not set up.
    "0515" AnotherApp Usage;
    /// The login is another user's than the profile's.
    "0516" AnotherUser Usage;
    /// Whose login it is that was brought could not be asked yet.
    "0517" UserNotTold TryLater;
    /// The file shows a login that was logged out, of another user than the profile's present one.
    "0518" FormerUser Usage;
    /// The access token in the file is another user's than the profile's.
    "0519" AnothersToken Usage;

    /// Another tool's store cannot be read, or is not written as that tool writes it.
    "0520" StoreUnreadable Usage;
    /// Another tool's store is sealed, and the key is not there or not the right one.
    "0521" StoreKey Usage;
    /// Another tool's store is sealed under a password.
    "0522" StorePassword Usage;
    /// Another tool's store holds no login.
    "0523" StoreEmpty Usage;
    /// There are several logins, and none was picked.
    "0524" StoreSeveral Usage;
    /// The key of another tool's store is gone, so that nobody can open it any more.
    "0525" StoreKeyGone NeedsConsent;
    /// The tokens in the file stand in each other's place.
    "0526" Crosswise Usage;
    /// The login in the file is over, and is not known to be the profile's user's.
    "0527" EndedLogin Usage;
    /// Another program refreshes a login of a shared table, too.
    "0528" TwoRefreshers Usage;
    /// Two vaults hand out tokens into one table.
    "0529" TwoVaults Usage;

    /// The outcome of a spend is unknown.
    "0601" OutcomeUnknown Unknown;
    /// An answer that could not be read was kept.
    "0602" OddAnswer Unknown;

    /// The app's id or secret is wrong.
    "0701" AppCredentialsWrong AppSettings;
    /// The app belongs to the other brand.
    "0702" BrandMismatch AppSettings;
    /// Refreshing is switched off for the app.
    "0703" RefreshSwitchedOff AppSettings;
    /// Some other setting of the app stands in the way.
    "0704" AppSettings AppSettings;
    /// The user's account or its range stands in the way.
    "0705" UserState AppSettings;
    /// Nothing of the provider answers at the configured address.
    "0706" NoSuchEndpoint AppSettings;
    /// The answer of the login page comes from another issuer than the one that was asked.
    "0707" ForeignIssuer AppSettings;
    /// The server's document names another issuer than the settings.
    "0708" IssuerDiffers AppSettings;
    /// The token endpoint calls the request for a login's tokens malformed.
    "0710" ExchangeRejected AppSettings;

    /// The API refuses the call as it was written.
    "0801" CallRefused Usage;
    /// The call would go to a host that is not the app's.
    "0802" ForeignHost Usage;
    /// The user has not granted the scope that the API needs.
    "0803" ScopeNotGranted NeedsConsent;
    /// The app has not enabled the scope that the API needs.
    "0804" ScopeNotEnabled AppSettings;
    /// The API takes no token of this kind.
    "0805" IdentityNotTaken Usage;
    /// The call left and its answer was lost.
    "0806" CallAnswerLost Unknown;
    /// The API has no such path, or the path does not take this method.
    "0807" NoSuchApi Usage;
    /// The token is refused although it was renewed for this very call.
    "0808" TokenStillRefused NeedsConsent;
    /// The API points elsewhere, where no token is sent.
    "0809" Redirected Usage;
    /// The filter of the answer cannot be used.
    "0810" BadFilter Usage;
    /// The pages of a list do not come to an end.
    "0811" PagesWithoutEnd TryLater;
    /// A backup of the vault does not open.
    "0812" BackupUnreadable Usage;
    /// The login of a token that was to be taken over is over.
    "0813" LoginOver NeedsConsent;

    /// A request to the proxy was meant for another host.
    "0820" ProxyOtherHost Usage;
    /// A page of another origin asked the proxy.
    "0821" ProxyOtherOrigin Usage;
    /// The proxy's local secret is missing or wrong.
    "0822" ProxySecretMissing Usage;
    /// A login was attempted through the proxy.
    "0823" ProxyLoginCall Usage;
    /// The proxy's address would be open to other machines.
    "0824" ProxyOpenToOthers Usage;
    /// The proxy was told to pass requests on to itself.
    "0825" ProxyLoop Usage;
    /// A caller of the proxy stood still while it sent its request.
    "0826" ProxyCallerStalled TryLater;
    /// The proxy does not pass this request or answer on.
    "0827" ProxyNotPermitted Usage;
    /// The Markdown file cannot be made a page.
    "0840" WikiFile Usage;
    /// A picture of the file cannot be sent.
    "0841" WikiPicture Usage;
    /// It is not said where the page goes, or not understood.
    "0842" WikiPlace Usage;
    /// The file has its page there already.
    "0843" WikiPageExists Usage;
    /// Somebody else changed the page.
    "0844" WikiPageEdited Usage;
    /// Another process is at work on the same file.
    "0845" WikiBusy TryLater;
    /// The file has no page, or none any more, or several.
    "0846" WikiNoPage Usage;
    /// Whether the page was made cannot be told.
    "0847" WikiPageUnclear Unknown;
    /// The page stands, but for some pictures.
    "0848" WikiPicturesLeft TryLater;
    /// The provider does not import the file.
    "0849" WikiImportRefused Usage;
    /// The provider has not finished importing, or failed at it.
    "0850" WikiImportFailed TryLater;
    /// Somebody has to permit the move into the wiki.
    "0851" WikiMoveApplied TryLater;
    /// What is remembered of pages cannot be read or written.
    "0852" WikiRecord Usage;
    /// The file goes beyond what a page takes.
    "0853" WikiBeyond Usage;
    /// The environment names a proxy that cannot be used; nothing was sent.
    "0854" NoUsableProxy Usage;
    /// The provider's answer is packed in a way that the proxy cannot look into.
    "0855" ProxyAnswerPacked Usage;

    /// The API key of a request to the server is missing, unknown, over or revoked.
    "0860" ApiKeyUnknown Usage;
    /// The API key does not permit what the request asks for.
    "0861" ApiKeyNotAllowed Usage;
    /// A request to the server is not as the server describes it.
    "0862" ServerRequest Usage;
    /// The server can take no more for the moment.
    "0863" ServerBusy TryLater;
    /// The server's address would be open to other machines.
    "0864" ServerOpenToOthers Usage;
    /// The audit trail was changed by somebody else than the server.
    "0865" AuditBroken Usage;
    /// The server's certificate or its key cannot be used.
    "0866" ServerCertificate Usage;
    /// The API key is used more often than the server permits.
    "0868" ApiKeyTooOften TryLater;
    /// The address of a back end's login is unknown, has expired, or was used.
    "0870" WebLoginUnknown Usage;
    /// A back end's login was opened in another browser.
    "0871" WebLoginElsewhere Usage;
    /// The settings do not permit the address that a back end wants the browser to return to.
    "0872" ReturnNotAllowed Usage;

    /// A check found nothing wrong.
    "0900" CheckPassed Done;
    /// Something was not checked, and why.
    "0901" NotChecked Done;
    /// A setting works and is probably not what was meant.
    "0902" SettingDoubtful Done;
    /// The login lacks scopes that the settings ask for.
    "0903" ScopesNotGranted Done;
    /// The login ends soon.
    "0904" LoginEndsSoon Done;
    /// The provider refuses the access token before its end.
    "0905" AccessTokenDead Done;
    /// A rotation is under way.
    "0906" TurnUnderWay Done;
    /// The provider's answer to a rotation is kept and waits to be read.
    "0907" AnswerWaits Done;
    /// Tokens that came too late, or that gave way to others, are kept aside.
    "0908" SetAside Done;
    /// A rescue slot holds an answer to a rotation that this vault knows nothing of.
    "0909" AnswerOfOtherVault Done;
    /// The provider's answer to a login is kept and has not been made into a login.
    "0910" LoginUnfinished Done;
    /// A login that was taken over from elsewhere has not rotated yet.
    "0911" SetOnTrial Done;
    /// A linked file does not hold the present tokens.
    "0912" LinkStale Done;
    /// A linked file cannot be kept in step.
    "0913" LinkUnusable Done;
    /// The disk of the vault is nearly full.
    "0914" RoomShort Done;
    /// Something that is for its owner alone is, or was, open to others.
    "0915" OpenToOthers Done;
    /// A key for the vault is given that the vault does not use.
    "0916" KeyNotUsed Done;
    /// This machine's clock differs from the provider's.
    "0917" ClockWrong Done;
    /// Stored moments lie in the future.
    "0918" ClockWentBack Done;
    /// Another program holds the same refresh token.
    "0919" SecondOwner Done;
    /// Another program holds a refresh token of this login that was used up already.
    "0920" OldCopy Done;
    /// A login is kept that no profile points at.
    "0921" LoginWithoutProfile Done;
    /// Nobody has said yet whose the profile's present login is.
    "0922" UserUnproven Done;
    /// Files of the vault belong to another user.
    "0924" NotOurs Done;
    /// One user has two logins of one app, where a token service keeps one token for each user.
    "0925" SecondLogin Done;
}

impl Code {
    /// Whether it has a page: whoever meets it can do something about it.
    pub const fn has_page(self) -> bool {
        !matches!(self, Self::CheckPassed | Self::TurnUnderWay | Self::SetAside | Self::SetOnTrial)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown code {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }
}
