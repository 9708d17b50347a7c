//! The cookies that `/authorize` sets (Auth0, "Authentication API Cookies"): of each there is one more without `SameSite`,
//! for browsers that take `None` for `Strict`.

/// The values of the `Set-Cookie` fields, together about so many bytes.
pub(super) fn of_authorize(bytes: usize) -> Vec<String> {
    const ATTRIBUTES: &str = "Path=/; Expires=Thu, 01 Jan 2099 00:00:00 GMT; HttpOnly; Secure";
    let session = "s".repeat((bytes / 2).saturating_sub(200));
    vec![
        format!("did=s%3Av0%3Alab; {ATTRIBUTES}; SameSite=None"),
        format!("auth0={session}; {ATTRIBUTES}; SameSite=None"),
        format!("did_compat=s%3Av0%3Alab; {ATTRIBUTES}"),
        format!("auth0_compat={session}; {ATTRIBUTES}"),
    ]
}
