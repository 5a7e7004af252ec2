//! Values on their way to `PostgreSQL` and back: numbers are `BIGINT`, texts `TEXT`, bytes `BYTEA`, in the binary form of the protocol.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo};
use sqlx::{Arguments, Column as _, Postgres, Row as _, Type, TypeInfo, ValueRef as _};
use tokenward_core::ports::StoreError;

use crate::records::transaction_error::{Failed, Fault};

/// What is bound to a statement, in the statement's order.
pub(super) fn bind(bound: &[&dyn ToSql]) -> Result<PgArguments, Failed> {
    let mut arguments = PgArguments::default();
    for value in bound {
        arguments.add(Bound(owned(*value)?)).map_err(|error| Failed::Postgres(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

/// A value of its own.
pub(super) fn owned(value: &dyn ToSql) -> Result<Value, Failed> {
    let unknown = || StoreError::unreadable("", "a value of an unknown kind was to be stored");
    Ok(match value.to_sql().map_err(Failed::Sql)? {
        ToSqlOutput::Owned(value) => value,
        ToSqlOutput::Borrowed(ValueRef::Null) => Value::Null,
        ToSqlOutput::Borrowed(ValueRef::Integer(number)) => Value::Integer(number),
        ToSqlOutput::Borrowed(ValueRef::Text(text)) => {
            Value::Text(String::from_utf8(text.to_vec()).map_err(|_| unknown())?)
        }
        ToSqlOutput::Borrowed(ValueRef::Blob(bytes)) => Value::Blob(bytes.to_vec()),
        _ => return Err(unknown().into()),
    })
}

/// Where a column of that name stands.
pub(crate) fn place(row: &PgRow, name: &str) -> Result<usize, Fault> {
    let found = row.columns().iter().find(|column| column.name() == name);
    found.map(sqlx::Column::ordinal).ok_or_else(|| Fault::Damaged(format!("the column {name}")))
}

/// What stands in a column.
pub(crate) fn read(row: &PgRow, column: usize) -> Result<ValueRef<'_>, Fault> {
    let damaged = |error: &dyn std::fmt::Display| Fault::Damaged(error.to_string());
    let value = row.try_get_raw(column).map_err(|error| damaged(&error))?;
    if value.is_null() {
        return Ok(ValueRef::Null);
    }
    let kind = value.type_info().name().to_owned();
    let bytes = value.as_bytes().map_err(|error| damaged(&error))?;
    let wrong = |_| Fault::Damaged(format!("a column of type {kind}"));
    match kind.as_str() {
        "INT8" => Ok(ValueRef::Integer(i64::from_be_bytes(bytes.try_into().map_err(wrong)?))),
        "INT4" => Ok(ValueRef::Integer(i32::from_be_bytes(bytes.try_into().map_err(wrong)?).into())),
        "BOOL" => Ok(ValueRef::Integer(i64::from(bytes != [0]))),
        "TEXT" => Ok(ValueRef::Text(bytes)),
        "BYTEA" => Ok(ValueRef::Blob(bytes)),
        other => Err(Fault::Damaged(format!("a column of type {other}"))),
    }
}

/// A value that says of which type it is. Nothing is of whichever type its place has.
struct Bound(Value);

impl Type<Postgres> for Bound {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UNSAID)
    }
}

impl Encode<'_, Postgres> for Bound {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Integer(number) => buffer.extend_from_slice(&number.to_be_bytes()),
            Value::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            Value::Blob(bytes) => buffer.extend_from_slice(bytes),
            Value::Real(_) => return Err("no column holds fractions".into()),
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match self.0 {
            Value::Null | Value::Real(_) => PgTypeInfo::with_oid(UNSAID),
            Value::Integer(_) => <i64 as Type<Postgres>>::type_info(),
            Value::Text(_) => <str as Type<Postgres>>::type_info(),
            Value::Blob(_) => <[u8] as Type<Postgres>>::type_info(),
        })
    }
}

/// The server finds out itself (<https://www.postgresql.org/docs/15/protocol-message-formats.html>, `Parse`).
const UNSAID: Oid = Oid(0);
