// SPDX-License-Identifier: AGPL-3.0-or-later
//! The sentences of the dashboard, and of the lanes that it shows.
//!
//! Rule: they are a list of their own because one file would be too long; [`super::list`] puts all
//! sentences together.

macro_rules! with_dashboard {
    ($($listed:tt)*) => {
        with_removal! {
            $($listed)*
            HelpDashboard = "help-dashboard",
            DashboardNone = "dashboard-none",
            DashboardInPrivate = "dashboard-in-private",
            DashboardNotAllowed = "dashboard-not-allowed",
            DashboardLink = "dashboard-link",
            HelpLanes = "help-lanes",
            HelpLanesWhat = "help-lanes-what",
            LanesNone = "lanes-none",
            LanesNotAllowed = "lanes-not-allowed",
            LanesHow = "lanes-how",
            LanesRetried = "lanes-retried",
            LanesLeftOut = "lanes-left-out",
            LanesHalted = "lanes-halted",
            LanesResumed = "lanes-resumed",
            LanesNotHalted = "lanes-not-halted",
            LanesEmpty = "lanes-empty",
            LanesRoom = "lanes-room",
            LaneWaitsSince = "lane-waits-since",
            LaneHaltedSince = "lane-halted-since",
            LaneTrouble = "lane-trouble",
            LaneInDoubt = "lane-in-doubt",
            ReasonHaltedByHand = "reason-halted-by-hand",
            ReasonLeftOutByHand = "reason-left-out-by-hand",
            DeedLaneRetried = "deed-lane-retried",
            DeedLaneLeftOut = "deed-lane-left-out",
            DeedLaneHalted = "deed-lane-halted",
            DeedLaneResumed = "deed-lane-resumed",
            AuditOnPage = "audit-on-page",
        }
    };
}
