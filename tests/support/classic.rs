//! An older app's scopes.

/// Classic scopes of an older app that cover each procedure's job.
pub const CLASSIC: [(&str, &[&str]); 5] = [
    (
        "servicenow-omnichannel",
        &["meeting:read:admin", "meeting:write:admin", "recording:read:admin", "user:read:admin"],
    ),
    (
        "servicenow-dex",
        &[
            "dashboard_home:read:admin",
            "dashboard_meetings:read:admin",
            "dashboard_zr:read:admin",
            "report:read:admin",
            "user:read:admin",
        ],
    ),
    (
        "servicenow-external-content",
        &[
            "meeting:read:admin",
            "meeting_summary:read:admin",
            "recording:read:admin",
            "user:read:admin",
            "webinar:read:admin",
        ],
    ),
    ("celigo-oauth", &["user:read:admin"]),
    ("celigo-s2s", &["user:read:admin"]),
];
