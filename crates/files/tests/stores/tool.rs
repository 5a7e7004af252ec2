//! The facts for the warning about two owners.

use tokenward_files::stores::{Forget, Renewal, Tool};

#[test]
fn a_logout_that_revokes_is_never_the_way_to_let_go() {
    for tool in Tool::ALL {
        let owners = tool.two_owners();
        let revokes = owners.logout.is_some_and(|logout| logout.revokes);
        assert_eq!(owners.forget == Forget::ByLogout, owners.logout.is_some() && !revokes, "{tool}");
        assert_eq!(tool.to_string().parse(), Ok(tool));
    }
    assert!("else".parse::<Tool>().is_err());
    assert!(Tool::LarkCli.two_owners().logout.unwrap().revokes);
    assert!(!Tool::LarkMcp.two_owners().logout.unwrap().revokes);
    assert_eq!(Tool::LarkCli.two_owners().renewal, Renewal::Ahead(300));
}
