//! The port of links, of which a store of many nodes has none: a file is its host's.

use async_trait::async_trait;
use tokenward_core::ports::{LinkBook, StoreError};
use tokenward_core::{Generation, Holder, Link, LinkId, NewLink, ProfileName, Receipt, Terms, Trouble};

use super::PostgresVault;

#[async_trait]
impl LinkBook for PostgresVault {
    async fn link(&self, _: NewLink, _: &Holder) -> Result<Link, StoreError> {
        Err(StoreError::read_only(self.place(), "files are linked on the host that they are on"))
    }

    async fn set_terms(&self, _: LinkId, _: Terms) -> Result<(), StoreError> {
        Ok(())
    }

    async fn unlink(&self, _: LinkId, _: &Holder) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn links(&self, _: Option<&ProfileName>) -> Result<Vec<Link>, StoreError> {
        Ok(Vec::new())
    }

    async fn receipt(&self, _: LinkId, _: Receipt, _: Option<Generation>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn trouble(&self, _: LinkId, _: Trouble) -> Result<(), StoreError> {
        Ok(())
    }
}
