//! The key of a backup, as it is given.

use tokenward::BackupKey;
use tokenward_core::{Code, SecretBytes};

use crate::args::BackupKeyFrom;
use crate::context::Context;
use crate::failure::Failure;

/// A key that was given by file or stdin.
pub(super) fn given(from: &BackupKeyFrom, context: &Context) -> Result<Option<BackupKey>, Failure> {
    let read = match &from.key_file {
        Some(file) => {
            let bytes = context.secret_bytes(file, |what| context.lang().copy_key_unreadable(what))?;
            Ok(bytes.expose().to_vec())
        }
        None if from.key_stdin => {
            let mut bytes = Vec::new();
            let read = std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes);
            read.map(|_| bytes).map_err(|error| ("--key-stdin".to_owned(), error))
        }
        None => return Ok(None),
    };
    let bytes = read.map_err(|(place, error)| {
        Failure::new(Code::BadSecret, context.lang().copy_key_unreadable(place))
            .detail(error.to_string())
            .then(context.lang().give_readable_file())
    })?;
    parse(bytes, context).map(Some)
}

pub(super) fn parse(bytes: Vec<u8>, context: &Context) -> Result<BackupKey, Failure> {
    BackupKey::from_material(&SecretBytes::new(bytes))
        .map_err(|_| Failure::new(Code::BadSecret, context.lang().copy_key_unusable()).complete())
}
